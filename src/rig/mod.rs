//! Where the person is and what they do, in our words.
//!
//! Time and input come in, a pose goes out. Architecture invariant: no device, no window, no runtime.

pub mod bindings;
mod comfort;
mod grasp;
pub mod hand;
pub mod hands;
pub mod input;
pub mod joints;
mod leap;
pub mod person;
pub mod pointer;
pub mod press;
mod refuge;
pub mod settings;
mod turn;
pub mod wrist;

pub use comfort::Comfort;
pub use grasp::Grasp;
pub use hand::{Button, Hand, HandKind};
pub use hands::{Hands, RawHand};
pub use input::{Cursor, Input};
pub use joints::Joints;
pub use leap::Leap;
pub use person::Person;
pub use settings::{Settings, Turn, Walk};
pub use wrist::WristButton;
