//! `cargo xtask test`: every check, as named stages.
//!
//! In: stage names, or none for all. Out: each stage's own output, then a table with seconds and one line of counts.
//! A failing stage does not stop the others. Without a change and without a network a second run does the same.

use std::time::{Duration, Instant};

use anyhow::Result;

mod pages;
mod stages;
mod tally;
mod validate;

use crate::fault::ChildExit;
use crate::setup::cache::Cache;
use crate::setup::prefix;
use stages::{Context, Outcome, STAGES};
use tally::Tally;

/// Run every check, or the stages named.
///
/// Tests that need a program this machine lacks are skipped by name. PAVILION_TEST_DATA names a folder of glTF files
/// by others (corpus/, twins/); without it their tests are skipped.
#[derive(clap::Args)]
pub struct Arguments {
    /// Stages to run, in their usual order.
    #[arg(value_name = "STAGE", value_parser = STAGES.map(|stage| stage.name))]
    stages: Vec<String>,
}

/// How one stage went.
struct Row {
    name: &'static str,
    took: Duration,
    result: Result<Outcome>,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let start = Instant::now();
    let is_wanted =
        |name: &str| arguments.stages.is_empty() || arguments.stages.iter().any(|stage| stage == name);
    let mut context = Context::new(Cache::of_user()?);
    let mut rows = Vec::new();
    for stage in STAGES.iter().filter(|stage| is_wanted(stage.name)) {
        eprintln!("\n== {}: {}", stage.name, stage.serves);
        let start = Instant::now();
        let result = (stage.run)(&mut context);
        if let Err(error) = &result {
            eprintln!("{} failed: {error:#}", stage.name);
        }
        // The table comes too late for whoever breaks off.
        eprintln!("== {} took {:.0} s", stage.name, start.elapsed().as_secs_f64());
        rows.push(Row { name: stage.name, took: start.elapsed(), result });
    }
    prefix::forget_downloads(&context.cache)?;
    print(&rows, &context.tally, start.elapsed());
    // The table has said what failed, and the counts are to be the last line.
    if rows.iter().any(|row| row.result.is_err()) { Err(ChildExit(1).into()) } else { Ok(()) }
}

fn print(rows: &[Row], tally: &Tally, took: Duration) {
    println!("\nseconds  stage");
    for row in rows {
        let result = match &row.result {
            Ok(Outcome::Passed) => String::from("ok"),
            Ok(Outcome::Skipped(reason)) => format!("SKIPPED: {reason}"),
            Err(error) => format!("FAILED: {error:#}"),
        };
        println!("{:7.1}  {:<10} {result}", row.took.as_secs_f64(), row.name);
    }
    println!("{:7.1}  together", took.as_secs_f64());
    for line in tally.skipped.iter().chain(&tally.failures).chain(&tally.results) {
        println!("{line}");
    }
    println!("{tally}");
}
