//! What stops, carries and falls: the venue's ground and whoever walks on it.
//!
//! Surfaces come in piece by piece, as they are streamed; questions about them are answered: what a
//! ray meets, whether somebody fits, how far they come. Where a piece has not come yet nothing is
//! known, and nobody walks there: nobody falls through a floor that is on its way. Architecture
//! invariant: no clock, no thread, no idea of who asks; rapier's types stay inside.

mod body;
mod prop;
mod surface;
mod walk;
mod world;

pub use body::Body;
pub use surface::Surface;
pub use walk::{DROP_METRES, SLOPE_RADIANS, Walked};
pub use world::{Hit, World};

#[cfg(test)]
pub(crate) mod tests;
