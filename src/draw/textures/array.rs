//! A texture array whose layers are given out, and how it becomes a larger one without a frame that waits for it.
//!
//! The larger one is made beside the frame. What is there moves into it some megabytes a frame, and the rest is made
//! white meanwhile: else the first frame that draws from it would have to clear all of it.

use crate::draw::batch::{Batch, TEXEL_BYTES, Texels};
use crate::draw::maker::{Allowance, Maker, Pending};
use crate::draw::textures::WHITE_LAYER;

/// Bytes of white, from which layers are made white: the largest level of all but the largest images.
pub(super) const WHITE_BYTES: u32 = 4 << 20;

/// See the module.
#[derive(Debug)]
pub(in crate::draw) struct Array {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    /// Layers that were given out at any time, and the white one.
    used: u32,
    /// Layers below `used` that nothing is shown from.
    free: Vec<u32>,
}

impl Array {
    pub fn texture(&self) -> &wgpu::Texture {
        &self.texture
    }

    /// All of its layers.
    pub fn view(&self) -> &wgpu::TextureView {
        &self.view
    }

    pub fn layers(&self) -> u32 {
        self.texture.depth_or_array_layers()
    }

    /// A layer below `ceiling`, if one is free.
    pub fn take(&mut self, ceiling: u32) -> Option<u32> {
        self.free.pop().or_else(|| {
            let layer = self.used;
            (layer < self.layers().min(ceiling)).then(|| {
                self.used += 1;
                layer
            })
        })
    }

    /// Takes a layer back.
    pub fn give_back(&mut self, layer: u32) {
        self.free.push(layer);
    }

    /// Whether nothing is in it but the white layer.
    pub fn is_empty(&self) -> bool {
        self.free.len() as u32 + u32::from(WHITE_LAYER) + 1 == self.used
    }
}

/// All layers of an array.
pub(in crate::draw) fn view(texture: &wgpu::Texture) -> wgpu::TextureView {
    texture.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::D2Array),
        ..wgpu::TextureViewDescriptor::default()
    })
}

/// A larger array on its way into the place of another one, or of none.
#[derive(Debug)]
pub(in crate::draw) enum Growth {
    Ordered(Pending<(wgpu::Texture, wgpu::TextureView)>),
    Moving(Moving),
}

/// How far what was there has moved: all before this layer of this level.
#[derive(Debug)]
pub(in crate::draw) struct Moving {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    mip_level: u32,
    layer: u32,
}

impl Growth {
    /// Has a larger array made.
    pub fn order(maker: &Maker, format: wgpu::TextureFormat, side_log2: u8, layers: u32) -> Self {
        let side = 1 << side_log2;
        Self::Ordered(maker.order(move |device| {
            let texture = device.create_texture(&wgpu::TextureDescriptor {
                label: Some("images"),
                size: wgpu::Extent3d { width: side, height: side, depth_or_array_layers: layers },
                mip_level_count: u32::from(side_log2) + 1,
                sample_count: 1,
                dimension: wgpu::TextureDimension::D2,
                format,
                usage: wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::COPY_DST
                    | wgpu::TextureUsages::COPY_SRC,
                view_formats: &[],
            });
            let view = view(&texture);
            (texture, view)
        }))
    }

    /// How many layers the larger one takes memory for, once it is made.
    pub fn layers(&self) -> u32 {
        match self {
            Self::Ordered(_) => 0,
            Self::Moving(moving) => moving.texture.depth_or_array_layers(),
        }
    }

    /// Moves layers of `old` and makes others white, up to the `allowance`, from which that is taken.
    pub fn advance(
        &mut self,
        old: Option<&Array>,
        white: &wgpu::Buffer,
        batch: &mut Batch,
        allowance: &mut Allowance,
    ) {
        if let Self::Ordered(made) = self
            && let Some((texture, view)) = made.take(allowance)
        {
            *self = Self::Moving(Moving { texture, view, mip_level: 0, layer: 0 });
        }
        let Self::Moving(moving) = self else { return };
        while moving.mip_level < moving.texture.mip_level_count() && allowance.bytes > 0 {
            let bytes = moving.step(old, white, batch, allowance.bytes);
            allowance.bytes = allowance.bytes.saturating_sub(bytes);
        }
    }

    /// Whether nothing is left to be moved.
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Moving(moving) if moving.mip_level == moving.texture.mip_level_count())
    }

    /// What takes the place of `old`, once all is done.
    pub fn finish(self, old: Option<Array>) -> Option<Array> {
        let Self::Moving(Moving { texture, view, .. }) = self else { return old };
        let (used, free) = old.map_or((u32::from(WHITE_LAYER) + 1, Vec::new()), |old| (old.used, old.free));
        Some(Array { texture, view, used, free })
    }
}

impl Moving {
    /// Layers of one level; returns their bytes.
    fn step(
        &mut self,
        old: Option<&Array>,
        white: &wgpu::Buffer,
        batch: &mut Batch,
        allowance_bytes: u64,
    ) -> u64 {
        let side = (self.texture.width() >> self.mip_level).max(1);
        let bytes = u64::from(side) * u64::from(side * TEXEL_BYTES);
        let affordable = u32::try_from(allowance_bytes / bytes).unwrap_or(u32::MAX).max(1);
        let layers = match old.filter(|old| self.layer < old.used) {
            Some(old) => {
                let layers = affordable.min(old.used - self.layer);
                batch.move_texels(&old.texture, self.texels(0, [side, side, layers]));
                layers
            }
            None => self.whiten(white, batch, side, affordable),
        };
        self.layer += layers;
        if self.layer == self.texture.depth_or_array_layers() {
            (self.mip_level, self.layer) = (self.mip_level + 1, 0);
        }
        u64::from(layers) * bytes
    }

    /// Makes up to `affordable` layers of the level white; returns how many.
    fn whiten(&self, white: &wgpu::Buffer, batch: &mut Batch, side: u32, affordable: u32) -> u32 {
        let pitch_bytes = Texels::pitch_bytes(side);
        let rows = (WHITE_BYTES / pitch_bytes).min(side);
        let at_once = (WHITE_BYTES / (pitch_bytes * rows)).max(1);
        let layers = affordable.min(at_once).min(self.texture.depth_or_array_layers() - self.layer);
        // Both are powers of two.
        for row in (0..side).step_by(rows as usize) {
            batch.fill(white, self.texels(row, [side, rows, layers]));
        }
        layers
    }

    fn texels(&self, first_row: u32, size: [u32; 3]) -> Texels {
        let (texture, first_layer) = (self.texture.clone(), self.layer);
        Texels { texture, mip_level: self.mip_level, first_row, first_layer, size }
    }
}
