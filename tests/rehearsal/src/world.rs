//! A host, its visitors, and the links between them, on one virtual clock.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::net::{Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pavilion::host::serve::{self, identity::Identity};
use pavilion::math::Pose;
use pavilion::net;
use pavilion::protocol::link::Fingerprint;
use quinn_proto::congestion::CubicConfig;
use quinn_proto::{ClientConfig, ConnectionHandle, EndpointConfig, ServerConfig, TransportConfig};

use crate::link::{Behaviour, Link};
use crate::peer::{Packet, Peer, Program};

/// A frame of a headset.
const FRAME: Duration = Duration::from_nanos(1_000_000_000 / 72);

/// A program that is somebody's eyes as well.
pub trait Visitor: Program {
    /// Makes a frame.
    fn frame(&mut self, now: Duration, head: Pose);
    /// The connection that it would use now, if it has one.
    fn handle(&self) -> Option<ConnectionHandle>;
}

/// How both ends are set up.
#[derive(Clone)]
pub struct Setup {
    /// What the host's endpoint is configured with.
    pub host: ServerConfig,
    /// What the viewers' connections are.
    pub viewer: ClientConfig,
    /// The instant that is called 0.
    pub epoch: Instant,
}

impl Setup {
    /// As the programs themselves do it.
    ///
    /// # Panics
    /// When there is no folder for a key.
    #[allow(clippy::expect_used)]
    pub fn ours() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Identity::open(folder.path()).expect("a key");
        let epoch = Instant::now();
        let host = serve::server_config(&identity, epoch).expect("a configuration");
        Self { host, viewer: viewer_config(identity.fingerprint()), epoch }
    }
}

impl Setup {
    /// The same, but for how much is sent at once: by CUBIC.
    pub fn with_cubic() -> Self {
        let mut setup = Self::ours();
        let mut transport = serve::transport_config(setup.epoch);
        transport.congestion_controller_factory(Arc::new(CubicConfig::default()));
        setup.host.transport_config(Arc::new(transport));
        setup
    }

    /// The same, but for what QUIC does by itself: its windows, and CUBIC, which fills the queue until something is lost.
    pub fn usual() -> Self {
        let mut setup = Self::ours();
        let mut transport = TransportConfig::default();
        transport.max_concurrent_bidi_streams(100_u32.into());
        let transport = Arc::new(transport);
        setup.host.transport_config(transport.clone());
        setup.viewer.transport_config(transport);
        setup
    }
}

#[allow(clippy::expect_used)]
fn viewer_config(fingerprint: Fingerprint) -> ClientConfig {
    net::client_config(fingerprint).expect("a configuration")
}

/// One visitor and the way to them.
pub struct Place<V> {
    /// The visitor.
    pub peer: Peer<V>,
    /// Towards the visitor, after what all share.
    pub down: Link,
    /// Towards the host.
    pub up: Link,
    next_frame: Duration,
    /// When to dial, while there is no connection.
    dials_at: Option<Duration>,
    path: crate::head::Path,
}

/// See the module.
pub struct World<H, V> {
    now: Duration,
    epoch: Instant,
    setup: Setup,
    /// The host; `None` while it is dead.
    pub host: Option<Peer<H>>,
    host_address: SocketAddr,
    /// The visitors.
    pub places: Vec<Place<V>>,
    /// What all packets towards visitors go through first.
    pub shared: Link,
    flying: BinaryHeap<Reverse<Flight>>,
    flights: u64,
    seed: u64,
}

/// By when it arrives, then by when it left.
struct Flight {
    at: Duration,
    number: u64,
    packet: Packet,
}

impl PartialEq for Flight {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Flight {}
impl PartialOrd for Flight {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Flight {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

/// How long a viewer waits before it dials again.
const REDIAL: Duration = Duration::from_millis(500);

impl<H: Program, V: Visitor> World<H, V> {
    /// A host and nobody else.
    pub fn new(host: H, setup: Setup, seed: u64) -> Self {
        let epoch = setup.epoch;
        let host_address = SocketAddr::from((Ipv6Addr::LOCALHOST, 7413));
        let endless = Behaviour { queue: Duration::from_secs(60), ..Behaviour::calm(0.0, Duration::ZERO) };
        let mut world = Self {
            now: Duration::ZERO,
            epoch,
            setup,
            host: None,
            host_address,
            places: Vec::new(),
            shared: Link::new(endless, seed),
            flying: BinaryHeap::new(),
            flights: 0,
            seed,
        };
        world.start_host(host);
        world
    }

    /// The time.
    pub fn now(&self) -> Duration {
        self.now
    }

    /// The host starts, for the first time or again.
    pub fn start_host(&mut self, host: H) {
        let config = Some(self.setup.host.clone());
        let seed = self.seed ^ self.flights;
        // The same secret before and after: what is left of old connections is told so.
        let endpoint = serve::endpoint_config_of(b"rehearsal");
        self.host = Some(Peer::new(host, self.host_address, self.epoch, endpoint, config, seed));
    }

    /// The host dies without a word.
    pub fn kill_host(&mut self) -> Option<H> {
        self.host.take().map(|peer| peer.program)
    }

    /// A visitor comes, who sees what a head on this path sees, and is `away` from the host.
    pub fn enter(&mut self, visitor: V, path: crate::head::Path, down: Behaviour, up: Behaviour) {
        let number = self.places.len() as u64 + 1;
        let address = SocketAddr::from((Ipv6Addr::from(number as u128 + 0xfd00), 4000));
        let seed = self.seed.wrapping_mul(31).wrapping_add(number);
        let peer = Peer::new(visitor, address, self.epoch, EndpointConfig::default(), None, seed);
        self.places.push(Place {
            peer,
            down: Link::new(down, seed ^ 1),
            up: Link::new(up, seed ^ 2),
            next_frame: self.now,
            dials_at: Some(self.now),
            path,
        });
    }

    /// Runs until `end`, or until `is_done` says so after a frame of somebody; whether it did.
    pub fn run_until(&mut self, end: Duration, mut is_done: impl FnMut(&mut Self) -> bool) -> bool {
        loop {
            let next = self.next_event();
            if next > end {
                self.now = end;
                return false;
            }
            self.now = self.now.max(next);
            let has_framed = self.step();
            if has_framed && is_done(self) {
                return true;
            }
        }
    }

    fn next_event(&self) -> Duration {
        let mut next = self.flying.peek().map_or(Duration::MAX, |Reverse(flight)| flight.at);
        if let Some(timer) = self.host.as_ref().and_then(Peer::next_timer) {
            next = next.min(timer);
        }
        for place in &self.places {
            next = next.min(place.next_frame);
            next = next.min(place.peer.next_timer().unwrap_or(Duration::MAX));
        }
        next
    }

    /// Does what is due; whether somebody made a frame.
    fn step(&mut self) -> bool {
        let now = self.now;
        while let Some(Reverse(flight)) = self.flying.peek()
            && flight.at <= now
        {
            if let Some(Reverse(Flight { packet, .. })) = self.flying.pop() {
                self.deliver(packet);
            }
        }
        let mut has_framed = false;
        let mut leaving = Vec::new();
        if let Some(host) = &mut self.host {
            leaving.extend(host.turn(now));
        }
        for place in &mut self.places {
            if place.next_frame <= now {
                has_framed = true;
                place.next_frame = now + FRAME;
                let head = place.path.at(now);
                place.peer.program.frame(now, head);
                place.peer.touch_all();
                if place.peer.program.handle().is_none() && place.dials_at.is_none() {
                    place.dials_at = Some(now + REDIAL);
                }
                if place.dials_at.is_some_and(|at| at <= now) {
                    place.dials_at = None;
                    place.peer.dial(now, self.setup.viewer.clone(), self.host_address);
                }
            }
            leaving.extend(place.peer.turn(now));
        }
        for packet in leaving {
            self.send(packet);
        }
        has_framed
    }

    fn deliver(&mut self, packet: Packet) {
        let now = self.now;
        if packet.to == self.host_address {
            if let Some(host) = &mut self.host {
                host.receive(now, packet);
            }
        } else if let Some(place) = self.places.iter_mut().find(|place| place.peer.address() == packet.to) {
            place.peer.receive(now, packet);
        }
    }

    fn send(&mut self, packet: Packet) {
        let size = packet.bytes.len();
        let is_down = packet.from == self.host_address;
        let other = if is_down { packet.to } else { packet.from };
        let Some(place) = self.places.iter_mut().find(|place| place.peer.address() == other) else { return };
        let arrivals = if is_down {
            let [first, second] = self.shared.carry(self.now, size);
            let mut out = [None; 2];
            if let Some(at) = first {
                out = place.down.carry(at, size);
            }
            if let Some(at) = second {
                out[1] = out[1].or(place.down.carry(at, size)[0]);
            }
            out
        } else {
            place.up.carry(self.now, size)
        };
        for at in arrivals.into_iter().flatten() {
            self.flights += 1;
            self.flying.push(Reverse(Flight { at, number: self.flights, packet: packet.clone() }));
        }
    }
}
