//! `cargo xtask bench model`: what a frame may take on a Quest 2's GPU, by a model that nobody has calibrated.
//!
//! In: slots of shaders, bins and draw statistics. Out: milliseconds with a spread. It says first by how much it
//! misses what others have published. It does not see waves, caches, compression, early depth or heat.

mod frame;
mod measured;
mod published;
mod rates;

use anyhow::Result;
use serde_json::{Value, json};

use super::Arguments;
use frame::{Scene, Shaders, Spread, estimate};
use measured::{EYE_1440, EYE_1832, LIT, LIT_HALF, LIT_PLAIN};
use published::{Line, PLAIN};

/// What the spread of the rates does not hold: the model's own form, and a compiler that is not the headset's.
const STRUCTURE_PERCENT: f64 = 40.0;

/// A frame of Pavilion, by name.
struct Case {
    scene: &'static str,
    shaders: String,
    millis: Spread,
    parts: Vec<(&'static str, f64)>,
}

/// Checks itself, then answers.
pub fn run(arguments: &Arguments) -> Result<()> {
    let mut shaders: Vec<(String, Shaders)> =
        [("lit", LIT), ("lit, half", LIT_HALF), ("lit, no specular", LIT_PLAIN)]
            .map(|(name, shaders)| (name.to_owned(), shaders))
            .into();
    if let Some(path) = &arguments.shaders {
        shaders.extend(measured::read(path)?);
    }
    let lines = published::lines();
    let cases: Vec<Case> = scenes().iter().flat_map(|scene| cases_of(scene, &shaders)).collect();
    if arguments.json {
        println!("{}", to_json(&lines, &cases));
    } else {
        print(&lines, &cases);
    }
    Ok(())
}

/// What Pavilion may have to draw. The demo venue is as `cargo xtask demo --headless` counts it.
fn scenes() -> [(&'static str, Scene); 4] {
    let budget = Scene { triangles: 180_000.0, ..PLAIN };
    let venue = Scene { triangles: 577_901.0, draws: 743.0, ..PLAIN };
    let full = |scene: Scene| Scene { size: EYE_1832.0, bins: EYE_1832.1, ..scene };
    [
        ("120 000 triangles, 150 draws, 2 × 1440×1584", Scene { size: EYE_1440.0, ..PLAIN }),
        ("the budget: 180 000 triangles, 150 draws, 2 × 1440×1584", budget),
        ("the budget, 2 × 1832×1920", full(budget)),
        ("the demo venue without a budget: 577 901 triangles, 743 draws, 2 × 1440×1584", venue),
    ]
}

fn cases_of(&(scene, ref facts): &(&'static str, Scene), shaders: &[(String, Shaders)]) -> Vec<Case> {
    let case = |(name, shaders): &(String, Shaders)| {
        let (millis, parts) = estimate(facts, shaders);
        Case { scene, shaders: name.clone(), millis, parts }
    };
    shaders.iter().map(case).collect()
}

fn print(lines: &[Line], cases: &[Case]) {
    println!("A model of a Quest 2's GPU (Adreno 650), not a measurement.");
    println!("\nWhat others published, and by how much the model misses it:");
    for line in lines {
        let Line { what, supposed, unit, published: [low, high], model } = line;
        let told = if low == high { format!("{low:.2}") } else { format!("{low:.1}–{high:.1}") };
        let reach = if line.is_within() { "its spread reaches it" } else { "its spread does not reach it" };
        println!("  {what}: {told} {unit}");
        println!(
            "    model {:.2} / {:.2} / {:.2} {unit}: misses by {:+.0} %, {reach}",
            model.p10,
            model.p50,
            model.p90,
            line.error_percent()
        );
        println!("    supposed: {supposed}");
    }
    println!("\nA frame of Pavilion at 490 MHz without foveation, p10 / p50 / p90 (11.1 ms are 90 Hz):");
    let mut last = "";
    for Case { scene, shaders, millis, parts } in cases {
        if *scene != last {
            println!("  {scene}");
            last = scene;
        }
        let parts: Vec<_> = parts.iter().map(|(name, millis)| format!("{name} {millis:.2}")).collect();
        let Spread { p10, p50, p90 } = millis;
        println!("    {shaders:<18} {p10:5.1} / {p50:5.1} / {p90:5.1} ms   {}", parts.join(", "));
    }
    println!(
        "\nThe spread holds the rates' uncertainty alone. With the model's own, ±{STRUCTURE_PERCENT:.0} %."
    );
}

fn to_json(lines: &[Line], cases: &[Case]) -> Value {
    let spread = |spread: &Spread| json!([spread.p10, spread.p50, spread.p90]);
    let published: Vec<Value> = lines
        .iter()
        .map(|line| {
            json!({
                "what": line.what, "unit": line.unit, "published": line.published, "supposed": line.supposed,
                "model": spread(&line.model), "error_percent": line.error_percent(), "is_within": line.is_within(),
            })
        })
        .collect();
    let frames: Vec<Value> = cases
        .iter()
        .map(|case| {
            let parts: serde_json::Map<_, _> =
                case.parts.iter().map(|(name, millis)| ((*name).to_owned(), json!(millis))).collect();
            json!({"scene": case.scene, "shaders": case.shaders, "millis": spread(&case.millis), "parts": parts})
        })
        .collect();
    json!({
        "bench": "model", "is_model": true, "structure_percent": STRUCTURE_PERCENT,
        "published": published, "frames": frames,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first form of this model, another program with other random numbers, gave these (without a cost of
    /// draws, instances read from a buffer): total, and its parts.
    #[test]
    fn it_says_the_same_as_its_first_form() {
        let scene = Scene { draws: 0.0, ..PLAIN };
        let near = |is: f64, was: f64, what: &str| {
            assert!((is - was).abs() < 0.03 * was + 0.03, "{what}: {is}, was {was}")
        };
        let (millis, parts) = estimate(&scene, &measured::LIT_FETCHED);
        for (is, was) in [(millis.p10, 8.4), (millis.p50, 9.5), (millis.p90, 10.8)] {
            near(is, was, "total");
        }
        let was = [4.65, 0.95, 0.75, 1.04, 0.62, 0.0, 1.34];
        parts.iter().zip(was).for_each(|((name, is), was)| near(*is, was, name));
        for (fragment, was) in [(LIT_HALF.fragment, 8.5), (LIT_PLAIN.fragment, 8.2)] {
            near(
                estimate(&scene, &Shaders { fragment, ..measured::LIT_FETCHED }).0.p50,
                was,
                "another shader",
            );
        }
        let larger = Scene { size: EYE_1832.0, bins: EYE_1832.1, ..scene };
        near(estimate(&larger, &measured::LIT_FETCHED).0.p50, 13.0, "2 × 1832×1920");
        near(estimate(&Scene { megahertz: 587.0, ..scene }, &measured::LIT_FETCHED).0.p50, 8.5, "587 MHz");
    }

    #[test]
    fn more_to_draw_takes_longer_and_foveation_less() {
        let p50 = |scene: Scene| estimate(&scene, &LIT).0.p50;
        let plain = p50(PLAIN);
        assert!(p50(Scene { triangles: 400_000.0, ..PLAIN }) > plain);
        assert!(p50(Scene { draws: 800.0, ..PLAIN }) > plain);
        assert!(p50(Scene { megahertz: 305.0, ..PLAIN }) > plain);
        assert!(p50(Scene { shaded: [0.6; 3], ..PLAIN }) < plain);
        assert!(estimate(&PLAIN, &LIT_HALF).0.p50 < plain);
    }

    #[test]
    fn a_miss_is_counted_from_the_nearest_published_number() {
        let line = |p50: f64| Line {
            what: "",
            supposed: "",
            unit: "ms",
            published: [2.0, 4.0],
            model: Spread { p10: p50 - 0.5, p50, p90: p50 + 0.5 },
        };
        assert_eq!((line(3.0).error_percent(), line(3.0).is_within()), (0.0, true));
        assert_eq!((line(5.0).error_percent(), line(5.0).is_within()), (25.0, false));
        assert_eq!(line(1.0).error_percent(), -50.0);
    }
}
