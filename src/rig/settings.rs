//! How a person wants to move. The defaults are the gentlest.

use serde::{Deserialize, Serialize};

/// How a stick to the side turns the person.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Turn {
    /// At once, by this angle.
    Snap {
        /// 30 or 45 in practice.
        angle_degrees: f32,
    },
    /// As long as the stick is held.
    Smooth,
}

/// How a person gets further than the room they are in allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Walk {
    /// By pointing at the ground and being there.
    #[default]
    Teleport,
    /// By gliding where the stick points; teleporting works too.
    Slide,
}

/// What the wrist menu changes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// How to turn.
    pub turn: Turn,
    /// How to walk.
    pub walk: Walk,
    /// The same sound in both ears.
    pub is_mono: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { turn: Turn::Snap { angle_degrees: 45.0 }, walk: Walk::default(), is_mono: false }
    }
}
