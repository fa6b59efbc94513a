//! The host is known by its certificate's SHA-256, which the join link carries: no name, no date and
//! no authority is looked at, but the host must prove that it holds the certificate's key.
//!
//! A host that comes back to a connection that broke off does not show its certificate again: it proves that it knows a
//! secret of the connection before. That is as good, for TLS keeps such a secret only once a handshake is complete, in
//! which the certificate was the pinned one, and uses it with that very [`Pin`] and no other: every configuration has a
//! store of its own, and what it holds belongs to its pin. For the same reason a visit has one pin and one configuration
//! for all of its connections.

use std::sync::{Arc, Mutex, PoisonError};

use quinn::crypto::rustls::QuicClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerIncompatible, SignatureScheme};

use crate::protocol::{ALPN, Fingerprint};

/// Takes one certificate and no other.
#[derive(Debug)]
pub struct Pin {
    expected: Fingerprint,
    /// The one that was shown instead.
    impostor: Mutex<Option<Fingerprint>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Pin {
    pub fn new(expected: Fingerprint) -> Arc<Self> {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Arc::new(Self { expected, impostor: Mutex::new(None), algorithms })
    }

    /// The certificate that was shown in place of the expected one since this was asked last, if that has happened.
    pub fn take_impostor(&self) -> Option<Fingerprint> {
        self.impostor.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What TLS needs to connect to the pinned host and no other, and to come back to it with early data (0-RTT).
    pub fn client_tls(self: &Arc<Self>) -> Result<QuicClientConfig, Error> {
        let mut config = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(self.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![ALPN.to_vec()];
        config.enable_early_data = true;
        QuicClientConfig::try_from(config)
            .map_err(|_| Error::General("no cipher for QUIC's first packets".to_owned()))
    }
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Fingerprint {
    let mut fingerprint = [0; 32];
    if let Some(suite) = ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13() {
        let digest = suite.common.hash_provider.hash(certificate);
        for (byte, digest_byte) in fingerprint.iter_mut().zip(digest.as_ref()) {
            *byte = *digest_byte;
        }
    }
    Fingerprint(fingerprint)
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = fingerprint(end_entity);
        if found == self.expected {
            return Ok(ServerCertVerified::assertion());
        }
        *self.impostor.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        Err(CertificateError::ApplicationVerificationFailure.into())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls13RequiredForQuic.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
