//! Things in the twin that have a name of their own.

use serde::{Deserialize, Serialize};

use crate::math::Aabb;

/// A thing with a stable id: it survives re-baking, because the id comes from the source file's
/// `extras.entity` or, failing that, from the node's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique in the twin, at most [`super::limits::NAME_BYTES_MAX`] bytes.
    pub id: String,
    /// Where it is, metres.
    pub bounds: Aabb,
}
