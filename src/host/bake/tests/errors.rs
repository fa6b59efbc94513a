//! Geometric errors against distances that are sampled here.

use glam::{Vec3, Vec3Swizzles};

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
