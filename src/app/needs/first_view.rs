//! Which tiles a visitor sees first: those that culling wants for eyes at the entrance.

use std::sync::Arc;

use crate::cull::FirstView;
use crate::rig::Person;
use crate::scene::{TileId, Tileset};

/// The tiles, those that matter most first.
pub fn tiles(tileset: &Arc<Tileset>) -> Vec<TileId> {
    FirstView::new(tileset, Person::at(tileset.spawn()).head()).all()
}
