//! What takes most of a bake's time and depends on one piece of the venue alone: where that piece is as it was, the
//! result is taken from an earlier bake.
//!
//! Simplified meshes are kept as indices into the mesh that they were made from, and the mesh goes into the key with
//! the order of its groups instead of their numbers. So neither materials nor entities play a part, and what is added
//! elsewhere in the venue changes no key; tiles are encoded from the indices in every bake.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::BakeError;
use super::soup::{Mesh, Vertex};
use crate::scene::ContentHash;
use crate::store::Memo;

/// What bake is made of: another baker may make another thing of the same.
pub const BAKER: &str = env!("PAVILION_BAKER");

/// Earlier results, and how often they served.
#[derive(Debug, Default)]
pub struct Recall {
    memo: Option<Memo>,
    made: AtomicUsize,
    recalled: AtomicUsize,
}

impl Recall {
    /// From `memo`, or from nothing.
    pub fn new(memo: Option<Memo>) -> Self {
        Self { memo, ..Self::default() }
    }

    /// The result for the key, or else what `make` makes, which is then kept.
    ///
    /// # Errors
    /// Those of `make`.
    pub fn or_make<T: Serialize + DeserializeOwned>(
        &self,
        key: impl FnOnce() -> Key,
        make: impl FnOnce() -> Result<T, BakeError>,
    ) -> Result<T, BakeError> {
        let kept = self.memo.as_ref().map(|memo| (memo, key().finish()));
        if let Some((memo, key)) = kept
            && let Some(bytes) = memo.recall(key)
            && let Ok(result) = postcard::from_bytes(&bytes)
        {
            self.recalled.fetch_add(1, Ordering::Relaxed);
            return Ok(result);
        }
        let made = make()?;
        self.made.fetch_add(1, Ordering::Relaxed);
        if let Some((memo, key)) = kept {
            let bytes = postcard::to_stdvec(&made).map_err(|error| BakeError::Encode(error.to_string()))?;
            memo.remember(key, &bytes);
        }
        Ok(made)
    }

    /// How many pieces were made, and how many recalled. The memo is brought below its ceiling.
    pub fn finish(self) -> (usize, usize) {
        self.memo.iter().for_each(Memo::trim);
        (self.made.into_inner(), self.recalled.into_inner())
    }
}

/// All that goes into a piece of work.
#[derive(Debug)]
pub struct Key(blake3::Hasher);

impl Key {
    /// Of a step of this baker.
    pub fn new(step: &str) -> Self {
        Self(blake3::Hasher::new()).with(BAKER.as_bytes()).with(step.as_bytes())
    }

    /// And of `bytes`.
    pub fn with(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
        self
    }

    /// And of a mesh, of whose groups only the order counts.
    pub fn with_mesh(self, mesh: &Mesh) -> Self {
        let mut groups: Vec<u32> = mesh.vertices.iter().map(|vertex| vertex.group).collect();
        groups.sort_unstable();
        groups.dedup();
        let ranked = |vertex: &Vertex| {
            let rank = groups.partition_point(|&group| group < vertex.group);
            Vertex { group: rank as u32, ..*vertex }
        };
        let vertices: Vec<Vertex> = mesh.vertices.iter().map(ranked).collect();
        self.with(bytemuck::cast_slice(&vertices)).with(bytemuck::cast_slice(&mesh.indices))
    }

    fn finish(self) -> ContentHash {
        ContentHash(*self.0.finalize().as_bytes())
    }
}
