//! Booth 12, Orbit: a satellite under a hanging ring banner, a rocket in section and a globe.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec2, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Model, Placement},
    palette::Material,
    rng::Rng,
    sheet, solid, sweep,
    twin::Twin,
};

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetNavy);
    plot.stand(twin, "Ring banner", "banner", ring_banner(), Placement::at(0.0, 5.3, -0.2));
    let satellite =
        twin.group(Some(plot.node), "Satellite", Placement::at(0.0, 2.75, -0.4).yaw(28.0).roll(8.0));
    plot.entity(twin, satellite, "satellite");
    twin.stand(satellite, "Bus", bus(&mut Rng::new(kit.seed, "foil")), Placement::HERE);
    let wing = twin.mesh("Solar wing", wing());
    for (name, yaw) in [("left", 180.0), ("right", 0.0)] {
        let node = twin.place(satellite, format!("Solar wing {name}"), wing, Placement::HERE.yaw(yaw));
        plot.entity(twin, node, &format!("wing-{name}"));
    }
    let wires =
        [vec3(-0.3, 0.4, 0.0), vec3(0.3, 0.4, 0.0)].map(|p| sweep::bar(p, p + Vec3::Y * 6.0, 0.004, 5));
    let mut hang = wires[0].clone();
    hang.append(&wires[1]);
    twin.stand_one(plot.node, "Satellite wires", Material::DarkSteel, hang, Placement::at(0.0, 2.7, -0.4));
    plot.stand(twin, "Rocket", "rocket", rocket(), Placement::at(2.4, 0.04, -1.4));
    plot.stand(twin, "Globe", "globe", globe(), Placement::at(-2.3, 0.04, 0.9));
    let desk = furniture::counter(2.2, 0.65, 1.05, Material::Navy, Material::White);
    plot.stand(twin, "Desk", "desk", desk, Placement::at(1.3, 0.04, 1.8));
    plot.stand(
        twin,
        "Desk sign",
        "sign",
        lettering::board("Orbit", 1.6, Material::Navy),
        Placement::at(1.3, 0.62, 2.17),
    );
    plot.screen(twin, 3, Placement::at(-2.6, 0.04, -1.6).yaw(40.0));
    twin.place(plot.node, "Plant", kit.plants.broad, Placement::at(2.9, 0.04, 0.6));
    for index in 0..3 {
        twin.place(
            plot.node,
            format!("Stool {}", index + 1),
            kit.furniture.stool,
            Placement::at(0.6 + index as f32 * 0.7, 0.04, 1.25),
        );
    }
}

/// A cloth ring that hangs over the booth, its name printed round it three times.
fn ring_banner() -> Model {
    let (radius, height) = (2.5f32, 1.15f32);
    let lean = |v: f32| radius * (1.0 + 0.05 * v) + 0.012 * (v * 9.0).sin();
    let cylinder = |from: f32, to: f32, grow: f32| {
        move |u: f32, v: f32| {
            let angle = from + (to - from) * u;
            let r = lean(v) + grow;
            vec3(r * angle.sin(), (v - 0.5) * height, r * angle.cos())
        }
    };
    let mut model = Model::of(Material::FabricWhite, sheet::sheet(120, 6, cylinder(0.0, TAU, 0.0)));
    for print in 0..3 {
        let middle = print as f32 / 3.0 * TAU;
        let half = 0.62;
        let mut skin =
            sheet::sheet(28, 3, |u, v| cylinder(middle - half, middle + half, 0.01)(u, 0.12 + 0.76 * v));
        let print = lettering::print("Orbit");
        for (index, uv) in skin.uvs.iter_mut().enumerate() {
            let (u, v) = ((index % 29) as f32 / 28.0, 1.0 - (index / 29) as f32 / 3.0);
            *uv = print.low + (print.high - print.low) * vec2(u, v);
        }
        model.add(print.material, skin);
    }
    for (y, grow) in [(-0.5, 0.0), (0.5, 0.05)] {
        model.add(
            Material::BrushedSteel,
            lathe::torus(radius * (1.0 + grow), 0.025, 120, 10).at(0.0, y * height, 0.0),
        );
    }
    for wire in 0..6 {
        let (sin, cos) = (wire as f32 / 6.0 * TAU).sin_cos();
        let top = radius * 1.05;
        model.add(
            Material::DarkSteel,
            sweep::bar(vec3(sin * top, 0.55, cos * top), vec3(sin * 1.9, 4.4, cos * 1.9), 0.004, 5),
        );
    }
    model
}

/// The satellite's body: crumpled gold foil, dish, thrusters, star trackers.
fn bus(rng: &mut Rng) -> Model {
    let mut model = Model::default();
    let phases: Vec<f32> = (0..8).map(|_| rng.range(0.0, TAU)).collect();
    let crumple = |p: Vec3| {
        let wave = |a: usize, f: Vec3| (p.dot(f) + phases[a]).sin();
        0.006
            * (wave(0, vec3(31.0, 17.0, 11.0)).abs()
                + wave(1, vec3(-13.0, 29.0, 19.0)).abs()
                + wave(2, vec3(23.0, -19.0, 37.0)).abs())
            + 0.003 * wave(3, vec3(61.0, 43.0, -57.0))
    };
    let foil = sheet::sheet(72, 40, |u, v| {
        let (angle, rise) = (-u * TAU, (v - 0.5) * PI);
        let square = |value: f32| value.signum() * value.abs().powf(0.28);
        let ring = square(rise.cos());
        let point = vec3(
            0.36 * ring * square(angle.cos()),
            0.46 * square(rise.sin()),
            0.36 * ring * square(angle.sin()),
        );
        point * (1.0 + crumple(point) * 2.0)
    });
    model.add(Material::Brass, foil);
    let dish: Vec<(f32, f32)> =
        (0..=14).map(|step| (0.42 * step as f32 / 14.0, 0.16 * (step as f32 / 14.0).powi(2))).collect();
    let mut bowl = lathe::lathe(&dish, 48);
    bowl.append(&lathe::lathe(&dish, 48).inside_out().at(0.0, 0.006, 0.0));
    let face = Placement::at(0.0, 0.05, 0.46).pitch(90.0);
    model.add(Material::White, bowl.placed(face));
    for leg in 0..3 {
        let (sin, cos) = (leg as f32 / 3.0 * TAU).sin_cos();
        model.add(
            Material::Graphite,
            sweep::bar(vec3(cos * 0.34, 0.12, sin * 0.34), vec3(0.0, 0.4, 0.0), 0.006, 7).placed(face),
        );
    }
    model.add(
        Material::Graphite,
        lathe::lathe(&[(0.03, 0.36), (0.05, 0.39), (0.03, 0.44), (0.0, 0.45)], 24).placed(face),
    );
    for (x, z) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
        let bell = [(0.02, 0.0), (0.03, -0.03), (0.055, -0.1), (0.052, -0.1), (0.026, -0.03), (0.0, -0.02)];
        let bell: Vec<(f32, f32)> = bell.into_iter().rev().collect();
        model.add(Material::DarkSteel, lathe::lathe(&bell, 24).at(x * 0.22, -0.44, z * 0.22));
    }
    for side in [-1.0, 1.0] {
        model.add(
            Material::Black,
            lathe::vessel(&[(0.05, 0.0), (0.05, 0.1), (0.075, 0.2)], 0.006, 24)
                .placed(Placement::at(side * 0.16, 0.43, -0.1).roll(-18.0 * side)),
        );
        let whip = curve::through(
            &[vec3(side * 0.3, 0.4, -0.3), vec3(side * 0.5, 0.75, -0.45), vec3(side * 0.55, 1.1, -0.5)],
            6,
        );
        model.add(Material::Chrome, sweep::taper(&whip, 0.008, 0.003, 7));
    }
    model
}

fn wing() -> Model {
    let mut model = Model::default();
    model.add(Material::BrushedSteel, sweep::bar(vec3(0.32, 0.0, 0.0), vec3(0.62, 0.0, 0.0), 0.025, 14));
    for panel in 0..3 {
        let x = 0.92 + panel as f32 * 0.58;
        let cells = sheet::sheet(8, 2, |u, v| {
            vec3(x + (u - 0.5) * 0.54, 0.012 + 0.008 * (u * PI).sin(), (0.5 - v) * 0.8)
        });
        model.add(Material::SolarCell, cells.mapped(|uv| uv * 1.25));
        model.add(Material::White, solid::rounded_box(vec3(0.55, 0.012, 0.81), 0.005, 2).at(x, 0.0, 0.0));
        let frame: Vec<Vec3> =
            curve::rounded_rectangle(0.56, 0.82, 0.02, 3).iter().map(|p| vec3(x + p.x, 0.008, p.y)).collect();
        let closed: Vec<Vec3> = frame.iter().copied().chain(frame.first().copied()).collect();
        model.add(Material::BrushedSteel, sweep::pipe(&closed, 0.011, 8));
        for z in [-0.25, 0.25] {
            model.add(
                Material::Chrome,
                lathe::drum(0.018, 0.06, 0.004, 14)
                    .placed(Placement::at(x - 0.29, 0.0, z - 0.03).pitch(90.0)),
            );
        }
    }
    model
}

/// A rocket four metres tall with a window on its tanks.
fn rocket() -> Model {
    let mut model = furniture::plinth(0.62, 0.3, Material::White);
    let hull = [
        (0.28, 0.75),
        (0.3, 0.78),
        (0.3, 1.2),
        (0.306, 1.21),
        (0.306, 1.25),
        (0.3, 1.26),
        (0.3, 2.3),
        (0.306, 2.31),
        (0.306, 2.35),
        (0.3, 2.36),
        (0.3, 2.9),
        (0.29, 3.15),
        (0.255, 3.4),
        (0.2, 3.62),
        (0.12, 3.82),
        (0.04, 3.93),
        (0.0, 3.95),
    ];
    model.add(Material::White, lathe::lathe(&hull, 64));
    model
        .add(Material::Coral, lathe::lathe(&[(0.301, 2.5), (0.303, 2.51), (0.303, 2.62), (0.301, 2.63)], 64));
    model.add(
        Material::Graphite,
        lathe::lathe(&[(0.301, 1.4), (0.303, 1.41), (0.303, 1.9), (0.301, 1.91)], 64),
    );
    for fin in 0..4 {
        let outline = [vec2(0.0, 0.0), vec2(0.3, -0.28), vec2(0.3, -0.05), vec2(0.0, 0.5)];
        let plate = solid::plate(&outline, 0.03, 0.008).at(0.29, 0.85, -0.015);
        model.add(Material::Coral, plate.placed(Placement::HERE.yaw(45.0 + fin as f32 * 90.0)));
    }
    for engine in 0..5 {
        let (sin, cos) = (engine as f32 / 4.0 * TAU).sin_cos();
        let out = if engine == 4 { 0.0 } else { 0.17 };
        let bell = [
            (0.0, 0.32),
            (0.04, 0.32),
            (0.045, 0.28),
            (0.03, 0.22),
            (0.05, 0.13),
            (0.085, 0.02),
            (0.09, 0.0),
            (0.086, 0.0),
            (0.045, 0.13),
            (0.0, 0.2),
        ];
        let bell: Vec<(f32, f32)> = bell.into_iter().rev().collect();
        model.add(Material::Copper, lathe::lathe(&bell, 32).at(cos * out, 0.46, sin * out));
        for ring in 0..5 {
            let y = 0.48 + ring as f32 * 0.03;
            model.add(
                Material::DarkSteel,
                lathe::torus(0.088 - ring as f32 * 0.0095, 0.004, 32, 6).at(cos * out, y, sin * out),
            );
        }
    }
    for strut in 0..4 {
        let (sin, cos) = ((strut as f32 + 0.5) / 4.0 * TAU).sin_cos();
        let leg = curve::through(
            &[
                vec3(cos * 0.28, 0.95, sin * 0.28),
                vec3(cos * 0.45, 0.6, sin * 0.45),
                vec3(cos * 0.52, 0.3, sin * 0.52),
            ],
            6,
        );
        model.add(Material::BrushedSteel, sweep::taper(&leg, 0.03, 0.02, 12));
    }
    model
}

/// A relief globe with the orbits of its satellites.
fn globe() -> Model {
    let mut model = Model::default();
    let centre = vec3(0.0, 1.25, 0.0);
    let relief = |p: Vec3| {
        let n = (p.x * 4.1 + 1.3).sin() * (p.y * 3.7 - 0.6).cos()
            + 0.6 * (p.z * 5.3 + p.x * 2.1).sin()
            + 0.35 * (p.y * 9.0 + p.z * 7.0).sin();
        (n - 0.25).max(0.0)
    };
    let sphere = |inflate: f32, land: bool| {
        sheet::sheet(80, 44, move |u, v| {
            let (angle, rise) = (-u * TAU, (v - 0.5) * PI);
            let p = vec3(rise.cos() * angle.cos(), rise.sin(), rise.cos() * angle.sin());
            let height =
                if land { 0.985 + 0.03 * (relief(p) * 3.0).min(1.0) + 0.012 * relief(p) } else { 1.0 };
            centre + p * 0.55 * (height + inflate)
        })
    };
    model.add(Material::CeramicTeal, sphere(0.0, false));
    model.add(Material::Sage, sphere(0.0, true));
    for (index, (tilt, radius)) in [(20.0, 0.68), (-35.0, 0.74), (62.0, 0.8)].into_iter().enumerate() {
        let place = Placement::to(centre).yaw(index as f32 * 50.0).roll(tilt);
        model.add(Material::Brass, lathe::torus(radius, 0.004, 96, 6).placed(place));
        for bead in 0..6 {
            let (sin, cos) = (bead as f32 / 6.0 * TAU).sin_cos();
            model.add(
                Material::LampCoral,
                lathe::ball(0.016, 12).at(cos * radius, 0.0, sin * radius).placed(place),
            );
        }
    }
    model.add(
        Material::Graphite,
        lathe::lathe(
            &[
                (0.36, 0.0),
                (0.36, 0.02),
                (0.12, 0.07),
                (0.05, 0.2),
                (0.045, 0.66),
                (0.12, 0.72),
                (0.16, 0.76),
            ],
            40,
        ),
    );
    model
}
