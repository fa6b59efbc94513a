//! Who is there and what both understand; and everything that either side may say on the control
//! stream.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codec::{Message, read, write};
use super::content::{Absent, Want, WantedBlob};
use super::visitor::{Arrived, Departed, Proof, VisitorId, VisitorKey};
use super::{ContentHash, Name, ProtocolError};

/// What a viewer can make use of, one bit each; unknown bits are ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capabilities(pub u64);

impl Capabilities {
    /// Tiles as GLB with `EXT_meshopt_compression` and `KHR_mesh_quantization`.
    pub const MESHOPT_TILES: Self = Self(1);
    /// Images as PNG or JPEG.
    pub const PLAIN_IMAGES: Self = Self(1 << 1);
    /// What this version of the program understands.
    pub const OURS: Self = Self(Self::MESHOPT_TILES.0 | Self::PLAIN_IMAGES.0);

    /// What both have.
    pub fn shared_with(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether all of `other` is in here.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// By what a host knows a visitor who comes back. Secret between the two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Token(pub [u8; 16]);

impl fmt::Debug for Token {
    /// Only its beginning: whoever has the whole can take the visitor's place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second, ..] = self.0;
        write!(f, "{first:02x}{second:02x}…")
    }
}

/// The viewer's first message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What it can make use of.
    pub capabilities: Capabilities,
    /// From an earlier [`Welcome`] of the same host, after a break.
    pub resume: Option<Token>,
    /// By what the visitor wants to be called.
    pub name: Name,
    /// Who the visitor is.
    pub key: VisitorKey,
    /// That the key is theirs.
    pub proof: Proof,
}

/// The host's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// What both understand: nothing else will be sent.
    pub capabilities: Capabilities,
    /// The name of the manifest.
    pub manifest: ContentHash,
    /// Its size.
    pub manifest_bytes: u32,
    /// With this the visitor comes back after a break.
    pub token: Token,
    /// Whether the visitor has come back, and is who they were before.
    pub is_resumed: bool,
    /// By what others are told who the visitor is.
    pub visitor: VisitorId,
}

impl Welcome {
    /// The manifest as something that can be wanted.
    pub fn manifest_blob(&self) -> WantedBlob {
        WantedBlob { hash: self.manifest, size_bytes: self.manifest_bytes }
    }
}

/// All that a viewer says on the control stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromViewer {
    /// First of all.
    Hello(Hello),
    /// What it wants now, in place of what it wanted before.
    Want(Want),
}

/// All that a host says on the control stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromHost {
    /// The answer to a hello.
    Welcome(Welcome),
    /// It does not have what was wanted.
    Absent(Absent),
    /// Somebody else is here.
    Arrived(Arrived),
    /// Somebody else is not here any more.
    Departed(Departed),
}

const HELLO: u16 = 0x0001;
const WELCOME: u16 = 0x0002;
const WANT: u16 = 0x0101;
const ABSENT: u16 = 0x0102;
const ARRIVED: u16 = 0x0203;
const DEPARTED: u16 = 0x0204;

impl Message for FromViewer {
    fn kind(&self) -> u16 {
        match self {
            Self::Hello(_) => HELLO,
            Self::Want(_) => WANT,
        }
    }

    fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        match self {
            Self::Hello(hello) => write("a hello", hello),
            Self::Want(want) => want.body(),
        }
    }

    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        Ok(match kind {
            HELLO => Some(Self::Hello(read("a hello", body)?)),
            WANT => Some(Self::Want(Want::read(body)?)),
            _ => None,
        })
    }
}

impl Message for FromHost {
    fn kind(&self) -> u16 {
        match self {
            Self::Welcome(_) => WELCOME,
            Self::Absent(_) => ABSENT,
            Self::Arrived(_) => ARRIVED,
            Self::Departed(_) => DEPARTED,
        }
    }

    fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        match self {
            Self::Welcome(welcome) => write("a welcome", welcome),
            Self::Absent(absent) => write("an absence", absent),
            Self::Arrived(arrived) => write("an arrival", arrived),
            Self::Departed(departed) => write("a departure", departed),
        }
    }

    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        Ok(match kind {
            WELCOME => Some(Self::Welcome(read("a welcome", body)?)),
            ABSENT => Some(Self::Absent(read("an absence", body)?)),
            ARRIVED => Some(Self::Arrived(read("an arrival", body)?)),
            DEPARTED => Some(Self::Departed(read("a departure", body)?)),
            _ => None,
        })
    }
}
