//! One end: a QUIC endpoint of quinn's own, whose clock and packets are ours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use quinn_proto::{
    ClientConfig, Connection, ConnectionHandle, DatagramEvent, Endpoint, EndpointConfig, ServerConfig,
};

/// A UDP packet.
#[derive(Clone, Debug)]
pub struct Packet {
    /// Whose.
    pub from: SocketAddr,
    /// For whom.
    pub to: SocketAddr,
    /// What is in it.
    pub bytes: BytesMut,
}

/// Packets that quinn may build at once for one destination.
const BATCH: usize = 10;

/// Now, on our clock and on quinn's.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Since everything began.
    pub since: Duration,
    /// The same.
    pub instant: Instant,
}

/// What a program does with its connections.
pub trait Program {
    /// Somebody has come in, or is being dialled.
    fn began(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection);
    /// Something has happened at this connection, or time has passed: everything that can be done now is done.
    fn act(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection);
    /// The connection is no more.
    fn ended(&mut self, now: Moment, handle: ConnectionHandle);
}

/// See the module.
pub struct Peer<P> {
    /// What it does.
    pub program: P,
    address: SocketAddr,
    endpoint: Endpoint,
    /// The instant that is called 0.
    epoch: Instant,
    connections: BTreeMap<usize, Connection>,
    timers: BTreeSet<(Instant, usize)>,
    timer_of: BTreeMap<usize, Instant>,
    touched: BTreeSet<usize>,
    out: Vec<Packet>,
}

impl<P: Program> Peer<P> {
    /// An end at `address` without connections; a host with `server`.
    pub fn new(
        program: P,
        address: SocketAddr,
        epoch: Instant,
        mut config: EndpointConfig,
        server: Option<ServerConfig>,
        seed: u64,
    ) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        config.rng_seed(Some(bytes));
        let endpoint = Endpoint::new(Arc::new(config), server.map(Arc::new), true, None);
        Self {
            program,
            address,
            endpoint,
            epoch,
            connections: BTreeMap::new(),
            timers: BTreeSet::new(),
            timer_of: BTreeMap::new(),
            touched: BTreeSet::new(),
            out: Vec::new(),
        }
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// It is somewhere else from now on, as after a change of network.
    pub fn move_to(&mut self, address: SocketAddr) {
        self.address = address;
    }

    /// Connections that are there.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.values()
    }

    /// Sends a datagram by every connection, if there is room for it.
    pub fn tell_all(&mut self, bytes: &Bytes) {
        for (key, connection) in &mut self.connections {
            // One that finds no room is followed by a newer one.
            let _ = connection.datagrams().send(bytes.clone(), true);
            self.touched.insert(*key);
        }
    }

    fn moment(&self, since: Duration) -> Moment {
        Moment { since, instant: self.epoch + since }
    }

    /// Begins a connection to `host`.
    ///
    /// # Panics
    /// When quinn refuses the configuration.
    #[allow(clippy::expect_used)]
    pub fn dial(&mut self, now: Duration, config: ClientConfig, host: SocketAddr) -> ConnectionHandle {
        let now = self.moment(now);
        let (handle, mut connection) =
            self.endpoint.connect(now.instant, config, host, "pavilion").expect("a configuration");
        self.program.began(now, handle, &mut connection);
        self.connections.insert(handle.0, connection);
        self.touched.insert(handle.0);
        handle
    }

    /// A packet has come.
    pub fn receive(&mut self, now: Duration, packet: Packet) {
        let now = self.moment(now);
        let mut answer = Vec::new();
        match self.endpoint.handle(now.instant, packet.from, None, None, packet.bytes, &mut answer) {
            Some(DatagramEvent::ConnectionEvent(handle, event)) => {
                if let Some(connection) = self.connections.get_mut(&handle.0) {
                    connection.handle_event(event);
                    self.touched.insert(handle.0);
                }
            }
            Some(DatagramEvent::NewConnection(incoming)) => {
                match self.endpoint.accept(incoming, now.instant, &mut answer, None) {
                    Ok((handle, mut connection)) => {
                        self.program.began(now, handle, &mut connection);
                        self.connections.insert(handle.0, connection);
                        self.touched.insert(handle.0);
                    }
                    Err(error) => {
                        if let Some(transmit) = error.response {
                            self.send(transmit.destination, None, &answer[..transmit.size]);
                        }
                    }
                }
            }
            Some(DatagramEvent::Response(transmit)) => {
                self.send(transmit.destination, transmit.segment_size, &answer[..transmit.size]);
            }
            None => {}
        }
    }

    fn send(&mut self, to: SocketAddr, segment: Option<usize>, bytes: &[u8]) {
        for part in bytes.chunks(segment.unwrap_or(bytes.len()).max(1)) {
            self.out.push(Packet { from: self.address, to, bytes: BytesMut::from(part) });
        }
    }

    /// When there is something to do unless a packet comes first.
    pub fn next_timer(&self) -> Option<Duration> {
        self.timers.first().map(|(at, _)| at.saturating_duration_since(self.epoch))
    }

    /// Lets every connection be acted on.
    pub fn touch_all(&mut self) {
        self.touched.extend(self.connections.keys());
    }

    /// Does all that can be done now, and returns the packets that leave.
    pub fn turn(&mut self, now: Duration) -> Vec<Packet> {
        let now = self.moment(now);
        while let Some(&(due, key)) = self.timers.first()
            && due <= now.instant
        {
            self.timers.remove(&(due, key));
            self.timer_of.remove(&key);
            if let Some(connection) = self.connections.get_mut(&key) {
                connection.handle_timeout(now.instant);
                self.touched.insert(key);
            }
        }
        while let Some(key) = self.touched.pop_first() {
            self.turn_one(now, key);
        }
        std::mem::take(&mut self.out)
    }

    fn turn_one(&mut self, now: Moment, key: usize) {
        let Some(mut connection) = self.connections.remove(&key) else { return };
        let handle = ConnectionHandle(key);
        self.program.act(now, handle, &mut connection);
        let mut buffer = Vec::new();
        loop {
            while let Some(event) = connection.poll_endpoint_events() {
                if let Some(event) = self.endpoint.handle_event(handle, event) {
                    connection.handle_event(event);
                }
            }
            buffer.clear();
            let Some(transmit) = connection.poll_transmit(now.instant, BATCH, &mut buffer) else { break };
            self.send(transmit.destination, transmit.segment_size, &buffer[..transmit.size]);
            // What has left makes room for more.
            self.program.act(now, handle, &mut connection);
        }
        if let Some(before) = self.timer_of.remove(&key) {
            self.timers.remove(&(before, key));
        }
        if connection.is_drained() {
            self.program.ended(now, handle);
            return;
        }
        if let Some(due) = connection.poll_timeout() {
            self.timers.insert((due, key));
            self.timer_of.insert(key, due);
        }
        self.connections.insert(key, connection);
    }
}
