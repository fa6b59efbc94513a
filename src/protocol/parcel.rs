//! A twin in one file, to be carried to headsets without a network: a tar archive of the manifest and, after it, the
//! blobs, each named by its hash.
//!
//! Every header is exactly the one that [`header`] writes: one form, so that the same twin gives the same bytes, and
//! nothing to misread, while `tar tf` still lists it. A reader takes only what the manifest lists, each once and with
//! the size that it has there; a length is compared with that before a byte is read.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use super::manifest::{self, MANIFEST_BYTES_MAX, Tileset};
use super::{ContentHash, ProtocolError};

/// How the names of such files end.
pub const EXTENSION: &str = "pavilion";

/// What headers and bytes are padded to.
const BLOCK_BYTES: usize = 512;

/// Two empty blocks end an archive.
const END: [u8; 2 * BLOCK_BYTES] = [0; 2 * BLOCK_BYTES];

/// Where a header has its name, its size and the sum of its bytes.
const NAME_BYTES: usize = 100;
const SIZE_AT: usize = 124;
const SUM_AT: usize = 148;

/// Why a file is not taken.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// The disk does not give its bytes.
    #[error("it cannot be read ({0}): copy it again")]
    Read(#[from] io::Error),
    /// It ends before its end.
    #[error("it ends in the middle: copy it again, as a whole")]
    Truncated,
    /// It is something else.
    #[error("it is no file that `pavilion pack` wrote, or a damaged one: copy it again")]
    Malformed,
    /// Its manifest is refused.
    #[error(transparent)]
    Manifest(ProtocolError),
    /// There is something in it that does not belong to the twin.
    #[error("there is something in it that its manifest does not list: pack the twin again")]
    Unlisted,
    /// Bytes that are not those of their name.
    #[error("{hash} in it is damaged: copy it again, or pack the twin again")]
    Damaged {
        /// The name.
        hash: ContentHash,
    },
}

/// Writes such a file from its beginning to its end.
pub struct Writer<W> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begins with the manifest.
    ///
    /// # Errors
    /// What `out` says.
    pub fn begin(out: W, manifest: &[u8]) -> io::Result<Self> {
        let mut writer = Self { out };
        writer.entry(manifest::FILE_NAME, manifest)?;
        Ok(writer)
    }

    /// Adds a blob.
    ///
    /// # Errors
    /// What `out` says.
    pub fn add(&mut self, hash: ContentHash, bytes: &[u8]) -> io::Result<()> {
        self.entry(&hash.to_string(), bytes)
    }

    /// Ends the file and gives back what was written to.
    ///
    /// # Errors
    /// What `out` says.
    pub fn end(mut self) -> io::Result<W> {
        self.out.write_all(&END)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn entry(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(&header(name, bytes.len() as u64))?;
        self.out.write_all(bytes)?;
        let padding = bytes.len().next_multiple_of(BLOCK_BYTES) - bytes.len();
        self.out.write_all(END.get(..padding).unwrap_or_default())
    }
}

/// Reads such a file, one blob at a time.
pub struct Parcel<R> {
    source: R,
    tileset: Tileset,
    manifest: ContentHash,
    manifest_bytes: Vec<u8>,
    /// What may still come, with its size.
    listed: BTreeMap<ContentHash, u32>,
}

impl<R: Read> Parcel<R> {
    /// Reads the manifest.
    ///
    /// # Errors
    /// When it is no such file, or its manifest is refused.
    pub fn open(mut source: R) -> Result<Self, ParcelError> {
        let (name, size) = next_header(&mut source)?.ok_or(ParcelError::Malformed)?;
        if name != manifest::FILE_NAME || size > MANIFEST_BYTES_MAX as u64 {
            return Err(ParcelError::Malformed);
        }
        let manifest_bytes = body(&mut source, size)?;
        let tileset = manifest::decode(&manifest_bytes).map_err(ParcelError::Manifest)?;
        let listed = tileset.blobs().iter().map(|blob| (blob.hash, blob.size_bytes)).collect();
        Ok(Self { source, tileset, manifest: ContentHash::of(&manifest_bytes), manifest_bytes, listed })
    }

    /// What the twin holds.
    pub fn tileset(&self) -> &Tileset {
        &self.tileset
    }

    /// The manifest's name and bytes.
    pub fn manifest(&self) -> (ContentHash, &[u8]) {
        (self.manifest, &self.manifest_bytes)
    }

    /// The next blob: its name and the bytes of that name. `None` at the end.
    ///
    /// # Errors
    /// When the file is damaged, or holds what its manifest does not list.
    pub fn next_blob(&mut self) -> Result<Option<(ContentHash, Vec<u8>)>, ParcelError> {
        let Some((name, size)) = next_header(&mut self.source)? else { return Ok(None) };
        let hash: ContentHash = name.parse().map_err(|_| ParcelError::Malformed)?;
        // Each once: what came twice is listed no more.
        if self.listed.remove(&hash).map(u64::from) != Some(size) {
            return Err(ParcelError::Unlisted);
        }
        let bytes = body(&mut self.source, size)?;
        if ContentHash::of(&bytes) != hash {
            return Err(ParcelError::Damaged { hash });
        }
        Ok(Some((hash, bytes)))
    }
}

/// Name and size of what follows; `None` at the end mark.
fn next_header(source: &mut impl Read) -> Result<Option<(String, u64)>, ParcelError> {
    let block = exactly(source, BLOCK_BYTES as u64)?;
    if block.iter().all(|&byte| byte == 0) {
        let rest = exactly(source, BLOCK_BYTES as u64)?;
        let is_end = rest.iter().all(|&byte| byte == 0) && source.read(&mut [0])? == 0;
        return if is_end { Ok(None) } else { Err(ParcelError::Malformed) };
    }
    let text = |bytes: Option<&[u8]>| {
        let bytes = bytes.and_then(|bytes| bytes.split(|&byte| byte == 0).next());
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).map(str::to_owned)
    };
    let name = text(block.get(..NAME_BYTES)).ok_or(ParcelError::Malformed)?;
    let size = text(block.get(SIZE_AT..SIZE_AT + 12)).and_then(|text| u64::from_str_radix(&text, 8).ok());
    let size = size.ok_or(ParcelError::Malformed)?;
    if name.len() >= NAME_BYTES || block != header(&name, size) {
        return Err(ParcelError::Malformed);
    }
    Ok(Some((name, size)))
}

/// The bytes of an entry, whose size was compared with what it may be, without their padding.
fn body(source: &mut impl Read, size: u64) -> Result<Vec<u8>, ParcelError> {
    let bytes = exactly(source, size)?;
    let padding = exactly(source, size.next_multiple_of(BLOCK_BYTES as u64) - size)?;
    if padding.iter().any(|&byte| byte != 0) {
        return Err(ParcelError::Malformed);
    }
    Ok(bytes)
}

/// So many bytes. Memory grows with what comes, not with what was promised.
fn exactly(source: &mut impl Read, size: u64) -> Result<Vec<u8>, ParcelError> {
    let mut bytes = Vec::new();
    source.take(size).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == size { Ok(bytes) } else { Err(ParcelError::Truncated) }
}

/// The header of `ustar` (POSIX.1-1988) for a file that anybody may read, of no owner and no time.
fn header(name: &str, size: u64) -> Vec<u8> {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut field = |text: &str, length: usize| {
        let end = block.len() + length;
        block.extend(text.bytes().take(length));
        block.resize(end, 0);
    };
    field(name, NAME_BYTES);
    field("0000644", 8);
    field("0000000", 8);
    field("0000000", 8);
    field(&format!("{size:011o}"), 12);
    field("00000000000", 12);
    // The sum is taken with blanks in its place.
    field("        ", 8);
    field("0", 1);
    field("", 100);
    field("ustar", 6);
    field("00", 2);
    field("", 64);
    field("0000000", 8);
    field("0000000", 8);
    field("", 155 + 12);
    let sum: u32 = block.iter().map(|&byte| u32::from(byte)).sum();
    let sum = format!("{sum:06o}\0 ");
    for (place, byte) in block.iter_mut().skip(SUM_AT).zip(sum.bytes()) {
        *place = byte;
    }
    block
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]
    use super::*;
    use crate::protocol::manifest::Tables;
    use crate::protocol::tests::tables;
    use crate::scene::tileset::Blob;

    /// A twin's tables that list these blobs, and the parcel with all of them.
    pub(crate) fn parcel(blobs: &[&[u8]]) -> Vec<u8> {
        let listed =
            blobs.iter().map(|bytes| Blob { hash: ContentHash::of(bytes), size_bytes: bytes.len() as u32 });
        let mut tables: Tables = tables();
        tables.blobs.extend(listed);
        let manifest = manifest::encode(&tables).unwrap();
        let mut writer = Writer::begin(Vec::new(), &manifest).unwrap();
        for bytes in blobs {
            writer.add(ContentHash::of(bytes), bytes).unwrap();
        }
        writer.end().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<Vec<u8>>, ParcelError> {
        let mut parcel = Parcel::open(bytes)?;
        let mut blobs = Vec::new();
        while let Some((_, bytes)) = parcel.next_blob()? {
            blobs.push(bytes);
        }
        Ok(blobs)
    }

    const BLOBS: [&[u8]; 3] = [b"a", &[7; 512], &[9; 1300]];

    #[test]
    fn what_goes_in_comes_out_and_every_cut_is_noticed() {
        let whole = parcel(&BLOBS);
        assert_eq!(read(&whole).unwrap(), BLOBS);
        assert_eq!(whole, parcel(&BLOBS), "the same twin gives the same bytes");
        for length in 0..whole.len() {
            let error = read(&whole[..length]).unwrap_err();
            assert!(matches!(error, ParcelError::Truncated), "{length} bytes: {error}");
        }
    }

    #[test]
    fn no_byte_may_be_another() {
        let whole = parcel(&BLOBS);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x11;
            // A manifest with another number in it is another manifest, whose name nobody asks for.
            let is_manifest =
                |parcel: &Parcel<&[u8]>| parcel.manifest() != Parcel::open(&whole[..]).unwrap().manifest();
            let is_other = Parcel::open(&damaged[..]).is_ok_and(|parcel| is_manifest(&parcel));
            assert!(read(&damaged).is_err() || is_other, "byte {place}");
        }
        assert!(read(&[&whole[..], b"x"].concat()).is_err(), "something follows");
    }

    #[test]
    fn names_sizes_and_blobs_that_are_not_the_manifests_are_refused() {
        let whole = parcel(&BLOBS);
        let (_, manifest_size) = next_header(&mut &whole[..]).unwrap().unwrap();
        let first = 512 + manifest_size.next_multiple_of(512) as usize;
        let with = |entry: &[u8]| [&whole[..first], entry, &END].concat();
        let malformed = |entry: &[u8]| matches!(read(&with(entry)), Err(ParcelError::Malformed));
        for name in
            ["../../etc/passwd", "/etc/passwd", "", "manifest.pavilion", &"a".repeat(63), &"G".repeat(64)]
        {
            assert!(malformed(&header(name, 0)), "{name:?}");
        }
        let mut link = header(&ContentHash::of(b"a").to_string(), 0);
        link[156] = b'2';
        assert!(malformed(&link));
        let unlisted = |entry: &[u8]| matches!(read(&with(entry)), Err(ParcelError::Unlisted));
        assert!(unlisted(&header(&ContentHash::of(b"other").to_string(), 5)));
        // Eight gigabytes are promised: nothing is kept free for them.
        assert!(unlisted(&header(&ContentHash::of(b"a").to_string(), (8 << 30) - 1)));
        let twice = [&whole[first..first + 1024], &whole[first..first + 1024]].concat();
        assert!(unlisted(&twice));
        let huge = header(manifest::FILE_NAME, MANIFEST_BYTES_MAX as u64 + 1);
        assert!(matches!(Parcel::open(&huge[..]), Err(ParcelError::Malformed)));
    }
}
