//! Who the visitor is: an Ed25519 key, which never leaves this device, and a name.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quinn::Connection;
use rustls::SignatureScheme;
use rustls::crypto::ring;
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::sign::SigningKey;

use crate::protocol::visitor::{BINDING_LABEL, Binding, proof_message};
use crate::protocol::{Name, Proof, VisitorKey};

/// PKCS #8 for an Ed25519 key (RFC 8410): this, then its 32 secret bytes.
const PKCS8_HEAD: [u8; 16] =
    [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];

const PEM_HEAD: &str = "-----BEGIN PRIVATE KEY-----";
const PEM_END: &str = "-----END PRIVATE KEY-----";

/// What a host is told of the visitor.
#[derive(Clone, Debug)]
pub struct Me {
    /// By what to call them.
    pub name: Name,
    /// Who they are.
    pub identity: Identity,
}

/// A visitor's key pair.
#[derive(Clone, Debug)]
pub struct Identity {
    signing: Arc<dyn SigningKey>,
    key: VisitorKey,
    seed: Seed,
}

#[derive(Clone)]
struct Seed([u8; 32]);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("secret")
    }
}

impl Identity {
    /// A new key; `None` when the system gives no random bytes.
    pub fn generate() -> Option<Self> {
        let mut seed = [0; 32];
        ring::default_provider().secure_random.fill(&mut seed).ok()?;
        Self::from_seed(seed)
    }

    /// The key in a PEM file with a PKCS #8 Ed25519 key, as this program or OpenSSL writes it; `None`
    /// when it is none.
    pub fn from_pem(pem: &[u8]) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from_pem_slice(pem).ok()?;
        let seed = der.secret_pkcs8_der().strip_prefix(PKCS8_HEAD.as_slice())?;
        Self::from_seed(seed.try_into().ok()?)
    }

    /// As a PEM file.
    pub fn to_pem(&self) -> String {
        let der = [PKCS8_HEAD.as_slice(), &self.seed.0].concat();
        format!("{PEM_HEAD}\n{}\n{PEM_END}\n", STANDARD.encode(der))
    }

    fn from_seed(seed: [u8; 32]) -> Option<Self> {
        let der = PrivatePkcs8KeyDer::from([PKCS8_HEAD.as_slice(), &seed].concat());
        let signing = ring::sign::any_eddsa_type(&der).ok()?;
        // The key ends the description that it is wrapped in.
        let key = *signing.public_key()?.as_ref().last_chunk()?;
        Some(Self { signing, key: VisitorKey(key), seed: Seed(seed) })
    }

    /// By what the visitor is known.
    pub fn key(&self) -> VisitorKey {
        self.key
    }

    /// Proves on this connection that the key is ours; `None` when TLS is not set up.
    pub(crate) fn prove(&self, connection: &Connection) -> Option<Proof> {
        let mut binding = Binding::default();
        connection.export_keying_material(&mut binding, BINDING_LABEL, &self.key.0).ok()?;
        self.sign(&binding)
    }

    /// The proof for what TLS exports.
    pub(crate) fn sign(&self, binding: &Binding) -> Option<Proof> {
        let signer = self.signing.choose_scheme(&[SignatureScheme::ED25519])?;
        Proof::from_bytes(&signer.sign(&proof_message(binding, &self.key)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// RFC 8032 §7.1, test 1.
    const RFC_SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const RFC_KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

    fn hex(text: &str) -> [u8; 32] {
        std::array::from_fn(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
    }

    #[test]
    fn a_key_is_the_one_of_the_rfc_and_survives_its_file() {
        let identity = Identity::from_seed(hex(RFC_SEED)).unwrap();
        assert_eq!(identity.key(), VisitorKey(hex(RFC_KEY)));
        let pem = identity.to_pem();
        assert_eq!(Identity::from_pem(pem.as_bytes()).unwrap().key(), identity.key());
        for length in 0..pem.len() - 2 {
            assert!(Identity::from_pem(&pem.as_bytes()[..length]).is_none(), "cut at {length}");
        }
        assert!(!format!("{identity:?}").contains("9d"), "the secret is not shown");
        assert_ne!(Identity::generate().unwrap().key(), Identity::generate().unwrap().key());
    }
}
