//! The roof and what hangs from it: arched lattice trusses on columns, purlins, ribbed sheets, skylights, air ducts,
//! cable trays and lamps.

use std::f32::consts::TAU;

use glam::{Vec3, vec3};

use super::{
    curve,
    hall::{BAY, DEPTH, WIDTH},
    lathe,
    mesh::{Model, Placement},
    palette::Material,
    sheet, solid, sweep,
    twin::{NodeId, Twin},
};

/// The roof skin's height at the ridge.
const RIDGE: f32 = 12.4;
/// How much lower the eaves are.
const RISE: f32 = 2.8;
/// Where light comes in, along X; the strips run the length of the hall.
const SKYLIGHTS: [(f32, f32); 3] = [(-15.0, -9.0), (-3.0, 3.0), (9.0, 15.0)];
/// What is sheet.
const SHEETS: [(f32, f32); 4] = [(-30.0, -15.0), (-9.0, -3.0), (3.0, 9.0), (15.0, 30.0)];

/// The roof skin's height over the floor at `x`.
pub fn height(x: f32) -> f32 {
    let share = x / (WIDTH * 0.5);
    RIDGE - RISE * share * share
}

/// Height of the trusses' upper chords.
fn upper(x: f32) -> f32 {
    height(x) - 0.32
}

/// Height of the trusses' lower chord.
fn lower(x: f32) -> f32 {
    let share = x / (WIDTH * 0.5);
    upper(x) - 1.55 + 0.65 * share * share
}

/// Builds it all.
pub fn build(twin: &mut Twin, hall: NodeId) {
    let roof = twin.group(Some(hall), "Roof", Placement::HERE);
    twin.entity(roof, "hall/roof");
    structure(twin, roof);
    skin(twin, roof);
    ducts(twin, roof);
    trays(twin, roof);
    lamps(twin, roof);
}

fn arch(y: impl Fn(f32) -> f32, z: f32, steps: u32) -> Vec<Vec3> {
    curve::sampled(steps, |t| {
        let x = (t - 0.5) * (WIDTH - 1.2);
        vec3(x, y(x), z)
    })
}

/// A three-chord truss over the hall's width in the plane z = 0.
fn truss() -> Model {
    let panels = 28;
    let half = 0.55;
    let mut model = Model::default();
    for z in [-half, half] {
        model.add(Material::SteelWhite, sweep::pipe(&arch(upper, z, panels), 0.085, 12));
    }
    model.add(Material::SteelWhite, sweep::pipe(&arch(lower, 0.0, panels), 0.11, 14));
    let node = lathe::ball(0.14, 10);
    let place = |index: f32| (index / panels as f32 - 0.5) * (WIDTH - 1.2);
    for index in 0..=panels {
        let x = place(index as f32);
        let (left, right) = (vec3(x, upper(x), -half), vec3(x, upper(x), half));
        model.add(Material::SteelWhite, sweep::bar(left, right, 0.04, 8));
        for end in [left, right] {
            model.add(Material::SteelWhite, node.clone().placed(Placement::to(end).sized(0.86)));
        }
        if index == panels {
            break;
        }
        let middle = place(index as f32 + 0.5);
        let foot = vec3(middle, lower(middle), 0.0);
        model.add(Material::SteelWhite, node.clone().placed(Placement::to(foot)));
        let next = place(index as f32 + 1.0);
        for z in [-half, half] {
            for top in [vec3(x, upper(x), z), vec3(next, upper(next), z)] {
                model.add(Material::SteelWhite, sweep::bar(foot, top, 0.045, 9));
            }
        }
        let (from, to) = if index % 2 == 0 { (-half, half) } else { (half, -half) };
        let brace = [vec3(x, upper(x), from), vec3(next, upper(next), to)];
        model.add(Material::SteelWhite, sweep::bar(brace[0], brace[1], 0.025, 7));
    }
    model
}

/// A column with its foot, bolts and the fork that takes the truss.
fn column() -> Model {
    let top = lower(28.6);
    let mut model = Model::of(
        Material::SteelWhite,
        sweep::bar(vec3(0.0, 0.03, 0.0), vec3(0.0, top - 1.5, 0.0), 0.17, 24),
    );
    model.add(Material::SteelWhite, solid::block(0.7, 0.035, 0.7, 0.01));
    model.add(Material::SteelWhite, lathe::lathe(&[(0.26, 0.03), (0.2, 0.12), (0.172, 0.3)], 24));
    for (x, z) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
        model.add(Material::DarkSteel, lathe::bolt(0.035).at(x * 0.28, 0.035, z * 0.28));
        let arm = curve::through(
            &[
                vec3(0.0, top - 1.55, 0.0),
                vec3(x * 0.05, top - 1.1, z * 0.12),
                vec3(x * 0.4, top + 0.1, z * 0.5),
                vec3(x * 0.6, upper(28.6) - 0.05, z * 0.55),
            ],
            5,
        );
        model.add(Material::SteelWhite, sweep::taper(&arm, 0.1, 0.065, 12));
    }
    model.add(Material::SteelWhite, lathe::ball(0.2, 20).at(0.0, top - 1.52, 0.0));
    model.add(Material::Coral, lathe::lathe(&[(0.173, 1.1), (0.176, 1.11), (0.176, 1.29), (0.173, 1.3)], 24));
    model
}

fn structure(twin: &mut Twin, roof: NodeId) {
    let truss = twin.mesh("Truss", truss());
    let column = twin.mesh("Column", column());
    for index in 0..=8u32 {
        // The outer ones stand a little inside the end walls.
        let z = (-DEPTH * 0.5 + index as f32 * BAY).clamp(-19.2, 19.2);
        twin.place(roof, format!("Truss {}", index + 1), truss, Placement::at(0.0, 0.0, z));
        for (side, x) in [("west", -28.6), ("east", 28.6)] {
            twin.place(roof, format!("Column {side} {}", index + 1), column, Placement::at(x, 0.0, z));
        }
    }
    let mut purlins = Model::default();
    for index in 0..=20 {
        let x = (-30.0 + index as f32 * 3.0f32).clamp(-29.6, 29.6);
        let y = height(x) - 0.16;
        purlins
            .add(Material::SteelWhite, sweep::beam(vec3(x, y, -20.0), vec3(x, y, 20.0), 0.09, 0.18, 0.025));
    }
    twin.stand(roof, "Purlins", purlins, Placement::HERE);
}

fn skin(twin: &mut Twin, roof: NodeId) {
    let mut deck = Model::default();
    for (from, to) in SHEETS {
        let columns = ((to - from) / 1.5) as u32;
        // Ribs run down the slope; four points to a rib. Seen from below.
        deck.add(
            Material::RoofSheet,
            sheet::sheet(columns / 2, 64, |u, v| {
                let x = from + (to - from) * u;
                vec3(x, height(x) + 0.03 * (v * BAY * TAU * 3.2).sin(), (v - 0.5) * BAY)
            }),
        );
    }
    let mut panes = Model::default();
    for (from, to) in SKYLIGHTS {
        let arc = |t: f32| {
            let x = from + (to - from) * t;
            // Each skylight is a low vault of its own.
            vec3(x, height(x) + 0.12 + 0.55 * (t * std::f32::consts::PI).sin(), 0.0)
        };
        panes.add(Material::GlassSky, sheet::sheet(12, 1, |u, v| arc(u) + Vec3::Z * (v - 0.5) * BAY));
        for bar in 0..4 {
            let z = (bar as f32 / 4.0 - 0.5) * BAY;
            let path = curve::sampled(12, |t| arc(t) + Vec3::Z * z);
            panes.add(Material::SteelWhite, sweep::pipe(&path, 0.035, 8));
        }
        for edge in [from, to] {
            let y = height(edge) + 0.05;
            panes.add(
                Material::SteelWhite,
                sweep::beam(vec3(edge, y, -BAY * 0.5), vec3(edge, y, BAY * 0.5), 0.14, 0.34, 0.03),
            );
        }
        for t in [0.25, 0.5, 0.75] {
            let here = arc(t);
            panes.add(
                Material::SteelWhite,
                sweep::bar(here - Vec3::Z * BAY * 0.5, here + Vec3::Z * BAY * 0.5, 0.025, 8),
            );
        }
    }
    let (deck, panes) = (twin.mesh("Roof sheet bay", deck), twin.mesh("Skylight bay", panes));
    for index in 0..8 {
        let place = Placement::at(0.0, 0.0, -DEPTH * 0.5 + (index as f32 + 0.5) * BAY);
        twin.place(roof, format!("Roof bay {}", index + 1), deck, place);
        let node = twin.place(roof, format!("Skylights, bay {}", index + 1), panes, place);
        twin.entity(node, format!("hall/skylight-{}", index + 1));
    }
}

/// Spiral-seamed round duct along Z, 5 m, with one long-throw nozzle on each side.
fn duct_bay() -> Model {
    let radius = 0.42;
    let mut profile = Vec::new();
    let seams = 10;
    for seam in 0..seams {
        let y = seam as f32 / seams as f32 * BAY;
        let pitch = BAY / seams as f32;
        profile.extend([(radius, y), (radius, y + pitch * 0.86), (radius + 0.012, y + pitch * 0.93)]);
    }
    profile.push((radius, BAY));
    let along = Placement::at(0.0, 0.0, -BAY * 0.5).pitch(90.0);
    let mut model = Model::of(Material::Galvanised, lathe::lathe(&profile, 24).placed(along));
    let flange = [
        (radius, -0.03),
        (radius + 0.05, -0.03),
        (radius + 0.055, 0.0),
        (radius + 0.05, 0.03),
        (radius, 0.03),
    ];
    model.add(Material::Galvanised, lathe::lathe(&flange, 28).placed(along));
    for bolt in 0..12 {
        let (sin, cos) = (bolt as f32 / 12.0 * TAU).sin_cos();
        let place =
            Placement::at(cos * (radius + 0.03), sin * (radius + 0.03), -BAY * 0.5 + 0.02).pitch(90.0);
        model.add(Material::DarkSteel, lathe::bolt(0.012).placed(place));
    }
    let nozzle = [
        (0.2, 0.0),
        (0.2, 0.12),
        (0.23, 0.16),
        (0.2, 0.24),
        (0.15, 0.3),
        (0.135, 0.31),
        (0.14, 0.28),
        (0.12, 0.2),
        (0.0, 0.18),
    ];
    for side in [-1.0, 1.0] {
        let out = Placement::at(side * (radius - 0.06), -0.12, 0.6).roll(-90.0 * side - 20.0 * side);
        model.add(Material::White, lathe::lathe(&nozzle, 28).placed(out));
    }
    for z in [-1.2, 1.2] {
        model.add(
            Material::Galvanised,
            lathe::torus(radius + 0.012, 0.016, 32, 6).placed(Placement::at(0.0, 0.0, z).pitch(90.0)),
        );
        for x in [-radius, radius] {
            model.add(Material::DarkSteel, sweep::bar(vec3(x, 0.05, z), vec3(x, 2.1, z), 0.007, 6));
        }
    }
    model
}

fn ducts(twin: &mut Twin, roof: NodeId) {
    let duct = twin.mesh("Air duct bay", duct_bay());
    for (side, x) in [("west", -20.0), ("east", 20.0)] {
        let run = twin.group(Some(roof), format!("Air duct {side}"), Placement::at(x, 8.9, 0.0));
        twin.entity(run, format!("hall/duct-{side}"));
        for index in 0..8 {
            let place = Placement::at(0.0, 0.0, -DEPTH * 0.5 + (index as f32 + 0.5) * BAY);
            twin.place(run, format!("Air duct {side}, bay {}", index + 1), duct, place);
        }
    }
}

/// A wire tray with cables that sag between its supports, 5 m along Z.
fn tray_bay() -> Model {
    let mut model = Model::default();
    for x in [-0.15, -0.075, 0.0, 0.075, 0.15] {
        model.add(Material::Galvanised, sweep::bar(vec3(x, 0.0, -2.5), vec3(x, 0.0, 2.5), 0.004, 5));
    }
    for side in [-0.16, 0.16] {
        for y in [0.03, 0.06] {
            model.add(Material::Galvanised, sweep::bar(vec3(side, y, -2.5), vec3(side, y, 2.5), 0.004, 5));
        }
    }
    let hoop = curve::rounded_path(
        &[vec3(-0.16, 0.07, 0.0), vec3(-0.16, 0.0, 0.0), vec3(0.16, 0.0, 0.0), vec3(0.16, 0.07, 0.0)],
        0.02,
        2,
    );
    for step in 0..20 {
        model.add(
            Material::Galvanised,
            sweep::pipe(&hoop, 0.004, 5).at(0.0, 0.0, -2.375 + step as f32 * 0.25),
        );
    }
    let cables = [
        (-0.11, 0.018, Material::Black),
        (-0.06, 0.014, Material::Rubber),
        (-0.02, 0.022, Material::Black),
        (0.04, 0.012, Material::Coral),
        (0.08, 0.018, Material::Rubber),
        (0.12, 0.011, Material::Teal),
    ];
    for (index, (x, radius, material)) in cables.into_iter().enumerate() {
        let path = curve::sampled(12, |t| {
            let wander = 0.014 * (t * TAU + index as f32).sin();
            vec3(x + wander, radius + 0.006 + 0.006 * (t * TAU * 2.0).cos(), (t - 0.5) * BAY)
        });
        model.add(material, sweep::pipe(&path, radius, 6));
    }
    for x in [-0.17, 0.17] {
        model.add(Material::DarkSteel, sweep::bar(vec3(x, 0.0, 0.0), vec3(x, 2.6, 0.0), 0.006, 6));
    }
    model
}

fn trays(twin: &mut Twin, roof: NodeId) {
    let tray = twin.mesh("Cable tray bay", tray_bay());
    for (side, x) in [("west", -7.5), ("east", 7.5)] {
        for index in 0..8 {
            let place = Placement::at(x, 9.2, -DEPTH * 0.5 + (index as f32 + 0.5) * BAY);
            twin.place(roof, format!("Cable tray {side}, bay {}", index + 1), tray, place);
        }
    }
}

/// A high-bay lamp on its cable, the cable's top at the origin.
fn high_bay() -> Model {
    let mut model = Model::default();
    let cable = curve::hanging(vec3(0.0, 0.0, 0.0), vec3(0.02, -1.05, 0.0), 0.02, 6);
    model.add(Material::Black, sweep::pipe(&cable, 0.008, 6));
    let mut body = vec![(0.0, 0.34), (0.02, 0.34), (0.05, 0.33), (0.06, 0.3)];
    for fin in 0..4 {
        let y = 0.28 - fin as f32 * 0.03;
        body.extend([(0.075, y), (0.11, y - 0.003), (0.11, y - 0.01), (0.075, y - 0.013)]);
    }
    body.extend([
        (0.09, 0.15),
        (0.18, 0.1),
        (0.26, 0.03),
        (0.275, 0.0),
        (0.265, -0.002),
        (0.24, 0.03),
        (0.16, 0.085),
        (0.0, 0.09),
    ]);
    let body: Vec<(f32, f32)> = body.into_iter().rev().collect();
    model.add(Material::Graphite, lathe::lathe(&body, 20).at(0.0, -1.4, 0.0));
    let lens = [(0.0, 0.035), (0.1, 0.037), (0.19, 0.045), (0.225, 0.055)];
    model.add(Material::LampCool, lathe::lathe(&lens, 20).at(0.0, -1.4, 0.0));
    model
}

fn lamps(twin: &mut Twin, roof: NodeId) {
    let lamp = twin.mesh("High-bay lamp", high_bay());
    for row in 0..7 {
        let z = -15.0 + row as f32 * BAY;
        for (column, x) in [-24.0f32, -12.0, -5.5, 5.5, 12.0, 24.0].into_iter().enumerate() {
            let node = twin.place(
                roof,
                format!("Lamp {}-{}", row + 1, column + 1),
                lamp,
                Placement::at(x, lower(x), z + if column % 2 == 0 { 0.0 } else { 0.4 }),
            );
            twin.entity(node, format!("hall/lamp-{}-{}", row + 1, column + 1));
        }
    }
}
