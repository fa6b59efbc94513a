//! `cargo xtask bench`: what things cost, measured the same way each time. One file a measurement.

use anyhow::Result;

mod core;
mod xr;

/// Measure what things cost.
///
///   cargo xtask bench xr          the demo venue in a headset's session: CPU time from xrWaitFrame's return to the
///                                 submit, and allocations of our code
///   cargo xtask bench cull        all of culling, for each chunk that exists, on one core
///   cargo xtask bench foveation   triangles and draws of a walk: frustum alone, levels of detail, levels that follow
///                                 the eye, and within a headset's budget
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
    /// Print what was measured as JSON, one object a line.
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// A frame in a headset's session.
    Xr,
    /// All of culling.
    Cull,
    /// What a walk costs a frame.
    Foveation,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    for what in &arguments.what {
        match what {
            What::Xr => xr::run(arguments)?,
            What::Cull => core::run("cull", &[], arguments)?,
            What::Foveation => core::foveation(arguments)?,
        }
    }
    Ok(())
}
