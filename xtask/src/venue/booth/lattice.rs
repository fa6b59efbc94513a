//! Booth 1, Larch & Lattice: a timber gridshell to stand under, with joinery on plinths.

use glam::{Quat, Vec3, vec2, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Model, Placement},
    palette::Material,
    solid, sweep,
    twin::Twin,
};

/// Laths of one family, how many of them cross a unit of the shell, and how steeply.
const LATHS: std::ops::Range<i32> = -8..17;
const PITCH: f32 = 8.0;
const SLOPE: f32 = 2.0;

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetSand);
    plot.stand(twin, "Gridshell", "gridshell", gridshell(), Placement::at(0.0, 0.04, -0.3));
    plot.gate_sign(twin, "Larch & Lattice", 2.6, Material::Larch, Placement::at(0.0, 0.04, -2.72));
    let bench = twin.mesh("Slatted bench", bench());
    for (index, (x, z, yaw)) in [(-1.5, -1.2, 20.0), (1.5, -1.2, -20.0)].into_iter().enumerate() {
        twin.place(plot.node, format!("Bench {}", index + 1), bench, Placement::at(x, 0.04, z).yaw(yaw));
    }
    let plinth = twin.mesh("Oak plinth", furniture::plinth(0.3, 0.9, Material::Birch));
    let pieces = [knot(), dovetail(), star()];
    for (index, piece) in pieces.into_iter().enumerate() {
        let place = Placement::at(-2.4 + index as f32 * 1.15, 0.04, 1.6 - 0.3 * index as f32);
        twin.place(plot.node, format!("Plinth {}", index + 1), plinth, place);
        let mut on_top = place;
        on_top.translation.y += 0.9;
        plot.stand(twin, &format!("Joint {}", index + 1), &format!("joint-{}", index + 1), piece, on_top);
    }
    twin.place(plot.node, "Palm", kit.plants.palm, Placement::at(2.7, 0.04, -2.2));
    twin.place(plot.node, "Broad-leaved plant", kit.plants.broad, Placement::at(-2.8, 0.04, -2.2));
}

/// The shell's surface: a saddle-lipped vault over the unit square.
fn vault(u: f32, v: f32) -> Vec3 {
    let (x, z) = ((u - 0.5) * 6.0, (v - 0.5) * 4.4);
    let across = 1.0 - (2.0 * u - 1.0).powi(2);
    let lip = 0.75 + 0.42 * (2.0 * v - 1.0).powi(2);
    vec3(x, 3.35 * across.max(0.0).powf(0.62) * lip, z * (1.0 + 0.08 * across))
}

fn normal(u: f32, v: f32) -> Vec3 {
    let step = 0.004;
    let (u, v) = (u.clamp(0.01, 0.99), v.clamp(0.01, 0.99));
    let du = vault(u + step, v) - vault(u - step, v);
    let dv = vault(u, v + step) - vault(u, v - step);
    dv.cross(du).normalize_or(Vec3::Y)
}

fn gridshell() -> Model {
    let mut model = Model::default();
    let lath = curve::rounded_rectangle(0.06, 0.022, 0.007, 1);
    for family in [1.0f32, -1.0] {
        for index in LATHS {
            let offset = index as f32 / PITCH;
            let along = |t: f32| {
                let u = t;
                let v = offset + family * SLOPE * (t - 0.5);
                (u, v)
            };
            let mut path = Vec::new();
            let mut first = Vec3::Y;
            for step in 0..=56 {
                let (u, v) = along(step as f32 / 56.0);
                if !(0.0..=1.0).contains(&v) {
                    continue;
                }
                let out = normal(u, v);
                if path.is_empty() {
                    first = out;
                }
                path.push(vault(u, v) + out * 0.012 * family);
            }
            if path.len() > 4 {
                model.add(Material::Larch, sweep::sweep(&path, first, &lath));
            }
        }
    }
    // A bolt at each crossing of the two families: u and v where both run through.
    let bolt = lathe::bolt(0.014);
    for a in LATHS {
        for b in LATHS {
            let t = 0.5 + (b - a) as f32 / PITCH / (2.0 * SLOPE);
            let v = (a + b) as f32 / (2.0 * PITCH);
            if (0.03..0.97).contains(&t) && (0.02..0.98).contains(&v) {
                let turn = Quat::from_rotation_arc(Vec3::Y, -normal(t, v));
                let place = Placement::to(vault(t, v) - normal(t, v) * 0.022).turn(turn);
                model.add(Material::DarkSteel, bolt.clone().placed(place));
            }
        }
    }
    for edge in [0.0, 1.0] {
        let lip = curve::sampled(60, |t| vault(t, edge) + Vec3::Y * 0.01);
        model.add(
            Material::Larch,
            sweep::sweep(&lip, normal(0.0, edge), &curve::rounded_rectangle(0.11, 0.09, 0.02, 2)),
        );
    }
    for x in [-3.0, 3.0] {
        model.add(Material::Oak, solid::block(0.26, 0.12, 4.6, 0.03).at(x, 0.0, 0.0));
    }
    model
}

fn bench() -> Model {
    let mut model = Model::default();
    let outline = curve::rounded_rectangle(0.5, 0.05, 0.02, 3);
    for slat in 0..34 {
        let x = -0.85 + slat as f32 * 1.7 / 33.0;
        let rise = 0.43 + 0.03 * (slat as f32 * 0.2).cos();
        let board =
            solid::plate(&outline, 0.034, 0.006).placed(Placement::at(x - 0.017, rise, 0.0).yaw(90.0));
        model.add(if slat % 5 == 2 { Material::Walnut } else { Material::Larch }, board);
    }
    for z in [-0.16, 0.16] {
        model.add(Material::Graphite, sweep::bar(vec3(-0.85, 0.38, z), vec3(0.85, 0.38, z), 0.016, 10));
        for x in [-0.7, 0.7] {
            model.add(Material::Graphite, sweep::bar(vec3(x, 0.0, z * 1.25), vec3(x, 0.38, z), 0.016, 10));
        }
    }
    model
}

/// Three bars that lock into each other.
fn knot() -> Model {
    let mut model = Model::default();
    let bar = solid::rounded_box(vec3(0.5, 0.07, 0.12), 0.012, 2);
    for (material, place) in [
        (Material::Larch, Placement::at(0.0, 0.26, 0.0)),
        (Material::Walnut, Placement::at(0.0, 0.26, 0.0).yaw(90.0).roll(90.0)),
        (Material::Oak, Placement::at(0.0, 0.26, 0.0).roll(90.0).pitch(90.0)),
    ] {
        model.add(material, bar.clone().placed(place));
    }
    model
}

fn dovetail() -> Model {
    let mut model = Model::default();
    for tail in 0..5 {
        let x = -0.16 + tail as f32 * 0.08;
        let outline = [vec2(-0.028, 0.0), vec2(0.028, 0.0), vec2(0.038, 0.06), vec2(-0.038, 0.06)];
        model.add(Material::Walnut, solid::plate(&outline, 0.3, 0.003).at(x, 0.0, -0.15));
    }
    model.add(Material::Larch, solid::rounded_box(vec3(0.42, 0.06, 0.3), 0.006, 2).at(0.0, 0.095, 0.0));
    model.add(Material::Larch, solid::rounded_box(vec3(0.42, 0.3, 0.05), 0.006, 2).at(0.0, 0.27, -0.12));
    model
}

/// A ball of steamed hoops.
fn star() -> Model {
    let mut model = Model::default();
    for hoop in 0..7 {
        let angle = hoop as f32 * 180.0 / 7.0;
        let ring = lathe::torus(0.22, 0.011, 56, 10);
        model.add(Material::Larch, ring.placed(Placement::at(0.0, 0.25, 0.0).yaw(angle).pitch(72.0)));
    }
    model.add(Material::Brass, lathe::ball(0.05, 20).at(0.0, 0.25, 0.0));
    model
}
