//! Who is there and what both understand; and everything that either side may say on the control
//! stream.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::codec::{Message, read, write};
use super::content::{Absent, ShortWant, Want, WantedBlob};
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
    /// Wants by the beginnings of names ([`ShortWant`]).
    pub const SHORT_WANTS: Self = Self(1 << 2);
    /// The manifest, and what is seen first, without having been asked for.
    pub const OPENING: Self = Self(1 << 3);
    /// Being told of another twin during the visit ([`Changed`]).
    pub const CHANGES: Self = Self(1 << 4);
    /// Without these nobody sees anything.
    pub const NEEDED: Self = Self(Self::MESHOPT_TILES.0 | Self::PLAIN_IMAGES.0);
    /// What this version of the program understands.
    pub const OURS: Self = Self(Self::NEEDED.0 | Self::SHORT_WANTS.0 | Self::OPENING.0 | Self::CHANGES.0);

    /// What both have.
    pub fn shared_with(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// All but these.
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
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

/// What a viewer has from an earlier visit: the host need not send what is in it. Said before the hello, so that
/// hosts that do not know of it pass over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holding {
    /// The manifest that was shown then. That most of what it lists is there as well is likely.
    pub manifest: ContentHash,
}

/// Another twin is shown from now on. What both have in common need not be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// The name of its manifest.
    pub manifest: ContentHash,
    /// Its size.
    pub manifest_bytes: u32,
}

impl Changed {
    /// The manifest as something that can be wanted.
    pub fn manifest_blob(&self) -> WantedBlob {
        WantedBlob { hash: self.manifest, size_bytes: self.manifest_bytes }
    }
}

/// All that a viewer says on the control stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromViewer {
    /// First of all, where there is anything.
    Holding(Holding),
    /// Who it is. What it wants may come before, because that can be read twice without harm.
    Hello(Hello),
    /// What it wants now, in place of what it wanted before.
    Want(Want),
    /// The same, by the beginnings of names.
    ShortWant(ShortWant),
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
    /// There is another twin.
    Changed(Changed),
}

const HELLO: u16 = 0x0001;
const WELCOME: u16 = 0x0002;
const HOLDING: u16 = 0x0003;
const CHANGED: u16 = 0x0004;
const WANT: u16 = 0x0101;
const SHORT_WANT: u16 = 0x0104;
const ABSENT: u16 = 0x0102;
const ARRIVED: u16 = 0x0203;
const DEPARTED: u16 = 0x0204;

impl Message for FromViewer {
    fn kind(&self) -> u16 {
        match self {
            Self::Holding(_) => HOLDING,
            Self::Hello(_) => HELLO,
            Self::Want(_) => WANT,
            Self::ShortWant(_) => SHORT_WANT,
        }
    }

    fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        match self {
            Self::Holding(holding) => write("a holding", holding),
            Self::Hello(hello) => write("a hello", hello),
            Self::Want(want) => want.body(),
            Self::ShortWant(want) => want.body(),
        }
    }

    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        Ok(match kind {
            HELLO => Some(Self::Hello(read("a hello", body)?)),
            HOLDING => Some(Self::Holding(read("a holding", body)?)),
            WANT => Some(Self::Want(Want::read(body)?)),
            SHORT_WANT => Some(Self::ShortWant(ShortWant::read(body)?)),
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
            Self::Changed(_) => CHANGED,
        }
    }

    fn body(&self) -> Result<Vec<u8>, ProtocolError> {
        match self {
            Self::Welcome(welcome) => write("a welcome", welcome),
            Self::Absent(absent) => write("an absence", absent),
            Self::Arrived(arrived) => write("an arrival", arrived),
            Self::Departed(departed) => write("a departure", departed),
            Self::Changed(changed) => write("a change", changed),
        }
    }

    fn read(kind: u16, body: &[u8]) -> Result<Option<Self>, ProtocolError> {
        Ok(match kind {
            WELCOME => Some(Self::Welcome(read("a welcome", body)?)),
            ABSENT => Some(Self::Absent(read("an absence", body)?)),
            ARRIVED => Some(Self::Arrived(read("an arrival", body)?)),
            DEPARTED => Some(Self::Departed(read("a departure", body)?)),
            CHANGED => Some(Self::Changed(read("a change", body)?)),
            _ => None,
        })
    }
}
