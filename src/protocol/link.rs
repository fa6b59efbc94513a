//! The join link: `pavilion://host:port#sha256=<64 hexadecimal digits>`, where the digits are the
//! SHA-256 of the host's certificate (DER, as a whole). The port may be left out.
//!
//! Whoever has the link knows the host by its certificate, whatever its name or address.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::ContentHash;

/// Where a host listens unless it is told otherwise.
pub const DEFAULT_PORT: u16 = 7413;

const SCHEME: &str = "pavilion://";
const PIN: &str = "sha256=";

/// Longer than any host name (253), an address, a port and a fingerprint together.
const LINK_BYTES_MAX: usize = 400;

/// The SHA-256 of a host's certificate.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// The host's place in a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// To be looked up.
    Name(String),
    /// As it is.
    Address(IpAddr),
}

/// What a visitor needs to reach a host and to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinLink {
    /// Where.
    pub place: Place,
    /// UDP.
    pub port: u16,
    /// Who.
    pub fingerprint: Fingerprint,
}

impl JoinLink {
    /// Whether nobody but this machine reaches the host by it.
    pub fn is_of_this_machine(&self) -> bool {
        matches!(self.place, Place::Address(address) if address.is_loopback())
    }
}

impl fmt::Display for JoinLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, port, fingerprint } = self;
        match place {
            Place::Name(name) => write!(f, "{SCHEME}{name}:{port}#{PIN}{fingerprint}"),
            Place::Address(IpAddr::V4(address)) => write!(f, "{SCHEME}{address}:{port}#{PIN}{fingerprint}"),
            Place::Address(IpAddr::V6(address)) => write!(f, "{SCHEME}[{address}]:{port}#{PIN}{fingerprint}"),
        }
    }
}

/// A text that is not a join link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It begins with something else.
    #[error(
        "this is not a join link: it must look like pavilion://host:port#sha256=…, as the host prints it"
    )]
    NotALink,
    /// There is no fingerprint.
    #[error(
        "the join link has no fingerprint, so the host could not be told from an impostor: copy the link as a whole, with #sha256=… at its end"
    )]
    NoFingerprint,
    /// The fingerprint is not one.
    #[error(
        "the join link's fingerprint does not have 64 hexadecimal digits: copy the link again, as a whole, from the host"
    )]
    BadFingerprint,
    /// The host's name or address is not one.
    #[error("the join link names no host that could be looked up: copy the link again from the host")]
    BadHost,
    /// The port is not one.
    #[error("the join link's port is not a number from 1 to 65535: copy the link again from the host")]
    BadPort,
}

impl FromStr for JoinLink {
    type Err = LinkError;

    fn from_str(text: &str) -> Result<Self, LinkError> {
        let text = text.trim();
        if text.len() > LINK_BYTES_MAX {
            return Err(LinkError::NotALink);
        }
        let rest = text.strip_prefix(SCHEME).ok_or(LinkError::NotALink)?;
        let (place, fragment) = rest.split_once('#').ok_or(LinkError::NoFingerprint)?;
        let digits = fragment.strip_prefix(PIN).ok_or(LinkError::NoFingerprint)?;
        let ContentHash(fingerprint) =
            digits.to_ascii_lowercase().parse().map_err(|_| LinkError::BadFingerprint)?;
        let (place, port) = parse_place(place.strip_suffix('/').unwrap_or(place))?;
        Ok(Self { place, port, fingerprint: Fingerprint(fingerprint) })
    }
}

fn parse_place(text: &str) -> Result<(Place, u16), LinkError> {
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']').ok_or(LinkError::BadHost)?;
        let address: Ipv6Addr = address.parse().map_err(|_| LinkError::BadHost)?;
        let port = match port.strip_prefix(':') {
            Some(port) => parse_port(port)?,
            None if port.is_empty() => DEFAULT_PORT,
            None => return Err(LinkError::BadPort),
        };
        return Ok((Place::Address(IpAddr::V6(address)), port));
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, parse_port(port)?),
        None => (text, DEFAULT_PORT),
    };
    if let Ok(address) = host.parse::<Ipv4Addr>() {
        return Ok((Place::Address(IpAddr::V4(address)), port));
    }
    if !is_host_name(host) {
        return Err(LinkError::BadHost);
    }
    Ok((Place::Name(host.to_owned()), port))
}

fn parse_port(text: &str) -> Result<u16, LinkError> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|&port| is_plain && port != 0).ok_or(LinkError::BadPort)
}

/// RFC 1123, and the underscore that local networks use. A name of digits and dots only would be a
/// mistyped address.
fn is_host_name(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.len() <= 253 && has_letter && text.split('.').all(is_label)
}
