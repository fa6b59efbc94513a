//! What a visitor who comes back asks for before the handshake is complete, and what they do not say there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use glam::Vec3;
use tokio::runtime::Runtime;

use super::strangers::{blob, hear, hear_welcome, say, within};
use super::*;
use crate::math::Pose;
use crate::protocol::codec::Frames;
use crate::protocol::presence::{Body, Sample};
use crate::protocol::{Absent, BlobHeader, FromHost, Proof, VisitorId};

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Somebody by raw QUIC who remembers the host.
struct Regular {
    config: quinn::ClientConfig,
    host: SocketAddr,
    me: Me,
    token: Token,
}

impl Regular {
    /// Was here, until their device went off without a word.
    fn of(server: &RunningServer) -> Self {
        let tls = pin::Pin::new(server.link().fingerprint).client_tls().unwrap();
        let config = quinn::ClientConfig::new(Arc::new(tls));
        let (host, me, runtime) = (server.local_addr(), me("Ada"), runtime());
        let (_endpoint, _connection, token) = runtime.block_on(async {
            let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
            let connecting = endpoint.connect_with(config.clone(), host, "pavilion").unwrap();
            let connecting = connecting.into_0rtt().err().expect("nobody is remembered yet");
            let connection = connecting.await.unwrap();
            let (_send, mut receive) =
                say(&connection, &[FromViewer::Hello(hello(&connection, &me, None))]).await;
            let welcome = hear_welcome(&mut receive, &mut Frames::default()).await;
            (endpoint, connection, welcome.token)
        });
        // What would say goodbye for them goes first.
        drop(runtime);
        Self { config, host, me, token }
    }

    /// Comes back. Call it inside a runtime.
    fn come(&self) -> (quinn::Endpoint, quinn::Connection, quinn::ZeroRttAccepted) {
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connecting = endpoint.connect_with(self.config.clone(), self.host, "pavilion").unwrap();
        let (connection, is_taken) = connecting.into_0rtt().expect("the host is remembered");
        (endpoint, connection, is_taken)
    }
}

#[test]
fn who_comes_back_is_sent_the_rest_of_a_blob_before_it_is_clear_who_asks() {
    let twin = Twin::of_equal_blobs(60, 4, 30_000);
    let (_folder, server) = serve(&twin);
    let regular = Regular::of(&server);
    assert_eq!(server.stats().early, 0, "the first visit is like any other");
    runtime().block_on(async {
        let (_endpoint, connection, is_taken) = regular.come();
        let last = wanted(&twin).pop().unwrap();
        let want = Want::new(vec![WantItem { hash: last.hash, offset: 29_000 }]);
        let (mut send, mut receive) = say(&connection, &[FromViewer::Want(want)]).await;
        let (hash, bytes) = within(5, blob(&connection)).await.unwrap();
        assert_eq!((hash, bytes.as_slice()), (last.hash, &twin.blobs[&last.hash][29_000..]));
        assert_eq!(server.stats().visitors, 2, "nobody has said who they are");
        assert!(is_taken.await);
        assert_eq!(server.stats().early, 1);
        let hello = FromViewer::Hello(hello(&connection, &regular.me, Some(regular.token)));
        send.write_all(&codec::encode(&hello).unwrap()).await.unwrap();
        let welcome = hear_welcome(&mut receive, &mut Frames::default()).await;
        assert!(welcome.is_resumed, "they are who they were");
        let unasked = tokio::time::timeout(Duration::from_millis(300), connection.accept_uni()).await;
        assert!(unasked.is_err(), "it has said what it wants");
    });
}

#[test]
fn a_hello_that_comes_early_proves_nothing() {
    let (_folder, server) = serve(&Twin::new(61, 1, 100));
    let regular = Regular::of(&server);
    runtime().block_on(async {
        let (_endpoint, connection, _) = regular.come();
        // The exporter says nothing yet that could be signed.
        let hello = Hello {
            capabilities: Capabilities::OURS,
            resume: Some(regular.token),
            name: regular.me.name.clone(),
            key: regular.me.identity.key(),
            proof: Proof([[7; 32]; 2]),
        };
        let (_send, mut receive) = say(&connection, &[FromViewer::Hello(hello)]).await;
        let said = within(5, receive.read_to_end(1000)).await;
        assert!(matches!(said, Some(Err(_))), "{said:?}: it is let in");
        // Before the handshake is complete a host cannot say why.
        let cause = Cause::from(connection.closed().await);
        assert!(matches!(cause, Cause::Gone | Cause::Closed(CloseCause::Unproven)), "{cause:?}");
    });
    assert_eq!(server.stats().early, 1, "it was heard");
}

/// Comes back after the connection was cut in the middle of a blob: nothing is said to it in between.
#[test]
fn a_viewer_that_was_cut_off_asks_for_the_rest_in_its_first_packets() {
    let twin = Twin::of_equal_blobs(62, 1, 16_000_000);
    let (_folder, server) = serve(&twin);
    let mut connection = join(server.link().clone());
    welcome(&mut connection);
    let large = wanted(&twin)[0];
    assert!(connection.want(vec![large]));
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.stats().bytes_sent < 4_000_000 {
        assert!(Instant::now() < deadline, "{:?}", server.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
    server.cut_off();
    let lost = next(&mut connection);
    let Some(Event::Lost { cause, .. }) = lost else { panic!("{lost:?}: it is not cut off") };
    // The goodbye is one packet, and may drown in the blob that is on its way.
    assert!(matches!(cause, Cause::Closed(CloseCause::HostStopping) | Cause::Gone), "{cause:?}");
    assert_eq!(server.stats().early, 0);
    let again = next(&mut connection);
    let Some(Event::Connected { welcome, is_opening: false }) = again else { panic!("{again:?}") };
    assert!(welcome.is_resumed);
    assert_eq!(server.stats().early, 1);
    assert_eq!(receive(&mut connection, &[large])[&large.hash], twin.blobs[&large.hash]);
    let bytes_sent = server.stats().bytes_sent;
    // But for what was under way when the connection was cut, nothing comes twice.
    let difference = bytes_sent.abs_diff(16_000_000);
    assert!(difference < 2_000_000, "{difference} bytes more or less than it has");
}

/// What a host does that knows its visitor: cuts the first visit off in the middle of `blob`, and looks at what the
/// next one begins with.
async fn cut_off(endpoint: quinn::Endpoint, twin: Twin, part: WantedBlob, gone: WantedBlob) {
    let manifest = ContentHash::of(&twin.manifest);
    let welcome = Welcome {
        capabilities: Capabilities::OURS,
        manifest,
        manifest_bytes: twin.manifest.len() as u32,
        token: Token([3; 16]),
        is_resumed: false,
        visitor: VisitorId(1),
    };
    let bytes = &twin.blobs[&part.hash];
    let header = |offset| BlobHeader { hash: part.hash, size_bytes: part.size_bytes, offset };
    let first = endpoint.accept().await.unwrap().await.unwrap();
    let (mut send, mut receive) = first.accept_bi().await.unwrap();
    let mut frames = Frames::default();
    let FromViewer::Hello(_) = hear(&mut receive, &mut frames).await else { panic!("no hello") };
    send.write_all(&codec::encode(&FromHost::Welcome(welcome)).unwrap()).await.unwrap();
    let FromViewer::ShortWant(_) = hear(&mut receive, &mut frames).await else { panic!("no wants") };
    first.read_datagram().await.unwrap();
    let mut stream = first.open_uni().await.unwrap();
    let begin = [codec::encode(&header(0)).unwrap(), bytes[..10_000].to_vec()].concat();
    stream.write_all(&begin).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    first.close(CloseCause::HostStopping.code().into(), b"");

    let connecting = endpoint.accept().await.unwrap().accept().unwrap();
    let (again, complete) = connecting.into_0rtt().unwrap();
    let (mut send, mut receive) = again.accept_bi().await.unwrap();
    assert!(receive.is_0rtt(), "it has waited for the handshake");
    let mut frames = Frames::default();
    let FromViewer::Want(want) = hear(&mut receive, &mut frames).await else { panic!("no wants") };
    let rest = [WantItem { hash: part.hash, offset: 10_000 }, WantItem { hash: gone.hash, offset: 0 }];
    assert_eq!(want.items(), rest);
    complete.await;
    let FromViewer::Hello(_) = hear(&mut receive, &mut frames).await else { panic!("no hello") };
    let pose = tokio::time::timeout(Duration::from_millis(100), again.read_datagram()).await;
    assert!(pose.is_err(), "nobody has let it in");
    let absent = FromHost::Absent(Absent { hash: gone.hash });
    let words = [absent, FromHost::Welcome(welcome)].map(|word| codec::encode(&word).unwrap()).concat();
    send.write_all(&words).await.unwrap();
    let mut stream = again.open_uni().await.unwrap();
    let end = [codec::encode(&header(10_000)).unwrap(), bytes[10_000..].to_vec()].concat();
    stream.write_all(&end).await.unwrap();
    stream.finish().unwrap();
    again.closed().await;
}

#[test]
fn early_are_wants_by_whole_names_and_neither_a_hello_nor_a_pose() {
    let twin = Twin::of_equal_blobs(63, 1, 30_000);
    let [part, gone, ..] = wanted(&twin)[..] else { panic!("there are three") };
    let whole = twin.blobs[&part.hash].clone();
    let folder = TempDir::new().unwrap();
    let identity = Identity::open(folder.path()).unwrap();
    let config = crate::host::serve::server_config(&identity, Instant::now()).unwrap();
    let runtime = runtime();
    let inside = runtime.enter();
    let endpoint = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
    drop(inside);
    let address = endpoint.local_addr().unwrap();
    let host = std::thread::Builder::new()
        .spawn(move || runtime.block_on(within(20, cut_off(endpoint, twin, part, gone))))
        .unwrap();
    let link = JoinLink {
        place: Place::Address(address.ip()),
        port: address.port(),
        fingerprint: identity.fingerprint(),
    };
    let mut connection = Connection::open(link, me("Ada"), Opening::All).unwrap();
    let began = Instant::now();
    let (mut comings, mut fault, mut bytes) = (Vec::new(), None, None);
    while (bytes.is_none() || fault.is_none()) && !host.is_finished() {
        // The person walks about all the time.
        let x = began.elapsed().as_secs_f32();
        let head = Pose::standing(Vec3::new(x, 1.6, 0.0), 0.0, 0.0);
        connection.be_at(Sample { sequence: 0, time_millis: 0, body: Body { head, hands: [None; 2] } });
        match connection.poll() {
            Some(Event::Connected { is_opening, .. }) => {
                comings.push(is_opening);
                if comings.len() == 1 {
                    assert!(connection.want(vec![part, gone]));
                }
            }
            Some(Event::BlobFailed { hash, fault: BlobFault::Absent }) => fault = Some(hash),
            Some(Event::Blob { hash, bytes: came }) => bytes = Some((hash, came)),
            Some(Event::Lost { .. }) => {}
            Some(other) => panic!("{other:?}"),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    drop(connection);
    host.join().unwrap().expect("it does not take so long");
    assert_eq!(comings, [true, false], "who has asked is sent nothing unasked");
    assert_eq!(fault, Some(gone.hash));
    assert_eq!(bytes, Some((part.hash, whole)));
}
