//! What reads a stranger's bytes, as functions of bytes, each held to a bound on time and memory.
//!
//! `replay` gives them the files of `tests/crashes` and seeds at every test. The program in `tests/fuzz`, which compiles
//! these files too, lets libFuzzer look for others: `cargo xtask fuzz`.

mod content;
#[cfg(test)]
mod replay;
#[cfg(test)]
mod seeds;
mod wire;

#[cfg(test)]
pub use content::tileset;

use std::time::Duration;

use super::allocator::peak_bytes;
use super::effort;

/// The shortest of a few tries is the input's own: caches and clocks are shared.
const TRIES: usize = 9;

/// A reader of bytes from outside.
pub struct Target {
    /// What the command line calls it, and the folder of `tests/crashes` with what it once failed at.
    pub name: &'static str,
    /// Reads; whether the bytes were taken.
    read: fn(&[u8]) -> bool,
    /// What it may hold at once, beside twice the input.
    more_bytes_max: usize,
    /// CPU time that an input may cost.
    within: Duration,
}

/// Inputs are small: a megabyte is more than any of them needs that is not packed.
const PLAIN: (usize, Duration) = (1 << 20, Duration::from_millis(50));

/// 64 MiB of zeros, or of what 64 KiB become that are compressed 64 times and read as vectors; and as much again
/// while a list grows.
const MESHES: (usize, Duration) = (128 << 20, Duration::from_secs(2));

/// 16 Mi pixels of an image of 4096²: 64 MiB, and 128 MiB as rows of 16 bits.
const PIXELS: (usize, Duration) = (192 << 20, Duration::from_secs(5));

/// All targets.
pub const TARGETS: &[Target] = &[
    Target::new("gltf", content::gltf, MESHES),
    Target::new("glb", content::glb, MESHES),
    Target::new("tileset", content::tileset_of_others, MESHES),
    Target::new("meshopt", content::meshopt, MESHES),
    Target::new("images", content::image, PIXELS),
    #[cfg(feature = "host")]
    Target::new("ktx2", content::ktx2, PIXELS),
    #[cfg(feature = "host")]
    Target::new("draco", content::draco, MESHES),
    // Six times 64 KiB at 48 kHz, as floats and while they are resampled.
    Target::new("sounds", content::sound, (8 << 20, Duration::from_millis(500))),
    // 65 535 vertices and 786 420 indices, packed.
    Target::new("tile", content::tile, (32 << 20, Duration::from_secs(1))),
    Target::new("mover", content::mover, (32 << 20, Duration::from_secs(1))),
    // As many vertices, and 65 536 triangles.
    Target::new("ground", content::ground, (4 << 20, Duration::from_millis(200))),
    Target::new("manifest", wire::manifest, PLAIN),
    Target::new("parcels", wire::parcel, PLAIN),
    Target::new("frames", wire::frames, PLAIN),
    Target::new("datagrams", wire::datagram, PLAIN),
    Target::new("links", wire::link, PLAIN),
];

impl Target {
    const fn new(name: &'static str, read: fn(&[u8]) -> bool, bounds: (usize, Duration)) -> Self {
        Self { name, read, more_bytes_max: bounds.0, within: bounds.1 }
    }

    /// Reads the bytes and holds the reader to its bounds; whether they were taken.
    ///
    /// # Errors
    /// A sentence, when they cost more memory or time than they may.
    pub fn check(&self, bytes: &[u8]) -> Result<bool, String> {
        let bytes_max = 2 * bytes.len() + self.more_bytes_max;
        let mut took = Duration::MAX;
        for _ in 0..TRIES {
            let ((is_taken, peak), effort) = effort::of(|| peak_bytes(|| (self.read)(bytes)));
            took = took.min(effort);
            if peak > bytes_max {
                return Err(format!("{peak} bytes were held at once, and {bytes_max} are allowed"));
            }
            if took <= self.within {
                return Ok(is_taken);
            }
        }
        Err(format!("it took {took:?} at best, and {:?} are allowed", self.within))
    }
}
