//! Tests of the reader as a whole, on files made here.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod hostile;
pub(crate) mod made;
mod meaning;
mod rules;
