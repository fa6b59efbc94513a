//! KHR_materials_variants: which material a primitive has in which variant. The default is shown.

use std::collections::BTreeSet;

use super::schema::Root;
use crate::scene::ContentError;

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
