//! Where the person is and what they do, in our words.
//!
//! Time and input come in, a pose goes out. Architecture invariant: no device, no window, no runtime.

pub mod bindings;
pub mod hand;
pub mod hands;
pub mod input;
pub mod joints;
pub mod person;
pub mod pointer;
pub mod press;
pub mod settings;
pub mod wrist;

pub use hand::{Button, Hand, HandKind};
pub use hands::{Hands, RawHand};
pub use input::{Cursor, Input};
pub use joints::Joints;
pub use person::Person;
pub use settings::{Settings, Turn, Walk};
pub use wrist::WristButton;
