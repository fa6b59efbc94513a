//! What a thread has worked so far: not the time that passed, which on a busy machine is mostly others'. And how often it
//! has waited.

use std::time::Duration;

/// CPU time of the calling thread; `None` where the system does not tell it as finely as frames need.
#[cfg(unix)]
pub fn of_this_thread() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// CPU time of the calling thread; `None` where the system does not tell it as finely as frames need.
#[cfg(not(unix))]
pub fn of_this_thread() -> Option<Duration> {
    None
}

/// How often the calling thread has given its core away of its own accord: to wait for a lock or a disk. `None` where the
/// system does not tell. Asking takes tens of microseconds.
pub fn waits_of_this_thread() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/thread-self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    line.trim().parse().ok()
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sleep_is_no_work() {
        let began = of_this_thread().unwrap();
        std::thread::sleep(Duration::from_millis(50));
        assert!(of_this_thread().unwrap() - began < Duration::from_millis(20));
        let mut number = 1_u64;
        let at_work = std::time::Instant::now();
        while at_work.elapsed() < Duration::from_millis(20) {
            number = std::hint::black_box(number.wrapping_mul(3));
        }
        assert!(of_this_thread().unwrap() > began, "{number}");
    }
}
