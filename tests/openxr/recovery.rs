//! A runtime that dies takes the display with it, and nothing else.

use std::time::{Duration, Instant};

use crate::monado::Monado;
use crate::program::Home;
use crate::visit::{Visit, baked_twin, feet, is_in_the_twin};

/// How soon the visitor must be back after the runtime is.
const BACK: Duration = Duration::from_secs(3);

/// The null compositor's frame: a kill comes anywhere in it.
const FRAME_MICROS: u64 = 50_000;

/// Killed at ten phases of a frame that nobody has chosen, and started again: each time the visitor is
/// back where they were, soon, and neither Vulkan's nor OpenXR's layer has anything to say.
#[test]
fn under_monado_ten_deaths_of_the_runtime_are_survived() {
    let Some(mut monado) = Monado::start() else { return };
    let home = Home::new();
    let host = home.host(&baked_twin(&home), &[]);
    let mut visit = Visit::enter(&monado, &home, &host.link, &["--size", "64x64", "--at", "1,0,4,30"]);
    visit.wait_for(0, "the twin", is_in_the_twin);
    let first = visit.settle();
    let seed = u64::from(std::process::id());
    let mut state = seed;
    let mut returns = Vec::new();
    for death in 0..10 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let phase = Duration::from_micros((state >> 33) % FRAME_MICROS);
        std::thread::sleep(phase);
        monado.kill();
        // What was under way fails, and the next tries find nobody.
        std::thread::sleep(Duration::from_millis(100 * (death % 4)));
        let seen = visit.frames().len() as u64;
        monado.restart();
        let restarted = Instant::now();
        let back = visit.wait_for(seen, "the twin again", is_in_the_twin);
        returns.push((phase, restarted.elapsed()));
        assert_eq!(feet(&back), feet(&first), "death {death}");
        assert_eq!(back["yaw_degrees"], first["yaw_degrees"], "death {death}");
        assert!(visit.is_there());
    }
    println!("seed {seed}, phase and return: {returns:?}");
    let report = visit.leave();
    assert_eq!(report["displays_lost"].as_u64(), Some(10), "{report}");
    let slowest = returns.iter().map(|(_, back)| *back).max().unwrap();
    assert!(slowest <= BACK, "{returns:?}");
}
