//! The café: terrazzo floor, a timber counter with its espresso machine and cakes, tables among trees in planters.

use std::f32::consts::{PI, TAU};

use glam::{Vec3, vec3};

use super::{
    Kit, curve, furniture, lathe, lettering,
    mesh::{Model, Placement},
    palette::Material,
    rng::Rng,
    sheet, solid,
    sound::Sound,
    sweep,
    twin::{NodeId, Twin},
};

/// Height of the counter's top.
const COUNTER: f32 = 1.08;

/// Builds the café; its own axes have the guest at +Z.
pub fn build(twin: &mut Twin, kit: &Kit) {
    let cafe = twin.group(None, "Café", Placement::at(-19.6, 0.0, -12.2));
    twin.entity(cafe, "cafe");
    let guests = twin.group(Some(cafe), "Guests", Placement::at(0.0, 1.2, 1.5));
    twin.sounds(guests, Sound::Murmur);
    let floor = furniture::carpet(14.6, 11.2, 1.6, 0.03, Material::Terrazzo);
    let floor = twin.stand(cafe, "Café floor", floor, Placement::HERE);
    twin.shaded(floor);
    let bar = twin.group(Some(cafe), "Bar", Placement::at(-0.6, 0.03, -3.2));
    counter(twin, bar);
    let machine = twin.stand(
        bar,
        "Espresso machine",
        espresso_machine(),
        Placement::at(-1.5, COUNTER, -0.05).yaw(180.0),
    );
    twin.entity(machine, "cafe/espresso-machine");
    let grinder = twin.mesh("Grinder", grinder());
    for (index, x) in [-2.55, -2.9].into_iter().enumerate() {
        let node = twin.place(
            bar,
            format!("Grinder {}", index + 1),
            grinder,
            Placement::at(x, COUNTER, -0.02).yaw(180.0),
        );
        twin.entity(node, format!("cafe/grinder-{}", index + 1));
    }
    cups(twin, bar, kit);
    let case = twin.stand(bar, "Cake case", cake_case(), Placement::at(1.5, COUNTER, 0.02));
    twin.entity(case, "cafe/cake-case");
    back_bar(twin, bar, kit);
    tables(twin, cafe, kit);
    garden(twin, cafe, kit);
}

fn counter(twin: &mut Twin, bar: NodeId) {
    let mut model = furniture::counter(7.0, 0.75, COUNTER, Material::Larch, Material::Terrazzo);
    // The ends are drums, so that nobody meets a corner.
    for x in [-3.5, 3.5] {
        model.add(
            Material::Larch,
            lathe::drum(0.36, COUNTER - 0.05, 0.01, 40).mapped(|uv| glam::vec2(uv.y, uv.x)).at(x, 0.0, 0.0),
        );
        model.add(Material::Terrazzo, lathe::drum(0.4, 0.04, 0.015, 48).at(x, COUNTER - 0.04, 0.0));
    }
    model.add(Material::Brass, sweep::bar(vec3(-3.3, 0.2, 0.52), vec3(3.3, 0.2, 0.52), 0.022, 14));
    for index in 0..8 {
        let x = -3.2 + index as f32 * 6.4 / 7.0;
        let bracket =
            curve::rounded_path(&[vec3(x, 0.2, 0.52), vec3(x, 0.2, 0.4), vec3(x, 0.3, 0.37)], 0.05, 4);
        model.add(Material::Brass, sweep::pipe(&bracket, 0.012, 8));
    }
    let node = twin.stand(bar, "Counter", model, Placement::HERE);
    twin.entity(node, "cafe/counter");
}

/// A two-group machine that faces +Z, standing on y = 0.
fn espresso_machine() -> Model {
    let mut model = Model::default();
    model.add(Material::Teal, solid::rounded_box(vec3(0.92, 0.24, 0.46), 0.07, 5).at(0.0, 0.46, -0.04));
    model.add(Material::Chrome, solid::rounded_box(vec3(0.86, 0.1, 0.5), 0.035, 4).at(0.0, 0.09, 0.0));
    model.add(Material::BrushedSteel, solid::rounded_box(vec3(0.84, 0.3, 0.2), 0.03, 3).at(0.0, 0.25, -0.15));
    for (x, z) in [(-0.36, -0.18), (0.36, -0.18), (-0.36, 0.18), (0.36, 0.18)] {
        model.add(Material::Rubber, lathe::drum(0.028, 0.045, 0.008, 18).at(x, 0.0, z));
    }
    for bar in 0..16 {
        let x = -0.36 + bar as f32 * 0.048;
        model.add(Material::Chrome, sweep::bar(vec3(x, 0.142, 0.02), vec3(x, 0.142, 0.23), 0.005, 6));
    }
    for x in [-0.2, 0.2] {
        brew_group(&mut model, x);
    }
    for x in [-0.43, 0.43] {
        let wand = curve::through(
            &[
                vec3(x, 0.42, 0.16),
                vec3(x * 1.06, 0.4, 0.24),
                vec3(x * 1.08, 0.28, 0.27),
                vec3(x * 1.0, 0.16, 0.25),
            ],
            7,
        );
        model.add(Material::Chrome, sweep::pipe(&wand, 0.007, 10));
        let tap = lathe::lathe(&[(0.018, 0.0), (0.03, 0.005), (0.03, 0.03), (0.022, 0.04), (0.0, 0.042)], 20);
        model.add(Material::Walnut, tap.placed(Placement::at(x * 0.88, 0.46, 0.19).pitch(90.0)));
    }
    for x in [-0.06, 0.06] {
        let dial = [(0.034, 0.0), (0.038, 0.006), (0.036, 0.018), (0.03, 0.02), (0.03, 0.014), (0.0, 0.014)];
        let place = Placement::at(x, 0.47, 0.185).pitch(90.0);
        model.add(Material::Brass, lathe::lathe(&dial, 28).placed(place));
        model.add(
            Material::Coral,
            sweep::bar(vec3(0.0, 0.016, 0.0), vec3(0.018, 0.016, -0.012), 0.0016, 5).placed(place),
        );
    }
    for side in [-0.27, 0.17] {
        let rail = curve::rounded_path(
            &[
                vec3(-0.42, 0.57, side),
                vec3(-0.42, 0.64, side),
                vec3(0.42, 0.64, side),
                vec3(0.42, 0.57, side),
            ],
            0.03,
            4,
        );
        model.add(Material::Brass, sweep::pipe(&rail, 0.007, 10));
    }
    model
}

/// A brew group with its portafilter over a cup.
fn brew_group(model: &mut Model, x: f32) {
    let group = [
        (0.0, 0.0),
        (0.05, 0.0),
        (0.06, 0.012),
        (0.06, 0.05),
        (0.045, 0.06),
        (0.045, 0.1),
        (0.065, 0.12),
        (0.065, 0.15),
        (0.0, 0.15),
    ];
    model.add(Material::Chrome, lathe::lathe(&group[1..], 32).at(x, 0.28, 0.12));
    let filter = [(0.012, -0.05), (0.02, -0.04), (0.042, -0.03), (0.048, 0.0), (0.048, 0.02), (0.0, 0.02)];
    model.add(Material::Chrome, lathe::lathe(&filter, 28).at(x, 0.262, 0.12));
    let handle = [vec3(x, 0.265, 0.165), vec3(x, 0.262, 0.22), vec3(x, 0.25, 0.32)];
    model.add(
        Material::Walnut,
        sweep::sweep_scaled(&curve::through(&handle, 5), Vec3::Y, &curve::circle(1.0, 14), |t| {
            0.012 + 0.008 * (t * 2.4).sin()
        }),
    );
    for spout in [-0.018, 0.018] {
        let path = curve::through(
            &[vec3(x, 0.22, 0.12), vec3(x + spout, 0.205, 0.12), vec3(x + spout, 0.185, 0.12)],
            4,
        );
        model.add(Material::Chrome, sweep::pipe(&path, 0.007, 8));
    }
    model.include(&furniture::mug(Material::Ceramic, 0.85), Placement::at(x, 0.147, 0.12));
}

fn grinder() -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(0.17, 0.06, 0.26, 0.02));
    model.add(
        Material::Graphite,
        lathe::lathe(&[(0.075, 0.05), (0.08, 0.07), (0.078, 0.3), (0.06, 0.34), (0.0, 0.345)], 32)
            .at(0.0, 0.0, -0.03),
    );
    let hopper = [(0.045, 0.34), (0.09, 0.46), (0.092, 0.56), (0.09, 0.565)];
    model.add(Material::Glass, lathe::lathe(&hopper, 32).at(0.0, 0.0, -0.03));
    model.add(
        Material::CoffeeBean,
        lathe::lathe(&[(0.04, 0.342), (0.08, 0.455), (0.05, 0.475), (0.0, 0.48)], 28).at(0.0, 0.0, -0.03),
    );
    model.add(
        Material::Black,
        lathe::lathe(
            &[(0.092, 0.56), (0.094, 0.575), (0.06, 0.59), (0.02, 0.595), (0.016, 0.615), (0.0, 0.62)],
            32,
        )
        .at(0.0, 0.0, -0.03),
    );
    let chute = curve::through(&[vec3(0.0, 0.27, 0.04), vec3(0.0, 0.25, 0.09), vec3(0.0, 0.2, 0.1)], 5);
    model.add(Material::Chrome, sweep::taper(&chute, 0.022, 0.014, 14));
    for x in [-0.03, 0.03] {
        model.add(Material::Chrome, sweep::bar(vec3(x, 0.16, 0.03), vec3(x, 0.155, 0.13), 0.006, 8));
    }
    model
}

fn cups(twin: &mut Twin, bar: NodeId, kit: &Kit) {
    let plain = twin.mesh("Plain cup", furniture::mug(Material::Ceramic, 0.95));
    let teal = twin.mesh("Teal cup", furniture::mug(Material::CeramicTeal, 0.95));
    let coral = twin.mesh("Coral cup", furniture::mug(Material::CeramicCoral, 0.95));
    for index in 0..24 {
        let place = Placement::at(
            -1.86 + (index % 8) as f32 * 0.1,
            COUNTER + 0.58,
            -0.09 + (index / 8) as f32 * 0.11,
        )
        .yaw(index as f32 * 41.0);
        let mesh = [plain, plain, teal, plain, coral][index % 5];
        twin.place(bar, format!("Cup on machine {}", index + 1), mesh, place);
    }
    for (index, x) in [-0.5, 0.2, 0.55, 2.9].into_iter().enumerate() {
        let place = Placement::at(x, COUNTER, 0.2 - 0.06 * (index % 2) as f32).yaw(index as f32 * 80.0);
        twin.place(bar, format!("Served cup {}", index + 1), kit.furniture.cup, place);
    }
}

/// A croissant along X about the origin, lying on y = 0.
fn croissant() -> crate::venue::mesh::Mesh {
    let path = curve::sampled(60, |t| {
        let angle = (t - 0.5) * 3.3;
        vec3(0.055 * angle.sin(), 0.024, 0.055 * angle.cos() - 0.03)
    });
    sweep::sweep_scaled(&path, Vec3::Y, &curve::circle(1.0, 12), |t| {
        let swell = (t * PI).sin().max(0.0).powf(0.7);
        0.003 + 0.024 * swell * (1.0 + 0.13 * ((t - 0.5).abs() * 26.0).cos())
    })
}

fn cake_case() -> Model {
    let mut model = Model::of(Material::Oak, solid::block(1.7, 0.05, 0.56, 0.015));
    for level in 0..2 {
        let y = 0.06 + level as f32 * 0.22;
        if level == 1 {
            model.add(
                Material::Glass,
                solid::rounded_box(vec3(1.6, 0.012, 0.4), 0.004, 2).at(0.0, y - 0.01, -0.04),
            );
        }
        for index in 0..8 {
            let x = -0.68 + index as f32 * 0.195;
            let plate =
                [(0.05, 0.0), (0.078, 0.008), (0.08, 0.012), (0.075, 0.011), (0.045, 0.005), (0.0, 0.005)];
            model.add(Material::Ceramic, lathe::lathe(&plate, 28).at(x, y, 0.0));
            match (index + level * 3) % 4 {
                0 | 2 => {
                    model.add(
                        Material::Pastry,
                        croissant()
                            .placed(Placement::at(x, y + 0.006, 0.01).yaw(index as f32 * 40.0).sized(1.15)),
                    );
                }
                1 => {
                    let cake =
                        [(0.045, 0.0), (0.05, 0.05), (0.058, 0.06), (0.05, 0.082), (0.03, 0.095), (0.0, 0.1)];
                    model.add(Material::Walnut, lathe::lathe(&cake, 28).at(x, y + 0.006, 0.0));
                    model.add(Material::Ruby, lathe::ball(0.012, 12).at(x, y + 0.112, 0.0));
                }
                _ => {
                    let ring = lathe::torus(0.036, 0.022, 32, 14).at(x, y + 0.028, 0.0);
                    model.add(Material::Petal, ring);
                }
            }
        }
    }
    // A bent pane over all of it.
    let pane = sheet::sheet(12, 1, |u, v| {
        let angle = u * PI * 0.5;
        vec3(
            (v - 0.5) * 1.64,
            0.05 + 0.44 * angle.sin().powf(0.6),
            -0.22 + 0.47 * angle.cos().max(0.0).powf(0.6),
        )
    });
    model.add(Material::Glass, pane);
    for x in [-0.83, 0.83] {
        let rail = curve::sampled(14, |t| {
            let angle = t * PI * 0.5;
            vec3(x, 0.05 + 0.445 * angle.sin().powf(0.6), -0.22 + 0.475 * angle.cos().max(0.0).powf(0.6))
        });
        model.add(Material::Brass, sweep::pipe(&rail, 0.008, 10));
    }
    model
}

fn back_bar(twin: &mut Twin, bar: NodeId, kit: &Kit) {
    let back = twin.group(Some(bar), "Back bar", Placement::at(0.0, 0.0, -1.75));
    let wall = furniture::wall(7.4, 3.1, 6, Material::Teal);
    twin.stand(back, "Back wall", wall, Placement::at(0.0, 0.0, -0.35));
    let low = furniture::counter(6.8, 0.5, 0.95, Material::Larch, Material::White);
    twin.stand(back, "Back counter", low, Placement::at(0.0, 0.0, 0.0));
    let sign = twin.stand(
        back,
        "Sign: Café",
        lettering::board("Café", 2.6, Material::Brass),
        Placement::at(-1.9, 2.55, -0.29),
    );
    twin.entity(sign, "cafe/sign");
    let menu = lettering::board("Espresso 2.4   Flat white 3.6", 2.8, Material::Brass);
    let menu = twin.stand(back, "Price list", menu, Placement::at(1.7, 2.55, -0.29));
    twin.entity(menu, "cafe/price-list");
    let mut shelf =
        Model::of(Material::Oak, solid::rounded_box(vec3(6.4, 0.045, 0.26), 0.014, 2).at(0.0, 1.62, -0.16));
    for index in 0..7 {
        let x = -3.0 + index as f32;
        let bracket =
            curve::rounded_path(&[vec3(x, 1.3, -0.28), vec3(x, 1.6, -0.28), vec3(x, 1.6, -0.06)], 0.08, 5);
        shelf.add(Material::Brass, sweep::pipe(&bracket, 0.01, 8));
    }
    twin.stand(back, "Shelf", shelf, Placement::HERE);
    let bottle = twin.mesh("Bottle", bottle());
    let bowl = twin.mesh(
        "Bowl",
        Model::of(
            Material::CeramicCoral,
            lathe::vessel(&[(0.04, 0.0), (0.045, 0.01), (0.08, 0.05), (0.1, 0.09), (0.105, 0.11)], 0.006, 36),
        ),
    );
    for index in 0..22 {
        let place = Placement::at(-3.05 + index as f32 * 0.29, 1.643, -0.16).yaw(index as f32 * 33.0);
        match index % 4 {
            0 | 1 => twin.place(back, format!("Bottle {}", index + 1), bottle, place),
            2 => twin.place(back, format!("Bowl {}", index + 1), bowl, place),
            _ => twin.place(back, format!("Herbs {}", index + 1), kit.plants.herb, place),
        };
    }
    let mut rail =
        Model::of(Material::Brass, sweep::bar(vec3(-3.4, 2.75, 2.0), vec3(3.4, 2.75, 2.0), 0.018, 12));
    for x in [-3.2, 3.2] {
        rail.add(Material::Brass, sweep::bar(vec3(x, 2.75, 2.0), vec3(x, 9.4, 2.0), 0.008, 8));
    }
    twin.stand(back, "Lamp rail", rail, Placement::HERE);
    for index in 0..6 {
        let node = twin.place(
            back,
            format!("Pendant {}", index + 1),
            kit.furniture.pendant,
            Placement::at(-2.75 + index as f32 * 1.1, 2.75, 2.0),
        );
        twin.entity(node, format!("cafe/lamp-{}", index + 1));
    }
}

fn bottle() -> Model {
    let body = [
        (0.03, 0.0),
        (0.036, 0.006),
        (0.037, 0.17),
        (0.03, 0.2),
        (0.014, 0.23),
        (0.013, 0.27),
        (0.016, 0.275),
        (0.016, 0.285),
        (0.0, 0.287),
    ];
    let mut model = Model::of(Material::GlassTeal, lathe::lathe(&body, 28));
    model.add(
        Material::Paper,
        lathe::lathe(&[(0.0375, 0.05), (0.0378, 0.051), (0.0378, 0.13), (0.0375, 0.131)], 28),
    );
    model.add(Material::Brass, lathe::drum(0.0175, 0.03, 0.005, 20).at(0.0, 0.262, 0.0));
    model
}

fn tables(twin: &mut Twin, cafe: NodeId, kit: &Kit) {
    let mut rng = Rng::new(kit.seed, "café");
    let places = [
        (-5.3, 0.6),
        (-3.0, -0.2),
        (-0.8, 0.7),
        (1.5, -0.1),
        (3.8, 0.7),
        (-4.2, 3.0),
        (-1.8, 3.2),
        (0.9, 3.0),
        (3.3, 3.3),
    ];
    for (index, (x, z)) in places.into_iter().enumerate() {
        let table =
            twin.place(cafe, format!("Table {}", index + 1), kit.furniture.table, Placement::at(x, 0.03, z));
        twin.entity(table, format!("cafe/table-{}", index + 1));
        let start = rng.range(0.0, 360.0);
        let chairs = 2 + index % 3;
        for chair in 0..chairs {
            let angle = start + chair as f32 * 360.0 / chairs as f32 + rng.range(-9.0, 9.0);
            let (sin, cos) = angle.to_radians().sin_cos();
            let reach = rng.range(0.52, 0.68);
            let mesh = if (index + chair) % 3 == 0 { kit.furniture.chair_coral } else { kit.furniture.chair };
            let place = Placement::at(sin * reach, 0.0, cos * reach).yaw(angle + rng.range(-12.0, 12.0));
            twin.place(table, format!("Café chair {}-{}", index + 1, chair + 1), mesh, place);
            if rng.unit() < 0.65 {
                let cup = Placement::at(sin * 0.2, 0.75, cos * 0.2).yaw(rng.range(0.0, 360.0));
                twin.place(table, format!("Cup {}-{}", index + 1, chair + 1), kit.furniture.cup, cup);
            }
        }
        if index % 2 == 0 {
            let vase = Placement::at(0.02, 0.75, -0.03).yaw(rng.range(0.0, 360.0)).sized(0.8);
            twin.place(table, format!("Herbs on table {}", index + 1), kit.plants.herb, vase);
        }
    }
}

fn garden(twin: &mut Twin, cafe: NodeId, kit: &Kit) {
    for (index, (x, z)) in [(-6.2, 4.4), (6.0, 4.2), (6.1, -1.6)].into_iter().enumerate() {
        let planter =
            twin.place(cafe, format!("Planter {}", index + 1), kit.plants.planter, Placement::at(x, 0.03, z));
        twin.entity(planter, format!("cafe/planter-{}", index + 1));
        let tree = kit.plants.trees[index % 2];
        twin.place(
            planter,
            format!("Café tree {}", index + 1),
            tree,
            Placement::at(0.0, 0.42, 0.0).yaw(index as f32 * 105.0).sized(0.85),
        );
    }
    for index in 0..7 {
        let place = Placement::at(-4.0 + index as f32 * 1.02, 0.03, 5.3);
        twin.place(
            cafe,
            format!("Hedge {}", index + 1),
            kit.plants.hedge,
            place.yaw(if index % 2 == 0 { 0.0 } else { 180.0 }),
        );
    }
    for index in 0..6 {
        let angle = index as f32 / 6.0 * TAU;
        let place = Placement::at(6.0 + angle.cos() * 0.42, 0.46, 4.2 + angle.sin() * 0.42)
            .yaw(index as f32 * 63.0)
            .sized(0.75);
        twin.place(cafe, format!("Planter grass {}", index + 1), kit.plants.grass, place);
    }
}
