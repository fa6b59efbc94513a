//! The building: floor, walls, glazed front with its doors, the forecourt, and the signs that hang in it.

use std::f32::consts::TAU;

use glam::{Vec3, vec2, vec3};

use super::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    roof, sheet, solid,
    sound::Sound,
    sweep,
    twin::{NodeId, Twin},
};

/// Metres along X.
pub const WIDTH: f32 = 60.0;
/// Metres along Z.
pub const DEPTH: f32 = 40.0;
/// Metres from one truss to the next.
pub const BAY: f32 = 5.0;
/// Clear height of a door.
const DOOR_HEIGHT: f32 = 2.1;

/// Builds the hall under a root node of its own.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let hall = twin.group(None, "Hall", Placement::HERE);
    twin.entity(hall, "hall");
    twin.sounds(hall, Sound::Room);
    ground(twin, hall);
    side_walls(twin, hall);
    back_wall(twin, hall);
    glazed_front(twin, hall);
    entrance(twin, hall);
    emergency_exits(twin, hall);
    roof::build(twin, hall);
    banners(twin, hall);
    way_signs(twin, hall);
    forecourt(twin, hall, kit);
}

fn ground(twin: &mut Twin, hall: NodeId) {
    let floor = solid::deck(WIDTH, DEPTH, 0.0, 0.4);
    let floor = twin.stand_one(hall, "Floor", Material::Concrete, floor, Placement::HERE);
    twin.shaded(floor);
    twin.entity(floor, "hall/floor");
    let runs =
        [("main", 4.4, 22.0, 0.0, 8.6), ("west", 25.7, 2.5, -15.05, 6.5), ("east", 25.7, 2.5, 15.05, 6.5)];
    for (name, width, depth, x, z) in runs {
        let carpet = furniture::carpet(width, depth, 0.06, 0.012, Material::CarpetTeal);
        let node = twin.stand(hall, format!("Aisle carpet {name}"), carpet, Placement::at(x, 0.0, z));
        twin.shaded(node);
        twin.entity(node, format!("hall/aisle-{name}"));
    }
}

/// One bay of wall, 5 m wide about the origin, standing on y = 0 and facing +Z: larch slats below, ribbed sheet above
/// up to `top(x)`, and a band of windows if wanted.
fn wall_bay(top: impl Fn(f32) -> f32, windows: bool) -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(BAY, 3.3, 0.1, 0.01).at(0.0, 0.0, -0.1));
    let slat = curve::rounded_rectangle(0.07, 0.05, 0.015, 2);
    for index in 0..40 {
        let x = -BAY * 0.5 + (index as f32 + 0.5) * BAY / 40.0;
        let board = sweep::sweep(&[vec3(x, 0.12, 0.0), vec3(x, 3.25, 0.0)], Vec3::Z, &slat);
        model.add(Material::Larch, board.mapped(|uv| uv + vec2(index as f32 * 0.31, index as f32 * 0.07)));
    }
    model.add(Material::Galvanised, solid::rounded_box(vec3(BAY, 0.06, 0.16), 0.012, 2).at(0.0, 3.3, -0.02));
    model.add(Material::Graphite, solid::rounded_box(vec3(BAY, 0.12, 0.12), 0.012, 2).at(0.0, 0.06, -0.01));
    let ribs = 80u32;
    let ribbed = |low: f32, high: &dyn Fn(f32) -> f32| {
        sheet::sheet(ribs, 1, |u, v| {
            let x = (u - 0.5) * BAY;
            vec3(x, low + (high(x) - low) * v, -0.06 + 0.025 * (u * BAY * TAU * 4.0).sin())
        })
    };
    if windows {
        model.add(Material::RoofSheet, ribbed(3.33, &|_| 6.4));
        model.add(Material::RoofSheet, ribbed(8.4, &top));
        model.add(Material::GlassSky, solid::pane(BAY, 2.0).at(0.0, 7.4, -0.06));
        for y in [6.4, 8.4] {
            model.add(
                Material::SteelWhite,
                solid::rounded_box(vec3(BAY, 0.1, 0.14), 0.02, 2).at(0.0, y, -0.05),
            );
        }
        for x in [-1.25, 0.0, 1.25] {
            model.add(
                Material::SteelWhite,
                solid::rounded_box(vec3(0.06, 2.0, 0.1), 0.015, 2).at(x, 7.4, -0.05),
            );
        }
    } else {
        model.add(Material::RoofSheet, ribbed(3.33, &top));
    }
    model
}

fn side_walls(twin: &mut Twin, hall: NodeId) {
    let bay = twin.mesh("Side wall bay", wall_bay(|_| roof::height(WIDTH * 0.5) + 0.1, true));
    for index in 0..8 {
        let z = -DEPTH * 0.5 + (index as f32 + 0.5) * BAY;
        let west = Placement::at(-WIDTH * 0.5, 0.0, z).yaw(90.0);
        twin.place(hall, format!("West wall, bay {}", index + 1), bay, west);
        let east = Placement::at(WIDTH * 0.5, 0.0, z).yaw(-90.0);
        twin.place(hall, format!("East wall, bay {}", index + 1), bay, east);
    }
}

fn back_wall(twin: &mut Twin, hall: NodeId) {
    for index in 0..12 {
        let x = -WIDTH * 0.5 + (index as f32 + 0.5) * BAY;
        let bay = wall_bay(|offset| roof::height(x + offset) + 0.1, false);
        twin.stand(hall, format!("Back wall, bay {}", index + 1), bay, Placement::at(x, 0.0, -DEPTH * 0.5));
    }
}

fn glazed_front(twin: &mut Twin, hall: NodeId) {
    let z = DEPTH * 0.5;
    let mut frame = Model::default();
    let mut glass = Mesh::default();
    let post = curve::rounded_rectangle(0.07, 0.2, 0.02, 2);
    let step = 2.5;
    for index in 0..=24 {
        let x = -WIDTH * 0.5 + index as f32 * step;
        let foot = if x.abs() < 4.9 { 2.6 } else { 0.0 };
        frame.add(
            Material::SteelWhite,
            sweep::sweep(&[vec3(x, foot, z), vec3(x, roof::height(x), z)], Vec3::Z, &post),
        );
        if index == 24 {
            break;
        }
        let low = if (x + step * 0.5).abs() < 5.0 { 2.6 } else { 0.1 };
        glass.append(&sheet::sheet(1, 1, |u, v| {
            let here = x + (1.0 - u) * step;
            vec3(here, low + (roof::height(here) - low) * v, z)
        }));
        // Spider fittings where four panes meet.
        for y in [5.0, 7.5] {
            frame.add(
                Material::Chrome,
                lathe::drum(0.03, 0.05, 0.01, 12).placed(Placement::at(x, y, z - 0.1).pitch(-90.0)),
            );
        }
    }
    for (y, from, to) in
        [(0.06, -30.0, -5.0), (0.06, 5.0, 30.0), (2.6, -30.0, 30.0), (5.0, -30.0, 30.0), (7.5, -30.0, 30.0)]
    {
        frame.add(Material::SteelWhite, sweep::beam(vec3(from, y, z), vec3(to, y, z), 0.1, 0.12, 0.02));
    }
    twin.stand(hall, "Front frame", frame, Placement::HERE);
    let glass = twin.stand_one(hall, "Front glass", Material::GlassSky, glass, Placement::HERE);
    twin.entity(glass, "hall/front");
}

/// A glass door leaf hinged at the origin, reaching to +X.
fn door_leaf() -> Model {
    let (width, height) = (1.16, DOOR_HEIGHT + 0.36);
    let mut model = Model::of(
        Material::Glass,
        solid::rounded_box(vec3(width - 0.1, height - 0.1, 0.02), 0.004, 1).at(
            width * 0.5,
            height * 0.5,
            0.0,
        ),
    );
    let rail = [
        (vec3(width * 0.5, 0.05, 0.0), vec3(width, 0.1, 0.05)),
        (vec3(width * 0.5, height - 0.05, 0.0), vec3(width, 0.1, 0.05)),
        (vec3(0.04, height * 0.5, 0.0), vec3(0.08, height, 0.05)),
        (vec3(width - 0.04, height * 0.5, 0.0), vec3(0.08, height, 0.05)),
    ];
    for (centre, size) in rail {
        model.add(Material::Graphite, solid::rounded_box(size, 0.01, 2).placed(Placement::to(centre)));
    }
    for side in [-1.0, 1.0] {
        let z = side * 0.07;
        let grip = curve::rounded_path(
            &[
                vec3(width - 0.14, 0.75, side * 0.02),
                vec3(width - 0.14, 0.75, z),
                vec3(width - 0.14, 1.35, z),
                vec3(width - 0.14, 1.35, side * 0.02),
            ],
            0.04,
            5,
        );
        model.add(Material::Brass, sweep::pipe(&grip, 0.014, 12));
    }
    model
}

fn entrance(twin: &mut Twin, hall: NodeId) {
    let leaf = twin.mesh("Door leaf", door_leaf());
    let z = DEPTH * 0.5;
    let mut portal = Model::default();
    for index in 0..=4 {
        let x = -5.0 + index as f32 * 2.5;
        portal.add(Material::Graphite, solid::block(0.1, 2.56, 0.22, 0.02).at(x, 0.0, z));
    }
    portal.add(Material::Graphite, solid::rounded_box(vec3(10.3, 0.12, 1.6), 0.03, 3).at(0.0, 2.62, z - 0.4));
    portal.add(Material::Larch, solid::rounded_box(vec3(10.2, 0.03, 1.5), 0.01, 2).at(0.0, 2.55, z - 0.4));
    let mat = solid::plate(&curve::rounded_rectangle(9.6, 2.2, 0.05, 3), 0.02, 0.006);
    portal.add(Material::CarpetGraphite, mat.placed(Placement::at(0.0, 0.0, z - 1.3).pitch(-90.0)));
    twin.stand(hall, "Entrance portal", portal, Placement::HERE);
    for index in 0..4u32 {
        let x = -5.0 + index as f32 * 2.5;
        let door = twin.group(Some(hall), format!("Door {}", index + 1), Placement::at(x + 0.06, 0.02, z));
        twin.entity(door, format!("hall/door-{}", index + 1));
        // They stand open, to the outside.
        twin.place(door, "Left leaf", leaf, Placement::HERE.yaw(-78.0));
        twin.place(door, "Right leaf", leaf, Placement::at(2.38, 0.0, 0.0).yaw(180.0 + 78.0));
    }
}

fn emergency_exits(twin: &mut Twin, hall: NodeId) {
    let mut door = Model::default();
    for x in [-0.53, 0.53] {
        door.add(Material::Mint, solid::block(1.04, DOOR_HEIGHT, 0.06, 0.008).at(x, 0.0, 0.06));
        let push = curve::rounded_path(
            &[
                vec3(x - 0.4, 1.0, 0.08),
                vec3(x - 0.4, 1.0, 0.16),
                vec3(x + 0.4, 1.0, 0.16),
                vec3(x + 0.4, 1.0, 0.08),
            ],
            0.05,
            4,
        );
        door.add(Material::BrushedSteel, sweep::pipe(&push, 0.018, 12));
        for y in [0.25, 1.05, 1.85] {
            door.add(Material::BrushedSteel, lathe::drum(0.014, 0.12, 0.004, 12).at(x * 1.98, y, 0.09));
        }
    }
    for x in [-1.1, 1.1] {
        door.add(Material::Graphite, solid::block(0.1, DOOR_HEIGHT + 0.1, 0.18, 0.015).at(x, 0.0, 0.05));
    }
    door.add(
        Material::Graphite,
        solid::rounded_box(vec3(2.3, 0.1, 0.18), 0.015, 2).at(0.0, DOOR_HEIGHT + 0.06, 0.05),
    );
    door.include(&lettering::lit_board("EXIT →", 1.0, Material::Graphite), Placement::at(0.0, 2.45, 0.06));
    let door = twin.mesh("Emergency exit", door);
    let places = [("west", -WIDTH * 0.5 + 0.05, 90.0), ("east", WIDTH * 0.5 - 0.05, -90.0)];
    for (side, x, yaw) in places {
        for (number, z) in [(1, -12.5), (2, 7.5)] {
            let placement = Placement::at(x, 0.0, z).yaw(yaw);
            let node = twin.place(hall, format!("Emergency exit {side} {number}"), door, placement);
            twin.entity(node, format!("hall/exit-{side}-{number}"));
        }
    }
}

/// A printed cloth that hangs from a bar at the origin, `height` long, its title reading upwards on both sides.
fn banner(title: &str, width: f32, height: f32) -> Model {
    let print = lettering::print(title);
    let length = height * 0.8;
    let mut model = Model::default();
    for face in [1.0f32, -1.0] {
        let at = |u: f32, v: f32| {
            let (x, y) = ((u - 0.5) * width * face, -height * (1.0 - v));
            let loose = -y / height;
            let swing = 0.05 * (y * 1.1 + x * 0.8).sin() + 0.035 * (x * 7.0 + y * 0.3).sin() * loose;
            vec3(x, y, swing + 0.003 * face)
        };
        let mut cloth = sheet::sheet(15, 24, at);
        for (index, uv) in cloth.uvs.iter_mut().enumerate() {
            let (u, v) = ((index % 16) as f32 / 15.0, (index / 16) as f32 / 24.0);
            // The title's length runs up the cloth; beyond its edges the print's ground goes on.
            let along = 0.5 + (v - 0.5) * height / length;
            let across = 0.5 + (u - 0.5) * width / (length / lettering::ASPECT);
            // Not up to the very edge, where small mip levels mix in the neighbours on the sheet.
            let share = vec2(along, across).clamp(vec2(0.03, 0.03), vec2(0.97, 0.97));
            *uv = print.low + (print.high - print.low) * share;
        }
        model.add(print.material, cloth);
    }
    for y in [0.0, -height] {
        model.add(
            Material::Brass,
            sweep::bar(vec3(-width * 0.55, y, 0.0), vec3(width * 0.55, y, 0.0), 0.022, 12),
        );
    }
    for side in [-1.0, 1.0] {
        let x = width * 0.45 * side;
        model.add(Material::DarkSteel, sweep::bar(vec3(x, 0.0, 0.0), vec3(x, 1.2, 0.0), 0.004, 5));
        model.add(Material::Brass, lathe::ball(0.034, 12).at(width * 0.55 * side, 0.0, 0.0));
    }
    model
}

fn banners(twin: &mut Twin, hall: NodeId) {
    let teal = twin.mesh("Teal banner", banner("PAVILION", 1.5, 5.0));
    let coral = twin.mesh("Coral banner", banner("Makers Fair", 1.5, 5.0));
    let hang = |twin: &mut Twin, id: String, mesh, place: Placement| {
        let node = twin.place(hall, format!("Banner {id}"), mesh, place);
        twin.entity(node, format!("hall/banner-{id}"));
    };
    for (index, z) in [15.0, 5.0, -5.0].into_iter().enumerate() {
        for (side, x) in [("left", -11.5), ("right", 11.5)] {
            let mesh = if (index % 2 == 0) == (x < 0.0) { teal } else { coral };
            hang(twin, format!("{side}-{}", index + 1), mesh, Placement::at(x, 9.4, z));
        }
    }
    for (index, x) in [-26.4, -16.0, -11.0, 11.0, 16.0, 26.4].into_iter().enumerate() {
        let mesh = if index % 2 == 0 { coral } else { teal };
        hang(twin, format!("back-{}", index + 1), mesh, Placement::at(x, 9.0, -19.7));
    }
}

/// A sign on two wires, its lower edge at the origin's height.
fn hung(title: &str, width: f32, wire: f32) -> Model {
    let mut model = lettering::double_board(title, width, Material::Graphite);
    for x in [-width * 0.4, width * 0.4] {
        let top = width / lettering::ASPECT * 0.5;
        model.add(Material::DarkSteel, sweep::bar(vec3(x, top, 0.0), vec3(x, top + wire, 0.0), 0.006, 6));
    }
    model
}

fn way_signs(twin: &mut Twin, hall: NodeId) {
    let signs: [(&str, &str, Vec3, f32, f32); 4] = [
        ("Hall 7", "hall-number", vec3(0.0, 8.0, 4.0), 5.6, 2.6),
        ("↑ Stage     Booths 1 – 12", "to-stage", vec3(0.0, 4.35, 10.0), 3.6, 6.3),
        ("← Café     Stage ↑", "to-cafe", vec3(-9.5, 4.2, -3.0), 3.2, 6.2),
        ("Robot cell →", "to-robots", vec3(9.5, 4.2, -3.0), 3.2, 6.2),
    ];
    for (title, id, place, width, wire) in signs {
        let node = twin.stand(hall, format!("Sign: {title}"), hung(title, width, wire), Placement::to(place));
        twin.entity(node, format!("hall/sign-{id}"));
    }
    let mut totem = Model::default();
    totem.add(Material::Teal, solid::block(0.9, 2.4, 0.24, 0.1));
    totem.include(&lettering::board("Welcome", 0.8, Material::Coral), Placement::at(0.0, 1.95, 0.11));
    totem.include(&lettering::board("Row A   Row B", 0.8, Material::Teal), Placement::at(0.0, 1.6, 0.11));
    totem.include(&furniture::screen(0.74, 0), Placement::at(0.0, 1.2, 0.12));
    let node = twin.stand(hall, "Welcome totem", totem, Placement::at(-5.0, 0.0, 17.0).yaw(64.0));
    twin.entity(node, "hall/totem");
}

fn forecourt(twin: &mut Twin, hall: NodeId, kit: &Kit) {
    let outside = twin.group(Some(hall), "Forecourt", Placement::at(0.0, -0.02, 0.0));
    twin.stand_one(
        outside,
        "Paving",
        Material::Paving,
        solid::deck(84.0, 18.0, 0.0, 18.0),
        Placement::at(0.0, 0.0, 29.0),
    );
    let lawn = twin.mesh("Lawn", Model::of(Material::Grass, solid::deck(60.0, 30.0, 0.0, 30.0)));
    for (index, (x, z)) in
        [(-60.0, 45.0), (0.0, 53.0), (60.0, 45.0), (-72.0, 20.0), (72.0, 20.0)].into_iter().enumerate()
    {
        twin.place(
            outside,
            format!("Lawn {}", index + 1),
            lawn,
            Placement::at(x, -0.03 - 0.01 * index as f32, z),
        );
    }
    for (index, (x, z)) in [(-22.0, 27.0), (-13.0, 30.0), (13.0, 30.0), (22.0, 27.0)].into_iter().enumerate()
    {
        let tree = kit.plants.trees[index % 2];
        twin.place(
            outside,
            format!("Street tree {}", index + 1),
            tree,
            Placement::at(x, 0.0, z).yaw(index as f32 * 70.0).sized(1.35),
        );
    }
    let bollard = twin.mesh(
        "Bollard",
        Model::of(
            Material::BrushedSteel,
            lathe::lathe(
                &[
                    (0.09, 0.0),
                    (0.09, 0.02),
                    (0.06, 0.03),
                    (0.06, 0.86),
                    (0.055, 0.89),
                    (0.03, 0.91),
                    (0.0, 0.915),
                ],
                24,
            ),
        ),
    );
    for index in 0..9 {
        twin.place(
            outside,
            format!("Bollard {}", index + 1),
            bollard,
            Placement::at(-8.0 + index as f32 * 2.0, 0.0, 25.0),
        );
    }
}
