//! A host that was killed and is back tells the visitors of its former life at once that their
//! connections are gone (QUIC's stateless reset), instead of leaving them to wait for silence: for
//! that, what connection ids and reset tokens are made from must outlive the process.

use std::sync::Arc;

use quinn::EndpointConfig;
use quinn_proto::HashedConnectionIdGenerator;
use quinn_proto::crypto::{CryptoError, HmacKey};

use super::identity::sha256;

/// What an endpoint of this `secret` (which belongs to the host's key) is configured with.
pub fn endpoint_config(secret: &[u8]) -> EndpointConfig {
    let reset_key = ResetKey(sha256(&[b"pavilion reset", secret]));
    let [a, b, c, d, e, f, g, h, ..] = sha256(&[b"pavilion connection ids", secret]);
    let ids = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let mut config = EndpointConfig::new(Arc::new(reset_key));
    config.cid_generator(move || Box::new(HashedConnectionIdGenerator::from_key(ids)));
    config
}

/// Signs connection ids, which have at most 20 bytes, and nothing else.
struct ResetKey([u8; 32]);

impl HmacKey for ResetKey {
    fn sign(&self, data: &[u8], signature_out: &mut [u8]) {
        let signature = sha256(&[&self.0, data, &self.0]);
        for (out, byte) in signature_out.iter_mut().zip(signature) {
            *out = byte;
        }
    }

    fn signature_len(&self) -> usize {
        32
    }

    fn verify(&self, data: &[u8], signature: &[u8]) -> Result<(), CryptoError> {
        let expected = sha256(&[&self.0, data, &self.0]);
        let differences = expected.iter().zip(signature).fold(0, |sum, (a, b)| sum | (a ^ b));
        if differences == 0 && signature.len() == expected.len() { Ok(()) } else { Err(CryptoError) }
    }
}
