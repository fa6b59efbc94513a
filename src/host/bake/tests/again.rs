//! Baking again: what has not changed is left alone or taken from before, and the result is the same as from nothing.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use glam::{Affine3A, Vec3};
use serde_json::json;

use super::files::{HALL, ROOM, baked, baked_with, contents, tone, venue, write};
use super::scenes::{baked_hills, hills, node, plain_material, png, quick};
use crate::host::bake::record::FILE_NAME;
use crate::host::bake::workers::tests::with_threads;
use crate::host::bake::{BakeOptions, Baked, Quality, Stage, bake, bake_document};
use crate::protocol::manifest;
use crate::scene::gltf::Document;
use crate::store::Memo;

#[test]
fn a_folder_whose_source_has_not_changed_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let (source, out) = (write(folder.path(), ROOM), folder.path().join("twin"));
    let first = baked(&source, &out).unwrap();
    assert!(!first.is_unchanged && first.pieces_made > 0 && first.sounds == 1 && first.props == 1);
    let before = (contents(&out), fs::metadata(&out).unwrap().modified().unwrap());
    let mut stages = Vec::new();
    let again = bake(&source, &out, &quick(), &mut |progress| {
        stages.push(progress.stage);
        ControlFlow::Continue(())
    });
    let again = again.unwrap();
    assert!(again.is_unchanged && stages.iter().all(|stage| *stage == Stage::Read), "{stages:?}");
    assert_eq!(crate::host::bake::BakeReport { is_unchanged: false, ..again.lasting() }, first.lasting());
    assert_eq!((contents(&out), fs::metadata(&out).unwrap().modified().unwrap()), before);
    // The folder knows no place: elsewhere the same is baked to the same.
    let elsewhere = tempfile::tempdir().unwrap();
    baked(&write(elsewhere.path(), ROOM), &elsewhere.path().join("other")).unwrap();
    assert_eq!(contents(&elsewhere.path().join("other")), before.0);
}

#[test]
fn whatever_changes_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let (source, out) = (write(folder, ROOM), folder.join("twin"));
    let with = |quality| BakeOptions {
        quality,
        memo: Some(Memo::new(&folder.join("memo"), 1 << 30)),
        ..BakeOptions::default()
    };
    let quick = with(Quality::Quick);
    let baked = |source: &Path, out: &Path| baked_with(source, out, &quick);
    baked(&source, &out).unwrap();
    let notices = |what: &str, change: &dyn Fn()| {
        assert!(baked(&source, &out).unwrap().is_unchanged, "before {what} changes");
        change();
        assert!(!baked(&source, &out).unwrap().is_unchanged, "{what} has changed");
        let anew = folder.join("anew");
        baked(&source, &anew).unwrap();
        assert_eq!(contents(&out), contents(&anew), "{what}");
        fs::remove_dir_all(anew).unwrap();
    };
    let red = || {
        let mut file = venue(ROOM);
        file["materials"][0]["pbrMetallicRoughness"]["baseColorFactor"] = json!([1, 0, 0, 1]);
        fs::write(&source, file.to_string()).unwrap();
    };
    notices("the source", &red);
    notices("an image", &|| fs::write(folder.join("checks 1.png"), png(32, 99).bytes.unwrap()).unwrap());
    notices("a sound", &|| fs::write(folder.join("hum.wav"), tone(300)).unwrap());
    let raise = || {
        let mut bytes = fs::read(folder.join("venue.bin")).unwrap();
        // The second vertex stands further along.
        bytes[12..16].copy_from_slice(&0.2_f32.to_le_bytes());
        fs::write(folder.join("venue.bin"), bytes).unwrap();
    };
    notices("a buffer", &raise);
    let list = |radius: f32| {
        let list = json!({ "fan": { "source": "hum.wav", "radius_metres": radius } });
        fs::write(folder.join("venue.gltf.sounds.json"), list.to_string()).unwrap();
    };
    notices("that there is a list of sounds", &|| list(3.0));
    notices("the list of sounds", &|| list(4.0));
    let glb = || {
        let mut blobs = fs::read_dir(&out).unwrap().map(|entry| entry.unwrap().path());
        blobs.find(|path| path.extension().is_some_and(|extension| extension == "glb")).unwrap()
    };
    notices("the number of blobs", &|| fs::remove_file(glb()).unwrap());
    notices("the size of a blob", &|| fs::write(glb(), b"glTF").unwrap());
    let flip = || {
        let (path, mut bytes) = (glb(), fs::read(glb()).unwrap());
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).unwrap();
    };
    notices("a byte of a blob", &flip);
    notices("the manifest", &|| fs::write(out.join(manifest::FILE_NAME), b"PVLN").unwrap());
    notices("the record", &|| fs::write(out.join(FILE_NAME), b"{\"baker\":").unwrap());
    notices("that there is a record", &|| fs::remove_file(out.join(FILE_NAME)).unwrap());
    let another_baker = || {
        let text = fs::read_to_string(out.join(FILE_NAME)).unwrap();
        fs::write(out.join(FILE_NAME), text.replace(crate::host::bake::recall::BAKER, "another")).unwrap();
    };
    notices("the baker", &another_baker);

    let thorough = with(Quality::Full);
    assert!(!baked_with(&source, &out, &thorough).unwrap().is_unchanged, "the quality");
    let renamed = folder.join("hall.gltf");
    fs::copy(&source, &renamed).unwrap();
    fs::copy(folder.join("venue.gltf.sounds.json"), folder.join("hall.gltf.sounds.json")).unwrap();
    assert!(!baked_with(&renamed, &out, &thorough).unwrap().is_unchanged, "the title");
    // What is refused now was not always.
    fs::remove_file(folder.join("hum.wav")).unwrap();
    assert!(baked_with(&renamed, &out, &thorough).is_err());
}

/// The document baked with what is in the folder.
fn recalling(document: &Document, memo: &Path) -> Baked {
    let memo = Some(Memo::new(memo, 1 << 30));
    let options = BakeOptions { memo, ..BakeOptions::default() };
    bake_document(document, &options, &mut |_| ControlFlow::Continue(())).unwrap()
}

/// How many pieces were made and recalled; what came of it is what comes of nothing.
fn pieces(document: &Document, memo: &Path) -> (usize, usize) {
    let (recalled, anew) = (recalling(document, memo), super::scenes::bake(document));
    assert_eq!(recalled.tables, anew.tables);
    assert!(recalled.blobs == anew.blobs);
    (recalled.report.pieces_made, recalled.report.pieces_recalled)
}

#[test]
fn pieces_that_are_as_they_were_are_not_simplified_again() {
    let folder = tempfile::tempdir().unwrap();
    let memo = folder.path();
    let document = hills();
    let first = recalling(&document, memo);
    assert!(first.tables == baked_hills().tables && first.blobs == baked_hills().blobs);
    let all = first.report.pieces_made;
    assert!(all > 10 && first.report.pieces_recalled == 0, "{all}");
    assert_eq!(pieces(&document, memo), (0, all));

    // Another colour changes no shape.
    let mut painted = document.clone();
    painted.materials[0].base_color = [0.9, 0.1, 0.1, 1.0];
    assert_eq!(pieces(&painted, memo), (0, all));

    // Materials, entities and groups get other numbers.
    let mut larger = document.clone();
    larger.materials.insert(0, plain_material([0.1, 0.2, 0.3, 1.0]));
    let primitives = larger.meshes.iter_mut().flat_map(|mesh| &mut mesh.primitives);
    primitives.for_each(|primitive| primitive.material = primitive.material.map(|material| material + 1));
    let mut post = larger.meshes[1].clone();
    post.primitives[0].material = Some(0);
    // Small, as most of what a venue gets: where cells are cut stays.
    post.primitives[0].indices.truncate(36);
    larger.meshes.push(post);
    let place = Affine3A::from_scale_rotation_translation(
        Vec3::splat(0.2),
        glam::Quat::IDENTITY,
        Vec3::new(-8.0, 6.0, 0.0),
    );
    let post = node("a post", larger.meshes.len() - 1, place);
    larger.nodes.insert(0, crate::scene::gltf::document::Node { entity: Some("a post".into()), ..post });
    let (made, recalled) = pieces(&larger, memo);
    println!("{all} pieces; with a post more {made} are made and {recalled} recalled");
    assert!(recalled > 2 * made, "{made} {recalled}");

    // One thing is moved a little.
    let mut moved = document.clone();
    moved.nodes[1].world_from_node = Affine3A::from_translation(Vec3::new(-8.0, 3.1, 0.1));
    let (made, recalled) = pieces(&moved, memo);
    println!("with a ball moved {made} are made and {recalled} recalled");
    assert!(recalled > 2 * made, "{made} {recalled}");
}

#[test]
fn damaged_pieces_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let memo = folder.path();
    let document = hills();
    let all = recalling(&document, memo).report.pieces_made;
    for (number, (path, mut bytes)) in contents(memo).into_iter().enumerate() {
        let middle = bytes.len() / 2;
        match number % 3 {
            0 => bytes.truncate(middle),
            1 => bytes[middle] ^= 0x10,
            _ => bytes.clear(),
        }
        fs::write(memo.join(path), bytes).unwrap();
    }
    assert_eq!(pieces(&document, memo), (all, 0));
    assert_eq!(pieces(&document, memo), (0, all), "they are kept anew");
}

#[test]
fn any_number_of_workers_makes_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let source = write(folder.path(), HALL);
    let out = |count: usize| folder.path().join(format!("by {count}"));
    for count in [1, 2, 3] {
        with_threads(count, || baked_with(&source, &out(count), &BakeOptions::default())).unwrap();
    }
    let fields = super::repeats::fields(&super::repeats::poses());
    let bake = |count: usize| {
        let bake = || bake_document(&fields, &quick(), &mut |_| ControlFlow::Continue(()));
        with_threads(count, bake).unwrap()
    };
    let first = bake(1);
    for count in [2, 3] {
        assert_eq!(contents(&out(1)), contents(&out(count)), "{count} workers");
        let other = bake(count);
        assert!(first.tables == other.tables && first.blobs == other.blobs, "{count} workers");
    }
}
