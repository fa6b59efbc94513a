//! The little of DER that an APK needs: the public key in a certificate.

use anyhow::{Context, Result, ensure};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;

/// The SubjectPublicKeyInfo of an X.509 certificate, tag and length included.
pub fn public_info(certificate: &[u8]) -> Result<&[u8]> {
    let (outer, rest) = next(certificate)?;
    ensure!(outer.tag == SEQUENCE && rest.is_empty(), "it is no certificate");
    let (inner, _) = next(outer.value)?;
    ensure!(inner.tag == SEQUENCE, "it is no certificate");
    let (first, after_first) = next(inner.value)?;
    // The version may be left out; then come serial number, algorithm, issuer, validity and subject.
    let mut fields = if first.tag == VERSION { after_first } else { inner.value };
    for _ in 0..5 {
        fields = next(fields)?.1;
    }
    let (info, _) = next(fields)?;
    ensure!(info.tag == SEQUENCE, "the certificate has no public key");
    Ok(info.whole)
}

struct Item<'a> {
    tag: u8,
    value: &'a [u8],
    whole: &'a [u8],
}

/// The first item and what follows it.
fn next(bytes: &[u8]) -> Result<(Item<'_>, &[u8])> {
    let (&[tag, length], mut rest) = bytes.split_first_chunk().context("the certificate ends too early")?;
    let mut count = usize::from(length);
    if length >= 0x80 {
        let digits = usize::from(length & 0x7f);
        ensure!((1..=3).contains(&digits), "the certificate has an item of an impossible length");
        let (number, behind) = rest.split_at_checked(digits).context("the certificate ends too early")?;
        count = number.iter().fold(0, |count, &digit| count << 8 | usize::from(digit));
        rest = behind;
    }
    let (value, behind) = rest.split_at_checked(count).context("the certificate ends too early")?;
    let whole = bytes.get(..bytes.len() - behind.len()).unwrap_or_default();
    Ok((Item { tag, value, whole }, behind))
}
