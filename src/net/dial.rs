//! From a join link to a host that has said welcome.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use quinn::crypto::rustls::HandshakeData;
use quinn::{
    ClientConfig, Connection, ConnectionError, Endpoint, IdleTimeout, RecvStream, SendStream,
    TransportConfig, VarInt,
};

use super::Opening;
use super::cause::Cause;
use super::early::{Control, Early, shake_hands};
use super::identity::Me;
use super::pin::Pin;
use super::socket::endpoint_towards;
use crate::protocol::codec::{self, Frames};
use crate::protocol::link::Place;
use crate::protocol::{
    ALPN, Absent, Capabilities, Fingerprint, FromHost, FromViewer, Hello, Holding, JoinLink, ProtocolError,
    Token, Welcome, transport,
};
use crate::udp;

/// Addresses of one name that are tried.
const ADDRESSES_MAX: usize = 4;

/// How long one address may take to answer.
const ANSWER: Duration = Duration::from_millis(transport::HELLO_MILLIS);

/// A host that has said welcome.
pub struct Line {
    pub endpoint: Endpoint,
    pub connection: Connection,
    pub send: SendStream,
    pub receive: RecvStream,
    /// What of the control stream was received and not read yet.
    pub frames: Frames,
    pub welcome: Welcome,
    /// The host sends what is seen first, unasked.
    pub is_opening: bool,
    /// What of the early wants the host does not have.
    pub absent: Vec<Absent>,
}

/// Who comes, and with what.
pub struct Greeting {
    /// Who.
    pub me: Me,
    /// From the visit that broke off.
    pub resume: Option<Token>,
    /// What the host is to send before it is asked.
    pub opening: Opening,
    /// What is asked for before all of this, if the host knows us.
    pub early: Early,
}

/// The way to one host, for every connection of a visit: by what TLS keeps of one, the next begins.
pub struct Way {
    link: JoinLink,
    sockets: udp::Choice,
    pin: Arc<Pin>,
    config: ClientConfig,
}

impl Way {
    /// To the host of this link, which nothing is kept of yet.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(link: JoinLink, sockets: udp::Choice) -> Result<Self, Cause> {
        let pin = Pin::new(link.fingerprint);
        let config = config_of(&pin)?;
        Ok(Self { link, sockets, pin, config })
    }

    /// Connects to the first address of the link's host that answers.
    ///
    /// # Errors
    /// When none does, or one says why not.
    pub async fn dial(&self, greeting: &Greeting) -> Result<Line, Cause> {
        let mut last = Cause::Gone;
        for address in addresses(&self.link).await? {
            match self.dial_address(address, greeting).await {
                Ok(line) => return Ok(line),
                Err(cause) if cause.is_final() => return Err(cause),
                Err(cause) => last = cause,
            }
        }
        Err(last)
    }

    async fn dial_address(&self, address: SocketAddr, greeting: &Greeting) -> Result<Line, Cause> {
        let no_network = |reason: String| Cause::NoNetwork { address, reason };
        let endpoint =
            endpoint_towards(address, self.sockets).map_err(|error| no_network(error.to_string()))?;
        // Whoever was seen by another try is not there now.
        self.pin.take_impostor();
        let connecting = endpoint
            .connect_with(self.config.clone(), address, transport::SERVER_NAME)
            .map_err(|error| no_network(error.to_string()))?;
        let shaken = tokio::time::timeout(ANSWER, shake_hands(connecting, &greeting.early)).await;
        let (connection, control) = match shaken {
            Ok(Ok(connected)) => connected,
            Ok(Err(ConnectionError::TimedOut)) | Err(_) => return Err(Cause::NoAnswer { address }),
            Ok(Err(error)) => {
                return Err(match self.pin.take_impostor() {
                    Some(found) => Cause::WrongHost { expected: self.link.fingerprint, found },
                    None => error.into(),
                });
            }
        };
        if !speaks_ours(&connection) {
            return Err(Cause::WrongVersion);
        }
        match tokio::time::timeout(ANSWER, greet(endpoint, connection, control, greeting)).await {
            Ok(greeted) => greeted,
            Err(_) => Err(Cause::NoAnswer { address }),
        }
    }
}

async fn addresses(link: &JoinLink) -> Result<Vec<SocketAddr>, Cause> {
    match &link.place {
        Place::Address(address) => Ok(vec![SocketAddr::new(*address, link.port)]),
        Place::Name(name) => {
            let not_found = || Cause::NameNotFound { name: name.clone() };
            let found = tokio::net::lookup_host((name.as_str(), link.port)).await;
            let addresses: Vec<_> = found.map_err(|_| not_found())?.take(ADDRESSES_MAX).collect();
            if addresses.is_empty() { Err(not_found()) } else { Ok(addresses) }
        }
    }
}

/// How a viewer speaks QUIC to the host of this fingerprint.
///
/// # Errors
/// When TLS cannot be set up.
pub fn client_config(fingerprint: Fingerprint) -> Result<ClientConfig, Cause> {
    config_of(&Pin::new(fingerprint))
}

fn config_of(pin: &Arc<Pin>) -> Result<ClientConfig, Cause> {
    let tls = pin.client_tls().map_err(|error| Cause::Insecure { reason: error.to_string() })?;
    let mut config = ClientConfig::new(Arc::new(tls));
    config.transport_config(Arc::new(transport_config()));
    Ok(config)
}

/// A host that agrees on no protocol at all is not turned away by TLS.
fn speaks_ours(connection: &Connection) -> bool {
    let data = connection.handshake_data().and_then(|data| data.downcast::<HandshakeData>().ok());
    data.and_then(|data| data.protocol).is_some_and(|protocol| protocol == ALPN)
}

/// Says who comes, on the stream by which the host was asked early, if it was.
async fn greet(
    endpoint: Endpoint,
    connection: Connection,
    control: Option<Control>,
    greeting: &Greeting,
) -> Result<Line, Cause> {
    let Greeting { me, resume, opening, early } = greeting;
    let asked = if control.is_some() { early.items() } else { 0 };
    let (mut send, mut receive) = match control {
        Some(control) => control,
        None => connection.open_bi().await?,
    };
    let unprovable = || Cause::Insecure { reason: "TLS exports nothing to sign".to_owned() };
    let unasked = if *opening == Opening::Nothing { Capabilities::OPENING } else { Capabilities::default() };
    let mut words = Vec::new();
    let held = if let Opening::Unless(held) = opening { held.as_slice() } else { &[] };
    for &manifest in held {
        words.extend(codec::encode(&FromViewer::Holding(Holding { manifest }))?);
    }
    let hello = FromViewer::Hello(Hello {
        capabilities: Capabilities::OURS.without(unasked),
        resume: *resume,
        name: me.name.clone(),
        key: me.identity.key(),
        proof: me.identity.prove(&connection).ok_or_else(unprovable)?,
    });
    words.extend(codec::encode(&hello)?);
    if send.write_all(&words).await.is_err() {
        return Err(connection.closed().await.into());
    }
    // What is asked for comes before anything else that a viewer may say one day.
    let _ = send.set_priority(1);
    let mut frames = Frames::default();
    let mut absent = Vec::new();
    loop {
        match frames.next_message()? {
            Some(FromHost::Welcome(welcome)) => {
                // Whoever has asked is sent nothing else.
                let is_opening = asked == 0
                    && welcome.capabilities.contains(Capabilities::OPENING)
                    && !held.contains(&welcome.manifest);
                return Ok(Line { endpoint, connection, send, receive, frames, welcome, is_opening, absent });
            }
            Some(FromHost::Absent(said)) if absent.len() < asked => {
                absent.push(said);
                continue;
            }
            Some(_) => return Err(ProtocolError::Malformed { what: "a welcome" }.into()),
            None => {}
        }
        match receive.read_chunk(codec::FRAME_BYTES_MAX, true).await {
            Ok(Some(chunk)) => frames.push(&chunk.bytes)?,
            Ok(None) => return Err(ProtocolError::Malformed { what: "a welcome" }.into()),
            Err(_) => return Err(connection.closed().await.into()),
        }
    }
}

fn transport_config() -> TransportConfig {
    let mut config = TransportConfig::default();
    let idle = VarInt::from_u32(transport::IDLE_MILLIS as u32);
    config
        .max_idle_timeout(Some(IdleTimeout::from(idle)))
        .keep_alive_interval(Some(Duration::from_millis(transport::KEEP_ALIVE_MILLIS)))
        .initial_rtt(Duration::from_millis(transport::INITIAL_RTT_MILLIS))
        .datagram_send_buffer_size(transport::VIEWER_DATAGRAM_BYTES)
        .datagram_receive_buffer_size(Some(transport::DATAGRAM_RECEIVE_BYTES))
        .stream_receive_window(VarInt::from_u32(transport::VIEWER_STREAM_WINDOW_BYTES))
        .receive_window(VarInt::from_u32(transport::VIEWER_WINDOW_BYTES))
        .max_concurrent_uni_streams(VarInt::from_u32(transport::BLOB_STREAMS_MAX))
        .max_concurrent_bidi_streams(VarInt::from_u32(0))
        // A viewer sends little, and on some phones the first burst of segments is lost (quinn issue 2399).
        .enable_segmentation_offload(!cfg!(target_os = "android"));
    config
}
