//! Which names are on the GPU: a bounded pool, given to those who are near enough to be read.
//!
//! In: who asks for a tag in a frame. Out: names to set, plates to upload, and the layer once the
//! name is there. A layer is given on only when nothing of its last name is on its way any more.

use std::sync::Arc;

use crate::draw::{NamePlate, Upload};
use crate::scene::actor::{NAME_LAYERS, NameLayer};

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
    /// Where the visitor's name is, if it is there; else it will be, if the pool has room.
    pub fn ask(&mut self, visitor: u32, name: &str) -> Option<NameLayer> {
        for slot in &mut self.slots {
            if let Some(owner) = slot.owner.as_mut().filter(|owner| owner.visitor == visitor) {
                if owner.name == name {
                    owner.was_asked = true;
                    return matches!(slot.stage, Stage::Shown).then_some(slot.layer);
                }
                // Called otherwise now.
                slot.leave();
            }
        }
        let free = self.slots.iter_mut().find(|slot| matches!(slot.stage, Stage::Free))?;
        free.owner = Some(Owner { visitor, name: name.to_owned(), was_asked: true });
        free.stage = Stage::Wanted;
        None
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
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Everything that threads and renderer do, at once.
    fn settle(names: &mut Names) -> Vec<Job> {
        let jobs: Vec<Job> = std::iter::from_fn(|| names.next_job()).collect();
        for job in &jobs {
            names.set(Done { layer: job.layer, plate: Arc::new(NamePlate::of(&job.name)) });
        }
        let mut uploaded = Vec::new();
        names.upload(|upload| {
            let Upload::Name { layer, .. } = upload else { panic!("only names") };
            uploaded.push(layer);
            true
        });
        uploaded.into_iter().for_each(|layer| names.arrived(layer));
        jobs
    }

    #[test]
    fn a_name_is_set_once_and_its_layer_given_on_when_the_person_left() {
        let mut names = Names::default();
        assert_eq!(names.ask(7, "Ada"), None);
        assert!(!names.is_settled());
        names.end_frame();
        assert_eq!(settle(&mut names), [Job { layer: NameLayer::default(), name: "Ada".to_owned() }]);
        assert_eq!(names.ask(7, "Ada"), Some(NameLayer::default()));
        names.end_frame();
        assert!(settle(&mut names).is_empty() && names.is_settled());
        names.end_frame();
        assert_eq!(names.ask(8, "Bob"), None, "the layer is free, but its name is not there yet");
        settle(&mut names);
        assert_eq!(names.ask(8, "Bob"), Some(NameLayer::default()));
        // A new name is a new plate.
        assert_eq!(names.ask(8, "Robert"), None);
        assert_eq!(settle(&mut names).len(), 1);
        assert!(names.ask(8, "Robert").is_some());
    }

    /// Whatever is on its way for somebody who left never shows on somebody else.
    #[test]
    fn a_layer_waits_for_what_is_on_its_way() {
        let mut names = Names::default();
        names.ask(1, "Ada");
        let job = names.next_job().unwrap();
        names.end_frame();
        names.end_frame();
        names.ask(2, "Bob");
        let other = names.next_job().unwrap();
        assert_ne!(job.layer, other.layer);
        names.set(Done { layer: job.layer, plate: Arc::new(NamePlate::of("Ada")) });
        names.upload(|_| panic!("nobody is there to show it"));
        names.put_back(&other);
        assert_eq!(names.next_job(), Some(other));
    }

    #[test]
    fn the_pool_is_bounded_and_a_full_queue_costs_nothing() {
        let mut names = Names::default();
        for visitor in 0..100 {
            names.ask(visitor, "Somebody");
        }
        let jobs: Vec<Job> = std::iter::from_fn(|| names.next_job()).collect();
        assert_eq!(jobs.len(), usize::from(NAME_LAYERS));
        names.set(Done { layer: jobs[0].layer, plate: Arc::new(NamePlate::of("Somebody")) });
        names.upload(|_| false);
        let mut count = 0;
        names.upload(|_| {
            count += 1;
            true
        });
        assert_eq!(count, 1, "what was refused is offered again");
    }
}
