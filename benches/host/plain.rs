//! QUIC alone, configured as the host configures it: whoever opens a stream is sent everything, a stream a blob, one
//! after the other, out of memory.

use std::path::Path;
use std::time::Instant;

use bytes::Bytes;
use pavilion::host::serve::identity::Identity;
use pavilion::host::serve::server_config;
use pavilion::protocol::JoinLink;
use pavilion::protocol::link::Place;
use pavilion::protocol::transport;
use pavilion::store::Shelf;
use pavilion::udp;
use quinn::{Connection, Endpoint};

use crate::serve::LOOPBACK;

/// It serves for as long as its process lasts.
pub struct Plain {
    /// As a host's.
    pub link: JoinLink,
}

impl Plain {
    /// Reads the twin and serves it, on a thread of its own.
    pub fn start(twin: &Path, identity: &Path) -> Self {
        let shelf = Shelf::open(twin).expect("a twin");
        let blobs: Vec<Bytes> =
            shelf.files().map(|(_, path, _)| std::fs::read(path).expect("a blob").into()).collect();
        let identity = Identity::open(identity).expect("a key");
        let config = server_config(&identity, Instant::now()).expect("a configuration");
        let endpoint_config = identity.endpoint_config();
        let socket = udp::bind(LOOPBACK).expect("a socket");
        let address = socket.local_addr().expect("an address");
        let link = JoinLink {
            place: Place::Address(address.ip()),
            port: address.port(),
            fingerprint: identity.fingerprint(),
        };
        let serving = move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let choice = udp::Choice::Best;
                let endpoint =
                    udp::endpoint(endpoint_config, Some(config), socket, choice).expect("an endpoint");
                accept(endpoint, blobs).await;
            });
        };
        std::thread::Builder::new().name("plain".to_owned()).spawn(serving).expect("a thread");
        Self { link }
    }
}

async fn accept(endpoint: Endpoint, blobs: Vec<Bytes>) {
    while let Some(incoming) = endpoint.accept().await {
        let blobs = blobs.clone();
        tokio::spawn(async move {
            let Ok(connection) = incoming.await else { return };
            // An error means that the viewer has gone.
            let _ = send(&connection, blobs).await;
            connection.closed().await;
        });
    }
}

async fn send(connection: &Connection, blobs: Vec<Bytes>) -> Result<(), quinn::ConnectionError> {
    let _control = connection.accept_bi().await?;
    for blob in blobs {
        let mut stream = connection.open_uni().await?;
        let mut rest = blob;
        while !rest.is_empty() {
            let piece = rest.split_to(rest.len().min(transport::WRITE_BYTES));
            connection.set_send_window(transport::send_window_bytes(connection.stats().path.cwnd));
            if stream.write_chunk(piece).await.is_err() {
                return Ok(());
            }
        }
        let _ = stream.finish();
    }
    Ok(())
}
