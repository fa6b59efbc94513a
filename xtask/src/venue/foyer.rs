//! Between the parts: the information desk, trees to sit under, benches and bins.

use std::f32::consts::{PI, TAU};

use glam::{vec2, vec3};

use super::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Model, Placement},
    palette::Material,
    sheet, solid, sweep,
    twin::{NodeId, Twin},
};

/// Builds it.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let foyer = twin.group(None, "Foyer", Placement::HERE);
    let desk = twin.stand(foyer, "Information desk", desk(), Placement::at(8.6, 0.0, 16.6).yaw(-24.0));
    twin.entity(desk, "foyer/information");
    for (index, x) in [-0.7, 0.8].into_iter().enumerate() {
        let place = Placement::at(x, 0.0, -1.1).yaw(180.0);
        twin.place(desk, format!("Information stool {}", index + 1), kit.furniture.stool, place);
    }
    let trees = [
        (-11.6, 15.9, 0),
        (14.6, 16.4, 1),
        (-11.4, -3.0, 0),
        (11.4, -3.0, 1),
        (-20.5, 16.2, 1),
        (21.5, 16.4, 0),
    ];
    for (index, (x, z, kind)) in trees.into_iter().enumerate() {
        let place = Placement::at(x, 0.0, z);
        let planter = twin.place(foyer, format!("Planter {}", index + 1), kit.plants.planter, place);
        twin.entity(planter, format!("foyer/planter-{}", index + 1));
        let turned = Placement::at(0.0, 0.42, 0.0).yaw(index as f32 * 61.0).sized(0.95);
        twin.place(planter, format!("Tree {}", index + 1), kit.plants.trees[kind], turned);
        for tuft in 0..3 {
            let (sin, cos) = ((tuft as f32 + index as f32 * 0.3) / 3.0 * TAU).sin_cos();
            let place = Placement::at(cos * 0.38, 0.43, sin * 0.38).yaw(tuft as f32 * 80.0).sized(0.65);
            twin.place(planter, format!("Grass {}-{}", index + 1, tuft + 1), kit.plants.grass, place);
        }
    }
    let bench = twin.mesh("Foyer bench", bench());
    for (index, (x, z, yaw)) in
        [(-28.2, 3.0, 90.0), (28.2, 3.0, -90.0), (-8.6, -17.5, 0.0), (9.4, -17.5, 0.0)]
            .into_iter()
            .enumerate()
    {
        let node =
            twin.place(foyer, format!("Bench {}", index + 1), bench, Placement::at(x, 0.0, z).yaw(yaw));
        twin.entity(node, format!("foyer/bench-{}", index + 1));
    }
    let bin = twin.mesh("Bin", bin());
    for (index, (x, z)) in
        [(-11.4, 6.3), (11.4, 6.3), (-20.6, 6.3), (20.6, 6.3), (5.4, 18.6)].into_iter().enumerate()
    {
        twin.place(foyer, format!("Bin {}", index + 1), bin, Placement::at(x, 0.0, z));
    }
    welcome(twin, foyer);
    let palm = kit.plants.palm;
    for (index, (x, z)) in [(-6.4, 18.6), (6.4, 18.6)].into_iter().enumerate() {
        twin.place(
            foyer,
            format!("Entrance palm {}", index + 1),
            palm,
            Placement::at(x, 0.0, z).yaw(index as f32 * 90.0).sized(1.25),
        );
    }
}

/// A round table at the left hand of whoever enters, with balls to juggle.
fn welcome(twin: &mut Twin, foyer: NodeId) {
    let table = Model::of(Material::Graphite, lathe::drum(0.035, 0.86, 0.01, 24));
    let table = twin.stand(foyer, "Welcome table", table, Placement::at(-0.72, 0.0, 18.3));
    twin.entity(table, "foyer/welcome");
    let foot = lathe::drum(0.2, 0.02, 0.008, 40);
    twin.stand_one(table, "Welcome table foot", Material::Graphite, foot, Placement::HERE);
    let top = vec3(0.0, 0.86, 0.0);
    twin.stand_one(
        table,
        "Welcome table top",
        Material::White,
        lathe::drum(0.24, 0.03, 0.012, 48),
        Placement::to(top),
    );
    let balls = [
        ("coral", Material::CeramicCoral, 0.0, 0.045, 0.18),
        ("teal", Material::CeramicTeal, 120.0, 0.05, 0.22),
        ("cream", Material::Ceramic, 240.0, 0.04, 0.15),
    ];
    for (name, material, degrees, radius, mass) in balls {
        let (sin, cos) = f32::to_radians(degrees + 90.0).sin_cos();
        // Lying on the table, a hair above it.
        let place = Placement::at(-0.72 + sin * 0.13, 0.891 + radius, 18.3 + cos * 0.13);
        let ball = twin.stand_one(foyer, format!("Ball, {name}"), material, lathe::ball(radius, 32), place);
        twin.entity(ball, format!("foyer/ball-{name}"));
        twin.prop(ball, mass);
    }
}

/// A curved desk of staves with a canopy ring of light; its visitors stand at +Z.
fn desk() -> Model {
    let mut model = Model::default();
    let bow = |t: f32, radius: f32| {
        let angle = (t - 0.5) * 2.1;
        vec3(radius * angle.sin(), 0.0, radius * angle.cos() - 1.6)
    };
    let stave = curve::rounded_rectangle(0.045, 0.03, 0.012, 2);
    for index in 0..74 {
        let t = index as f32 / 73.0;
        let foot = bow(t, 1.72);
        let out = (bow(t, 2.0) - foot).normalize_or(glam::Vec3::Z);
        let path = [foot + vec3(0.0, 0.08, 0.0), foot + vec3(0.0, 1.0, 0.0)];
        model.add(Material::Larch, sweep::sweep(&path, out, &stave));
    }
    model.add(Material::Teal, sheet::shell(40, 1, 0.5, |u, v| bow(u, 1.7) + vec3(0.0, 0.02 + v * 0.98, 0.0)));
    let top = sheet::shell(44, 4, 0.05, |u, v| bow(u * 1.02 - 0.01, 1.78 - 0.6 * v) + vec3(0.0, 1.06, 0.0));
    model.add(Material::Terrazzo, top);
    let glow = curve::sampled(40, |t| bow(t, 1.75) + vec3(0.0, 0.06, 0.0));
    model.add(Material::LampWarm, sweep::pipe(&glow, 0.012, 8));
    let print = lettering::print("Information");
    let mut face = sheet::sheet(20, 2, |u, v| bow(0.28 + 0.44 * u, 1.755) + vec3(0.0, 0.36 + v * 0.39, 0.0));
    for (index, uv) in face.uvs.iter_mut().enumerate() {
        let share = vec2((index % 21) as f32 / 20.0, 1.0 - (index / 21) as f32 * 0.5);
        *uv = print.low + (print.high - print.low) * share;
    }
    model.add(print.material, face);
    for x in [-0.55, 0.65] {
        let screen = furniture::screen(0.56, 0);
        model.include(&screen, Placement::at(x, 1.32, -0.2).yaw(180.0));
        model.add(Material::Graphite, sweep::bar(vec3(x, 1.06, -0.2), vec3(x, 1.2, -0.2), 0.018, 10));
    }
    model
}

/// A bench whose seat is one bent board.
fn bench() -> Model {
    let profile = |v: f32| {
        let angle = v * PI * 0.5;
        vec2(0.24 - 0.48 * v, 0.44 + 0.02 * (angle * 2.0).cos() + 0.32 * (v - 0.72).max(0.0) * 2.2)
    };
    let seat = sheet::shell(1, 16, 0.022, |u, v| {
        let point = profile(v);
        vec3((0.5 - u) * 2.0, point.y, -point.x).with_z(point.x)
    });
    let mut model = Model::of(Material::Oak, seat);
    for x in [-0.75, 0.75] {
        let hoop = curve::rounded_path(
            &[vec3(x, 0.43, 0.2), vec3(x, 0.015, 0.24), vec3(x, 0.015, -0.24), vec3(x, 0.46, -0.18)],
            0.09,
            6,
        );
        model.add(Material::Graphite, sweep::pipe(&hoop, 0.017, 12));
    }
    model
}

fn bin() -> Model {
    let outside = [(0.17, 0.0), (0.185, 0.01), (0.19, 0.04), (0.2, 0.78), (0.205, 0.8)];
    let mut model = Model::of(Material::Sage, lathe::vessel(&outside, 0.012, 32));
    let lid = [(0.2, 0.8), (0.21, 0.815), (0.2, 0.84), (0.1, 0.87), (0.095, 0.86), (0.1, 0.83)];
    model.add(Material::Graphite, lathe::lathe(&lid, 32));
    let plate = solid::rounded_box(vec3(0.14, 0.09, 0.006), 0.003, 1).at(0.0, 0.62, 0.2);
    model.add(Material::White, plate);
    model
}
