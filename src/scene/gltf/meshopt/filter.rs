//! The filters that follow the vertex codec: unit vectors, quaternions and floats that were made to
//! compress better. Each rewrites the bytes in place.

/// Unit vectors in octahedral form, four signed bytes each: x, y, what 1 is, and a fourth that stays.
pub(super) fn octahedral_bytes(bytes: &mut [u8]) {
    let (vectors, _) = bytes.as_chunks_mut::<4>();
    for vector in vectors {
        let [x, y, one, w] = *vector;
        let unit = octahedral([x, y, one].map(|byte| f32::from(byte as i8)), 127.0);
        let [x, y, z] = unit.map(|value| value as i8 as u8);
        *vector = [x, y, z, w];
    }
}

/// The same in 16 bits.
pub(super) fn octahedral_words(bytes: &mut [u8]) {
    map_words(bytes, |[x, y, one, w]| {
        let [x, y, z] = octahedral([x, y, one].map(f32::from), 32767.0).map(|value| value as i16);
        [x, y, z, w]
    });
}

fn octahedral([x, y, one]: [f32; 3], max: f32) -> [f32; 3] {
    let z = one - x.abs() - y.abs();
    // Below the equator the corners are folded over the edges.
    let fold = z.min(0.0);
    let x = x + if x >= 0.0 { fold } else { -fold };
    let y = y + if y >= 0.0 { fold } else { -fold };
    let length = (x * x + y * y + z * z).sqrt();
    [x, y, z].map(|value| (value * (max / length)).round())
}

/// Unit quaternions without their largest component, which the two lowest bits of the last word name;
/// the rest of that word is what 1/√2 is.
pub(super) fn quaternion(bytes: &mut [u8]) {
    map_words(bytes, |[x, y, z, w]| {
        let one = f32::from(w | 3);
        let scale = 32767.0 / (one * std::f32::consts::SQRT_2);
        let [x, y, z] = [x, y, z].map(f32::from);
        let largest = (one * one * 2.0 - x * x - y * y - z * z).max(0.0).sqrt();
        let mut components = [largest, x, y, z].map(|value| (value * scale).round() as i16);
        components.rotate_right(usize::from(w as u16 & 3));
        components
    });
}

fn map_words(bytes: &mut [u8], map: impl Fn([i16; 4]) -> [i16; 4]) {
    let (vectors, _) = bytes.as_chunks_mut::<8>();
    for vector in vectors {
        let [a, b, c, d, e, f, g, h] = *vector;
        let words = [[a, b], [c, d], [e, f], [g, h]].map(i16::from_le_bytes);
        let [[a, b], [c, d], [e, f], [g, h]] = map(words).map(i16::to_le_bytes);
        *vector = [a, b, c, d, e, f, g, h];
    }
}

/// Floats as a signed exponent in the highest byte and a signed mantissa in the others.
pub(super) fn exponential(bytes: &mut [u8]) {
    let (words, _) = bytes.as_chunks_mut::<4>();
    for word in words {
        let value = i32::from_le_bytes(*word);
        let mantissa = (value << 8) >> 8;
        let exponent = value >> 24;
        let power = f32::from_bits((exponent.wrapping_add(127) as u32) << 23);
        *word = (power * mantissa as f32).to_le_bytes();
    }
}
