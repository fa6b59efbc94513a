//! What something costs the thread that does it, whatever else the machine does meanwhile.

use std::time::Duration;

/// CPU time of this thread since it began.
#[cfg(unix)]
fn so_far() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Time since the first call, for want of a better clock.
#[cfg(not(unix))]
fn so_far() -> Duration {
    static BEGAN: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    BEGAN.elapsed()
}

/// Runs `work` and tells what it took.
pub fn of<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = so_far();
    let result = work();
    (result, so_far().saturating_sub(began))
}
