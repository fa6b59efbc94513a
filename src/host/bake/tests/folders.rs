//! What is left on disk.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use super::files;
use super::scenes::{bake, ball, quick, single};
use crate::host::bake::folder;
use crate::host::bake::{BakeError, BakeOptions, Baked, Stage, bake as bake_file, bake_document};
use crate::protocol::manifest;
use crate::store::Memo;

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
fn breaking_off_anywhere_leaves_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let source = files::write(folder.path());
    let parent = folder.path().join("twins");
    fs::create_dir(&parent).unwrap();
    let out = parent.join("twin");
    let memo = Some(Memo::new(&folder.path().join("memo"), 1 << 30));
    let options = BakeOptions { memo, ..BakeOptions::default() };
    // Without an earlier bake, and in the place of one.
    for color in [[1, 1, 1, 1], [1, 0, 0, 1]] {
        let mut file = files::venue();
        file["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = serde_json::json!(color);
        fs::write(&source, file.to_string()).unwrap();
        let before = (names(&parent), files::contents(&parent));
        let mut stages = BTreeSet::new();
        for stop_at in 1.. {
            let mut calls = 0;
            let result = bake_file(&source, &out, &options, &mut |progress| {
                calls += 1;
                if calls < stop_at {
                    return ControlFlow::Continue(());
                }
                stages.insert(progress.stage);
                ControlFlow::Break(())
            });
            if result.is_ok() {
                assert!(calls < stop_at);
                break;
            }
            assert!(matches!(result, Err(BakeError::Interrupted)), "{result:?}");
            assert_eq!((names(&parent), files::contents(&parent)), before, "at call {stop_at}");
        }
        use Stage::{Cells, Flatten, Ground, Partition, Proxies, Read, Write};
        assert_eq!(stages, BTreeSet::from([Read, Flatten, Partition, Cells, Ground, Proxies, Write]));
        assert_eq!(names(&parent), ["twin"]);
        let anew = folder.path().join("anew");
        files::baked_with(&source, &anew, &BakeOptions::default()).unwrap();
        assert_eq!(files::contents(&out), files::contents(&anew));
        fs::remove_dir_all(anew).unwrap();
    }
}

#[test]
fn what_a_killed_bake_has_left_goes() {
    let folder = tempfile::tempdir().unwrap();
    let source = files::write(folder.path());
    let parent = folder.path().join("twins");
    fs::create_dir(&parent).unwrap();
    let out = parent.join("twin");
    let whole = files::baked(&source, &out).map(|_| files::contents(&out)).unwrap();
    let half = || {
        fs::create_dir(parent.join("twin.partial")).unwrap();
        fs::write(parent.join("twin.partial/blob.glb"), b"gl").unwrap();
    };
    let aside = || fs::create_dir(parent.join("twin.replaced")).unwrap();
    let renamed = || fs::rename(&out, parent.join("twin.replaced")).unwrap();
    let leavings: [&[&dyn Fn()]; 4] = [&[&half], &[&aside], &[&renamed], &[&half, &renamed]];
    for (number, leaving) in leavings.into_iter().enumerate() {
        for is_changed in [false, true] {
            leaving.iter().for_each(|leave| leave());
            fs::write(folder.path().join("hum.wav"), files::tone(if is_changed { 300 } else { 100 })).unwrap();
            let report = files::baked(&source, &out).unwrap();
            assert_eq!(report.is_unchanged, !is_changed, "leaving {number}");
            assert_eq!(names(&parent), ["twin"], "leaving {number}");
        }
        fs::write(folder.path().join("hum.wav"), files::tone(100)).unwrap();
        files::baked(&source, &out).unwrap();
        assert_eq!(files::contents(&out), whole, "leaving {number}");
    }
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
