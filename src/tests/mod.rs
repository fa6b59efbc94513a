//! Tests of the whole: how the parts hang together.

#[cfg(feature = "viewer")]
mod allocator;
mod corpus;
mod layers;

#[cfg(feature = "viewer")]
mod draw;
#[cfg(feature = "viewer")]
mod golden;
#[cfg(all(feature = "host", feature = "viewer"))]
mod pair;
#[cfg(feature = "viewer")]
mod props;
#[cfg(all(feature = "host", feature = "viewer"))]
mod quic;
#[cfg(feature = "viewer")]
mod shaders;
#[cfg(all(feature = "host", feature = "viewer"))]
mod twin;
