//! By what a host is known: a key and a certificate that outlive restarts and re-bakes.
//!
//! Both lie in one file, so that they cannot disagree, and only the user may read it. An existing
//! file that cannot be read is never replaced: links that were given out would stop working without
//! anybody being told.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quinn::EndpointConfig;
use quinn::crypto::rustls::QuicServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::ServerSessionMemoryCache;

use super::{VISITORS_MAX, restart};
use crate::protocol::{Fingerprint, transport};
use crate::store::{Care, write_atomically};

/// What the file is called.
pub const FILE_NAME: &str = "host-identity.pem";

/// By how many tickets a visitor may come back with early data. Each try takes one, also one that nobody answers, and a
/// visitor who has come back is given as many again.
const TICKETS: usize = 4;

/// Why a host has no key to be known by.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The folder or the file cannot be read or written.
    #[error("the host's key cannot be kept at {path} ({source}): check the permissions of that folder")]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file does not hold a key and a certificate that fit.
    #[error(
        "the host's key at {path} cannot be read: restore that file, or delete it to get a new key, after which links that were given out no longer work"
    )]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// No key could be made.
    #[error("no key could be made for the host: {0}")]
    Generate(#[from] rcgen::Error),
    /// The TLS library takes neither key nor certificate.
    #[error("the host's key cannot be used: {0}")]
    Tls(#[from] rustls::Error),
}

/// SHA-256 of all `parts` in a row, by the TLS library.
pub(super) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = [0; 32];
    if let Some(suite) = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13() {
        let mut context = suite.common.hash_provider.start();
        for part in parts {
            context.update(part);
        }
        for (byte, digest_byte) in hash.iter_mut().zip(context.finish().as_ref()) {
            *byte = *digest_byte;
        }
    }
    hash
}

/// A host's key and certificate.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
}

impl Identity {
    /// The identity that lies in `folder`; a new one if there is none.
    ///
    /// # Errors
    /// When there is one that cannot be read, or none can be kept.
    pub fn open(folder: &Path) -> Result<Self, IdentityError> {
        let path = folder.join(FILE_NAME);
        match fs::read(&path) {
            Ok(pem) => Self::parse(&pem).ok_or(IdentityError::Damaged { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let identity = Self::generate()?;
                let partial_name = format!("{FILE_NAME}.{}.partial", std::process::id());
                fs::create_dir_all(folder)
                    .and_then(|()| {
                        write_atomically(&path, &partial_name, identity.pem().as_bytes(), Care::Secret)
                    })
                    .map_err(|source| IdentityError::Folder { path, source })?;
                Ok(identity)
            }
            Err(source) => Err(IdentityError::Folder { path, source }),
        }
    }

    fn generate() -> Result<Self, IdentityError> {
        let key = rcgen::KeyPair::generate()?;
        let parameters = rcgen::CertificateParams::new(vec![transport::SERVER_NAME.to_owned()])?;
        let certificate = parameters.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            key: PrivatePkcs8KeyDer::from(key.serialize_der()),
        })
    }

    fn parse(pem: &[u8]) -> Option<Self> {
        let certificate = CertificateDer::from_pem_slice(pem).ok()?;
        let key = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
        let identity = Self { certificate, key };
        // Whether the two fit is what the TLS library checks.
        identity.server_tls(&[]).ok()?;
        Some(identity)
    }

    fn pem(&self) -> String {
        let mut pem = String::new();
        for (label, der) in
            [("PRIVATE KEY", self.key.secret_pkcs8_der()), ("CERTIFICATE", self.certificate.as_ref())]
        {
            // Writing to a string cannot fail.
            let _ = writeln!(pem, "-----BEGIN {label}-----");
            let mut rest: &str = &STANDARD.encode(der);
            while !rest.is_empty() {
                let (line, after) = rest.split_at(rest.len().min(64));
                let _ = writeln!(pem, "{line}");
                rest = after;
            }
            let _ = writeln!(pem, "-----END {label}-----");
        }
        pem
    }

    /// The SHA-256 of the certificate, by which viewers know the host.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint(sha256(&[&self.certificate]))
    }

    /// What connections of this host are told apart by, also after a restart.
    pub fn endpoint_config(&self) -> EndpointConfig {
        restart::endpoint_config(self.key.secret_pkcs8_der())
    }

    /// What TLS needs: version 1.3 only, and nothing but `protocols` is spoken. Who comes back with a ticket may say
    /// something before the handshake is complete.
    ///
    /// The host keeps what a ticket stands for, and forgets it once it is used: so nobody says the same once more
    /// (a replay). After a restart nothing is known of any, and visitors come in as if for the first time.
    ///
    /// # Errors
    /// When key and certificate are of no use to the TLS library.
    pub fn server_tls(&self, protocols: &[Vec<u8>]) -> Result<QuicServerConfig, IdentityError> {
        let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], PrivateKeyDer::Pkcs8(self.key.clone_key()))?;
        config.alpn_protocols = protocols.to_vec();
        config.send_tls13_tickets = TICKETS;
        config.session_storage = ServerSessionMemoryCache::new(VISITORS_MAX * TICKETS);
        // QUIC has a flow control of its own, and knows this number as yes (RFC 9001 §4.6.1).
        config.max_early_data_size = u32::MAX;
        QuicServerConfig::try_from(config)
            .map_err(|_| rustls::Error::General("no cipher for QUIC's first packets".to_owned()).into())
    }
}
