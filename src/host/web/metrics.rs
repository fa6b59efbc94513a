//! What the host has done so far, for whoever watches over it: `/metrics` in Prometheus' text format 0.0.4, and
//! `/healthz`.

use std::fmt::Write as _;

use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Response, StatusCode};

use super::{Asked, Content, Pages, refuse_method, says};
use crate::host::serve::Pulse;

/// Answers with what `pulse` says at that moment.
pub struct Metrics<F> {
    pulse: F,
    /// How many visitors may be there at once.
    visitors_max: usize,
}

impl<F: Fn() -> Pulse + Send + Sync + 'static> Metrics<F> {
    /// The numbers of a host that lets in so many.
    pub fn new(pulse: F, visitors_max: usize) -> Self {
        Self { pulse, visitors_max }
    }

    fn text(&self) -> String {
        let stats = (self.pulse)().stats;
        let (gauge, counter) = ("gauge", "counter");
        let mut text = String::new();
        let mut family = |name: &str, kind: &str, help: &str, value: u64| {
            // Writing to a text does not fail.
            let _ = writeln!(
                text,
                "# HELP pavilion_{name} {help}\n# TYPE pavilion_{name} {kind}\npavilion_{name} {value}"
            );
        };
        family("visitors", gauge, "Visitors that are there.", stats.visitors as u64);
        family("visitors_max", gauge, "Visitors that may be there at once.", self.visitors_max as u64);
        family(
            "turned_away_total",
            counter,
            "Visitors turned away because the venue was full.",
            stats.turned_away,
        );
        family(
            "retries_total",
            counter,
            "Newcomers that had to show first that their address is their own.",
            stats.retries,
        );
        family(
            "early_total",
            counter,
            "Visitors who came back and asked before the handshake was complete.",
            stats.early,
        );
        family(
            "blobs_sent_total",
            counter,
            "Files of the twin that were sent to their end.",
            stats.blobs_sent,
        );
        family(
            "sent_bytes_total",
            counter,
            "Bytes of the twin that were handed to the network.",
            stats.bytes_sent,
        );
        let room = stats.room;
        family("poses_taken_total", counter, "Poses of visitors that were taken.", room.poses_taken);
        family(
            "poses_dropped_total",
            counter,
            "Datagrams of visitors that were dropped: no pose, not fresh, or too many.",
            room.poses_dropped,
        );
        family(
            "pose_datagrams_total",
            counter,
            "Datagrams that told visitors of each other.",
            room.datagrams_sent,
        );
        text
    }
}

impl<F: Fn() -> Pulse + Send + Sync + 'static> Pages for Metrics<F> {
    fn answer(&self, asked: &Asked<'_>) -> Response<Content> {
        if let Some(refused) = refuse_method(asked.method) {
            return refused;
        }
        let mut response = match asked.path {
            "/healthz" if (self.pulse)().is_serving => says(StatusCode::OK, "ok\n"),
            "/healthz" => says(StatusCode::SERVICE_UNAVAILABLE, "the host no longer serves\n"),
            "/metrics" => {
                let text = self.text();
                let length = HeaderValue::from(text.len());
                let mut response = Response::new(Content::Bytes(Bytes::from(text)));
                let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
                response.headers_mut().insert(header::CONTENT_TYPE, kind);
                response.headers_mut().insert(header::CONTENT_LENGTH, length);
                response
            }
            _ => says(StatusCode::NOT_FOUND, "there are /metrics and /healthz\n"),
        };
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if *asked.method == Method::HEAD {
            *response.body_mut() = Content::Empty;
        }
        response
    }
}
