//! By which address others reach this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// Addresses that are set aside for documentation (RFC 5737, RFC 3849): they are outside every local network, so that
/// the system answers with the address of its default route.
const OUTSIDE: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// Where Linux tells its IPv4 routes.
const ROUTES: &str = "/proc/net/route";

/// Networks inside of a machine begin so.
const INSIDE: [&str; 5] = ["lo", "docker", "br-", "veth", "virbr"];

/// The address to tell others when listening at `bound`: itself, or, for all addresses, the one that
/// faces the outside, or a network that leads nowhere else, as in many a hall; loopback where there is none.
pub fn reachable(bound: IpAddr) -> IpAddr {
    if !bound.is_unspecified() {
        return bound;
    }
    let [outside_v4, outside_v6] = OUTSIDE.map(facing);
    let in_a_hall = || neighbours(&std::fs::read_to_string(ROUTES).unwrap_or_default()).find_map(facing);
    outside_v4
        .or_else(in_a_hall)
        .or(outside_v6.filter(|_| bound.is_ipv6()))
        .unwrap_or(Ipv4Addr::LOCALHOST.into())
}

/// This machine's address on the way to another one. "Connecting" a UDP socket only chooses a route: no packet is sent.
fn facing(other: IpAddr) -> Option<IpAddr> {
    let any: IpAddr = match other {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).ok()?;
    socket.connect((other, 9)).ok()?;
    let address = socket.local_addr().ok()?.ip();
    (!address.is_unspecified()).then_some(address)
}

/// An address within each network that this machine is part of, by Linux's table of routes: a line each, with the
/// interface, the destination and the gateway, both in hexadecimal with the bytes as they lie in memory.
fn neighbours(routes: &str) -> impl Iterator<Item = IpAddr> {
    let neighbour = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let interface = words.next()?;
        let mut address = || u32::from_str_radix(words.next()?, 16).ok().map(u32::from_be);
        let (destination, gateway) = (address()?, address()?);
        let is_one =
            gateway == 0 && destination != 0 && !INSIDE.iter().any(|name| interface.starts_with(name));
        is_one.then(|| Ipv4Addr::from_bits(destination | 1).into())
    };
    routes.lines().filter_map(neighbour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_listened_at_is_told_and_else_an_address_that_others_may_reach() {
        let one = IpAddr::V4(Ipv4Addr::new(10, 1, 2, 3));
        assert_eq!(reachable(one), one);
        assert!(!reachable(Ipv4Addr::UNSPECIFIED.into()).is_unspecified());
    }

    #[test]
    fn a_network_without_a_way_out_is_found_in_the_table_of_routes() {
        let routes = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\n\
            docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n\
            eth0\t00000000\t0114A8C0\t0003\t0\t0\t0\t00000000\n\
            eth0\t0014A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\n\
            eth1\t0000\n";
        let found: Vec<IpAddr> = neighbours(routes).collect();
        assert_eq!(found, [IpAddr::V4(Ipv4Addr::new(192, 168, 20, 1))]);
        assert_eq!(neighbours("").count(), 0);
    }
}
