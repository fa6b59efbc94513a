//! Files on disk by hashes: the viewer's [`Store`] (a cache) and the host's [`Shelf`] (a baked folder), both
//! content-addressed, and bake's [`Memo`], addressed by what the content was worked out from.
//!
//! Hashes come in, bytes go out; bytes that are damaged never do. Architecture
//! invariant: it knows nothing of the network, and nothing that it holds is needed: whatever is
//! missing can be fetched or baked again.

mod atomic;
mod cache;
mod known;
mod memo;
mod shelf;
#[cfg(test)]
mod tests;

pub use atomic::{Care, write_atomically};
pub use cache::{Store, StoreError};
pub use known::Known;
pub use memo::Memo;
pub use shelf::{Reader, Shelf, ShelfError};
