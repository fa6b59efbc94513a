//! The log, for whoever looks into a problem; what everybody must know is printed instead.

use tracing_subscriber::EnvFilter;

/// Starts the log on standard error: warnings, more with `-v` and `-vv`, or what PAVILION_LOG says.
pub fn start(verbose: u8) {
    let level = ["pavilion=warn,error", "pavilion=info,warn", "pavilion=debug,info"];
    let default = level[usize::from(verbose).min(level.len() - 1)];
    let filter = EnvFilter::try_from_env("PAVILION_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    // A second start, in tests, leaves the first log as it is.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .compact()
        .try_init();
}
