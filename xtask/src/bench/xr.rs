//! `cargo xtask bench xr`: a frame in the session of a real OpenXR runtime without a display.
//!
//! What is counted is the CPU time of the frame's own thread, which a busy machine does not change, and what that
//! thread allocates in our code.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Arguments;
use crate::process::{self, Leash};
use crate::setup::cache::Cache;
use crate::setup::prefix::Prefix;
use crate::setup::{self, Downloads};
use crate::{demo, run, workspace};

/// How long the runtime may take to serve.
const START: Duration = Duration::from_secs(30);

/// The test that listens to the allocator in a headset's frames.
const LISTENER: &str = "under_monado_a_steady_frame_allocates_nothing_of_ours";

/// Measures it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = Cache::of_user()?;
    let prefix = setup::for_running(&cache, Downloads::Forget)?;
    let program = workspace::build_pavilion(arguments.release)?;
    let baked = demo::provide_twin(&program)?;
    // A socket's path ends at 107 bytes, so not under the target folder.
    let home = cache.join(&format!("bench-{}", std::process::id()));
    fs::create_dir_all(&home).with_context(|| format!("cannot write {}", home.display()))?;
    let measured = measure(arguments, &prefix, &program, &baked, &home);
    fs::remove_dir_all(&home)?;
    measured
}

fn measure(arguments: &Arguments, prefix: &Prefix, program: &Path, baked: &Path, home: &Path) -> Result<()> {
    let _runtime = serve(prefix, home)?;
    eprintln!("bench: {} frames of the demo venue in a headset's session", arguments.frames);
    let mut view = run::on_prefix(prefix, program);
    view.arg("view").arg(baked).args(["--headset", "--size", "256x256", "--json", "--frames"]);
    view.arg(arguments.frames.to_string()).env("XDG_RUNTIME_DIR", home);
    view.env_remove("XR_RUNTIME_JSON").stderr(Stdio::null());
    let report: Value =
        serde_json::from_str(&process::output(&mut view)?).context("the report is no JSON")?;
    if arguments.json {
        println!("{report}");
    } else {
        for (name, key) in
            [("CPU time of a frame", "frame_cpu_millis"), ("time between frames", "frame_millis")]
        {
            let millis =
                |of: &str| report[key][of].as_f64().map_or("–".into(), |millis| format!("{millis:.2} ms"));
            println!("{name:<20} p50 {}, p99 {}", millis("median"), millis("p99"));
        }
        println!(
            "{:<20} {} of {} triangles for each eye",
            "draws", report["draws"], report["triangles_drawn"]
        );
    }
    let mut listen = workspace::cargo();
    listen.args(["test", "--quiet", "--lib", LISTENER, "--", "--nocapture"]);
    listen.env("PAVILION_BENCH_TWIN", baked).env("XDG_RUNTIME_DIR", home).env_remove("XR_RUNTIME_JSON");
    listen.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", prefix.run()).stderr(Stdio::null());
    let said = process::output(&mut listen)?;
    for line in said.lines().filter(|line| line.contains("allocations in") || line.contains("skipped:")) {
        eprintln!("{}", line.trim_start_matches(|letter: char| !letter.is_alphabetic()));
    }
    Ok(())
}

/// Starts the runtime, whose files lie in `home`, and waits until it serves.
pub(super) fn serve(prefix: &Prefix, home: &Path) -> Result<Leash> {
    let log = home.join("log");
    let file = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    let mut command = process::leashed(prefix.monado());
    command.env("XDG_RUNTIME_DIR", home).env("MONADO_HOME", home).stdin(Stdio::null());
    let runtime = Leash(command.stdout(file.try_clone()?).stderr(file).spawn()?);
    let began = Instant::now();
    while !fs::read_to_string(&log).unwrap_or_default().contains("has started") {
        if began.elapsed() > START {
            let said = process::last_lines(&fs::read_to_string(&log).unwrap_or_default(), 3);
            bail!("the OpenXR runtime did not start in {} s: {said}", START.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(runtime)
}
