//! The colour by which a visitor is known again.

/// Seven colours that people with any colour vision tell apart, sRGB (Okabe and Ito, "Color Universal
/// Design", 2008), their yellow and blue a little calmer so that faces keep their shading, and a light
/// grey.
const COLORS: [[u8; 3]; 8] = [
    [230, 159, 0],
    [86, 180, 233],
    [0, 158, 115],
    [232, 218, 80],
    [30, 110, 190],
    [213, 94, 0],
    [204, 121, 167],
    [205, 210, 216],
];

/// Linear RGB as unorm. The same key gives the same colour everywhere and always.
pub fn color_of(key: u64) -> [u8; 3] {
    COLORS[(mixed(key) % COLORS.len() as u64) as usize].map(linear_byte)
}

/// Spreads keys that differ in few bits (the finaliser of Steele et al., "Fast Splittable Pseudorandom
/// Number Generators", 2014).
fn mixed(key: u64) -> u64 {
    let key = (key ^ (key >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let key = (key ^ (key >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    key ^ (key >> 31)
}

/// IEC 61966-2-1.
fn linear_byte(srgb: u8) -> u8 {
    let x = f32::from(srgb) / 255.0;
    let linear = if x <= 0.040_45 { x / 12.92 } else { ((x + 0.055) / 1.055).powf(2.4) };
    (linear * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_spread_over_all_colours() {
        let mut counts = [0; COLORS.len()];
        for key in 0..8000 {
            counts[(mixed(key) % COLORS.len() as u64) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
        assert_eq!(color_of(7), color_of(7));
    }

    /// What is left of a colour for the three kinds of dichromats: no two become alike
    /// (Viénot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of displays by
    /// dichromats", 1999, for the first two; the third after Brettel et al., 1997, simplified).
    #[test]
    fn dichromats_tell_the_colours_apart() {
        let rows: [[[f32; 3]; 3]; 4] = [
            [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            [[0.112, 0.888, 0.0], [0.112, 0.888, 0.0], [0.004, -0.004, 1.0]],
            [[0.293, 0.707, 0.0], [0.293, 0.707, 0.0], [-0.022, 0.022, 1.0]],
            [[1.015, 0.137, -0.152], [-0.011, 0.869, 0.142], [0.061, 0.804, 0.135]],
        ];
        for (kind, rows) in rows.iter().enumerate() {
            let seen = COLORS.map(|color| {
                let linear = color.map(|byte| f32::from(linear_byte(byte)) / 255.0);
                rows.map(|row| {
                    let x: f32 = row.iter().zip(linear).map(|(a, b)| a * b).sum();
                    // About equal steps of lightness.
                    x.clamp(0.0, 1.0).cbrt()
                })
            });
            for (a, first) in seen.iter().enumerate() {
                for (b, second) in seen.iter().enumerate().skip(a + 1) {
                    let apart: f32 =
                        first.iter().zip(second).map(|(x, y)| (x - y).powi(2)).sum::<f32>().sqrt();
                    assert!(apart > 0.07, "kind {kind}: {a} and {b} are {apart} apart");
                }
            }
        }
    }
}
