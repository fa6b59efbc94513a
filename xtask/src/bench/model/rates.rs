//! How fast an Adreno 650 may be, drawn by chance between what is known and what is guessed.
//!
//! Each rate is a triangle: low, likely, high. "Known" is a public source, "guessed" is nobody's measurement.

/// Numbers by chance, the same each time.
pub struct Dice(u64);

impl Dice {
    /// One row of numbers for each seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// 0 ..= 1.
    fn share(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From a triangular distribution.
    pub fn triangle(&mut self, [low, likely, high]: [f64; 3]) -> f64 {
        let share = self.share();
        let peak = if high > low { (likely - low) / (high - low) } else { return low };
        if share < peak {
            low + (share * (high - low) * (likely - low)).sqrt()
        } else {
            high - ((1.0 - share) * (high - low) * (high - likely)).sqrt()
        }
    }
}

/// One guess at the hardware.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// 32-bit operations a clock. Known, but sources disagree: 768 for the Adreno 640, "50 % more" for the 650.
    pub lanes: f64,
    /// How much faster 16-bit operations are. Known: twice, on paper; guessed: what pairing loses.
    pub half: f64,
    /// Reciprocals, roots and the like against plain operations. Known: 8 of 64 lanes on the 640.
    pub special: f64,
    /// What of the slots is issued with enough waves. Guessed; 0.91 was measured on pure additions on the 640.
    pub efficiency: f64,
    /// Texels a clock. Known: 24 units on the 640; guessed: filtering and misses.
    pub texels: f64,
    /// Gigabytes a second that an app can use, of 34 on paper. Guessed.
    pub gigabytes: f64,
    /// For each bin: state, clear, start and stop, microseconds. Guessed.
    pub bin_micros: f64,
    /// For each draw in each bin that it is checked against, nanoseconds. Guessed.
    pub draw_nanos: f64,
    /// Triangles set up a clock, in each pass. Guessed.
    pub triangles: f64,
    /// How often a vertex is shaded again, because its triangles touch several bins. Guessed.
    pub overlap: f64,
    /// Vertices shaded for each triangle. Guessed.
    pub reuse: f64,
    /// Fragments shaded for each that is covered: quads and the edges of samples. Guessed.
    pub edges: f64,
    /// What of the shorter of arithmetic and texturing is not hidden by the longer. Guessed.
    pub exposed: f64,
    /// The compositor's part of the GPU, milliseconds a frame. Guessed.
    pub compositor_millis: f64,
}

impl Rates {
    /// One draw of all of them.
    pub fn draw(dice: &mut Dice) -> Self {
        Self {
            lanes: dice.triangle([768.0, 960.0, 1152.0]),
            half: dice.triangle([1.0, 1.6, 2.0]),
            special: dice.triangle([1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0]),
            efficiency: dice.triangle([0.60, 0.75, 0.90]),
            texels: dice.triangle([12.0, 24.0, 36.0]),
            gigabytes: dice.triangle([10.0, 18.0, 24.0]),
            bin_micros: dice.triangle([1.5, 4.0, 10.0]),
            draw_nanos: dice.triangle([5.0, 15.0, 40.0]),
            triangles: dice.triangle([0.25, 0.5, 1.0]),
            overlap: dice.triangle([1.2, 1.6, 2.5]),
            reuse: dice.triangle([0.6, 0.8, 1.2]),
            edges: dice.triangle([1.1, 1.25, 1.5]),
            exposed: dice.triangle([0.0, 0.3, 0.6]),
            compositor_millis: dice.triangle([0.8, 1.3, 2.0]),
        }
    }
}
