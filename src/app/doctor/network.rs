//! The network: by which address visitors would reach a host on this machine.

use super::{Finding, State};

const SUBJECT: &str = "network";

#[cfg(feature = "host")]
pub(super) fn look() -> Finding {
    use std::net::{IpAddr, Ipv6Addr, UdpSocket};

    use crate::host::serve::address;
    use crate::protocol::link::DEFAULT_PORT;

    let everywhere = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
    let address = address::reachable(everywhere);
    let is_free = UdpSocket::bind((everywhere, DEFAULT_PORT)).is_ok();
    let finding = if address.is_loopback() {
        Finding::new(SUBJECT, State::Absent, "this machine is in no network: only it can visit its host")
            .fix("join a wired or wireless network")
    } else if is_free {
        Finding::works(SUBJECT, format!("visitors reach this machine at {address}, UDP port {DEFAULT_PORT}"))
    } else {
        let text = format!("this machine is {address}, and UDP port {DEFAULT_PORT} is in use");
        Finding::works(SUBJECT, text).fix("another host runs already; a second one needs --listen")
    };
    finding.fact("address", address.to_string()).fact("port", DEFAULT_PORT).fact("port_is_free", is_free)
}

#[cfg(not(feature = "host"))]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "this build hosts nothing")
}
