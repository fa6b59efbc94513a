//! Booth 8, Volta: a small electric car on a turntable under a ring of light, with its charger.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec3};

use super::Plot;
use crate::venue::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    sheet, solid, sweep,
    twin::Twin,
};

/// Metres from the middle to an axle, and the wheels' radius.
const AXLE: f32 = 1.28;
const WHEEL: f32 = 0.33;

/// Builds it.
pub fn build(twin: &mut Twin, plot: &Plot, kit: &Kit) {
    plot.floor(twin, Material::CarpetGraphite);
    let table = twin.group(Some(plot.node), "Turntable", Placement::at(-0.4, 0.04, -0.2).yaw(-38.0));
    plot.entity(twin, table, "turntable");
    let mut disc = Model::of(Material::White, lathe::drum(2.35, 0.16, 0.03, 96));
    disc.add(Material::LampTeal, lathe::torus(2.36, 0.012, 120, 8).at(0.0, 0.06, 0.0));
    twin.stand(table, "Turntable disc", disc, Placement::HERE);
    let car = twin.group(Some(table), "Car", Placement::at(0.0, 0.16, 0.0));
    plot.entity(twin, car, "car");
    twin.stand(car, "Body", body(), Placement::HERE);
    let wheel = twin.mesh("Car wheel", wheel());
    for (name, x, z) in [
        ("front-left", -1.0, -1.0),
        ("front-right", 1.0, -1.0),
        ("rear-left", -1.0, 1.0),
        ("rear-right", 1.0, 1.0),
    ] {
        let yaw = if x > 0.0 { 0.0 } else { 180.0 };
        let node = twin.place(
            car,
            format!("Wheel {name}"),
            wheel,
            Placement::at(x * 0.74, WHEEL, z * AXLE).yaw(yaw),
        );
        plot.entity(twin, node, &format!("wheel-{name}"));
    }
    plot.stand(twin, "Light ring", "light-ring", light_ring(), Placement::at(-0.4, 4.0, -0.2));
    plot.stand(twin, "Charger", "charger", charger(), Placement::at(2.5, 0.04, -1.6).yaw(-30.0));
    plot.gate_sign(twin, "Volta", 2.0, Material::Graphite, Placement::at(-1.2, 0.04, -2.72));
    plot.screen(twin, 2, Placement::at(2.5, 0.04, 0.4).yaw(-40.0));
    let plaque = lettering::board("Volta One", 0.7, Material::Graphite);
    let mut stand = Model::default();
    stand.include(&plaque, Placement::at(0.0, 1.0, 0.0).pitch(-35.0));
    stand.add(Material::Graphite, sweep::bar(Vec3::ZERO, vec3(0.0, 1.0, 0.0), 0.02, 12));
    stand.add(Material::Graphite, lathe::drum(0.16, 0.015, 0.005, 32));
    plot.stand(twin, "Plaque", "plaque", stand, Placement::at(1.5, 0.04, 2.3).yaw(-15.0));
    for (index, (x, z)) in [(-3.0, -2.4), (2.9, 2.3)].into_iter().enumerate() {
        twin.place(
            plot.node,
            format!("Plant {}", index + 1),
            kit.plants.broad,
            Placement::at(x, 0.04, z).yaw(index as f32 * 120.0),
        );
    }
}

/// Height of the shoulder line at z; the car faces -Z and is 4 m long.
fn belt(z: f32) -> f32 {
    let nose = smooth((z + 2.02) / 0.55);
    let tail = smooth((2.02 - z) / 0.4);
    0.36 + 0.4 * nose.min(tail * 1.12) + 0.12 * smooth((z + 1.6) / 1.6)
}

/// Half the width at z.
fn half_width(z: f32) -> f32 {
    let end = (z.abs() / 2.02).min(1.0);
    0.87 * (1.0 - end.powi(6)).max(0.0).powf(0.42).max(0.05)
}

fn smooth(t: f32) -> f32 {
    let t = t.clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}

/// Lower edge of the body side at z: the sill, cut away round the wheels.
fn sill(z: f32) -> f32 {
    let from_axle = (z.abs() - AXLE).abs();
    let arch = WHEEL + 0.075;
    let cut = if from_axle < arch { (arch * arch - from_axle * from_axle).sqrt() + WHEEL } else { 0.0 };
    let ends = 0.2 + 0.14 * smooth((z.abs() - 1.7) / 0.3);
    cut.max(ends)
}

/// Height of the roof over the shoulder at z.
fn cabin(z: f32) -> f32 {
    let front = smooth((z + 1.05) / 1.0);
    let back = smooth((1.85 - z) / 0.85);
    0.62 * front.powf(0.8) * back.powf(0.7)
}

/// The body's skin; u runs from the right sill over the shoulders to the left one, v from tail to nose.
fn skin(u: f32, v: f32) -> Vec3 {
    let z = 2.02 - 4.04 * v;
    let (top, low, wide) = (belt(z), sill(z), half_width(z));
    let side = 1.0 - 2.0 * u;
    let across = side.abs();
    // The outer 40 % on each side are the flank, the rest the bonnet or boot.
    if across > 0.6 {
        let t = (1.0 - across) / 0.4;
        let lean = 1.0 + 0.035 * (t * PI).sin() - 0.10 * t.powi(3);
        let crease = 0.012 * (-(t - 0.62).powi(2) * 220.0).exp();
        vec3(side.signum() * (wide * lean + crease), low + (top - low) * t, z)
    } else {
        let t = across / 0.6;
        let crown = 0.05 * (1.0 - t * t) + 0.008 * (-(t - 0.7).powi(2) * 120.0).exp();
        let reach = 0.9 * wide * (1.0 - (1.0 - t).powf(1.0) * 1.0);
        vec3(side.signum() * reach, top + crown, z)
    }
}

/// The cabin: `edge` 0 is at the shoulder, 1 the roof's middle.
fn canopy(u: f32, v: f32, inflate: f32) -> Vec3 {
    let z = 1.82 - 2.85 * v;
    let side = 1.0 - 2.0 * u;
    let angle = side * PI * 0.5;
    let wide = half_width(z) * 0.88 * (1.0 + 0.2 * (cabin(z) / 0.62 - 1.0)) + inflate;
    let rise = cabin(z) + inflate;
    let square = |value: f32| value.signum() * value.abs().powf(0.62);
    vec3(
        wide * square(angle.sin()) * (1.0 - 0.16 * angle.cos()),
        belt(z) - 0.02 + rise * square(angle.cos()),
        z,
    )
}

fn body() -> Model {
    let mut model = Model::of(Material::CarPaint, sheet::sheet(60, 110, skin).inside_out());
    model.add(Material::GlassDark, sheet::sheet(30, 48, |u, v| canopy(u, v, 0.0)));
    // The painted roof and pillars lie a little proud of the glass.
    model.add(
        Material::CarPaint,
        sheet::shell(20, 24, 0.012, |u, v| canopy(0.32 + 0.36 * u, 0.2 + 0.42 * v, 0.01)),
    );
    for u in [0.06f32, 0.94] {
        for v in [0.30, 0.52] {
            let pillar = curve::sampled(10, |t| canopy(u + (0.5 - u) * 0.5 * t, v, 0.004));
            model.add(
                Material::Black,
                sweep::sweep(&pillar, Vec3::X, &curve::rounded_rectangle(0.05, 0.014, 0.005, 2)),
            );
        }
    }
    for u in [0.002f32, 0.998] {
        let strip = curve::sampled(40, |t| canopy(u, 0.08 + 0.84 * t, 0.006));
        model.add(Material::Chrome, sweep::pipe(&strip, 0.009, 8));
    }
    // Floor, arches and lamps.
    model.add(Material::Black, solid::rounded_box(vec3(1.5, 0.2, 3.7), 0.08, 3).at(0.0, 0.32, 0.0));
    for side in [-1.0f32, 1.0] {
        for axle in [-AXLE, AXLE] {
            let lip = curve::sampled(28, |t| {
                let angle = PI * t;
                let z = axle + (WHEEL + 0.075) * angle.cos();
                vec3(side * (half_width(z) + 0.004), WHEEL + (WHEEL + 0.075) * angle.sin(), z)
            });
            model.add(Material::Black, sweep::pipe(&lip, 0.018, 8));
            let tub =
                lathe::lathe_part(&[(WHEEL + 0.06, -0.3), (WHEEL + 0.06, 0.0)], 24, 0.0, PI).inside_out();
            let place = Placement::at(side * 0.86, WHEEL, axle).roll(-90.0 * side).yaw(if side > 0.0 {
                90.0
            } else {
                -90.0
            });
            model.add(Material::Black, tub.placed(place));
        }
        let lamp = lathe::ball(0.09, 22)
            .placed(Placement::at(side * 0.6, 0.62, -1.83).stretched(vec3(1.5, 0.55, 0.6)).yaw(-18.0 * side));
        model.add(Material::LampCool, lamp);
        let tail = lathe::ball(0.08, 20)
            .placed(Placement::at(side * 0.62, 0.7, 1.87).stretched(vec3(1.7, 0.45, 0.5)));
        model.add(Material::LampCoral, tail);
        let mirror = lathe::ball(0.085, 20)
            .placed(Placement::at(side * 0.97, 0.98, -0.62).stretched(vec3(1.0, 0.7, 0.6)));
        model.add(Material::CarPaint, mirror);
        model.add(
            Material::Black,
            sweep::bar(vec3(side * 0.8, 0.9, -0.6), vec3(side * 0.93, 0.95, -0.62), 0.016, 8),
        );
        for z in [-0.25f32, 0.75] {
            let x = side * (half_width(z) + 0.025);
            let handle = [vec3(x, 0.74, z - 0.09), vec3(x + side * 0.02, 0.745, z), vec3(x, 0.75, z + 0.09)];
            model.add(Material::Chrome, sweep::pipe(&curve::through(&handle, 5), 0.011, 8));
            let gap = curve::sampled(16, |t| {
                let here = z + 0.16 + 0.05 * (t * PI).sin();
                let u = if side > 0.0 { 0.02 + 0.17 * t } else { 0.98 - 0.17 * t };
                skin(u, (2.02 - here) / 4.04) + Vec3::X * side * 0.001
            });
            model.add(Material::Black, sweep::pipe(&gap, 0.0045, 5));
        }
    }
    for bar in 0..5 {
        let y = 0.34 + bar as f32 * 0.035;
        let grille = curve::sampled(12, |t| vec3((t - 0.5) * 0.9, y, -1.93 + 0.16 * (2.0 * t - 1.0).powi(2)));
        model.add(Material::Black, sweep::pipe(&grille, 0.01, 8));
    }
    model
}

/// A wheel about the origin; its outer face is +X.
fn wheel() -> Model {
    let out = Placement::HERE.roll(-90.0);
    let tyre = [
        (0.215, -0.09),
        (0.25, -0.105),
        (0.3, -0.108),
        (0.322, -0.095),
        (0.33, -0.07),
        (0.33, -0.045),
        (0.322, -0.04),
        (0.322, -0.03),
        (0.33, -0.025),
        (0.33, 0.025),
        (0.322, 0.03),
        (0.322, 0.04),
        (0.33, 0.045),
        (0.33, 0.07),
        (0.322, 0.095),
        (0.3, 0.108),
        (0.25, 0.105),
        (0.215, 0.09),
    ];
    let mut model = Model::of(Material::Rubber, lathe::lathe(&tyre, 64).placed(out));
    let rim = [
        (0.19, -0.09),
        (0.216, -0.09),
        (0.216, 0.085),
        (0.222, 0.1),
        (0.214, 0.104),
        (0.205, 0.09),
        (0.195, 0.02),
        (0.0, 0.015),
    ];
    model.add(Material::BrushedSteel, lathe::lathe(&rim, 56).placed(out));
    for spoke in 0..10 {
        let (sin, cos) = (spoke as f32 / 10.0 * TAU).sin_cos();
        let (sin2, cos2) = (spoke as f32 / 10.0 * TAU + 0.35).sin_cos();
        let path = curve::through(
            &[
                vec3(0.075, cos * 0.04, sin * 0.04),
                vec3(0.085, cos * 0.12, sin * 0.12),
                vec3(0.075, cos2 * 0.21, sin2 * 0.21),
            ],
            6,
        );
        model.add(
            Material::Chrome,
            sweep::sweep(&path, Vec3::X, &curve::rounded_rectangle(0.03, 0.025, 0.008, 2)),
        );
    }
    model.add(
        Material::Chrome,
        lathe::lathe(&[(0.062, 0.05), (0.062, 0.085), (0.05, 0.1), (0.0, 0.104)], 32).placed(out),
    );
    for nut in 0..5 {
        let (sin, cos) = (nut as f32 / 5.0 * TAU).sin_cos();
        model.add(
            Material::DarkSteel,
            lathe::bolt(0.01).placed(Placement::at(0.088, cos * 0.042, sin * 0.042).roll(-90.0)),
        );
    }
    model.add(
        Material::DarkSteel,
        lathe::lathe(&[(0.03, -0.02), (0.165, -0.02), (0.165, 0.0), (0.03, 0.0)], 48).placed(out),
    );
    model
}

fn light_ring() -> Model {
    let mut model = Model::of(Material::White, lathe::torus(2.0, 0.11, 120, 16));
    model.add(Material::LampCool, lathe::torus(2.0, 0.06, 120, 10).at(0.0, -0.075, 0.0));
    for wire in 0..4 {
        let (sin, cos) = ((wire as f32 + 0.5) / 4.0 * TAU).sin_cos();
        model.add(
            Material::DarkSteel,
            sweep::bar(vec3(cos * 2.0, 0.05, sin * 2.0), vec3(cos * 1.6, 6.0, sin * 1.6), 0.006, 6),
        );
    }
    model
}

fn charger() -> Model {
    let mut model = Model::of(Material::White, solid::block(0.42, 1.6, 0.26, 0.08));
    model.add(Material::Teal, solid::rounded_box(vec3(0.43, 0.3, 0.27), 0.08, 3).at(0.0, 1.42, 0.0));
    model.include(&furniture::screen(0.26, 1), Placement::at(0.0, 1.15, 0.12));
    model.add(Material::LampGreen, lathe::ball(0.022, 14).at(0.0, 1.3, 0.13));
    let hose: Mesh = sweep::pipe(
        &curve::through(
            &[
                vec3(0.12, 0.85, 0.12),
                vec3(0.14, 0.8, 0.3),
                vec3(0.2, 0.3, 0.34),
                vec3(0.3, 0.25, 0.2),
                vec3(0.32, 0.6, 0.1),
                vec3(0.26, 0.82, 0.06),
            ],
            10,
        ),
        0.017,
        10,
    );
    model.add(Material::Black, hose);
    model.add(Material::Black, solid::rounded_box(vec3(0.07, 0.18, 0.1), 0.025, 3).at(0.25, 0.86, 0.06));
    model
}
