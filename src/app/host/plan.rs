//! `pavilion host --plan N --mbps M`: how long so many headsets take on one link, by a model.
//!
//! The model: all come at the same moment and share the link evenly; nothing else is on it, nothing is lost, and neither
//! host nor headsets are the bottleneck. Beside the twin each tells where it is and is told of the others, as everybody
//! is there already. How long a headset takes to decode is not in it. The twin's bytes are its own.

use std::sync::Arc;

use serde::Serialize;

use crate::app::Failure;
use crate::app::needs::Needs;
use crate::host::room::DATAGRAMS_A_TICK;
use crate::protocol::presence::{INTERVAL_MILLIS, Others, SAMPLE_BYTES_MAX};
use crate::protocol::transport::INITIAL_RTT_MILLIS;
use crate::store::Shelf;

/// What QUIC packets hold at least.
const PACKET_BYTES: usize = 1200;

/// What is around a packet: IPv4 and UDP.
const OUTSIDE_BYTES: usize = 20 + 8;

/// What of a packet is not what it carries: QUIC's header and seal, and a frame's header.
const INSIDE_BYTES: usize = 13 + 16 + 8;

/// What a visitor's number and the kind of a datagram add to a pose.
const ENTRY_BYTES: usize = SAMPLE_BYTES_MAX + 4;

/// What a handshake takes in both directions: certificates, keys, and QUIC's padding.
const JOIN_BYTES: usize = 9_000;

/// Round trips from the first packet to the welcome.
const JOIN_ROUND_TRIPS: u64 = 2;

/// How long it takes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Times {
    /// Until the last headset shows the view from the entrance.
    pub first_view_seconds: f64,
    /// Until the last headset has all of the twin.
    pub everything_seconds: f64,
}

/// What `host --plan --json` prints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// That these times are worked out and not measured.
    model: &'static str,
    headsets: usize,
    link_megabits_per_second: f64,
    /// What is left of the link beside the visitors' poses.
    free_megabits_per_second: f64,
    /// Bytes of the manifest and of what is seen from the entrance.
    first_view_bytes: u64,
    /// Bytes of the manifest and of all that a visitor may see and hear.
    everything_bytes: u64,
    /// Nothing of the twin is in the headsets' caches.
    cold: Times,
    /// All of it is: they were there before, or it was unpacked there.
    warm: Times,
}

impl Plan {
    /// Works it out.
    ///
    /// # Errors
    /// When the link does not even carry the poses.
    pub fn new(shelf: &Shelf, headsets: usize, link_megabits_per_second: f64) -> Result<Self, Failure> {
        let tileset = Arc::new(shelf.tileset().clone());
        let manifest = u64::from(shelf.catalog().get(&shelf.manifest()).copied().unwrap_or_default());
        Self::of(
            headsets,
            link_megabits_per_second,
            manifest + Needs::first_view(&tileset).size_bytes(),
            manifest + Needs::everything(&tileset).size_bytes(),
        )
    }

    fn of(
        headsets: usize,
        link_megabits_per_second: f64,
        first_view_bytes: u64,
        everything_bytes: u64,
    ) -> Result<Self, Failure> {
        let poses = poses_megabits_per_second(headsets);
        let free_megabits_per_second = link_megabits_per_second - poses;
        if free_megabits_per_second <= 0.0 {
            return Err(Failure::failed(format!(
                "{headsets} headsets tell each other where they are with {poses:.1} Mbit/s, which a link of \
                 {link_megabits_per_second} Mbit/s does not carry: share them out over several access points"
            )));
        }
        let seconds = |bytes: f64| headsets as f64 * bytes * 8e-6 / free_megabits_per_second;
        let wrapped = (PACKET_BYTES + OUTSIDE_BYTES) as f64 / (PACKET_BYTES - INSIDE_BYTES) as f64;
        let round_trips = JOIN_ROUND_TRIPS as f64 * INITIAL_RTT_MILLIS as f64 * 1e-3;
        let after = |bytes: u64| round_trips + seconds(JOIN_BYTES as f64 + bytes as f64 * wrapped);
        Ok(Self {
            model: "one link shared evenly, nothing lost, nothing else on it, decoding not counted",
            headsets,
            link_megabits_per_second,
            free_megabits_per_second,
            first_view_bytes,
            everything_bytes,
            cold: Times {
                first_view_seconds: after(first_view_bytes),
                everything_seconds: after(everything_bytes),
            },
            warm: Times { first_view_seconds: after(0), everything_seconds: after(0) },
        })
    }

    /// As a person reads it.
    pub fn to_text(&self) -> String {
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let line = |times: Times| {
            let Times { first_view_seconds, everything_seconds } = times;
            format!(
                "first view after {}, everything after {}",
                span(first_view_seconds),
                span(everything_seconds)
            )
        };
        format!(
            "{} headsets at once on {} Mbit/s, of which {:.1} are left for the twin (a model: {})\n  \
             first view   {:.1} MB each\n  everything   {:.1} MB each\n  cold         {}\n  warm         {}",
            self.headsets,
            self.link_megabits_per_second,
            self.free_megabits_per_second,
            self.model,
            megabytes(self.first_view_bytes),
            megabytes(self.everything_bytes),
            line(self.cold),
            line(self.warm),
        )
    }
}

/// What poses take of a link that carries both directions, as wireless ones do.
fn poses_megabits_per_second(headsets: usize) -> f64 {
    let a_datagram = Others::new(PACKET_BYTES).capacity().max(1);
    let others = headsets.saturating_sub(1).min(DATAGRAMS_A_TICK * a_datagram);
    let datagrams = others.div_ceil(a_datagram);
    let around = OUTSIDE_BYTES + INSIDE_BYTES;
    let down = others * ENTRY_BYTES + datagrams * around;
    let up = SAMPLE_BYTES_MAX + around;
    let a_second = 1e3 / INTERVAL_MILLIS as f64;
    (headsets * (down + up)) as f64 * a_second * 8e-6
}

/// Seconds, or minutes where they are many.
fn span(seconds: f64) -> String {
    if seconds < 120.0 {
        return format!("{seconds:.1} s");
    }
    format!("{:.0} min", (seconds / 60.0).ceil())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_times_are_those_of_arithmetic_on_paper() {
        // One headset: 44 B and 65 B around it, 20 times a second, are 17.44 kbit/s.
        assert!((poses_megabits_per_second(1) - 0.017_44).abs() < 1e-9);
        // Thirty: each is told of 29 with 48 B each in two datagrams, 1392 + 130 B, and tells 109 B.
        assert!((poses_megabits_per_second(30) - 30.0 * 1631.0 * 160e-6).abs() < 1e-9);
        let plan = Plan::of(30, 107.8288, 10_000_000, 100_000_000).unwrap();
        assert!((plan.free_megabits_per_second - 100.0).abs() < 1e-9);
        // 30 × 10 MB over 100 Mbit/s are 24 s, and packets of 1200 + 28 B hold 1163 B of it; 0.1216 s to join.
        assert!((plan.cold.first_view_seconds - (24.0 * 1228.0 / 1163.0 + 0.1216)).abs() < 1e-6);
        assert!((plan.cold.everything_seconds - (240.0 * 1228.0 / 1163.0 + 0.1216)).abs() < 1e-6);
        assert!((plan.warm.everything_seconds - 0.1216).abs() < 1e-6);
    }

    #[test]
    fn more_headsets_take_longer_and_too_many_are_told() {
        let times = |headsets, link| Plan::of(headsets, link, 11_000_000, 80_000_000).unwrap().cold;
        assert!(times(20, 200.0).first_view_seconds > times(10, 200.0).first_view_seconds);
        assert!(times(20, 400.0).everything_seconds < times(20, 200.0).everything_seconds);
        let sentence = Plan::of(200, 20.0, 1, 1).unwrap_err().sentence;
        assert!(sentence.contains("several access points"), "{sentence}");
    }
}
