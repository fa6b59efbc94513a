//! What was measured of one variant.

use super::lane::Block;

/// Frames below which no 99th of a hundred is told.
const FRAMES_FOR_P99: usize = 100;

/// Its frames, at one place or at several.
pub struct Tally {
    pub is_entrance: bool,
    pub is_at_once: bool,
    pub samples: u32,
    /// One of [`CULLINGS`](super::place::CULLINGS).
    pub culling: usize,
    pub gpu_millis: Vec<f64>,
    pub cpu_millis: Vec<f64>,
    /// One a block.
    pub wall_millis: Vec<f64>,
    /// What a frame of a block took the GPU, or where it has no clock, the wall's.
    block_millis: Vec<f64>,
    triangles: u64,
    draws: u64,
}

impl Tally {
    pub fn new(is_entrance: bool, is_at_once: bool, samples: u32, culling: usize) -> Self {
        Self {
            is_entrance,
            is_at_once,
            samples,
            culling,
            gpu_millis: Vec::new(),
            cpu_millis: Vec::new(),
            wall_millis: Vec::new(),
            block_millis: Vec::new(),
            triangles: 0,
            draws: 0,
        }
    }

    pub fn add(&mut self, block: &Block) {
        self.gpu_millis.extend(&block.gpu_millis);
        self.cpu_millis.extend(&block.cpu_millis);
        self.wall_millis.push(block.wall_millis);
        self.block_millis.push(part(&block.gpu_millis, 0.5).unwrap_or(block.wall_millis));
        self.triangles += block.triangles;
        self.draws += u64::from(block.draws);
    }

    /// Frames that were measured.
    pub fn frames(&self) -> usize {
        self.cpu_millis.len()
    }

    pub fn triangles_mean(&self) -> u64 {
        self.triangles / self.block_millis.len().max(1) as u64
    }

    pub fn draws_mean(&self) -> u64 {
        self.draws / self.block_millis.len().max(1) as u64
    }

    /// What a frame takes the GPU: half are below. By the wall where it has no clock.
    pub fn p50(&self) -> Option<f64> {
        part(&self.gpu_millis, 0.5).or_else(|| part(&self.wall_millis, 0.5))
    }

    /// 99 of 100 are below, by the GPU's clock.
    pub fn p99(&self) -> Option<f64> {
        p99(&self.gpu_millis)
    }

    /// How many times as long this takes as `other`, whose blocks were measured between this one's.
    pub fn times(&self, other: &Self) -> Option<f64> {
        Self::times_of([self].into_iter(), [other].into_iter())
    }

    /// The same of several, pair by pair: half of all blocks are below.
    pub fn times_of<'a>(
        these: impl Iterator<Item = &'a Self>,
        others: impl Iterator<Item = &'a Self>,
    ) -> Option<f64> {
        let pairs = these.zip(others).flat_map(|(a, b)| a.block_millis.iter().zip(&b.block_millis));
        let ratios: Vec<f64> = pairs.map(|(a, b)| a / b).collect();
        part(&ratios, 0.5)
    }
}

/// 99 of 100 are below; `None` of fewer.
pub fn p99(values: &[f64]) -> Option<f64> {
    if values.len() < FRAMES_FOR_P99 { None } else { part(values, 0.99) }
}

/// The value that this part of all is below.
pub fn part(values: &[f64], part: f64) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() as f64 * part) as usize;
    sorted.get(at.min(sorted.len().saturating_sub(1))).copied()
}
