//! Panels in the world: what is on them, where they hang, and what a press on them means.
//!
//! In: what the pointer did, time, and the state to show. Out: triangles for `draw` and what the person
//! asked for. Architecture invariant: it knows no GPU, no device and no network.

pub mod menu;
pub mod panel;
pub mod place;
pub mod theme;
pub mod widgets;

pub use menu::{Detail, Menu, MenuAction};
pub use panel::Panel;
pub use place::Place;
