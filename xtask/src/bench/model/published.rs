//! What others have published of headsets of this class, and by how much the model misses it.
//!
//! Each line says what had to be supposed, because its source does not tell it.

use super::frame::{Scene, Shaders, Spread, estimate, saving_millis, saving_percent};
use super::measured::{EYE_1440, EYE_1440_FOVEATED_BINS, LIT_FETCHED, LIT_HALF};

/// What the model says of a published number.
pub struct Line {
    /// What was measured, on what, by whom.
    pub what: &'static str,
    /// What had to be supposed.
    pub supposed: &'static str,
    pub unit: &'static str,
    /// Lowest and highest that was published; the same where it was one number.
    pub published: [f64; 2],
    pub model: Spread,
}

impl Line {
    /// How far the model's middle is from what was published, percent; 0 within it.
    pub fn error_percent(&self) -> f64 {
        let nearest = self.model.p50.clamp(self.published[0], self.published[1]);
        100.0 * (self.model.p50 / nearest - 1.0)
    }

    /// Whether the model's own spread reaches what was published.
    pub fn is_within(&self) -> bool {
        self.model.p10 <= self.published[1] && self.model.p90 >= self.published[0]
    }
}

/// A frame of the usual size at the highest level that is published, without foveation.
pub const PLAIN: Scene = Scene {
    size: EYE_1440.0,
    bins: EYE_1440.1,
    megahertz: 490.0,
    triangles: 120_000.0,
    vertices: None,
    draws: 150.0,
    overdraw: 1.3,
    cover: [0.95; 3],
    vertex_bytes: 28.0,
    shaded: [1.0; 3],
    pixel_bytes: 4.0,
    has_compositor: true,
};

/// What the strongest fixed foveation leaves of the fragments: nobody tells, so supposed.
const FOVEATED: [f64; 3] = [0.45, 0.6, 0.75];

/// Every published number that there is.
pub fn lines() -> Vec<Line> {
    let app = Scene { has_compositor: false, ..PLAIN };
    vec![
        cubes(),
        vertices(144_400.0),
        vertices(1_040_400.0),
        foveation(&app),
        quest_3(&app),
        memoryless(&app),
    ]
}

/// Hotham's other numbers go with a shader like ours: physically based, 16 bits, instances in a buffer.
const HOTHAM: Shaders = Shaders { fragment: LIT_HALF.fragment, ..LIT_FETCHED };

fn hotham() -> Scene {
    Scene {
        bins: EYE_1440_FOVEATED_BINS,
        vertex_bytes: 40.0,
        shaded: FOVEATED,
        overdraw: 1.0,
        has_compositor: false,
        ..PLAIN
    }
}

fn cubes() -> Line {
    let (triangles, vertices) = (98.0 * 12.0, Some(98.0 * 24.0));
    let scene = Scene { triangles, vertices, draws: 1.0, cover: [0.05, 0.2, 0.5], ..hotham() };
    Line {
        what: "Quest 2, Hotham 0.2: 98 cubes, App time",
        supposed: "cubes cover 5–50 % of the view, one instanced draw, clock 490 MHz, foveation leaves 45–75 %",
        unit: "ms",
        published: [1.73; 2],
        model: estimate(&scene, &HOTHAM).0,
    }
}

/// Its grids of vertices: one holds 72 Hz, the other gives 16 frames a second.
fn vertices(count: f64) -> Line {
    let scene = Scene {
        triangles: 2.0 * count,
        vertices: Some(count),
        draws: 1.0,
        cover: [0.1, 0.4, 0.8],
        has_compositor: true,
        ..hotham()
    };
    let model = estimate(&scene, &HOTHAM).0;
    let supposed = "two triangles a vertex, 10–80 % of the view, clock 490 MHz, the GPU is what is slow";
    if count < 1e6 {
        let what = "Quest 2, Hotham 0.2: 144 400 vertices hold 72 Hz";
        return Line { what, supposed, unit: "ms", published: [0.0, 1e3 / 72.0], model };
    }
    let what = "Quest 2, Hotham 0.2: 1 040 400 vertices at 16 frames a second";
    Line { what, supposed, unit: "ms", published: [1e3 / 16.5, 1e3 / 15.5], model }
}

fn foveation(app: &Scene) -> Line {
    let foveated = Scene { bins: EYE_1440_FOVEATED_BINS, shaded: FOVEATED, ..*app };
    Line {
        what: "Quest Pro (same GPU class), Meta: fixed foveation saves",
        supposed: "a lit frame of ours of 120 000 triangles, foveation leaves 45–75 % of the fragments",
        unit: "%",
        published: [26.0, 36.0],
        model: saving_percent(app, &foveated, &LIT_HALF),
    }
}

fn quest_3(app: &Scene) -> Line {
    let foveated = Scene { bins: EYE_1440_FOVEATED_BINS, shaded: FOVEATED, ..*app };
    Line {
        what: "Quest 3 (a newer GPU), Godot: foveation, 9–10 ms → 5–6 ms, saves",
        supposed: "as above, and that another GPU saves the same share",
        unit: "%",
        published: [33.0, 50.0],
        model: saving_percent(app, &foveated, &LIT_HALF),
    }
}

fn memoryless(app: &Scene) -> Line {
    // Four samples of colour and depth leave the chip as well.
    let stored = Scene { pixel_bytes: app.pixel_bytes + 4.0 * 8.0, ..*app };
    Line {
        what: "Quest, Godot: memoryless samples, high 10 / low 11 ms → mid 9 ms, saves",
        supposed: "before, all samples of colour and depth were written out uncompressed, once",
        unit: "ms",
        published: [1.0, 2.0],
        model: saving_millis(&stored, app, &LIT_HALF),
    }
}
