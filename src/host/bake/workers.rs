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
    let thread_count = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MAX);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_keep_the_order_of_the_items() {
        let items: Vec<u64> = (0..500).collect();
        let squares = map(&items, |_, &x| Ok::<_, ()>(x * x), &mut |_, _| Ok(()));
        assert_eq!(squares, Ok(items.iter().map(|x| x * x).collect()));
    }

    #[test]
    fn an_error_of_the_work_or_of_the_listener_ends_it() {
        let items: Vec<u64> = (0..500).collect();
        assert_eq!(map(&items, |_, &x| if x == 7 { Err(x) } else { Ok(x) }, &mut |_, _| Ok(())), Err(7));
        let broken = map(&items, |_, &x| Ok(x), &mut |done, _| if done == 3 { Err(1) } else { Ok(()) });
        assert_eq!(broken, Err(1));
    }
}
