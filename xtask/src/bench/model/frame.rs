//! One frame of both eyes in one multiview pass: shaders, bins and draws → milliseconds of GPU.

use super::rates::{Dice, Rates};

/// Guesses at the hardware for one answer.
const DRAWS: u64 = 3000;

/// Issue slots of one thread of a shader, from the compiler's assembly.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Slots {
    /// 32-bit arithmetic and waiting.
    pub full: f64,
    /// 16-bit arithmetic.
    pub half: f64,
    /// Reciprocals, roots and the like.
    pub special: f64,
    /// Textures and memory.
    pub memory: f64,
    /// Textures fetched before the thread starts.
    pub prefetched: f64,
}

impl Slots {
    /// Clocks of the whole GPU for one thread.
    fn clocks(&self, rates: &Rates) -> f64 {
        let plain = (self.full + self.half / rates.half) / rates.lanes / rates.efficiency;
        let special = self.special / (rates.lanes * rates.special) / rates.efficiency;
        let texture = (self.memory + self.prefetched) / rates.texels;
        let arithmetic = plain.max(special) + 0.3 * plain.min(special);
        arithmetic.max(texture) + rates.exposed * arithmetic.min(texture)
    }
}

/// What every pixel and vertex goes through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shaders {
    /// In the rendering pass.
    pub vertex: Slots,
    /// Positions alone, in the binning pass.
    pub binning: Slots,
    /// For each fragment.
    pub fragment: Slots,
}

/// What is drawn, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// Pixels of an eye.
    pub size: [f64; 2],
    /// Tiles of the picture on the chip, both eyes at once.
    pub bins: f64,
    /// The GPU's clock.
    pub megahertz: f64,
    /// Triangles for each eye.
    pub triangles: f64,
    /// Vertices for each eye, where they are known better than by triangles.
    pub vertices: Option<f64>,
    /// Draw calls.
    pub draws: f64,
    /// Fragments for each covered pixel.
    pub overdraw: f64,
    /// What of the picture is covered at all.
    pub cover: [f64; 3],
    /// Bytes of a vertex in memory.
    pub vertex_bytes: f64,
    /// What foveation leaves of the fragments.
    pub shaded: [f64; 3],
    /// Bytes that are written for each pixel and eye: 4, and more where samples leave the chip.
    pub pixel_bytes: f64,
    /// Whether the compositor's part counts.
    pub has_compositor: bool,
}

/// Milliseconds, by what they are spent on.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parts {
    pub binning: f64,
    pub vertices: f64,
    pub fragments: f64,
    pub resolve: f64,
    pub bins: f64,
    pub draws: f64,
    pub compositor: f64,
}

impl Parts {
    /// By name.
    pub fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("fragments", self.fragments),
            ("binning", self.binning),
            ("vertices", self.vertices),
            ("resolve", self.resolve),
            ("bins", self.bins),
            ("draws", self.draws),
            ("compositor", self.compositor),
        ]
    }

    /// The frame.
    pub fn total(&self) -> f64 {
        self.named().iter().map(|(_, millis)| millis).sum()
    }
}

/// A tenth are below the first, half below the second, nine tenths below the third.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    pub p10: f64,
    pub p50: f64,
    pub p90: f64,
}

impl Spread {
    /// Of numbers.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (share * numbers.len().saturating_sub(1) as f64) as usize;
            numbers.get(place).copied().unwrap_or(f64::NAN)
        };
        Self { p10: at(0.1), p50: at(0.5), p90: at(0.9) }
    }
}

/// One frame on one guess at the hardware.
fn parts(scene: &Scene, shaders: &Shaders, rates: &Rates, dice: &mut Dice) -> Parts {
    const EYES: f64 = 2.0;
    let hertz = scene.megahertz * 1e6;
    let bytes_a_milli = rates.gigabytes * 1e6;
    let [width, height] = scene.size;
    let pixels = width * height * EYES;
    let vertices = scene.vertices.unwrap_or(scene.triangles * rates.reuse);
    let shade = |slots: &Slots, again: f64| {
        let shading = vertices * EYES * again * slots.clocks(rates);
        shading.max(scene.triangles * EYES * again / rates.triangles) / hertz * 1e3
    };
    let fragments =
        pixels * dice.triangle(scene.cover) * scene.overdraw * rates.edges * dice.triangle(scene.shaded);
    Parts {
        // Half of the reading hides behind the shading, and half of the vertices' shading behind the fragments'.
        binning: shade(&shaders.binning, 1.0) + vertices * scene.vertex_bytes / bytes_a_milli * 0.5,
        vertices: shade(&shaders.vertex, rates.overlap) * 0.5,
        fragments: fragments * shaders.fragment.clocks(rates) / hertz * 1e3,
        resolve: pixels * scene.pixel_bytes / bytes_a_milli,
        bins: scene.bins * rates.bin_micros * 1e-3,
        draws: scene.bins * scene.draws * rates.draw_nanos * 1e-6,
        compositor: if scene.has_compositor { rates.compositor_millis } else { 0.0 },
    }
}

/// The frame on many guesses: their totals' spread, and the middle of each part.
pub fn estimate(scene: &Scene, shaders: &Shaders) -> (Spread, Vec<(&'static str, f64)>) {
    let all = guesses(scene, shaders);
    let middle = |place: usize| Spread::of(all.iter().map(|parts| parts.named()[place].1).collect()).p50;
    let names = Parts::default().named();
    let middles = names.iter().enumerate().map(|(place, (name, _))| (*name, middle(place))).collect();
    (Spread::of(all.iter().map(Parts::total).collect()), middles)
}

/// What of the first frame's time the second saves, on the same guesses at the hardware, percent.
pub fn saving_percent(before: &Scene, after: &Scene, shaders: &Shaders) -> Spread {
    let (before, after) = (guesses(before, shaders), guesses(after, shaders));
    let saved = |(before, after): (&Parts, &Parts)| 100.0 * (1.0 - after.total() / before.total());
    Spread::of(before.iter().zip(&after).map(saved).collect())
}

/// How much shorter the second frame is, on the same guesses at the hardware, milliseconds.
pub fn saving_millis(before: &Scene, after: &Scene, shaders: &Shaders) -> Spread {
    let (before, after) = (guesses(before, shaders), guesses(after, shaders));
    let saved = |(before, after): (&Parts, &Parts)| before.total() - after.total();
    Spread::of(before.iter().zip(&after).map(saved).collect())
}

fn guesses(scene: &Scene, shaders: &Shaders) -> Vec<Parts> {
    let guess = |seed| {
        let mut dice = Dice::new(seed);
        let rates = Rates::draw(&mut dice);
        parts(scene, shaders, &rates, &mut dice)
    };
    (1..=DRAWS).map(guess).collect()
}
