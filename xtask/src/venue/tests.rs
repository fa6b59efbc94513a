#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::OnceLock,
};

use glam::Vec3;

use super::{DEFAULT_SEED, build, mesh::Model, palette::Material, texture::Texture, twin::Twin, write};

/// Half a degree.
const SAME_PLANE_COSINE: f32 = 0.999_962;

fn venue() -> &'static Twin {
    static VENUE: OnceLock<Twin> = OnceLock::new();
    VENUE.get_or_init(|| build(DEFAULT_SEED))
}

/// Triangles all of whose neighbours across an edge lie in their own plane.
fn coplanar_count(model: &Model) -> usize {
    let mut ids = BTreeMap::new();
    let mut triangles: Vec<([usize; 3], Vec3)> = Vec::new();
    for mesh in model.parts.values() {
        for corners in &mesh.triangles {
            let points = corners.map(|corner| mesh.positions[corner as usize]);
            let normal = (points[1] - points[0]).cross(points[2] - points[0]).normalize_or_zero();
            let keys = points.map(|point| {
                let next = ids.len();
                *ids.entry((point * 1e5).round().as_ivec3().to_array()).or_insert(next)
            });
            triangles.push((keys, normal));
        }
    }
    let edges = |keys: [usize; 3]| {
        [(keys[0], keys[1]), (keys[1], keys[2]), (keys[2], keys[0])].map(|(a, b)| (a.min(b), a.max(b)))
    };
    let mut across: BTreeMap<(usize, usize), Vec<usize>> = BTreeMap::new();
    for (index, (keys, _)) in triangles.iter().enumerate() {
        for edge in edges(*keys) {
            across.entry(edge).or_default().push(index);
        }
    }
    triangles
        .iter()
        .filter(|(keys, normal)| {
            edges(*keys).iter().flat_map(|edge| &across[edge]).all(|other| {
                // The other way round is the same plane too.
                triangles[*other].1.dot(*normal).abs() >= SAME_PLANE_COSINE
            })
        })
        .count()
}

#[test]
fn a_cube_counts_as_curved_and_a_floor_as_flat() {
    use super::{mesh::Mesh, solid};
    let cube = Model::of(Material::White, solid::rounded_box(Vec3::ONE, 0.1, 2));
    assert_eq!(coplanar_count(&cube), 0, "each flat pair of a rounded box has a bent neighbour");
    let mut floor = Mesh::default();
    floor.append(&solid::pane(1.0, 1.0)).append(&solid::pane(1.0, 1.0).at(1.0, 0.0, 0.0));
    assert_eq!(coplanar_count(&Model::of(Material::White, floor)), 4);
}

#[test]
fn a_million_triangles_of_which_few_are_flat() {
    let twin = venue();
    let flat: Vec<usize> = twin.meshes.iter().map(|(_, model)| coplanar_count(model)).collect();
    let total = twin.triangle_count();
    let placed: usize = twin.nodes.iter().filter_map(|node| node.mesh).map(|mesh| flat[mesh.0]).sum();
    let kept: usize = twin.meshes.iter().map(|(_, model)| model.triangle_count()).sum();
    let share = placed as f64 / total as f64;
    let kept_share = flat.iter().sum::<usize>() as f64 / kept as f64;
    println!("{total} triangles placed ({share:.3} flat), {kept} kept ({kept_share:.3} flat)");
    assert!(total >= 1_000_000 && kept >= 1_000_000);
    assert!(share <= 0.20 && kept_share <= 0.20, "{share} of the placed, {kept_share} of the kept are flat");
}

#[test]
fn faces_look_where_their_normals_say() {
    for (name, model) in &venue().meshes {
        for (material, mesh) in &model.parts {
            let against = mesh
                .triangles
                .iter()
                .filter(|corners| {
                    let [a, b, c] = corners.map(|corner| corner as usize);
                    let face =
                        (mesh.positions[b] - mesh.positions[a]).cross(mesh.positions[c] - mesh.positions[a]);
                    face.dot(mesh.normals[a] + mesh.normals[b] + mesh.normals[c]) < 0.0
                })
                .count();
            let share = against as f64 / mesh.triangles.len().max(1) as f64;
            assert!(share < 0.02, "{against} of {} faces of {name:?} in {material:?}", mesh.triangles.len());
        }
    }
}

#[test]
fn every_number_is_finite_and_every_normal_is_one_long() {
    for (name, model) in &venue().meshes {
        for mesh in model.parts.values() {
            assert!(mesh.positions.iter().all(|position| position.is_finite()), "{name:?}");
            assert!(mesh.uvs.iter().all(|uv| uv.is_finite()), "{name:?}");
            assert!(mesh.normals.iter().all(|normal| (normal.length() - 1.0).abs() < 1e-3), "{name:?}");
        }
    }
}

#[test]
fn entities_are_many_and_ids_differ() {
    let twin = venue();
    let ids = twin.entities().unwrap();
    assert!(ids.len() >= 60);
    for id in
        ["hall/door-1", "stage/screen", "robot-cell/robot-1/link-3", "booth-12/satellite", "audience/row-c"]
    {
        assert!(ids.contains(id), "{id}");
    }
    assert!(twin.nodes.iter().all(|node| !node.name.is_empty()));
}

#[test]
fn every_mesh_is_placed_and_every_material_used() {
    let twin = venue();
    let placed: BTreeSet<usize> = twin.nodes.iter().filter_map(|node| node.mesh).map(|mesh| mesh.0).collect();
    let unplaced: Vec<&str> = (0..twin.meshes.len())
        .filter(|index| !placed.contains(index))
        .map(|index| twin.meshes[index].0.as_str())
        .collect();
    assert!(unplaced.is_empty(), "{unplaced:?}");
    let used: BTreeSet<Material> =
        twin.meshes.iter().flat_map(|(_, model)| model.parts.keys().copied()).collect();
    let unused: Vec<&Material> = Material::ALL.iter().filter(|material| !used.contains(material)).collect();
    assert!(unused.is_empty(), "{unused:?}");
    assert!(used.len() <= 200);
}

#[test]
fn textures_are_powers_of_two_and_fit_their_budget() {
    let mut decoded_bytes = 0;
    let mut seen = BTreeSet::new();
    for material in Material::ALL {
        let surface = material.surface();
        let maps =
            [surface.base, surface.normal.map(|(texture, _)| texture), surface.orm, surface.emissive_map];
        seen.extend(maps.into_iter().flatten());
    }
    for texture in seen {
        let size = texture.paint(DEFAULT_SEED).size;
        assert!(size.is_power_of_two() && (256..=1024).contains(&size), "{}", texture.name());
        decoded_bytes += size as usize * size as usize * 4;
    }
    assert!(decoded_bytes <= 40_000_000, "{decoded_bytes} bytes");
}

#[test]
fn tiling_textures_meet_at_their_edges() {
    for texture in [Texture::ConcreteNormal, Texture::WoodBase, Texture::PeelNormal, Texture::TerrazzoBase] {
        let canvas = texture.paint(DEFAULT_SEED);
        let last = i64::from(canvas.size) - 1;
        let (mut seam, mut inside) = (0.0, 0.0);
        for row in 0..=last {
            seam += (canvas.red(last, row) - canvas.red(0, row)).abs();
            inside += (canvas.red(last / 2, row) - canvas.red(last / 2 + 1, row)).abs();
        }
        assert!(seam <= inside * 2.0 + 4.0, "{}: {seam} at the seam, {inside} inside", texture.name());
    }
}

#[test]
fn the_same_seed_makes_the_same_bytes() {
    let first = write(venue(), DEFAULT_SEED).unwrap();
    let second = write(&build(DEFAULT_SEED), DEFAULT_SEED).unwrap();
    assert!(first == second, "two runs differ");
    assert!(first.len() <= 80_000_000, "{} bytes", first.len());
}
