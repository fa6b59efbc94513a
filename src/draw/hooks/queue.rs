//! A re-entrant lock around a Vulkan queue; the standard library's is not stable.

use std::marker::PhantomData;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};

use super::lock;

/// Who holds the queue, and how many times.
#[derive(Debug, Default)]
pub(super) struct QueueLock {
    holder: Mutex<(Option<ThreadId>, u32)>,
    released: Condvar,
}

/// Keeps other threads off the queue for as long as it lives. It belongs to its thread: not `Send`.
#[derive(Debug)]
#[must_use]
pub struct QueueGuard<'a>(&'a QueueLock, PhantomData<*const ()>);

impl QueueLock {
    pub(super) fn lock(&self) -> QueueGuard<'_> {
        let me = Some(thread::current().id());
        let is_taken = |holder: &mut (Option<ThreadId>, u32)| holder.1 > 0 && holder.0 != me;
        let holder = self.released.wait_while(lock(&self.holder), is_taken);
        let mut holder = holder.unwrap_or_else(PoisonError::into_inner);
        *holder = (me, holder.1 + 1);
        QueueGuard(self, PhantomData)
    }
}

impl Drop for QueueGuard<'_> {
    fn drop(&mut self) {
        lock(&self.0.holder).1 -= 1;
        self.0.released.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};

    #[test]
    fn one_thread_at_a_time_and_as_deep_as_it_likes() {
        let (queue, inside, most) = (QueueLock::default(), AtomicU32::new(0), AtomicU32::new(0));
        thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let _held = queue.lock();
                        let _again = queue.lock();
                        most.fetch_max(inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::yield_now();
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
    }
}
