//! Which tiles a visitor sees first: those that culling wants for eyes at the entrance.

use std::sync::Arc;

use crate::cull;
use crate::rig::Person;
use crate::scene::{TileId, Tileset};

/// The tiles, those that matter most first.
pub fn tiles(tileset: &Arc<Tileset>) -> Vec<TileId> {
    cull::first_view(tileset, Person::at(tileset.spawn()).head())
}
