//! Why there is no connection: each cause one sentence for a person.

use std::net::SocketAddr;

use quinn::{ConnectionError, TransportErrorCode};

use crate::protocol::{CloseCause, Fingerprint, ProtocolError};

/// TLS's `no_application_protocol` (RFC 7301).
const NO_APPLICATION_PROTOCOL: u8 = 120;

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// The link's host name is unknown.
    #[error(
        "no host of the name {name} can be found: check the link, and that this device is in the venue's network"
    )]
    NameNotFound {
        /// The name.
        name: String,
    },
    /// This device cannot send anything there.
    #[error("this device has no network to reach {address} ({reason}): connect it to the venue's network")]
    NoNetwork {
        /// Where the host should be.
        address: SocketAddr,
        /// What the system says.
        reason: String,
    },
    /// Nobody has answered.
    #[error(
        "nobody answers at {address}: check that the host is running and that no firewall blocks this UDP port"
    )]
    NoAnswer {
        /// Where the host should be.
        address: SocketAddr,
    },
    /// Somebody else has answered.
    #[error(
        "the host at this address is not the one that the link was made by (it shows {found}, the link says {expected}): ask for a new link"
    )]
    WrongHost {
        /// Of the link.
        expected: Fingerprint,
        /// Of the certificate that was shown.
        found: Fingerprint,
    },
    /// The host speaks another version of the wire.
    #[error("the host speaks another version than this viewer: update both to the same version")]
    WrongVersion,
    /// The host, or we, closed the connection on purpose.
    #[error("{0}")]
    Closed(CloseCause),
    /// The host closed the connection for a cause that this version does not know.
    #[error(
        "the host has ended the visit for a cause that this viewer does not know (code {code}): update the viewer"
    )]
    ClosedByCode {
        /// The cause's number.
        code: u64,
    },
    /// The host has fallen silent.
    #[error("the host has fallen silent: the network was interrupted or the host has ended")]
    Gone,
    /// What the host said cannot be read.
    #[error("what the host says makes no sense ({0}): update the viewer and the host to the same version")]
    HostBrokeRules(#[from] ProtocolError),
    /// The secure connection could not be made.
    #[error(
        "no secure connection can be made to the host ({reason}): update the viewer and the host to the same version"
    )]
    Insecure {
        /// What TLS or QUIC says.
        reason: String,
    },
}

impl Cause {
    /// Whether trying again by oneself makes no sense.
    pub fn is_final(&self) -> bool {
        match self {
            Self::WrongHost { .. } | Self::WrongVersion | Self::HostBrokeRules(_) | Self::Insecure { .. } => {
                true
            }
            Self::Closed(cause) => cause.is_final(),
            Self::NameNotFound { .. }
            | Self::NoNetwork { .. }
            | Self::NoAnswer { .. }
            | Self::ClosedByCode { .. }
            | Self::Gone => false,
        }
    }
}

impl From<ConnectionError> for Cause {
    fn from(error: ConnectionError) -> Self {
        match error {
            ConnectionError::VersionMismatch => Self::WrongVersion,
            ConnectionError::ApplicationClosed(close) => {
                let code = close.error_code.into_inner();
                CloseCause::from_code(code).map_or(Self::ClosedByCode { code }, Self::Closed)
            }
            ConnectionError::ConnectionClosed(close) => match close.error_code {
                TransportErrorCode::CONNECTION_REFUSED => Self::Closed(CloseCause::HostFull),
                // Before the handshake is complete no cause may be said (RFC 9000 §10.2.3): the next try learns it.
                TransportErrorCode::APPLICATION_ERROR => Self::Gone,
                code if code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) => Self::WrongVersion,
                _ => Self::Insecure { reason: close.to_string() },
            },
            ConnectionError::TransportError(error) => {
                if error.code == TransportErrorCode::crypto(NO_APPLICATION_PROTOCOL) {
                    return Self::WrongVersion;
                }
                Self::Insecure { reason: error.to_string() }
            }
            ConnectionError::LocallyClosed => Self::Closed(CloseCause::Left),
            ConnectionError::Reset | ConnectionError::TimedOut | ConnectionError::CidsExhausted => Self::Gone,
        }
    }
}
