//! The rehearsal: a host and its visitors on a virtual clock, over seeded links that carry real QUIC.
//!
//! The decisions are the programs' own (`host::serve::session`, `net::inbox`, `stream::Streamer`, `cull`), and so is QUIC:
//! quinn's connections with its slow start, pacing and loss recovery, told a time that passes as fast as the
//! machine computes. Only wires, files and decoding are made up. The same seed gives the same run, but for the keys.

pub mod arrivals;
pub mod cesium;
pub mod download;
pub mod gaze;
pub mod head;
pub mod host;
pub mod link;
pub mod peer;
pub mod plain;
pub mod random;
pub mod renderer;
pub mod sight;
pub mod trial;
pub mod twin;
pub mod viewer;
pub mod world;
