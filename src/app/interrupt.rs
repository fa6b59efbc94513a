//! Ctrl-C asks the program to end; asked twice, it ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::Failure;

/// Whether the person at the terminal wants the program to end.
#[derive(Clone, Debug)]
pub struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system lets no thread be started.
    pub fn listen() -> Result<Self, Failure> {
        let flag = Arc::new(AtomicBool::new(false));
        let raised = Arc::clone(&flag);
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || wait(&raised))
            .map_err(|error| Failure::environment(format!("no thread could be started ({error})")))?;
        Ok(Self(flag))
    }

    /// Whether it was pressed; on a headset, whether the system ends the app.
    pub fn is_raised(&self) -> bool {
        #[cfg(all(target_os = "android", feature = "xr"))]
        if crate::present::android::is_ending() {
            self.0.store(true, Ordering::Relaxed);
        }
        self.0.load(Ordering::Relaxed)
    }
}

fn wait(raised: &AtomicBool) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        while tokio::signal::ctrl_c().await.is_ok() {
            if raised.swap(true, Ordering::Relaxed) {
                // 128 + SIGINT, as shells expect.
                std::process::exit(130);
            }
        }
    });
}
