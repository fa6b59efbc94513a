//! Clips through the streamer, from the manifest to the ears and out again.
#![allow(clippy::unwrap_used)]

mod refused;

use std::collections::BTreeMap;
use std::time::Duration;

use glam::Vec3;

use super::{Limits, Ready, Request, StreamFault, Streamer, decode};
use crate::math::Aabb;
use crate::protocol::{
    BlobFault, Capabilities, ContentHash, Token, VisitorId, WantedBlob, Welcome, manifest,
};
use crate::scene::sound::wav::{self, Wave};
use crate::scene::tileset::{Blob, Tables, Tile};
use crate::scene::{BlobId, Clip, ClipId, Demand, Samples, Sound};

/// Sounds in a row along +X, one every hundred metres, each heard within ten.
struct Row {
    streamer: Streamer,
    blobs: BTreeMap<ContentHash, Vec<u8>>,
    cache: BTreeMap<ContentHash, Vec<u8>>,
    hashes: Vec<ContentHash>,
    here: BTreeMap<u32, Samples>,
    /// What the host was asked for last.
    wanted: Vec<WantedBlob>,
    now: Duration,
}

impl Row {
    fn new(count: u32, limits: Limits, spoil: impl Fn(&mut Tables)) -> Self {
        let wave = |index: u32| Wave {
            rate_hz: 48_000,
            channel_count: 1,
            values: vec![index as f32 / 100.0; 1_000],
        };
        let files: Vec<_> = (0..count).map(|index| wav::write(&wave(index))).collect();
        let hashes: Vec<_> = files.iter().map(|file| ContentHash::of(file)).collect();
        let clip = |index| Clip { blob: BlobId(index), frame_count: 1_000, is_stereo: false, loops: true };
        let sound = |index| Sound {
            clip: ClipId(index),
            entity: None,
            position: Vec3::X * (index as f32 * 100.0),
            gain_decibels: 0.0,
            inner_metres: 1.0,
            radius_metres: 10.0,
            is_ambient: false,
        };
        let mut tables = Tables {
            tiles: vec![Tile {
                bounds: Aabb { min: Vec3::ZERO, max: Vec3::ONE },
                geometric_error_metres: 0.0,
                first_child: 0,
                child_count: 0,
                content: None,
                images: Vec::new(),
                triangle_count: 0,
                draw_count: 0,
            }],
            blobs: files
                .iter()
                .zip(&hashes)
                .map(|(file, hash)| Blob { hash: *hash, size_bytes: file.len() as u32 })
                .collect(),
            clips: (0..count).map(clip).collect(),
            sounds: (0..count).map(sound).collect(),
            ..Tables::default()
        };
        spoil(&mut tables);
        let manifest = manifest::encode(&tables).unwrap();
        let (hash, size_bytes) = (ContentHash::of(&manifest), manifest.len() as u32);
        let mut blobs: BTreeMap<_, _> = hashes.iter().copied().zip(files).collect();
        blobs.insert(hash, manifest);
        let mut row = Self {
            streamer: Streamer::new(limits),
            blobs,
            cache: BTreeMap::new(),
            hashes,
            here: BTreeMap::new(),
            wanted: Vec::new(),
            now: Duration::ZERO,
        };
        row.streamer.connected(
            &Welcome {
                capabilities: Capabilities::OURS,
                manifest: hash,
                manifest_bytes: size_bytes,
                token: Token([0; 16]),
                is_resumed: false,
                visitor: VisitorId(1),
            },
            false,
        );
        row
    }

    /// Ten frames a third of a second apart with a head at `x`.
    fn stay(&mut self, x: f32) {
        for _ in 0..10 {
            self.now += Duration::from_millis(333);
            self.streamer.listen_at(Some(Vec3::X * x));
            self.streamer.frame(self.now, &Demand::default());
            while let Some(request) = self.streamer.next_request() {
                match request {
                    Request::Look(hash) => self.streamer.looked(hash, self.cache.get(&hash).cloned()),
                    Request::Save { hash, bytes } => {
                        self.cache.insert(hash, bytes.to_vec());
                    }
                    Request::Want(list) => self.wanted = list,
                    Request::Decode(job) => self.streamer.decoded(decode::run(job)),
                }
            }
            for blob in std::mem::take(&mut self.wanted) {
                match self.blobs.get(&blob.hash) {
                    Some(bytes) => self.streamer.blob(blob.hash, bytes.clone()),
                    None => self.streamer.blob_failed(blob.hash, BlobFault::Absent),
                }
            }
            while let Some(ready) = self.streamer.next_ready() {
                match ready {
                    Ready::Clip { clip, samples } => {
                        assert!(self.here.insert(clip.0, samples).is_none(), "{clip:?} came twice");
                    }
                    Ready::EvictClip(clip) => assert!(self.here.remove(&clip.0).is_some()),
                    _ => {}
                }
            }
            let bytes: u64 = self.here.values().map(|samples| samples.values.len() as u64 * 2).sum();
            assert_eq!(self.streamer.stats().clip_bytes, bytes);
        }
    }

    fn here(&self) -> Vec<u32> {
        self.here.keys().copied().collect()
    }
}

#[test]
fn clips_come_before_they_can_be_heard_and_go_when_they_are_far() {
    let mut row = Row::new(4, Limits::default(), |_| {});
    row.stay(0.0);
    assert_eq!(row.here(), [0]);
    assert!(row.streamer.has_clips());
    row.stay(29.0);
    assert_eq!(row.here(), [0], "it is kept for who comes back");
    row.stay(31.0);
    assert_eq!(row.here(), [] as [u32; 0]);
    row.stay(79.0);
    assert_eq!(row.here(), [] as [u32; 0]);
    row.stay(81.0);
    assert_eq!(row.here(), [1], "nine metres before it can be heard");
    assert_eq!(row.here[&1].values[0], 328);
    let fetched = row.streamer.stats().fetched;
    row.stay(0.0);
    assert_eq!(row.here(), [0]);
    assert_eq!(row.streamer.stats().fetched, fetched, "it is in the cache");
}

#[test]
fn what_does_not_fit_into_the_budget_is_the_farthest() {
    let limits = Limits { clip_bytes: 4_500, ..Limits::default() };
    let near = |tables: &mut Tables| tables.sounds.iter_mut().for_each(|sound| sound.position.x /= 20.0);
    let mut row = Row::new(5, limits, near);
    row.stay(0.0);
    assert_eq!(row.here(), [0, 1]);
    row.stay(20.0);
    assert_eq!(row.here(), [3, 4]);
}

#[test]
fn what_is_refused_or_absent_is_told_once_and_silent() {
    let mut row = Row::new(2, Limits::default(), |tables| tables.clips[0].frame_count = 999);
    row.stay(0.0);
    row.stay(0.0);
    assert!(matches!(row.streamer.next_fault(), Some(StreamFault::Clip { clip: ClipId(0), .. })));
    let absent = row.hashes[1];
    row.blobs.remove(&absent);
    row.stay(100.0);
    row.stay(100.0);
    assert_eq!(row.streamer.next_fault(), Some(StreamFault::Absent { hash: absent }));
    assert_eq!(row.streamer.next_fault(), None);
    assert!(row.here.is_empty() && row.streamer.has_clips());
}
