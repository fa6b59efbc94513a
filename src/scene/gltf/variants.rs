//! KHR_materials_variants: which material a primitive has in which variant. Where none is asked for, the default is
//! shown.

use std::collections::BTreeSet;

use super::schema::Root;
use crate::scene::ContentError;

/// The names of all variants.
pub(super) fn names(root: &Root) -> Vec<String> {
    let variants = root.extensions.variants.iter().flat_map(|extension| &extension.variants);
    variants.map(|variant| variant.name.clone()).collect()
}

/// Gives every primitive the material that it has in the variant of this name; a file that has no variants stays as it
/// is.
///
/// # Errors
/// When the file has variants and none of this name.
pub(super) fn choose(root: &mut Root, wanted: &str) -> Result<(), ContentError> {
    let names = names(root);
    if names.is_empty() {
        return Ok(());
    }
    let Some(wanted) = names.iter().position(|name| name == wanted) else {
        let known: Vec<String> = names.iter().take(20).map(|name| name.chars().take(40).collect()).collect();
        let reason = format!("no variant has that name; its variants are {}", known.join(", "));
        return Err(ContentError::malformed("/extensions/KHR_materials_variants", reason));
    };
    for primitive in root.meshes.iter_mut().flat_map(|mesh| &mut mesh.primitives) {
        let mappings = primitive.extensions.variants.iter().flat_map(|extension| &extension.mappings);
        let mut chosen =
            mappings.filter(|mapping| mapping.variants.contains(&wanted)).map(|mapping| mapping.material);
        primitive.material = chosen.next_back().or(primitive.material);
    }
    Ok(())
}

/// # Errors
/// When a primitive has two materials in one variant.
pub(super) fn check(root: &Root) -> Result<(), ContentError> {
    for (i, mesh) in root.meshes.iter().enumerate() {
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            let Some(variants) = &primitive.extensions.variants else { continue };
            let mut seen = BTreeSet::new();
            let mut all = variants.mappings.iter().flat_map(|mapping| &mapping.variants);
            if let Some(twice) = all.find(|&&variant| !seen.insert(variant)) {
                return Err(ContentError::malformed(
                    format!("/meshes/{i}/primitives/{j}/extensions/KHR_materials_variants"),
                    format!("variant {twice} is in it twice"),
                ));
            }
        }
    }
    Ok(())
}
