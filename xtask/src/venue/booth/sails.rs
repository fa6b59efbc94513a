//! Booth 2, Sailmakers: three tensile canopies on raked masts over a lounge of cushions and rope.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    sheet, solid, sweep,
    twin::Twin,
};

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetSage);
    let sails = [
        (
            Material::FabricWhite,
            [vec3(-3.1, 4.6, -2.5), vec3(3.0, 2.7, -2.6), vec3(2.9, 4.4, 2.3), vec3(-3.0, 2.6, 2.4)],
        ),
        (
            Material::FabricCoral,
            [vec3(-3.2, 3.3, -2.7), vec3(0.6, 5.4, -2.8), vec3(1.4, 3.2, 0.6), vec3(-2.4, 4.7, 0.2)],
        ),
        (
            Material::FabricMustard,
            [vec3(0.2, 3.5, -1.2), vec3(3.3, 5.2, -2.2), vec3(3.2, 3.4, 1.8), vec3(0.9, 5.0, 1.6)],
        ),
    ];
    for (index, (cloth, corners)) in sails.into_iter().enumerate() {
        let name = format!("sail-{}", index + 1);
        plot.stand(twin, &format!("Sail {}", index + 1), &name, sail(cloth, corners), Placement::HERE);
    }
    plot.gate_sign(twin, "Sailmakers", 2.2, Material::Teal, Placement::at(0.0, 0.04, -2.72));
    lounge(twin, plot, kit);
    let mut table = Model::default();
    table.add(Material::Birch, solid::rounded_box(vec3(2.4, 0.05, 0.9), 0.02, 3).at(0.0, 0.87, 0.0));
    for x in [-1.05, 1.05] {
        for z in [-0.35, 0.35] {
            table.add(
                Material::Graphite,
                sweep::bar(vec3(x * 1.05, 0.0, z * 1.1), vec3(x, 0.86, z), 0.022, 12),
            );
        }
    }
    for (index, material) in
        [Material::FabricCoral, Material::FabricMustard, Material::FabricSage].into_iter().enumerate()
    {
        table.include(
            &roll(material),
            Placement::at(-0.7 + index as f32 * 0.3, 0.97, 0.0).yaw(4.0 * index as f32),
        );
    }
    for index in 0..9 {
        table.include(
            &spool(index),
            Placement::at(0.25 + (index % 3) as f32 * 0.17, 0.9, -0.2 + (index / 3) as f32 * 0.2),
        );
    }
    plot.stand(twin, "Cutting table", "table", table, Placement::at(1.5, 0.04, -1.9));
    let coil = twin.mesh("Rope coil", rope());
    for (index, (x, z)) in [(-2.9, 1.4), (2.8, 1.3), (2.3, 1.9)].into_iter().enumerate() {
        twin.place(
            plot.node,
            format!("Rope {}", index + 1),
            coil,
            Placement::at(x, 0.04, z).yaw(index as f32 * 50.0).sized(0.85 + 0.15 * index as f32),
        );
    }
}

/// A four-cornered sail with hollow edges, its masts, stays and fittings.
fn sail(cloth: Material, corners: [Vec3; 4]) -> Model {
    let [a, b, c, d] = corners;
    let centre = (a + b + c + d) * 0.25;
    let skin = |u: f32, v: f32| {
        // Edges cut hollow, so that they pull tight.
        let hollow = |t: f32| 0.11 * (t * PI).sin();
        let su = 0.5 + (u - 0.5) * (1.0 - hollow(v) * 1.3);
        let sv = 0.5 + (v - 0.5) * (1.0 - hollow(u) * 1.3);
        let point = a.lerp(b, su).lerp(d.lerp(c, su), sv);
        point - Vec3::Y * 0.12 * (u * PI).sin() * (v * PI).sin()
    };
    let mut model = Model::of(cloth, sheet::shell(36, 36, 0.004, |u, v| skin(v, u)));
    for edge in 0..4u32 {
        let rope = curve::sampled(36, |t| match edge {
            0 => skin(t, 0.0),
            1 => skin(1.0, t),
            2 => skin(1.0 - t, 1.0),
            _ => skin(0.0, 1.0 - t),
        });
        model.add(Material::Graphite, sweep::pipe(&rope, 0.014, 7));
    }
    for (index, corner) in corners.into_iter().enumerate() {
        let out = (corner - centre).with_y(0.0).normalize_or(Vec3::X);
        let head = corner + out * 0.22;
        let patch = lathe::drum(0.09, 0.03, 0.01, 20).placed(Placement::to(corner - Vec3::Y * 0.015));
        model.add(Material::BrushedSteel, patch);
        model.add(Material::Chrome, sweep::bar(corner, head, 0.012, 8));
        model.add(Material::Chrome, lathe::ball(0.03, 12).placed(Placement::to(corner.lerp(head, 0.5))));
        let inside = Vec3::new(head.x.clamp(-3.3, 3.3), 0.05, head.z.clamp(-2.8, 2.8));
        let foot = inside - out * 0.2 * (index % 2) as f32;
        model.add(
            Material::Larch,
            sweep::sweep_scaled(
                &[foot, foot.lerp(head, 0.5), head + (head - foot) * 0.04],
                Vec3::X,
                &curve::circle(1.0, 16),
                |t| 0.032 + 0.03 * (t * PI).sin(),
            ),
        );
        model.add(
            Material::Graphite,
            lathe::lathe(&[(0.14, 0.0), (0.14, 0.015), (0.06, 0.04), (0.045, 0.12), (0.0, 0.12)], 20)
                .placed(Placement::to(foot.with_y(0.04))),
        );
    }
    model
}

/// A stuffed cushion of side 1 about the origin.
fn cushion(material: Material) -> Model {
    let puff = |u: f32, v: f32, sign: f32| {
        let (x, z) = (u * 2.0 - 1.0, v * 2.0 - 1.0);
        let full = ((1.0 - x.powi(4)) * (1.0 - z.powi(4))).max(0.0).sqrt();
        let pinch = 1.0 - 0.09 * (1.0 - x * x * z * z);
        let crease = 0.02 * (x * z * 9.0).sin() * full;
        vec3(x * 0.5 * pinch, sign * (0.2 * full + crease), z * 0.5 * pinch)
    };
    let mut model = Model::of(material, sheet::sheet(18, 18, |u, v| puff(v, u, 1.0)));
    model.add(material, sheet::sheet(18, 18, |u, v| puff(u, v, -1.0)));
    let seam: Vec<Vec3> = curve::sampled(48, |t| {
        let side = (t * 4.0).min(3.9999);
        let along = side.fract();
        match side as u32 {
            0 => puff(along, 0.0, 1.0),
            1 => puff(1.0, along, 1.0),
            2 => puff(1.0 - along, 1.0, 1.0),
            _ => puff(0.0, 1.0 - along, 1.0),
        }
    });
    model.add(Material::FabricWhite, sweep::pipe(&seam, 0.014, 6));
    model
}

fn lounge(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    let colors = [Material::FabricTeal, Material::FabricCoral, Material::FabricMustard, Material::FabricSage];
    let cushions = colors.map(|color| twin.mesh("Cushion", cushion(color)));
    let places = [
        (-1.9, 0.2, -1.6, 0.9),
        (-1.0, 0.2, -1.9, 0.85),
        (-2.4, 0.2, -0.6, 0.8),
        (-1.4, 0.36, -1.7, 0.5),
        (0.3, 0.2, 0.7, 0.75),
        (-2.5, 0.36, -0.75, 0.45),
        (1.4, 0.18, 0.9, 0.7),
        (-0.4, 0.18, 1.3, 0.7),
    ];
    for (index, (x, y, z, size)) in places.into_iter().enumerate() {
        let place = Placement::at(x, y, z)
            .yaw(index as f32 * 37.0)
            .pitch(if y > 0.3 { 30.0 } else { 0.0 })
            .sized(size);
        twin.place(plot.node, format!("Cushion {}", index + 1), cushions[index % 4], place);
    }
    let table = furniture::plinth(0.38, 0.34, Material::Terrazzo);
    plot.stand(twin, "Low table", "low-table", table, Placement::at(-0.9, 0.04, -0.3));
    for (index, (x, z)) in [(-1.05, -0.22), (-0.75, -0.4)].into_iter().enumerate() {
        twin.place(
            plot.node,
            format!("Cup {}", index + 1),
            kit.furniture.cup,
            Placement::at(x, 0.38, z).yaw(index as f32 * 100.0),
        );
    }
    twin.place(plot.node, "Palm", kit.plants.palm, Placement::at(-2.9, 0.04, -2.4).yaw(30.0));
}

/// A roll of cloth along Z about the origin.
fn roll(material: Material) -> Model {
    let spiral = curve::sampled(70, |t| {
        let angle = t * TAU * 5.0;
        let radius = 0.035 + 0.06 * t;
        vec3(radius * angle.cos(), radius * angle.sin(), 0.0)
    });
    let at = |u: f32| {
        let place = u.clamp(0.0, 1.0) * 69.99;
        spiral[place as usize].lerp(spiral[place as usize + 1], place.fract())
    };
    let skin: Mesh = sheet::sheet(70, 1, |u, v| at(u) + vec3(0.0, 0.0, v * 0.8 - 0.4));
    let mut model = Model::of(material, skin);
    model.add(Material::Oak, sweep::bar(vec3(0.0, 0.0, -0.44), vec3(0.0, 0.0, 0.44), 0.03, 16));
    model
}

fn spool(index: usize) -> Model {
    let thread = [Material::Teal, Material::Coral, Material::Mustard][index % 3];
    let mut profile = vec![(0.03, 0.012)];
    for turn in 0..14 {
        let y = 0.014 + turn as f32 * 0.0065;
        profile.extend([(0.043, y + 0.001), (0.046, y + 0.0032), (0.043, y + 0.0055)]);
    }
    profile.push((0.03, 0.108));
    let mut model = Model::of(thread, lathe::lathe(&profile, 18));
    model.add(Material::Oak, lathe::drum(0.055, 0.012, 0.003, 24));
    model.add(Material::Oak, lathe::drum(0.055, 0.012, 0.003, 24).at(0.0, 0.108, 0.0));
    model
}

/// A flaked-down coil of laid rope.
fn rope() -> Model {
    let turns = 7.0;
    let path = curve::sampled(230, |t| {
        let angle = t * TAU * turns;
        let layer = (t * turns) as u32;
        let radius = 0.26 - 0.012 * (layer % 2) as f32 + 0.012 * (angle * 3.0).sin();
        vec3(radius * angle.cos(), 0.03 + 0.042 * t * turns, radius * angle.sin())
    });
    Model::of(Material::Jute, sweep::pipe(&path, 0.023, 9))
}
