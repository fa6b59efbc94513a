//! The readers of what crosses the wire beside content, of packed twins, and of links.

use crate::protocol::codec::{Frames, Message};
use crate::protocol::parcel::Parcel;
use crate::protocol::{
    BlobHeader, ContentHash, FromHost, FromViewer, JoinLink, manifest as manifests, presence,
};

/// A manifest, to the tileset that it describes.
pub fn manifest(bytes: &[u8]) -> bool {
    manifests::decode(bytes).is_ok()
}

/// A twin in one file, to its last blob.
pub fn parcel(bytes: &[u8]) -> bool {
    let Ok(mut parcel) = Parcel::open(bytes) else { return false };
    loop {
        match parcel.next_blob() {
            Ok(Some((hash, blob))) => assert_eq!(ContentHash::of(&blob), hash),
            Ok(None) => return true,
            Err(_) => return false,
        }
    }
}

/// A stream of frames in pieces of as many bytes as the first byte says, as either side and a blob's stream would
/// read it.
pub fn frames(bytes: &[u8]) -> bool {
    let Some((piece, stream)) = bytes.split_first() else { return false };
    let piece = usize::from(*piece).max(1);
    let taken = [
        are_messages::<FromHost>(stream, piece),
        are_messages::<FromViewer>(stream, piece),
        are_messages::<BlobHeader>(stream, piece),
    ];
    taken.contains(&true)
}

/// Whether a message came out and nothing was wrong. What came out is written again as it was read.
fn are_messages<M: Message + PartialEq + std::fmt::Debug>(stream: &[u8], piece: usize) -> bool {
    let mut frames = Frames::default();
    let mut is_one_out = false;
    for piece in stream.chunks(piece) {
        if frames.push(piece).is_err() {
            return false;
        }
        loop {
            match frames.next_message::<M>() {
                Ok(Some(message)) => {
                    let body = message.body().unwrap_or_else(|error| panic!("{error}"));
                    assert_eq!(M::read(message.kind(), &body).as_ref(), Ok(&Some(message)));
                    is_one_out = true;
                }
                Ok(None) => break,
                Err(_) => return false,
            }
        }
    }
    is_one_out
}

/// A datagram, as either side would read it.
pub fn datagram(bytes: &[u8]) -> bool {
    let here = presence::decode_here(bytes).is_ok_and(|here| here.is_some());
    here | presence::decode_others(bytes).is_ok_and(|others| others.is_some())
}

/// A join link, which reads back as it is written.
pub fn link(bytes: &[u8]) -> bool {
    let Ok(link) = String::from_utf8_lossy(bytes).parse::<JoinLink>() else { return false };
    assert_eq!(link.to_string().parse(), Ok(link));
    true
}
