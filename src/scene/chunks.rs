//! A tile's chunks as culling reads them: eight bounds side by side, and the rest apart.

use super::mesh::{Batch, Chunk};
use crate::math::lanes::{Cones, LANES, Spheres};

/// Where a chunk lies in the tile's indices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// The first.
    pub first_index: u32,
    /// A multiple of 3.
    pub index_count: u32,
}

/// Chunks that are drawn with the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group {
    /// What they are drawn with.
    pub batch: Batch,
    /// The number of the first chunk after them; they begin where the group before ends.
    pub end: u32,
}

/// The chunks of a tile, in the order they lie in its indices: sorted by batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chunks {
    /// Eight chunks each; the last lanes may be empty.
    pub spheres: Vec<Spheres>,
    /// Likewise.
    pub cones: Vec<Cones>,
    /// One a chunk.
    pub ranges: Vec<Range>,
    /// In the chunks' order.
    pub groups: Vec<Group>,
    /// In all of them: what a manifest says of it is not believed.
    pub triangle_count: u32,
}

impl Chunks {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }
}

impl From<&[Chunk]> for Chunks {
    fn from(chunks: &[Chunk]) -> Self {
        let mut table = Self::default();
        for eight in chunks.chunks(LANES) {
            let (mut spheres, mut cones) = (Spheres::default(), Cones::default());
            for (lane, chunk) in eight.iter().enumerate() {
                spheres.set(lane, chunk.bounds);
                cones.set(lane, chunk.cone);
            }
            table.spheres.push(spheres);
            table.cones.push(cones);
        }
        for (number, chunk) in (1..).zip(chunks) {
            let Chunk { first_index, index_count, batch, .. } = *chunk;
            table.ranges.push(Range { first_index, index_count });
            table.triangle_count = table.triangle_count.saturating_add(index_count / 3);
            match table.groups.last_mut().filter(|group| group.batch == batch) {
                Some(group) => group.end = number,
                None => table.groups.push(Group { batch, end: number }),
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::{Cone, Sphere};
    use crate::scene::AlphaMode;
    use glam::Vec3;

    #[test]
    fn nine_chunks_of_two_batches_are_two_eights_and_two_groups() {
        let chunk = |number: u32| Chunk {
            first_index: number * 3,
            index_count: 3,
            bounds: Sphere { center: Vec3::X * number as f32, radius: 1.0 },
            cone: Cone::ANY,
            batch: Batch {
                alpha: if number < 4 { AlphaMode::Opaque } else { AlphaMode::Blend },
                ..Batch::default()
            },
            entity: None,
        };
        let chunks: Vec<Chunk> = (0..9).map(chunk).collect();
        let table = Chunks::from(&chunks[..]);
        assert_eq!((table.len(), table.spheres.len(), table.cones.len()), (9, 2, 2));
        assert_eq!(table.triangle_count, 9);
        assert_eq!(table.groups.iter().map(|group| group.end).collect::<Vec<_>>(), [4, 9]);
        assert_eq!(table.spheres[1].center(0), Vec3::X * 8.0);
        assert_eq!(table.ranges[8], Range { first_index: 24, index_count: 3 });
        assert!(Chunks::from(&[][..]).is_empty());
    }
}
