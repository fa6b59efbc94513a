//! Pavilion: stand in the digital twin of a venue while its event is on.
//!
//! The folders are one sentence, *bytes → stream → scene → cull → draw → present*, and the modules
//! below are listed in the order in which data flows through them. Start reading at `app::viewer`,
//! whose frame reads as prose. A module may import those of lower layers that
//! `tests::layers` lists for it, and nobody imports [`app`].
//!
//! - L0 [`math`]: bounds, poses, frusta, the eccentricity curve
//! - L1 [`scene`]: what exists; glTF and tiles become plain data here
//! - L2 [`cull`]: scene × eyes → what to draw, what to fetch

pub mod math;
pub mod scene;

pub mod cull;

#[cfg(test)]
mod tests;
