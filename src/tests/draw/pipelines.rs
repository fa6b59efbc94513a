//! Pipelines on the first day and on the second, when the driver remembers them.

use std::time::{Duration, Instant};

use super::gpu;
use crate::draw::{Gpu, GpuOptions, Renderer, RendererOptions};

/// Makes all pipelines with this memory, prints how long that took, and gives the time and what is to be remembered.
fn make(day: &str, options: GpuOptions, memory: &[u8]) -> (Duration, Vec<u8>) {
    let mut gpu = Gpu::open(options).unwrap();
    gpu.remember(memory);
    let began = Instant::now();
    let renderer = Renderer::new(&gpu, RendererOptions::default());
    let first = began.elapsed();
    let mut renderer = renderer.completed();
    let all = began.elapsed();
    let memory = renderer.take_memory().unwrap();
    println!(
        "{}, {day}: ready for the lobby after {:.1} ms, all 18 pipelines of surfaces after {:.1} ms, {} KiB remembered",
        gpu.facts().name,
        first.as_secs_f64() * 1e3,
        all.as_secs_f64() * 1e3,
        memory.len() / 1024
    );
    assert!(renderer.is_complete());
    assert_eq!(gpu.validation_messages(), [""; 0]);
    (all, memory)
}

/// The times of the first day, of the second, and of the quickest one after which the memory was damaged.
fn days(options: GpuOptions) -> [Duration; 3] {
    let (first, cold) = make("first day", options, &[]);
    let second = [(); 2].map(|()| make("second day", options, &cold).0).into_iter().min().unwrap();
    // What is damaged, or was made by somebody else, is as good as nothing.
    let mut damaged = cold.clone();
    damaged[cold.len() / 2] ^= 1;
    let foreign = [blake3::hash(b"foreign").as_bytes().as_slice(), b"foreign"].concat();
    let wrong = [&cold[..cold.len() / 2], &damaged, &foreign];
    let again = wrong.map(|wrong| make("a wrong memory", options, wrong).0);
    [first, second, again.into_iter().min().unwrap()]
}

/// Software drivers remember nothing, and lose nothing by being asked.
#[test]
fn pipelines_are_made_whatever_is_remembered() {
    if gpu().is_some() {
        days(GpuOptions::default());
    }
}

/// The driver knows no way to say which pipelines it found, so time has to: it is a tenth on a quiet machine.
#[test]
fn noop_adreno_makes_no_pipeline_twice() {
    if std::env::var_os("PAVILION_ADRENO").is_none() {
        return println!("skipped: this is no Adreno, `cargo xtask test shaders` brings one");
    }
    let [first, second, again] = days(GpuOptions { measures_shaders: true, ..GpuOptions::default() });
    assert!(second < first / 2 && second < again / 2, "{first:?}, then {second:?} and {again:?}");
}
