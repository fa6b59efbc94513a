//! Our own signatures before our own verifier. Others' verifier has its say in [`crate::apk::tests`].

use super::*;
use crate::apk::archive::Layout;
use crate::apk::key::tests::made;

fn signed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut sections = Sections::default();
    for (name, bytes) in files {
        sections.add(name, bytes, 4).expect("added");
    }
    sign(&sections, &made()).expect("signed")
}

#[test]
fn a_signed_archive_is_verified_and_its_block_is_whole_pages() {
    let large = vec![3; 3 * CHUNK_BYTES + 1];
    let apk = signed(&[("a", b"a"), ("b", &large)]);
    let signed = verify(&apk).expect("it is verified");
    assert_eq!(signed.certificate_sha256.len(), 64);
    let files = crate::apk::archive::read(&apk).expect("an archive");
    let block = Layout::find(&apk).expect("parts").files.end - (files[1].start + large.len());
    assert_eq!(block % BLOCK_MULTIPLE, 0);
}

/// Not only what the scheme covers: the block's own padding and frame as well.
#[test]
fn one_changed_byte_anywhere_is_refused() {
    let apk = signed(&[("AndroidManifest.xml", b"manifest"), ("lib", &[9; 300])]);
    let mut changed = apk.clone();
    for index in 0..apk.len() {
        changed[index] ^= 1 << (index % 8);
        assert!(verify(&changed).is_err(), "byte {index} of {}", apk.len());
        changed[index] = apk[index];
    }
    verify(&changed).expect("all is as it was");
}

#[test]
fn cut_lengthened_and_unsigned_archives_are_refused() {
    let apk = signed(&[("a", b"a")]);
    for end in 0..apk.len() {
        assert!(verify(&apk[..end]).is_err(), "cut at {end}");
    }
    assert!(verify(&[&apk[..], b"x"].concat()).is_err());
    let mut sections = Sections::default();
    sections.add("a", b"a", 4).expect("added");
    let end = sections.end(sections.files.len()).expect("an end");
    let plain = [sections.files, sections.list, end].concat();
    assert_eq!(verify(&plain).expect_err("unsigned").to_string(), "it is not signed");
}

#[test]
fn schemes_of_two_keys_are_refused() {
    let mut sections = Sections::default();
    sections.add("a", b"a", 4).expect("added");
    let end = sections.end(sections.files.len()).expect("an end");
    let digest = content_digest([&sections.files, &sections.list, &end]);
    let (one, two) = (made(), made());
    let first = sign::block(digest, &one).expect("a block");
    let second = sign::block(digest, &two).expect("a block");
    // Scheme 2 by one key and scheme 3 by the other, in a block that is otherwise in order.
    let part = |block: &[u8], id: u32| {
        let (second, third) = verify::schemes(&block[8..block.len() - 24]).expect("both schemes");
        sign::pair(id, if id == SCHEME_2 { second } else { third })
    };
    let pairs = [part(&first, SCHEME_2), part(&second, SCHEME_3)].concat();
    let length = (pairs.len() as u64 + 24).to_le_bytes();
    let block = [&length, &pairs[..], &length, MAGIC].concat();
    let end = sections.end(sections.files.len() + block.len()).expect("an end");
    let apk = [sections.files, block, sections.list, end].concat();
    let error = verify(&apk).expect_err("two keys").to_string();
    assert_eq!(error, "the two schemes are signed by different keys");
}
