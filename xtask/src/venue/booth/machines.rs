//! Booth 11, Kestrel: a milling centre behind its window, and a table of what it makes: gears, bearings, springs.

use std::f32::consts::TAU;

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    solid, sweep,
    twin::Twin,
};

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetGraphite);
    let mill = twin.group(Some(plot.node), "Milling centre", Placement::at(-0.9, 0.04, -1.2));
    plot.entity(twin, mill, "mill");
    twin.stand(mill, "Housing", housing(), Placement::HERE);
    let spindle = twin.stand(mill, "Spindle", spindle(), Placement::at(0.1, 1.42, 0.0));
    plot.entity(twin, spindle, "spindle");
    let table = twin.stand(mill, "Work table", work_table(), Placement::at(0.0, 0.82, 0.0));
    plot.entity(twin, table, "work-table");
    let panel = twin.stand(mill, "Control panel", control_panel(), Placement::at(1.75, 0.0, 0.75).yaw(-20.0));
    plot.entity(twin, panel, "panel");
    let beacon = twin.stand(mill, "Beacon", beacon(), Placement::at(1.2, 2.25, -0.4));
    plot.entity(twin, beacon, "beacon");
    samples(twin, plot);
    planetary(twin, plot);
    plot.gate_sign(twin, "Kestrel", 2.2, Material::Graphite, Placement::at(1.7, 0.04, -2.72));
    twin.place(plot.node, "Plant", kit.plants.broad, Placement::at(2.9, 0.04, -2.3));
    twin.place(plot.node, "Stool", kit.furniture.stool, Placement::at(1.0, 0.04, 0.4));
}

/// A cabinet 2.9 m wide with a window towards +Z.
fn housing() -> Model {
    let mut model = Model::default();
    let panels: [(Vec3, Vec3, Material); 9] = [
        (vec3(0.0, 0.4, 0.0), vec3(2.9, 0.76, 1.8), Material::MachineDark),
        (vec3(-1.15, 1.5, 0.0), vec3(0.6, 1.44, 1.8), Material::MachineGrey),
        (vec3(1.25, 1.5, 0.0), vec3(0.4, 1.44, 1.8), Material::MachineGrey),
        (vec3(0.1, 2.1, 0.0), vec3(1.92, 0.26, 1.8), Material::MachineGrey),
        (vec3(0.1, 1.5, -0.86), vec3(1.92, 1.44, 0.08), Material::MachineDark),
        (vec3(0.1, 0.83, 0.86), vec3(1.92, 0.12, 0.08), Material::MachineGrey),
        (vec3(-0.82, 1.42, 0.88), vec3(0.06, 1.1, 0.06), Material::Coral),
        (vec3(1.02, 1.42, 0.88), vec3(0.06, 1.1, 0.06), Material::Coral),
        (vec3(0.1, 1.95, 0.88), vec3(1.9, 0.06, 0.06), Material::Coral),
    ];
    for (centre, size, material) in panels {
        model.add(material, solid::rounded_box(size, 0.05, 3).placed(Placement::to(centre)));
    }
    for x in [-0.36, 0.56] {
        model.add(Material::Glass, solid::rounded_box(vec3(0.9, 1.04, 0.012), 0.004, 1).at(x, 1.41, 0.89));
    }
    let grip = curve::rounded_path(
        &[vec3(0.02, 1.15, 0.9), vec3(0.02, 1.15, 0.98), vec3(0.02, 1.65, 0.98), vec3(0.02, 1.65, 0.9)],
        0.04,
        5,
    );
    model.add(Material::Chrome, sweep::pipe(&grip, 0.014, 12));
    for x in [-1.3, 1.3] {
        for z in [-0.75, 0.75] {
            model.add(
                Material::Rubber,
                lathe::lathe(&[(0.06, -0.0), (0.07, 0.01), (0.06, 0.03), (0.025, 0.035), (0.025, 0.06)], 18)
                    .at(x, 0.0, z),
            );
        }
    }
    for slot in 0..12 {
        let y = 0.95 + slot as f32 * 0.05;
        model.add(Material::MachineDark, sweep::bar(vec3(-1.38, y, 0.9), vec3(-0.95, y, 0.9), 0.012, 8));
    }
    for hose in 0..3 {
        let x = -1.3 + hose as f32 * 0.14;
        let path = curve::through(
            &[vec3(x, 2.2, -0.5), vec3(x, 2.45, -0.4), vec3(x + 0.5, 2.5, -0.2), vec3(x + 0.9, 2.2, -0.1)],
            9,
        );
        // Corrugated: the radius swings along the hose.
        let ribbed = sweep::sweep_scaled(&fine(&path, 5), Vec3::Z, &curve::circle(1.0, 14), |t| {
            0.03 + 0.004 * (t * TAU * 34.0).sin()
        });
        model.add(Material::Black, ribbed);
    }
    model
}

/// The same path with `steps` times as many points.
fn fine(path: &[Vec3], steps: u32) -> Vec<Vec3> {
    curve::through(path, steps)
}

/// Everything about the vertical axis through the origin, the tool's tip at y = -0.55.
fn spindle() -> Model {
    let mut model = Model::of(
        Material::MachineGrey,
        solid::rounded_box(vec3(0.42, 0.55, 0.5), 0.06, 3).at(0.0, 0.34, -0.2),
    );
    let nose = [
        (0.0, -0.22),
        (0.06, -0.22),
        (0.065, -0.2),
        (0.065, -0.16),
        (0.1, -0.13),
        (0.12, -0.05),
        (0.14, -0.04),
        (0.14, 0.05),
        (0.16, 0.06),
        (0.16, 0.12),
    ];
    model.add(Material::BrushedSteel, lathe::lathe(&nose, 40));
    let holder = [
        (0.0, -0.36),
        (0.022, -0.36),
        (0.034, -0.34),
        (0.034, -0.28),
        (0.05, -0.27),
        (0.05, -0.255),
        (0.044, -0.25),
        (0.044, -0.24),
        (0.05, -0.235),
        (0.05, -0.22),
    ];
    model.add(Material::DarkSteel, lathe::lathe(&holder, 32));
    for flute in 0..4 {
        let edge = curve::sampled(30, |t| {
            let angle = t * TAU * 1.1 + flute as f32 / 4.0 * TAU;
            vec3(0.008 * angle.cos(), -0.5 + 0.14 * t, 0.008 * angle.sin())
        });
        model.add(Material::Chrome, sweep::pipe(&edge, 0.005, 7));
    }
    for hose in [-1.0, 1.0] {
        let mut at = vec3(hose * 0.12, -0.1, 0.08);
        for ball in 0..9 {
            model.add(Material::Coral, lathe::ball(0.014, 12).placed(Placement::to(at)));
            at += vec3(-hose * 0.0115, -0.021, -0.004 * ball as f32 * 0.3);
        }
    }
    model
}

fn work_table() -> Model {
    let mut model = Model::of(Material::BrushedSteel, solid::rounded_box(vec3(1.5, 0.1, 0.6), 0.01, 2));
    for slot in 0..5 {
        let z = -0.22 + slot as f32 * 0.11;
        model.add(
            Material::DarkSteel,
            sweep::beam(vec3(-0.74, 0.051, z), vec3(0.74, 0.051, z), 0.018, 0.006, 0.002),
        );
    }
    for x in [-0.2, 0.4] {
        model.add(Material::DarkSteel, solid::block(0.12, 0.1, 0.3, 0.012).at(x, 0.05, 0.0));
        for z in [-0.1, 0.1] {
            model.add(Material::DarkSteel, lathe::bolt(0.016).at(x, 0.15, z));
        }
    }
    // The workpiece: a blisk half cut from its disc.
    let disc =
        lathe::lathe(&[(0.16, 0.0), (0.17, 0.01), (0.17, 0.05), (0.06, 0.07), (0.05, 0.1), (0.0, 0.1)], 56);
    model.add(Material::Chrome, disc.at(0.1, 0.06, 0.0));
    for blade in 0..24 {
        let angle = blade as f32 / 24.0 * TAU;
        let path = curve::sampled(8, |t| {
            let turn = angle + 0.5 * t;
            vec3(
                0.1 + turn.cos() * (0.06 + 0.11 * t),
                0.135 + 0.02 * (1.0 - t),
                turn.sin() * (0.06 + 0.11 * t),
            )
        });
        model.add(
            Material::Chrome,
            sweep::sweep(&path, Vec3::Y, &curve::rounded_rectangle(0.004, 0.05, 0.0015, 1)),
        );
    }
    model
}

fn control_panel() -> Model {
    let mut model = Model::default();
    let arm =
        curve::rounded_path(&[vec3(-0.45, 2.1, -0.6), vec3(0.0, 2.1, -0.1), vec3(0.0, 1.75, -0.1)], 0.12, 6);
    model.add(Material::MachineDark, sweep::pipe(&arm, 0.03, 14));
    model
        .add(Material::MachineGrey, solid::rounded_box(vec3(0.52, 0.72, 0.12), 0.04, 3).at(0.0, 1.42, -0.06));
    model.include(&furniture::screen(0.44, 4), Placement::at(0.0, 1.6, 0.0));
    for row in 0..4 {
        for column in 0..7 {
            let key = solid::rounded_box(vec3(0.042, 0.03, 0.014), 0.005, 2);
            let material = if (row, column) == (3, 6) { Material::Coral } else { Material::White };
            model.add(material, key.at(-0.18 + column as f32 * 0.06, 1.4 - row as f32 * 0.045, 0.005));
        }
    }
    let wheel = lathe::lathe(&[(0.05, 0.0), (0.055, 0.01), (0.05, 0.022), (0.02, 0.024), (0.0, 0.024)], 28);
    model.add(Material::DarkSteel, wheel.placed(Placement::at(-0.13, 1.16, 0.0).pitch(90.0)));
    let stop = lathe::lathe(&[(0.02, 0.0), (0.02, 0.02), (0.036, 0.025), (0.034, 0.04), (0.0, 0.046)], 24);
    model.add(Material::Ruby, stop.placed(Placement::at(0.14, 1.16, 0.0).pitch(90.0)));
    model
}

/// A three-colour stack light standing on y = 0.
pub fn beacon() -> Model {
    let mut model = Model::of(Material::DarkSteel, sweep::bar(Vec3::ZERO, vec3(0.0, 0.2, 0.0), 0.012, 12));
    for (index, material) in [Material::LampGreen, Material::Mustard, Material::Ruby].into_iter().enumerate()
    {
        let ribs: Vec<(f32, f32)> =
            (0..=8).map(|step| (0.034 + 0.002 * (step % 2) as f32, step as f32 * 0.009)).collect();
        model.add(material, lathe::lathe(&ribs, 24).at(0.0, 0.2 + index as f32 * 0.08, 0.0));
        model.add(
            Material::Black,
            lathe::drum(0.037, 0.01, 0.003, 24).at(0.0, 0.27 + index as f32 * 0.08, 0.0),
        );
    }
    model
}

/// A ball bearing about the Y axis, its balls showing.
fn bearing(radius: f32) -> Model {
    let ring = |inner: f32, outer: f32, groove: f32| -> Mesh {
        let high = radius * 0.18;
        let bulge = (outer - inner) * 0.35;
        let mut profile = vec![(inner, -high), (outer, -high)];
        let dent = |y: f32| (1.0 - (y / high).powi(2)).max(0.0).sqrt() * bulge;
        for step in 1..8 {
            let y = -high + 2.0 * high * step as f32 / 8.0;
            profile.push((if groove > 0.0 { outer - dent(y) } else { outer }, y));
        }
        profile.extend([(outer, high), (inner, high)]);
        for step in 1..8 {
            let y = high - 2.0 * high * step as f32 / 8.0;
            profile.push((if groove < 0.0 { inner + dent(y) } else { inner }, y));
        }
        profile.push((inner, -high));
        lathe::lathe(&profile, 56)
    };
    let mut model = Model::of(Material::Chrome, ring(radius * 0.45, radius * 0.62, 1.0));
    model.add(Material::Chrome, ring(radius * 0.83, radius, -1.0));
    for ball in 0..11 {
        let (sin, cos) = (ball as f32 / 11.0 * TAU).sin_cos();
        model.add(
            Material::Chrome,
            lathe::ball(radius * 0.13, 18).at(cos * radius * 0.725, 0.0, sin * radius * 0.725),
        );
    }
    model.add(Material::Brass, lathe::torus(radius * 0.725, radius * 0.035, 56, 8));
    model
}

fn samples(twin: &mut Twin, plot: &Plot) {
    let table = furniture::counter(2.8, 0.8, 0.95, Material::MachineDark, Material::White);
    plot.stand(twin, "Sample table", "samples", table, Placement::at(1.4, 0.04, 1.9));
    let top = 1.0;
    let mut parts = Model::default();
    let up = Placement::HERE.pitch(-90.0);
    for (index, (teeth, radius, material)) in [
        (36, 0.14, Material::DarkSteel),
        (24, 0.1, Material::Brass),
        (18, 0.075, Material::BrushedSteel),
        (48, 0.17, Material::Chrome),
    ]
    .into_iter()
    .enumerate()
    {
        let wheel = solid::gear_wheel(teeth, radius, 0.03, 5).placed(up);
        parts.add(material, wheel.at(-1.15 + index as f32 * 0.36, 0.0, -0.15 + 0.2 * (index % 2) as f32));
    }
    for (index, radius) in [0.06, 0.085, 0.11].into_iter().enumerate() {
        parts.include(&bearing(radius), Placement::at(0.35 + index as f32 * 0.27, radius * 0.18, -0.2));
    }
    for (index, (radius, turns)) in [(0.03, 9.0), (0.045, 7.0), (0.06, 5.5)].into_iter().enumerate() {
        let coil = sweep::spring(radius, 0.22, turns, 0.005 + 0.002 * index as f32, 200);
        parts.add(
            if index == 1 { Material::Coral } else { Material::BluedSteel },
            coil.at(0.4 + index as f32 * 0.2, 0.0, 0.2),
        );
    }
    let shaft = [
        (0.0, -0.3),
        (0.02, -0.3),
        (0.025, -0.29),
        (0.025, -0.15),
        (0.04, -0.145),
        (0.04, 0.0),
        (0.055, 0.005),
        (0.055, 0.03),
        (0.035, 0.035),
        (0.035, 0.2),
        (0.02, 0.205),
        (0.02, 0.3),
        (0.0, 0.3),
    ];
    parts.add(Material::Chrome, lathe::lathe(&shaft, 36).placed(Placement::at(-0.7, 0.055, 0.25).roll(90.0)));
    let thread: Vec<(f32, f32)> =
        (0..=40).map(|step| (0.03 + 0.005 * (step % 2) as f32, step as f32 * 0.0065)).collect();
    parts.add(Material::BrushedSteel, lathe::lathe(&thread, 28).at(1.2, 0.0, 0.1));
    for nut in 0..12 {
        let place = Placement::at(-0.2 + 0.05 * (nut % 4) as f32, 0.0, 0.12 + 0.06 * (nut / 4) as f32)
            .yaw(nut as f32 * 23.0);
        parts.add(Material::DarkSteel, lathe::bolt(0.014).placed(place));
    }
    plot.stand(twin, "Machined parts", "parts", parts, Placement::at(1.4, top - 0.01, 1.9));
}

/// A planetary gear on a stand; sun, planets and ring are nodes of their own.
fn planetary(twin: &mut Twin, plot: &Plot) {
    let gear = twin.group(Some(plot.node), "Planetary gear", Placement::at(2.4, 1.5, -0.6).yaw(-25.0));
    plot.entity(twin, gear, "planetary");
    let ring_outer = curve::circle(0.56, 480);
    let ring_inner = curve::gear(60, 0.47, -0.035);
    twin.stand_one(
        gear,
        "Ring gear",
        Material::MachineDark,
        solid::ring_plate(&ring_outer, &turned(&ring_inner, ring_outer.len()), 0.09, 0.004),
        Placement::HERE,
    );
    let sun = twin.stand_one(
        gear,
        "Sun gear",
        Material::Brass,
        solid::gear_wheel(20, 0.155, 0.09, 5),
        Placement::HERE,
    );
    plot.entity(twin, sun, "sun-gear");
    let planet =
        twin.mesh("Planet gear", Model::of(Material::BrushedSteel, solid::gear_wheel(20, 0.155, 0.08, 4)));
    for index in 0..3 {
        let angle = index as f32 * 120.0;
        let (sin, cos) = angle.to_radians().sin_cos();
        let node = twin.place(
            gear,
            format!("Planet {}", index + 1),
            planet,
            Placement::at(cos * 0.312, sin * 0.312, 0.0).roll(angle + 9.0),
        );
        plot.entity(twin, node, &format!("planet-{}", index + 1));
    }
    let mut stand = Model::of(
        Material::Graphite,
        lathe::lathe(&[(0.4, 0.0), (0.4, 0.02), (0.1, 0.06), (0.06, 0.2), (0.06, 0.86), (0.1, 0.94)], 36),
    );
    stand.add(Material::Graphite, solid::rounded_box(vec3(0.3, 0.06, 0.14), 0.02, 2).at(0.0, 0.93, 0.04));
    twin.stand(gear, "Gear stand", stand, Placement::at(0.0, -1.46, 0.0));
}

/// The outline with its first point at angle zero, as a plain circle's is.
fn turned(outline: &[glam::Vec2], count: usize) -> Vec<glam::Vec2> {
    let phase = outline[0].to_angle();
    outline.iter().take(count).map(|point| glam::Vec2::from_angle(-phase).rotate(*point)).collect()
}
