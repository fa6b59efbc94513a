//! URIs of a glTF file → files beside it, and nothing else.
//!
//! Architecture invariant: only files inside the source file's folder (or below it) are opened:
//! never an absolute path, a scheme, a step up, or a link that leads outside; never the network.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::webp;
use crate::scene::gltf::Resolve;
use crate::scene::{ContentError, ContentHash, limits};

/// The folder that a source file is in.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Canonical: no links, no dots.
    root: PathBuf,
    /// The hash of what was read, by its URI.
    opened: BTreeMap<String, ContentHash>,
}

impl Folder {
    /// The folder of the file at `source`.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn around(source: &Path) -> io::Result<Self> {
        let file = fs::canonicalize(source)?;
        let root = file.parent().ok_or(io::ErrorKind::NotFound)?.to_owned();
        Ok(Self { root, opened: BTreeMap::new() })
    }

    /// The hashes of all that was read so far, by the URIs.
    pub fn opened(&self) -> &BTreeMap<String, ContentHash> {
        &self.opened
    }

    /// The bytes that the URI names.
    fn open(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        let path = self.locate(uri)?;
        let bytes = fs::read(path).map_err(|cause| unreadable(uri, &cause))?;
        self.opened.insert(uri.to_owned(), ContentHash::of(&bytes));
        Ok(bytes)
    }

    /// The file that the URI names, not larger than a source may be.
    ///
    /// # Errors
    /// When it is none in the folder.
    pub fn locate(&self, uri: &str) -> Result<PathBuf, ContentError> {
        let relative = relative_path(uri).map_err(|reason| ContentError::malformed(quoted(uri), reason))?;
        let failed = |cause| unreadable(uri, &cause);
        let path = fs::canonicalize(self.root.join(relative)).map_err(failed)?;
        if !path.starts_with(&self.root) {
            let reason = "it leads outside of the glTF's folder and is not opened; copy the file there";
            return Err(ContentError::malformed(quoted(uri), reason));
        }
        let metadata = fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(ContentError::malformed(quoted(uri), "it is not a file; name a file there"));
        }
        ContentError::check(&quoted(uri), "bytes", metadata.len() as usize, limits::SOURCE_BYTES_MAX)?;
        Ok(path)
    }
}

fn unreadable(uri: &str, cause: &io::Error) -> ContentError {
    let reason = format!("the file beside the glTF cannot be read ({cause}); put it there");
    ContentError::malformed(quoted(uri), reason)
}

impl Resolve for Folder {
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        self.open(uri)
    }

    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        self.open(uri).map(Some)
    }

    fn png_from_webp(&mut self, webp: &[u8]) -> Result<Option<Vec<u8>>, ContentError> {
        webp::to_png(webp).map(Some)
    }
}

/// The URI as a path below the folder, or why it is not one.
fn relative_path(uri: &str) -> Result<PathBuf, &'static str> {
    const OUTSIDE: &str = "only files in the glTF's folder are opened; copy the file there and name it alone";
    let text = percent_decoded(uri).ok_or("its percent signs do not decode to text; rename the file")?;
    // A colon is a scheme, a drive or an alternate stream; a backslash is a separator on Windows.
    if text.is_empty() || text.contains([':', '\\', '\0']) || text.starts_with('/') {
        return Err(OUTSIDE);
    }
    let path = PathBuf::from(text);
    let is_inside =
        path.components().all(|component| matches!(component, Component::Normal(_) | Component::CurDir));
    if is_inside { Ok(path) } else { Err(OUTSIDE) }
}

fn percent_decoded(uri: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(uri.len());
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push((high * 16 + low) as u8);
    }
    String::from_utf8(bytes).ok()
}

/// As it appears in a message: short, and without control characters.
fn quoted(uri: &str) -> String {
    let shown: String = uri.chars().take(80).flat_map(char::escape_debug).collect();
    format!("“{shown}”")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_files_inside_of_the_folder_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("venue");
        fs::create_dir_all(inside.join("a b")).unwrap();
        fs::write(inside.join("twin.gltf"), "{}").unwrap();
        fs::write(inside.join("a b/ä.bin"), [1, 2]).unwrap();
        fs::write(dir.path().join("secret"), [3]).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(dir.path().join("secret"), inside.join("link")).unwrap();
        let mut folder = Folder::around(&inside.join("twin.gltf")).unwrap();
        assert_eq!(folder.buffer("a%20b/%C3%A4.bin").unwrap(), [1, 2]);
        assert_eq!(folder.buffer("./a b/ä.bin").unwrap(), [1, 2]);
        let absolute = dir.path().join("secret").display().to_string();
        let refused = [
            "../secret",
            "%2e%2e/secret",
            "a b/../../secret",
            "a%5c..%5c..%5csecret",
            "link",
            &absolute,
            "file:///etc/passwd",
            "http://example.org/x.bin",
            "C:/x.bin",
            "//example.org/x.bin",
            "%ff%fe",
            "%2",
            "",
            "a b",
            "missing.bin",
        ];
        for uri in refused {
            let Err(error) = folder.buffer(uri) else { panic!("{uri} was opened") };
            assert!(error.to_string().contains(';'), "{error}");
        }
    }
}
