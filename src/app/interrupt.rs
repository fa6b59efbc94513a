//! Ctrl-C, or the system's own wish (SIGTERM), asks the program to end; asked twice, it ends at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};

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
        let (listening, listens) = sync_channel(1);
        std::thread::Builder::new()
            .name("interrupt".to_owned())
            .spawn(move || wait(&raised, &listening))
            .map_err(|error| Failure::environment(format!("no thread could be started ({error})")))?;
        // Until then a signal ends the program as if nobody listened. So it is where nobody can.
        let _ = listens.recv();
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

fn wait(raised: &AtomicBool, listening: &SyncSender<()>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    runtime.block_on(async {
        let Ok(mut wishes) = Wishes::listen() else { return };
        // The receiver waits for exactly this one message.
        let _ = listening.send(());
        while let Some(exit_code) = wishes.next().await {
            if raised.swap(true, Ordering::Relaxed) {
                std::process::exit(exit_code);
            }
        }
    });
}

/// The system's signals that the program should end. Each comes as the exit code that shells expect of whoever ends by
/// it: 128 and its number.
#[cfg(unix)]
struct Wishes {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Wishes {
    fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> Option<i32> {
        tokio::select! {
            signal = self.interrupt.recv() => signal.map(|()| 130),
            signal = self.terminate.recv() => signal.map(|()| 143),
        }
    }
}

/// Ctrl-C in a console.
#[cfg(windows)]
struct Wishes {
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(windows)]
impl Wishes {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) -> Option<i32> {
        self.interrupt.recv().await.map(|()| 130)
    }
}
