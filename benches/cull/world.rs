//! The boxes that are culled: cells of a floor, in each of which chunks stand. Only numbers, so that a peer
//! reads them as they are.

/// Chunks of a cell.
pub const CELL_CHUNKS: usize = 64;

/// Metres of a cell's side.
pub const CELL_METRES: f32 = 8.0;

/// Half the width and height of what is seen, radians: about what a Quest 2 shows.
pub const HALF_FOV_RADIANS: f32 = 0.83;

/// A box by its middle and half its size, metres.
#[derive(Clone, Copy, Debug)]
pub struct Chunk {
    pub center: [f32; 3],
    pub half: [f32; 3],
}

/// Cells on a side of the floor that holds `chunks`.
pub fn side(chunks: usize) -> usize {
    (chunks.div_ceil(CELL_CHUNKS) as f64).sqrt().ceil() as usize
}

/// Where the eyes are: in the middle of the floor's edge, looking along −Z over all of it.
pub fn eye(chunks: usize) -> [f32; 3] {
    [0.0, 1.6, side(chunks) as f32 * CELL_METRES * 0.5]
}

/// How far the head is turned to the left in a frame, radians: a glance from side to side, so that no frame is like the
/// one before.
#[allow(dead_code, reason = "culling alone is timed with the head held still")]
pub fn yaw(frame: usize) -> f32 {
    0.1 * (frame as f32 * 0.05).sin()
}

/// The chunks, cell by cell.
pub fn chunks(count: usize) -> Vec<Chunk> {
    let mut seed = 3_u32;
    let mut random = move || {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 8) as f32 / (1 << 24) as f32
    };
    let side = side(count);
    let corner = side as f32 * CELL_METRES * 0.5;
    (0..count)
        .map(|index| {
            let cell = index / CELL_CHUNKS;
            let (x, z) = ((cell % side) as f32, (cell / side) as f32);
            let mut half = || 0.1 + 0.6 * random();
            let half = [half(), half(), half()];
            let mut within = |half: f32| half + random() * (CELL_METRES - 2.0 * half);
            let center = [
                x * CELL_METRES - corner + within(half[0]),
                within(half[1]) * 0.5,
                z * CELL_METRES - corner + within(half[2]),
            ];
            Chunk { center, half }
        })
        .collect()
}
