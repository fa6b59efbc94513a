//! The same work on many items, on all cores, with results in the items' order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Threads beyond this many gain nothing: a bake is bound by memory then.
const THREADS_MAX: usize = 16;

/// Applies `work` to every item; `tick` hears how many are done, and an error of it or of `work`
/// ends everything.
///
/// # Errors
/// The first error in the order of time; which of several it is may differ between runs.
pub fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, E> + Sync,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    let thread_count = thread_count();
    if thread_count == 1 {
        return map_alone(items, work, tick);
    }
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::sync_channel(thread_count * 2);
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    let run = |sender: mpsc::SyncSender<(usize, Result<R, E>)>| {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return };
            if stop.load(Ordering::Relaxed) || sender.send((index, work(index, item))).is_err() {
                return;
            }
        }
    };
    let outcome = thread::scope(|scope| {
        // Moved in here, so that workers that wait to send see a closed channel when this returns.
        let receiver = receiver;
        for number in 0..thread_count.min(items.len()) {
            let sender = sender.clone();
            let named = thread::Builder::new().name(format!("bake-{number}"));
            // A thread that the system refuses is one fewer; what is left over is done below.
            let _ = named.spawn_scoped(scope, || run(sender));
        }
        drop(sender);
        tick(0, items.len())?;
        for (done, (index, result)) in receiver.iter().enumerate() {
            let finished = result.and_then(|result| tick(done + 1, items.len()).map(|()| result));
            match (finished, results.get_mut(index)) {
                (Ok(result), Some(slot)) => *slot = Some(result),
                (Ok(_), None) => {}
                (Err(error), _) => {
                    stop.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    });
    outcome?;
    let ordered = results.into_iter().zip(items).enumerate();
    ordered.map(|(index, (result, item))| result.map_or_else(|| work(index, item), Ok)).collect()
}

/// On this thread.
fn map_alone<T, R, E>(
    items: &[T],
    work: impl Fn(usize, &T) -> Result<R, E>,
    tick: &mut dyn FnMut(usize, usize) -> Result<(), E>,
) -> Result<Vec<R>, E> {
    tick(0, items.len())?;
    let one = |(index, item): (usize, &T)| {
        let result = work(index, item)?;
        tick(index + 1, items.len()).map(|()| result)
    };
    items.iter().enumerate().map(one).collect()
}

fn thread_count() -> usize {
    #[cfg(test)]
    if let Some(count) = tests::THREADS.get() {
        return count;
    }
    thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// How many threads work for this one, if not as many as there are cores.
        pub static THREADS: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Does what `work` does with so many workers.
    pub fn with_threads<T>(count: usize, work: impl FnOnce() -> T) -> T {
        THREADS.set(Some(count));
        let result = work();
        THREADS.set(None);
        result
    }

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..500).collect();
        for count in [1, 2, 7] {
            let squares = || map(&items, |_, &x| Ok::<_, ()>(x * x), &mut |_, _| Ok(()));
            assert_eq!(with_threads(count, squares), Ok(items.iter().map(|x| x * x).collect()));
        }
    }

    #[test]
    fn an_error_of_the_work_or_of_the_listener_ends_it() {
        let items: Vec<u64> = (0..500).collect();
        for count in [1, 3] {
            let fails = || map(&items, |_, &x| if x == 7 { Err(x) } else { Ok(x) }, &mut |_, _| Ok(()));
            assert_eq!(with_threads(count, fails), Err(7));
            let stops = || map(&items, |_, &x| Ok(x), &mut |done, _| if done == 3 { Err(1) } else { Ok(()) });
            assert_eq!(with_threads(count, stops), Err(1));
        }
    }
}
