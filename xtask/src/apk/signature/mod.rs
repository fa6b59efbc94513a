//! APK signature schemes 2 and 3: one block between the files and their list, signed with ECDSA on P-256.
//!
//! Scheme 2 is read by Android 7 and 8, scheme 3 by 9 and later; a scheme 2 signer carries a note that scheme 3 is
//! there as well, so that it cannot be stripped. The format is AOSP's `source.android.com` text on both schemes.

use ring::digest::{Context, SHA256, digest};

use super::archive::Sections;

mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use sign::sign;
pub use verify::verify;

const MAGIC: &[u8; 16] = b"APK Sig Block 42";
const SCHEME_2: u32 = 0x7109_871a;
const SCHEME_3: u32 = 0xf053_68c0;
/// Fills the block up to a multiple of a page, which later tools rely on.
const PADDING: u32 = 0x4272_6577;
const BLOCK_MULTIPLE: usize = 4096;
/// ECDSA with SHA-256 over SHA-256 of one-megabyte chunks.
const ECDSA_SHA256: u32 = 0x0201;
/// Attribute of a scheme 2 signer: this scheme is there too.
const STRIPPING_PROTECTION: u32 = 0xbeef_f00d;
/// Android 9, the first that reads scheme 3.
const FIRST_SDK: u32 = 28;
const LAST_SDK: u32 = 0x7fff_ffff;

const CHUNK_BYTES: usize = 1 << 20;
/// SubjectPublicKeyInfo of a P-256 key, before its 65 bytes of point.
pub const P256_INFO: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// The digest of an archive: of the digests of its chunks. `sections` are the files, the list and the end, the end
/// saying that the list begins where the block begins.
fn content_digest(sections: [&[u8]; 3]) -> [u8; 32] {
    let mut digests = Vec::new();
    let mut count = 0_u32;
    for chunk in sections.iter().flat_map(|section| section.chunks(CHUNK_BYTES)) {
        let mut context = Context::new(&SHA256);
        context.update(&[0xa5]);
        context.update(&(chunk.len() as u32).to_le_bytes());
        context.update(chunk);
        digests.extend_from_slice(context.finish().as_ref());
        count += 1;
    }
    let all = digest(&SHA256, &[&[0x5a], &count.to_le_bytes()[..], &digests].concat());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(all.as_ref());
    bytes
}
