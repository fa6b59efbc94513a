//! `cargo xtask bench`: what things cost, measured the same way each time. One module a measurement.

use anyhow::Result;

pub mod shaders;
mod xr;

/// Measure what things cost.
///
///   cargo xtask bench xr    the demo venue in a headset's session: CPU time from xrWaitFrame's return to the submit,
///                           and allocations of our code
///   cargo xtask bench shaders    every pipeline on an Adreno 650 that executes nothing: instructions, registers, waves
///                           and bins, by Mesa's compiler
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What to measure.
    #[arg(value_enum, required = true)]
    what: Vec<What>,
    /// Frames that count, once the whole view is there.
    #[arg(long, value_name = "N", default_value_t = 200)]
    frames: u32,
    /// Build what `xr` runs optimised: minutes longer to build, and the numbers that a user's program would give.
    #[arg(long)]
    release: bool,
    /// Keep what `shaders` measured as the baseline of `cargo xtask test shaders`.
    #[arg(long)]
    accept: bool,
    /// Print what was measured as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// A frame in a headset's session.
    Xr,
    /// What pipelines cost on a headset's GPU.
    Shaders,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    for what in &arguments.what {
        match what {
            What::Xr => xr::run(arguments)?,
            What::Shaders => shaders::run(arguments)?,
        }
    }
    Ok(())
}
