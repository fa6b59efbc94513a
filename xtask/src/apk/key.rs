//! Who signs an APK: a debug key that is made once for this user, or a key that the publisher keeps.
//!
//! A headset takes an update only from the key of the first install, so the debug key lies with the user's settings
//! and not in the cache, and is never made anew while it is there.

use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};

use super::der;
use super::signature::P256_INFO;
use crate::fault::Environment;

const PRIVATE_KEY: &str = "PRIVATE KEY";
const CERTIFICATE: &str = "CERTIFICATE";

/// A key and the certificate that names it.
pub struct Key {
    pair: EcdsaKeyPair,
    certificate: Vec<u8>,
}

impl Key {
    /// The user's debug key, made now if there is none.
    pub fn debug() -> Result<Self> {
        let path = debug_path()?;
        if !path.exists() {
            eprintln!("apk: making a debug key, {}", path.display());
            make_debug(&path).with_context(|| format!("cannot make the debug key {}", path.display()))?;
        }
        Self::read(&path, None)
    }

    /// The key in a file, PEM or DER, and its certificate: in a second file, or behind the key in a PEM file.
    pub fn read(path: &Path, certificate: Option<&Path>) -> Result<Self> {
        let load = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
        let key_file = load(path)?;
        let shown = path.display();
        let private = block(&key_file, PRIVATE_KEY).with_context(|| format!("{shown} holds no key"))?;
        let certificate = match certificate {
            Some(path) => block(&load(path)?, CERTIFICATE)
                .with_context(|| format!("{} holds no certificate", path.display()))?,
            None if key_file.starts_with(b"\x30") => {
                bail!("{shown} is a bare key: give its certificate with --cert")
            }
            None => block(&key_file, CERTIFICATE)
                .with_context(|| format!("{shown} holds a key alone: give its certificate with --cert"))?,
        };
        Self::new(&private, certificate).with_context(|| format!("{shown} cannot sign"))
    }

    fn new(private: &[u8], certificate: Vec<u8>) -> Result<Self> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, private, &SystemRandom::new());
        let pair = pair.map_err(|why| {
            anyhow::anyhow!(
                "it is no unencrypted PKCS #8 key on the curve P-256 ({why}): make one with `{MAKE}`"
            )
        })?;
        let key = Self { pair, certificate };
        ensure!(
            der::public_info(&key.certificate)? == key.public_info(),
            "its certificate is of another key"
        );
        Ok(key)
    }

    /// An ECDSA signature with SHA-256, in DER.
    pub fn sign(&self, bytes: &[u8]) -> Result<Vec<u8>> {
        let signature = self.pair.sign(&SystemRandom::new(), bytes);
        let signature =
            signature.map_err(|_| Environment("the system gives no random numbers to sign with".into()))?;
        Ok(signature.as_ref().to_vec())
    }

    /// The certificate, in DER.
    pub fn certificate(&self) -> &[u8] {
        &self.certificate
    }

    /// The SubjectPublicKeyInfo, in DER.
    pub fn public_info(&self) -> Vec<u8> {
        [&P256_INFO[..], self.pair.public_key().as_ref()].concat()
    }
}

/// How to make a key of one's own, certificate included.
const MAKE: &str = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10000 -subj /CN=NAME \
                    -keyout release.pem -out certificate.pem && cat certificate.pem >> release.pem";

/// Where the debug key is: `$XDG_CONFIG_HOME/pavilion` or `~/.config/pavilion`.
pub fn debug_path() -> Result<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|home| home.join(".config")));
    let base = base.ok_or_else(|| Environment("neither XDG_CONFIG_HOME nor HOME is set: set one".into()))?;
    Ok(base.join("pavilion/android-debug-key.pem"))
}

/// Makes a key that only the user can read. Of two processes that do so at once, the first one's stays.
fn make_debug(path: &Path) -> Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?;
    let mut parameters = rcgen::CertificateParams::new(Vec::new())?;
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, "Pavilion debug");
    parameters.not_before = rcgen::date_time_ymd(2025, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(2060, 1, 1);
    let certificate = parameters.self_signed(&pair)?;
    let text = pem(PRIVATE_KEY, &pair.serialize_der()) + &pem(CERTIFICATE, certificate.der());

    fs::create_dir_all(path.parent().context("it has no folder")?)?;
    let partial = path.with_extension(format!("{}.partial", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&partial, path);
    fs::remove_file(&partial)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error.into()),
        _ => Ok(()),
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    for line in BASE64.encode(bytes).as_bytes().chunks(64) {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", String::from_utf8_lossy(line));
    }
    text + &format!("-----END {label}-----\n")
}

/// The bytes of a PEM block, or the whole file where it is DER.
fn block(file: &[u8], label: &str) -> Option<Vec<u8>> {
    if file.starts_with(b"\x30") {
        return Some(file.to_vec());
    }
    let text = std::str::from_utf8(file).ok()?;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (encoded, _) = rest.split_once(&format!("-----END {label}-----"))?;
    BASE64.decode(encoded.split_whitespace().collect::<String>()).ok()
}

#[cfg(test)]
pub mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Command;

    use super::*;
    use crate::process;

    /// A fresh key.
    pub fn made() -> Key {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join("key.pem");
        make_debug(&path).expect("made");
        Key::read(&path, None).expect("read")
    }

    #[test]
    fn a_debug_key_is_made_once_and_for_its_user_alone() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join("deep/key.pem");
        make_debug(&path).expect("made");
        let first = fs::read(&path).expect("a key");
        assert_eq!(fs::metadata(&path).expect("a key").permissions().mode() & 0o777, 0o600);
        make_debug(&path).expect("the first stays");
        assert_eq!(fs::read(&path).expect("a key"), first);
        assert_eq!(fs::read_dir(folder.path().join("deep")).expect("a folder").count(), 1);
        Key::read(&path, None).expect("it signs");
    }

    #[test]
    fn keys_of_openssl_are_read_and_others_are_one_sentence() {
        if !process::is_installed("openssl") {
            println!("skipped: openssl is not installed");
            return;
        }
        let folder = tempfile::tempdir().expect("a temp folder");
        let shell = |script: &str| {
            process::output(Command::new("sh").current_dir(folder.path()).args(["-c", script])).expect(script)
        };
        let path = |name: &str| folder.path().join(name);
        shell(MAKE);
        Key::read(&path("release.pem"), None).expect("both in one file");
        shell("openssl pkcs8 -topk8 -nocrypt -in release.pem -outform DER -out bare.der");
        Key::read(&path("bare.der"), Some(&path("certificate.pem"))).expect("in two files");

        let refused = |key: &str, certificate: Option<&str>| {
            let certificate = certificate.map(path);
            let read = Key::read(&path(key), certificate.as_deref());
            format!("{:#}", read.err().expect("it is refused"))
        };
        assert!(refused("bare.der", None).contains("give its certificate with --cert"));
        shell(&MAKE.replace("release.pem", "other.pem").replace("certificate.pem", "another.pem"));
        let error = refused("release.pem", Some("another.pem"));
        assert!(error.contains("its certificate is of another key"), "{error}");
        shell("openssl req -x509 -newkey rsa:2048 -nodes -days 9 -subj /CN=x -keyout rsa.pem -out rsa.crt");
        let error = refused("rsa.pem", Some("rsa.crt"));
        assert!(error.contains("no unencrypted PKCS #8 key on the curve P-256"), "{error}");
        assert!(refused("another.pem", None).contains("holds no key"));
    }
}
