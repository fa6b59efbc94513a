//! `pavilion host`: lets visitors in until it is told to stop.

use std::time::Duration;

use serde_json::json;

use super::cli::HostArgs;
use super::interrupt::Interrupt;
use super::{Failure, folders};
use crate::host::bake::folder;
use crate::host::serve::{RunningServer, ServeError, Server, ServerOptions};

/// How often Ctrl-C is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How often the number of visitors is looked at, in looks.
const LOOKS_A_REPORT: u32 = 10;

/// Runs a host until Ctrl-C.
///
/// # Errors
/// When the folder is no twin, or this machine cannot listen.
pub fn run(arguments: HostArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let identity_folder = match arguments.identity {
        Some(folder) => folder,
        None => folders::data()
            .ok_or_else(|| {
                Failure::environment(
                    "there is no home folder to keep the host's key in: give one with --identity DIR",
                )
            })?
            .join("host"),
    };
    let mut options = ServerOptions::new(arguments.folder, identity_folder);
    if let Some(address) = arguments.listen {
        options.bind = address;
    }
    let server = start(options)?;
    let (link, address) = (server.link().to_string(), server.local_addr());
    if arguments.json {
        println!("{}", json!({ "link": link, "address": address.to_string() }));
    } else {
        println!("{link}");
        eprintln!("listening on {address}; visitors join with `pavilion view '{link}'`; Ctrl-C stops");
    }
    watch(&server, &interrupt);
    server.stop();
    Ok(())
}

/// Starts a server, its failure put into our exit codes.
///
/// # Errors
/// When the folder is no twin, or this machine cannot listen.
pub fn start(options: ServerOptions) -> Result<RunningServer, Failure> {
    // A bake that was cut short while it took the place of an earlier one has left that one aside.
    folder::recover(&options.folder).map_err(Failure::environment)?;
    Server::start(options).map_err(|error| match error {
        ServeError::Shelf(_) => Failure::content(error),
        _ => Failure::environment(error),
    })
}

/// Says in the log who comes and goes.
fn watch(server: &RunningServer, interrupt: &Interrupt) {
    let (mut looks, mut visitors) = (0_u32, 0);
    while !interrupt.is_raised() {
        std::thread::sleep(LOOK_INTERVAL);
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(LOOKS_A_REPORT) {
            let stats = server.stats();
            if stats.visitors != visitors {
                visitors = stats.visitors;
                tracing::info!(visitors, blobs = stats.blobs_sent, bytes = stats.bytes_sent, "visitors");
            }
        }
    }
}
