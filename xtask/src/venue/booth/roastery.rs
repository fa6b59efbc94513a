//! Booth 4, First Crack: a drum roaster in copper and black, sacks, jars and a tasting bar.

use std::f32::consts::TAU;

use glam::{Vec3, vec3};

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
    plot.floor(twin, Material::CarpetGraphite);
    let mut rng = Rng::new(kit.seed, "roastery");
    plot.stand(twin, "Roaster", "roaster", roaster(&mut rng), Placement::at(-1.5, 0.04, -0.6));
    let wall = furniture::wall(6.6, 3.2, 6, Material::Walnut);
    plot.stand(twin, "Back wall", "wall", wall, Placement::at(0.0, 0.04, -2.8));
    plot.sign(twin, "First Crack", 2.8, Material::Copper, Placement::at(-1.4, 2.6, -2.74));
    shelves(twin, plot, &mut rng);
    let bar = furniture::counter(2.6, 0.65, 1.05, Material::Oak, Material::Terrazzo);
    plot.stand(twin, "Tasting bar", "bar", bar, Placement::at(1.7, 0.04, 1.5));
    for index in 0..4 {
        let place = Placement::at(0.7 + index as f32 * 0.62, 1.09, 1.55).yaw(index as f32 * 75.0);
        twin.place(plot.node, format!("Cup {}", index + 1), kit.furniture.cup, place);
        let seat = Placement::at(0.75 + index as f32 * 0.64, 0.04, 2.25);
        twin.place(plot.node, format!("Stool {}", index + 1), kit.furniture.stool, seat);
    }
    plot.stand(twin, "Pour-over", "pour-over", pour_over(), Placement::at(2.75, 1.09, 1.45));
    let sack = twin.mesh("Sack of beans", sack(&mut rng));
    for (index, (x, y, z, yaw)) in [
        (-2.9, 0.04, 1.3, 0.0),
        (-2.3, 0.04, 1.7, 70.0),
        (-2.95, 0.04, 2.05, 130.0),
        (-0.1, 0.04, -2.2, 30.0),
    ]
    .into_iter()
    .enumerate()
    {
        twin.place(plot.node, format!("Sack {}", index + 1), sack, Placement::at(x, y, z).yaw(yaw));
    }
    for index in 0..3 {
        let place = Placement::at(0.9 + index as f32 * 0.8, 2.5, 1.5);
        twin.place(plot.node, format!("Pendant {}", index + 1), kit.furniture.pendant, place);
    }
    let rail = sweep::bar(vec3(0.4, 2.5, 1.5), vec3(3.0, 2.5, 1.5), 0.018, 12);
    let mut frame = Model::of(Material::Copper, rail);
    for x in [0.4, 3.0] {
        frame.add(Material::Copper, sweep::bar(vec3(x, 1.08, 1.5), vec3(x, 2.5, 1.5), 0.018, 12));
        frame.add(Material::Copper, lathe::ball(0.03, 12).at(x, 2.5, 1.5));
    }
    twin.stand(plot.node, "Lamp rail", frame, Placement::HERE);
    let (print, menu) = lettering::face("Espresso 2.4   Flat white 3.6", 2.0);
    twin.stand_one(plot.node, "Price list", print, menu, Placement::at(1.9, 2.55, -2.74));
}

/// One roasted bean about the origin.
fn bean() -> crate::venue::mesh::Mesh {
    lathe::ball(0.0065, 6).placed(Placement::HERE.stretched(vec3(1.0, 0.7, 1.45)))
}

fn roaster(rng: &mut Rng) -> Model {
    let mut model = Model::default();
    for x in [-0.5, 0.5] {
        for z in [-0.3, 0.3] {
            model.add(Material::Black, solid::block(0.09, 0.55, 0.09, 0.015).at(x, 0.0, z));
        }
    }
    model.add(Material::Black, solid::rounded_box(vec3(1.25, 0.2, 0.85), 0.05, 3).at(0.0, 0.58, 0.0));
    // The drum lies along Z.
    let drum = [
        (0.0, -0.46),
        (0.4, -0.46),
        (0.42, -0.44),
        (0.42, -0.3),
        (0.435, -0.29),
        (0.435, -0.25),
        (0.42, -0.24),
        (0.42, 0.24),
        (0.435, 0.25),
        (0.435, 0.29),
        (0.42, 0.3),
        (0.42, 0.44),
        (0.4, 0.47),
        (0.25, 0.49),
        (0.0, 0.49),
    ];
    model.add(Material::Copper, lathe::lathe(&drum, 56).placed(Placement::at(0.0, 1.08, 0.0).pitch(90.0)));
    let door = [(0.0, 0.0), (0.3, 0.0), (0.31, 0.02), (0.29, 0.045), (0.14, 0.05), (0.13, 0.04), (0.0, 0.04)];
    let front = Placement::at(0.0, 1.08, 0.48).pitch(90.0);
    model.add(Material::Black, lathe::lathe(&door[1..], 40).placed(front));
    let pane = [(0.13, 0.05), (0.07, 0.062), (0.0, 0.065)];
    model.add(Material::GlassDark, lathe::lathe(&pane, 28).placed(front));
    for bolt in 0..10 {
        let (sin, cos) = (bolt as f32 / 10.0 * TAU).sin_cos();
        model.add(
            Material::Brass,
            lathe::bolt(0.014).placed(Placement::at(cos * 0.36, 1.08 + sin * 0.36, 0.478).pitch(90.0)),
        );
    }
    let hopper = [
        (0.06, 0.0),
        (0.08, 0.02),
        (0.09, 0.1),
        (0.3, 0.46),
        (0.31, 0.5),
        (0.305, 0.51),
        (0.295, 0.5),
        (0.08, 0.11),
    ];
    model.add(Material::BrassBrushed, lathe::lathe(&hopper, 44).at(0.0, 1.46, -0.12));
    stack(&mut model);
    cooling_tray(&mut model, rng);
    for (index, x) in [-0.28, 0.0, 0.28].into_iter().enumerate() {
        let dial = [
            (0.0, 0.0),
            (0.06, 0.0),
            (0.065, 0.01),
            (0.06, 0.03),
            (0.052, 0.032),
            (0.05, 0.024),
            (0.0, 0.024),
        ];
        let place = Placement::at(x, 0.62, 0.43).pitch(90.0);
        model.add(Material::Brass, lathe::lathe(&dial[1..], 28).placed(place));
        let hand =
            sweep::bar(vec3(0.0, 0.027, 0.0), vec3(0.03, 0.027, -0.02 + 0.02 * index as f32), 0.003, 5);
        model.add(Material::Coral, hand.placed(place));
    }
    model
}

/// The flue and the cyclone that catches the chaff.
fn stack(model: &mut Model) {
    let flue = curve::rounded_path(
        &[
            vec3(0.3, 1.2, -0.42),
            vec3(0.3, 1.2, -0.75),
            vec3(0.3, 2.6, -0.75),
            vec3(0.95, 2.6, -0.75),
            vec3(0.95, 2.2, -0.75),
        ],
        0.22,
        9,
    );
    model.add(Material::Galvanised, sweep::pipe(&flue, 0.085, 22));
    let cyclone = [
        (0.05, 0.0),
        (0.06, 0.1),
        (0.2, 0.75),
        (0.22, 0.8),
        (0.22, 1.3),
        (0.2, 1.34),
        (0.09, 1.36),
        (0.0, 1.36),
    ];
    model.add(Material::BrushedSteel, lathe::lathe(&cyclone, 36).at(0.95, 0.9, -0.75));
    for leg in 0..3 {
        let (sin, cos) = (leg as f32 / 3.0 * TAU).sin_cos();
        model.add(
            Material::Black,
            sweep::bar(
                vec3(0.95 + cos * 0.26, 0.0, -0.75 + sin * 0.26),
                vec3(0.95 + cos * 0.21, 1.7, -0.75 + sin * 0.21),
                0.018,
                10,
            ),
        );
    }
}

fn cooling_tray(model: &mut Model, rng: &mut Rng) {
    let centre = vec3(0.0, 0.62, 1.05);
    let tray = [
        (0.1, -0.16),
        (0.44, -0.12),
        (0.5, -0.06),
        (0.52, 0.1),
        (0.535, 0.11),
        (0.53, 0.12),
        (0.51, 0.11),
        (0.49, -0.03),
        (0.0, -0.035),
    ];
    model.add(Material::Copper, lathe::lathe(&tray, 56).placed(Placement::to(centre)));
    model.add(
        Material::CoffeeBean,
        lathe::lathe(&[(0.49, -0.02), (0.3, 0.0), (0.0, 0.012)], 40).placed(Placement::to(centre)),
    );
    let bean = bean();
    for _ in 0..520 {
        let (sin, cos) = rng.range(0.0, TAU).sin_cos();
        let radius = 0.47 * rng.unit().sqrt();
        let height = 0.012 - 0.03 * radius + 0.004;
        let place = Placement::to(centre + vec3(cos * radius, height, sin * radius))
            .yaw(rng.range(0.0, 360.0))
            .roll(rng.range(-40.0, 40.0))
            .sized(1.7);
        model.add(Material::CoffeeBean, bean.clone().placed(place));
    }
    for arm in 0..3 {
        let angle = arm as f32 / 3.0 * TAU;
        let blade = curve::sampled(8, |t| {
            let turn = angle + 0.5 * t;
            centre + vec3(turn.cos() * 0.46 * t, 0.035, turn.sin() * 0.46 * t)
        });
        model.add(
            Material::BrushedSteel,
            sweep::sweep(&blade, Vec3::Y, &curve::rounded_rectangle(0.012, 0.06, 0.004, 2)),
        );
    }
    model.add(
        Material::Brass,
        lathe::lathe(&[(0.05, 0.0), (0.05, 0.08), (0.03, 0.12), (0.0, 0.13)], 20)
            .placed(Placement::to(centre)),
    );
    let chute = sheet::sheet(10, 6, |u, v| {
        let angle = (u - 0.5) * 2.6;
        vec3(0.16 * angle.sin(), 0.86 - 0.2 * v - 0.12 * angle.cos(), 0.5 + 0.3 * v)
    });
    model.add(Material::BrushedSteel, chute.inside_out());
    for x in [-0.32, 0.32] {
        model.add(Material::Black, sweep::bar(vec3(x, 0.0, 1.3), vec3(x, 0.5, 1.3), 0.025, 12));
    }
}

fn sack(rng: &mut Rng) -> Model {
    let phase = rng.range(0.0, TAU);
    let cloth = sheet::sheet(40, 22, |u, v| {
        let angle = -u * TAU;
        let belly = 0.26 + 0.05 * (v * 3.0).sin();
        let fold =
            0.014 * (angle * 7.0 + phase + v * 4.0).sin() * (0.3 + v) + 0.02 * (angle * 2.0 + v * 5.0).sin();
        let lip = if v > 0.9 { 0.03 * ((v - 0.9) * 30.0).sin() } else { 0.0 };
        let foot = (v * 9.0).min(1.0).powf(0.4);
        let radius = (belly * foot + fold * foot) + lip;
        vec3(radius * angle.cos(), 0.62 * v - 0.02 * (angle * 3.0).sin() * v, radius * angle.sin())
    });
    let mut model = Model::of(Material::Jute, cloth);
    model.add(Material::CoffeeBean, lathe::lathe(&[(0.27, 0.55), (0.15, 0.59), (0.0, 0.6)], 28));
    let bean = bean();
    for _ in 0..150 {
        let (sin, cos) = rng.range(0.0, TAU).sin_cos();
        let radius = 0.24 * rng.unit().sqrt();
        let place = Placement::at(cos * radius, 0.605 - 0.16 * radius, sin * radius)
            .yaw(rng.range(0.0, 360.0))
            .sized(1.8);
        model.add(Material::CoffeeBean, bean.clone().placed(place));
    }
    model
}

fn shelves(twin: &mut Twin, plot: &Plot, rng: &mut Rng) {
    let jar = {
        let mut jar = Model::of(
            Material::Glass,
            lathe::lathe(
                &[(0.0, 0.0), (0.07, 0.0), (0.075, 0.01), (0.075, 0.19), (0.06, 0.215), (0.06, 0.23)]
                    .into_iter()
                    .skip(1)
                    .collect::<Vec<_>>(),
                28,
            ),
        );
        jar.add(
            Material::CoffeeBean,
            lathe::lathe(
                &[(0.0, 0.008), (0.068, 0.008), (0.07, 0.02), (0.07, 0.16), (0.03, 0.172), (0.0, 0.173)],
                24,
            ),
        );
        jar.add(Material::Oak, lathe::drum(0.063, 0.03, 0.008, 28).at(0.0, 0.225, 0.0));
        twin.mesh("Jar of beans", jar)
    };
    let mut boards = Model::default();
    for y in [1.15, 1.65] {
        boards.add(Material::Oak, solid::rounded_box(vec3(3.0, 0.04, 0.26), 0.012, 2).at(1.6, y, -2.58));
        for x in [0.3, 1.6, 2.9] {
            let bracket = curve::rounded_path(
                &[vec3(x, y - 0.02, -2.72), vec3(x, y - 0.16, -2.72), vec3(x, y - 0.03, -2.5)],
                0.04,
                4,
            );
            boards.add(Material::Copper, sweep::pipe(&bracket, 0.009, 8));
        }
    }
    twin.stand(plot.node, "Shelves", boards, Placement::HERE);
    let mug = twin.mesh("Mug", furniture::mug(Material::CeramicTeal, 1.25));
    for shelf in 0..2 {
        for index in 0..11 {
            let (x, y) = (0.25 + index as f32 * 0.26, 1.17 + shelf as f32 * 0.5);
            let mesh = if (index + shelf * 2) % 4 == 3 { mug } else { jar };
            let place = Placement::at(x, y, -2.58).yaw(rng.range(0.0, 360.0));
            twin.place(plot.node, format!("On shelf {}-{}", shelf + 1, index + 1), mesh, place);
        }
    }
}

fn pour_over() -> Model {
    let mut model = Model::of(Material::Oak, solid::block(0.26, 0.03, 0.2, 0.01));
    let arm =
        curve::rounded_path(&[vec3(-0.1, 0.02, 0.0), vec3(-0.1, 0.36, 0.0), vec3(0.04, 0.36, 0.0)], 0.06, 6);
    model.add(Material::Brass, sweep::pipe(&arm, 0.008, 10));
    model.add(Material::Brass, lathe::torus(0.055, 0.005, 28, 8).at(0.04, 0.36, 0.0));
    model.add(
        Material::Ceramic,
        lathe::vessel(&[(0.018, 0.3), (0.03, 0.32), (0.07, 0.4), (0.072, 0.41)], 0.004, 32)
            .at(0.04, 0.0, 0.0),
    );
    model.add(
        Material::Glass,
        lathe::lathe(
            &[(0.04, 0.03), (0.075, 0.035), (0.085, 0.08), (0.06, 0.16), (0.04, 0.19), (0.05, 0.22)],
            32,
        )
        .at(0.04, 0.0, 0.0),
    );
    model.add(
        Material::Coffee,
        lathe::lathe(&[(0.0, 0.036), (0.07, 0.038), (0.079, 0.08), (0.072, 0.1), (0.0, 0.1)], 28)
            .at(0.04, 0.0, 0.0),
    );
    model
}
