//! Names for things: indices into the tileset's tables, and hashes of bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

macro_rules! index {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// The place in the table that it names.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

index!(
    /// A tile of [`super::Tileset::tiles`].
    TileId
);
index!(
    /// A blob of [`super::Tileset::blobs`].
    BlobId
);
index!(
    /// An image of [`super::Tileset::images`].
    ImageId
);
index!(
    /// A material of [`super::Tileset::materials`].
    MaterialId
);
index!(
    /// A clip of [`super::Tileset::clips`].
    ClipId
);
index!(
    /// An entity of [`super::Tileset::entities`].
    EntityIndex
);

index!(
    /// A piece of the ground, of [`super::Tileset::grounds`].
    ColliderId
);

index!(
    /// A thing that can be taken, of [`super::Tileset::props`].
    PropId
);

/// The BLAKE3 hash of some bytes, which is their name in the cache, on disk and on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    /// The name of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A text that is not 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a content hash has 64 lower-case hexadecimal digits, and this text does not")]
pub struct NotAHash;

impl FromStr for ContentHash {
    type Err = NotAHash;

    fn from_str(text: &str) -> Result<Self, NotAHash> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Ok(byte - b'0'),
            b'a'..=b'f' => Ok(byte - b'a' + 10),
            _ => Err(NotAHash),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(NotAHash);
        }
        let mut hash = [0; 32];
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = (digit(*high)? << 4) | digit(*low)?;
        }
        Ok(Self(hash))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_reads_back_from_its_text() {
        let hash = ContentHash::of(b"pavilion");
        assert_eq!(hash.to_string().parse(), Ok(hash));
        assert_eq!("zz".parse::<ContentHash>(), Err(NotAHash));
        assert_eq!(hash.to_string().to_uppercase().parse::<ContentHash>(), Err(NotAHash));
    }
}
