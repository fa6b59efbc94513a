//! Plants: potted ones, palms, grasses, trees with real leaves, hedges with cut-out twigs, and what they stand in.

use std::f32::consts::TAU;

use glam::{Quat, Vec3, vec2, vec3};

use super::{
    curve, lathe,
    mesh::{Mesh, Model, Placement},
    palette::Material,
    rng::Rng,
    sheet, solid, sweep,
    twin::{MeshId, Twin},
};

/// The plants that several parts of the venue share; all stand on y = 0 of their soil or floor.
pub struct Plants {
    /// Broad leaves in a pot, 1.2 m.
    pub broad: MeshId,
    /// A palm in a pot, 2 m.
    pub palm: MeshId,
    /// A tuft of grass, 0.7 m.
    pub grass: MeshId,
    /// Trees, 5 m, without planter.
    pub trees: [MeshId; 2],
    /// A metre of hedge in its trough.
    pub hedge: MeshId,
    /// A tree's round planter with a seat.
    pub planter: MeshId,
    /// A rosette of salad, 0.25 m across.
    pub lettuce: MeshId,
    /// Herbs in a small pot.
    pub herb: MeshId,
    /// A flower on its stem.
    pub flower: MeshId,
}

impl Plants {
    /// Grows them all.
    pub fn new(twin: &mut Twin, seed: u64) -> Self {
        let rng = |label: &str| Rng::new(seed, label);
        Self {
            broad: twin.mesh("Broad-leaved plant", broad(&mut rng("broad"))),
            palm: twin.mesh("Palm", palm(&mut rng("palm"))),
            grass: twin.mesh("Grass", grass(&mut rng("grass"))),
            trees: [
                twin.mesh("Tree", tree(&mut rng("tree one"), Material::Leaf, Material::LeafLight)),
                twin.mesh("Olive tree", tree(&mut rng("tree two"), Material::LeafOlive, Material::LeafDark)),
            ],
            hedge: twin.mesh("Hedge", hedge(&mut rng("hedge"))),
            planter: twin.mesh("Tree planter", planter()),
            lettuce: twin.mesh("Lettuce", lettuce(&mut rng("lettuce"))),
            herb: twin.mesh("Herb pot", herb(&mut rng("herb"))),
            flower: twin.mesh("Flower", flower(&mut rng("flower"))),
        }
    }
}

/// Width of a pointed oval leaf at t.
fn oval(t: f32) -> f32 {
    (t.powf(0.6) * std::f32::consts::PI).sin().max(0.0).powf(0.8) * (1.0 - 0.1 * t)
}

/// Width of a blade of grass at t.
fn blade(t: f32) -> f32 {
    (1.0 - t.powf(1.6)).max(0.0)
}

/// The rotation that lays a leaf (which grows along +Z) along `direction`, its face up.
fn growing(direction: Vec3) -> Quat {
    let along = direction.normalize_or(Vec3::Z);
    let side = Vec3::Y.cross(along).try_normalize().unwrap_or(Vec3::X);
    Quat::from_mat3(&glam::Mat3::from_cols(side, along.cross(side), along))
}

fn pot(radius: f32, height: f32, material: Material) -> Model {
    let outside = [
        (radius * 0.68, 0.0),
        (radius * 0.72, 0.01),
        (radius * 0.82, height * 0.4),
        (radius * 0.94, height * 0.86),
        (radius * 0.96, height * 0.88),
        (radius * 1.0, height * 0.9),
        (radius * 1.0, height),
    ];
    let mut model = Model::of(material, lathe::vessel(&outside, radius * 0.08, 36));
    model.add(Material::Soil, soil(radius * 0.9).at(0.0, height * 0.86, 0.0));
    model
}

/// A gently heaped disc of soil.
fn soil(radius: f32) -> Mesh {
    lathe::lathe(&[(radius, 0.0), (radius * 0.7, 0.02), (radius * 0.35, 0.028), (0.0, 0.03)], 24)
}

fn broad(rng: &mut Rng) -> Model {
    let mut model = pot(0.24, 0.42, Material::Terracotta);
    for index in 0..26 {
        let t = index as f32 / 25.0;
        let angle = index as f32 * 2.399 + rng.range(-0.2, 0.2);
        let lean = 0.15 + 0.75 * (1.0 - t) + rng.range(-0.08, 0.08);
        let reach = 0.35 + 0.5 * t + rng.range(-0.06, 0.06);
        let (sin, cos) = angle.sin_cos();
        let tip = vec3(cos * lean * reach, 0.4 + reach * (1.0 - lean * 0.5), sin * lean * reach);
        let bend = vec3(tip.x * 0.3, 0.4 + (tip.y - 0.4) * 0.65, tip.z * 0.3);
        let stem = curve::through(&[vec3(cos * 0.03, 0.38, sin * 0.03), bend, tip], 4);
        model.add(Material::LeafDark, sweep::taper(&stem, 0.008, 0.0045, 6));
        let size = rng.range(0.3, 0.42);
        let leaf = sheet::leaf(size, size * 0.62, rng.range(0.7, 1.2), 0.22, (4, 9), oval);
        let out = vec3(cos, rng.range(0.25, 0.7), sin);
        let material = rng.pick(&[Material::Leaf, Material::LeafDark, Material::Leaf, Material::LeafLight]);
        model.add(material, leaf.placed(Placement::to(tip).turn(growing(out))));
    }
    model
}

fn palm(rng: &mut Rng) -> Model {
    let mut model = pot(0.28, 0.5, Material::CeramicTeal);
    let crown = vec3(0.03, 0.95, 0.02);
    model.add(
        Material::Bark,
        sweep::taper(&[vec3(0.0, 0.42, 0.0), vec3(0.02, 0.7, 0.0), crown], 0.05, 0.035, 10),
    );
    let leaflet = sheet::leaf(0.26, 0.028, 0.5, 0.3, (2, 3), oval);
    for frond in 0..13 {
        let (sin, cos) = (frond as f32 * 2.399).sin_cos();
        let rise = 0.25 + 0.75 * (1.0 - frond as f32 / 13.0) + rng.range(-0.05, 0.05);
        let length = rng.range(0.85, 1.15);
        let spine = curve::sampled(14, |t| {
            let out = length * (t * 0.9 - 0.12 * t * t * rise);
            let up = length * (rise * 1.15 * t - 0.75 * t * t);
            crown + vec3(cos * out, up, sin * out)
        });
        model.add(Material::LeafDark, sweep::taper(&spine, 0.009, 0.003, 6));
        for step in 2..=26u32 {
            let place = step as f32 / 26.0 * 13.0;
            let index = (place as usize).min(12);
            let (here, along) = (
                spine[index].lerp(spine[index + 1], place - index as f32),
                (spine[index + 1] - spine[index]).normalize_or(Vec3::Y),
            );
            let side = along.cross(Vec3::Y).normalize_or(Vec3::X);
            let size = (0.35 + 0.65 * (step as f32 / 26.0 * 2.9).sin().max(0.0)) * rng.range(0.9, 1.1);
            for hand in [-1.0, 1.0] {
                let direction = along * 0.75 + side * hand + Vec3::Y * 0.18;
                let placement = Placement::to(here).turn(growing(direction)).sized(size);
                model.add(Material::Leaf, leaflet.clone().placed(placement));
            }
        }
    }
    model
}

fn grass(rng: &mut Rng) -> Model {
    let mut model = Model::default();
    for index in 0..90 {
        let angle = index as f32 * 2.399;
        let out = (index as f32 / 90.0).sqrt();
        let (sin, cos) = angle.sin_cos();
        let length = rng.range(0.4, 0.8);
        let leaf = sheet::leaf(length, 0.012, rng.range(0.5, 1.3), 0.5, (2, 6), blade);
        let direction = vec3(cos * (0.15 + out * 0.4), 1.0, sin * (0.15 + out * 0.4));
        let placement = Placement::at(cos * out * 0.09, 0.0, sin * out * 0.09).turn(growing(direction));
        let material = rng.pick(&[Material::LeafOlive, Material::LeafLight, Material::LeafOlive]);
        model.add(material, leaf.placed(placement));
    }
    model
}

/// A small broad-crowned tree: trunk, three generations of branches, leaves on the last.
fn tree(rng: &mut Rng, leaf: Material, young: Material) -> Model {
    let mut model = Model::default();
    let trunk = curve::through(
        &[vec3(0.0, -0.1, 0.0), vec3(0.05, 0.8, 0.03), vec3(-0.04, 1.7, 0.05), vec3(0.03, 2.5, -0.02)],
        5,
    );
    model.add(Material::Bark, sweep::taper(&trunk, 0.1, 0.06, 14));
    let leaves =
        [sheet::leaf(0.2, 0.095, 0.7, 0.25, (2, 3), oval), sheet::leaf(0.165, 0.085, 0.3, 0.3, (2, 3), oval)];
    for branch in 0..8 {
        let t = 0.55 + 0.45 * branch as f32 / 7.0;
        let start = trunk[((trunk.len() - 1) as f32 * t) as usize];
        let angle = branch as f32 * 2.399 + rng.range(-0.3, 0.3);
        let lean = rng.range(0.55, 1.0) * (1.25 - 0.6 * (t - 0.55) / 0.45);
        let direction = vec3(angle.cos() * lean, 1.0, angle.sin() * lean).normalize_or(Vec3::Y);
        let end = start + direction * rng.range(1.1, 1.6);
        let bough = limb(start, end, rng);
        model.add(Material::Bark, sweep::taper(&bough, 0.045, 0.018, 9));
        for twig in 0..9 {
            let from = bough[1 + twig * (bough.len() - 2) / 9];
            let spread = vec3(rng.range(-1.0, 1.0), rng.range(-0.15, 0.9), rng.range(-1.0, 1.0));
            let to = from + (direction * 0.4 + spread).normalize_or(Vec3::Y) * rng.range(0.5, 0.85);
            let path = limb(from, to, rng);
            model.add(Material::Bark, sweep::taper(&path, 0.012, 0.004, 5));
            for step in 0..11 {
                let here = path[(1 + step * (path.len() - 1) / 11).min(path.len() - 1)];
                let out = vec3(rng.range(-1.0, 1.0), rng.range(-0.3, 0.8), rng.range(-1.0, 1.0));
                let placement = Placement::to(here).turn(growing(out)).sized(rng.range(0.8, 1.35));
                let material = if rng.unit() < 0.68 { leaf } else { young };
                model.add(material, rng_leaf(&leaves, rng).placed(placement));
            }
        }
    }
    model
}

fn rng_leaf(leaves: &[Mesh; 2], rng: &mut Rng) -> Mesh {
    leaves[rng.below(2)].clone()
}

/// A slightly crooked path.
fn limb(from: Vec3, to: Vec3, rng: &mut Rng) -> Vec<Vec3> {
    let jolt = from.distance(to) * 0.09;
    let mut off = || vec3(rng.range(-jolt, jolt), rng.range(-jolt, jolt), rng.range(-jolt, jolt));
    curve::through(&[from, from.lerp(to, 0.35) + off(), from.lerp(to, 0.7) + off(), to], 2)
}

fn hedge(rng: &mut Rng) -> Model {
    let mut model = Model::of(Material::Graphite, solid::block(1.0, 0.42, 0.36, 0.02));
    model.add(Material::Soil, solid::rounded_box(vec3(0.94, 0.04, 0.3), 0.018, 2).at(0.0, 0.42, 0.0));
    let leaf = sheet::leaf(0.085, 0.045, 0.5, 0.25, (2, 3), oval);
    for _ in 0..260 {
        let here = vec3(rng.range(-0.47, 0.47), rng.range(0.46, 0.82), rng.range(-0.15, 0.15));
        let out = vec3(rng.range(-1.0, 1.0), rng.range(0.0, 1.0), rng.range(-1.0, 1.0));
        let placement = Placement::to(here).turn(growing(out)).sized(rng.range(0.8, 1.3));
        let material = rng.pick(&[Material::LeafDark, Material::Leaf]);
        model.add(material, leaf.clone().placed(placement));
    }
    let card = solid::picture(0.42, 0.42, vec2(0.0, 0.0), vec2(1.0, 1.0));
    for index in 0..26 {
        let x = -0.45 + 0.9 * index as f32 / 25.0;
        let placement = Placement::at(x, rng.range(0.58, 0.74), rng.range(-0.1, 0.1))
            .yaw(rng.range(0.0, 360.0))
            .pitch(rng.range(-25.0, 25.0));
        model.add(Material::LeafCard, card.clone().placed(placement));
    }
    model
}

fn planter() -> Model {
    let outside = [(0.52, 0.0), (0.54, 0.02), (0.6, 0.36), (0.62, 0.44), (0.62, 0.46)];
    let mut model = Model::of(Material::White, lathe::vessel(&outside, 0.06, 44));
    model.add(Material::Soil, soil(0.56).at(0.0, 0.4, 0.0));
    // The seat: staves round the rim.
    for stave in 0..40 {
        let angle = stave as f32 / 40.0 * 360.0;
        let board = solid::rounded_box(vec3(0.095, 0.035, 0.36), 0.01, 1);
        model.add(
            Material::Larch,
            board
                .placed(Placement::HERE.yaw(angle))
                .mapped(|uv| uv + vec2(stave as f32 * 0.17, stave as f32 * 0.09))
                .placed(Placement::to(Quat::from_rotation_y(angle.to_radians()) * vec3(0.0, 0.45, 0.82))),
        );
    }
    for ring in [0.7, 0.94] {
        model.add(Material::Graphite, lathe::torus(ring, 0.016, 48, 8).at(0.0, 0.42, 0.0));
    }
    for leg in 0..8 {
        let (sin, cos) = (leg as f32 / 8.0 * TAU).sin_cos();
        model.add(
            Material::Graphite,
            sweep::bar(vec3(cos * 0.94, 0.0, sin * 0.94), vec3(cos * 0.94, 0.42, sin * 0.94), 0.016, 8),
        );
    }
    model
}

fn lettuce(rng: &mut Rng) -> Model {
    let mut model = Model::default();
    for index in 0..13 {
        let t = index as f32 / 12.0;
        let angle = index as f32 * 2.399;
        let length = 0.13 - 0.05 * t;
        let phase = rng.range(0.0, TAU);
        let leaf = sheet::sheet(4, 5, |u, v| {
            let side = 1.0 - u * 2.0;
            let half = length * 0.42 * (0.35 + 0.65 * (v * 1.9).sin().max(0.0));
            let frill = 0.012 * side.abs() * v * (v * 14.0 + phase + side * 3.0).sin();
            let rise = (0.25 + 0.75 * t) * v * length + 0.25 * side * side * half;
            vec3(-side * half, rise + frill, v * length * (1.15 - 0.75 * t))
        });
        let material = if t > 0.6 { Material::LeafLight } else { Material::Leaf };
        model.add(material, leaf.mapped(|uv| uv * 6.0).placed(Placement::HERE.yaw(angle.to_degrees())));
    }
    model
}

fn herb(rng: &mut Rng) -> Model {
    let mut model = pot(0.065, 0.11, Material::Ceramic);
    let leaf = sheet::leaf(0.05, 0.028, 0.6, 0.25, (2, 3), oval);
    for _ in 0..9 {
        let top = vec3(rng.range(-0.07, 0.07), rng.range(0.18, 0.28), rng.range(-0.07, 0.07));
        let stem = [vec3(top.x * 0.2, 0.09, top.z * 0.2), vec3(top.x * 0.6, top.y * 0.7, top.z * 0.6), top];
        model.add(Material::LeafDark, sweep::taper(&stem, 0.0025, 0.0015, 5));
        for step in 0..8 {
            let here = stem[1].lerp(top, step as f32 / 7.0);
            let (sin, cos) = (step as f32 * 2.399).sin_cos();
            let placement = Placement::to(here).turn(growing(vec3(cos, 0.5, sin)));
            model.add(Material::LeafLight, leaf.clone().placed(placement));
        }
    }
    model
}

fn flower(rng: &mut Rng) -> Model {
    let stem = curve::through(&[Vec3::ZERO, vec3(0.01, 0.12, 0.0), vec3(-0.005, 0.26, 0.01)], 4);
    let head = vec3(-0.005, 0.26, 0.01);
    let mut model = Model::of(Material::LeafDark, sweep::taper(&stem, 0.004, 0.0025, 6));
    for petal in 0..13 {
        let angle = petal as f32 * 2.399;
        let lean = 0.2 + 0.06 * petal as f32 + rng.range(-0.05, 0.05);
        let shape = sheet::leaf(0.055, 0.034, -0.7, 0.2, (2, 4), oval);
        let direction = vec3(angle.cos() * lean, 0.6, angle.sin() * lean);
        model.add(Material::Petal, shape.placed(Placement::to(head).turn(growing(direction))));
    }
    model.add(Material::Mustard, lathe::ball(0.011, 10).placed(Placement::to(head + Vec3::Y * 0.012)));
    for (index, side) in [0.6f32, 3.6].into_iter().enumerate() {
        let leaf = sheet::leaf(0.11, 0.03, 0.9, 0.3, (2, 5), oval);
        let direction = vec3(side.cos(), 0.9, side.sin());
        model.add(
            Material::Leaf,
            leaf.placed(Placement::at(0.004, 0.05 + 0.05 * index as f32, 0.0).turn(growing(direction))),
        );
    }
    model
}
