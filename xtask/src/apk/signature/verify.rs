//! Reading a signing block and believing nothing of it.
//!
//! Stricter than Android: exactly one signer in each scheme, both by one key, and nothing in the block that the
//! signatures do not cover. So one changed byte anywhere in the file is refused.

use anyhow::{Context as _, Result, bail, ensure};
use ring::signature::{ECDSA_P256_SHA256_ASN1, UnparsedPublicKey};

use super::*;
use crate::apk::archive::Layout;
use crate::apk::der;
use crate::bytes::Reader;

/// Who signed an APK.
#[derive(Debug, PartialEq)]
pub struct Signed {
    /// SHA-256 of the certificate, in hexadecimals: what Android compares when an app is updated.
    pub certificate_sha256: String,
}

/// Checks both signatures over all bytes of an APK.
///
/// # Errors
/// With the first thing that is not as [`sign()`](super::sign()) leaves it.
pub fn verify(apk: &[u8]) -> Result<Signed> {
    let layout = Layout::find(apk)?;
    let before_list = apk.get(layout.files).context("the files lie outside")?;
    let (files, block) = split_block(before_list)?;
    // The digest was made when the list was where the block is now.
    let mut end = apk.get(layout.end).context("the end lies outside")?.to_vec();
    let start = u32::try_from(files.len()).context("the files are too large for a zip")?;
    end.get_mut(16..20).context("the end is too short")?.copy_from_slice(&start.to_le_bytes());
    let digest = content_digest([files, apk.get(layout.list).context("the list lies outside")?, &end]);

    let (second, third) = schemes(block)?;
    let first = signer(second, digest, false).context("signature scheme 2")?;
    let other = signer(third, digest, true).context("signature scheme 3")?;
    ensure!(first == other, "the two schemes are signed by different keys");
    Ok(Signed { certificate_sha256: first })
}

/// The files, and the block behind them without its frame.
fn split_block(bytes: &[u8]) -> Result<(&[u8], &[u8])> {
    let (rest, magic) = bytes.split_last_chunk::<16>().context("it is not signed")?;
    ensure!(magic == MAGIC, "it is not signed");
    let (_, length) = rest.split_last_chunk::<8>().context("it is not signed")?;
    let length = u64::from_le_bytes(*length);
    let start =
        usize::try_from(length).ok().and_then(|length| bytes.len().checked_sub(length.checked_add(8)?));
    let start = start.context("the signing block is longer than the file")?;
    let (files, block) = bytes.split_at_checked(start).context("the signing block lies outside")?;
    let mut block = Reader::new(block);
    ensure!(block.u64()? == length, "the signing block's two lengths differ");
    let pairs = length.checked_sub(24).context("the signing block is shorter than its frame")?;
    Ok((files, block.take(pairs)?))
}

/// The values of both schemes; the rest must be padding.
pub(super) fn schemes(pairs: &[u8]) -> Result<(&[u8], &[u8])> {
    let mut reader = Reader::new(pairs);
    let (mut second, mut third) = (None, None);
    while !reader.is_empty() {
        let length = reader.u64()?.checked_sub(4).context("a part of the signing block has no name")?;
        let (id, value) = (reader.u32()?, reader.take(length)?);
        match id {
            SCHEME_2 if second.is_none() => second = Some(value),
            SCHEME_3 if third.is_none() => third = Some(value),
            PADDING if value.iter().all(|&byte| byte == 0) => {}
            _ => bail!("the signing block has a part {id:#010x} that nothing vouches for"),
        }
    }
    Ok((second.context("signature scheme 2 is missing")?, third.context("signature scheme 3 is missing")?))
}

/// Checks the one signer of a scheme and returns its certificate's fingerprint.
fn signer(value: &[u8], digest: [u8; 32], is_scheme_3: bool) -> Result<String> {
    let mut signer = Reader::new(only(only(value)?)?);
    let signed = signer.prefixed()?;
    let range = if is_scheme_3 { signer.take(8)? } else { &[] };
    let signature = algorithm(only(signer.prefixed()?)?)?;
    let public_info = signer.prefixed()?;
    ensure!(signer.is_empty(), "the signer has more parts than it should");

    let point = public_info.strip_prefix(&P256_INFO).context("it is not signed with a key on P-256")?;
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point)
        .verify(signed, signature)
        .map_err(|_| anyhow::anyhow!("the signature is not by the key that comes with it"))?;

    let mut signed = Reader::new(signed);
    let claimed = algorithm(only(signed.prefixed()?)?)?;
    ensure!(claimed == digest, "the contents are not those that were signed");
    let certificate = only(signed.prefixed()?)?;
    ensure!(der::public_info(certificate)? == public_info, "the certificate is of another key");
    if is_scheme_3 {
        ensure!(signed.take(8)? == range, "the signer claims other versions of Android than it signed");
        let expected = [FIRST_SDK, LAST_SDK].map(u32::to_le_bytes).concat();
        ensure!(range == expected, "the signer is not for every Android that reads scheme 3");
    }
    let attributes = signed.prefixed()?;
    let note = [STRIPPING_PROTECTION, 3].map(u32::to_le_bytes).concat();
    let is_expected = if is_scheme_3 { attributes.is_empty() } else { only(attributes)? == note };
    ensure!(is_expected && signed.is_empty(), "the signed data has more parts than it should");
    Ok(digest_hex(certificate))
}

/// The one value of a sequence of prefixed values.
fn only(sequence: &[u8]) -> Result<&[u8]> {
    let mut reader = Reader::new(sequence);
    let value = reader.prefixed()?;
    ensure!(reader.is_empty(), "there is more than one where there should be one");
    Ok(value)
}

/// The value behind the name of our algorithm.
fn algorithm(pair: &[u8]) -> Result<&[u8]> {
    let mut reader = Reader::new(pair);
    let id = reader.u32()?;
    ensure!(id == ECDSA_SHA256, "it is signed by algorithm {id:#06x} and not by ECDSA with SHA-256");
    only(reader.rest())
}

fn digest_hex(bytes: &[u8]) -> String {
    ring::digest::digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
