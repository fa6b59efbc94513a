//! Booth 10, Helio: a carport-sized wave of solar cells on timber ribs, a tracking flower, inverter and battery.

use std::f32::consts::{PI, TAU};

use glam::{Quat, Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Model, Placement},
    palette::Material,
    sheet, solid, sweep,
    twin::Twin,
};

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetSand);
    plot.stand(twin, "Solar roof", "roof", roof(), Placement::at(0.0, 0.04, -0.6));
    plot.gate_sign(twin, "Helio", 2.0, Material::Mustard, Placement::at(-1.6, 0.04, -2.72));
    let flower = twin.group(Some(plot.node), "Solar flower", Placement::at(2.3, 0.04, 1.9));
    plot.entity(twin, flower, "flower");
    twin.stand(flower, "Stem", stem(), Placement::HERE);
    let head = twin.group(Some(flower), "Flower head", Placement::at(0.0, 1.5, 0.0).yaw(25.0).pitch(38.0));
    plot.entity(twin, head, "flower-head");
    let petal = twin.mesh("Solar petal", petal());
    for index in 0..10 {
        twin.place(
            head,
            format!("Petal {}", index + 1),
            petal,
            Placement::HERE.yaw(index as f32 * 36.0).pitch(-8.0),
        );
    }
    twin.stand(head, "Hub", hub(), Placement::HERE);
    let desk = furniture::counter(2.2, 0.7, 1.05, Material::Larch, Material::White);
    plot.stand(twin, "Desk", "desk", desk, Placement::at(-1.4, 0.04, 0.6));
    for index in 0..3 {
        let node = twin.stand(
            plot.node,
            format!("Battery {}", index + 1),
            battery(),
            Placement::at(0.7 + index as f32 * 0.72, 0.04, -2.2),
        );
        plot.entity(twin, node, &format!("battery-{}", index + 1));
    }
    plot.screen(twin, 4, Placement::at(0.4, 0.04, 0.9).yaw(-15.0));
    for index in 0..2 {
        twin.place(
            plot.node,
            format!("Stool {}", index + 1),
            kit.furniture.stool,
            Placement::at(-1.9 + index as f32 * 0.8, 0.04, 1.3),
        );
    }
    twin.place(plot.node, "Plant", kit.plants.broad, Placement::at(-2.8, 0.04, -2.2));
    for index in 0..5 {
        twin.place(
            plot.node,
            format!("Grass {}", index + 1),
            kit.plants.grass,
            Placement::at(2.0 + 0.15 * index as f32, 0.04, 1.4 + 0.1 * (index % 2) as f32)
                .yaw(index as f32 * 60.0)
                .sized(0.8),
        );
    }
}

/// Height of the wave over the floor.
fn wave(x: f32) -> f32 {
    3.25 + 0.38 * (x * 0.95 - 0.5).sin()
}

fn roof() -> Model {
    let mut model = Model::default();
    let (from, to, depth) = (-3.0f32, 3.0f32, 3.6f32);
    for rib in 0..5 {
        let z = (rib as f32 / 4.0 - 0.5) * depth;
        let path = curve::sampled(36, |t| {
            let x = from + (to - from) * t;
            vec3(x, wave(x) - 0.14, z)
        });
        model.add(
            Material::Larch,
            sweep::sweep(&path, Vec3::Y, &curve::rounded_rectangle(0.09, 0.2, 0.02, 2)),
        );
    }
    let columns = 8;
    for column in 0..columns {
        let x0 = from + (to - from) * column as f32 / columns as f32;
        let x1 = from + (to - from) * (column + 1) as f32 / columns as f32;
        for row in 0..4 {
            let z0 = (row as f32 / 4.0 - 0.5) * depth;
            // Each module is bent with the wave and framed.
            let face = sheet::sheet(1, 6, |u, v| {
                let x = x0 + 0.012 + (x1 - x0 - 0.024) * v;
                vec3(x, wave(x) + 0.03, z0 + 0.01 + (depth * 0.25 - 0.02) * u)
            });
            let width = x1 - x0 - 0.024;
            model.add(Material::SolarCell, face.mapped(|uv| uv / width.max(0.1)));
            let frame = curve::sampled(24, |t| {
                let side = (t * 4.0).min(3.9999);
                let (u, v) = match side as u32 {
                    0 => (side.fract(), 0.0),
                    1 => (1.0, side.fract()),
                    2 => (1.0 - side.fract(), 1.0),
                    _ => (0.0, 1.0 - side.fract()),
                };
                let x = x0 + 0.012 + width * v;
                vec3(x, wave(x) + 0.02, z0 + 0.01 + (depth * 0.25 - 0.02) * u)
            });
            model.add(Material::BrushedSteel, sweep::pipe(&frame, 0.014, 6));
        }
    }
    // Seen from below: the modules' white backs.
    model.add(
        Material::White,
        sheet::sheet(1, 36, |u, v| {
            let x = from + (to - from) * v;
            vec3(x, wave(x) - 0.005, (0.5 - u) * depth)
        }),
    );
    for (x, z) in [(-2.5f32, -1.4f32), (2.3, -1.4), (-2.5, 1.2), (2.3, 1.2)] {
        for lean in [-0.5, 0.5] {
            let path = curve::through(
                &[
                    vec3(x, 0.0, z),
                    vec3(x + lean * 0.12, 1.6, z),
                    vec3(x + lean, wave(x + lean) - 0.2, z * 1.05),
                ],
                8,
            );
            model.add(Material::Larch, sweep::taper(&path, 0.075, 0.05, 16));
        }
        model.add(
            Material::Graphite,
            lathe::lathe(&[(0.18, 0.0), (0.18, 0.02), (0.1, 0.04), (0.085, 0.16), (0.07, 0.165)], 28)
                .at(x, 0.0, z),
        );
        for bolt in 0..4 {
            let (sin, cos) = (bolt as f32 / 4.0 * TAU + 0.4).sin_cos();
            model.add(Material::DarkSteel, lathe::bolt(0.018).at(x + cos * 0.14, 0.02, z + sin * 0.14));
        }
    }
    model
}

fn petal() -> Model {
    let at = |u: f32, v: f32| {
        let half = 0.05 + 0.24 * (v * PI * 0.62).sin();
        vec3((u - 0.5) * 2.0 * half, 0.05 * (v * PI).sin(), 0.16 + v * 0.78)
    };
    let mut model =
        Model::of(Material::SolarCell, sheet::sheet(8, 10, |u, v| at(v, u)).mapped(|uv| uv * 1.4));
    let rim = curve::sampled(36, |t| {
        let side = (t * 3.0).min(2.9999);
        match side as u32 {
            0 => at(0.0, side.fract()),
            1 => at(side.fract(), 1.0),
            _ => at(1.0, 1.0 - side.fract()),
        }
    });
    model.add(Material::BrushedSteel, sweep::pipe(&rim, 0.011, 8));
    model.add(Material::White, sheet::sheet(6, 8, |u, v| at(u, v) - Vec3::Y * 0.012));
    model.add(
        Material::BrushedSteel,
        sweep::taper(&[vec3(0.0, -0.02, 0.05), vec3(0.0, 0.02, 0.5), vec3(0.0, 0.0, 0.9)], 0.018, 0.008, 8),
    );
    model
}

fn hub() -> Model {
    let mut model = Model::of(
        Material::Mustard,
        lathe::lathe(&[(0.2, -0.06), (0.21, -0.03), (0.2, 0.03), (0.14, 0.09), (0.0, 0.12)], 36),
    );
    for seed in 0..80 {
        let angle = seed as f32 * 2.399;
        let radius = 0.14 * (seed as f32 / 80.0).sqrt();
        let place = Placement::at(radius * angle.cos(), 0.122 - radius * 0.22, radius * angle.sin());
        model.add(Material::Brass, lathe::ball(0.009, 6).placed(place));
    }
    model
}

fn stem() -> Model {
    let mut model = Model::of(
        Material::White,
        lathe::lathe(
            &[(0.34, 0.0), (0.34, 0.03), (0.12, 0.08), (0.07, 0.2), (0.055, 1.36), (0.09, 1.42), (0.0, 1.48)],
            32,
        ),
    );
    let joint = lathe::drum(0.075, 0.22, 0.02, 28);
    model.add(
        Material::DarkSteel,
        joint.placed(Placement::at(-0.11, 1.47, 0.0).turn(Quat::from_rotation_z(-PI * 0.5))),
    );
    model
}

fn battery() -> Model {
    let mut model = Model::of(Material::White, solid::block(0.62, 1.25, 0.24, 0.05));
    model.add(Material::Mustard, solid::rounded_box(vec3(0.63, 0.05, 0.25), 0.02, 2).at(0.0, 1.0, 0.0));
    model.add(Material::LampGreen, solid::rounded_box(vec3(0.3, 0.012, 0.01), 0.005, 2).at(0.0, 0.9, 0.122));
    for rib in 0..9 {
        model.add(
            Material::White,
            sweep::bar(
                vec3(-0.24, 0.12 + rib as f32 * 0.045, 0.12),
                vec3(0.24, 0.12 + rib as f32 * 0.045, 0.12),
                0.009,
                8,
            ),
        );
    }
    let conduit = curve::rounded_path(
        &[vec3(0.2, 1.24, 0.0), vec3(0.2, 1.5, 0.0), vec3(0.2, 1.5, -0.12), vec3(0.2, 2.9, -0.12)],
        0.07,
        5,
    );
    model.add(Material::Galvanised, sweep::pipe(&conduit, 0.018, 10));
    model
}
