//! What moves by itself is where its bones hold it, as fine as it has to be, and costs nothing where nobody looks.

use std::sync::Arc;

use glam::{Affine3A, Quat, Vec3, Vec4};

use super::*;
use crate::scene::material::{MaterialProperty, MaterialTrack};
use crate::scene::motion::{Bone, Curve, Interpolation, Joint, Motion, Property, Track, Transform};
use crate::scene::{Material, MaterialId, Mover};

/// Goes to and fro between x = −10 and x = 10 in four seconds, 12 m ahead: a box of a metre.
fn shuttle() -> Motion {
    let ends = [[-10.0_f32, 0.0, -12.0], [10.0, 0.0, -12.0], [-10.0, 0.0, -12.0]];
    let curve = Curve::new(Interpolation::Linear, 3, vec![0.0, 2.0, 4.0], ends.concat()).unwrap();
    Motion {
        bones: vec![Bone { parent: None, rest: Transform::IDENTITY, is_visible: true }],
        joints: vec![Joint {
            bone: 0,
            bone_from_grid: Affine3A::from_scale(Vec3::splat(1.0 / 65_535.0)),
            reach: Aabb { min: Vec3::ZERO, max: Vec3::splat(65_535.0) },
        }],
        tracks: vec![Track { property: Property::Translation(0), curve, period_seconds: 4.0 }],
        weights: Vec::new(),
    }
}

/// The tree of `scene()` and a shuttle in three levels: tiles 5, 6 and 7.
fn with_shuttle(arrived: &[u32]) -> Scene {
    let mut tables = scene().tileset.tables().clone();
    let bounds = Aabb { min: Vec3::new(-10.0, 0.0, -12.0), max: Vec3::new(11.0, 1.0, -11.0) };
    for error in [0.0, 0.05, 0.5] {
        let leaf = tables.tiles[4].clone();
        tables.tiles.push(Tile { bounds, geometric_error_metres: error, ..leaf });
    }
    tables.movers = vec![Mover { first: TileId(5), level_count: 3 }];
    tables.materials = vec![Material::default()];
    let curve = Curve::new(Interpolation::Step, 1, vec![0.0, 1.0], vec![0.25, 0.75]).unwrap();
    let (material, property) = (MaterialId(0), MaterialProperty::Roughness);
    tables.material_tracks = vec![MaterialTrack { material, property, curve, period_seconds: 2.0 }];
    let mut scene = Scene::new(Tileset::try_from(tables).unwrap());
    for &tile in arrived {
        arrive(&mut scene, tile);
        let mut resident = scene.resident(TileId(tile)).unwrap().clone();
        resident.motion = Some(Arc::new(shuttle()));
        scene.set_resident(TileId(tile), Some(resident));
    }
    scene
}

fn moving(list: &DrawList) -> Vec<u32> {
    list.posed.iter().map(|posed| posed.tile.0).collect()
}

#[test]
fn it_is_drawn_where_it_is_at_the_time() {
    let mut scene = with_shuttle(&[5, 6, 7]);
    let ahead = eyes(Vec3::new(0.0, 0.5, 0.0), 0.0);
    for (seconds, x) in [(1.0, 0.0), (1.2, 2.0), (2.9, 1.0), (4e9 + 3.2, -2.0)] {
        scene.set_seconds(seconds);
        let (list, _) = run(&mut Culler::default(), &scene, &ahead);
        assert_eq!(moving(&list), [5]);
        let posed = &list.posed[0];
        let palette = list.palettes[posed.joints.start as usize];
        let draw = list.draws.iter().find(|draw| tile_of(draw) == Some(5)).unwrap();
        let instance = list.instances[draw.instance as usize];
        // A corner at rest → the frame's grid → the world.
        let rest = Vec4::new(65_535.0, 0.0, 65_535.0, 1.0);
        let grid = palette.map(|row| row.dot(rest));
        assert!(grid.iter().all(|x| (-0.5..=65_535.5).contains(x)), "{grid:?} is not on the grid");
        let grid = Vec4::new(grid[0].round(), grid[1].round(), grid[2].round(), 1.0);
        let [world_x, y, z] = instance.world_from_grid.map(|row| row.dot(grid));
        assert!(
            Vec3::new(world_x, y, z).abs_diff_eq(Vec3::new(x + 1.0, 0.0, -11.0), 1e-3),
            "{world_x} {y} {z}"
        );
    }
}

#[test]
fn it_is_as_fine_as_it_has_to_be_and_what_is_missing_is_asked_for() {
    let near = eyes(Vec3::new(0.0, 0.5, -11.0), 0.0);
    let far = eyes(Vec3::new(0.0, 0.5, 900.0), 0.0);
    let mut culler = Culler::default();
    let at_rest = |arrived: &[u32]| {
        let mut scene = with_shuttle(arrived);
        scene.set_seconds(1.0);
        scene
    };
    let (list, demand) = run(&mut culler, &at_rest(&[5, 6, 7]), &near);
    assert_eq!((moving(&list), wanted(&demand).contains(&5)), (vec![5], false));
    let (list, demand) = run(&mut culler, &at_rest(&[7]), &near);
    assert_eq!((moving(&list), wanted(&demand).contains(&5)), (vec![7], true));
    let (list, demand) = run(&mut culler, &at_rest(&[]), &near);
    assert_eq!((moving(&list), wanted(&demand).contains(&5)), (vec![], true));
    let (list, demand) = run(&mut culler, &at_rest(&[5, 6, 7]), &far);
    assert_eq!((moving(&list), demand.keeps.contains(&TileId(7))), (vec![7], true));
}

#[test]
fn a_finer_level_comes_while_the_coarser_one_goes() {
    let ahead = eyes(Vec3::new(0.0, 0.5, 0.0), 0.0);
    let (mut scene, mut culler) = (with_shuttle(&[7]), Culler::default());
    let mut at = |scene: &mut Scene, seconds: f64| {
        scene.set_seconds(seconds);
        let (list, demand) = run(&mut culler, scene, &ahead);
        let drawn = list.posed.iter().map(|posed| posed.tile.0);
        let fade = |tile: u32| list.draws.iter().find(|draw| tile_of(draw) == Some(tile)).unwrap().fade;
        (drawn.map(|tile| (tile, fade(tile))).collect::<Vec<_>>(), demand.keeps)
    };
    assert_eq!(at(&mut scene, 1.0).0, [(7, Fade::Settled)]);
    assert_eq!(at(&mut scene, 1.0625).0, [(7, Fade::Settled)]);
    scene.set_resident(TileId(5), with_shuttle(&[5]).resident(TileId(5)).cloned());
    assert_eq!(at(&mut scene, 1.125).0, [(7, Fade::Settled)]);
    let (half, keeps) = at(&mut scene, 1.25);
    assert_eq!(half, [(5, Fade::Coming(32)), (7, Fade::Going(32))]);
    assert!(keeps.contains(&TileId(7)), "it goes before it has gone");
    let (after, keeps) = at(&mut scene, 1.375);
    assert_eq!((after, keeps.contains(&TileId(7))), (vec![(5, Fade::Settled)], false));
}

#[test]
fn what_nobody_sees_is_kept_and_costs_no_posture() {
    let mut scene = with_shuttle(&[5, 6, 7]);
    let ahead = eyes(Vec3::new(0.0, 0.5, 0.0), 0.0);
    let away = eyes(Vec3::new(0.0, 0.5, 0.0), std::f32::consts::PI);
    scene.set_seconds(1.0);
    let (list, demand) = run(&mut Culler::default(), &scene, &away);
    assert_eq!((moving(&list), demand.keeps.iter().any(|tile| tile.0 >= 5)), (vec![], true));
    // Its box is in view all the time; it itself has gone out of it to the left.
    let left = eyes(Vec3::new(0.0, 0.5, -9.5), -0.9);
    scene.set_seconds(0.0);
    assert_eq!(moving(&run(&mut Culler::default(), &scene, &left).0), [0; 0]);
    assert_eq!(moving(&run(&mut Culler::default(), &scene, &ahead).0).len(), 1);
}

#[test]
fn materials_are_what_they_are_at_the_time() {
    let mut scene = with_shuttle(&[]);
    for (seconds, roughness) in [(0.5, 0.25), (1.5, 0.75), (2.5, 0.25)] {
        scene.set_seconds(seconds);
        let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::Z, 0.0));
        let [(id, material)] = &list.materials[..] else { panic!("{} materials", list.materials.len()) };
        assert_eq!((*id, material.roughness), (MaterialId(0), roughness));
        assert_eq!(material.metallic, Material::default().metallic);
    }
}

/// A host may give what moves any number of bones: a frame works out so many, and leaves the rest out.
#[test]
fn a_frame_works_out_so_many_bones_and_no_more() {
    let with_bones = |count: usize| {
        let mut scene = with_shuttle(&[5, 6, 7]);
        scene.set_seconds(1.0);
        let mut motion = shuttle();
        motion.bones.resize(count, motion.bones[0]);
        for tile in 5..8 {
            let mut resident = scene.resident(TileId(tile)).unwrap().clone();
            resident.motion = Some(Arc::new(motion.clone()));
            scene.set_resident(TileId(tile), Some(resident));
        }
        let ahead = eyes(Vec3::new(0.0, 0.5, 0.0), 0.0);
        run(&mut Culler::default(), &scene, &ahead).0.posed.len()
    };
    let most = crate::scene::limits::BONES_PER_FRAME_MAX;
    assert_eq!([most, most + 1].map(with_bones), [1, 0]);
}

/// A host may write any numbers into a motion: what leaves the world is not drawn.
#[test]
fn what_is_out_of_the_world_is_not_drawn() {
    for scale in [1e30_f32, f32::MAX, -1e38] {
        let mut scene = with_shuttle(&[5, 6, 7]);
        for tile in 5..8 {
            let mut resident = scene.resident(TileId(tile)).unwrap().clone();
            let mut motion = shuttle();
            motion.bones[0].rest =
                Transform { scale: Vec3::splat(scale), rotation: Quat::IDENTITY, translation: Vec3::ZERO };
            resident.motion = Some(Arc::new(motion));
            scene.set_resident(TileId(tile), Some(resident));
        }
        let (list, _) = run(&mut Culler::default(), &scene, &eyes(Vec3::Z, 0.0));
        assert_eq!((moving(&list), list.palettes.len()), (vec![], 0), "scaled by {scale}");
    }
}
