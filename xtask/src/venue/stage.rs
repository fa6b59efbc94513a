//! The stage at the far end: platform, picture wall, truss portals with lamps, drapes, loudspeakers, rows of chairs.

use std::f32::consts::TAU;

use glam::{Quat, Vec3, vec2, vec3};

use super::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Model, Placement},
    palette::Material,
    sheet, solid,
    sound::Sound,
    sweep,
    twin::{NodeId, Twin},
};

/// Metres of the platform along X and Z, and its height.
const PLATFORM: Vec3 = Vec3::new(15.0, 0.8, 5.6);
/// The picture wall: 16:9.
const SCREEN: (f32, f32) = (10.4, 5.85);
/// Height of the portals' upper beam.
const PORTAL_HEIGHT: f32 = 7.7;

/// Builds the stage; its own axes have the audience at +Z.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let stage = twin.group(None, "Stage", Placement::at(0.0, 0.0, -15.6));
    twin.entity(stage, "stage");
    platform(twin, stage);
    screen(twin, stage);
    portals(twin, stage, kit);
    drapes(twin, stage);
    sound(twin, stage);
    speaker(twin, stage, kit);
    chairs(twin, kit);
}

fn platform(twin: &mut Twin, stage: NodeId) {
    let outline = curve::rounded_rectangle(PLATFORM.x, PLATFORM.z, 0.8, 12);
    let lie = Placement::HERE.pitch(-90.0);
    let mut model =
        Model::of(Material::Graphite, solid::plate(&outline, PLATFORM.y - 0.06, 0.01).placed(lie));
    let top = curve::rounded_rectangle(PLATFORM.x + 0.12, PLATFORM.z + 0.12, 0.86, 12);
    model.add(
        Material::Oak,
        solid::plate(&top, 0.06, 0.015).placed(Placement::at(0.0, PLATFORM.y - 0.06, 0.0).pitch(-90.0)),
    );
    let slat = curve::rounded_rectangle(0.05, 0.035, 0.012, 2);
    let count = 150;
    for index in 0..count {
        let place = index as f32 / count as f32 * outline.len() as f32;
        let at = place as usize;
        let (from, to) = (outline[at % outline.len()], outline[(at + 1) % outline.len()]);
        let point = from.lerp(to, place.fract());
        // Long sides have few outline points; the audience's side gets its own even row below.
        if point.y < -PLATFORM.z * 0.5 + 0.01 || point.y > PLATFORM.z * 0.5 - 0.01 {
            continue;
        }
        let path =
            [vec3(point.x * 1.003, 0.02, -point.y), vec3(point.x * 1.003, PLATFORM.y - 0.07, -point.y)];
        model.add(Material::Larch, sweep::sweep(&path, Vec3::X, &slat));
    }
    for index in 0..140 {
        let x = -6.7 + index as f32 * 13.4 / 139.0;
        let path =
            [vec3(x, 0.02, PLATFORM.z * 0.5 + 0.01), vec3(x, PLATFORM.y - 0.07, PLATFORM.z * 0.5 + 0.01)];
        model.add(Material::Larch, sweep::sweep(&path, Vec3::Z, &slat));
    }
    let glow: Vec<Vec3> = [-7.0, 7.0].map(|x| vec3(x, PLATFORM.y - 0.085, PLATFORM.z * 0.5 + 0.045)).to_vec();
    model.add(Material::LampWarm, sweep::pipe(&glow, 0.012, 8));
    twin.stand(stage, "Platform", model, Placement::HERE);

    let mut steps = Model::default();
    for step in 0..4 {
        let y = PLATFORM.y / 5.0 * (step + 1) as f32;
        let z = (3 - step) as f32 * 0.3;
        steps.add(Material::Oak, solid::rounded_box(vec3(1.6, 0.05, 0.32), 0.014, 2).at(0.0, y - 0.025, z));
        steps.add(Material::Graphite, solid::block(1.5, y - 0.05, 0.28, 0.01).at(0.0, 0.0, z));
    }
    for x in [-0.84, 0.84] {
        let rail = curve::rounded_path(
            &[vec3(x, 0.0, 1.05), vec3(x, 1.1, 1.05), vec3(x, 1.75, -0.1), vec3(x, 0.8, -0.1)],
            0.12,
            5,
        );
        steps.add(Material::Brass, sweep::pipe(&rail, 0.02, 12));
    }
    let steps = twin.mesh("Stage steps", steps);
    for (side, x) in [("left", -5.4), ("right", 5.4)] {
        twin.place(stage, format!("Steps {side}"), steps, Placement::at(x, 0.0, PLATFORM.z * 0.5 + 0.2));
    }
}

fn screen(twin: &mut Twin, stage: NodeId) {
    let (width, height) = SCREEN;
    let picture = solid::picture(width, height, vec2(0.0, 0.0), vec2(1.0, 1.0)).at(0.0, 0.0, 0.09);
    let mut model = Model::of(Material::StageScreen, picture);
    model.add(Material::Black, solid::rounded_box(vec3(width + 0.24, height + 0.24, 0.16), 0.05, 3));
    for x in [-3.4, 3.4] {
        for y in [-2.0, 0.0, 2.0] {
            model.add(Material::DarkSteel, sweep::bar(vec3(x, y, -0.05), vec3(x, y, -0.55), 0.04, 10));
        }
        model.add(Material::DarkSteel, sweep::bar(vec3(x, -4.2, -0.5), vec3(x, 3.2, -0.5), 0.07, 14));
    }
    let node = twin.stand(stage, "Stage screen", model, Placement::at(0.0, 4.35, -2.0));
    twin.entity(node, "stage/screen");
    let (title, width) = ("Stage", 2.4);
    let sign = lettering::lit_board(title, width, Material::Graphite);
    let sign = twin.stand(stage, "Sign: Stage", sign, Placement::at(0.0, PORTAL_HEIGHT + 0.1, 2.62));
    twin.entity(sign, "stage/sign");
}

/// A four-chord lattice truss along a straight line; `metres` is its length along +X from the origin.
fn lattice(metres: f32) -> Model {
    let half = 0.145;
    let mut model = Model::default();
    let corners = [(-half, -half), (half, -half), (half, half), (-half, half)];
    for (y, z) in corners {
        model.add(Material::BrushedSteel, sweep::bar(vec3(0.0, y, z), vec3(metres, y, z), 0.025, 12));
    }
    let cells = (metres / 0.36).round().max(1.0) as u32;
    for side in 0..4 {
        let ((y0, z0), (y1, z1)) = (corners[side], corners[(side + 1) % 4]);
        let mut path = Vec::new();
        for cell in 0..=cells {
            let x = metres * (cell as f32 / cells as f32);
            path.push(if cell % 2 == 0 { vec3(x, y0, z0) } else { vec3(x, y1, z1) });
        }
        for pair in path.windows(2) {
            model.add(Material::BrushedSteel, sweep::bar(pair[0], pair[1], 0.009, 7));
        }
    }
    // Couplers where two metres of truss meet.
    for joint in 0..=(metres / 2.0) as u32 {
        for (y, z) in corners {
            let cuff = lathe::lathe(
                &[(0.025, -0.06), (0.032, -0.055), (0.034, 0.0), (0.032, 0.055), (0.025, 0.06)],
                12,
            );
            let x = (joint as f32 * 2.0).clamp(0.06, metres - 0.06);
            model.add(Material::DarkSteel, cuff.placed(Placement::at(x, y, z).roll(90.0)));
        }
    }
    model
}

fn portals(twin: &mut Twin, stage: NodeId, kit: &Kit) {
    let span = 16.4;
    let mut portal = Model::default();
    portal.include(&lattice(span), Placement::at(-span * 0.5, PORTAL_HEIGHT, 0.0));
    for side in [-1.0, 1.0] {
        let x = side * (span * 0.5 + 0.145);
        portal.include(&lattice(PORTAL_HEIGHT + 0.1), Placement::at(x, 0.05, 0.0).roll(90.0));
        portal.add(Material::DarkSteel, solid::block(0.9, 0.04, 0.9, 0.012).at(x, 0.0, 0.0));
        portal.add(
            Material::BrushedSteel,
            solid::rounded_box(Vec3::splat(0.36), 0.03, 2).at(x, PORTAL_HEIGHT, 0.0),
        );
    }
    let portal = twin.mesh("Truss portal", portal);
    let mut number = 0;
    for (row, z) in [("front", 2.45f32), ("back", -1.2)] {
        twin.place(stage, format!("Truss portal {row}"), portal, Placement::at(0.0, 0.0, z));
        for index in 0..9 {
            number += 1;
            let x = -6.8 + index as f32 * 1.7;
            if row == "front" && x.abs() < 1.5 {
                continue;
            }
            let aim = vec3(x * 0.45, 1.2, -0.2) - vec3(x, PORTAL_HEIGHT, z);
            let turn = Quat::from_rotation_arc(Vec3::NEG_Y, aim.normalize_or(Vec3::NEG_Y));
            let place = Placement::at(x, PORTAL_HEIGHT - 0.16, z).turn(turn);
            let node = twin.place(stage, format!("Spotlight {number}"), kit.furniture.spotlight, place);
            twin.entity(node, format!("stage/spotlight-{number:02}"));
        }
    }
}

fn drapes(twin: &mut Twin, stage: NodeId) {
    let drape = sheet::sheet(120, 10, |u, v| {
        let (across, height) = (u * 2.3, v * 6.6);
        let loose = 1.0 - 0.65 * v.powi(3);
        let fold =
            0.1 * (across * TAU * 2.6).sin() * loose + 0.035 * (across * TAU * 6.1 + v * 2.0).sin() * loose;
        vec3(across - 1.15 + 0.03 * (v * 5.0 + across * 9.0).sin() * loose, height + 0.85, fold)
    });
    let mut model = Model::of(Material::FabricNight, drape);
    model.add(Material::DarkSteel, sweep::bar(vec3(-1.3, 7.5, 0.0), vec3(1.3, 7.5, 0.0), 0.024, 12));
    let drape = twin.mesh("Drape", model);
    for (side, x) in [("left", -6.75), ("right", 6.75)] {
        twin.place(stage, format!("Drape {side}"), drape, Placement::at(x, 0.0, -1.9));
    }
}

/// One box of a line array about the origin, facing +Z.
fn loudspeaker() -> Model {
    let mut model = Model::of(Material::Black, solid::rounded_box(vec3(0.8, 0.29, 0.42), 0.025, 2));
    let grille = sheet::sheet(10, 2, |u, v| {
        let x = (u - 0.5) * 0.74;
        vec3(x, (v - 0.5) * 0.25, 0.245 - 0.14 * x * x)
    });
    model.add(Material::Perforated, grille);
    for x in [-0.22, 0.22] {
        let cone = [
            (0.0, 0.0),
            (0.035, 0.004),
            (0.05, 0.0),
            (0.1, 0.03),
            (0.108, 0.04),
            (0.115, 0.036),
            (0.12, 0.03),
        ];
        let cone: Vec<(f32, f32)> = cone.into_iter().rev().collect();
        model.add(
            Material::DarkSteel,
            lathe::lathe(&cone, 24).placed(Placement::at(x, 0.0, 0.19).pitch(90.0)),
        );
    }
    model
}

fn sound(twin: &mut Twin, stage: NodeId) {
    let speaker = twin.mesh("Line array box", loudspeaker());
    for (side, x) in [("left", -7.4), ("right", 7.4)] {
        let array = twin.group(Some(stage), format!("Loudspeakers {side}"), Placement::at(x, 6.9, 2.6));
        twin.entity(array, format!("stage/loudspeakers-{side}"));
        twin.sounds(array, Sound::Music);
        let (mut y, mut z) = (0.0, 0.0);
        for index in 0..7 {
            let tilt = index as f32 * index as f32 * 0.9;
            let place = Placement::at(0.0, y, z).pitch(tilt);
            twin.place(array, format!("Box {}", index + 1), speaker, place);
            let (sin, cos) = (tilt + index as f32).to_radians().sin_cos();
            y -= 0.3 * cos;
            z -= 0.3 * sin;
        }
    }
    let mut wedge = Model::of(
        Material::Black,
        solid::rounded_box(vec3(0.6, 0.36, 0.4), 0.04, 3).placed(Placement::at(0.0, 0.2, 0.0).pitch(40.0)),
    );
    wedge.add(
        Material::Perforated,
        solid::pane(0.54, 0.32).placed(Placement::at(0.0, 0.33, -0.158).yaw(180.0).pitch(50.0)),
    );
    let wedge = twin.mesh("Monitor wedge", wedge);
    for (index, x) in [-2.6, 2.6].into_iter().enumerate() {
        twin.place(stage, format!("Monitor {}", index + 1), wedge, Placement::at(x, PLATFORM.y, 2.2));
    }
}

fn speaker(twin: &mut Twin, stage: NodeId, kit: &Kit) {
    let mut lectern = Model::default();
    let body = sheet::shell(20, 8, 0.03, |u, v| {
        let angle = (u - 0.5) * 2.2;
        let radius = 0.34 + 0.07 * v;
        vec3(radius * angle.sin(), v * 1.05, radius * angle.cos())
    });
    lectern.add(Material::Walnut, body);
    lectern.add(
        Material::Oak,
        solid::rounded_box(vec3(0.72, 0.035, 0.5), 0.014, 3)
            .placed(Placement::at(0.0, 1.09, 0.1).pitch(14.0)),
    );
    lectern.add(Material::Graphite, lathe::drum(0.42, 0.03, 0.01, 40));
    let (print, face) = lettering::face("PAVILION", 0.56);
    // The print follows the lectern's curve.
    lectern.add(
        print,
        face.bent(|p| {
            let angle = p.x / 0.42;
            vec3(0.408 * angle.sin(), p.y + 0.8, 0.408 * angle.cos() + 0.01)
        }),
    );
    let neck = curve::through(
        &[vec3(-0.18, 1.1, 0.15), vec3(-0.17, 1.25, 0.16), vec3(-0.08, 1.38, 0.06), vec3(-0.02, 1.4, -0.03)],
        7,
    );
    lectern.add(Material::Black, sweep::pipe(&neck, 0.006, 8));
    lectern.add(
        Material::Black,
        lathe::ball(0.022, 14).placed(Placement::at(-0.01, 1.4, -0.05).stretched(vec3(1.0, 1.0, 1.5))),
    );
    let node = twin.stand(stage, "Lectern", lectern, Placement::at(-3.6, PLATFORM.y, 1.0).yaw(14.0));
    twin.entity(node, "stage/lectern");
    for (index, x) in [1.3f32, 2.5, 3.7].into_iter().enumerate() {
        let place = Placement::at(x, PLATFORM.y, 0.4 + 0.2 * (index as f32 - 1.0).abs())
            .yaw(180.0 + 14.0 * (1.0 - index as f32));
        twin.place(stage, format!("Panel armchair {}", index + 1), kit.furniture.armchair, place);
    }
    let table = furniture::plinth(0.24, 0.42, Material::Terrazzo);
    twin.stand(stage, "Side table", table, Placement::at(1.9, PLATFORM.y, 0.95));
    question_cube(twin, stage, Placement::at(1.9, PLATFORM.y + 0.421, 0.95).yaw(24.0));
    for (index, x) in [-6.6, 6.6].into_iter().enumerate() {
        twin.place(
            stage,
            format!("Stage palm {}", index + 1),
            kit.plants.palm,
            Placement::at(x, PLATFORM.y, 1.7).yaw(index as f32 * 80.0),
        );
    }
}

fn chairs(twin: &mut Twin, kit: &Kit) {
    let audience = twin.group(None, "Audience", Placement::at(0.0, 0.0, -11.0));
    twin.entity(audience, "audience");
    for row in 0..7u32 {
        let letter = char::from(b'A' + row as u8);
        let node =
            twin.group(Some(audience), format!("Row {letter}"), Placement::at(0.0, 0.0, row as f32 * 0.95));
        twin.entity(node, format!("audience/row-{letter}").to_lowercase());
        for seat in 0..14u32 {
            let side = if seat < 7 { -1.0 } else { 1.0 };
            let from_aisle = if seat < 7 { 6 - seat } else { seat - 7 } as f32;
            let x = side * (0.95 + from_aisle * 0.58);
            // The rows curve a little towards the lectern.
            let (turn, forward) = (x * 1.6, -0.012 * x * x);
            let accent = (row * 5 + seat * 3) % 11 == 0;
            let mesh = if accent { kit.furniture.chair_coral } else { kit.furniture.chair };
            let place = Placement::at(x, 0.0, forward).yaw(turn);
            twin.place(node, format!("Seat {letter}{}", seat + 1), mesh, place);
        }
    }
}

/// A soft cube with a microphone in it: whoever has a question gets it thrown.
fn question_cube(twin: &mut Twin, stage: NodeId, place: Placement) {
    let side = 0.17;
    let mut model = Model::of(
        Material::FabricCoral,
        solid::rounded_box(Vec3::splat(side), 0.035, 3).at(0.0, side * 0.5, 0.0),
    );
    model.add(Material::Black, lathe::drum(0.045, 0.008, 0.003, 32).at(0.0, side - 0.004, 0.0));
    let cube = twin.stand(stage, "Question cube", model, place);
    twin.entity(cube, "stage/question-cube");
    twin.prop(cube, 0.3);
}
