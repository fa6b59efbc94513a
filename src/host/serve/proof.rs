//! Whether a visitor's key is theirs: they have signed what only the two ends of this connection know.

use quinn::Connection;
use rustls::SignatureScheme;
use rustls::crypto::ring;

use crate::protocol::Hello;
use crate::protocol::visitor::{BINDING_LABEL, Binding, proof_message};

/// Whether `hello` proves its key on this connection. None does that came before the handshake was complete: what is to
/// be signed depends on all of it.
pub fn is_proven(connection: &Connection, hello: &Hello) -> bool {
    let mut binding = Binding::default();
    connection.export_keying_material(&mut binding, BINDING_LABEL, &hello.key.0).is_ok()
        && is_signed(&binding, hello)
}

/// Whether the proof is a signature of `binding` by the key.
pub fn is_signed(binding: &Binding, hello: &Hello) -> bool {
    let algorithms = ring::default_provider().signature_verification_algorithms;
    let ed25519 = algorithms.mapping.iter().find(|(scheme, _)| *scheme == SignatureScheme::ED25519);
    let Some(algorithm) = ed25519.and_then(|(_, algorithms)| algorithms.first()) else { return false };
    let message = proof_message(binding, &hello.key);
    algorithm.verify_signature(&hello.key.0, &message, &hello.proof.to_bytes()).is_ok()
}
