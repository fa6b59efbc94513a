//! What a file says of the extensions that it uses, beside those that are in it.

use super::schema::Root;
use crate::scene::ContentError;

/// Extensions that change what the rest of the file means, so that it may not be read without them.
const ALWAYS_REQUIRED: [&str; 1] = ["KHR_mesh_quantization"];

/// Compares the two lists with each other, and with the names that were `found`.
///
/// # Errors
/// When one says something twice, or when they do not say what the file needs.
pub(super) fn check(root: &Root, found: &[String]) -> Result<(), ContentError> {
    let (used, required) = (&root.extensions_used, &root.extensions_required);
    for (place, list) in [("/extensionsUsed", used), ("/extensionsRequired", required)] {
        let mut sorted: Vec<&String> = list.iter().collect();
        sorted.sort_unstable();
        if let Some(name) = sorted.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(shown(a)),
            _ => None,
        }) {
            return Err(ContentError::malformed(place, format!("{name} is in it twice")));
        }
    }
    if let Some(name) = required.iter().find(|name| !used.contains(name)) {
        let reason = format!("{} is not in extensionsUsed", shown(name));
        return Err(ContentError::malformed("/extensionsRequired", reason));
    }
    if let Some(name) = found.iter().find(|name| !used.contains(name)) {
        let reason = format!("{} is in the file and not in it", shown(name));
        return Err(ContentError::malformed("/extensionsUsed", reason));
    }
    let is_optional = |name: &&str| root.uses(name) && !required.iter().any(|listed| listed == name);
    match ALWAYS_REQUIRED.iter().copied().find(is_optional) {
        Some(name) => Err(ContentError::malformed("/extensionsRequired", format!("{name} has to be in it"))),
        None => Ok(()),
    }
}

fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}
