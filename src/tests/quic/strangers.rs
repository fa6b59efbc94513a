//! Viewers that are none of ours, older or worse; and a host that shows another twin while visitors are there.

use std::time::{Duration, Instant};

use super::*;
use crate::protocol::codec::Frames;
use crate::protocol::{FromHost, Holding, ShortWant, Welcome};

/// Says this on a control stream of its own and hears what comes back on it.
pub(super) async fn say(
    connection: &quinn::Connection,
    words: &[FromViewer],
) -> (quinn::SendStream, quinn::RecvStream) {
    let (mut send, receive) = connection.open_bi().await.unwrap();
    for word in words {
        send.write_all(&codec::encode(word).unwrap()).await.unwrap();
    }
    (send, receive)
}

pub(super) async fn hear<T: codec::Message>(receive: &mut quinn::RecvStream, frames: &mut Frames) -> T {
    loop {
        if let Some(message) = frames.next_message().unwrap() {
            return message;
        }
        let chunk = receive.read_chunk(4096, true).await.unwrap().unwrap();
        frames.push(&chunk.bytes).unwrap();
    }
}

pub(super) async fn hear_welcome(receive: &mut quinn::RecvStream, frames: &mut Frames) -> Welcome {
    match hear(receive, frames).await {
        FromHost::Welcome(welcome) => welcome,
        other => panic!("{other:?} in place of a welcome"),
    }
}

/// The next blob's name and bytes.
pub(super) async fn blob(connection: &quinn::Connection) -> (ContentHash, Vec<u8>) {
    let bytes = connection.accept_uni().await.unwrap().read_to_end(4 << 20).await.unwrap();
    let mut frames = Frames::default();
    frames.push(&bytes).unwrap();
    let header: crate::protocol::BlobHeader = frames.next_message().unwrap().unwrap();
    (header.hash, frames.into_rest())
}

pub(super) async fn within<T>(seconds: u64, future: impl Future<Output = T>) -> Option<T> {
    tokio::time::timeout(Duration::from_secs(seconds), future).await.ok()
}

#[test]
fn a_viewer_of_the_first_version_is_served_as_it_was() {
    let twin = Twin::new(40, 3, 3_000);
    let (_folder, server) = serve(&twin);
    let (runtime, _endpoint, connection) = stranger(&server);
    runtime.block_on(async {
        // All that the first version knew.
        let first = Hello { capabilities: Capabilities(0b11), ..hello(&connection, &me("Ada"), None) };
        let (mut send, mut receive) = say(&connection, &[FromViewer::Hello(first)]).await;
        let mut frames = Frames::default();
        let welcome = hear_welcome(&mut receive, &mut frames).await;
        assert_eq!(welcome.capabilities, Capabilities(0b11));
        let unasked = tokio::time::timeout(Duration::from_millis(300), connection.accept_uni()).await;
        assert!(unasked.is_err(), "it did not ask for anything");
        let item = WantItem { hash: welcome.manifest, offset: 0 };
        let want = codec::encode(&FromViewer::Want(Want::new(vec![item]))).unwrap();
        send.write_all(&want).await.unwrap();
        assert_eq!(within(5, blob(&connection)).await.unwrap(), (welcome.manifest, twin.manifest.clone()));
    });
}

#[test]
fn a_newcomer_is_sent_what_is_seen_first_and_who_was_here_only_what_is_new() {
    let twin = Twin::of_equal_blobs(41, 8, 2_000);
    let (_folder, server) = serve(&twin);
    // However busy the machine is, as many as are due are waited for, and then it is listened for others.
    let come = |holding: Option<ContentHash>, due: usize| {
        let (runtime, _endpoint, connection) = stranger(&server);
        runtime.block_on(async {
            let holding = holding.map(|manifest| FromViewer::Holding(Holding { manifest }));
            let words: Vec<_> = holding
                .into_iter()
                .chain([FromViewer::Hello(hello(&connection, &me("Ada"), None))])
                .collect();
            let (_send, mut receive) = say(&connection, &words).await;
            let welcome = hear_welcome(&mut receive, &mut Frames::default()).await;
            let mut came = Vec::new();
            let patience = |count| Duration::from_millis(if count < due { 20_000 } else { 400 });
            while let Ok(next) = tokio::time::timeout(patience(came.len()), blob(&connection)).await {
                came.push(next.0);
            }
            (welcome.manifest, came)
        })
    };
    let (manifest, came) = come(None, 2);
    let root = twin.tileset.blobs()[twin.tileset.tiles()[0].content.unwrap().index()].hash;
    // Two run at once, and while one is read from the disk the other may make room for the next.
    let is_early = |hash| came.iter().position(|came| *came == hash).is_some_and(|place| place < 4);
    assert!(came.len() > 6 && is_early(manifest) && is_early(root), "{manifest}, {root}: {came:?}");
    assert_eq!(come(Some(manifest), 0).1, [], "it has everything");
    assert_eq!(come(Some(ContentHash([1; 32])), 1).1, [manifest], "it has another one's");
}

#[test]
fn wants_may_come_before_the_hello_and_by_the_beginnings_of_names() {
    let twin = Twin::of_equal_blobs(42, 4, 30_000);
    let (_folder, server) = serve(&twin);
    let (runtime, _endpoint, connection) = stranger(&server);
    runtime.block_on(async {
        let last = wanted(&twin).pop().unwrap();
        let nobody = WantItem { hash: ContentHash([0xee; 32]), offset: 0 };
        let want = Want::new(vec![nobody, WantItem { hash: last.hash, offset: 29_000 }]);
        let (mut send, mut receive) = say(&connection, &[FromViewer::ShortWant(ShortWant::of(&want))]).await;
        let (hash, bytes) = within(5, blob(&connection)).await.unwrap();
        assert_eq!((hash, bytes.as_slice()), (last.hash, &twin.blobs[&last.hash][29_000..]));
        let mut frames = Frames::default();
        let FromHost::Absent(absent) = hear(&mut receive, &mut frames).await else {
            panic!("it is not there")
        };
        assert_eq!(absent.hash.0[..6], [0xee; 6]);
        let hello = FromViewer::Hello(hello(&connection, &me("Ada"), None));
        send.write_all(&codec::encode(&hello).unwrap()).await.unwrap();
        hear_welcome(&mut receive, &mut frames).await;
        let unasked = tokio::time::timeout(Duration::from_millis(300), connection.accept_uni()).await;
        assert!(unasked.is_err(), "it has said what it wants");
    });
}

#[test]
fn who_speaks_a_byte_at_a_time_is_sent_away() {
    let (_folder, server) = serve(&Twin::new(43, 1, 100));
    let (runtime, _endpoint, connection) = stranger(&server);
    let began = Instant::now();
    let error = runtime.block_on(async {
        let bytes = codec::encode(&FromViewer::Hello(hello(&connection, &me("Eve"), None))).unwrap();
        let (mut send, _receive) = connection.open_bi().await.unwrap();
        for byte in bytes {
            let _ = send.write_all(&[byte]).await;
            if within(1, connection.closed()).await.is_some() {
                break;
            }
        }
        connection.closed().await
    });
    assert_eq!(closed_with(error), Some(CloseCause::TooSlow));
    assert!(began.elapsed() < Duration::from_millis(transport::HELLO_MILLIS + 2_000));
}

#[test]
fn who_opens_streams_without_end_is_sent_away_and_the_others_stay() {
    let twin = Twin::new(44, 4, 10_000);
    let (_folder, server) = serve(&twin);
    let mut honest = join(server.link().clone());
    welcome(&mut honest);
    let (runtime, _endpoint, connection) = stranger(&server);
    let (opened, error) = runtime.block_on(async {
        let mut opened = Vec::new();
        let open = async {
            for _ in 0..100_000 {
                let Ok((mut send, receive)) = connection.open_bi().await else { return };
                let _ = send.write_all(&[1]).await;
                opened.push((send, receive));
            }
        };
        let _ = within(10, open).await;
        (opened.len(), connection.closed().await)
    });
    assert_eq!(closed_with(error), Some(CloseCause::BrokenRules));
    assert!(opened < 100, "{opened} streams");
    assert!(honest.want(wanted(&twin)));
    assert_eq!(receive(&mut honest, &wanted(&twin)), twin.blobs);
}

#[test]
fn one_address_does_not_fill_the_venue() {
    let folder = TempDir::new().unwrap();
    Twin::new(45, 1, 100).write(&folder.path().join("twin"));
    let server = Server::start(ServerOptions { address_max: 2, ..options(folder.path(), 0) }).unwrap();
    let mut first = [join(server.link().clone()), join(server.link().clone())];
    first.iter_mut().for_each(|visitor| {
        welcome(visitor);
    });
    let mut third = join(server.link().clone());
    let Some(Event::Lost { cause, .. }) = third.wait() else { panic!("it is not turned away") };
    assert_eq!(cause, Cause::Closed(CloseCause::HostFull));
    assert_eq!(server.stats().visitors, 2);
}

/// They are all here before any of them was looked at.
#[test]
fn as_many_are_let_in_as_may_come_however_many_come_at_once() {
    let folder = TempDir::new().unwrap();
    Twin::new(46, 1, 100).write(&folder.path().join("twin"));
    let server = Server::start(ServerOptions { visitors_max: 1, ..options(folder.path(), 0) }).unwrap();
    let mut crowd: Vec<_> = (0..12).map(|_| join(server.link().clone())).collect();
    let first = crowd.iter_mut().map(|visitor| next(visitor).unwrap());
    let let_in = first.filter(|event| matches!(event, Event::Connected { .. })).count();
    assert_eq!((let_in, server.stats().visitors), (1, 1));
}
