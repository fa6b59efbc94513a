//! Makes texture arrays on a thread of their own: a driver may take milliseconds to find memory for one, or to see how it is
//! to be read, and a frame has eleven in all.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

/// Arrays that may be in the making: one for each class of images.
const ORDERS_MAX: usize = 32;

/// An array that is wanted, by whatever tells its user which it is.
#[derive(Clone, Debug)]
pub(super) struct Order<Key> {
    pub key: Key,
    pub format: wgpu::TextureFormat,
    /// Texels of a side, as a power of two.
    pub side_log2: u8,
    pub layers: u32,
}

impl<Key> Order<Key> {
    fn make(&self, device: &wgpu::Device) -> (wgpu::Texture, wgpu::TextureView) {
        let side = 1 << self.side_log2;
        let texture = device.create_texture(&wgpu::TextureDescriptor {
            label: Some("images"),
            size: wgpu::Extent3d { width: side, height: side, depth_or_array_layers: self.layers },
            mip_level_count: u32::from(self.side_log2) + 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: self.format,
            usage: wgpu::TextureUsages::TEXTURE_BINDING
                | wgpu::TextureUsages::COPY_DST
                | wgpu::TextureUsages::COPY_SRC,
            view_formats: &[],
        });
        let view = view(&texture);
        (texture, view)
    }
}

/// All layers of an array.
pub(super) fn view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::D2Array),
        ..wgpu::TextureViewDescriptor::default()
    })
}

/// See the module.
#[derive(Debug)]
pub(super) struct ArrayMaker<Key> {
    /// `None` only while it is dropped.
    orders: Option<SyncSender<Order<Key>>>,
    made: Receiver<(Key, wgpu::Texture, wgpu::TextureView)>,
    /// `None` where the system gave no thread: nothing can be ordered then.
    worker: Option<JoinHandle<()>>,
}

impl<Key: Send + 'static> ArrayMaker<Key> {
    /// Starts the thread.
    pub fn new(device: &wgpu::Device) -> Self {
        let (orders, ordered) = sync_channel::<Order<Key>>(ORDERS_MAX);
        let (sender, made) = sync_channel(ORDERS_MAX);
        let device = device.clone();
        let worker = thread::Builder::new().name("textures".to_owned()).spawn(move || {
            for order in ordered {
                let (texture, view) = order.make(&device);
                if sender.send((order.key, texture, view)).is_err() {
                    return;
                }
            }
        });
        let worker = worker.inspect_err(|error| {
            tracing::warn!("images are shown late, for want of a thread: {error}");
        });
        Self { orders: Some(orders), made, worker: worker.ok() }
    }

    /// Has an array made; whether it will be.
    pub fn order(&self, order: Order<Key>) -> bool {
        self.orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
    }

    /// One that is ready.
    pub fn take(&self) -> Option<(Key, wgpu::Texture, wgpu::TextureView)> {
        self.made.try_recv().ok()
    }
}

impl<Key> Drop for ArrayMaker<Key> {
    /// Waits for what is in the making: the device must not outlive who made it.
    fn drop(&mut self) {
        self.orders = None;
        if let Some(worker) = self.worker.take()
            && worker.join().is_err()
        {
            tracing::error!("the thread that makes textures had panicked");
        }
    }
}
