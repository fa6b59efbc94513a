//! Host and viewer over real QUIC on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::twin::Twin;
use crate::host::serve::{RunningServer, ServeError, Server, ServerOptions};
use crate::net::{Connection, Event};
use crate::protocol::{ContentHash, WantedBlob, Welcome};

fn options(folder: &Path, port: u16) -> ServerOptions {
    ServerOptions {
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, port)),
        ..ServerOptions::new(folder.join("twin"), folder.join("identity"))
    }
}

fn serve(twin: &Twin) -> (TempDir, RunningServer) {
    let folder = TempDir::new().unwrap();
    twin.write(&folder.path().join("twin"));
    let server = Server::start(options(folder.path(), 0)).unwrap();
    (folder, server)
}

fn wanted(twin: &Twin) -> Vec<WantedBlob> {
    twin.tileset.blobs().iter().map(|b| WantedBlob { hash: b.hash, size_bytes: b.size_bytes }).collect()
}

fn welcome(connection: &mut Connection) -> Welcome {
    match connection.wait() {
        Some(Event::Connected(welcome)) => welcome,
        other => panic!("{other:?} in place of a welcome"),
    }
}

fn receive(connection: &mut Connection, count: usize) -> BTreeMap<ContentHash, Vec<u8>> {
    let mut blobs = BTreeMap::new();
    while blobs.len() < count {
        match connection.wait() {
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
    let mut connection = Connection::open(server.link().clone()).unwrap();
    let welcome = welcome(&mut connection);
    assert!(connection.want(vec![welcome.manifest_blob()]));
    let manifest = receive(&mut connection, 1).remove(&welcome.manifest).unwrap();
    assert_eq!(manifest, twin.manifest);
    assert!(connection.want(wanted(&twin)));
    assert_eq!(receive(&mut connection, twin.blobs.len()), twin.blobs);
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
    let mut connection = Connection::open(server.link().clone()).unwrap();
    welcome(&mut connection);
    let began = Instant::now();
    assert!(connection.want(wanted(&twin).into_iter().take(250).collect()));
    let blobs = receive(&mut connection, wanted(&twin).len().min(250));
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
