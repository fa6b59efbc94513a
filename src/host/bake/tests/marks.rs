//! Points and lines, against what can be worked out of them by hand and by another library.

use glam::{Affine3A, Vec3, Vec4};
use rapier3d::parry::query::PointQuery as _;
use rapier3d::parry::shape::TriMesh;

use super::decoded::Decoded;
use super::scenes::{bake, ball, node, plain_material, single};
use crate::host::bake::Baked;
use crate::scene::gltf::Document;
use crate::scene::gltf::document::{Disk, Marks, Mesh, VertexSet};
use crate::scene::gltf::tests::made::Random;
use crate::scene::tileset::Tile;

fn document(positions: Vec<Vec3>, ends: Vec<[u32; 2]>) -> Document {
    let marks = Marks { material: None, vertices: 0, ends, disks: None };
    Document {
        nodes: vec![node("cloud", 0, Affine3A::IDENTITY)],
        meshes: vec![Mesh { marks: vec![marks], ..Mesh::default() }],
        vertex_sets: vec![VertexSet { positions, ..VertexSet::default() }],
        ..Document::default()
    }
}

fn cloud(positions: Vec<Vec3>) -> Document {
    let ends = (0..positions.len() as u32).map(|point| [point; 2]).collect();
    document(positions, ends)
}

/// A wavy path of many short lines.
fn path(count: u32) -> Document {
    let at = |i: u32| {
        let t = i as f32 / count as f32 * 60.0;
        Vec3::new(t.cos() * (2.0 + 0.1 * t), (t * 1.7).sin() * 0.3, t.sin() * (2.0 + 0.1 * t))
    };
    document((0..=count).map(at).collect(), (0..count).map(|i| [i, i + 1]).collect())
}

/// Points on a sphere of radius 2, not evenly.
fn sphere(count: usize) -> Document {
    let mut random = Random(11);
    let mut unit = || Vec3::new(random.unit() - 0.5, random.unit() - 0.5, random.unit() - 0.5);
    cloud((0..count).map(|_| unit().normalize_or(Vec3::X) * 2.0).collect())
}

fn leaves(baked: &Baked) -> Vec<&Tile> {
    baked.tables.tiles.iter().filter(|tile| tile.child_count == 0).collect()
}

fn finest(baked: &Baked) -> Vec<[Vec3; 3]> {
    leaves(baked).iter().flat_map(|tile| Decoded::of(baked, tile).triangles()).collect()
}

fn mesh(triangles: &[[Vec3; 3]]) -> TriMesh {
    let indices = (0..triangles.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect();
    TriMesh::new(triangles.concat(), indices).unwrap()
}

#[test]
fn a_lattice_of_points_becomes_squares_in_its_plane() {
    let (u, v) = (Vec3::new(0.04, 0.0, 0.03), Vec3::new(0.0, 0.05, 0.0));
    let at = |i: usize| u * (i % 50) as f32 + v * (i / 50) as f32 + Vec3::new(3.0, 1.0, -2.0);
    let points: Vec<Vec3> = (0..2500).map(at).collect();
    let baked = bake(&cloud(points.clone()));
    let triangles = finest(&baked);
    assert_eq!((leaves(&baked).len(), triangles.len(), baked.report.marks), (1, 5000, 2500));
    let normal = u.cross(v).normalize_or_zero();
    // The mean distance to the eight around is (4 + 4 √2) / 8 steps; half a side is 0.7 of that.
    let half = 0.05 * 0.7 * (1.0 + std::f32::consts::SQRT_2) / 2.0;
    let inner = at(25 * 50 + 25);
    let corners: Vec<Vec3> =
        triangles.iter().flatten().copied().filter(|p| p.distance(inner) < half * 1.5).collect();
    assert!(corners.len() >= 6);
    for corner in &corners {
        let off = (corner.distance(inner) - half * std::f32::consts::SQRT_2).abs();
        let is_of_another = points.iter().any(|p| *p != inner && p.distance(*corner) < half * 1.5);
        assert!(off < 5e-4 || is_of_another, "{corner} is {off} m off");
    }
    let farthest = triangles.iter().flatten().map(|p| (*p - at(0)).dot(normal).abs()).fold(0.0, f32::max);
    assert!(farthest < 3e-4, "{farthest} m above its plane");
    // They leave no gaps: every place between the points is on one.
    let surface = mesh(&triangles);
    for i in 0..49 {
        let between = at(i * 51) + (u + v) * 0.5;
        assert!(surface.distance_to_local_point(between, false) < 3e-4);
    }
    let material = &baked.tables.materials[0];
    assert!(material.unlit && material.double_sided);
}

#[test]
fn points_without_neighbours_are_seen_from_all_sides_and_small() {
    let corners = (0..8).map(|i| Vec3::new((i & 1) as f32, (i >> 1 & 1) as f32, (i >> 2) as f32));
    let baked = bake(&cloud(corners.clone().collect()));
    let triangles = finest(&baked);
    assert_eq!(triangles.len(), 8 * 4);
    let most = 3.0_f32.sqrt() / 64.0 * 3.0_f32.sqrt() + 1e-3;
    for corner in triangles.iter().flatten() {
        assert!(corners.clone().any(|point| point.distance(*corner) <= most), "{corner}");
    }
    // The same place twice is one point.
    assert_eq!(finest(&bake(&cloud(vec![Vec3::X, Vec3::X, Vec3::Y]))).len(), 2 * 4);
}

#[test]
fn lines_are_prisms_and_across_their_normals_ribbons() {
    let mut document = document(vec![Vec3::ZERO, Vec3::new(10.0, 0.0, 0.0)], vec![[0, 1]]);
    let triangles = finest(&bake(&document));
    assert_eq!(triangles.len(), 6);
    for corner in triangles.iter().flatten() {
        let off = corner.reject_from(Vec3::X).length();
        assert!((off - 0.002).abs() < 2e-4 && (corner.x.abs() < 1e-3 || (corner.x - 10.0).abs() < 1e-3));
    }
    document.vertex_sets[0].normals = Some(vec![Vec3::Y; 2]);
    let baked = bake(&document);
    let triangles = finest(&baked);
    assert_eq!(triangles.len(), 2);
    assert!(triangles.iter().flatten().all(|corner| corner.y.abs() < 2e-4), "it lies flat");
    assert!(!baked.tables.materials[0].unlit, "with a normal light falls on it");
    // A long one is cut, so that its tiles stay fine.
    document.vertex_sets[0].positions[1] = Vec3::new(1000.0, 0.0, 0.0);
    assert_eq!(bake(&document).report.marks, 32);
}

#[test]
fn colours_materials_and_entities_stay() {
    let mut document =
        cloud((0..100).map(|i| Vec3::new((i % 10) as f32, 0.0, (i / 10) as f32) * 0.1).collect());
    document.vertex_sets[0].colors = Some(vec![Vec4::new(1.0, 0.5, 0.0, 1.0); 100]);
    document.materials = vec![plain_material([0.5, 1.0, 1.0, 1.0])];
    document.meshes[0].marks[0].material = Some(0);
    let baked = bake(&document);
    let decoded = Decoded::of(&baked, leaves(&baked)[0]);
    assert!(decoded.json["meshes"][0]["primitives"][0]["attributes"]["COLOR_0"].is_u64());
    assert_eq!(decoded.parts[0].entity.as_deref(), Some("cloud"));
    assert_eq!(baked.tables.materials[0].base_color, [0.5, 1.0, 1.0, 1.0]);
    assert!(baked.tables.entities[0].bounds.max.abs_diff_eq(Vec3::new(0.9, 0.0, 0.9), 1e-6));
}

#[test]
fn splats_are_as_large_as_they_say() {
    let mut document = cloud(vec![Vec3::ZERO, Vec3::X]);
    let disk = Disk { normal: Vec3::Z, radius: 0.2 };
    document.meshes[0].marks[0].disks = Some(vec![disk; 2]);
    document.nodes[0].world_from_node = Affine3A::from_scale(Vec3::splat(2.0));
    let triangles = finest(&bake(&document));
    assert_eq!(triangles.len(), 4);
    let area: f32 = triangles.iter().map(|[a, b, c]| (*b - *a).cross(*c - *a).length() / 2.0).sum();
    let expected = 2.0 * std::f32::consts::PI * 0.4 * 0.4;
    assert!((area / expected - 1.0).abs() < 0.01, "{area} m² for {expected}");
    assert!(triangles.iter().flatten().all(|corner| corner.z.abs() < 1e-3));
}

/// From middles of shapes to the nearest of others, at most; of every hundredth.
fn farthest_of_middles(from: &[[Vec3; 3]], to: &[[Vec3; 3]]) -> f32 {
    let middle = |[a, b, c]: &[Vec3; 3]| {
        let sides = [(*a, *b), (*b, *c), (*c, *a)];
        let longest =
            sides.into_iter().max_by(|x, y| x.0.distance(x.1).total_cmp(&y.0.distance(y.1))).unwrap();
        (longest.0 + longest.1) * 0.5
    };
    let middles: Vec<Vec3> = to.iter().map(middle).collect();
    let distance = |from: Vec3| middles.iter().map(|to| to.distance(from)).fold(f32::INFINITY, f32::min);
    from.iter().step_by(100).map(|triangle| distance(middle(triangle))).fold(0.0, f32::max)
}

/// By another library's distance from a point to triangles, at places that nobody chose.
#[test]
fn no_level_is_farther_from_the_finest_than_it_says() {
    let mut random = Random(3);
    let mut farthest = |from: &[[Vec3; 3]], to: &TriMesh| {
        let points = (0..3000).map(|_| {
            let [a, b, c] = from[random.below(from.len())];
            let (u, v) = (random.unit(), random.unit());
            let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
            a + (b - a) * u + (c - a) * v
        });
        points.map(|point| to.distance_to_local_point(point, false)).fold(0.0, f32::max)
    };
    for document in [sphere(30_000), path(20_000)] {
        let baked = bake(&document);
        let tiles = &baked.tables.tiles;
        let of = |tile: &Tile| Decoded::of(&baked, tile).triangles();
        assert!(tiles.len() > 5 && tiles[0].triangle_count <= 3000, "{} tiles", tiles.len());
        let mut below: Vec<Vec<[Vec3; 3]>> = vec![Vec::new(); tiles.len()];
        for (index, tile) in tiles.iter().enumerate().rev() {
            if tile.child_count == 0 {
                below[index] = of(tile);
                continue;
            }
            let children = tile.first_child as usize..(tile.first_child + tile.child_count) as usize;
            below[index] = below[children].concat();
            let coarse = of(tile);
            let off = farthest(&below[index], &mesh(&coarse)).max(farthest(&coarse, &mesh(&below[index])));
            let claimed = tile.geometric_error_metres;
            // The lattice rounds to 0.2 mm.
            assert!(off <= claimed + 2e-4, "claims {claimed} m, measured {off} m");
            // Squares cover what stands between their middles, but not its colours: those are as far as the middles. Where
            // few points have gone, their own size is most of what is claimed.
            let apart = farthest_of_middles(&below[index], &coarse).max(off);
            assert!(
                apart >= 0.15 * claimed,
                "claims {claimed} m, measured {off} m and {apart} m between middles"
            );
            assert!(coarse.len() < below[index].len(), "it is no coarser");
        }
    }
}

#[test]
fn clouds_stand_beside_meshes_under_one_root_and_come_out_alike_each_time() {
    let mut document = single(ball(60));
    let beside = sphere(9000);
    document.nodes.push(node("cloud", 1, Affine3A::from_translation(Vec3::X * 8.0)));
    document.meshes.extend(beside.meshes);
    document.meshes[1].marks[0].vertices = 1;
    document.vertex_sets.extend(beside.vertex_sets);
    let baked = bake(&document);
    let root = &baked.tables.tiles[0];
    assert_eq!(root.child_count, 2);
    let seen = Decoded::of(&baked, root);
    let entities: Vec<_> = seen.parts.iter().filter_map(|part| part.entity.as_deref()).collect();
    assert!(entities.contains(&"cloud") && entities.len() > 1, "{entities:?}");
    // What stands for the points is not simplified away: as many squares as in the coarsest tile of points alone.
    let of_cloud = seen.parts.iter().filter(|part| part.entity.as_deref() == Some("cloud"));
    let count: usize = of_cloud.map(|part| part.indices.len() / 3).sum();
    assert!((200..=2000).contains(&count), "{count} triangles");
    assert_eq!(bake(&document).blobs, baked.blobs);
}

/// How long a million points take, and how much comes out of them.
#[test]
fn a_million_points() {
    let baked = bake(&sphere(1_000_000));
    println!("{}", baked.report);
    assert!(baked.tables.tiles.len() < 400, "{} tiles", baked.tables.tiles.len());
    assert!(baked.report.tile_triangles < 2_000_000 * 2, "{}", baked.report.tile_triangles);
}
