//! Writing the signing block.

use anyhow::Result;

use super::*;
use crate::apk::key::Key;

/// The signed APK.
pub fn sign(sections: &Sections, key: &Key) -> Result<Vec<u8>> {
    let end = sections.end(sections.files.len())?;
    let block = block(content_digest([&sections.files, &sections.list, &end]), key)?;
    let end = sections.end(sections.files.len() + block.len())?;
    Ok([&sections.files[..], &block, &sections.list, &end].concat())
}

pub(super) fn block(digest: [u8; 32], key: &Key) -> Result<Vec<u8>> {
    let mut pairs = pair(SCHEME_2, &scheme_2(digest, key)?);
    pairs.extend(pair(SCHEME_3, &scheme_3(digest, key)?));
    // Lengths before and behind, the magic, and the padding's own frame.
    let framed = 8 + pairs.len() + 12 + 8 + MAGIC.len();
    let padding = framed.next_multiple_of(BLOCK_MULTIPLE) - framed;
    pairs.extend(pair(PADDING, &vec![0; padding]));
    let length = (pairs.len() as u64 + 24).to_le_bytes();
    Ok([&length, &pairs[..], &length, MAGIC].concat())
}

pub(super) fn pair(id: u32, value: &[u8]) -> Vec<u8> {
    [&(value.len() as u64 + 4).to_le_bytes()[..], &id.to_le_bytes(), value].concat()
}

fn scheme_2(digest: [u8; 32], key: &Key) -> Result<Vec<u8>> {
    let note = [STRIPPING_PROTECTION, 3].into_iter().flat_map(u32::to_le_bytes).collect::<Vec<_>>();
    let signed = [digests(digest), certificates(key), prefixed(&prefixed(&note))].concat();
    let signer = [prefixed(&signed), signatures(&signed, key)?, prefixed(&key.public_info())].concat();
    Ok(prefixed(&prefixed(&signer)))
}

fn scheme_3(digest: [u8; 32], key: &Key) -> Result<Vec<u8>> {
    let range: Vec<u8> = [FIRST_SDK, LAST_SDK].into_iter().flat_map(u32::to_le_bytes).collect();
    let signed = [&digests(digest)[..], &certificates(key), &range, &prefixed(&[])].concat();
    let signatures = signatures(&signed, key)?;
    let signer = [&prefixed(&signed)[..], &range, &signatures, &prefixed(&key.public_info())].concat();
    Ok(prefixed(&prefixed(&signer)))
}

fn digests(digest: [u8; 32]) -> Vec<u8> {
    prefixed(&prefixed(&[&ECDSA_SHA256.to_le_bytes()[..], &prefixed(&digest)].concat()))
}

fn certificates(key: &Key) -> Vec<u8> {
    prefixed(&prefixed(key.certificate()))
}

fn signatures(signed: &[u8], key: &Key) -> Result<Vec<u8>> {
    let signature = key.sign(signed)?;
    Ok(prefixed(&prefixed(&[&ECDSA_SHA256.to_le_bytes()[..], &prefixed(&signature)].concat())))
}

/// Bytes after their length in four bytes. Nothing here comes near that limit.
fn prefixed(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes()[..], bytes].concat()
}
