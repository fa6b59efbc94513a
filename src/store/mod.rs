//! Content-addressed files on disk: the viewer's [`Store`] (a cache) and the host's [`Shelf`] (a
//! baked folder).
//!
//! Hashes come in, bytes go out; bytes that are not what their name says never do. Architecture
//! invariant: it knows nothing of the network, and nothing that it holds is needed: whatever is
//! missing can be fetched or baked again.

mod atomic;
mod cache;
mod shelf;
#[cfg(test)]
mod tests;

pub use atomic::{Care, write_atomically};
pub use cache::{Store, StoreError};
pub use shelf::{Reader, Shelf, ShelfError};
