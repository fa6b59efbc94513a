//! The filters that follow the vertex codec: unit vectors, quaternions, floats and colours that were made to
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

/// Colours as luma, two differences of colour, and alpha below the highest of the bits that are used; four bytes each.
pub(super) fn color_bytes(bytes: &mut [u8]) {
    let (colors, _) = bytes.as_chunks_mut::<4>();
    for color in colors {
        let [y, co, cg, a] = *color;
        let rgba = rgba([i32::from(y), i32::from(co as i8), i32::from(cg as i8)], u32::from(a), 255.0);
        *color = rgba.map(|value| value as u8);
    }
}

/// The same in 16 bits.
pub(super) fn color_words(bytes: &mut [u8]) {
    map_words(bytes, |[y, co, cg, a]| {
        let rgba = rgba([i32::from(y as u16), co.into(), cg.into()], u32::from(a as u16), 65535.0);
        rgba.map(|value| value as u16 as i16)
    });
}

/// From YCoCg (Malvar and Sullivan, "YCoCg-R: A color space with RGB reversibility and low dynamic range", 2003).
fn rgba([y, co, cg]: [i32; 3], alpha: u32, max: f32) -> [f32; 4] {
    // As many ones as there are bits.
    let one = u32::MAX.checked_shr(alpha.leading_zeros()).unwrap_or(0);
    let low = alpha & (one >> 1);
    let alpha = (low << 1) | (low & 1);
    let scale = max / (one.max(1) as f32);
    let [r, g, b] = [y + co - cg, y + cg, y - co - cg].map(|value| value as f32);
    [r, g, b, alpha as f32].map(|value| (value * scale).round())
}
