//! Which names are on the GPU: a bounded pool, whose places belong to those who are nearest.
//!
//! In: who asks for a tag in a frame. Out: names to set, plates to upload, and the layer once the
//! name is there. A layer is given on only when nothing of its last name is on its way any more.

use std::sync::Arc;

use crate::draw::{NamePlate, Upload};
use crate::scene::actor::{NAME_LAYERS, NameLayer};

/// Somebody without a place must be nearer by this much to take one from another, metres: people who
/// stand about do not take turns.
const NEARER_METRES: f32 = 1.0;

/// A name to be set on a thread of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// For whom.
    pub layer: NameLayer,
    /// As it was given.
    pub name: String,
}

/// A name that was set.
pub struct Done {
    /// For whom.
    pub layer: NameLayer,
    /// The pixels.
    pub plate: Arc<NamePlate>,
}

/// How far a name has come.
#[derive(Clone, Debug, Default)]
enum Stage {
    #[default]
    Free,
    /// To be set.
    Wanted,
    Setting,
    /// Set, to be uploaded.
    Set(Arc<NamePlate>),
    Uploading,
    Shown,
}

#[derive(Clone, Debug)]
struct Owner {
    visitor: u32,
    name: String,
    distance_metres: f32,
    was_asked: bool,
}

#[derive(Clone, Debug)]
struct Slot {
    layer: NameLayer,
    stage: Stage,
    owner: Option<Owner>,
}

/// The pool.
#[derive(Clone, Debug)]
pub struct Names {
    slots: Vec<Slot>,
}

impl Default for Names {
    fn default() -> Self {
        let layers = (0..NAME_LAYERS).filter_map(NameLayer::new);
        Self { slots: layers.map(|layer| Slot { layer, stage: Stage::Free, owner: None }).collect() }
    }
}

impl Names {
    /// Where the visitor's name is, if it is there; else it will be, if the pool has room or shows
    /// somebody who is farther away.
    pub fn ask(&mut self, visitor: u32, name: &str, distance_metres: f32) -> Option<NameLayer> {
        for slot in &mut self.slots {
            if let Some(owner) = slot.owner.as_mut().filter(|owner| owner.visitor == visitor) {
                if owner.name == name {
                    owner.was_asked = true;
                    owner.distance_metres = distance_metres;
                    return matches!(slot.stage, Stage::Shown).then_some(slot.layer);
                }
                // Called otherwise now.
                slot.leave();
            }
        }
        let slot = self.room(distance_metres)?;
        slot.owner = Some(Owner { visitor, name: name.to_owned(), distance_metres, was_asked: true });
        slot.stage = Stage::Wanted;
        None
    }

    /// A free place, or that of the farthest who is seen.
    fn room(&mut self, distance_metres: f32) -> Option<&mut Slot> {
        let free = self.slots.iter().position(|slot| matches!(slot.stage, Stage::Free));
        let index = free.or_else(|| {
            let shown = self.slots.iter().enumerate().filter(|(_, slot)| matches!(slot.stage, Stage::Shown));
            let distance = |slot: &Slot| slot.owner.as_ref().map_or(f32::INFINITY, |o| o.distance_metres);
            let (index, farthest) =
                shown.map(|(index, slot)| (index, distance(slot))).max_by(|a, b| a.1.total_cmp(&b.1))?;
            (farthest > distance_metres + NEARER_METRES).then_some(index)
        })?;
        self.slots.get_mut(index)
    }

    /// Ends a frame: who did not ask has left or is too far away, and gives the layer back.
    pub fn end_frame(&mut self) {
        for slot in &mut self.slots {
            match &mut slot.owner {
                Some(owner) if owner.was_asked => owner.was_asked = false,
                Some(_) => slot.leave(),
                None => {}
            }
        }
    }

    /// A name to set.
    pub fn next_job(&mut self) -> Option<Job> {
        let slot = self.slots.iter_mut().find(|slot| matches!(slot.stage, Stage::Wanted))?;
        let name = slot.owner.as_ref()?.name.clone();
        slot.stage = Stage::Setting;
        Some(Job { layer: slot.layer, name })
    }

    /// There was no thread for the job: it comes again.
    pub fn put_back(&mut self, job: &Job) {
        if let Some(slot) = self.slot(job.layer) {
            slot.stage = if slot.owner.is_some() { Stage::Wanted } else { Stage::Free };
        }
    }

    /// A name was set.
    pub fn set(&mut self, done: Done) {
        if let Some(slot) = self.slot(done.layer) {
            slot.stage = if slot.owner.is_some() { Stage::Set(done.plate) } else { Stage::Free };
        }
    }

    /// Offers what was set to `take`, which says whether it took it.
    pub fn upload(&mut self, mut take: impl FnMut(Upload) -> bool) {
        for slot in &mut self.slots {
            if let Stage::Set(plate) = &slot.stage {
                let upload = Upload::Name { layer: slot.layer, plate: Arc::clone(plate) };
                if !take(upload) {
                    return;
                }
                slot.stage = Stage::Uploading;
            }
        }
    }

    /// The layer's upload is complete.
    pub fn arrived(&mut self, layer: NameLayer) {
        if let Some(slot) = self.slot(layer) {
            slot.stage = if slot.owner.is_some() { Stage::Shown } else { Stage::Free };
        }
    }

    /// The GPU that held the names is gone: those that are still wanted are set again.
    pub fn forget_uploads(&mut self) {
        for slot in &mut self.slots {
            if matches!(slot.stage, Stage::Uploading | Stage::Shown) {
                slot.stage = if slot.owner.is_some() { Stage::Wanted } else { Stage::Free };
            }
        }
    }

    /// Whether every name that was asked for is there.
    pub fn is_settled(&self) -> bool {
        self.slots.iter().all(|slot| matches!(slot.stage, Stage::Free | Stage::Shown))
    }

    fn slot(&mut self, layer: NameLayer) -> Option<&mut Slot> {
        self.slots.get_mut(usize::from(layer.index()))
    }
}

impl Slot {
    /// Its owner is gone. What is on its way comes to its end first.
    fn leave(&mut self) {
        self.owner = None;
        if matches!(self.stage, Stage::Wanted | Stage::Set(_) | Stage::Shown) {
            self.stage = Stage::Free;
        }
    }
}

#[cfg(test)]
mod tests;
