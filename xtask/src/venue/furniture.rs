//! What stands in many places: chairs, tables, cups, lamps, screens, counters. Each is kept once and placed often.

use std::f32::consts::TAU;

use glam::{Vec3, vec2, vec3};

use super::{
    curve, lathe,
    mesh::{Model, Placement},
    palette::Material,
    picture, sheet, solid, sweep,
    twin::{MeshId, Twin},
};

/// The meshes that several parts of the venue share.
pub struct Furniture {
    /// A shell chair that faces -Z; its seat is 0.45 m high.
    pub chair: MeshId,
    /// The same in coral.
    pub chair_coral: MeshId,
    /// A bar stool, 0.75 m high.
    pub stool: MeshId,
    /// A round table, 0.75 m high, 0.7 m across.
    pub table: MeshId,
    /// A cup of coffee on its saucer.
    pub cup: MeshId,
    /// A stage lamp that hangs from the origin and shines down.
    pub spotlight: MeshId,
    /// A small gallery lamp that hangs from the origin and shines down.
    pub pendant: MeshId,
    /// A pot-bellied lounge chair that faces -Z.
    pub armchair: MeshId,
}

impl Furniture {
    /// Makes them all.
    pub fn new(twin: &mut Twin) -> Self {
        Self {
            chair: twin.mesh("Chair", chair(Material::FabricTeal, Material::Oak)),
            chair_coral: twin.mesh("Coral chair", chair(Material::FabricCoral, Material::Oak)),
            stool: twin.mesh("Bar stool", stool()),
            table: twin.mesh("Bistro table", table()),
            cup: twin.mesh("Cup", cup()),
            spotlight: twin.mesh("Spotlight", spotlight()),
            pendant: twin.mesh("Pendant lamp", pendant()),
            armchair: twin.mesh("Armchair", armchair()),
        }
    }
}

fn chair(shell: Material, legs: Material) -> Model {
    let profile = curve::through(
        &[
            vec3(0.0, 0.425, -0.235),
            vec3(0.0, 0.452, -0.19),
            vec3(0.0, 0.438, -0.02),
            vec3(0.0, 0.45, 0.13),
            vec3(0.0, 0.53, 0.205),
            vec3(0.0, 0.68, 0.235),
            vec3(0.0, 0.83, 0.275),
        ],
        8,
    );
    let along = |v: f32| {
        let place = v.clamp(0.0, 1.0) * (profile.len() - 1) as f32;
        let index = (place as usize).min(profile.len() - 2);
        profile[index].lerp(profile[index + 1], place - index as f32)
    };
    let seat = sheet::shell(9, 13, 0.014, |u, v| {
        let side = u * 2.0 - 1.0;
        let corner = (1.0 - (1.0 - v).powi(12)) * (1.0 - 0.16 * v.powi(6));
        let half = 0.235 * corner * (1.0 - 0.12 * (v * 3.3).sin().abs());
        let cup = side * side * (0.028 + 0.05 * (1.0 - (v - 0.55).abs() * 2.0).max(0.0));
        let middle = along(v);
        vec3(-side * half, middle.y + cup, middle.z - cup * v * 1.2)
    });
    let mut model = Model::of(shell, seat);
    for (x, z) in [(-1.0, -1.0), (1.0, -1.0), (-1.0, 1.0), (1.0, 1.0)] {
        let (top, foot) = (vec3(x * 0.13, 0.43, z * 0.12), vec3(x * 0.215, 0.0, z * 0.215));
        model.add(legs, sweep::taper(&[foot, top], 0.0105, 0.017, 9));
        model.add(Material::Rubber, lathe::drum(0.013, 0.008, 0.003, 8).at(foot.x, 0.0, foot.z));
    }
    for z in [-0.13, 0.13] {
        model.add(Material::DarkSteel, sweep::bar(vec3(-0.14, 0.415, z), vec3(0.14, 0.415, z), 0.008, 8));
    }
    model
}

fn stool() -> Model {
    let mut model = Model::of(
        Material::Oak,
        lathe::lathe(
            &[
                (0.0, 0.705),
                (0.14, 0.705),
                (0.165, 0.715),
                (0.175, 0.73),
                (0.17, 0.745),
                (0.14, 0.75),
                (0.07, 0.742),
                (0.0, 0.738),
            ],
            28,
        ),
    );
    for leg in 0..4 {
        let (sin, cos) = ((leg as f32 + 0.5) * TAU / 4.0).sin_cos();
        let (top, foot) = (vec3(cos * 0.1, 0.71, sin * 0.1), vec3(cos * 0.21, 0.0, sin * 0.21));
        model.add(Material::Graphite, sweep::bar(foot, top, 0.011, 10));
        model.add(Material::Rubber, lathe::drum(0.015, 0.01, 0.004, 8).at(foot.x, 0.0, foot.z));
    }
    model.add(Material::Brass, lathe::torus(0.178, 0.009, 32, 8).at(0.0, 0.24, 0.0));
    model
}

fn table() -> Model {
    let top = lathe::lathe(
        &[
            (0.0, 0.722),
            (0.335, 0.722),
            (0.347, 0.726),
            (0.352, 0.736),
            (0.347, 0.746),
            (0.335, 0.75),
            (0.0, 0.75),
        ],
        40,
    );
    let mut model = Model::of(Material::Terrazzo, top);
    model.add(Material::Brass, lathe::torus(0.351, 0.006, 40, 6).at(0.0, 0.736, 0.0));
    let foot = [
        (0.215, 0.0),
        (0.222, 0.006),
        (0.22, 0.014),
        (0.13, 0.026),
        (0.06, 0.044),
        (0.034, 0.075),
        (0.028, 0.14),
        (0.026, 0.6),
        (0.034, 0.66),
        (0.075, 0.705),
        (0.11, 0.722),
    ];
    model.add(Material::Graphite, lathe::lathe(&foot, 28));
    model
}

/// A cup's body, without saucer.
pub fn mug(material: Material, size: f32) -> Model {
    let outside = [
        (0.019, 0.0),
        (0.021, 0.002),
        (0.021, 0.006),
        (0.03, 0.014),
        (0.037, 0.028),
        (0.0405, 0.045),
        (0.042, 0.06),
    ];
    let mut model = Model::of(material, lathe::vessel(&outside, 0.003, 28));
    let handle = curve::through(
        &[
            vec3(0.038, 0.052, 0.0),
            vec3(0.055, 0.053, 0.0),
            vec3(0.062, 0.038, 0.0),
            vec3(0.05, 0.023, 0.0),
            vec3(0.034, 0.021, 0.0),
        ],
        5,
    );
    model.add(material, sweep::pipe(&handle, 0.0038, 8));
    model.add(Material::Coffee, lathe::lathe(&[(0.0377, 0.05), (0.02, 0.0502), (0.0, 0.0502)], 24));
    let mut sized = Model::default();
    sized.include(&model, Placement::HERE.sized(size));
    sized
}

fn cup() -> Model {
    let mut model = Model::of(
        Material::Ceramic,
        lathe::lathe(
            &[
                (0.0, 0.002),
                (0.035, 0.0),
                (0.04, 0.004),
                (0.062, 0.01),
                (0.074, 0.016),
                (0.0755, 0.018),
                (0.073, 0.0185),
                (0.06, 0.0135),
                (0.036, 0.008),
                (0.0, 0.008),
            ],
            32,
        ),
    );
    model.include(&mug(Material::Ceramic, 1.0), Placement::at(0.0, 0.007, 0.0));
    let bowl =
        lathe::ball(0.012, 10).placed(Placement::at(0.055, 0.021, 0.034).stretched(vec3(1.3, 0.35, 1.0)));
    model.add(Material::Chrome, bowl);
    model.add(Material::Chrome, sweep::bar(vec3(0.045, 0.0205, 0.034), vec3(-0.03, 0.022, 0.05), 0.0022, 6));
    model
}

/// A stage lamp: clamp, yoke, finned can and lens.
fn spotlight() -> Model {
    let mut model = Model::default();
    model.add(
        Material::Black,
        lathe::torus(0.034, 0.011, 20, 8).placed(Placement::at(0.0, -0.01, 0.0).pitch(90.0)),
    );
    model.add(Material::DarkSteel, lathe::bolt(0.014).placed(Placement::at(0.045, -0.01, 0.0).roll(-90.0)));
    let yoke = curve::rounded_path(
        &[vec3(-0.15, -0.3, 0.0), vec3(-0.15, -0.08, 0.0), vec3(0.15, -0.08, 0.0), vec3(0.15, -0.3, 0.0)],
        0.05,
        5,
    );
    model.add(
        Material::Black,
        sweep::sweep(&yoke, Vec3::Z, &curve::rounded_rectangle(0.035, 0.008, 0.003, 2)),
    );
    model.add(Material::Black, sweep::bar(vec3(0.0, -0.09, 0.0), vec3(0.0, -0.03, 0.0), 0.012, 10));
    let mut can = vec![(0.0, -0.11), (0.06, -0.113), (0.085, -0.125)];
    for fin in 0..5 {
        let y = -0.14 - fin as f32 * 0.026;
        can.extend([(0.09, y), (0.115, y - 0.003), (0.115, y - 0.008), (0.09, y - 0.011)]);
    }
    can.extend([
        (0.1, -0.28),
        (0.112, -0.3),
        (0.128, -0.42),
        (0.132, -0.43),
        (0.124, -0.432),
        (0.112, -0.36),
        (0.0, -0.355),
    ]);
    let can: Vec<(f32, f32)> = can.into_iter().rev().collect();
    model.add(Material::Black, lathe::lathe(&can, 28));
    for side in [-1.0, 1.0] {
        let knob = lathe::drum(0.022, 0.03, 0.005, 14)
            .placed(Placement::at(side * 0.135, -0.28, 0.0).roll(-90.0 * side));
        model.add(Material::DarkSteel, knob);
    }
    let lens = [(0.0, -0.398), (0.05, -0.393), (0.09, -0.38), (0.114, -0.362)];
    model.add(Material::LampWarm, lathe::lathe(&lens, 24));
    model
}

fn pendant() -> Model {
    let mut model = Model::default();
    let bell = [
        (0.0, -0.02),
        (0.03, -0.02),
        (0.035, -0.07),
        (0.06, -0.11),
        (0.13, -0.17),
        (0.18, -0.24),
        (0.195, -0.29),
        (0.192, -0.292),
        (0.175, -0.24),
        (0.125, -0.176),
        (0.05, -0.12),
        (0.0, -0.115),
    ];
    let bell: Vec<(f32, f32)> = bell.into_iter().rev().collect();
    model.add(Material::Teal, lathe::lathe(&bell, 36));
    model.add(Material::LampWarm, lathe::ball(0.055, 18).at(0.0, -0.19, 0.0));
    model.add(Material::Brass, lathe::drum(0.022, 0.05, 0.006, 16).at(0.0, -0.03, 0.0));
    model
}

fn armchair() -> Model {
    let mut model = Model::default();
    let tub = sheet::shell(32, 10, 0.09, |u, v| {
        // A horseshoe open towards -Z, leaning out a little as it rises.
        let angle = (0.16 + 0.68 * u) * TAU - TAU * 0.25;
        let rise = 0.30 + 0.42 * v * (0.55 + 0.45 * (1.0 - (u - 0.5).abs() * 2.0).powf(0.6));
        let radius = 0.40 + 0.035 * v + 0.02 * (v * 3.0).sin();
        vec3(radius * angle.cos(), rise, -radius * angle.sin())
    });
    model.add(Material::FabricMustard, tub);
    model.add(
        Material::FabricMustard,
        lathe::lathe(
            &[
                (0.0, 0.27),
                (0.33, 0.27),
                (0.365, 0.3),
                (0.37, 0.37),
                (0.34, 0.415),
                (0.26, 0.43),
                (0.0, 0.435),
            ],
            40,
        ),
    );
    for leg in 0..4 {
        let (sin, cos) = ((leg as f32 + 0.5) * TAU / 4.0).sin_cos();
        let (foot, top) = (vec3(cos * 0.3, 0.0, sin * 0.3), vec3(cos * 0.23, 0.28, sin * 0.23));
        model.add(Material::Walnut, sweep::taper(&[foot, top], 0.012, 0.021, 10));
    }
    model
}

/// A flat screen about the origin facing +Z, showing one picture of the sheet.
pub fn screen(width: f32, index: usize) -> Model {
    let height = width * 0.5;
    let (low, high) = picture::screen_corners(index);
    let mut model =
        Model::of(Material::Screens, solid::picture(width, height, low, high).at(0.0, 0.0, 0.0225));
    model.add(Material::Black, solid::rounded_box(vec3(width + 0.03, height + 0.03, 0.044), 0.01, 2));
    model
}

/// A free-standing screen, its middle at eye height, facing +Z.
pub fn screen_on_foot(width: f32, index: usize) -> Model {
    let mut model = Model::default();
    model.include(&screen(width, index), Placement::at(0.0, 1.5, 0.06));
    let foot =
        [(0.0, 0.0), (0.24, 0.0), (0.25, 0.008), (0.24, 0.016), (0.06, 0.03), (0.03, 0.05), (0.0, 0.05)];
    model.add(Material::Graphite, lathe::lathe(&foot, 32));
    model.add(Material::Graphite, sweep::bar(vec3(0.0, 0.03, 0.0), vec3(0.0, 1.6, 0.0), 0.028, 16));
    model
}

/// A counter standing on y = 0 with a slatted front towards +Z, a recessed foot and a rounded top.
pub fn counter(width: f32, depth: f32, height: f32, front: Material, top: Material) -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(width - 0.1, 0.08, depth - 0.1, 0.01));
    let body = solid::block(width - 0.04, height - 0.12, depth - 0.05, 0.012);
    model.add(front, body.mapped(|uv| vec2(uv.y, uv.x)).at(0.0, 0.08, 0.0));
    model.add(top, solid::rounded_box(vec3(width, 0.04, depth), 0.015, 3).at(0.0, height - 0.02, 0.0));
    let slats = (width / 0.055) as u32;
    for slat in 0..slats {
        let x = -width * 0.5 + 0.045 + slat as f32 * (width - 0.09) / (slats - 1).max(1) as f32;
        let rail = curve::rounded_rectangle(0.03, 0.03, 0.011, 2);
        let path = [vec3(x, 0.085, depth * 0.5 - 0.02), vec3(x, height - 0.045, depth * 0.5 - 0.02)];
        model.add(front, sweep::sweep(&path, Vec3::Z, &rail));
    }
    model
}

/// A round plinth with eased edges standing on y = 0.
pub fn plinth(radius: f32, height: f32, material: Material) -> Model {
    // Grain and joints run upwards.
    Model::of(material, lathe::drum(radius, height, 0.015, 48).mapped(|uv| vec2(uv.y, uv.x)))
}

/// A straight wall about the origin standing on y = 0: panels with shadow gaps on an edged core.
pub fn wall(width: f32, height: f32, panels: u32, material: Material) -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(width - 0.02, height - 0.02, 0.06, 0.008));
    let each = width / panels as f32;
    for panel in 0..panels {
        let x = (panel as f32 + 0.5) * each - width * 0.5;
        let face = solid::rounded_box(vec3(each - 0.012, height, 0.1), 0.01, 2).at(x, height * 0.5, 0.0);
        // Every panel shows another part of the texture, as boards from one stack do.
        model.add(material, face.mapped(|uv| uv + vec2(panel as f32 * 0.37, panel as f32 * 0.21)));
    }
    model
}

/// A floor covering of some thickness with a metal edge; it has corners enough to take shade.
pub fn carpet(width: f32, depth: f32, corner: f32, thickness: f32, top: Material) -> Model {
    let mut model = Model::of(top, solid::deck(width, depth, corner, 0.3).at(0.0, thickness, 0.0));
    let outline = curve::rounded_rectangle(width, depth, corner, 8);
    let path: Vec<Vec3> =
        outline.iter().chain(outline.first()).map(|p| vec3(p.x, thickness * 0.5 + 0.003, -p.y)).collect();
    let rim = curve::rounded_rectangle(0.02, thickness + 0.006, 0.006, 2);
    model.add(Material::BrushedSteel, sweep::sweep(&path, Vec3::Y, &rim));
    model
}
