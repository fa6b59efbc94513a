//! Tests that need more than one module.

#[cfg(feature = "viewer")]
mod draw;
#[cfg(feature = "viewer")]
pub mod golden;
#[cfg(feature = "viewer")]
pub mod props;
#[cfg(feature = "viewer")]
mod shaders;
