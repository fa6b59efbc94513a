//! Booth 7, Tempora: a watch movement three metres high, every wheel a node of its own, and watches under glass.

use std::f32::consts::TAU;

use glam::{Vec3, vec2, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Model, Placement},
    palette::Material,
    solid, sweep,
    twin::{NodeId, Twin},
};

/// Radius of the movement's main plate.
const PLATE: f32 = 1.45;

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetNavy);
    let wall = furniture::wall(5.6, 3.7, 4, Material::Navy);
    plot.stand(twin, "Back wall", "wall", wall, Placement::at(0.0, 0.04, -2.7));
    plot.sign(twin, "Tempora", 1.6, Material::Brass, Placement::at(1.85, 2.9, -2.64));
    let movement = twin.group(Some(plot.node), "Movement", Placement::at(-0.5, 2.05, -1.7));
    plot.entity(twin, movement, "movement");
    twin.stand(movement, "Main plate", main_plate(), Placement::HERE);
    wheels(twin, plot, movement);
    twin.stand(movement, "Bridges", bridges(), Placement::HERE);
    twin.stand(movement, "Foot", foot(), Placement::HERE);
    cases(twin, plot);
    twin.place(plot.node, "Palm", kit.plants.palm, Placement::at(2.8, 0.04, -2.1));
    for (index, x) in [-1.6, 2.4].into_iter().enumerate() {
        twin.place(
            plot.node,
            format!("Armchair {}", index + 1),
            kit.furniture.armchair,
            Placement::at(x, 0.04, 0.2).yaw(150.0 + 60.0 * index as f32),
        );
    }
}

fn main_plate() -> Model {
    let lie = Placement::HERE.pitch(90.0);
    let disc = [
        (0.0, -0.1),
        (PLATE - 0.03, -0.1),
        (PLATE, -0.07),
        (PLATE, -0.03),
        (PLATE - 0.02, 0.0),
        (PLATE - 0.1, 0.0),
        (PLATE - 0.11, -0.015),
        (PLATE - 0.16, -0.015),
        (PLATE - 0.17, 0.0),
        (0.0, 0.0),
    ];
    let mut model = Model::of(Material::MovementPlate, lathe::lathe(&disc, 120).placed(lie));
    for screw in 0..24 {
        let (sin, cos) = (screw as f32 / 24.0 * TAU).sin_cos();
        model.include(&screw_head(0.03), Placement::at(cos * (PLATE - 0.06), sin * (PLATE - 0.06), 0.0));
    }
    model
}

/// A slotted, blued screw whose head rises along +Z.
fn screw_head(radius: f32) -> Model {
    let head = lathe::lathe(
        &[(radius, 0.0), (radius, radius * 0.5), (radius * 0.85, radius * 0.7), (0.0, radius * 0.75)],
        20,
    );
    let mut model = Model::of(Material::BluedSteel, head.placed(Placement::HERE.pitch(90.0)));
    let slot = solid::rounded_box(vec3(radius * 1.6, radius * 0.22, radius * 0.1), radius * 0.04, 1);
    model.add(Material::Black, slot.placed(Placement::at(0.0, 0.0, radius * 0.74).roll(35.0)));
    model
}

/// A jewel in its gold setting, facing +Z.
fn jewel(radius: f32) -> Model {
    let lie = Placement::HERE.pitch(90.0);
    let mut model = Model::of(
        Material::Ruby,
        lathe::lathe(
            &[(radius, 0.0), (radius * 0.9, 0.02), (radius * 0.4, 0.03), (radius * 0.25, 0.02), (0.0, 0.018)],
            24,
        )
        .placed(lie),
    );
    model.add(Material::Brass, lathe::torus(radius * 1.15, radius * 0.22, 28, 10).placed(lie));
    model
}

/// A wheel of the train: its teeth and radius, its axle from the plate's middle and above the plate.
struct Wheel(&'static str, u32, f32, Vec3, Material, u32);

const TRAIN: [Wheel; 12] = [
    Wheel("barrel", 96, 0.52, Vec3::new(-0.62, 0.52, 0.05), Material::BrassBrushed, 8),
    Wheel("centre-wheel", 80, 0.42, Vec3::new(0.0, -0.02, 0.14), Material::Brass, 5),
    Wheel("third-wheel", 72, 0.34, Vec3::new(0.42, -0.55, 0.07), Material::RoseGold, 5),
    Wheel("fourth-wheel", 64, 0.28, Vec3::new(0.88, -0.25, 0.16), Material::Brass, 5),
    Wheel("escape-wheel", 20, 0.17, Vec3::new(0.83, 0.22, 0.08), Material::BrushedSteel, 4),
    Wheel("winding-wheel", 48, 0.24, Vec3::new(-1.02, -0.18, 0.12), Material::BrushedSteel, 0),
    Wheel("crown-wheel", 40, 0.19, Vec3::new(-0.78, -0.58, 0.1), Material::RoseGold, 4),
    Wheel("setting-wheel", 32, 0.15, Vec3::new(-0.46, -0.84, 0.12), Material::Brass, 4),
    Wheel("minute-wheel", 44, 0.2, Vec3::new(-0.2, -0.56, 0.2), Material::RoseGold, 5),
    Wheel("moon-wheel", 59, 0.27, Vec3::new(0.06, -1.02, 0.08), Material::BrassBrushed, 6),
    Wheel("hour-wheel", 36, 0.16, Vec3::new(0.0, -0.02, 0.26), Material::RoseGold, 4),
    Wheel("seconds-wheel", 30, 0.13, Vec3::new(0.88, -0.25, 0.28), Material::BluedSteel, 4),
];

fn wheels(twin: &mut Twin, plot: &Plot, movement: NodeId) {
    for (index, Wheel(name, teeth, radius, axle, material, spokes)) in TRAIN.into_iter().enumerate() {
        let mut model = Model::of(material, solid::gear_wheel(teeth, radius, 0.045, spokes));
        if spokes == 0 {
            model.add(
                material,
                lathe::drum(radius * 0.86, 0.045, 0.006, 56).placed(Placement::HERE.pitch(90.0)),
            );
        }
        let pinion = solid::gear_wheel(12, radius * 0.26, 0.12, 0);
        model.add(Material::Chrome, pinion.at(0.0, 0.0, -0.06));
        model
            .add(Material::Chrome, sweep::bar(vec3(0.0, 0.0, -0.1), vec3(0.0, 0.0, 0.11), radius * 0.07, 14));
        model.include(&jewel(radius * 0.1), Placement::at(0.0, 0.0, 0.11));
        let place = Placement::to(axle).roll(index as f32 * 17.0);
        let node = twin.stand(movement, format!("Wheel: {name}"), model, place);
        plot.entity(twin, node, name);
    }
    let node = twin.stand(movement, "Balance", balance(), Placement::at(0.55, 0.78, 0.13));
    plot.entity(twin, node, "balance");
    hands(twin, plot, movement);
}

/// The balance wheel with its timing screws and hairspring.
fn balance() -> Model {
    let mut model = Model::default();
    let lie = Placement::HERE.pitch(90.0);
    let rim = lathe::lathe(
        &[
            (0.36, -0.03),
            (0.405, -0.03),
            (0.41, -0.02),
            (0.41, 0.02),
            (0.405, 0.03),
            (0.36, 0.03),
            (0.355, 0.02),
            (0.355, -0.02),
            (0.36, -0.03),
        ],
        90,
    );
    model.add(Material::Brass, rim.placed(lie));
    for arm in 0..3 {
        let direction = glam::Vec2::from_angle(arm as f32 / 3.0 * TAU);
        let to = (direction * 0.36).extend(0.0);
        model.add(
            Material::Brass,
            sweep::sweep_scaled(
                &[Vec3::ZERO, to * 0.5, to],
                Vec3::Z,
                &curve::rounded_rectangle(0.05, 0.035, 0.01, 2),
                |t| 1.2 - 0.4 * t,
            ),
        );
    }
    for screw in 0..16 {
        let angle = screw as f32 / 16.0 * 360.0;
        let place = Placement::HERE.roll(angle);
        let body = lathe::lathe(
            &[(0.012, 0.0), (0.012, 0.02), (0.024, 0.02), (0.024, 0.05), (0.018, 0.056), (0.0, 0.056)],
            14,
        )
        .at(0.0, 0.405, 0.0);
        model.add(Material::RoseGold, body.placed(place));
    }
    let spiral = curve::sampled(420, |t| {
        let angle = t * TAU * 9.0;
        let radius = 0.05 + 0.25 * t;
        vec3(radius * angle.cos(), radius * angle.sin(), 0.06)
    });
    model.add(Material::BluedSteel, sweep::pipe(&spiral, 0.0045, 6));
    model.include(&jewel(0.035), Placement::at(0.0, 0.0, 0.1));
    model.add(Material::Chrome, sweep::bar(vec3(0.0, 0.0, -0.1), vec3(0.0, 0.0, 0.1), 0.02, 16));
    model
}

fn hands(twin: &mut Twin, plot: &Plot, movement: NodeId) {
    let hand = |length: f32, width: f32| {
        let outline = [
            vec2(-width * 0.5, -0.14),
            vec2(width * 0.5, -0.14),
            vec2(width * 0.35, length * 0.7),
            vec2(width * 0.9, length * 0.76),
            vec2(0.0, length),
            vec2(-width * 0.9, length * 0.76),
            vec2(-width * 0.35, length * 0.7),
        ];
        let mut model = Model::of(Material::BluedSteel, solid::plate(&outline, 0.02, 0.006));
        model.add(
            Material::BluedSteel,
            lathe::drum(width * 1.3, 0.03, 0.008, 28).placed(Placement::HERE.pitch(90.0)),
        );
        model
    };
    for (name, length, width, z, angle) in
        [("hour-hand", 0.6, 0.07, 0.36, 60.0), ("minute-hand", 1.05, 0.055, 0.39, -52.0)]
    {
        let node = twin.stand(
            movement,
            format!("Hand: {name}"),
            hand(length, width),
            Placement::at(0.0, -0.02, z).roll(angle),
        );
        plot.entity(twin, node, name);
    }
}

/// The bars that hold the wheels, with their screws and jewels.
fn bridges() -> Model {
    let mut model = Model::default();
    let spans: [(&[Vec3], f32); 3] = [
        (&[Vec3::new(-1.15, 0.85, 0.2), Vec3::new(-0.62, 0.52, 0.2), Vec3::new(-0.35, 1.15, 0.2)], 0.14),
        (&[Vec3::new(1.2, -0.6, 0.26), Vec3::new(0.88, -0.25, 0.26), Vec3::new(1.22, 0.1, 0.26)], 0.11),
        (&[Vec3::new(0.98, 1.02, 0.25), Vec3::new(0.55, 0.78, 0.25), Vec3::new(0.2, 1.2, 0.25)], 0.1),
    ];
    for (points, width) in spans {
        let path = curve::through(points, 14);
        model.add(
            Material::BrushedSteel,
            sweep::sweep(&path, Vec3::Z, &curve::rounded_rectangle(width, 0.05, 0.014, 3)),
        );
        for end in [points[0], points[points.len() - 1]] {
            let post = sweep::bar(end.with_z(0.0), end, width * 0.4, 18);
            model.add(Material::BrushedSteel, post);
            model.include(&screw_head(width * 0.4), Placement::to(end + Vec3::Z * 0.025));
        }
        model.include(&jewel(width * 0.3), Placement::to(points[1] + Vec3::Z * 0.02));
    }
    model
}

fn foot() -> Model {
    let mut model = Model::default();
    for x in [-0.8, 0.8] {
        let strut = curve::rounded_path(
            &[vec3(x, -1.0, -0.12), vec3(x * 1.1, -2.0, -0.3), vec3(x * 1.1, -2.0, 0.6)],
            0.2,
            8,
        );
        model.add(Material::Brass, sweep::pipe(&strut, 0.045, 18));
    }
    model.add(Material::Brass, sweep::bar(vec3(-0.9, -1.96, 0.5), vec3(0.9, -1.96, 0.5), 0.035, 16));
    model
}

/// A wrist watch lying on a small pillow.
fn watch() -> Model {
    let mut model = Model::default();
    let case = [
        (0.0, 0.0),
        (0.018, 0.0),
        (0.021, 0.003),
        (0.021, 0.007),
        (0.019, 0.0095),
        (0.0175, 0.0098),
        (0.017, 0.008),
        (0.0, 0.008),
    ];
    model.add(Material::Brass, lathe::lathe(&case[1..], 48).at(0.0, 0.07, 0.0));
    model.add(Material::Ceramic, lathe::lathe(&[(0.0165, 0.0), (0.0, 0.0003)], 40).at(0.0, 0.0782, 0.0));
    for mark in 0..12 {
        let (sin, cos) = (mark as f32 / 12.0 * TAU).sin_cos();
        model.add(Material::BluedSteel, lathe::ball(0.0011, 6).at(cos * 0.0145, 0.0787, sin * 0.0145));
    }
    for (length, angle) in [(0.009, 0.8f32), (0.0135, 4.1)] {
        let tip = vec3(angle.cos() * length, 0.0793, angle.sin() * length);
        model.add(Material::BluedSteel, sweep::bar(vec3(0.0, 0.0793, 0.0), tip, 0.0006, 5));
    }
    model.add(
        Material::Brass,
        lathe::drum(0.003, 0.006, 0.001, 16).placed(Placement::at(0.021, 0.0755, 0.0).roll(-90.0)),
    );
    // The strap wraps a roll.
    let loop_path = curve::sampled(44, |t| {
        let angle = (0.25 + t) * TAU;
        vec3(0.0, 0.037 + 0.036 * angle.sin(), 0.04 * angle.cos())
    });
    model.add(
        Material::Walnut,
        sweep::sweep(&loop_path, Vec3::Z, &curve::rounded_rectangle(0.018, 0.003, 0.001, 1)),
    );
    model
        .add(Material::FabricWhite, sweep::bar(vec3(-0.035, 0.037, 0.0), vec3(0.035, 0.037, 0.0), 0.034, 28));
    model
}

fn cases(twin: &mut Twin, plot: &Plot) {
    let watch = twin.mesh("Watch", watch());
    let mut case = furniture::plinth(0.42, 0.92, Material::Walnut);
    case.add(Material::Brass, lathe::torus(0.41, 0.012, 56, 8).at(0.0, 0.925, 0.0));
    case.add(
        Material::Glass,
        lathe::lathe(&[(0.4, 0.92), (0.4, 1.2), (0.39, 1.26), (0.34, 1.31), (0.2, 1.34), (0.0, 1.345)], 56),
    );
    case.add(Material::FabricNight, lathe::lathe(&[(0.38, 0.925), (0.0, 0.932)], 40));
    let case = twin.mesh("Watch case", case);
    for (index, (x, z)) in [(-2.5, 1.7), (-1.1, 2.2), (0.3, 2.2), (1.5, 1.4)].into_iter().enumerate() {
        let node =
            twin.place(plot.node, format!("Watch case {}", index + 1), case, Placement::at(x, 0.04, z));
        plot.entity(twin, node, &format!("case-{}", index + 1));
        for seat in 0..5 {
            let (sin, cos) = (seat as f32 / 5.0 * TAU).sin_cos();
            let place = Placement::at(cos * 0.22, 0.93, sin * 0.22).yaw(90.0 - seat as f32 * 72.0).sized(1.5);
            twin.place(node, format!("Watch {}-{}", index + 1, seat + 1), watch, place);
        }
    }
}
