//! The robot cell: two six-axis arms behind a mesh fence pick parts from a conveyor and stack them; every link is a
//! node that turns about its own joint.

use std::f32::consts::{PI, TAU};

use glam::{Vec2, Vec3, vec2, vec3};

use super::{
    Kit, booth, curve, furniture, lathe, lettering,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    solid,
    sound::Sound,
    sweep,
    twin::{MeshId, NodeId, Twin},
};

/// Metres of the fenced ground along X and Z.
const GROUND: Vec2 = Vec2::new(12.0, 7.2);
/// Width of a fence panel.
const PANEL: f32 = 1.2;

/// Builds the cell; its own axes have the visitor at +Z.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let cell = twin.group(None, "Robot cell", Placement::at(19.6, 0.0, -12.6));
    twin.entity(cell, "robot-cell");
    let hum = twin.group(Some(cell), "Drives", Placement::at(0.0, 1.2, 0.0));
    twin.sounds(hum, Sound::Hum);
    ground(twin, cell);
    fence(twin, cell);
    let links = Links::new(twin);
    robot(
        twin,
        cell,
        &links,
        1,
        Placement::at(-2.4, 0.0, -0.4).yaw(-160.0),
        [24.0, -18.0, 62.0, 20.0, 48.0, 0.0],
    );
    robot(
        twin,
        cell,
        &links,
        2,
        Placement::at(2.4, 0.0, -0.4).yaw(165.0),
        [-30.0, 12.0, 30.0, -35.0, 58.0, 25.0],
    );
    conveyor(twin, cell);
    pallets(twin, cell);
    cabinets(twin, cell);
    let sign = lettering::double_board("Robot cell", 3.0, Material::Graphite);
    let mut hung = sign;
    for x in [-1.2, 1.2] {
        hung.add(Material::DarkSteel, sweep::bar(vec3(x, 0.38, 0.0), vec3(x, 5.4, 0.0), 0.006, 6));
    }
    let node = twin.stand(cell, "Sign: Robot cell", hung, Placement::at(0.0, 4.4, GROUND.y * 0.5));
    twin.entity(node, "robot-cell/sign");
    for (index, x) in [-6.9, 6.9].into_iter().enumerate() {
        twin.place(
            cell,
            format!("Cell plant {}", index + 1),
            kit.plants.broad,
            Placement::at(x, 0.0, 3.9).yaw(index as f32 * 77.0),
        );
    }
}

fn ground(twin: &mut Twin, cell: NodeId) {
    let mut model = furniture::carpet(GROUND.x + 0.4, GROUND.y + 0.4, 0.3, 0.03, Material::MachineGrey);
    let line = curve::rounded_rectangle(GROUND.x - 0.5, GROUND.y - 0.5, 0.3, 6);
    let path: Vec<Vec3> = line.iter().chain(line.first()).map(|p| vec3(p.x, 0.031, -p.y)).collect();
    model.add(
        Material::FloorLine,
        sweep::sweep(&path, Vec3::Y, &curve::rounded_rectangle(0.09, 0.004, 0.001, 1)),
    );
    let floor = twin.stand(cell, "Cell floor", model, Placement::HERE);
    twin.shaded(floor);
}

/// A panel of welded mesh between the origin and +X, with the post at the origin.
fn panel(width: f32) -> Model {
    let mut model = Model::of(
        Material::SafetyYellow,
        sweep::beam(vec3(0.0, 0.0, 0.0), vec3(0.0, 2.1, 0.0), 0.06, 0.06, 0.012),
    );
    model.add(Material::SafetyYellow, solid::block(0.16, 0.012, 0.16, 0.004));
    for (x, z) in [(-0.06, -0.06), (0.06, -0.06), (-0.06, 0.06), (0.06, 0.06)] {
        model.add(Material::DarkSteel, lathe::bolt(0.01).at(x, 0.012, z));
    }
    let frame = curve::rounded_rectangle(width - 0.12, 1.86, 0.04, 3);
    let path: Vec<Vec3> =
        frame.iter().chain(frame.first()).map(|p| vec3(p.x + width * 0.5, p.y + 1.1, 0.0)).collect();
    model.add(Material::Graphite, sweep::pipe(&path, 0.012, 8));
    let (columns, rows) = ((width / 0.075) as u32, 17);
    for column in 1..columns {
        let x = 0.06 + (width - 0.12) * column as f32 / columns as f32;
        model.add(Material::Graphite, sweep::bar(vec3(x, 0.18, 0.003), vec3(x, 2.02, 0.003), 0.0025, 4));
    }
    for row in 1..rows {
        let y = 0.17 + 1.86 * row as f32 / rows as f32;
        model.add(
            Material::Graphite,
            sweep::bar(vec3(0.06, y, -0.003), vec3(width - 0.06, y, -0.003), 0.0025, 4),
        );
    }
    model
}

fn fence(twin: &mut Twin, cell: NodeId) {
    let panel = twin.mesh("Fence panel", panel(PANEL));
    let fence = twin.group(Some(cell), "Fence", Placement::at(0.0, 0.03, 0.0));
    twin.entity(fence, "robot-cell/fence");
    let (half_x, half_z) = (GROUND.x * 0.5, GROUND.y * 0.5);
    let mut number = 0;
    let mut put = |twin: &mut Twin, place: Placement| {
        number += 1;
        twin.place(fence, format!("Fence panel {number}"), panel, place);
    };
    for index in 0..10 {
        let x = -half_x + index as f32 * PANEL;
        put(twin, Placement::at(x, 0.0, -half_z));
        // The gate is left out in front; visitors look in over a low rail there.
        if !(4..6).contains(&index) {
            put(twin, Placement::at(x, 0.0, half_z));
        }
    }
    for index in 0..6 {
        let z = -half_z + index as f32 * PANEL;
        put(twin, Placement::at(-half_x, 0.0, z).yaw(-90.0));
        put(twin, Placement::at(half_x, 0.0, z).yaw(-90.0));
    }
    let mut gate = Model::default();
    let frame = curve::rounded_path(
        &[vec3(0.0, 0.05, 0.0), vec3(0.0, 1.1, 0.0), vec3(2.3, 1.1, 0.0), vec3(2.3, 0.05, 0.0)],
        0.1,
        5,
    );
    gate.add(Material::SafetyYellow, sweep::pipe(&frame, 0.024, 12));
    gate.add(Material::SafetyYellow, sweep::bar(vec3(0.0, 0.55, 0.0), vec3(2.3, 0.55, 0.0), 0.018, 12));
    gate.include(&lettering::board("Caution", 1.1, Material::Graphite), Placement::at(1.15, 0.83, 0.02));
    let gate = twin.stand(fence, "Gate", gate, Placement::at(-1.15, 0.0, half_z));
    twin.entity(gate, "robot-cell/gate");
}

/// The arm's links, each about its own joint.
struct Links {
    base: MeshId,
    turret: MeshId,
    upper_arm: MeshId,
    elbow: MeshId,
    forearm: MeshId,
    wrist: MeshId,
    gripper: MeshId,
}

/// Lengths between joints.
const SHOULDER_HEIGHT: f32 = 0.42;
const SHOULDER_FORWARD: f32 = 0.22;
const UPPER_ARM: f32 = 1.0;
const FOREARM: f32 = 0.86;
const WRIST: f32 = 0.2;

impl Links {
    fn new(twin: &mut Twin) -> Self {
        Self {
            base: twin.mesh("Robot base", base()),
            turret: twin.mesh("Robot turret", turret()),
            upper_arm: twin.mesh("Robot upper arm", upper_arm()),
            elbow: twin.mesh("Robot elbow", elbow()),
            forearm: twin.mesh("Robot forearm", forearm()),
            wrist: twin.mesh("Robot wrist", wrist()),
            gripper: twin.mesh("Robot gripper", gripper()),
        }
    }
}

/// How long an arm takes from one part to the next, seconds.
const CYCLE: f32 = 9.0;

/// What an arm goes through, as parts of the cycle and what its joints are turned by then, degrees: it waits, reaches
/// down to the conveyor, lifts, swings over and sets down.
const WORK: [(f32, [f32; 6]); 7] = [
    (0.0, [0.0; 6]),
    (0.14, [8.0, 26.0, 10.0, -10.0, -24.0, 0.0]),
    (0.24, [8.0, 26.0, 10.0, -10.0, -24.0, 0.0]),
    (0.42, [-20.0, -14.0, -4.0, 10.0, 12.0, 40.0]),
    (0.62, [-74.0, 18.0, 6.0, 4.0, -18.0, 90.0]),
    (0.7, [-74.0, 18.0, 6.0, 4.0, -18.0, 90.0]),
    (1.0, [0.0; 6]),
];

/// Turns of the links beyond the base with the joints at these angles, degrees.
fn stance(joints: [f32; 6]) -> [Placement; 6] {
    [
        Placement::at(0.0, 0.5, 0.0).yaw(joints[0]),
        Placement::at(0.0, SHOULDER_HEIGHT, -SHOULDER_FORWARD).pitch(-joints[1]),
        Placement::at(0.0, UPPER_ARM, 0.0).pitch(-joints[2] + 30.0),
        Placement::at(0.0, 0.16, -0.3).roll(joints[3]),
        Placement::at(0.0, 0.0, -FOREARM).pitch(-joints[4]),
        Placement::at(0.0, 0.0, -WRIST).roll(joints[5]),
    ]
}

/// What the joints are turned by at a part of the cycle: slow at both ends of a move.
fn work(part: f32) -> [f32; 6] {
    let next = WORK.iter().position(|(at, _)| *at > part).unwrap_or(WORK.len() - 1);
    let ((from, before), (to, after)) = (WORK[next - 1], WORK[next]);
    let t = ((part - from) / (to - from)).clamp(0.0, 1.0);
    let eased = t * t * (3.0 - 2.0 * t);
    std::array::from_fn(|joint| before[joint] + (after[joint] - before[joint]) * eased)
}

/// Stands a robot whose six joints are at the given angles in degrees when it waits.
fn robot(twin: &mut Twin, cell: NodeId, links: &Links, number: u32, place: Placement, joints: [f32; 6]) {
    let id = format!("robot-cell/robot-{number}");
    let link = |twin: &mut Twin, parent: NodeId, index: usize, name: &str, mesh: MeshId, place: Placement| {
        let node = twin.place(parent, format!("Robot {number} {name}"), mesh, place);
        let suffix = if index == 0 { String::from("base") } else { format!("link-{index}") };
        twin.entity(node, format!("{id}/{suffix}"))
    };
    let robot = twin.group(
        Some(cell),
        format!("Robot {number}"),
        Placement { translation: place.translation + Vec3::Y * 0.03, ..place },
    );
    twin.entity(robot, id.clone());
    let mut parent = link(twin, robot, 0, "base", links.base, Placement::HERE);
    let meshes = [
        ("turret", links.turret),
        ("upper arm", links.upper_arm),
        ("elbow", links.elbow),
        ("forearm", links.forearm),
        ("wrist", links.wrist),
        ("gripper", links.gripper),
    ];
    // The second arm is half a cycle behind.
    let lag = 0.5 * (number - 1) as f32;
    const KEYS: usize = 36;
    let stances: Vec<(f32, [Placement; 6])> = (0..=KEYS)
        .map(|key| {
            let part = key as f32 / KEYS as f32;
            let turned = work((part + lag).fract());
            (part * CYCLE, stance(std::array::from_fn(|joint| joints[joint] + turned[joint])))
        })
        .collect();
    for (index, (name, mesh)) in meshes.into_iter().enumerate() {
        parent = link(twin, parent, index + 1, name, mesh, stance(joints)[index]);
        let turns = stances.iter().map(|(seconds, stance)| (*seconds, stance[index].rotation)).collect();
        twin.turns(parent, turns);
    }
}

/// A round housing along X about the origin, `width` long, with bolted covers.
fn joint(radius: f32, width: f32, material: Material) -> Model {
    let half = width * 0.5;
    let profile = [
        (0.0, -half),
        (radius * 0.72, -half),
        (radius * 0.78, -half + 0.012),
        (radius * 0.94, -half + 0.02),
        (radius, -half + 0.05),
        (radius, half - 0.05),
        (radius * 0.94, half - 0.02),
        (radius * 0.78, half - 0.012),
        (radius * 0.72, half),
        (0.0, half),
    ];
    let across = Placement::HERE.roll(-90.0);
    let mut model = Model::of(material, lathe::lathe(&profile, 40).placed(across));
    for side in [-1.0, 1.0] {
        let cover = lathe::lathe(
            &[(radius * 0.6, 0.0), (radius * 0.6, 0.012), (radius * 0.5, 0.022), (0.0, 0.026)],
            36,
        );
        let place = Placement::at(side * half, 0.0, 0.0).roll(-90.0 * side);
        model.add(Material::Graphite, cover.placed(place));
        for bolt in 0..8 {
            let (sin, cos) = (bolt as f32 / 8.0 * TAU).sin_cos();
            let head = lathe::bolt(0.011).at(cos * radius * 0.66, -0.002, sin * radius * 0.66);
            model.add(Material::DarkSteel, head.placed(place));
        }
    }
    model
}

/// A plate shaped like a belt round two circles: one of `from` radius at the origin, one of `to` at `length` up.
/// It is `depth` thick along X.
fn limb(from: f32, to: f32, length: f32, depth: f32, bevel: f32) -> Mesh {
    let tilt = ((from - to) / length).asin();
    let mut outline = Vec::new();
    for step in 0..=18 {
        let angle = PI - tilt + (PI + 2.0 * tilt) * step as f32 / 18.0;
        outline.push(Vec2::from_angle(angle) * from);
    }
    for step in 0..=18 {
        let angle = tilt + (PI - 2.0 * tilt) * step as f32 / 18.0;
        outline.push(Vec2::from_angle(angle) * to + vec2(0.0, length));
    }
    solid::plate(&outline, depth, bevel).at(0.0, 0.0, -depth * 0.5).placed(Placement::HERE.yaw(90.0))
}

fn base() -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(0.8, 0.04, 0.8, 0.012));
    for (x, z) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
        model.add(Material::DarkSteel, lathe::bolt(0.026).at(x * 0.34, 0.04, z * 0.34));
    }
    let profile = [
        (0.36, 0.04),
        (0.36, 0.07),
        (0.31, 0.11),
        (0.28, 0.2),
        (0.27, 0.34),
        (0.29, 0.38),
        (0.31, 0.4),
        (0.31, 0.46),
        (0.29, 0.48),
        (0.0, 0.49),
    ];
    model.add(Material::RobotOrange, lathe::lathe(&profile, 56));
    model.add(Material::Graphite, solid::rounded_box(vec3(0.26, 0.2, 0.16), 0.03, 3).at(0.0, 0.18, 0.32));
    for (index, x) in [-0.07, 0.0, 0.07].into_iter().enumerate() {
        let cable = curve::through(
            &[
                vec3(x, 0.16, 0.4),
                vec3(x * 1.4, 0.14, 0.52),
                vec3(x * 2.0, 0.03, 0.66),
                vec3(x * 3.0, 0.02, 0.95 + 0.1 * index as f32),
            ],
            8,
        );
        model.add(Material::Black, sweep::pipe(&cable, 0.019, 12));
    }
    model
}

fn turret() -> Model {
    let mut model = Model::of(
        Material::RobotOrange,
        lathe::lathe(
            &[(0.3, 0.0), (0.31, 0.02), (0.3, 0.08), (0.27, 0.14), (0.2, 0.2), (0.1, 0.22), (0.0, 0.22)],
            56,
        ),
    );
    for x in [-0.19, 0.19] {
        let cheek = limb(0.2, 0.19, 0.34, 0.1, 0.025);
        let place = Placement::at(x, 0.1, -0.02).pitch(-(SHOULDER_FORWARD / 0.34).atan().to_degrees() * 0.95);
        model.add(Material::RobotOrange, cheek.placed(place));
    }
    let motor =
        [(0.0, 0.0), (0.1, 0.0), (0.105, 0.01), (0.105, 0.18), (0.095, 0.2), (0.05, 0.21), (0.0, 0.21)];
    model.add(Material::Graphite, lathe::lathe(&motor[1..], 32).at(0.0, 0.2, 0.16));
    for ring in 0..6 {
        model.add(
            Material::Graphite,
            lathe::torus(0.105, 0.006, 32, 6).at(0.0, 0.24 + ring as f32 * 0.025, 0.16),
        );
    }
    model
}

fn upper_arm() -> Model {
    let mut model = joint(0.19, 0.28, Material::RobotOrange);
    model.add(Material::RobotOrange, limb(0.185, 0.15, UPPER_ARM, 0.17, 0.035));
    model.include(&joint(0.155, 0.26, Material::RobotOrange), Placement::at(0.0, UPPER_ARM, 0.0));
    model.add(Material::White, limb(0.07, 0.055, 0.5, 0.182, 0.01).at(0.0, 0.26, 0.0));
    let hose = curve::through(
        &[
            vec3(0.16, -0.1, 0.16),
            vec3(0.17, 0.2, 0.24),
            vec3(0.15, 0.6, 0.22),
            vec3(0.15, 0.95, 0.2),
            vec3(0.12, 1.15, 0.14),
        ],
        40,
    );
    let ribs = sweep::sweep_scaled(&hose, Vec3::X, &curve::circle(1.0, 12), |t| {
        0.028 + 0.004 * (t * TAU * 50.0).sin()
    });
    model.add(Material::Black, ribs);
    model
}

/// Turns about X at the end of the upper arm; the forearm leaves it along -Z.
fn elbow() -> Model {
    let mut model = joint(0.16, 0.24, Material::RobotOrange);
    model.add(Material::RobotOrange, solid::rounded_box(vec3(0.24, 0.3, 0.4), 0.09, 5).at(0.0, 0.13, -0.08));
    let collar = [(0.13, 0.0), (0.14, 0.02), (0.14, 0.06), (0.125, 0.08)];
    model.add(
        Material::Graphite,
        lathe::lathe(&collar, 40).placed(Placement::at(0.0, 0.16, -0.22).pitch(-90.0)),
    );
    for x in [-0.07, 0.07] {
        let motor = [(0.055, 0.0), (0.055, 0.16), (0.045, 0.18), (0.0, 0.185)];
        model.add(
            Material::Graphite,
            lathe::lathe(&motor, 24).placed(Placement::at(x, 0.16, 0.1).pitch(90.0)),
        );
    }
    model
}

/// Turns about its own length, -Z.
fn forearm() -> Model {
    let along = Placement::HERE.pitch(-90.0);
    let tube = [
        (0.0, 0.0),
        (0.125, 0.0),
        (0.125, 0.04),
        (0.115, 0.08),
        (0.095, 0.5),
        (0.09, 0.62),
        (0.085, 0.66),
        (0.0, 0.66),
    ];
    let mut model = Model::of(Material::RobotOrange, lathe::lathe(&tube, 44).placed(along));
    for x in [-0.075, 0.075] {
        let fork = limb(0.075, 0.07, 0.3, 0.035, 0.012);
        model.add(Material::RobotOrange, fork.placed(Placement::at(x, 0.0, -0.57).pitch(-90.0)));
    }
    model.add(
        Material::White,
        lathe::lathe(&[(0.112, 0.2), (0.114, 0.21), (0.107, 0.32), (0.105, 0.33)], 44).placed(along),
    );
    let hose = curve::sampled(120, |t| {
        let angle = 0.9 + 0.8 * t;
        vec3(0.15 * angle.cos(), 0.15 * angle.sin(), -0.05 - 0.72 * t)
    });
    let ribs = sweep::sweep_scaled(&hose, Vec3::X, &curve::circle(1.0, 10), |t| {
        0.022 + 0.003 * (t * TAU * 40.0).sin()
    });
    model.add(Material::Black, ribs);
    model
}

/// Turns about X in the forearm's fork.
fn wrist() -> Model {
    let mut model = joint(0.068, 0.11, Material::RobotOrange);
    let along = Placement::HERE.pitch(-90.0);
    let nose = [(0.06, 0.0), (0.062, 0.08), (0.058, 0.12), (0.05, 0.16), (0.05, WRIST), (0.0, WRIST)];
    model.add(Material::RobotOrange, lathe::lathe(&nose, 32).placed(along));
    model
}

/// Two fingers on a flange; they reach along -Z.
fn gripper() -> Model {
    let along = Placement::HERE.pitch(-90.0);
    let mut model = Model::of(
        Material::BrushedSteel,
        lathe::lathe(&[(0.055, 0.0), (0.055, 0.025), (0.04, 0.03), (0.0, 0.03)], 32).placed(along),
    );
    for bolt in 0..6 {
        let (sin, cos) = (bolt as f32 / 6.0 * TAU).sin_cos();
        model.add(Material::DarkSteel, lathe::bolt(0.006).at(cos * 0.046, 0.024, sin * 0.046).placed(along));
    }
    model.add(Material::Graphite, solid::rounded_box(vec3(0.2, 0.08, 0.09), 0.018, 3).at(0.0, 0.0, -0.075));
    for side in [-1.0, 1.0] {
        let finger = curve::rounded_path(
            &[vec3(side * 0.075, 0.0, -0.11), vec3(side * 0.085, 0.0, -0.2), vec3(side * 0.055, 0.0, -0.3)],
            0.03,
            5,
        );
        model.add(
            Material::BrushedSteel,
            sweep::sweep(&finger, Vec3::Y, &curve::rounded_rectangle(0.022, 0.045, 0.006, 2)),
        );
        model.add(
            Material::Rubber,
            solid::rounded_box(vec3(0.012, 0.05, 0.07), 0.005, 2).at(side * 0.05, 0.0, -0.29),
        );
        model.add(
            Material::Chrome,
            sweep::bar(vec3(side * 0.03, 0.028, -0.118), vec3(side * 0.1, 0.028, -0.118), 0.008, 10),
        );
    }
    model
}

fn conveyor(twin: &mut Twin, cell: NodeId) {
    let (length, height, width) = (7.4f32, 0.78f32, 0.56f32);
    let conveyor = twin.group(Some(cell), "Conveyor", Placement::at(0.0, 0.03, -2.0));
    twin.entity(conveyor, "robot-cell/conveyor");
    let loop_outline = curve::rounded_rectangle(length, 0.13, 0.064, 10);
    let path: Vec<Vec3> =
        loop_outline.iter().chain(loop_outline.first()).map(|p| vec3(p.x, p.y + height, 0.0)).collect();
    let belt = sweep::sweep(&path, Vec3::Z, &curve::rounded_rectangle(0.008, width, 0.003, 1));
    let belt = twin.stand_one(conveyor, "Belt", Material::Rubber, belt, Placement::HERE);
    twin.entity(belt, "robot-cell/belt");
    let mut frame = Model::default();
    for side in [-1.0, 1.0] {
        let z = side * (width * 0.5 + 0.035);
        frame.add(
            Material::BrushedSteel,
            sweep::beam(
                vec3(-length * 0.5 + 0.05, height, z),
                vec3(length * 0.5 - 0.05, height, z),
                0.04,
                0.16,
                0.012,
            ),
        );
        frame.add(
            Material::Teal,
            sweep::bar(vec3(-length * 0.5, height + 0.2, z), vec3(length * 0.5, height + 0.2, z), 0.014, 10),
        );
        for index in 0..6 {
            let x = -length * 0.5 + 0.4 + index as f32 * (length - 0.8) / 5.0;
            frame.add(Material::MachineDark, solid::block(0.06, height - 0.06, 0.06, 0.01).at(x, 0.0, z));
            frame.add(Material::Rubber, lathe::drum(0.05, 0.03, 0.01, 20).at(x, 0.0, z));
            frame.add(
                Material::BrushedSteel,
                sweep::bar(vec3(x, height + 0.05, z), vec3(x, height + 0.2, z), 0.01, 8),
            );
        }
    }
    for roller in 0..30 {
        let x = -length * 0.5 + 0.2 + roller as f32 * (length - 0.4) / 29.0;
        frame.add(
            Material::Galvanised,
            sweep::bar(vec3(x, height + 0.02, -width * 0.5), vec3(x, height + 0.02, width * 0.5), 0.03, 12),
        );
    }
    let motor = [(0.09, 0.0), (0.1, 0.01), (0.1, 0.24), (0.085, 0.26), (0.0, 0.27)];
    frame.add(
        Material::Teal,
        lathe::lathe(&motor, 28).placed(Placement::at(length * 0.5 - 0.3, height - 0.2, 0.3).pitch(90.0)),
    );
    for fin in 0..18 {
        let angle = fin as f32 / 18.0 * 360.0;
        let place = Placement::at(length * 0.5 - 0.3, height - 0.2, 0.43).roll(angle);
        frame.add(
            Material::Teal,
            solid::rounded_box(vec3(0.008, 0.03, 0.2), 0.003, 1).at(0.0, 0.11, 0.0).placed(place),
        );
    }
    twin.stand(conveyor, "Conveyor frame", frame, Placement::HERE);
    parts_on(twin, conveyor, length, height + 0.069);
}

fn parts_on(twin: &mut Twin, conveyor: NodeId, length: f32, height: f32) {
    let up = Placement::HERE.pitch(-90.0);
    let gear =
        twin.mesh("Part: gear", Model::of(Material::Brass, solid::gear_wheel(28, 0.12, 0.05, 5).placed(up)));
    let bush = twin.mesh(
        "Part: flange",
        Model::of(
            Material::BrushedSteel,
            lathe::lathe(
                &[
                    (0.05, 0.0),
                    (0.13, 0.0),
                    (0.135, 0.006),
                    (0.13, 0.025),
                    (0.075, 0.03),
                    (0.07, 0.11),
                    (0.05, 0.115),
                    (0.05, 0.0),
                ],
                40,
            ),
        ),
    );
    for index in 0..11 {
        let x = -length * 0.5 + 0.5 + index as f32 * (length - 1.0) / 10.0;
        let (name, mesh) = if index % 2 == 0 { ("gear", gear) } else { ("flange", bush) };
        let place = Placement::at(x, height, 0.05 * ((index * 3) % 4) as f32 - 0.08).yaw(index as f32 * 40.0);
        let node = twin.place(conveyor, format!("Part {} ({name})", index + 1), mesh, place);
        twin.entity(node, format!("robot-cell/part-{:02}", index + 1));
    }
}

fn pallets(twin: &mut Twin, cell: NodeId) {
    let mut pallet = Model::default();
    for board in 0..7 {
        let z = -0.35 + board as f32 * 0.7 / 6.0;
        pallet.add(Material::Larch, solid::rounded_box(vec3(1.2, 0.022, 0.095), 0.006, 1).at(0.0, 0.133, z));
    }
    for z in [-0.35, 0.0, 0.35] {
        pallet.add(Material::Larch, solid::rounded_box(vec3(1.2, 0.022, 0.1), 0.006, 1).at(0.0, 0.011, z));
        for x in [-0.53, 0.0, 0.53] {
            pallet.add(Material::Larch, solid::rounded_box(vec3(0.14, 0.1, 0.1), 0.008, 1).at(x, 0.072, z));
        }
    }
    let pallet = twin.mesh("Pallet", pallet);
    let mut tote =
        Model::of(Material::Mint, solid::rounded_box(vec3(0.36, 0.2, 0.28), 0.03, 3).at(0.0, 0.1, 0.0));
    let rim: Vec<Vec3> =
        curve::rounded_rectangle(0.37, 0.29, 0.03, 4).iter().map(|p| vec3(p.x, 0.2, p.y)).collect();
    let closed: Vec<Vec3> = rim.iter().copied().chain(rim.first().copied()).collect();
    tote.add(Material::Teal, sweep::pipe(&closed, 0.012, 8));
    let tote = twin.mesh("Tote", tote);
    for (index, x) in [-3.6, 3.6].into_iter().enumerate() {
        let node = twin.place(
            cell,
            format!("Pallet {}", index + 1),
            pallet,
            Placement::at(x, 0.03, 1.2).yaw(8.0 * (index as f32 - 0.5)),
        );
        twin.entity(node, format!("robot-cell/pallet-{}", index + 1));
        for stack in 0..9 - index * 3 {
            let (layer, place) = (stack / 6, stack % 6);
            let at = Placement::at(
                -0.38 + 0.38 * (place % 3) as f32,
                0.145 + 0.215 * layer as f32,
                -0.16 + 0.31 * (place / 3) as f32,
            );
            twin.place(node, format!("Tote {}-{}", index + 1, stack + 1), tote, at);
        }
    }
}

fn cabinets(twin: &mut Twin, cell: NodeId) {
    let mut cabinet = Model::of(Material::MachineGrey, solid::block(0.9, 1.9, 0.55, 0.03));
    cabinet.add(Material::MachineDark, solid::block(0.86, 0.1, 0.5, 0.02));
    for slot in 0..14 {
        cabinet.add(
            Material::MachineDark,
            sweep::bar(
                vec3(-0.3, 0.3 + slot as f32 * 0.035, 0.275),
                vec3(0.3, 0.3 + slot as f32 * 0.035, 0.275),
                0.009,
                8,
            ),
        );
    }
    cabinet.include(&furniture::screen(0.5, 4), Placement::at(0.0, 1.5, 0.27));
    let knob = lathe::drum(0.035, 0.04, 0.01, 24).placed(Placement::at(0.3, 1.12, 0.275).pitch(90.0));
    cabinet.add(Material::Ruby, knob);
    let cabinet = twin.mesh("Robot controller", cabinet);
    let beacon = twin.mesh("Beacon", booth::beacon());
    for (index, x) in [-5.2, 5.2].into_iter().enumerate() {
        let place =
            Placement::at(x, 0.03, 1.9 - 0.2 * index as f32).yaw(if index == 0 { 40.0 } else { -40.0 });
        let node = twin.place(cell, format!("Robot controller {}", index + 1), cabinet, place);
        twin.entity(node, format!("robot-cell/controller-{}", index + 1));
        let light = twin.place(node, format!("Beacon {}", index + 1), beacon, Placement::at(0.3, 1.9, 0.0));
        twin.entity(light, format!("robot-cell/beacon-{}", index + 1));
    }
}
