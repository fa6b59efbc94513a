//! Numbers in 16 bits, as shaders read them.

/// The nearest IEEE 754 half; what is too large becomes the largest finite one, what is too small 0.
pub(super) fn half(x: f32) -> u16 {
    const LARGEST: f32 = 65504.0;
    const SMALLEST_NORMAL: f32 = 6.103_515_6e-5;
    let sign = if x < 0.0 { 0x8000 } else { 0 };
    let size = x.abs().min(LARGEST);
    if size < SMALLEST_NORMAL {
        return sign;
    }
    // Rebias the exponent from 127 to 15 and round the 23 fraction bits to 10, half to even.
    let bits = size.to_bits() - (112 << 23);
    let rounded = (bits + 0xfff + ((bits >> 13) & 1)) >> 13;
    sign | u16::try_from(rounded).unwrap_or(0x7bff)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values from the definition of the format.
    #[test]
    fn halves_are_those_of_ieee_754() {
        for (x, bits) in [
            (0.0, 0),
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65504.0, 0x7bff),
            (1e6, 0x7bff),
            (0.1, 0x2e66),
            (1.0 / 3.0, 0x3555),
            (6.103_515_6e-5, 0x0400),
            // Halfway between 1 and the next half: to the even one.
            (1.0 + 1.0 / 2048.0, 0x3c00),
            (1.0 + 3.0 / 2048.0, 0x3c02),
        ] {
            assert_eq!(half(x), bits, "{x}");
        }
    }
}
