//! Host and viewer over real QUIC on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod changing;
mod early;
mod plain;
mod strangers;
mod ways;

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::twin::Twin;
use crate::host::serve::identity::{self, Identity, IdentityError};
use crate::host::serve::{RunningServer, ServeError, Server, ServerOptions};
use crate::net::{Cause, Connection, Event, Identity as Visitor, Me, Opening, pin};
use crate::protocol::codec;
use crate::protocol::content::WantItem;
use crate::protocol::link::Place;
use crate::protocol::{
    ALPN, BlobFault, Capabilities, CloseCause, ContentHash, Fingerprint, FromViewer, Hello, JoinLink, Name,
    Token, Want, WantedBlob, Welcome, transport,
};

fn options(folder: &Path, port: u16) -> ServerOptions {
    ServerOptions {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        ..ServerOptions::new(folder.join("twin"), folder.join("identity"))
    }
}

pub fn serve(twin: &Twin) -> (TempDir, RunningServer) {
    let folder = TempDir::new().unwrap();
    twin.write(&folder.path().join("twin"));
    let server = Server::start(options(folder.path(), 0)).unwrap();
    (folder, server)
}

fn wanted(twin: &Twin) -> Vec<WantedBlob> {
    twin.tileset.blobs().iter().map(|b| WantedBlob { hash: b.hash, size_bytes: b.size_bytes }).collect()
}

pub fn me(name: &str) -> Me {
    Me { name: Name::new(name), identity: Visitor::generate().unwrap() }
}

pub fn join(link: JoinLink) -> Connection {
    Connection::open(link, me("Ada"), Opening::Nothing).unwrap()
}

/// The next event that is not about other visitors.
fn next(connection: &mut Connection) -> Option<Event> {
    loop {
        match connection.wait() {
            Some(Event::Arrived(_) | Event::Departed(_) | Event::Others { .. }) => {}
            other => return other,
        }
    }
}

pub fn welcome(connection: &mut Connection) -> Welcome {
    match next(connection) {
        Some(Event::Connected { welcome, .. }) => welcome,
        other => panic!("{other:?} in place of a welcome"),
    }
}

fn receive(connection: &mut Connection, wanted: &[WantedBlob]) -> BTreeMap<ContentHash, Vec<u8>> {
    receive_some(connection, wanted.len())
}

/// So many of them.
fn receive_some(connection: &mut Connection, count: usize) -> BTreeMap<ContentHash, Vec<u8>> {
    let mut blobs = BTreeMap::new();
    while blobs.len() < count {
        match next(connection) {
            Some(Event::Blob { hash, bytes }) => assert!(blobs.insert(hash, bytes).is_none(), "{hash} twice"),
            other => panic!("{other:?} in place of a blob"),
        }
    }
    blobs
}

#[test]
fn a_viewer_fetches_the_manifest_and_every_blob() {
    let twin = Twin::new(1, 60, 40_000);
    let (_folder, server) = serve(&twin);
    let mut connection = join(server.link().clone());
    let welcome = welcome(&mut connection);
    assert!(connection.want(vec![welcome.manifest_blob()]));
    let manifest = receive(&mut connection, &[welcome.manifest_blob()]).remove(&welcome.manifest).unwrap();
    assert_eq!(manifest, twin.manifest);
    assert!(connection.want(wanted(&twin)));
    assert_eq!(receive(&mut connection, &wanted(&twin)), twin.blobs);
    drop(connection);
    let deadline = Instant::now() + Duration::from_secs(3);
    while server.stats().visitors > 0 {
        assert!(Instant::now() < deadline, "the visitor has left and is still counted");
        std::thread::sleep(Duration::from_millis(10));
    }
    server.stop();
}

#[test]
fn loopback_throughput() {
    let twin = Twin::new(2, 200, 400_000);
    let (_folder, server) = serve(&twin);
    let mut connection = join(server.link().clone());
    welcome(&mut connection);
    let began = Instant::now();
    let wanted: Vec<_> = wanted(&twin).into_iter().take(250).collect();
    assert!(connection.want(wanted.clone()));
    let blobs = receive(&mut connection, &wanted);
    let bytes: usize = blobs.values().map(Vec::len).sum();
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "loopback: {} blobs, {:.1} MB in {seconds:.3} s = {:.0} Mbit/s",
        blobs.len(),
        bytes as f64 / 1e6,
        bytes as f64 * 8e-6 / seconds
    );
}

#[test]
fn a_port_in_use_is_named() {
    let twin = Twin::new(3, 1, 100);
    let (folder, server) = serve(&twin);
    let error = Server::start(options(folder.path(), server.local_addr().port())).err().unwrap();
    assert!(matches!(error, ServeError::PortInUse { port } if port == server.local_addr().port()), "{error}");
}

fn refusal(connection: &mut Connection) -> Cause {
    match next(connection) {
        Some(Event::Refused(cause)) => cause,
        other => panic!("{other:?} in place of a refusal"),
    }
}

#[test]
fn an_impostor_is_refused_and_not_tried_again() {
    let (_folder, server) = serve(&Twin::new(4, 1, 100));
    let link = JoinLink { fingerprint: Fingerprint([1; 32]), ..server.link().clone() };
    let mut connection = join(link);
    let found = server.link().fingerprint;
    assert_eq!(refusal(&mut connection), Cause::WrongHost { expected: Fingerprint([1; 32]), found });
    assert!(next(&mut connection).is_none());
    assert_eq!(server.stats().bytes_sent, 0);
}

/// A host that agrees on another version, and then on nothing at all.
#[test]
fn another_version_of_the_wire_is_named() {
    for protocols in [vec![b"pavilion/999".to_vec()], Vec::new()] {
        let folder = TempDir::new().unwrap();
        let identity = Identity::open(folder.path()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let inside = runtime.enter();
        let tls = identity.server_tls(&protocols).unwrap();
        let config = quinn::ServerConfig::with_crypto(std::sync::Arc::new(tls));
        let endpoint = quinn::Endpoint::server(config, (Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let address = endpoint.local_addr().unwrap();
        drop(inside);
        let serve = async move {
            while let Some(incoming) = endpoint.accept().await {
                if let Ok(connection) = incoming.await {
                    connection.closed().await;
                }
            }
        };
        // It ends with the tests.
        std::thread::Builder::new().spawn(move || runtime.block_on(serve)).unwrap();
        let link = JoinLink {
            place: Place::Address(address.ip()),
            port: address.port(),
            fingerprint: identity.fingerprint(),
        };
        assert_eq!(refusal(&mut join(link)), Cause::WrongVersion);
    }
}

#[test]
fn a_silent_address_is_named_and_tried_again() {
    let silent = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = silent.local_addr().unwrap();
    let link = JoinLink {
        place: Place::Address(address.ip()),
        port: address.port(),
        fingerprint: Fingerprint([0; 32]),
    };
    let mut connection = join(link);
    let Some(Event::Lost { cause, retry_in }) = next(&mut connection) else { panic!("it is not lost") };
    assert_eq!(cause, Cause::NoAnswer { address });
    assert!(retry_in >= Duration::from_millis(300));
}

#[test]
fn a_host_that_restarts_mid_stream_is_found_again_and_the_rest_arrives() {
    let twin = Twin::of_equal_blobs(5, 30, 1_000_000);
    let (folder, server) = serve(&twin);
    let (link, port) = (server.link().clone(), server.local_addr().port());
    let mut connection = join(link.clone());
    let first = welcome(&mut connection);
    assert!(connection.want(wanted(&twin)));
    let mut blobs = receive_some(&mut connection, 2);
    server.stop();
    loop {
        match next(&mut connection) {
            Some(Event::Blob { hash, bytes }) => _ = blobs.insert(hash, bytes),
            // The goodbye is one packet, and may drown in the tiles that are on their way.
            Some(Event::Lost { cause: Cause::Closed(CloseCause::HostStopping) | Cause::Gone, .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    assert!(blobs.len() < twin.blobs.len(), "it was not mid-stream");
    let server = Server::start(options(folder.path(), port)).unwrap();
    assert_eq!(server.link(), &link, "the key is the same");
    let again = loop {
        match next(&mut connection) {
            Some(Event::Connected { welcome, .. }) => break welcome,
            // What was said early is lost on it, and nothing else.
            Some(Event::Lost { cause, .. }) => assert!(!matches!(cause, Cause::NoAnswer { .. }), "{cause:?}"),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(again.manifest, first.manifest);
    assert_eq!(server.stats().early, 0, "it knows nobody from before");
    let missing: Vec<_> = wanted(&twin).into_iter().filter(|blob| !blobs.contains_key(&blob.hash)).collect();
    assert!(connection.want(missing.clone()));
    blobs.extend(receive(&mut connection, &missing));
    assert_eq!(blobs, twin.blobs);
}

#[test]
fn a_full_venue_says_so() {
    let folder = TempDir::new().unwrap();
    Twin::new(6, 1, 100).write(&folder.path().join("twin"));
    let options = ServerOptions { visitors_max: 1, ..options(folder.path(), 0) };
    let server = Server::start(options).unwrap();
    let mut first = join(server.link().clone());
    welcome(&mut first);
    let mut second = join(server.link().clone());
    let Some(Event::Lost { cause, .. }) = second.wait() else { panic!("it is not turned away") };
    assert_eq!(cause, Cause::Closed(CloseCause::HostFull));
    drop(first);
    assert!(matches!(second.wait(), Some(Event::Connected { .. })), "a place is free");
}

#[test]
fn a_blob_that_is_not_there_is_called_absent_and_one_that_lies_is_refused() {
    let twin = Twin::new(7, 3, 5_000);
    let (_folder, server) = serve(&twin);
    let mut connection = join(server.link().clone());
    welcome(&mut connection);
    let absent = WantedBlob { hash: ContentHash::of(b"nowhere"), size_bytes: 5 };
    assert!(connection.want(vec![absent]));
    let Some(Event::BlobFailed { hash, fault: BlobFault::Absent }) = next(&mut connection) else { panic!() };
    assert_eq!(hash, absent.hash);
    let shorter = WantedBlob { size_bytes: 3, ..wanted(&twin)[0] };
    assert!(connection.want(vec![shorter]));
    let Some(Event::BlobFailed { hash, fault: BlobFault::Corrupt }) = next(&mut connection) else { panic!() };
    assert_eq!(hash, shorter.hash);
    assert!(connection.want(wanted(&twin)));
    assert_eq!(receive(&mut connection, &wanted(&twin)), twin.blobs);
}

#[test]
fn a_folder_that_cannot_hold_the_key_is_named() {
    let folder = TempDir::new().unwrap();
    Twin::new(8, 1, 100).write(&folder.path().join("twin"));
    std::fs::write(folder.path().join("identity"), b"in the way").unwrap();
    let error = Server::start(options(folder.path(), 0)).err().unwrap();
    assert!(matches!(error, ServeError::Identity(IdentityError::Folder { .. })), "{error}");
}

#[test]
fn a_damaged_key_is_never_replaced_and_only_the_user_reads_it() {
    let folder = TempDir::new().unwrap();
    let fingerprint = Identity::open(folder.path()).unwrap().fingerprint();
    assert_eq!(Identity::open(folder.path()).unwrap().fingerprint(), fingerprint);
    let path = folder.path().join(identity::FILE_NAME);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let whole = std::fs::read(&path).unwrap();
    for length in (0..whole.len() - 1).step_by(41) {
        std::fs::write(&path, &whole[..length]).unwrap();
        assert!(matches!(Identity::open(folder.path()), Err(IdentityError::Damaged { .. })), "{length}");
        assert_eq!(std::fs::read(&path).unwrap().len(), length);
    }
}

/// A viewer that is none of ours: raw QUIC.
pub fn stranger(server: &RunningServer) -> (tokio::runtime::Runtime, quinn::Endpoint, quinn::Connection) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tls = pin::Pin::new(server.link().fingerprint).client_tls().unwrap();
    let mut config = quinn::ClientConfig::new(std::sync::Arc::new(tls));
    let mut transport = quinn::TransportConfig::default();
    transport.receive_window(quinn::VarInt::from_u32(200_000));
    config.transport_config(std::sync::Arc::new(transport));
    let address = server.local_addr();
    let (endpoint, connection) = runtime.block_on(async {
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connection = endpoint.connect_with(config, address, "pavilion").unwrap().await.unwrap();
        (endpoint, connection)
    });
    (runtime, endpoint, connection)
}

/// What an honest viewer says first on this connection.
pub fn hello(connection: &quinn::Connection, me: &Me, resume: Option<Token>) -> Hello {
    Hello {
        capabilities: Capabilities::OURS,
        resume,
        name: me.name.clone(),
        key: me.identity.key(),
        proof: me.identity.prove(connection).unwrap(),
    }
}

pub fn closed_with(error: quinn::ConnectionError) -> Option<CloseCause> {
    match error {
        quinn::ConnectionError::ApplicationClosed(close) => CloseCause::from_code(close.error_code.into()),
        _ => None,
    }
}

#[test]
fn garbage_ends_the_connection_that_it_came_by_and_no_other() {
    let twin = Twin::new(9, 10, 10_000);
    let (_folder, server) = serve(&twin);
    let mut honest = join(server.link().clone());
    welcome(&mut honest);
    let first = wanted(&twin)[0];
    let beyond = Want::new(vec![WantItem { hash: first.hash, offset: first.size_bytes + 1 }]);
    let beyond = codec::encode(&FromViewer::Want(beyond)).unwrap();
    let garbage = [vec![0xff; 4000], vec![1, 0, 0xff, 0xff, 0xff, 0x7f], vec![1, 0, 1, 0, 0, 0, 9], beyond];
    for bytes in garbage {
        let (runtime, _endpoint, connection) = stranger(&server);
        let error = runtime.block_on(async {
            let (mut send, _receive) = connection.open_bi().await.unwrap();
            let _ = send.write_all(&bytes).await;
            connection.closed().await
        });
        assert_eq!(closed_with(error), Some(CloseCause::BrokenRules), "{:?}", &bytes[..6]);
    }
    let (runtime, _endpoint, connection) = stranger(&server);
    assert_eq!(closed_with(runtime.block_on(connection.closed())), Some(CloseCause::TooSlow));
    assert!(honest.want(wanted(&twin)));
    assert_eq!(receive(&mut honest, &wanted(&twin)), twin.blobs);
}

#[test]
fn a_visitor_who_does_not_read_costs_little_and_holds_up_nobody() {
    let twin = Twin::of_equal_blobs(10, 40, 500_000);
    let (_folder, server) = serve(&twin);
    let (runtime, _endpoint, connection) = stranger(&server);
    let hello = FromViewer::Hello(hello(&connection, &me("Ada"), None));
    let items = wanted(&twin).iter().map(|blob| WantItem { hash: blob.hash, offset: 0 }).collect();
    let bytes = [hello, FromViewer::Want(Want::new(items))].map(|m| codec::encode(&m).unwrap()).concat();
    let _control = runtime.block_on(async {
        let mut control = connection.open_bi().await.unwrap();
        control.0.write_all(&bytes).await.unwrap();
        control
    });
    runtime.block_on(async { tokio::time::sleep(Duration::from_millis(300)).await });
    // What the stranger takes before it reads.
    assert!(server.stats().bytes_sent <= 200_000 + transport::SEND_WINDOW_BYTES, "{:?}", server.stats());
    let mut honest = join(server.link().clone());
    welcome(&mut honest);
    assert!(honest.want(wanted(&twin)));
    assert_eq!(receive(&mut honest, &wanted(&twin)), twin.blobs);
}

#[test]
fn a_host_that_was_killed_and_is_back_says_so_at_once() {
    let folder = TempDir::new().unwrap();
    let identity = Identity::open(folder.path()).unwrap();
    let host = |port: u16| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let tls = identity.server_tls(&[ALPN.to_vec()]).unwrap();
        let config = quinn::ServerConfig::with_crypto(std::sync::Arc::new(tls));
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
        let inside = runtime.enter();
        let tokio = std::sync::Arc::new(quinn::TokioRuntime);
        let endpoint = quinn::Endpoint::new(identity.endpoint_config(), Some(config), socket, tokio).unwrap();
        drop(inside);
        (runtime, endpoint)
    };
    let (first, endpoint) = host(0);
    let address = endpoint.local_addr().unwrap();
    let thread = std::thread::Builder::new().spawn(move || {
        first.block_on(async { endpoint.accept().await.unwrap().await.unwrap() });
        // Without a goodbye: the runtime goes with everything in it.
        drop(first);
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let tls = pin::Pin::new(identity.fingerprint()).client_tls().unwrap();
    let config = quinn::ClientConfig::new(std::sync::Arc::new(tls));
    let error = runtime.block_on(async {
        let endpoint = quinn::Endpoint::client((Ipv4Addr::LOCALHOST, 0).into()).unwrap();
        let connection = endpoint.connect_with(config, address, "pavilion").unwrap().await.unwrap();
        thread.unwrap().join().unwrap();
        let (second, endpoint) = host(address.port());
        std::thread::Builder::new()
            .spawn(move || second.block_on(async { endpoint.accept().await.is_some() }))
            .unwrap();
        connection.open_uni().await.unwrap().write_all(b"still there?").await.unwrap();
        tokio::time::timeout(Duration::from_secs(3), connection.closed()).await
    });
    assert_eq!(Cause::from(error.expect("it takes the silence for absence")), Cause::Gone);
}
