//! What has come to a viewer, and when: of what use it was is worked out afterwards.

use std::time::Duration;

use pavilion::protocol::ContentHash;
use pavilion::scene::TileId;

/// A viewer's diary.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// Bytes of blobs' streams that came: when, of what, how many.
    pub pieces: Vec<(Duration, ContentHash, usize)>,
    /// Whole blobs.
    pub blobs: Vec<(Duration, ContentHash, usize)>,
    /// Tiles that can be shown from then on.
    pub tiles: Vec<(Duration, TileId)>,
    /// Datagrams: when they came, and when they were sent.
    pub poses: Vec<(Duration, Duration)>,
    /// Bytes that came for what nobody wanted any more.
    pub stale_bytes: u64,
}

impl Arrivals {
    /// Bytes of a blob's stream have come, and were taken or not.
    pub fn bytes(&mut self, now: Duration, hash: ContentHash, count: usize, is_taken: bool) {
        self.pieces.push((now, hash, count));
        if !is_taken {
            self.stale_bytes += count as u64;
        }
    }

    /// A blob is whole.
    pub fn whole(&mut self, now: Duration, hash: ContentHash, count: usize) {
        self.blobs.push((now, hash, count));
    }

    /// A tile can be shown.
    pub fn shown(&mut self, now: Duration, tile: TileId) {
        self.tiles.push((now, tile));
    }

    /// How late poses came that were sent from then on, beyond what the way takes: the part of all that was not later.
    pub fn pose_delay(&self, from: Duration, way: Duration, part: f64) -> Duration {
        let late = |(came, sent): &(Duration, Duration)| came.saturating_sub(*sent + way);
        let mut delays: Vec<_> = self.poses.iter().filter(|(_, sent)| *sent >= from).map(late).collect();
        delays.sort_unstable();
        let place = ((delays.len() as f64 * part) as usize).min(delays.len().saturating_sub(1));
        delays.get(place).copied().unwrap_or(Duration::MAX)
    }

    /// Bytes of all pieces.
    pub fn received_bytes(&self) -> u64 {
        self.pieces.iter().map(|(_, _, count)| *count as u64).sum()
    }
}
