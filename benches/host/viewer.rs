//! A visitor without eyes: connects, says what visitors say, and reads what comes without looking at it.

use std::net::SocketAddr;
use std::sync::Arc;

use pavilion::protocol::codec::{self, Frames};
use pavilion::protocol::link::Place;
use pavilion::protocol::{
    BlobHeader, Capabilities, ContentHash, FromViewer, Hello, JoinLink, Name, transport,
};
use pavilion::udp;
use quinn::{
    ClientConfig, Connection, Endpoint, EndpointConfig, RecvStream, SendStream, TransportConfig, VarInt,
};

use crate::identity::Identity;
use crate::pin::Pin;
use crate::serve::LOOPBACK;

/// One visitor, who stays until dropped.
pub struct Viewer {
    identity: Identity,
    endpoint: Endpoint,
    config: ClientConfig,
    address: SocketAddr,
}

impl Viewer {
    /// Somebody who has a socket and a key, and comes to this host. Call it inside a tokio runtime.
    pub fn new(link: &JoinLink) -> Self {
        let tls = Pin::new(link.fingerprint).client_tls().expect("TLS");
        let mut config = ClientConfig::new(Arc::new(tls));
        config.transport_config(Arc::new(transport_config()));
        let Place::Address(ip) = link.place else { panic!("a host on this machine has an address") };
        let socket = udp::bind(LOOPBACK).expect("a socket");
        Self {
            identity: Identity::generate().expect("a key"),
            endpoint: udp::endpoint(EndpointConfig::default(), None, socket, udp::Choice::Best)
                .expect("an endpoint"),
            config,
            address: SocketAddr::new(ip, link.port),
        }
    }

    /// Comes to the host, as far as QUIC goes.
    pub async fn connect(&self) -> Option<Connection> {
        let config = self.config.clone();
        self.endpoint.connect_with(config, self.address, transport::SERVER_NAME).ok()?.await.ok()
    }

    /// Says who it is and understands `capabilities`.
    pub async fn greet(&self, connection: &Connection, capabilities: Capabilities) -> Option<Control> {
        let (mut send, receive) = connection.open_bi().await.ok()?;
        let hello = FromViewer::Hello(Hello {
            capabilities,
            resume: None,
            name: Name::new("Ada"),
            key: self.identity.key(),
            proof: self.identity.prove(connection)?,
        });
        send.write_all(&codec::encode(&hello).ok()?).await.ok()?;
        let hearing = tokio::spawn(skip(receive));
        Some(Control { send, hearing })
    }
}

/// What is said between a visitor and the host; what the host says is not listened to.
pub struct Control {
    send: SendStream,
    hearing: tokio::task::JoinHandle<u64>,
}

impl Control {
    /// Says something; `None` when the host is gone.
    pub async fn say(&mut self, message: &FromViewer) -> Option<()> {
        self.send.write_all(&codec::encode(message).ok()?).await.ok()
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        self.hearing.abort();
    }
}

/// The windows of `pavilion view`.
fn transport_config() -> TransportConfig {
    let mut config = TransportConfig::default();
    config
        .initial_rtt(std::time::Duration::from_millis(transport::INITIAL_RTT_MILLIS))
        .datagram_receive_buffer_size(Some(transport::DATAGRAM_RECEIVE_BYTES))
        .stream_receive_window(VarInt::from_u32(transport::VIEWER_STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(transport::VIEWER_WINDOW_BYTES))
        .max_concurrent_uni_streams(VarInt::from_u32(transport::BLOB_STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(0));
    config
}

/// Reads to the end, and says how many bytes there were.
pub async fn skip(mut stream: RecvStream) -> u64 {
    let mut count = 0;
    while let Ok(Some(chunk)) = stream.read_chunk(usize::MAX, true).await {
        count += chunk.bytes.len() as u64;
    }
    count
}

/// Reads a blob that the host sends, to its end: its name, and its length if all of it came.
pub async fn read_blob(mut stream: RecvStream) -> Option<(ContentHash, u64)> {
    let mut frames = Frames::default();
    let header = loop {
        let chunk = stream.read_chunk(codec::FRAME_BYTES_MAX, true).await.ok()??;
        frames.push(&chunk.bytes).ok()?;
        if let Some(header) = frames.next_message::<BlobHeader>().ok()? {
            break header;
        }
    };
    let count = frames.into_rest().len() as u64 + skip(stream).await;
    (count == u64::from(header.size_bytes - header.offset)).then_some((header.hash, count))
}
