//! Booth 6, Prism: stacked glass cubes, blown vessels and a chandelier of rods.

use std::f32::consts::TAU;

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    rng::Rng,
    solid, sweep,
    twin::Twin,
};

const GLASSES: [Material; 4] =
    [Material::Glass, Material::GlassTeal, Material::GlassCoral, Material::GlassMustard];

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetNavy);
    let cubes = [
        (1.5, -1.9, 0.04, -1.5, 8.0, 0),
        (1.2, -0.3, 0.04, -1.9, -12.0, 1),
        (1.05, -1.75, 1.56, -1.6, 30.0, 3),
        (1.3, 1.9, 0.04, -1.6, -20.0, 2),
        (0.9, 1.8, 1.36, -1.55, 12.0, 0),
        (0.8, -0.4, 1.26, -1.9, 24.0, 2),
    ];
    for (index, (side, x, y, z, yaw, glass)) in cubes.into_iter().enumerate() {
        let name = format!("cube-{}", index + 1);
        plot.stand(
            twin,
            &format!("Glass cube {}", index + 1),
            &name,
            cube(side, GLASSES[glass]),
            Placement::at(x, y, z).yaw(yaw),
        );
    }
    plot.gate_sign(twin, "Prism", 2.0, Material::BrushedSteel, Placement::at(1.6, 0.04, -2.72));
    let mut rng = Rng::new(kit.seed, "glass");
    let vases: Vec<_> = (0..6).map(|index| twin.mesh(&format!("Vase {}", index + 1), vase(index))).collect();
    let plinth = twin.mesh("Glass plinth", furniture::plinth(0.26, 0.95, Material::White));
    for index in 0..7 {
        let angle = (index as f32 / 7.0 * 200.0 - 10.0f32).to_radians();
        let (x, z) = (angle.cos() * 2.5, 0.4 + angle.sin() * 1.5);
        twin.place(plot.node, format!("Plinth {}", index + 1), plinth, Placement::at(x, 0.04, z));
        let node = twin.place(
            plot.node,
            format!("Vessel {}", index + 1),
            vases[index % 6],
            Placement::at(x, 0.99, z),
        );
        plot.entity(twin, node, &format!("vessel-{}", index + 1));
    }
    for index in 0..9 {
        let (sin, cos) = (index as f32 / 9.0 * TAU).sin_cos();
        let place = Placement::at(-1.9 + cos * 0.45, 0.06, -1.5 + sin * 0.45).sized(rng.range(0.8, 1.4));
        twin.place(plot.node, format!("Vessel in cube {}", index + 1), vases[rng.below(6)], place);
    }
    plot.stand(twin, "Chandelier", "chandelier", chandelier(), Placement::at(0.3, 3.0, 0.4));
    plot.screen(twin, 1, Placement::at(2.7, 0.04, -0.2).yaw(-50.0));
}

/// A cube of panes in a fine frame, standing on y = 0.
fn cube(side: f32, glass: Material) -> Model {
    let mut model = Model::default();
    let (half, middle) = (side * 0.5, side * 0.5);
    let pane = solid::pane(side - 0.03, side - 0.03);
    for turn in 0..4 {
        let place = Placement::at(0.0, middle, 0.0).yaw(turn as f32 * 90.0);
        model.add(glass, pane.clone().at(0.0, 0.0, half - 0.012).placed(place));
    }
    model.add(glass, pane.at(0.0, 0.0, half - 0.012).placed(Placement::at(0.0, middle, 0.0).pitch(-90.0)));
    let at = |x: f32, y: f32, z: f32| vec3(x * half, middle + y * half, z * half);
    for a in [-1.0, 1.0] {
        for b in [-1.0, 1.0] {
            for (from, to) in [
                (at(-1.0, a, b), at(1.0, a, b)),
                (at(a, -1.0, b), at(a, 1.0, b)),
                (at(a, b, -1.0), at(a, b, 1.0)),
            ] {
                model.add(Material::BrushedSteel, sweep::beam(from, to, 0.024, 0.024, 0.006));
            }
            for c in [-1.0, 1.0] {
                model.add(
                    Material::Chrome,
                    solid::rounded_box(Vec3::splat(0.045), 0.012, 3).placed(Placement::to(at(a, b, c))),
                );
            }
        }
    }
    model
}

fn vase(kind: usize) -> Model {
    let outside: Vec<(f32, f32)> = (0..=30)
        .map(|step| {
            let t = step as f32 / 30.0;
            let height = 0.28 + 0.04 * (kind % 3) as f32;
            let radius = match kind {
                0 => 0.05 + 0.055 * (t * 3.0).sin(),
                1 => 0.04 + 0.05 * (1.0 - t).powi(2) + 0.03 * t.powi(6),
                2 => 0.07 + 0.02 * (t * TAU * 2.0).sin(),
                3 => 0.03 + 0.07 * (t * 3.2).sin().max(0.0).powi(2),
                4 => 0.055 + 0.03 * (t * 5.0).cos(),
                _ => 0.09 - 0.05 * t + 0.05 * t.powi(5),
            };
            (radius, 0.005 + t * height)
        })
        .collect();
    let mut mesh = lathe::vessel(&outside, 0.005, 40);
    if kind % 2 == 1 {
        // Optic-blown: the wall swings in and out as it goes round.
        mesh = mesh.bent(|p| {
            let angle = p.z.atan2(p.x);
            let swing = 1.0 + 0.05 * (angle * 9.0 + p.y * 18.0).sin();
            vec3(p.x * swing, p.y, p.z * swing)
        });
    }
    Model::of(GLASSES[(kind + 1) % 4], mesh)
}

/// Glass rods in a falling spiral, the ceiling rose at 4 m over the origin.
fn chandelier() -> Model {
    let mut model = Model::default();
    let drop = |length: f32| -> Mesh {
        lathe::lathe(
            &[
                (0.0, -length),
                (0.012, -length + 0.01),
                (0.02, -length + 0.05),
                (0.012, -length * 0.4),
                (0.006, 0.0),
            ],
            12,
        )
    };
    for index in 0..110 {
        let t = index as f32 / 109.0;
        let (sin, cos) = (t * TAU * 5.0).sin_cos();
        let radius = 0.2 + 0.75 * t;
        let top = vec3(cos * radius, 0.2 + 0.9 * t, sin * radius);
        model.add(GLASSES[index % 4], drop(0.26 + 0.12 * (t * 9.0).sin()).placed(Placement::to(top)));
        model.add(Material::Brass, lathe::ball(0.009, 8).placed(Placement::to(top)));
        model.add(Material::DarkSteel, sweep::bar(top, vec3(top.x * 0.9, 1.5, top.z * 0.9), 0.0012, 4));
    }
    for ring in [0.3, 0.6, 0.9] {
        model.add(Material::Brass, lathe::torus(ring, 0.014, 56, 10).at(0.0, 1.5, 0.0));
    }
    for spoke in 0..6 {
        let (sin, cos) = (spoke as f32 / 6.0 * TAU).sin_cos();
        model
            .add(Material::Brass, sweep::bar(vec3(0.0, 1.5, 0.0), vec3(cos * 0.9, 1.5, sin * 0.9), 0.009, 8));
        let wire = curve::hanging(vec3(cos * 0.6, 1.5, sin * 0.6), vec3(0.0, 3.4, 0.0), 0.0, 2);
        model.add(Material::DarkSteel, sweep::pipe(&wire, 0.004, 5));
    }
    model.add(Material::DarkSteel, sweep::bar(vec3(0.0, 3.4, 0.0), vec3(0.0, 8.0, 0.0), 0.008, 6));
    model.add(Material::LampWarm, lathe::ball(0.12, 24).at(0.0, 0.85, 0.0));
    model
}
