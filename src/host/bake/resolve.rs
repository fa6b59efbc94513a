//! URIs of a glTF file or a tileset → files beside it, and nothing else.
//!
//! Architecture invariant: only files inside the source file's folder (or below it) are opened:
//! never an absolute path, a scheme, a step up or a link that leads outside; never the network.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use super::{basis, draco, webp};
use crate::scene::gltf::Resolve;
use crate::scene::gltf::draco::DracoMesh;
use crate::scene::gltf::image::Foreign;
use crate::scene::tiles3d::Files;
use crate::scene::{ContentError, ContentHash, limits};

/// The folder that a source file is in.
#[derive(Clone, Debug)]
pub struct Folder {
    /// Canonical: no links, no dots.
    root: PathBuf,
    /// Where in it the file is whose URIs are asked for.
    here: PathBuf,
    /// Which variant is wanted of the files.
    variant: Option<String>,
    /// The hashes of what was read, by the way from the folder; all that see the folder share them.
    opened: Rc<RefCell<BTreeMap<String, ContentHash>>>,
}

impl Folder {
    /// The folder of the file at `source`.
    ///
    /// # Errors
    /// When there is no such file.
    pub fn around(source: &Path) -> io::Result<Self> {
        let file = fs::canonicalize(source)?;
        let root = file.parent().ok_or(io::ErrorKind::NotFound)?.to_owned();
        Ok(Self { root, here: PathBuf::new(), variant: None, opened: Rc::default() })
    }

    /// The same, whose files are to be shown in a variant of theirs.
    pub fn showing(self, variant: Option<&str>) -> Self {
        Self { variant: variant.map(str::to_owned), ..self }
    }

    /// The hashes of all that was read so far, by the ways from the folder to it.
    pub fn opened(&self) -> BTreeMap<String, ContentHash> {
        self.opened.borrow().clone()
    }

    /// The bytes that the URI names.
    fn bytes(&self, uri: &str) -> Result<Vec<u8>, ContentError> {
        self.file(uri).map(|(_, bytes)| bytes)
    }

    /// The file that the URI names: where it is, below the folder, and its bytes, which are not too many.
    fn file(&self, uri: &str) -> Result<(PathBuf, Vec<u8>), ContentError> {
        let relative =
            relative_path(uri, &self.here).map_err(|reason| ContentError::malformed(quoted(uri), reason))?;
        let failed = |cause: io::Error| unreadable(uri, &cause);
        let way = self.here.join(relative);
        let path = fs::canonicalize(self.root.join(&way)).map_err(failed)?;
        if !path.starts_with(&self.root) {
            let reason = "it leads outside of the folder and is not opened; copy the file there";
            return Err(ContentError::malformed(quoted(uri), reason));
        }
        let metadata = fs::metadata(&path).map_err(failed)?;
        if !metadata.is_file() {
            return Err(ContentError::malformed(quoted(uri), "it is not a file; name a file there"));
        }
        ContentError::check(&quoted(uri), "bytes", metadata.len() as usize, limits::SOURCE_BYTES_MAX)?;
        let bytes = fs::read(&path).map_err(failed)?;
        self.opened.borrow_mut().insert(slashed(&way), ContentHash::of(&bytes));
        Ok((path, bytes))
    }

    /// The same folder, seen from the file at the place.
    fn seen_from(&self, place: &str) -> Self {
        let here = Path::new(place).parent().unwrap_or(Path::new("")).to_owned();
        Self { here, ..self.clone() }
    }
}

/// As it is written on every system.
fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

fn unreadable(uri: &str, cause: &io::Error) -> ContentError {
    let reason = format!("the file beside the source cannot be read ({cause}); put it there");
    ContentError::malformed(quoted(uri), reason)
}

impl Files for Folder {
    fn open(&mut self, from: &str, uri: &str) -> Result<(String, Vec<u8>), ContentError> {
        let (path, bytes) = self.seen_from(from).file(uri)?;
        Ok((slashed(path.strip_prefix(&self.root).unwrap_or(&path)), bytes))
    }

    fn beside<'a>(&'a mut self, place: &str) -> Box<dyn Resolve + 'a> {
        Box::new(self.seen_from(place))
    }
}

impl Resolve for Folder {
    fn buffer(&mut self, uri: &str) -> Result<Vec<u8>, ContentError> {
        self.bytes(uri)
    }

    fn image(&mut self, uri: &str) -> Result<Option<Vec<u8>>, ContentError> {
        self.bytes(uri).map(Some)
    }

    fn png_from(&mut self, kind: Foreign, bytes: &[u8]) -> Result<Option<Vec<u8>>, ContentError> {
        match kind {
            Foreign::WebP => webp::to_png(bytes).map(Some),
            Foreign::Ktx2 => basis::to_png(bytes),
        }
    }

    fn variant(&self) -> Option<&str> {
        self.variant.as_deref()
    }

    fn mesh_from_draco(
        &mut self,
        bytes: &[u8],
        elements_max: usize,
    ) -> Result<Option<DracoMesh>, ContentError> {
        draco::decode(bytes, elements_max).map(Some)
    }
}

/// The URI as a path from `here`, which is below the folder, to another that is; or why it is not one.
fn relative_path(uri: &str, here: &Path) -> Result<PathBuf, &'static str> {
    const OUTSIDE: &str =
        "only files in the source's folder are opened; copy the file there and name it alone";
    let text = percent_decoded(uri).ok_or("its percent signs do not decode to text; rename the file")?;
    // A colon is a scheme, a drive or an alternate stream; a backslash is a separator on Windows.
    if text.is_empty() || text.contains([':', '\\', '\0']) || text.starts_with('/') {
        return Err(OUTSIDE);
    }
    let path = PathBuf::from(text);
    let mut depth = here.components().count();
    for component in path.components() {
        depth = match component {
            Component::Normal(_) => depth + 1,
            Component::CurDir => depth,
            Component::ParentDir => depth.checked_sub(1).ok_or(OUTSIDE)?,
            Component::RootDir | Component::Prefix(_) => return Err(OUTSIDE),
        };
    }
    Ok(path)
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

    #[test]
    fn tiles_may_step_up_as_far_as_their_tileset() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("tiles");
        fs::create_dir_all(inside.join("a/b")).unwrap();
        fs::create_dir_all(inside.join("c")).unwrap();
        for (name, bytes) in [("tileset.json", "{}"), ("a/b/x.glb", "x"), ("c/y.bin", "y")] {
            fs::write(inside.join(name), bytes).unwrap();
        }
        fs::write(dir.path().join("secret"), "s").unwrap();
        let mut folder = Folder::around(&inside.join("tileset.json")).unwrap();
        let (place, bytes) = Files::open(&mut folder, "tileset.json", "a/b/x.glb").unwrap();
        assert_eq!((place.as_str(), bytes.as_slice()), ("a/b/x.glb", b"x".as_slice()));
        let (place, _) = Files::open(&mut folder, &place, "../../c/y.bin").unwrap();
        assert_eq!(place, "c/y.bin");
        assert_eq!(folder.beside("a/b/x.glb").buffer("../../c/y.bin").unwrap(), b"y");
        for uri in ["../../../secret", "../../../tiles/c/y.bin", "../../../../../etc/passwd"] {
            assert!(Files::open(&mut folder, "a/b/x.glb", uri).is_err(), "{uri} was opened");
            assert!(folder.beside("a/b/x.glb").buffer(uri).is_err(), "{uri} was opened");
        }
    }
}
