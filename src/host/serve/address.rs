//! By which address others reach this machine.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};

/// An address that is set aside for documentation (RFC 5737): it is outside every local network, so
/// that the system answers with the address of its default route.
const OUTSIDE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);

/// The address to tell others when listening at `bound`: itself, or, for all addresses, the one that
/// faces the local network; loopback where there is none.
pub fn reachable(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    facing_outside().unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// "Connecting" a UDP socket only chooses a route: no packet is sent.
fn facing_outside() -> Option<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect(OUTSIDE).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then_some(address)
}
