//! What accessors, and the views below them, are used for: each for one thing, laid out for it.

use std::fmt::Arguments;

use super::schema::{BufferView, Root};
use crate::scene::ContentError;

/// What an accessor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Vertices,
    Indices,
    InverseBinds,
    Times,
    Values,
}

/// What is known so far.
struct Uses<'a> {
    root: &'a Root,
    of_accessors: Vec<Option<Use>>,
    /// Of a view: what for, and the accessor that said so.
    of_views: Vec<Option<(Use, usize)>>,
}

/// # Errors
/// When an accessor or a view serves two ends, or is not laid out for its own.
pub(super) fn check(root: &Root) -> Result<(), ContentError> {
    let mut uses = Uses {
        root,
        of_accessors: vec![None; root.accessors.len()],
        of_views: vec![None; root.buffer_views.len()],
    };
    for (i, mesh) in root.meshes.iter().enumerate() {
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            let targets = primitive.targets.iter().flatten();
            for (name, &accessor) in primitive.attributes.iter().chain(targets) {
                let name: String = name.chars().take(80).collect();
                uses.add(
                    accessor,
                    Use::Vertices,
                    format_args!("/meshes/{i}/primitives/{j}/attributes/{name}"),
                )?;
            }
            if let Some(accessor) = primitive.indices {
                uses.add(accessor, Use::Indices, format_args!("/meshes/{i}/primitives/{j}/indices"))?;
            }
        }
    }
    for (i, skin) in root.skins.iter().enumerate() {
        if let Some(accessor) = skin.inverse_bind_matrices {
            uses.add(accessor, Use::InverseBinds, format_args!("/skins/{i}/inverseBindMatrices"))?;
        }
    }
    for (i, animation) in root.animations.iter().enumerate() {
        for (j, sampler) in animation.samplers.iter().enumerate() {
            uses.add(sampler.input, Use::Times, format_args!("/animations/{i}/samplers/{j}/input"))?;
            uses.add(sampler.output, Use::Values, format_args!("/animations/{i}/samplers/{j}/output"))?;
        }
    }
    Ok(())
}

impl Uses<'_> {
    fn add(&mut self, accessor: usize, now: Use, place: Arguments<'_>) -> Result<(), ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed(place.to_string(), reason));
        if let Some(slot) = self.of_accessors.get_mut(accessor) {
            match slot.replace(now) {
                Some(before) if before == now => return Ok(()),
                Some(_) => return refuse("its accessor is used for something else as well"),
                None => {}
            }
        }
        let Some(schema) = self.root.accessors.get(accessor) else { return Ok(()) };
        let Some(index) = schema.buffer_view else { return Ok(()) };
        let Some(view) = self.root.buffer_views.get(index) else { return Ok(()) };
        let before = self.of_views.get_mut(index).and_then(|slot| slot.replace((now, accessor)));
        if is_of_other_vertices(now, before, view) {
            return refuse("the view of its accessor is used for something else as well");
        }
        if view.extensions.compression().is_some() {
            return Ok(());
        }
        match (now, view.byte_stride) {
            (Use::Vertices, None) if before.is_some_and(|(_, other)| other != accessor) => {
                refuse("several attributes share a view that has no stride")
            }
            (Use::Vertices, _) => Ok(()),
            (_, Some(_)) => refuse("the view of its accessor has a stride"),
            (_, None) => Ok(()),
        }
    }
}

/// Whether a view of vertices is one of indices too, or one of something else that neither is.
fn is_of_other_vertices(now: Use, before: Option<(Use, usize)>, view: &BufferView) -> bool {
    use gltf::json::buffer::{ARRAY_BUFFER, ELEMENT_ARRAY_BUFFER};
    let target = |number: u32| view.target == Some(u64::from(number));
    let was = |other: Use| before.is_some_and(|(before, _)| before == other);
    match now {
        Use::Vertices => target(ELEMENT_ARRAY_BUFFER) || was(Use::Indices),
        Use::Indices => target(ARRAY_BUFFER) || was(Use::Vertices),
        // Exporters say of any view that it is one of vertices; of one of indices that would be odd.
        Use::InverseBinds | Use::Times | Use::Values => was(Use::Vertices) || was(Use::Indices),
    }
}
