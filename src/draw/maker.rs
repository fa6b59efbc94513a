//! Makes what frames need on a thread of its own, and takes away what they need no more: a driver may take milliseconds to
//! find memory, or to see how a texture is to be read, and a frame has eleven in all. Memory that another thread has
//! allocated is given back under locks that this other thread may hold.

use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};

/// Orders that may wait: more than there are kinds of things.
const ORDERS_MAX: usize = 32;

type Order = Box<dyn FnOnce(&wgpu::Device) + Send>;

/// See the module.
#[derive(Debug)]
pub(super) struct Maker {
    device: wgpu::Device,
    /// `None` only while it is dropped.
    orders: Option<SyncSender<Order>>,
    /// `None` where the system gave no thread.
    worker: Option<JoinHandle<()>>,
}

/// What a frame may spend on what was ordered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Allowance {
    /// Bytes that it may have the GPU move.
    pub bytes: u64,
    /// It waits for what is in the making: nobody waits for the frame.
    pub waits: bool,
}

/// What was ordered, until it is taken.
#[derive(Debug)]
pub(super) struct Pending<T>(Receiver<T>);

impl<T> Pending<T> {
    /// It, once it is made.
    ///
    /// # Panics
    /// When whoever was to make it has.
    pub fn take(&self, allowance: &Allowance) -> Option<T> {
        if allowance.waits {
            return Some(self.0.recv().unwrap_or_else(|_| lost()));
        }
        match self.0.try_recv() {
            Ok(made) => Some(made),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => lost(),
        }
    }
}

/// Else what was ordered would be waited for in vain, without a word.
fn lost() -> ! {
    panic!("the thread that makes buffers and textures has panicked")
}

impl Maker {
    /// Starts the thread.
    pub fn new(device: &wgpu::Device) -> Self {
        let (orders, ordered) = sync_channel::<Order>(ORDERS_MAX);
        let of_worker = device.clone();
        let worker = thread::Builder::new()
            .name("memory".to_owned())
            .spawn(move || ordered.into_iter().for_each(|order| order(&of_worker)))
            .inspect_err(|error| tracing::warn!("frames may be late, for want of a thread: {error}"));
        Self { device: device.clone(), orders: Some(orders), worker: worker.ok() }
    }

    /// Has it made: beside the frame, or here and now where there is no thread for it.
    pub fn order<T: Send + 'static>(
        &self,
        make: impl FnOnce(&wgpu::Device) -> T + Send + 'static,
    ) -> Pending<T> {
        let (sender, made) = sync_channel(1);
        // Who ordered it may want it no more.
        let order: Order = Box::new(move |device| _ = sender.try_send(make(device)));
        let refused = match &self.orders {
            Some(orders) => orders.try_send(order).err(),
            None => Some(TrySendError::Disconnected(order)),
        };
        if let Some(TrySendError::Full(order) | TrySendError::Disconnected(order)) = refused {
            order(&self.device);
        }
        Pending(made)
    }

    /// Drops it, beside the frame.
    pub fn take_away(&self, done: impl Send + 'static) {
        drop(self.order(move |_| drop(done)));
    }
}

impl Drop for Maker {
    /// Waits for what is in the making: the device must not outlive who made it.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!("the thread that makes buffers and textures had panicked");
        }
    }
}
