//! Where the person is and what they do, in our words.
//!
//! Time and input come in, a pose goes out. Architecture invariant: no device, no window, no runtime.

pub mod hand;
pub mod input;
pub mod person;
pub mod pointer;
pub mod settings;

pub use hand::{Button, Hand, HandKind};
pub use input::Input;
pub use person::Person;
pub use settings::{Settings, Turn, Walk};
