//! People who do anything at random in whole venues: never in anything, never without ground that they
//! had, never somewhere that they did not ask for.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use glam::{Quat, Vec2, Vec3};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRng, TestRunner};

use crate::host::bake::{self, collider::Ground, flatten, light, material, partition, playing};
use crate::math::{Aabb, Pose};
use crate::physics::{Body, Surface, World};
use crate::rig::person::tests::{acts, live};
use crate::rig::{Input, Person, Settings, Turn, Walk};
use crate::scene::{ColliderId, collider};

const FRAME: f32 = 1.0 / 90.0;

/// The ground of a venue, as bake makes it, and where visitors enter.
struct Site {
    name: String,
    ground: Vec<Ground>,
    entrance: Pose,
    bounds: Aabb,
}

impl Site {
    fn of(source: &Path) -> Self {
        let document = bake::read(source).unwrap();
        let playing = playing::Playing::of(&document);
        let mut materials = material::Catalog::new(&document, &playing).unwrap();
        let soup = flatten::flatten(&document, &playing, &mut materials).unwrap();
        let bounds = soup.mesh.bounds();
        let partition = partition::partition(soup.mesh).unwrap();
        let recall = bake::recall::Recall::default();
        let ground = bake::collider::build_all(&partition, &recall, &mut |_, _| Ok(())).unwrap();
        let middle = Pose { position: bounds.center().with_y(bounds.min.y), ..Pose::IDENTITY };
        let staging = light::staging(&document, &bake::BakeOptions::default());
        let name = source.file_stem().unwrap().to_string_lossy().into_owned();
        Self { name, ground, entrance: staging.spawn.unwrap_or(middle), bounds }
    }

    fn world(&self) -> World {
        let mut world = World::new(self.ground.iter().map(|cell| cell.bounds));
        for (index, cell) in self.ground.iter().enumerate() {
            let surface = Surface::new(collider::decode(&cell.blob.bytes).unwrap()).unwrap();
            world.insert(ColliderId(index as u32), Some(&surface));
        }
        world
    }
}

fn sources() -> Vec<PathBuf> {
    let mut sources: Vec<PathBuf> =
        std::env::var_os("PAVILION_DEMO_VENUE").map(PathBuf::from).into_iter().collect();
    if let Some(folder) = std::env::var_os("PAVILION_TEST_DATA") {
        let twins = std::fs::read_dir(Path::new(&folder).join("twins")).unwrap();
        let files = twins.map(|twin| twin.unwrap().path()).filter(|path| path.is_dir());
        sources.extend(files.map(|folder| folder.join(folder.file_name().unwrap()).with_extension("gltf")));
    }
    sources.sort();
    sources
}

/// A place to stand, somewhere.
fn places(site: &Site, world: &World) -> Vec<Vec3> {
    let body = Body::of_height(1.75);
    let [min, max] = [site.bounds.min, site.bounds.max];
    let mut places = vec![site.entrance.position];
    for index in 0..400 {
        // Halton's sequence in the bases 2 and 3 (1960).
        let [u, v] = [2, 3].map(|base| radical_inverse(index + 1, base));
        let place = Vec3::new(min.x + (max.x - min.x) * u, min.y, min.z + (max.z - min.z) * v);
        places.extend(world.stand(place, body, 0.3, 0.3));
    }
    places
}

fn radical_inverse(mut index: u32, base: u32) -> f32 {
    let (mut fraction, mut value) = (1.0, 0.0);
    while index > 0 {
        fraction /= base as f32;
        value += fraction * (index % base) as f32;
        index /= base;
    }
    value
}

#[test]
fn in_whole_venues_nobody_is_ever_in_anything_falls_through_or_jumps() {
    let sources = sources();
    if sources.is_empty() {
        println!("skipped: neither PAVILION_DEMO_VENUE nor PAVILION_TEST_DATA is set");
        return;
    }
    for source in sources {
        let site = Site::of(&source);
        let world = site.world();
        let places = places(&site, &world);
        let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
        let mut runner =
            TestRunner::new_with_rng(config.clone(), TestRng::deterministic_rng(config.rng_algorithm));
        let strategy = (0..places.len(), acts(), any::<[bool; 3]>());
        let outcome = runner.run(&strategy, |(place, acts, [slides, smooth, has_headset])| {
            let spawn = Pose { position: places[place], ..site.entrance };
            let mut person = Person::at(spawn);
            let settings = Settings {
                walk: if slides { Walk::Slide } else { Walk::Teleport },
                turn: if smooth { Turn::Smooth } else { Turn::Snap { angle_degrees: 45.0 } },
                ..Settings::default()
            };
            person.step(&Input::default(), &settings, &world, 0.0);
            // Over the edge of a lonely thing a body hangs lower than it by its own radius.
            let floor = site.bounds.min.y - person.body().radius_metres();
            live(&mut person, &world, &acts, &settings, has_headset, floor)
        });
        if let Err(error) = outcome {
            panic!("{}: {error}", site.name);
        }
        println!("{}: {} pieces of ground, {} places", site.name, site.ground.len(), places.len());
    }
}

/// From the entrance of the demo venue one comes far, in any direction that is not walled up.
#[test]
fn the_demo_venue_can_be_walked_and_a_frame_of_it_is_cheap() {
    let Some(venue) = std::env::var_os("PAVILION_DEMO_VENUE") else {
        println!("skipped: PAVILION_DEMO_VENUE names no file; `cargo xtask test` makes it");
        return;
    };
    let site = Site::of(Path::new(&venue));
    let world = site.world();
    let mut times: Vec<Duration> = Vec::new();
    let mut furthest = 0.0_f32;
    for direction in 0..16 {
        let mut person = Person::at(site.entrance);
        let turn = direction as f32 * std::f32::consts::TAU / 16.0;
        person.step(&Input { turn_radians: turn, ..Input::default() }, &Settings::default(), &world, FRAME);
        for frame in 0..900 {
            // The head sways, as heads do.
            let sway = Quat::from_rotation_y(frame as f32 * 0.1) * Vec3::new(0.03, 0.0, 0.0);
            let head = Some(Pose { position: Vec3::new(0.0, 1.65, 0.0) + sway, ..Pose::IDENTITY });
            let input = Input { walk: Vec2::Y, head, ..Input::default() };
            let began = Instant::now();
            person.step(&input, &Settings::default(), &world, FRAME);
            times.push(began.elapsed());
        }
        furthest = furthest.max(person.feet.distance(site.entrance.position));
        assert!(world.fits(person.feet, person.body()));
    }
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e6;
    println!("a step takes {:.0} µs (p50), {:.0} µs (p99); one comes {furthest:.1} m far", at(50), at(99));
    assert!(furthest > 12.0, "in 10 s at 1.4 m/s one comes {furthest} m far");
}
