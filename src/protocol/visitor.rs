//! Who a visitor is: a number for one visit, a name to be called by, and a key that proves it.
//!
//! The key is an Ed25519 public key that the viewer keeps for good. That it is the viewer's own is
//! proved once a connection: it signs [`proof_message`], which holds what TLS alone can say about
//! this very connection (its exporter, RFC 8446 §7.5, named as in RFC 9266's idea of a channel
//! binding). A host that is shown the proof cannot use it anywhere else.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Name;

/// A visitor among those that a host knows. The same after a break, never another's in one run of
/// the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VisitorId(pub u32);

/// An Ed25519 public key (RFC 8032): who somebody is, at every venue.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VisitorKey(pub [u8; 32]);

impl fmt::Debug for VisitorKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}…")
    }
}

/// An Ed25519 signature of [`proof_message`]: R, then S.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof(pub [[u8; 32]; 2]);

impl Proof {
    /// A signature as libraries give it; `None` when it is of another length.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (r, s) = bytes.split_first_chunk::<32>()?;
        Some(Self([*r, s.try_into().ok()?]))
    }

    /// As libraries take it.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.concat()
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proof")
    }
}

/// What TLS's exporter is asked for; the context is the visitor's key.
pub const BINDING_LABEL: &[u8] = b"EXPORTER-pavilion-visitor";

/// What the exporter says: another for every connection.
pub type Binding = [u8; 32];

/// What a visitor signs. It begins with words of ours, so that no signature of the same key for
/// another purpose is a proof.
pub fn proof_message(binding: &Binding, key: &VisitorKey) -> Vec<u8> {
    [b"pavilion visitor 1\n".as_slice(), binding, &key.0].concat()
}

/// Somebody is here from now on, or was when we came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Arrived {
    /// By what their datagrams name them.
    pub visitor: VisitorId,
    /// By what people call them.
    pub name: Name,
    /// Who they are; the host has seen the proof.
    pub key: VisitorKey,
}

/// Somebody is not here any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departed {
    /// Who.
    pub visitor: VisitorId,
}
