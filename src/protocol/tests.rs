#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::codec::{self, BUFFER_BYTES_MAX, FRAME_BYTES_MAX, Frames, Message};
use super::content::{WANTS_MAX, WantItem};
use super::*;
use crate::math::Aabb;
use crate::scene::tileset::{Tables, Tile};

fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

pub(crate) fn want(count: usize) -> FromViewer {
    let item = |n: usize| WantItem { hash: ContentHash::of(&n.to_le_bytes()), offset: n as u32 };
    FromViewer::Want(Want::new((0..count).map(item).collect()))
}

pub(crate) fn hello() -> FromViewer {
    FromViewer::Hello(Hello {
        capabilities: Capabilities::OURS,
        resume: Some(Token([7; 16])),
        name: Name::new("Ada"),
        key: VisitorKey([3; 32]),
        proof: Proof([[4; 32], [5; 32]]),
    })
}

pub(crate) fn welcome() -> FromHost {
    FromHost::Welcome(Welcome {
        capabilities: Capabilities::OURS,
        manifest: ContentHash::of(b"manifest"),
        manifest_bytes: 77,
        token: Token([9; 16]),
        is_resumed: true,
        visitor: VisitorId(70_000),
    })
}

pub(crate) fn arrived(name: &str) -> FromHost {
    let (visitor, key) = (VisitorId(8), VisitorKey([6; 32]));
    FromHost::Arrived(Arrived { visitor, name: Name::new(name), key })
}

pub(crate) fn departed() -> FromHost {
    FromHost::Departed(Departed { visitor: VisitorId(8) })
}

fn read_all<M: Message>(bytes: &[u8], piece: usize) -> Result<Vec<M>, ProtocolError> {
    let (mut frames, mut messages) = (Frames::default(), Vec::new());
    for piece in bytes.chunks(piece) {
        frames.push(piece)?;
        while let Some(message) = frames.next_message()? {
            messages.push(message);
        }
    }
    Ok(messages)
}

#[test]
fn messages_survive_the_wire_in_pieces_of_any_size() {
    let messages = [hello(), want(0), want(WANTS_MAX), want(3)];
    let bytes: Vec<u8> = messages.iter().flat_map(|message| codec::encode(message).unwrap()).collect();
    for piece in [1, 2, 5, 7, 100, bytes.len()] {
        assert_eq!(read_all::<FromViewer>(&bytes, piece).unwrap(), messages);
    }
    let header = BlobHeader { hash: ContentHash([255; 32]), size_bytes: 32 << 20, offset: 32 << 20 };
    let frame = codec::encode(&header).unwrap();
    assert!(frame.len() <= BlobHeader::FRAME_BYTES_MAX);
    assert_eq!(read_all::<BlobHeader>(&frame, 3).unwrap(), [header]);
    let from_host = [welcome(), arrived("李"), departed()];
    let bytes: Vec<u8> = from_host.iter().flat_map(|message| codec::encode(message).unwrap()).collect();
    assert_eq!(read_all::<FromHost>(&bytes, 9).unwrap(), from_host);
}

#[test]
fn a_name_that_a_host_did_not_clean_is_clean_when_it_is_read() {
    let wild = postcard::to_stdvec(&(8_u32, "\u{202e}Ad\0a\u{301}\u{301}\u{301}", [6_u8; 32])).unwrap();
    let frame = [&[3, 2][..], &(wild.len() as u32).to_le_bytes(), &wild].concat();
    assert_eq!(read_all::<FromHost>(&frame, 5).unwrap(), [arrived("Ada\u{301}\u{301}")]);
}

#[test]
fn unknown_kinds_are_skipped_and_lies_are_refused() {
    let mut bytes = vec![0x34, 0x12, 3, 0, 0, 0, 1, 2, 3];
    bytes.extend(codec::encode(&hello()).unwrap());
    assert_eq!(read_all::<FromViewer>(&bytes, 4).unwrap(), [hello()]);
    // A length beyond the ceiling is refused before the body comes.
    let too_long = (FRAME_BYTES_MAX as u32 + 1).to_le_bytes();
    let head = [&[1, 0][..], &too_long].concat();
    assert!(matches!(read_all::<FromViewer>(&head, 6), Err(ProtocolError::TooLarge { .. })));
    // A byte too many, a byte too few.
    for change in [1, -1_i32] {
        let mut frame = codec::encode(&hello()).unwrap();
        let length = (frame.len() as i32 - 6 + change) as u32;
        frame.resize((6 + length) as usize, 0);
        frame[2..6].copy_from_slice(&length.to_le_bytes());
        assert!(read_all::<FromViewer>(&frame, 999).is_err());
    }
    assert!(Frames::default().push(&vec![0; BUFFER_BYTES_MAX + 1]).is_err());
    let beyond_end = BlobHeader { hash: ContentHash([0; 32]), size_bytes: 4, offset: 5 };
    assert!(read_all::<BlobHeader>(&codec::encode(&beyond_end).unwrap(), 99).is_err());
}

#[test]
fn twenty_thousand_mutations_do_no_harm() {
    let viewer = [hello(), want(20)].map(|message| codec::encode(&message).unwrap()).concat();
    let host = [welcome(), arrived("Ada"), departed()].map(|m| codec::encode(&m).unwrap()).concat();
    let manifest = manifest::encode(&tables()).unwrap();
    let mut refused = 0;
    for seed in 0..20_000 {
        let mut state = seed;
        let original = [&viewer, &host, &manifest][(seed % 3) as usize];
        let mut bytes = original.clone();
        for _ in 0..1 + random(&mut state) % 4 {
            let place = random(&mut state) as usize % bytes.len();
            match random(&mut state) % 4 {
                0 => bytes[place] = random(&mut state) as u8,
                1 => bytes[place] ^= 1 << (random(&mut state) % 8),
                2 => bytes.truncate(place + 1),
                _ => bytes.insert(place, random(&mut state) as u8),
            }
        }
        let piece = 1 + random(&mut state) as usize % 64;
        refused += usize::from(match seed % 3 {
            0 => read_all::<FromViewer>(&bytes, piece).is_err(),
            1 => read_all::<FromHost>(&bytes, piece).is_err(),
            _ => manifest::decode(&bytes).is_err(),
        });
        let _ = read_all::<BlobHeader>(&bytes, piece);
    }
    assert!(refused > 5_000, "only {refused} were refused");
}

pub(crate) fn tables() -> Tables {
    let tile = Tile {
        bounds: Aabb { min: glam::Vec3::ZERO, max: glam::Vec3::ONE },
        geometric_error_metres: 0.0,
        first_child: 0,
        child_count: 0,
        content: None,
        images: Vec::new(),
        triangle_count: 0,
        draw_count: 0,
    };
    Tables { title: "twin".to_owned(), tiles: vec![tile], ..Tables::default() }
}

#[test]
fn a_manifest_reads_back_and_others_are_refused() {
    let bytes = manifest::encode(&tables()).unwrap();
    assert_eq!(manifest::decode(&bytes).unwrap().tables(), &tables());
    for length in 0..bytes.len() {
        assert!(manifest::decode(&bytes[..length]).is_err(), "cut at {length}");
    }
    let mut later = bytes.clone();
    later[4] = 7;
    let version = ProtocolError::ManifestVersion { found: 7, expected: 6 };
    assert_eq!(manifest::decode(&later).unwrap_err(), version);
    assert!(manifest::decode(&[bytes, vec![0]].concat()).is_err());
    assert!(matches!(
        manifest::decode(&manifest::encode(&Tables::default()).unwrap()),
        Err(ProtocolError::Manifest(_))
    ));
}

fn from_hex(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// The twin above as the version before wrote it.
const MANIFEST_BEFORE: &str = "50564c4e0500047477696e00cf1ce6be638b4c3f638bcc3e9a991940000010403333034052b81e3fc3f5283fec51383fcdcc4c3e0000803ec3f5a83e8fc2f53c8fc2f53c8fc2f53c0ad723bd8fc2f5bc0ad7a3bc000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000010000000000000000000000000000803f0000803f0000803f0000000000000000000000000000000000000000000000";

#[test]
fn a_manifest_of_the_version_before_is_one_without_tails() {
    assert_eq!(manifest::decode(&from_hex(MANIFEST_BEFORE)).unwrap().tables(), &tables());
    assert!(manifest::decode(&from_hex(MANIFEST_BEFORE)[..60]).is_err());
}

#[test]
fn join_links_read_back_and_others_say_what_is_wrong() {
    let digits = "0123456789abcdef".repeat(4);
    for place in ["192.168.1.20:7413", "[fe80::1]:9", "venue.example:65535", "hall-2.local:7413"] {
        let text = format!("pavilion://{place}#sha256={digits}");
        assert_eq!(text.parse::<JoinLink>().unwrap().to_string(), text);
    }
    let shouted = format!(" pavilion://10.0.0.1#sha256={} ", digits.to_uppercase());
    assert_eq!(
        shouted.parse::<JoinLink>().unwrap().to_string(),
        format!("pavilion://10.0.0.1:7413#sha256={digits}")
    );
    let wrong = [
        ("https://host:1#sha256=", LinkError::NotALink),
        ("garage.glb", LinkError::NotALink),
        ("pavilion://host:1", LinkError::NoFingerprint),
        ("pavilion://host:1#md5=", LinkError::NoFingerprint),
        ("pavilion://host:1#sha256=12", LinkError::BadFingerprint),
        ("pavilion://:1#sha256=", LinkError::BadHost),
        ("pavilion://a b:1#sha256=", LinkError::BadHost),
        ("pavilion://300.1.1.1:1#sha256=", LinkError::BadHost),
        ("pavilion://[::1:1#sha256=", LinkError::BadHost),
        ("pavilion://user@host:1#sha256=", LinkError::BadHost),
        ("pavilion://host:0#sha256=", LinkError::BadPort),
        ("pavilion://host:+1#sha256=", LinkError::BadPort),
        ("pavilion://host:65536#sha256=", LinkError::BadPort),
    ];
    for (text, error) in wrong {
        let whole = if text.ends_with("sha256=") { format!("{text}{digits}") } else { text.to_owned() };
        assert_eq!(whole.parse::<JoinLink>(), Err(error), "{whole}");
    }
}

/// Frames as the first version wrote them.
const FIRST_VERSION: [&str; 7] = [
    "01007600000003010707070707070707070707070707070703416461030303030303030303030303030303030303030303030303030303030303030304040404040404040404040404040404040404040404040404040404040404040505050505050505050505050505050505050505050505050505050505050505",
    "0101430000000271e0a99173564931c0b8acc52d2685a8e39c64dc52e3d02390fdac2a12b155cb001a0d12016999e47689dae5744d2b8c1903faf7ca2886a658150083100ef2c8ee01",
    "020036000000030d197521d9a48760576da1c87dfd828a60d397ea1e16f92a5b7c44b4f4060ce14d0909090909090909090909090909090901f0a204",
    "020120000000abababababababababababababababababababababababababababababababab",
    "0302250000000803426f620606060606060606060606060606060606060606060606060606060606060606",
    "04020100000008",
    "030125000000cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdf0a204ac02",
];

#[test]
fn what_the_first_version_said_is_understood_and_said_in_the_same_way() {
    fn same<M: Message + PartialEq + std::fmt::Debug>(recorded: Vec<u8>, means: M) {
        assert_eq!(codec::encode(&means).unwrap(), recorded);
        assert_eq!(read_all::<M>(&recorded, 5).unwrap(), [means]);
    }
    let understood = Capabilities(0b11);
    let FromViewer::Hello(hello) = hello() else { panic!() };
    let FromHost::Welcome(welcome) = welcome() else { panic!() };
    let [first, list, answer, absent, come, gone, header] = FIRST_VERSION.map(from_hex);
    same(first, FromViewer::Hello(Hello { capabilities: understood, ..hello }));
    same(list, want(2));
    same(answer, FromHost::Welcome(Welcome { capabilities: understood, ..welcome }));
    same(absent, FromHost::Absent(Absent { hash: ContentHash([0xab; 32]) }));
    same(come, arrived("Bob"));
    same(gone, departed());
    same(header, BlobHeader { hash: ContentHash([0xcd; 32]), size_bytes: 70_000, offset: 300 });
}
