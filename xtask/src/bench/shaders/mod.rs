//! `cargo xtask bench shaders`: what every pipeline costs on a headset's GPU, by Mesa's compiler for it.
//!
//! In: the renderer's own pipelines and passes, on an Adreno 650 that executes nothing. Out: instructions, registers
//! and waves of each stage, the bins of the eye pass, and what of it is worse than the committed baseline. These are
//! facts about Mesa's compiler and a model of the headset, whose own driver has another.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

mod bins;
mod table;

use super::Arguments;
use crate::setup::adreno::Adreno;
use crate::setup::cache::Cache;
use crate::{process, workspace};
use table::Table;

/// All tests that need this GPU; one of them writes the report.
const ALL: &str = "noop_adreno";
/// The tests whose passes are measured.
const PLAIN: &str = "noop_adreno_draws_eyes_without_one";
const DENSE: &str = "noop_adreno_draws_eyes_with_a_density_map";

/// Measures, and prints or accepts it.
pub fn run(arguments: &Arguments) -> Result<()> {
    let cache = Cache::of_user()?;
    let table = measure(&cache)?;
    if arguments.json {
        println!("{}", table.summary());
        for row in &table.rows {
            println!("{}", serde_json::to_string(row)?);
        }
    } else {
        print!("{table}");
    }
    if arguments.accept {
        fs::create_dir_all(workspace::root().join("benches"))?;
        fs::write(baseline_path(), table.to_lines()?).context("cannot write the baseline")?;
        eprintln!("bench: {} is the baseline now", baseline_path().display());
    }
    Ok(())
}

/// Measures and compares with the committed baseline; what is worse is an error. Otherwise says what makes the
/// comparison impossible, if anything does.
///
/// # Errors
/// With [`Environment`](crate::fault::Environment) where the GPU cannot be made here.
pub fn check(cache: &Cache) -> Result<Option<String>> {
    let table = measure(cache)?;
    print!("{table}");
    let text = fs::read_to_string(baseline_path()).context("there is no baseline of the shaders")?;
    let baseline = Table::from_lines(&text)?;
    if baseline.mesa != table.mesa {
        return Ok(Some(format!(
            "everything compiles, but Mesa is {} here and {} in the baseline: compare them and run `cargo xtask bench shaders --accept`",
            table.mesa, baseline.mesa
        )));
    }
    let worse = table.worse_than(&baseline);
    if !worse.is_empty() {
        let hint = "if it must be so, run `cargo xtask bench shaders --accept`";
        bail!("shaders cost more than the baseline ({hint}): {}", worse.join("; "));
    }
    Ok(None)
}

fn baseline_path() -> PathBuf {
    workspace::root().join("benches/shaders.baseline.jsonl")
}

fn measure(cache: &Cache) -> Result<Table> {
    let adreno = Adreno::provide(cache, None)?;
    let folder = cache.join(&format!("shaders-{}", std::process::id()));
    fs::create_dir_all(&folder).with_context(|| format!("cannot write {}", folder.display()))?;
    let measured = measure_in(&folder, &adreno);
    fs::remove_dir_all(&folder)?;
    measured
}

fn measure_in(folder: &Path, adreno: &Adreno) -> Result<Table> {
    let report = folder.join("report.jsonl");
    run_test(adreno, ALL, &[("PAVILION_SHADER_REPORT", &report)])?;
    let report = fs::read_to_string(&report).context("the pipelines were not reported")?;
    let bins = |test| -> Result<u32> {
        let dumps = folder.join(test);
        fs::create_dir_all(&dumps)?;
        run_test(adreno, test, &[("FD_RD_DUMP_PATH", &dumps)])?;
        bins::of_dumps(&dumps)
    };
    Table::new(adreno.mesa()?, bins(PLAIN)?, bins(DENSE)?, &report)
}

/// Runs tests on the GPU; their dumps are of tiled passes even where the driver would rather not.
fn run_test(adreno: &Adreno, name: &str, variables: &[(&str, &Path)]) -> Result<()> {
    let mut command = workspace::cargo();
    command.args(["test", "--quiet", "--workspace", "--lib", name]);
    // One at a time: some compare times.
    command.args(["--", "--nocapture", "--test-threads", "1"]);
    command.env("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUNNER", adreno.run());
    command.envs([("TU_DEBUG", "gmem"), ("FD_RD_DUMP", "full")]).envs(variables.iter().copied());
    if !variables.iter().any(|(name, _)| *name == "FD_RD_DUMP_PATH") {
        command.env_remove("FD_RD_DUMP");
    }
    let output = command.output().context("cannot start cargo")?;
    if !output.status.success() {
        let said = [output.stdout, output.stderr].concat();
        let said = process::last_lines(&String::from_utf8_lossy(&said), 12);
        bail!("{name} failed ({}): {said}", process::describe(output.status));
    }
    Ok(())
}
