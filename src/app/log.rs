//! The log, for whoever looks into a problem; what everybody must know is printed instead.

use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts the log on standard error, on a headset in the system's log: warnings, more with `-v` and `-vv`, or what
/// PAVILION_LOG says.
pub fn start(verbose: u8) {
    let level = ["pavilion=warn,error", "pavilion=info,warn", "pavilion=debug,info"];
    let default = level[usize::from(verbose).min(level.len() - 1)];
    let said = std::env::var("PAVILION_LOG").ok().filter(|said| !said.is_empty());
    let filter: Targets =
        said.and_then(|said| said.parse().ok()).or(default.parse().ok()).unwrap_or_default();
    let log = fmt::layer().with_target(false).compact();
    #[cfg(not(target_os = "android"))]
    let log = log.with_writer(std::io::stderr);
    #[cfg(target_os = "android")]
    let log = log.with_ansi(false).without_time().with_level(false).with_writer(logcat::Logcat::start());
    // A second start, in tests, leaves the first log as it is.
    let _ = tracing_subscriber::registry().with(filter).with(log).try_init();
}

/// Android's log, which keeps time and level itself: `adb logcat -s pavilion`.
#[cfg(target_os = "android")]
mod logcat {
    use std::io::{self, Write};

    use log::Level;
    use tracing_subscriber::fmt::MakeWriter;

    /// By which `cargo xtask log` finds it.
    const TAG: &str = "pavilion";

    /// Makes a [`Line`] an event.
    pub struct Logcat;

    /// What one event says, given to the system when it is complete.
    pub struct Line {
        level: Level,
        text: Vec<u8>,
    }

    impl Logcat {
        /// Opens the system's log.
        pub fn start() -> Self {
            let config = android_logger::Config::default().with_tag(TAG);
            android_logger::init_once(config.with_max_level(log::LevelFilter::Trace));
            // Panics otherwise go to standard error, which is nowhere here.
            std::panic::set_hook(Box::new(|panic| log::error!(target: TAG, "{panic}")));
            Self
        }
    }

    impl<'a> MakeWriter<'a> for Logcat {
        type Writer = Line;

        fn make_writer(&'a self) -> Line {
            Line { level: Level::Info, text: Vec::new() }
        }

        fn make_writer_for(&'a self, meta: &tracing::Metadata<'_>) -> Line {
            let level = match *meta.level() {
                tracing::Level::ERROR => Level::Error,
                tracing::Level::WARN => Level::Warn,
                tracing::Level::INFO => Level::Info,
                tracing::Level::DEBUG => Level::Debug,
                tracing::Level::TRACE => Level::Trace,
            };
            Line { level, text: Vec::new() }
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.text.extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Drop for Line {
        fn drop(&mut self) {
            let text = String::from_utf8_lossy(&self.text);
            log::log!(target: TAG, self.level, "{}", text.trim_end());
        }
    }
}
