//! What a host offers over HTTP/1.1, read-only: the twin's folder for programs that are not ours, and the host's
//! numbers for whoever watches over it.
//!
//! What is asked for comes in and a [`Response`] with [`Content`] goes out, without a socket: see
//! [`Pages`], and behind it [`site`] and [`metrics`]. [`server`] carries both over TCP, on a thread of its own, so that
//! nothing here takes time from visitors.
//!
//! Architecture invariant: a request changes nothing and names no path. What can be asked for is a table of names that
//! is made at the start, and nobody holds a connection by being slow.

mod body;
pub mod metrics;
mod patience;
mod range;
pub mod server;
pub mod site;
#[cfg(all(test, feature = "viewer"))]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;

use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};

/// A request, as far as anything depends on it.
pub struct Asked<'a> {
    /// What is to be done.
    pub method: &'a Method,
    /// What with: the path as it came, not decoded.
    pub path: &'a str,
    /// On which conditions.
    pub headers: &'a HeaderMap,
}

/// What is answered at one address.
pub trait Pages: Send + Sync + 'static {
    /// The answer to one request. It reads no file: the [`Content`] says what is to be read.
    fn answer(&self, asked: &Asked<'_>) -> Response<Content>;
}

impl<P: Pages> Pages for Arc<P> {
    fn answer(&self, asked: &Asked<'_>) -> Response<Content> {
        self.as_ref().answer(asked)
    }
}

/// What follows an answer's head.
#[derive(Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// Bytes that are there.
    Bytes(Bytes),
    /// A part of a file.
    File {
        /// Which file.
        path: PathBuf,
        /// From which byte on.
        start: u64,
        /// How many bytes.
        length: u64,
    },
}

/// An answer with nothing but a sentence.
fn says(status: StatusCode, sentence: &'static str) -> Response<Content> {
    let mut response = Response::new(Content::Bytes(Bytes::from_static(sentence.as_bytes())));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sentence.len()));
    response
}

/// The answer to a method that changes something, if it is one.
fn refuse_method(method: &Method) -> Option<Response<Content>> {
    if [Method::GET, Method::HEAD].contains(method) {
        return None;
    }
    let mut response = says(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
    Some(response)
}
