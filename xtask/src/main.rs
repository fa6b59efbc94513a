//! Pavilion's chores as one command: `cargo xtask <chore>`.
//!
//! In: the words after `cargo xtask`. Out: progress on stderr, data on stdout, an exit code
//! (0 ok, 1 failed, 2 usage, 3 the machine lacks something). One file a chore; this one only picks.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod android;
mod apk;
mod bench;
mod bytes;
mod demo;
mod doctor;
mod elf;
mod fault;
mod fuzz;
mod headset;
mod process;
mod run;
mod sdk;
mod setup;
mod test;
mod venue;
mod windows;
mod workspace;

/// Chores of Pavilion.
///
///   cargo xtask demo                      bake the demo venue, host it, walk in
///   cargo xtask test                      run every check
///   cargo xtask run -- view garage.glb    run `pavilion` on software Vulkan
///   cargo xtask run 'pavilion://…'        build, install and start on the connected headset
///
/// Exit codes: 0 ok, 1 failed, 2 usage, 3 the machine lacks something.
#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    verbatim_doc_comment,
    arg_required_else_help = true
)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    Setup(setup::Arguments),
    Run(run::Arguments),
    Demo(demo::Arguments),
    Test(test::Arguments),
    Bench(bench::Arguments),
    Fuzz(fuzz::Arguments),
    Venue(venue::Arguments),
    Apk(apk::Arguments),
    AndroidCheck(android::Arguments),
    WindowsCheck(windows::Arguments),
    Install(headset::InstallArguments),
    Push(headset::PushArguments),
    Stop(headset::StopArguments),
    Log(headset::LogArguments),
    Devices(headset::DevicesArguments),
    Doctor(doctor::Arguments),
}

fn main() -> ExitCode {
    let done = match Arguments::parse().chore {
        Chore::Setup(arguments) => setup::run(&arguments),
        Chore::Run(arguments) => run::run(&arguments),
        Chore::Demo(arguments) => demo::run(&arguments),
        Chore::Test(arguments) => test::run(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
        Chore::Fuzz(arguments) => fuzz::run(&arguments),
        Chore::Venue(arguments) => venue::run(&arguments),
        Chore::Apk(arguments) => apk::run(&arguments),
        Chore::AndroidCheck(arguments) => android::run(&arguments),
        Chore::WindowsCheck(arguments) => windows::run(&arguments),
        Chore::Install(arguments) => headset::install(&arguments),
        Chore::Push(arguments) => headset::push(&arguments),
        Chore::Stop(arguments) => headset::stop(&arguments),
        Chore::Log(arguments) => headset::log(&arguments),
        Chore::Devices(arguments) => headset::devices(&arguments),
        Chore::Doctor(arguments) => doctor::run(&arguments),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fault::report(&error),
    }
}
