//! Threads that decode, so that the frame thread does not.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::Builder;

use super::Failure;

/// Jobs that wait for a thread; whoever gives them keeps the rest.
const JOBS_MAX: usize = 64;

/// Results that wait for the frame thread: a frame takes them all, so they rarely pile up.
const RESULTS_MAX: usize = 64;

/// A small pool of named threads that turn `Job`s into `Output`s, in no particular order.
pub struct Workers<Job, Output> {
    jobs: SyncSender<Job>,
    results: Receiver<Output>,
}

impl<Job: Send + 'static, Output: Send + 'static> Workers<Job, Output> {
    /// Starts `threads` threads called `name`; they end when the pool is dropped.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(
        name: &str,
        threads: usize,
        work: impl Fn(Job) -> Output + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let (jobs, queue) = sync_channel::<Job>(JOBS_MAX);
        let (sender, results) = sync_channel(RESULTS_MAX);
        let (queue, work) = (Arc::new(Mutex::new(queue)), Arc::new(work));
        for index in 0..threads {
            let (queue, sender, work) = (Arc::clone(&queue), sender.clone(), Arc::clone(&work));
            Builder::new()
                .name(format!("{name} {index}"))
                .spawn(move || {
                    while let Ok(Ok(job)) = queue.lock().map(|queue| queue.recv()) {
                        if sender.send(work(job)).is_err() {
                            return;
                        }
                    }
                })
                .map_err(|error| Failure::environment(format!("no thread could be started ({error})")))?;
        }
        Ok(Self { jobs, results })
    }

    /// Hands over a job; gives it back when all threads are busy.
    pub fn try_give(&self, job: Job) -> Option<Job> {
        match self.jobs.try_send(job) {
            Ok(()) => None,
            Err(TrySendError::Full(job) | TrySendError::Disconnected(job)) => Some(job),
        }
    }

    /// A result, if one is ready.
    pub fn try_take(&self) -> Option<Output> {
        self.results.try_recv().ok()
    }
}
