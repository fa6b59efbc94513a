//! What comes in, on the frame's thread: as much as a frame has time for, and the rest in the next one.

use std::sync::Arc;

use super::{Place, Viewer, WAITING_MAX};
use crate::app::Failure;
use crate::app::curtain::Curtain;
use crate::app::toll::Part;
use crate::app::venue::Event;
use crate::cull::Culler;
use crate::draw::{Arrival, Upload};
use crate::rig::Person;
use crate::scene::{Scene, Tileset};

/// A venue that was baked anew has its entrance where it was, give or take what was changed.
const SAME_PLACE_METRES: f32 = 5.0;

impl Viewer {
    /// Takes what the venue has ready, without waiting, and hands it to the renderer.
    pub(super) fn take_finished_tiles(&mut self) -> Result<(), Failure> {
        self.toll.resume();
        self.take_in()
    }

    fn take_in(&mut self) -> Result<(), Failure> {
        if self.input.retry {
            self.venue.retry()?;
        }
        // A tile may need more images than may wait.
        let is_due = self.waiting.len() >= WAITING_MAX
            || self.waiting.iter().any(|upload| matches!(upload, Upload::Tile { .. }));
        let entered = self.coming.take_if(|_| is_due && self.screen.renderer.is_complete());
        let has_entered = entered.is_some();
        if let Some(tileset) = entered {
            self.enter(tileset);
            self.toll.lap(Part::Twin);
        }
        // Nobody has looked at it yet, and the frame has had its share.
        if !has_entered {
            // What eyes want of one twin says nothing of the next.
            let demand = (self.place == Place::Twin && self.coming.is_none()).then_some(&self.demand);
            let now = self.started.elapsed();
            // Uploads that wait hold up more content, but neither the others nor what is asked of the host.
            let room = WAITING_MAX.saturating_sub(self.waiting.len());
            self.venue.pump(now, demand, &mut self.events, room, &mut self.toll);
        }
        while !self.toll.is_spent()
            && let Some(event) = self.events.pop_front()
        {
            let part = if matches!(event, Event::Tileset(_)) { Part::Twin } else { Part::Content };
            self.on_event(event)?;
            self.toll.lap(part);
        }
        if self.place == Place::Twin && self.coming.is_none() {
            self.enqueue();
            self.toll.lap(Part::Upload);
            if !self.is_on_ground && self.demand.feet.is_some() && self.venue.has_ground(self.person.feet) {
                self.ground.receive(&mut self.person);
                self.is_on_ground = true;
                self.toll.lap(Part::Content);
            }
        }
        Ok(())
    }

    fn on_event(&mut self, event: Event) -> Result<(), Failure> {
        match event {
            Event::Tileset(tileset) => {
                self.ground.announce(&tileset);
                self.sounds.begin(tileset.clone());
                self.waiting.clear();
                self.coming = Some(tileset);
            }
            Event::Collider { collider, surface } => self.ground.insert(collider, surface.as_ref()),
            Event::EvictCollider(collider) => self.ground.remove(collider),
            Event::Clip { clip, samples } => self.sounds.set_clip(clip, Some(samples)),
            Event::EvictClip(clip) => self.sounds.set_clip(clip, None),
            Event::Ready(upload) => self.waiting.push_back(upload),
            Event::EvictTile(tile) => {
                self.waiting
                    .retain(|upload| !matches!(upload, Upload::Tile { tile: other, .. } if *other == tile));
                // Of what is to come nothing is in the scene.
                if self.coming.is_none() {
                    self.scene.set_resident(tile, None);
                    self.screen.renderer.retire(tile);
                }
            }
            Event::EvictImage(image) => {
                self.waiting.retain(
                    |upload| !matches!(upload, Upload::Texture { image: other, .. } if *other == image),
                );
                if self.coming.is_none() {
                    self.screen.renderer.retire_image(image);
                }
            }
            Event::Lost(sentence) => self.say(&sentence)?,
            Event::Back => self.say("Back again.")?,
            Event::Broken(sentence) => {
                self.say(&sentence)?;
                self.failure.get_or_insert(Failure::content(sentence));
            }
            Event::Ended(failure) => {
                self.say(&failure.sentence)?;
                self.failure = Some(failure);
            }
        }
        Ok(())
    }

    /// Leaves the lobby, or the twin as it was, for the twin whose first tile is at hand, and every pipeline for it.
    fn enter(&mut self, tileset: Arc<Tileset>) {
        self.screen.renderer.set_tileset(&self.screen.gpu, &tileset);
        // A venue that was baked anew moves nobody.
        let known = &self.scene.tileset;
        let is_same_place = self.place == Place::Twin
            && known.title() == tileset.title()
            && known.spawn().position.distance(tileset.spawn().position) < SAME_PLACE_METRES;
        if is_same_place {
            self.person.stay();
        } else {
            self.person = Person::at(self.wishes.start.unwrap_or_else(|| tileset.spawn()));
        }
        self.report.title = tileset.title().to_owned();
        self.screen.display.set_caption(&format!("{} — Pavilion", tileset.title()));
        self.scene = Scene::new(tileset);
        self.memory_bytes = self.venue.memory_bytes();
        self.ground.enter();
        self.is_on_ground = false;
        self.culler = Culler::default();
        self.place = Place::Twin;
        self.entered = self.started.elapsed();
        self.curtain = Curtain::closed(self.entered);
    }

    /// Hands the renderer as much as it takes; the rest waits.
    fn enqueue(&mut self) {
        while let Some(upload) = self.waiting.pop_front() {
            if let Err(upload) = self.screen.renderer.enqueue(upload) {
                self.waiting.push_front(upload);
                return;
            }
        }
    }

    /// Shows what the renderer has received whole with the frame that it has just drawn.
    pub(super) fn take_arrivals(&mut self) {
        self.toll.add(Part::Upload, self.stats.upload_cpu.unwrap_or_default());
        self.toll.add_waits(Part::Upload, self.stats.upload_waits);
        self.toll.resume();
        for arrival in self.stats.arrivals.drain(..) {
            match arrival {
                Arrival::Tile { tile, resident } => self.scene.set_resident(tile, Some(*resident)),
                Arrival::TileRefused { tile } => {
                    // The GPU has less room than was thought.
                    self.memory_bytes = self.memory_bytes.min(self.scene.resident_bytes());
                    self.venue.put_back(tile);
                }
                Arrival::Texture { .. } => {}
                Arrival::Name { layer } => self.figures.name_arrived(layer),
                Arrival::TextureRefused { image } => {
                    tracing::warn!("image {} is not shown", image.0);
                    self.memory_bytes = self.memory_bytes.min(self.scene.resident_bytes());
                    self.venue.put_image_back(image);
                }
            }
        }
        self.toll.lap(Part::Arrival);
    }
}
