//! `pavilion host`: lets visitors in until it is told to stop.

mod config;
mod plan;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::cli::HostArgs;
use super::interrupt::Interrupt;
use super::{Failure, folders};
use crate::host::bake::folder;
use crate::host::serve::{RunningServer, ServeError, Server, ServerOptions, address};
use crate::host::web::metrics::Metrics;
use crate::host::web::server::{RunningWeb, WebError};
use crate::host::web::site::Site;
use crate::store::Shelf;
use config::Config;
use plan::Plan;

/// How often Ctrl-C is looked for.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// How often the number of visitors is looked at, in looks.
const LOOKS_A_REPORT: u32 = 10;

/// Runs a host until Ctrl-C or the system's wish that it ends.
///
/// # Errors
/// When the settings make no sense, the folder is no twin, or this machine cannot listen.
pub fn run(arguments: HostArgs) -> Result<(), Failure> {
    if arguments.print_config {
        print!("{}", config::DEFAULT_FILE);
        return Ok(());
    }
    let interrupt = Interrupt::listen()?;
    let config = Config::of(&arguments)?;
    let folder = config.folder.clone().ok_or_else(|| {
        Failure::usage(
            "no twin is named: give a folder that `pavilion bake` wrote, or name it in the settings",
        )
    })?;
    if let (Some(headsets), Some(mbps)) = (arguments.plan, arguments.mbps) {
        return plan(&folder, headsets as usize, mbps, &config);
    }
    let server = start(config.server(folder.clone(), identity_folder(&config)?))?;
    let http = config.http.address(config::HTTP);
    let site = http.map(|bind| {
        let site = Arc::new(Site::open(&folder).map_err(Failure::content)?);
        let web = RunningWeb::start("pavilion-http", config.web(bind), site.clone()).map_err(at("--http"))?;
        Ok((web, site))
    });
    let site = site.transpose()?;
    let metrics = config.metrics.address(config::METRICS).map(|bind| {
        let metrics = Metrics::new(server.pulse(), config.visitors_max as usize);
        RunningWeb::start("pavilion-metrics", config.web(bind), metrics).map_err(at("--metrics"))
    });
    let metrics = metrics.transpose()?;
    let site_url = site.as_ref().map(|(web, _)| url(web.local_addr(), "tileset.json"));
    let metrics_url = metrics.as_ref().map(|web| url(web.local_addr(), "metrics"));
    let (link, address) = (server.link().to_string(), server.local_addr());
    if config.json {
        println!(
            "{}",
            json!({ "link": link, "address": address.to_string(), "http": site_url, "metrics": metrics_url })
        );
    } else {
        println!("{link}");
        eprintln!("listening on {address}; visitors join with `pavilion view '{link}'`; Ctrl-C stops");
        if address.ip().is_unspecified() && server.link().is_of_this_machine() {
            eprintln!(
                "no network was found, so that link is for this machine only: name an address with --listen"
            );
        }
        if let Some(url) = site_url {
            eprintln!("other viewers of 3D Tiles open {url}");
        }
        if let Some(url) = metrics_url {
            eprintln!("numbers for Prometheus are at {url}");
        }
    }
    let ended = watch(&server, site.as_ref().map(|(_, site)| site.as_ref()), &interrupt);
    server.stop();
    ended
}

fn identity_folder(config: &Config) -> Result<PathBuf, Failure> {
    if let Some(folder) = &config.identity {
        return Ok(folder.clone());
    }
    let folder = folders::data().ok_or_else(|| {
        Failure::environment(
            "there is no home folder to keep the host's key in: give one with --identity DIR",
        )
    })?;
    Ok(folder.join("host"))
}

/// Says how long it would take.
fn plan(folder: &Path, headsets: usize, mbps: f64, config: &Config) -> Result<(), Failure> {
    folder::recover(folder).map_err(Failure::environment)?;
    let shelf = Shelf::open(folder).map_err(Failure::content)?;
    let plan = Plan::new(&shelf, headsets, mbps)?;
    if headsets as u64 > config.visitors_max {
        let max = config.visitors_max;
        eprintln!("the host turns away whoever comes after {max}: --visitors-max lets in more");
    }
    if headsets as u64 > config.address_max {
        let max = config.address_max;
        eprintln!(
            "where all come from one address, it lets in {max}: address_max in its settings lets in more"
        );
    }
    if config.json {
        println!("{}", serde_json::to_string_pretty(&plan).map_err(Failure::failed)?);
    } else {
        println!("{}", plan.to_text());
    }
    Ok(())
}

/// What others type to reach `page` at a web that listens at `bound`.
fn url(bound: SocketAddr, page: &str) -> String {
    let place = SocketAddr::new(address::reachable(bound.ip()), bound.port());
    format!("http://{place}/{page}")
}

/// Names the option by which another address is chosen.
fn at(option: &str) -> impl Fn(WebError) -> Failure {
    move |error| Failure::environment(format!("{error} ({option})"))
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

/// Says in the log who comes and goes, and has `site` follow what is shown, until it is over.
///
/// # Errors
/// When the host has ended by itself: whoever looks after it starts it again.
fn watch(server: &RunningServer, site: Option<&Site>, interrupt: &Interrupt) -> Result<(), Failure> {
    let (mut looks, mut visitors) = (0_u32, 0);
    let (mut manifest, mut is_told) = (server.manifest(), false);
    while !interrupt.is_raised() {
        if !server.is_serving() {
            return Err(Failure::failed(
                "the host has ended by a fault, which the log names: start it again",
            ));
        }
        std::thread::sleep(LOOK_INTERVAL);
        looks = looks.wrapping_add(1);
        if looks.is_multiple_of(LOOKS_A_REPORT) {
            let shown = server.manifest();
            // The folder may change under its hands, so what fails is tried again.
            if shown != manifest {
                match site.map(Site::reload) {
                    None | Some(Ok(())) => (manifest, is_told) = (shown, false),
                    Some(Err(error)) if !is_told => {
                        is_told = true;
                        tracing::warn!("over HTTP the twin is shown as it was: {error}");
                    }
                    Some(Err(_)) => {}
                }
            }
            let stats = server.stats();
            if stats.visitors != visitors {
                visitors = stats.visitors;
                tracing::info!(visitors, blobs = stats.blobs_sent, bytes = stats.bytes_sent, "visitors");
            }
        }
    }
    Ok(())
}
