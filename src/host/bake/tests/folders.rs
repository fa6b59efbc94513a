//! What is left on disk.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use super::scenes::{bake, ball, quick, single};
use crate::host::bake::folder;
use crate::host::bake::{BakeError, Baked, bake_document};
use crate::protocol::manifest;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn write(out: &Path, baked: &Baked) -> Result<(), BakeError> {
    folder::write(out, baked, None, &mut |_| ControlFlow::Continue(()))
}

#[test]
fn a_bake_replaces_a_bake_and_nothing_else() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("twin");
    let first = bake(&single(ball(30)));
    write(&out, &first).unwrap();
    let files = names(&out);
    assert_eq!(files.len(), first.blobs.len() + 2);
    let second = bake_document(&single(ball(20)), &quick(), &mut |_| ControlFlow::Continue(())).unwrap();
    write(&out, &second).unwrap();
    assert_eq!(names(&out).len(), second.blobs.len() + 2);
    assert_ne!(names(&out), files);
    assert_eq!(names(parent.path()), ["twin"]);

    fs::remove_file(out.join(manifest::FILE_NAME)).unwrap();
    assert!(matches!(write(&out, &first), Err(BakeError::NotABake { .. })));
    let file = parent.path().join("file");
    fs::write(&file, "mine").unwrap();
    assert!(matches!(write(&file, &first), Err(BakeError::NotABake { .. })));
    assert_eq!(fs::read(&file).unwrap(), b"mine");
    let below = write(&file.join("twin"), &first);
    assert!(below.is_err_and(|error| error.to_string().contains(';')));
}

#[test]
fn breaking_off_leaves_the_old_folder_and_no_other() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("twin");
    let baked = bake(&single(ball(30)));
    write(&out, &baked).unwrap();
    let before = names(&out);
    let mut calls = 0;
    let result = folder::write(&out, &baked, None, &mut |_| {
        calls += 1;
        if calls == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert!(matches!(result, Err(BakeError::Interrupted)));
    assert_eq!((names(&out), names(parent.path())), (before, vec!["twin".to_owned()]));
}

#[test]
fn an_exchange_that_was_cut_short_is_put_right() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("twin");
    write(&out, &bake(&single(ball(20)))).unwrap();
    fs::rename(&out, parent.path().join("twin.replaced")).unwrap();
    folder::recover(&out).unwrap();
    assert_eq!(names(parent.path()), ["twin"]);
    assert!(out.join(manifest::FILE_NAME).is_file());
}
