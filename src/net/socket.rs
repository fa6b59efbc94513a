//! Where the viewer's UDP socket is bound.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use quinn::{Endpoint, EndpointConfig};

use crate::udp;

/// An endpoint that can reach `host`.
pub fn endpoint_towards(host: SocketAddr, sockets: udp::Choice) -> io::Result<Endpoint> {
    udp::endpoint(EndpointConfig::default(), None, socket_towards(host)?, sockets)
}

/// Has the endpoint reach `host` over another socket: the network may be another one, and the system chooses anew.
pub fn rebind_towards(endpoint: &Endpoint, host: SocketAddr, sockets: udp::Choice) -> io::Result<()> {
    udp::rebind(endpoint, socket_towards(host)?, sockets)
}

fn socket_towards(host: SocketAddr) -> io::Result<UdpSocket> {
    let any: IpAddr = match host {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    udp::bind((any, 0).into())
}
