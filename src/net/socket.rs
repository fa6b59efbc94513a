//! Where the viewer's UDP socket is bound.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use quinn::{Endpoint, EndpointConfig};

use crate::udp;

/// An endpoint that can reach `host`.
pub fn endpoint_towards(host: SocketAddr, sockets: udp::Choice) -> io::Result<Endpoint> {
    let any: IpAddr = match host {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = udp::bind((any, 0).into())?;
    udp::endpoint(EndpointConfig::default(), None, socket, sockets)
}
