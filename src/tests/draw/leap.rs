//! What a person sees of moving: the arc that they aim with, and the dark when they lean into a wall.

use glam::Vec3;

use super::figures::room;
use super::{COMPARABLE, Show, TILE, gpu, looking, middle, texel};
use crate::app::ground::Ground;
use crate::cull::{Culler, Quality, Sight};
use crate::draw::{Arrival, Veil};
use crate::math::{Aabb, Pose};
use crate::physics::Surface;
use crate::rig::{Button, Hand, HandKind, Input, Person, Settings};
use crate::scene::tileset::{Blob, Tables};
use crate::scene::{BlobId, Collider, ColliderCell, ColliderId, ContentHash, Demand, Scene, Tileset};
use crate::tests::golden::assert_golden;

/// A person in the room, who points ahead with the right hand.
fn aiming(pitch_radians: f32) -> (Ground, Person) {
    // The floor and the wall of the room.
    let far = 5.0;
    let corner = |x: f32, y: f32, z: f32| Vec3::new(x, y, z);
    let floor = Collider {
        vertices: vec![
            corner(-far, 0.0, 1.0),
            corner(far, 0.0, 1.0),
            corner(far, 0.0, -6.0),
            corner(-far, 0.0, -6.0),
            corner(far, 4.0, -6.0),
            corner(-far, 4.0, -6.0),
        ],
        triangles: vec![[0, 1, 2], [0, 2, 3], [3, 2, 4], [3, 4, 5]],
    };
    // Only its colliders count here; a tileset wants a tile.
    let props = room();
    let mut tables: Tables = props.tileset().tables().clone();
    tables.blobs.push(Blob { hash: ContentHash([9; 32]), size_bytes: 1 });
    let blob = BlobId(tables.blobs.len() as u32 - 1);
    let bounds = Aabb { min: Vec3::new(-far, -0.1, -6.1), max: Vec3::new(far, 4.0, 1.0) };
    tables.colliders.push(ColliderCell { bounds, blob });
    let mut ground = Ground::none();
    ground.announce(&Tileset::try_from(tables).unwrap());
    ground.enter();
    ground.insert(ColliderId(0), Surface::new(floor).as_ref());
    let mut person = Person::at(Pose { position: Vec3::new(0.0, 0.0, -1.0), ..Pose::IDENTITY });
    let mut input = Input::default();
    let aim = Some(Pose::standing(Vec3::new(0.25, 1.2, -0.35), 0.05, pitch_radians));
    let select = Button { is_down: true, is_pressed: true, is_released: false };
    input.hands[1] = Hand { kind: HandKind::Controller, aim, select, ..Hand::default() };
    ground.step(&mut person, &input, &Settings::default(), 0.01);
    (ground, person)
}

#[test]
fn an_arc_is_drawn_to_where_one_lands() {
    let Some(gpu) = gpu() else { return };
    let props = room();
    let mut show = Show::new(gpu, &props, [640, 480], COMPARABLE);
    let mut scene = Scene::new(props.tileset());
    for arrival in show.arrivals.drain(..) {
        if let Arrival::Tile { tile, resident } = arrival {
            assert_eq!(tile, TILE);
            scene.set_resident(tile, Some(*resident));
        }
    }
    for (name, pitch_radians, lands) in [("leap_valid", -0.45, true), ("leap_invalid", 0.3, false)] {
        let (ground, person) = aiming(pitch_radians);
        assert_eq!(person.leap_aimed().is_some_and(|leap| leap.target().is_some()), lands);
        let mut actors = Vec::new();
        ground.show(&person, &mut actors);
        let views = looking(Pose::standing(Vec3::new(0.0, 1.6, -1.0), 0.0, -0.3));
        let sight = Sight { views: &views, pixel_radians: 0.002, quality: &Quality::default() };
        Culler::default().cull(&scene, &actors, &sight, &mut show.list, &mut Demand::default());
        let [left, _] = show.picture(gpu, &views);
        assert_golden(name, &left);
    }
}

#[test]
fn a_veil_dims_all_or_all_but_the_middle() {
    let Some(gpu) = gpu() else { return };
    let mut show = Show::new(gpu, &room(), [128, 128], COMPARABLE);
    let views = looking(Pose::standing(Vec3::new(0.0, 1.6, 1.0), 0.0, 0.0));
    let [clear, _] = show.picture(gpu, &views);
    show.renderer.set_veil(Veil { fade: 0.0, vignette: 1.0 });
    let [narrow, _] = show.picture(gpu, &views);
    assert_eq!(middle(&narrow), middle(&clear));
    assert_eq!(texel(&narrow, 2, 2), [0, 0, 0, 255], "the corner is dark");
    show.renderer.set_veil(Veil { fade: 1.0, vignette: 0.0 });
    let [dark, _] = show.picture(gpu, &views);
    assert!(dark.rgba.chunks_exact(4).all(|texel| texel == [0, 0, 0, 255]));
    show.renderer.set_veil(Veil::default());
    let [again, _] = show.picture(gpu, &views);
    assert!(again.rgba == clear.rgba);
}
