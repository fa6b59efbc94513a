//! Where the person is and what they do, in our words.
//!
//! Time and input come in, a pose goes out. Architecture invariant: no device, no window, no runtime.

mod comfort;
pub mod hand;
pub mod input;
mod leap;
pub mod person;
mod refuge;
pub mod settings;
mod turn;

pub use comfort::Comfort;
pub use hand::{Button, Hand, HandKind};
pub use input::Input;
pub use leap::Leap;
pub use person::Person;
pub use settings::{Settings, Turn, Walk};
