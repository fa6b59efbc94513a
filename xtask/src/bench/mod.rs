//! `cargo xtask bench`: what things cost, measured the same way each time. One module a measurement.

use std::path::PathBuf;

use anyhow::Result;

mod frame;
mod link;
mod load;
mod model;
mod programs;
mod route;
pub mod shaders;
mod turns;
mod walk;
mod xr;

/// Measure what things cost.
///
///   cargo xtask bench xr          the demo venue in a headset's session: CPU time from xrWaitFrame's return to the
///                                 submit, and allocations of our code
///   cargo xtask bench cull        all of culling, for each chunk that exists, on one core
///   cargo xtask bench frame       a whole frame of 5 000 chunks on its own thread, and a peer's
///   cargo xtask bench load        reading and checking a GLB of 56 MB, and a peer's
///   cargo xtask bench foveation   triangles and draws of a walk: frustum alone, levels of detail, levels that follow
///                                 the eye, and within a headset's budget
///   cargo xtask bench gpu         what a frame of the demo venue takes this machine's GPU, at a Quest 2's sizes: one pass
///                                 and two, 1, 2 and 4 samples, levels that follow the eye and not
///   cargo xtask bench governor    who holds a deadline how well: the governor, nobody, a resolution scaler; simulated
///   cargo xtask bench stream      what a visitor misses while a venue comes over 27 links, and two others' policies:
///                                 real QUIC on a virtual clock
///   cargo xtask bench link        the demo venue over a shaped wire, to our viewer by QUIC and to 3DTilesRendererJS in a
///                                 browser by HTTP: bytes and time to the same error on the screen
///   cargo xtask bench walk        what streaming takes of a headset's frames on a walk through 26 million triangles that
///                                 come meanwhile: CPU time of the frame's thread, waits, memory
///   cargo xtask bench host        what a host sends over loopback and what that costs it, and QUIC alone, in turn; 200
///                                 visitors at the same moment: when they see something, the host's memory for each
///   cargo xtask bench model       what a frame may take on a Quest 2's GPU, by a model; and by how much it misses what
///                                 is known
///   cargo xtask bench shaders     every pipeline on an Adreno 650 that executes nothing: instructions, registers, waves
///                                 and bins, by Mesa's compiler
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Arguments {
    /// What to measure.
    #[arg(value_enum, required = true)]
    what: Vec<What>,
    /// Frames that count, once the whole view is there: of `xr`, and of `gpu` for each variant and place.
    #[arg(long, value_name = "N", default_value_t = 200)]
    frames: u32,
    /// Build what `xr` runs optimised: minutes longer to build, and the numbers that a user's program would give.
    #[arg(long)]
    release: bool,
    /// Let the CPU draw in `gpu`, by software Vulkan.
    #[arg(long)]
    software: bool,
    /// How long `gpu` measures at most, more or less: fewer frames where they are slow.
    #[arg(long, value_name = "N", default_value_t = 5)]
    minutes: u32,
    /// Statistics of shaders for `model`, as `cargo xtask bench shaders --json` prints them.
    #[arg(long, value_name = "FILE")]
    shaders: Option<PathBuf>,
    /// Walk through a venue of 26 million triangles in `foveation` too: minutes to bake, once.
    #[arg(long)]
    dense: bool,
    /// Likewise through 12 and 40 such halls side by side: 312 million triangles, and 1.04 billion.
    #[arg(long)]
    halls: bool,
    /// Write the pictures of `foveation`'s walk there, for a metric that is run elsewhere.
    #[arg(long, value_name = "FOLDER")]
    video: Option<PathBuf>,
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
    /// All of culling.
    Cull,
    /// A whole frame on its own thread.
    Frame,
    /// A glTF file, read and checked.
    Load,
    /// What a walk costs a frame.
    Foveation,
    /// Frames on this machine's GPU.
    Gpu,
    /// The governor on a simulated headset.
    Governor,
    /// Streaming over many links.
    Stream,
    /// Ours and another viewer over one wire.
    Link,
    /// What streaming takes of a headset's frames.
    Walk,
    /// A host beside QUIC alone, and a crowd that comes in.
    Host,
    /// The model of a Quest 2's GPU.
    Model,
    /// What pipelines cost on a headset's GPU.
    Shaders,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    for what in &arguments.what {
        match what {
            What::Xr => xr::run(arguments)?,
            What::Cull => programs::cull(arguments)?,
            What::Frame => frame::run(arguments)?,
            What::Load => load::run(arguments)?,
            What::Foveation => programs::foveation(arguments)?,
            What::Gpu => programs::gpu(arguments)?,
            What::Governor => programs::governor(arguments)?,
            What::Stream => programs::stream(arguments)?,
            What::Link => link::run(arguments)?,
            What::Walk => walk::run(arguments)?,
            What::Host => programs::host(arguments)?,
            What::Model => model::run(arguments)?,
            What::Shaders => shaders::run(arguments)?,
        }
    }
    Ok(())
}
