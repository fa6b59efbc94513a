//! What was measured, as a table and as JSON.

use std::fmt::{self, Display, Write};

use pavilion::draw::{Gpu, GpuFacts};
use serde_json::{Value, json};

use super::place::CULLINGS;
use super::tally::{Tally, p99, part};

/// The line of both.
pub struct Report {
    facts: GpuFacts,
    has_clock: bool,
    text: String,
    lines: Vec<Value>,
}

impl Report {
    pub fn new(gpu: &Gpu, has_clock: bool) -> Self {
        let facts = gpu.facts().clone();
        let clock = if has_clock { "the GPU's own clock" } else { "the wall clock, frame after frame" };
        let text = format!("{} ({}), by {clock}, milliseconds a frame\n", facts.name, facts.driver);
        Self { facts, has_clock, text, lines: Vec::new() }
    }

    /// One object a variant, and one a size that compares.
    pub fn lines(&self) -> &[Value] {
        &self.lines
    }

    /// The tallies of a size, as [`sweep`](super::sweep::sweep) returns them.
    pub fn add(&mut self, size: [u32; 2], tallies: &[Tally]) {
        for tally in tallies.iter().filter(|tally| tally.frames() > 0) {
            self.lines.push(self.line(size, tally));
        }
        self.lines.push(self.comparison(size, tallies));
        self.write(size, tallies).expect("text");
    }

    fn line(&self, [width, height]: [u32; 2], tally: &Tally) -> Value {
        json!({
            "bench": "gpu",
            "device": self.facts.name,
            "driver": self.facts.driver,
            "is_software": self.facts.is_software,
            "eye_pixels": [width, height],
            "place": place(tally),
            "passes": if tally.is_at_once { 1 } else { 2 },
            "samples": tally.samples,
            "culling": CULLINGS[tally.culling],
            "frames": tally.frames(),
            "triangles_mean": tally.triangles_mean(),
            "draws_mean": tally.draws_mean(),
            "gpu_p50_millis": part(&tally.gpu_millis, 0.5),
            "gpu_p99_millis": tally.p99(),
            "gpu_max_millis": part(&tally.gpu_millis, 1.0),
            "wall_p50_millis": part(&tally.wall_millis, 0.5),
            "cpu_p50_millis": part(&tally.cpu_millis, 0.5),
            "cpu_p99_millis": p99(&tally.cpu_millis),
        })
    }

    /// How many times as long, over all places.
    fn comparison(&self, size: [u32; 2], tallies: &[Tally]) -> Value {
        let ratios = Ratios::of(tallies);
        json!({
            "bench": "gpu",
            "device": self.facts.name,
            "eye_pixels": size,
            "gpu_two_passes_times": ratios.two_passes,
            "gpu_2_samples_times": ratios.two_samples,
            "gpu_4_samples_times": ratios.four_samples,
            "gpu_foveated_gain": ratios.foveated,
            "gpu_budget_gain": ratios.budget,
        })
    }

    fn write(&mut self, [width, height]: [u32; 2], tallies: &[Tally]) -> fmt::Result {
        let text = &mut self.text;
        writeln!(text, "2 × {width}×{height}{:>38}one pass          two passes", "")?;
        writeln!(
            text,
            "           samples  levels of detail       p50     p99       p50     p99  times  CPU one   two  triangles  draws  frames"
        )?;
        for at_once in tallies.iter().filter(|tally| tally.is_at_once && tally.frames() > 0) {
            let in_turn = tallies.iter().find(|tally| !tally.is_at_once && is_same(tally, at_once));
            write_row(text, at_once, in_turn)?;
        }
        // A device without multiview has only these.
        if !tallies.iter().any(|tally| tally.is_at_once) {
            for in_turn in tallies.iter().filter(|tally| tally.frames() > 0) {
                write_row(text, in_turn, None)?;
            }
        }
        let ratios = Ratios::of(tallies);
        writeln!(text, "times as long, half of all blocks of frames are below:")?;
        for (what, times) in [
            ("two passes instead of one (4 samples, within the budget)", ratios.two_passes),
            ("2 samples instead of 1 (one pass, within the budget)", ratios.two_samples),
            ("4 samples instead of 1 (one pass, within the budget)", ratios.four_samples),
            ("a pixel everywhere instead of following the eye (one pass, 4 samples)", ratios.foveated),
            ("a pixel everywhere instead of within the budget (one pass, 4 samples)", ratios.budget),
        ] {
            writeln!(text, "  {what:<75}{:>5}", number(times, 2))?;
        }
        Ok(())
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.has_clock {
            writeln!(f, "This device has no clock of its own.")?;
        }
        f.write_str(&self.text)
    }
}

/// What differs in one thing, compared.
struct Ratios {
    two_passes: Option<f64>,
    two_samples: Option<f64>,
    four_samples: Option<f64>,
    foveated: Option<f64>,
    budget: Option<f64>,
}

impl Ratios {
    fn of(tallies: &[Tally]) -> Self {
        let [pixel, follows, budget] = [0, 1, 2];
        let has_both = tallies.iter().any(|tally| tally.is_at_once);
        let both = |a: (bool, u32, usize), b: (bool, u32, usize)| {
            let all = |(is_at_once, samples, culling)| {
                tallies.iter().filter(move |tally| {
                    (tally.is_at_once, tally.samples, tally.culling) == (is_at_once, samples, culling)
                })
            };
            Tally::times_of(all(a), all(b))
        };
        Self {
            two_passes: both((false, 4, budget), (true, 4, budget)),
            two_samples: both((has_both, 2, budget), (has_both, 1, budget)),
            four_samples: both((has_both, 4, budget), (has_both, 1, budget)),
            foveated: both((has_both, 4, pixel), (has_both, 4, follows)),
            budget: both((has_both, 4, pixel), (has_both, 4, budget)),
        }
    }
}

fn place(tally: &Tally) -> &'static str {
    if tally.is_entrance { "entrance" } else { "walk" }
}

fn is_same(a: &Tally, b: &Tally) -> bool {
    (a.is_entrance, a.samples, a.culling) == (b.is_entrance, b.samples, b.culling)
}

fn write_row(text: &mut String, first: &Tally, second: Option<&Tally>) -> fmt::Result {
    let of = |tally: Option<&Tally>, value: fn(&Tally) -> Option<f64>| number(tally.and_then(value), 3);
    let cpu = |tally: &Tally| part(&tally.cpu_millis, 0.5);
    writeln!(
        text,
        "  {:<10}{:>6}  {:<20}{:>8}{:>8}  {:>8}{:>8}  {:>5}  {:>7}{:>7}  {:>9}  {:>5}  {:>6}",
        place(first),
        first.samples,
        CULLINGS[first.culling],
        of(Some(first), Tally::p50),
        of(Some(first), Tally::p99),
        of(second, Tally::p50),
        of(second, Tally::p99),
        number(second.and_then(|second| second.times(first)), 2),
        of(Some(first), cpu),
        of(second, cpu),
        first.triangles_mean(),
        first.draws_mean(),
        first.frames(),
    )
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.digits$}"))
}
