//! Geometric errors against distances that are sampled here.

use glam::{Vec3, Vec3Swizzles};

use rapier3d::parry::query::PointQuery as _;
use rapier3d::parry::shape::TriMesh;

use super::decoded::Decoded;
use super::scenes::{bake, ball, sheet, single};

/// By brute force, from the textbook's definition: the nearest of many points of the surface.
fn distance(point: Vec3, samples: &[Vec3]) -> f32 {
    samples.iter().map(|sample| sample.distance_squared(point)).fold(f32::INFINITY, f32::min).sqrt()
}

fn samples(triangles: &[[Vec3; 3]], across: usize) -> Vec<Vec3> {
    let weights = (0..=across).flat_map(|i| (0..=across - i).map(move |j| (i, j)));
    let weights: Vec<(f32, f32)> =
        weights.map(|(i, j)| (i as f32 / across as f32, j as f32 / across as f32)).collect();
    let of = |&[a, b, c]: &[Vec3; 3]| weights.iter().map(move |&(u, v)| a + (b - a) * u + (c - a) * v);
    triangles.iter().flat_map(of).collect()
}

#[test]
fn the_error_of_a_ball_is_what_it_claims() {
    let baked = bake(&single(ball(60)));
    let tiles = &baked.tables.tiles;
    let finest = Decoded::of(&baked, tiles.last().unwrap());
    let source = samples(&finest.triangles(), 1);
    let probes: Vec<Vec3> = source.iter().step_by(37).copied().collect();
    assert!(tiles.len() >= 4, "{} tiles", tiles.len());
    for tile in &tiles[..tiles.len() - 1] {
        let coarse = samples(&Decoded::of(&baked, tile).triangles(), 24);
        let measured = probes.iter().map(|&probe| distance(probe, &coarse)).fold(0.0, f32::max);
        let claimed = tile.geometric_error_metres;
        // Sampling is coarser than the truth by up to the samples' spacing.
        assert!(claimed >= 0.5 * measured, "claims {claimed} m, measured {measured} m");
        assert!(claimed <= 4.0 * measured + 0.02, "claims {claimed} m, measured {measured} m");
        assert!(claimed > 0.0);
    }
}

#[test]
fn a_thin_slab_outlives_the_ball_beside_it() {
    let (mut set, mut indices) = ball(60);
    let half = Vec3::new(3.0, 2.0, 0.02);
    for axis in 0..3 {
        for sign in [-1.0, 1.0] {
            let mut normal = Vec3::ZERO;
            normal[axis] = sign;
            let (u, v) = (normal.zxy().abs(), normal.zxy().abs().cross(normal));
            let (face, corners) = sheet(1, |s, t| {
                ((normal + u * (s * 2.0 - 1.0) + v * (t * 2.0 - 1.0)) * half + Vec3::X * 6.0, normal)
            });
            let first = set.positions.len() as u32;
            set.positions.extend(face.positions);
            set.normals.as_mut().unwrap().extend(face.normals.unwrap());
            indices.extend(
                corners.as_chunks::<3>().0.iter().flat_map(|&[a, b, c]| [first + a, first + b, first + c]),
            );
        }
    }
    let baked = bake(&single((set, indices)));
    for tile in &baked.tables.tiles {
        let decoded = Decoded::of(&baked, tile);
        let reach =
            |corner: Vec3| decoded.positions.iter().map(|p| p.distance(corner)).fold(f32::INFINITY, f32::min);
        for corner in [Vec3::new(9.0, 2.0, 0.0), Vec3::new(9.0, -2.0, 0.0), Vec3::new(3.0, 2.0, 0.0)] {
            let distance = reach(corner);
            assert!(distance <= tile.geometric_error_metres + 0.03, "{distance} m from {corner}");
            assert!(distance < 0.6, "{distance} m from {corner} at {} triangles", tile.triangle_count);
        }
    }
}

/// By another library's distance from a point to triangles, at places that nobody chose.
#[test]
fn no_level_is_farther_from_the_finest_than_it_says() {
    let mesh = |triangles: &[[Vec3; 3]]| {
        let indices = (0..triangles.len() as u32).map(|t| [3 * t, 3 * t + 1, 3 * t + 2]).collect();
        TriMesh::new(triangles.concat(), indices).unwrap()
    };
    let mut seed = 3_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32
    };
    let mut farthest = |from: &[[Vec3; 3]], to: &TriMesh| {
        let points = (0..6000).map(|_| {
            let [a, b, c] = from[(random() * from.len() as f32) as usize % from.len()];
            let (u, v) = (random(), random());
            let (u, v) = if u + v > 1.0 { (1.0 - u, 1.0 - v) } else { (u, v) };
            a + (b - a) * u + (c - a) * v
        });
        points.map(|point| to.distance_to_local_point(point, false)).fold(0.0, f32::max)
    };
    // Ridges, whose crests are edges and whose vertices are few.
    let ridges = sheet(70, |u, v| {
        let (x, z) = (u * 12.0, v * 12.0);
        let ridge = ((x * 0.9 + z * 0.2).fract() - 0.5).abs() * 0.6;
        (Vec3::new(x, ridge * (z * 0.4).sin() + 0.1 * (z * 1.3).cos(), z), Vec3::Y)
    });
    for source in [ball(60), ridges] {
        let baked = bake(&single(source));
        let tiles = &baked.tables.tiles;
        let fine = Decoded::of(&baked, tiles.last().unwrap()).triangles();
        let fine_mesh = mesh(&fine);
        assert!(tiles.iter().all(|tile| tile.child_count <= 1), "one cell");
        for tile in &tiles[..tiles.len() - 1] {
            let coarse = Decoded::of(&baked, tile).triangles();
            let off = farthest(&fine, &mesh(&coarse)).max(farthest(&coarse, &fine_mesh));
            let claimed = tile.geometric_error_metres;
            // The lattice rounds to 0.2 mm.
            assert!(off <= claimed * 1.02 + 2e-4, "claims {claimed} m, measured {off} m");
            assert!(off >= 0.3 * claimed, "claims {claimed} m, measured {off} m");
        }
    }
}
