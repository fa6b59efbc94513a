//! What crosses the wire between a viewer and its host: messages in, bytes out, and back.
//!
//! Architecture invariant: no socket, no clock, no file; every byte from outside is checked here and
//! nowhere else, and nothing in here panics on it.
//!
//! # The wire on one page
//!
//! One QUIC connection, TLS 1.3, ALPN [`ALPN`]. The number in it is the version of everything below:
//! whoever does not speak it is turned away by TLS, before a byte of ours. The host's certificate is
//! its own; the viewer knows its SHA-256 from the [`link`](JoinLink) by which it came.
//!
//! Everything is made of frames ([`codec`]): `kind: u16, length: u32, body`, little-endian, where
//! the body is postcard. A frame of unknown kind is skipped, so that later hosts and viewers may say
//! more; anything else that is wrong ends the connection with a [`CloseCause`].
//!
//! What came after the first version is agreed on by [`Capabilities`]: who does not name one neither says nor hears
//! what belongs to it, and everything else stays as it was.
//!
//! 1. The viewer opens one bidirectional stream, *control*, and says [`Hello`]: also a [`Name`], and
//!    a key with the [`visitor`] proof that it is its own. The host answers [`Welcome`]: what both
//!    understand, the name of the manifest, and a token with which the same visitor comes back after
//!    a break. Before its hello a viewer may say what it has from an earlier visit ([`Holding`]) and what it
//!    wants: both may be read twice without harm, so they may travel in the first packet of a resumed connection.
//! 2. The viewer says what it wants with [`Want`]: hashes, most important first. Each list replaces
//!    the one before, so that leaving something out cancels it. The [`manifest`] is wanted in the
//!    same way as any tile; but the host of a newcomer does not wait for that: it sends the manifest and what is
//!    seen first as if they had been asked for ([`Capabilities::OPENING`]).
//! 3. The host opens a unidirectional stream for each blob: a [`BlobHeader`] frame, then the bytes.
//!    It resets streams that are no longer wanted. What it does not have it calls [`Absent`].
//! 4. The host says who else is there with [`Arrived`] and [`Departed`]. Twenty times a second each
//!    viewer sends where it is, and the host where the others are ([`presence`]), in datagrams that
//!    may be lost: the newest wins.
//! 5. Where there is another twin, the host says [`Changed`].
//! 6. Either side ends the connection with QUIC's own close, whose code is a [`CloseCause`].
//!
//! Kinds are numbered by what they are about, and room is kept for what is to come:
//!
//! | kinds | about | carried by |
//! |---|---|---|
//! | `0x00__` | control: `01` Hello, `02` Welcome, `03` Holding, `04` Changed | control stream |
//! | `0x01__` | content: `01` Want, `02` Absent, `03` BlobHeader, `04` ShortWant | control stream; a stream a blob |
//! | `0x02__` | presence: `01` here, `02` others; `03` Arrived, `04` Departed | datagrams; control stream |
//! | `0x03__` | voice | datagrams |
//! | `0x04__` | telemetry: live values | a stream a topic |
//! | `0x05__` | claims and receipts | control stream |
//! | `0x06__` | the guide | a stream a conversation |
//!
//! A datagram begins with its kind and has no length. One that is wrong is dropped, and does not end
//! the connection: it is one of twenty a second.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

pub mod close;
pub mod codec;
pub mod content;
pub mod control;
pub mod link;
pub mod manifest;
pub mod name;
pub mod parcel;
pub mod pose;
pub mod presence;
#[cfg(test)]
pub(crate) mod tests;
pub mod transport;
pub mod visitor;

pub use crate::scene::ContentHash;
pub use close::CloseCause;
pub use content::{Absent, BlobFault, BlobHeader, Prefix, ShortWant, Want, WantedBlob};
pub use control::{Capabilities, Changed, FromHost, FromViewer, Hello, Holding, Token, Welcome};
pub use link::{Fingerprint, JoinLink, LinkError};
pub use name::Name;
pub use visitor::{Arrived, Departed, Proof, VisitorId, VisitorKey};

/// The application protocol that TLS agrees on; its number is the version of the wire.
pub const ALPN: &[u8] = b"pavilion/1";

/// Why bytes from the other side were refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// A length that no honest sender writes.
    #[error("the other side sent {what} of {size} bytes, and {limit} is the most that is taken")]
    TooLarge {
        /// Of what.
        what: &'static str,
        /// How large it claims to be.
        size: u64,
        /// How large it may be.
        limit: u64,
    },
    /// Bytes that do not read as what they should be.
    #[error("the other side sent {what} that cannot be read: the bytes are damaged or of another version")]
    Malformed {
        /// What they should be.
        what: &'static str,
    },
    /// A manifest that is of another version.
    #[error("the twin's manifest has version {found}, this program reads version {expected}: bake it again")]
    ManifestVersion {
        /// The version that it says it has.
        found: u16,
        /// The one that can be read.
        expected: u16,
    },
    /// A manifest whose tables contradict each other.
    #[error("the twin's manifest does not hold together: {0}")]
    Manifest(#[from] crate::scene::ContentError),
}
