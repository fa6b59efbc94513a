//! Booth 5, Polis: a city of paper-white towers on a great table, with a river, bridges, trees and a railway.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    rng::Rng,
    sheet, solid, sweep,
    twin::Twin,
};

/// Metres of the table along X and Z, and its height.
const TABLE: Vec3 = Vec3::new(4.2, 0.86, 3.0);

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetSand);
    let mut rng = Rng::new(kit.seed, "city");
    plot.stand(twin, "Model table", "table", table(), Placement::at(0.0, 0.04, 0.2));
    let city = twin.group(Some(plot.node), "Model city", Placement::at(0.0, 0.04 + TABLE.y, 0.2));
    plot.entity(twin, city, "city");
    for quarter in 0..4 {
        let model = quarter_of(quarter, &mut rng);
        let node = twin.stand(city, format!("Quarter {}", quarter + 1), model, Placement::HERE);
        plot.entity(twin, node, &format!("quarter-{}", quarter + 1));
    }
    twin.stand(city, "River and bridges", river_and_bridges(), Placement::HERE);
    let tree = twin.mesh("Model tree", model_tree());
    for index in 0..70 {
        let x = rng.range(-2.0, 2.0);
        let bank = if index % 2 == 0 { 0.26 } else { -0.26 };
        let place =
            Placement::at(x, 0.0, river(x) + bank + rng.range(-0.03, 0.03)).sized(rng.range(0.7, 1.3));
        twin.place(city, format!("Model tree {}", index + 1), tree, place);
    }
    twin.stand(city, "Railway", railway(), Placement::HERE);
    let wall = furniture::wall(6.6, 3.0, 5, Material::Birch);
    plot.stand(twin, "Back wall", "wall", wall, Placement::at(0.0, 0.04, -2.8));
    plot.sign(twin, "Polis", 2.6, Material::Graphite, Placement::at(-1.6, 2.4, -2.74));
    plot.stand(twin, "Wall screen", "screen", furniture::screen(2.2, 7), Placement::at(1.7, 1.75, -2.7));
    for (index, (x, z, yaw)) in
        [(-2.7, 1.5, -100.0), (2.7, 1.4, 100.0), (2.8, -0.6, 80.0)].into_iter().enumerate()
    {
        let place = Placement::at(x, 0.04, z).yaw(yaw);
        twin.place(plot.node, format!("Stool {}", index + 1), kit.furniture.stool, place);
    }
    twin.place(plot.node, "Broad-leaved plant", kit.plants.broad, Placement::at(-2.9, 0.04, -2.2));
}

/// Where the river runs, along Z.
fn river(x: f32) -> f32 {
    0.1 + 0.32 * (x * 1.15).sin() + 0.1 * (x * 2.7 + 1.0).sin()
}

fn table() -> Model {
    let top = curve::rounded_rectangle(TABLE.x, TABLE.z, 0.3, 10);
    let mut model = Model::of(
        Material::White,
        solid::plate(&top, 0.06, 0.015).placed(Placement::at(0.0, TABLE.y - 0.06, 0.0).pitch(-90.0)),
    );
    let edge: Vec<Vec3> =
        top.iter().chain(top.first()).map(|p| vec3(p.x * 1.004, TABLE.y - 0.03, -p.y * 1.004)).collect();
    model.add(Material::Oak, sweep::sweep(&edge, Vec3::Y, &curve::rounded_rectangle(0.03, 0.08, 0.012, 3)));
    for x in [-1.75, -0.6, 0.6, 1.75] {
        for side in [-1.0, 1.0] {
            let frame = [
                vec3(x - 0.25, 0.0, side * 1.2),
                vec3(x, TABLE.y - 0.06, side * 1.1),
                vec3(x + 0.25, 0.0, side * 1.2),
            ];
            model.add(Material::Oak, sweep::pipe(&frame[..2], 0.024, 12));
            model.add(Material::Oak, sweep::pipe(&frame[1..], 0.024, 12));
        }
    }
    model
}

/// A tower whose plan is a rounded square that turns and narrows as it rises.
fn tower(side: f32, height: f32, twist: f32, taper: f32) -> Mesh {
    let floors = ((height / 0.045) as u32).clamp(4, 26);
    let mut mesh = sheet::sheet(28, floors, |u, v| {
        let angle = -u * TAU;
        let (sin, cos) = angle.sin_cos();
        let square = (cos.abs().powi(5) + sin.abs().powi(5)).powf(-0.2);
        let ledge = if (v * floors as f32).round() as u32 % 3 == 1 { 1.035 } else { 1.0 };
        let radius = side * 0.5 * square * (1.0 - taper * v) * ledge;
        let turned = angle + twist * v;
        vec3(radius * turned.cos(), height * v, radius * turned.sin())
    });
    let cap = lathe::lathe(
        &[(side * 0.5 * (1.0 - taper), 0.0), (side * 0.3 * (1.0 - taper), 0.012), (0.0, 0.016)],
        20,
    );
    mesh.append(&cap.at(0.0, height - 0.002, 0.0));
    mesh
}

/// A terrace of houses with pitched, ridged roofs.
fn terrace(length: f32, height: f32) -> (Mesh, Mesh) {
    let walls = solid::rounded_box(vec3(length, height, 0.11), 0.006, 1).at(0.0, height * 0.5, 0.0);
    let outline = [glam::vec2(-0.065, 0.0), glam::vec2(0.065, 0.0), glam::vec2(0.0, 0.06)];
    let half = length * 0.5 + 0.008;
    let mut roof = sweep::sweep(&[vec3(-half, height, 0.0), vec3(half, height, 0.0)], Vec3::Y, &outline);
    for chimney in 0..(length / 0.12) as u32 {
        let x = -length * 0.5 + 0.06 + chimney as f32 * 0.12;
        roof.append(&solid::block(0.016, 0.05, 0.016, 0.003).at(x, height + 0.03, 0.018));
    }
    (walls, roof)
}

fn quarter_of(quarter: u32, rng: &mut Rng) -> Model {
    let mut model = Model::default();
    let (sx, sz) = (if quarter.is_multiple_of(2) { -1.0 } else { 1.0 }, if quarter < 2 { -1.0 } else { 1.0 });
    for row in 0..5 {
        for column in 0..7 {
            let (x, z) = (sx * (0.16 + column as f32 * 0.275), sz * (0.12 + row as f32 * 0.27));
            let off = (z - river(x)).abs();
            if off < 0.3 || (z - rail(x)).abs() < 0.13 {
                continue;
            }
            let centre = 1.0 - (x.abs() / 2.3).powi(2) - (z.abs() / 1.8).powi(2);
            let kind = rng.unit();
            let (x, z) = (x + rng.range(-0.02, 0.02), z + rng.range(-0.02, 0.02));
            if kind < 0.45 {
                let height = 0.12 + (centre.max(0.0) * rng.range(0.3, 1.0)).powi(2) * 0.75;
                let round =
                    tower(rng.range(0.1, 0.17), height, rng.range(-0.9, 0.9) * height, rng.range(0.0, 0.35));
                let material = rng.pick(&[
                    Material::ModelHouse,
                    Material::ModelHouse,
                    Material::ModelWindows,
                    Material::Mint,
                ]);
                model.add(material, round.at(x, 0.0, z));
            } else if kind < 0.85 {
                let (walls, roof) = terrace(rng.range(0.13, 0.22), rng.range(0.06, 0.12));
                let place = Placement::at(x, 0.0, z).yaw(rng.pick(&[0.0, 90.0]));
                model.add(Material::ModelHouse, walls.placed(place));
                model.add(
                    rng.pick(&[Material::Coral, Material::Terracotta, Material::Walnut]),
                    roof.placed(place),
                );
            } else {
                let dome = lathe::lathe(
                    &[
                        (0.07, 0.0),
                        (0.07, 0.06),
                        (0.075, 0.065),
                        (0.06, 0.1),
                        (0.03, 0.125),
                        (0.006, 0.135),
                        (0.004, 0.165),
                        (0.0, 0.17),
                    ],
                    28,
                );
                model.add(Material::BrassBrushed, dome.at(x, 0.0, z));
                for column in 0..10 {
                    let (sin, cos) = (column as f32 / 10.0 * TAU).sin_cos();
                    model.add(
                        Material::ModelHouse,
                        lathe::drum(0.006, 0.06, 0.002, 8).at(x + cos * 0.085, 0.0, z + sin * 0.085),
                    );
                }
            }
        }
    }
    model
}

fn river_and_bridges() -> Model {
    let mut model = Model::default();
    let water = sheet::sheet(4, 90, |u, v| {
        let x = (v - 0.5) * (TABLE.x - 0.04);
        vec3(x, 0.004 + 0.0015 * (x * 40.0 + u * 6.0).sin(), river(x) + (u - 0.5) * 0.3)
    });
    model.add(Material::CeramicTeal, water.inside_out());
    for side in [-0.16, 0.16] {
        let quay = curve::sampled(70, |t| {
            let x = (t - 0.5) * (TABLE.x - 0.06);
            vec3(x, 0.008, river(x) + side)
        });
        model.add(
            Material::ModelHouse,
            sweep::sweep(&quay, Vec3::Y, &curve::rounded_rectangle(0.014, 0.02, 0.004, 2)),
        );
    }
    for x in [-1.5f32, -0.5, 0.45, 1.4] {
        let z = river(x);
        let deck = curve::sampled(14, |t| vec3(x, 0.02 + 0.05 * (t * PI).sin(), z - 0.22 + 0.44 * t));
        model.add(
            Material::ModelHouse,
            sweep::sweep(&deck, Vec3::Y, &curve::rounded_rectangle(0.08, 0.01, 0.003, 2)),
        );
        for side in [-0.035, 0.035] {
            let arch =
                curve::sampled(16, |t| vec3(x + side, 0.025 + 0.14 * (t * PI).sin(), z - 0.2 + 0.4 * t));
            model.add(Material::Coral, sweep::pipe(&arch, 0.005, 7));
            for hanger in 1..10 {
                let t = hanger as f32 / 10.0;
                let (low, high) = (0.02 + 0.05 * (t * PI).sin(), 0.025 + 0.14 * (t * PI).sin());
                let z = z - 0.2 + 0.4 * t;
                model.add(
                    Material::Coral,
                    sweep::bar(vec3(x + side, low, z), vec3(x + side, high, z), 0.0016, 5),
                );
            }
        }
    }
    model
}

fn model_tree() -> Model {
    let crown = sheet::sheet(9, 6, |u, v| {
        let (angle, rise) = (-u * TAU, v * PI);
        let radius = 0.03 * rise.sin() * (1.0 + 0.12 * (angle * 3.0 + rise * 4.0).sin());
        vec3(radius * angle.cos(), 0.05 - 0.036 * rise.cos(), radius * angle.sin())
    });
    let mut model = Model::of(Material::Sage, crown);
    model.add(Material::Bark, sweep::bar(Vec3::ZERO, vec3(0.0, 0.03, 0.0), 0.003, 6));
    model
}

/// Where the railway runs, along Z.
fn rail(x: f32) -> f32 {
    -0.95 + 0.1 * (x * 1.3).cos()
}

fn railway() -> Model {
    let mut model = Model::default();
    for side in [-0.012, 0.012] {
        let path = curve::sampled(60, |t| {
            let x = (t - 0.5) * (TABLE.x - 0.1);
            vec3(x, 0.09, rail(x) + side)
        });
        model.add(Material::DarkSteel, sweep::pipe(&path, 0.0025, 6));
    }
    let deck = curve::sampled(60, |t| {
        let x = (t - 0.5) * (TABLE.x - 0.1);
        vec3(x, 0.078, rail(x))
    });
    model.add(
        Material::ModelHouse,
        sweep::sweep(&deck, Vec3::Y, &curve::rounded_rectangle(0.07, 0.016, 0.004, 2)),
    );
    for pier in 0..22 {
        let x = -1.95 + pier as f32 * 0.186;
        model.add(Material::ModelHouse, lathe::drum(0.012, 0.075, 0.003, 10).at(x, 0.0, rail(x)));
    }
    for car in 0..5 {
        let x = -0.6 + car as f32 * 0.165;
        let slope = ((rail(x + 0.01) - rail(x - 0.01)) / 0.02).atan().to_degrees();
        let body = solid::rounded_box(vec3(0.155, 0.045, 0.04), 0.014, 3);
        model.add(
            if car == 0 { Material::Coral } else { Material::White },
            body.placed(Placement::at(x, 0.118, rail(x)).yaw(-slope)),
        );
    }
    model
}
