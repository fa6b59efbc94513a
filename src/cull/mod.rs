//! Scene × eyes → what to draw, and what to fetch.

pub mod draw_list;

pub use draw_list::{Draw, DrawList};
