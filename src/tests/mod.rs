//! Tests of several modules together.

#[cfg(all(feature = "host", feature = "viewer"))]
mod pair;
#[cfg(all(feature = "host", feature = "viewer"))]
mod quic;
#[cfg(all(feature = "host", feature = "viewer"))]
mod twin;
