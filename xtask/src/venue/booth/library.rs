//! Booth 3, Quire & Co: a bookshop between tall shelves, with a reading corner.

use std::f32::consts::PI;

use glam::{Vec2, Vec3, vec2, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    picture,
    rng::Rng,
    sheet, solid, sweep,
    twin::Twin,
};

/// Clear width of a shelf.
const SHELF: f32 = 0.95;

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetCoral);
    let mut rng = Rng::new(kit.seed, "library");
    let rows: Vec<_> =
        (0..6).map(|index| twin.mesh(&format!("Row of books {}", index + 1), row(&mut rng))).collect();
    let case = twin.mesh("Bookcase", bookcase(6));
    let low = twin.mesh("Low bookcase", bookcase(3));
    let mut number = 0;
    let mut stand = |twin: &mut Twin, tall: bool, place: Placement| {
        number += 1;
        let node = twin.place(plot.node, format!("Bookcase {number}"), if tall { case } else { low }, place);
        plot.entity(twin, node, &format!("bookcase-{number}"));
        for shelf in 0..if tall { 6 } else { 3 } {
            let pick = rows[rng.below(rows.len())];
            twin.place(
                node,
                format!("Books {number}-{}", shelf + 1),
                pick,
                Placement::at(0.0, 0.13 + shelf as f32 * 0.36, 0.02),
            );
        }
    };
    for index in 0..6 {
        stand(twin, true, Placement::at(-2.6 + index as f32 * 1.02, 0.04, -2.55));
    }
    for index in 0..3 {
        stand(twin, true, Placement::at(-3.1, 0.04, -1.8 + index as f32 * 1.02).yaw(90.0));
    }
    for index in 0..2 {
        stand(twin, false, Placement::at(2.2, 0.04, -0.2 + index as f32 * 1.02).yaw(-90.0));
    }
    plot.sign(twin, "Quire & Co", 2.6, Material::Walnut, Placement::at(0.0, 2.75, -2.5));
    plot.stand(twin, "Ladder", "ladder", ladder(), Placement::at(1.4, 0.04, -2.1).pitch(-12.0));
    reading_table(twin, plot, kit);
    for (index, (x, z, yaw)) in [(-1.9, 1.6, 200.0), (-0.4, 1.9, 150.0)].into_iter().enumerate() {
        let place = Placement::at(x, 0.04, z).yaw(yaw);
        twin.place(plot.node, format!("Armchair {}", index + 1), kit.furniture.armchair, place);
    }
    plot.stand(twin, "Floor lamp", "lamp", floor_lamp(), Placement::at(-2.7, 0.04, 1.9));
    twin.place(plot.node, "Broad-leaved plant", kit.plants.broad, Placement::at(2.8, 0.04, 2.2));
}

/// A book standing on y = 0, its rounded spine towards +Z, `x` its middle.
fn book(thick: f32, high: f32, deep: f32, kind: usize) -> Mesh {
    let mut outline = vec![vec2(-thick * 0.5, -deep), vec2(thick * 0.5, -deep)];
    for step in 0..=6 {
        let angle = PI * step as f32 / 6.0;
        outline.push(vec2(thick * 0.5 * angle.cos(), 0.25 * thick * angle.sin()));
    }
    let low = vec2(kind as f32 / picture::BOOKS as f32, 0.0);
    let mut mesh = sweep::sweep(
        &[Vec3::ZERO, vec3(0.0, high, 0.0)],
        Vec3::NEG_Z,
        &outline.iter().map(|p| vec2(p.x, -p.y)).rev().collect::<Vec<Vec2>>(),
    );
    for (uv, position) in mesh.uvs.iter_mut().zip(&mesh.positions) {
        let across = (position.x / thick + 0.5).clamp(0.06, 0.94) / picture::BOOKS as f32;
        *uv = low + vec2(across, 1.0 - position.y / high);
    }
    mesh
}

/// A shelf's worth of books; most stand, some lean, a few lie.
fn row(rng: &mut Rng) -> Model {
    let mut model = Model::default();
    let mut x = -SHELF * 0.5 + 0.01;
    while x < SHELF * 0.5 - 0.16 {
        let thick = rng.range(0.018, 0.05);
        let (high, deep) = (rng.range(0.2, 0.3), rng.range(0.14, 0.2));
        let lean = if rng.unit() < 0.12 { rng.range(-9.0, -3.0) } else { 0.0 };
        let place = Placement::at(x + thick * 0.5, 0.0, rng.range(0.08, 0.1)).roll(lean);
        model.add(Material::Books, book(thick, high, deep, rng.below(picture::BOOKS)).placed(place));
        x += thick + if lean < 0.0 { 0.035 } else { 0.001 };
    }
    let mut y = 0.0;
    for _ in 0..3 {
        let thick = rng.range(0.025, 0.045);
        let place = Placement::at(SHELF * 0.5 - 0.02, y + thick * 0.5, 0.09).roll(90.0);
        model.add(Material::Books, book(thick, 0.11, 0.16, rng.below(picture::BOOKS)).placed(place));
        y += thick;
    }
    model
}

/// A case with `shelves` shelves, open to +Z.
fn bookcase(shelves: u32) -> Model {
    let height = shelves as f32 * 0.36 + 0.14;
    let mut model = Model::of(Material::Walnut, solid::block(1.02, height, 0.03, 0.004).at(0.0, 0.0, -0.14));
    for x in [-0.495, 0.495] {
        model.add(Material::Walnut, solid::block(0.03, height, 0.32, 0.008).at(x, 0.0, 0.0));
    }
    for shelf in 0..=shelves {
        let y = 0.1 + shelf as f32 * 0.36;
        model.add(Material::Walnut, solid::rounded_box(vec3(0.98, 0.028, 0.31), 0.008, 2).at(0.0, y, 0.0));
    }
    let crown = [vec3(-0.53, height, 0.14), vec3(0.53, height, 0.14)];
    model.add(
        Material::Walnut,
        sweep::sweep(&crown, Vec3::Y, &curve::rounded_rectangle(0.06, 0.07, 0.025, 4)),
    );
    model
}

fn ladder() -> Model {
    let mut model = Model::default();
    for x in [-0.22, 0.22] {
        model.add(Material::Oak, sweep::beam(vec3(x, 0.0, 0.0), vec3(x * 0.85, 2.5, 0.0), 0.03, 0.07, 0.01));
        model.add(
            Material::Brass,
            lathe::torus(0.04, 0.012, 20, 8).placed(Placement::at(x, 0.02, 0.0).roll(90.0)),
        );
    }
    for rung in 0..8 {
        let y = 0.28 + rung as f32 * 0.29;
        model.add(Material::Oak, sweep::bar(vec3(-0.215, y, 0.0), vec3(0.215, y, 0.0), 0.016, 12));
    }
    model
}

/// An open book lying on y = 0, its pages arched.
fn open_book() -> Model {
    let mut model = Model::default();
    for side in [1.0f32, -1.0] {
        for leaf in 0..5 {
            let lift = 0.02 + 0.004 * leaf as f32;
            let page = sheet::sheet(12, 1, |u, v| {
                let out = if side > 0.0 { u } else { 1.0 - u };
                let arch = lift * (out * PI).sin().max(0.0).powf(0.7) + 0.012 * (1.0 - out);
                vec3(side * out * (0.16 - 0.003 * leaf as f32), arch + 0.004, 0.12 - v * 0.24)
            });
            model.add(Material::Paper, page);
        }
        model.add(
            Material::Books,
            solid::rounded_box(vec3(0.165, 0.005, 0.25), 0.002, 1).mapped(|_| vec2(0.03, 0.5)).at(
                side * 0.084,
                0.0025,
                0.0,
            ),
        );
    }
    model
}

fn reading_table(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    let mut table = Model::default();
    let top = curve::rounded_rectangle(1.9, 0.8, 0.3, 10);
    table.add(
        Material::Oak,
        solid::plate(&top, 0.035, 0.012).placed(Placement::at(0.0, 0.715, 0.0).pitch(-90.0)),
    );
    for x in [-0.7, 0.7] {
        for z in [-0.26, 0.26] {
            table.add(
                Material::Oak,
                sweep::taper(&[vec3(x * 1.12, 0.0, z * 1.15), vec3(x, 0.72, z)], 0.014, 0.027, 12),
            );
        }
    }
    for (x, z, yaw) in [(-0.5, 0.1, 12.0), (0.15, -0.08, -25.0), (0.62, 0.12, 40.0)] {
        table.include(&open_book(), Placement::at(x, 0.751, z).yaw(yaw));
    }
    for (index, x) in [-0.85, 0.42].into_iter().enumerate() {
        let mut y = 0.75;
        for layer in 0..5 {
            let thick = 0.025 + 0.008 * ((layer + index) % 3) as f32;
            let place = Placement::at(x, y + thick * 0.5, -0.2).yaw(layer as f32 * 11.0).roll(90.0);
            table.add(
                Material::Books,
                book(thick, 0.2, 0.15, (layer * 3 + index * 5) % picture::BOOKS).placed(place),
            );
            y += thick;
        }
    }
    plot.stand(twin, "Reading table", "table", table, Placement::at(0.2, 0.04, -0.2));
    for (index, (x, z, yaw)) in
        [(-0.5, 0.6, 0.0), (0.5, 0.6, 8.0), (0.0, -1.0, 180.0)].into_iter().enumerate()
    {
        let place = Placement::at(0.2 + x, 0.04, -0.2 + z).yaw(yaw);
        twin.place(plot.node, format!("Chair {}", index + 1), kit.furniture.chair, place);
    }
}

fn floor_lamp() -> Model {
    let mut model = Model::of(
        Material::Brass,
        lathe::lathe(
            &[(0.17, 0.0), (0.175, 0.01), (0.16, 0.02), (0.03, 0.03), (0.012, 0.06), (0.0, 0.06)],
            32,
        ),
    );
    let stem = curve::through(
        &[
            vec3(0.0, 0.02, 0.0),
            vec3(0.0, 1.2, 0.0),
            vec3(0.06, 1.6, 0.0),
            vec3(0.28, 1.72, 0.0),
            vec3(0.42, 1.6, 0.0),
        ],
        7,
    );
    model.add(Material::Brass, sweep::pipe(&stem, 0.011, 12));
    let shade = [(0.2, 0.0), (0.19, 0.1), (0.15, 0.19), (0.06, 0.23), (0.03, 0.24)];
    model.add(Material::FabricWhite, lathe::lathe(&shade, 36).at(0.42, 1.38, 0.0));
    model.add(Material::LampWarm, lathe::ball(0.06, 18).at(0.42, 1.48, 0.0));
    model
}
