//! How much of memory a bake takes.

use std::ops::ControlFlow;

use glam::Vec3;

use super::scenes::{sheet, single};
use crate::host::bake::bake_document;
use crate::host::bake::soup::Vertex;
use crate::host::bake::workers::tests::with_threads;
use crate::host::bake::{BakeOptions, SOUP_COPIES_MAX, WORKER_BYTES_MAX};
use crate::tests::allocator::peak_bytes;

/// Bytes that a bake of waves takes beyond the document, with one worker, and those of the soup.
fn taken(across: usize) -> (usize, usize) {
    let wave = |u: f32, v: f32| {
        let (x, z) = (u * 60.0, v * 60.0);
        (Vec3::new(x, (x * 0.7).sin() * (z * 0.9).cos(), z), Vec3::Y)
    };
    let document = single(sheet(across, wave));
    let corners = document.vertex_sets[0].positions.len();
    let soup = corners * size_of::<Vertex>() + document.meshes[0].primitives[0].indices.len() * 4;
    let bake = || bake_document(&document, &BakeOptions::default(), &mut |_| ControlFlow::Continue(()));
    let (baked, peak) = peak_bytes(|| with_threads(1, bake).unwrap());
    assert!(baked.report.tiles > 10);
    (peak, soup)
}

#[test]
fn a_bake_takes_some_copies_of_the_soup_and_something_for_each_worker() {
    let [(small, small_soup), (large, large_soup)] = [200, 500].map(taken);
    let copies = (large - small) as f64 / (large_soup - small_soup) as f64;
    println!("{small} bytes for a soup of {small_soup}, {large} for {large_soup}: {copies:.2} copies");
    assert!(small <= small_soup * SOUP_COPIES_MAX + WORKER_BYTES_MAX);
    assert!(large <= large_soup * SOUP_COPIES_MAX + WORKER_BYTES_MAX);
    assert!(copies <= SOUP_COPIES_MAX as f64);
}
