//! Booth 9, Verdant: a gabled greenhouse with racks of salad under lamps and a potting bench in front.

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    rng::Rng,
    solid, sweep,
    twin::Twin,
};

/// Half width, eaves, ridge and half length of the house.
const HOUSE: (f32, f32, f32, f32) = (2.3, 2.1, 3.3, 1.55);

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetSage);
    let mut rng = Rng::new(kit.seed, "greenhouse");
    let (frame, glass) = house();
    let at = Placement::at(-0.6, 0.04, -1.1);
    plot.stand(twin, "Greenhouse", "greenhouse", Model::of(Material::SteelWhite, frame), at);
    twin.stand_one(plot.node, "Greenhouse glass", Material::Glass, glass, at);
    let rack = twin.mesh("Growing rack", rack());
    for (index, x) in [-2.1, -0.6, 0.9].into_iter().enumerate() {
        let node = twin.place(plot.node, format!("Rack {}", index + 1), rack, Placement::at(x, 0.04, -1.1));
        plot.entity(twin, node, &format!("rack-{}", index + 1));
        for level in 0..3 {
            for plant in 0..9 {
                let place = Placement::at(
                    if plant % 2 == 0 { -0.11 } else { 0.11 },
                    0.44 + level as f32 * 0.58,
                    -1.12 + plant as f32 * 0.28,
                );
                let turned = place.yaw(rng.range(0.0, 360.0)).sized(rng.range(0.75, 1.15));
                twin.place(
                    node,
                    format!("Lettuce {}-{}-{}", index + 1, level + 1, plant + 1),
                    kit.plants.lettuce,
                    turned,
                );
            }
        }
    }
    bench(twin, plot, kit, &mut rng);
    plot.gate_sign(twin, "Verdant", 2.0, Material::Sage, Placement::at(-0.6, 0.04, -2.72));
    plot.screen(twin, 5, Placement::at(2.8, 0.04, -0.9).yaw(-60.0));
    for (index, (x, z)) in [(2.9, -2.3), (2.4, -2.5)].into_iter().enumerate() {
        twin.place(
            plot.node,
            format!("Palm {}", index + 1),
            kit.plants.palm,
            Placement::at(x, 0.04, z).yaw(index as f32 * 70.0).sized(0.9),
        );
    }
}

fn house() -> (Mesh, Mesh) {
    let (half, eaves, ridge, long) = HOUSE;
    let mut frame = Mesh::default();
    let mut glass = Mesh::default();
    let slope = (ridge - eaves).atan2(half).to_degrees();
    let rafter = (ridge - eaves).hypot(half);
    for index in 0..=4 {
        let z = -long + index as f32 * long * 0.5;
        let hoop = [
            vec3(-half, 0.0, z),
            vec3(-half, eaves, z),
            vec3(0.0, ridge, z),
            vec3(half, eaves, z),
            vec3(half, 0.0, z),
        ];
        frame.append(&sweep::pipe(&curve::rounded_path(&hoop, 0.22, 6), 0.03, 14));
    }
    for (x, y) in [
        (-half, 0.06),
        (-half, 1.0),
        (-half, eaves - 0.1),
        (-half * 0.5, (eaves + ridge) * 0.5),
        (0.0, ridge - 0.05),
        (half * 0.5, (eaves + ridge) * 0.5),
        (half, eaves - 0.1),
        (half, 1.0),
        (half, 0.06),
    ] {
        frame.append(&sweep::bar(vec3(x, y, -long), vec3(x, y, long), 0.02, 12));
    }
    for side in [-1.0, 1.0] {
        let wall = solid::pane(long * 2.0, eaves - 0.2)
            .placed(Placement::at(side * half, eaves * 0.5, 0.0).yaw(90.0 * side));
        let roof = solid::pane(long * 2.0, rafter - 0.3);
        let tilt = Placement::at(side * half * 0.5, (eaves + ridge) * 0.5 + 0.03, 0.0)
            .yaw(90.0 * side)
            .pitch(slope - 90.0);
        glass.append(&wall);
        glass.append(&roof.placed(tilt));
    }
    let back = solid::pane(half * 2.0, eaves - 0.1).placed(Placement::at(0.0, eaves * 0.5, -long));
    glass.append(&back);
    for x in [-half * 0.5, half * 0.5] {
        frame.append(&sweep::bar(vec3(x, 0.0, -long), vec3(x, (eaves + ridge) * 0.5, -long), 0.02, 12));
    }
    (frame, glass)
}

/// A rack of three gutters along Z with lamps over each and the pipes that feed them.
fn rack() -> Model {
    let mut model = Model::default();
    for z in [-1.25, 0.0, 1.25] {
        for x in [-0.27, 0.27] {
            model.add(Material::SteelWhite, sweep::bar(vec3(x, 0.0, z), vec3(x, 2.0, z), 0.016, 10));
        }
        for level in 0..4 {
            let y = 0.3 + level as f32 * 0.58 - if level == 3 { 0.06 } else { 0.0 };
            model.add(Material::SteelWhite, sweep::bar(vec3(-0.27, y, z), vec3(0.27, y, z), 0.012, 8));
        }
    }
    for level in 0..3 {
        let y = 0.36 + level as f32 * 0.58;
        for x in [-0.11, 0.11] {
            let gutter = curve::rounded_rectangle(0.15, 0.09, 0.035, 4);
            model.add(Material::White, sweep::sweep(&[vec3(x, y, -1.3), vec3(x, y, 1.3)], Vec3::Y, &gutter));
            for hole in 0..9 {
                let z = -1.12 + hole as f32 * 0.28;
                model.add(Material::Graphite, lathe::torus(0.034, 0.008, 18, 8).at(x, y + 0.045, z));
            }
        }
        let lamp = sweep::bar(vec3(0.0, y + 0.44, -1.25), vec3(0.0, y + 0.44, 1.25), 0.018, 12);
        model.add(Material::LampCoral, lamp);
        model.add(
            Material::White,
            sweep::beam(vec3(0.0, y + 0.47, -1.28), vec3(0.0, y + 0.47, 1.28), 0.12, 0.03, 0.01),
        );
        let feed = curve::rounded_path(
            &[vec3(0.2, 0.1, -1.36), vec3(0.2, y, -1.36), vec3(0.11, y, -1.36), vec3(0.11, y, -1.3)],
            0.05,
            5,
        );
        model.add(Material::Teal, sweep::pipe(&feed, 0.012, 10));
    }
    model
}

fn bench(twin: &mut Twin, plot: &Plot, kit: &Kit, rng: &mut Rng) {
    let mut bench = Model::default();
    for board in 0..6 {
        let z = -0.3 + board as f32 * 0.12;
        bench.add(Material::Larch, solid::rounded_box(vec3(2.6, 0.035, 0.11), 0.01, 2).at(0.0, 0.86, z));
    }
    for x in [-1.15, 1.15] {
        for z in [-0.27, 0.27] {
            bench.add(Material::Larch, solid::block(0.07, 0.85, 0.07, 0.012).at(x, 0.0, z));
        }
        bench.add(Material::Larch, solid::rounded_box(vec3(0.05, 0.07, 0.6), 0.01, 2).at(x, 0.25, 0.0));
    }
    bench.add(Material::Larch, solid::rounded_box(vec3(2.3, 0.03, 0.5), 0.01, 2).at(0.0, 0.3, 0.0));
    bench.include(&watering_can(), Placement::at(1.0, 0.88, 0.05).yaw(30.0));
    for pot in 0..5 {
        let outside = [(0.05, 0.0), (0.075, 0.12), (0.08, 0.125), (0.08, 0.15)];
        bench.add(
            Material::Terracotta,
            lathe::vessel(&outside, 0.008, 26).at(0.45, 0.88 + pot as f32 * 0.032, -0.1),
        );
    }
    plot.stand(twin, "Potting bench", "bench", bench, Placement::at(0.9, 0.04, 1.8));
    for index in 0..7 {
        let place = Placement::at(-0.25 + index as f32 * 0.19, 0.92, 1.7 + 0.16 * (index % 2) as f32);
        let turned = place.yaw(rng.range(0.0, 360.0)).sized(rng.range(0.9, 1.15));
        twin.place(plot.node, format!("Herbs {}", index + 1), kit.plants.herb, turned);
    }
    for index in 0..14 {
        let (x, z) =
            (-2.6 + 0.11 * (index % 5) as f32 + rng.range(-0.02, 0.02), 1.5 + 0.13 * (index / 5) as f32);
        let place = Placement::at(x, 0.38, z).yaw(rng.range(0.0, 360.0)).sized(rng.range(1.1, 1.6));
        twin.place(plot.node, format!("Flower {}", index + 1), kit.plants.flower, place);
    }
    let mut bed = Model::of(Material::Larch, solid::block(0.8, 0.36, 0.6, 0.02));
    bed.add(Material::Soil, solid::rounded_box(vec3(0.72, 0.06, 0.52), 0.025, 3).at(0.0, 0.36, 0.0));
    plot.stand(twin, "Flower bed", "flower-bed", bed, Placement::at(-2.38, 0.04, 1.63));
}

fn watering_can() -> Model {
    let mut model = Model::of(
        Material::Galvanised,
        lathe::vessel(
            &[
                (0.12, 0.0),
                (0.125, 0.01),
                (0.125, 0.1),
                (0.13, 0.105),
                (0.125, 0.11),
                (0.115, 0.24),
                (0.1, 0.25),
            ],
            0.006,
            32,
        ),
    );
    let spout = curve::through(&[vec3(0.1, 0.05, 0.0), vec3(0.24, 0.14, 0.0), vec3(0.36, 0.28, 0.0)], 6);
    model.add(Material::Galvanised, sweep::taper(&spout, 0.028, 0.014, 14));
    let rose = lathe::lathe(&[(0.014, -0.03), (0.045, 0.02), (0.045, 0.028), (0.0, 0.034)], 24);
    model.add(Material::Brass, rose.placed(Placement::at(0.37, 0.295, 0.0).roll(-45.0)));
    let handle = curve::through(
        &[
            vec3(0.05, 0.25, 0.0),
            vec3(0.0, 0.36, 0.0),
            vec3(-0.16, 0.3, 0.0),
            vec3(-0.18, 0.16, 0.0),
            vec3(-0.115, 0.06, 0.0),
        ],
        7,
    );
    model.add(Material::Galvanised, sweep::pipe(&handle, 0.011, 10));
    model
}
