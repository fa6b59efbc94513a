//! Where the visitor's key lies: made on the first visit, the same ever after.

use std::fs;
use std::io;
use std::path::Path;

use super::Failure;
use crate::net::Identity;
use crate::store::{Care, write_atomically};

/// What the file is called.
const FILE_NAME: &str = "visitor-key.pem";

/// The key that lies in `folder`; a new one if there is none. One that cannot be read is never
/// replaced: whoever was known by it would be somebody else without being told.
///
/// # Errors
/// When there is one that cannot be read, or none can be kept.
pub fn open(folder: &Path) -> Result<Identity, Failure> {
    let path = folder.join(FILE_NAME);
    if let Some(identity) = read(&path)? {
        return Ok(identity);
    }
    let identity = Identity::generate().ok_or_else(|| {
        Failure::environment("no key could be made for you: the system gives no random bytes, restart it")
    })?;
    let partial_name = format!("{FILE_NAME}.{}.partial", std::process::id());
    fs::create_dir_all(folder)
        .and_then(|()| write_atomically(&path, &partial_name, identity.to_pem().as_bytes(), Care::Secret))
        .map_err(|error| cannot_keep(&path, &error))?;
    // Two first visits at once have made two keys: both go on with the one that has stayed.
    Ok(read(&path)?.unwrap_or(identity))
}

fn read(path: &Path) -> Result<Option<Identity>, Failure> {
    match fs::read(path) {
        Ok(pem) => Identity::from_pem(&pem).map(Some).ok_or_else(|| {
            Failure::environment(format!(
                "your key at {} cannot be read: restore that file, or delete it to get a new key, by which nobody knows you yet",
                path.display()
            ))
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot_keep(path, &error)),
    }
}

fn cannot_keep(path: &Path, error: &io::Error) -> Failure {
    Failure::environment(format!(
        "your key cannot be kept at {} ({error}): check the permissions of that folder, or set PAVILION_DATA to another",
        path.display()
    ))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::FailureKind;

    #[test]
    fn a_key_is_made_once_and_never_replaced_and_only_the_user_reads_it() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data");
        let key = open(&folder).unwrap().key();
        assert_eq!(open(&folder).unwrap().key(), key);
        let path = folder.join(FILE_NAME);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing else is left there");
        let whole = fs::read(&path).unwrap();
        for broken in [&whole[..whole.len() / 2], b"", b"a key"] {
            fs::write(&path, broken).unwrap();
            let failure = open(&folder).unwrap_err();
            assert_eq!(failure.kind, FailureKind::Environment);
            assert!(failure.sentence.contains(FILE_NAME), "{}", failure.sentence);
            assert_eq!(fs::read(&path).unwrap(), broken);
        }
        fs::write(home.path().join("file"), b"in the way").unwrap();
        assert_eq!(open(&home.path().join("file")).unwrap_err().kind, FailureKind::Environment);
    }
}
