//! What nodes sound like: `extras.pavilion.sound`, or a sidecar for files that one cannot edit.

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Document, Node};
use super::{Resolve, data_uri, schema};
use crate::scene::sound::extras::{self, SoundExtras};
use crate::scene::{ContentError, limits};

/// The largest sidecar: its entries at their ceiling, at 4 KiB an entry.
pub const SIDECAR_BYTES_MAX: usize = limits::SOUNDS_MAX * 4096;

/// What the node says about itself.
pub(super) fn of_node(node: &schema::Node, index: usize) -> Result<Option<SoundExtras>, ContentError> {
    let sound = node.extras.as_ref().and_then(|extras| extras.get("pavilion")?.get("sound"));
    sound.map(|sound| extras::read(sound, &format!("/nodes/{index}/extras/pavilion/sound"))).transpose()
}

/// The bytes of everything that the nodes name, by how they name it.
pub(super) fn files(
    nodes: &[Node],
    resolve: &mut dyn Resolve,
) -> Result<BTreeMap<String, Vec<u8>>, ContentError> {
    let mut files = BTreeMap::new();
    load(nodes, &mut files, resolve)?;
    Ok(files)
}

/// Gives the nodes the sounds that a sidecar lists by their names: an object with one entry for each,
/// which is what the node's own extras would say, and counts before them.
///
/// # Errors
/// When it is no such object, names a node that is not there, or what an entry names is not there.
pub fn add_sidecar(
    document: &mut Document,
    json: &[u8],
    resolve: &mut dyn Resolve,
) -> Result<(), ContentError> {
    const PLACE: &str = "the list of sounds beside the file";
    ContentError::check(PLACE, "bytes", json.len(), SIDECAR_BYTES_MAX)?;
    let entries: BTreeMap<String, Value> = serde_json::from_slice(json).map_err(|error| {
        ContentError::malformed(PLACE, format!("it is not one object with a sound for each node: {error}"))
    })?;
    for (name, value) in &entries {
        let shown: String = name.chars().take(80).flat_map(char::escape_debug).collect();
        let place = format!("{PLACE}, at “{shown}”");
        let sound = extras::read(value, &place)?;
        let mut named = document.nodes.iter_mut().filter(|node| node.name.as_ref() == Some(name)).peekable();
        if named.peek().is_none() {
            return Err(ContentError::malformed(
                place,
                "the file has no node of this name; use one that it has",
            ));
        }
        named.for_each(|node| node.sound = Some(sound.clone()));
    }
    load(&document.nodes, &mut document.sound_files, resolve)
}

fn load(
    nodes: &[Node],
    files: &mut BTreeMap<String, Vec<u8>>,
    resolve: &mut dyn Resolve,
) -> Result<(), ContentError> {
    let sounds = || nodes.iter().filter_map(|node| node.sound.as_ref());
    ContentError::check("the file", "sounds", sounds().count(), limits::SOUNDS_MAX)?;
    for sound in sounds() {
        if files.contains_key(&sound.source) {
            continue;
        }
        let bytes = if data_uri::is_data(&sound.source) {
            data_uri::decode(&sound.source, "a sound")?.1
        } else {
            resolve.buffer(&sound.source)?
        };
        let total = files.values().map(Vec::len).sum::<usize>().saturating_add(bytes.len());
        ContentError::check("the file", "bytes of sounds", total, limits::SOURCE_BYTES_MAX)?;
        files.insert(sound.source.clone(), bytes);
    }
    Ok(())
}
