//! glTF 2.0 → plain data. Bytes come in, a [`Document`] goes out.
//!
//! Architecture invariant: no file, no URL, no GPU; what a URI means is asked of a [`Resolve`].

pub mod document;

pub use document::Document;

use super::ContentError;

/// Answers for URIs that a file mentions. Data URIs are read in place and never asked for.
pub trait Resolve {
    /// The bytes of an external buffer.
    ///
    /// # Errors
    /// When the URI is not one that may be opened, or what it names is not there.
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError>;

    /// The bytes of an external image, or `None` where they are fetched some other way.
    ///
    /// # Errors
    /// When the URI is not one that may be opened, or what it names is not there.
    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError>;
}
