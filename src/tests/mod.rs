//! Tests of the whole: how the parts hang together.

pub(crate) mod allocator;
#[cfg(feature = "host")]
pub(crate) mod author;
mod ceiling;
pub(crate) mod corpus;
#[cfg(all(feature = "host", feature = "viewer"))]
mod crowd;
#[cfg(feature = "viewer")]
pub(crate) mod draw;
pub(crate) mod effort;
#[cfg(feature = "host")]
mod entities;
pub(crate) mod fuzz;
#[cfg(feature = "viewer")]
mod golden;
mod hostile;
mod layers;
#[cfg(all(feature = "host", feature = "viewer"))]
mod meeting;
#[cfg(feature = "viewer")]
mod props;
#[cfg(all(feature = "host", feature = "viewer"))]
mod quic;
#[cfg(feature = "viewer")]
mod shaders;
#[cfg(all(feature = "host", feature = "viewer"))]
pub(crate) mod twin;
#[cfg(all(feature = "host", feature = "viewer"))]
mod walking;
