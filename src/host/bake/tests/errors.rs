//! Geometric errors against distances that are sampled here.

use glam::Vec3;

use super::decoded::Decoded;
use super::scenes::{bake, ball, single};

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
