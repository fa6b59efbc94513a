//! What is left on disk.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use super::files;
use super::scenes::{bake, ball, hills, quick, single};
use crate::host::bake::{
    self, BakeError, BakeOptions, Baked, Stage, bake as bake_file, bake_document, folder,
};
use crate::math::Aabb;
use crate::protocol::manifest;
use crate::scene::gltf::Document;
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

/// What other programs read of a twin, read by ourselves: its finest tiles stand where they stood.
#[test]
fn a_twin_is_a_tileset_that_can_be_baked_again() {
    let parent = tempfile::tempdir().unwrap();
    let out = parent.path().join("twin");
    let first = hills();
    let baked = bake(&first);
    write(&out, &baked).unwrap();
    assert!(!bake::is_tileset(&out));
    fs::remove_file(out.join(manifest::FILE_NAME)).unwrap();
    assert!(bake::is_tileset(&out));
    let again = bake::read(&out).unwrap();
    let bounds = |document: &Document| {
        let mut bounds = Aabb::EMPTY;
        for node in &document.nodes {
            for primitive in node.mesh.iter().flat_map(|&mesh| &document.meshes[mesh].primitives) {
                let positions = &document.vertex_sets[primitive.vertices].positions;
                let used = primitive.indices.iter().map(|&index| positions[index as usize]);
                bounds = used.fold(bounds, |bounds, p| bounds.with(node.world_from_node.transform_point3(p)));
            }
        }
        bounds
    };
    let (before, after) = (bounds(&first), bounds(&again));
    assert!(
        after.min.abs_diff_eq(before.min, 2e-3) && after.max.abs_diff_eq(before.max, 2e-3),
        "{before:?} {after:?}"
    );
    let finest: u32 =
        baked.tables.tiles.iter().filter(|tile| tile.child_count == 0).map(|tile| tile.triangle_count).sum();
    let primitives =
        again.nodes.iter().flat_map(|node| node.mesh).flat_map(|mesh| &again.meshes[mesh].primitives);
    assert_eq!(primitives.map(|primitive| primitive.indices.len() as u32 / 3).sum::<u32>(), finest);
    assert!(again.images.len() > 1 && again.materials.iter().any(|material| material.textures[0].is_some()));
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
    let source = files::write(folder.path(), files::HALL);
    let parent = folder.path().join("twins");
    fs::create_dir(&parent).unwrap();
    let out = parent.join("twin");
    let memo = Some(Memo::new(&folder.path().join("memo"), 1 << 30));
    let options = BakeOptions { memo, ..quick() };
    // Without an earlier bake, and in the place of one.
    for color in [[1, 1, 1, 1], [1, 0, 0, 1]] {
        let mut file = files::venue(files::HALL);
        file["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = serde_json::json!(color);
        fs::write(&source, file.to_string()).unwrap();
        let before = (names(&parent), files::contents(&parent));
        let mut stages = BTreeSet::new();
        let mut stop_at = 1;
        loop {
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
            // Blobs are like each other.
            stop_at += if stages.contains(&Stage::Write) { 5 } else { 1 };
        }
        use Stage::{Cells, Flatten, Ground, Partition, Proxies, Read, Write};
        assert_eq!(stages, BTreeSet::from([Read, Flatten, Partition, Cells, Ground, Proxies, Write]));
        assert_eq!(names(&parent), ["twin"]);
        let anew = folder.path().join("anew");
        files::baked(&source, &anew).unwrap();
        assert_eq!(files::contents(&out), files::contents(&anew));
        fs::remove_dir_all(anew).unwrap();
    }
}

#[test]
fn what_a_killed_bake_has_left_goes() {
    let folder = tempfile::tempdir().unwrap();
    let source = files::write(folder.path(), files::ROOM);
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
            fs::write(folder.path().join("hum.wav"), files::tone(if is_changed { 300 } else { 100 }))
                .unwrap();
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
