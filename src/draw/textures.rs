//! The tileset's images as texture arrays, one array for each colour space and size.
//!
//! A draw binds one colour array and one data array, and the material names the layers, of which the first is white:
//! it stands for images that a material has not, or that have not arrived. Arrays grow
//! by doubling, never beyond the number of images that the tileset has in that class, and are made beside the frame: an
//! image waits for its array, not the frame. Beside them the
//! names of people have a texture of their own, which stays when the tileset changes.

use std::collections::VecDeque;

use wgpu::util::DeviceExt as _;

use super::arrays::{ArrayMaker, Order};
use super::bindings::{Bindings, Images};
use super::{Gpu, arrays, names};
use crate::scene::material::Wrap;
use crate::scene::mesh::TextureSet;
use crate::scene::texture::ColorSpace;
use crate::scene::{ImageId, Tileset, limits};

/// Sides from one texel to the ceiling.
const SIDES: usize = limits::TEXTURE_SIDE_LOG2_MAX as usize + 1;

/// What can be bound: the arrays of each side, or the names.
const SETS: usize = SIDES + 1;

/// What a new array holds at least, if the tileset has as much: 16 MiB.
const ARRAY_BYTES_MIN: u64 = 16 << 20;

/// White in every array.
pub(super) const WHITE_LAYER: u16 = 0;

/// Bytes of white, from which white layers are copied.
const WHITE_BYTES: u32 = 1 << 20;

/// Copies of it that a frame has time for: the largest layer takes three times as many.
const WHITE_COPIES: usize = 10;

/// A layer that was given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layer {
    pub class: Class,
    pub index: u32,
}

/// What becomes of a wish for a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reserved {
    /// It is there.
    Layer(Layer),
    /// Its array is being made: ask again in the next frame.
    Coming,
    /// All that there may be are taken.
    Full,
}

/// Images that share an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Class {
    pub space: ColorSpace,
    pub side_log2: u8,
}

impl Class {
    fn index(self) -> usize {
        let space = match self.space {
            ColorSpace::Srgb => 0,
            ColorSpace::Linear => 1,
        };
        space * SIDES + usize::from(self.side_log2)
    }

    fn format(self) -> wgpu::TextureFormat {
        match self.space {
            ColorSpace::Srgb => wgpu::TextureFormat::Rgba8UnormSrgb,
            ColorSpace::Linear => wgpu::TextureFormat::Rgba8Unorm,
        }
    }

    fn layer_bytes(self) -> u64 {
        // A third more for the smaller levels.
        (4_u64 << (2 * self.side_log2)) * 4 / 3
    }
}

#[derive(Debug)]
struct Array {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    used: u32,
    /// Layers below `used` that nothing is shown from.
    free: Vec<u32>,
}

/// Which array is made, and for which tileset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ArrayKey {
    class: Class,
    tileset: u32,
}

/// How far the first layer of an array is white.
#[derive(Debug)]
struct White {
    texture: wgpu::Texture,
    view: wgpu::TextureView,
    mip_level: u32,
    row: u32,
}

impl White {
    /// Makes a part of it white, by the GPU; whether all of it is.
    fn step(&mut self, encoder: &mut wgpu::CommandEncoder, white: &wgpu::Buffer) -> bool {
        for _ in 0..WHITE_COPIES {
            if self.mip_level == self.texture.mip_level_count() {
                break;
            }
            let side = (self.texture.width() >> self.mip_level).max(1);
            let bytes_per_row = (side * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
            let height = (WHITE_BYTES / bytes_per_row).clamp(1, side - self.row);
            let layout = wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(bytes_per_row),
                rows_per_image: Some(height),
            };
            let origin = wgpu::Origin3d { x: 0, y: self.row, z: u32::from(WHITE_LAYER) };
            let to = wgpu::TexelCopyTextureInfo {
                mip_level: self.mip_level,
                origin,
                ..self.texture.as_image_copy()
            };
            let size = wgpu::Extent3d { width: side, height, depth_or_array_layers: 1 };
            encoder.copy_buffer_to_texture(wgpu::TexelCopyBufferInfo { buffer: white, layout }, to, size);
            self.row += height;
            if self.row == side {
                (self.mip_level, self.row) = (self.mip_level + 1, 0);
            }
        }
        self.mip_level == self.texture.mip_level_count()
    }
}

#[derive(Debug)]
pub(super) struct Textures {
    bindings: Bindings,
    maker: ArrayMaker<ArrayKey>,
    /// The classes whose array is being made.
    coming: Vec<Class>,
    /// First arrays of their class, which are there but for their white layer.
    whitening: VecDeque<(Class, White)>,
    /// Counts the tilesets, so that an array that was made for an earlier one is told apart.
    tileset: u32,
    samplers: [wgpu::Sampler; 3],
    /// One white texel, for classes that nothing has arrived in.
    blank: wgpu::TextureView,
    white: wgpu::Buffer,
    arrays: Vec<Option<Array>>,
    names: wgpu::Texture,
    names_view: wgpu::TextureView,
    /// How many images the tileset has in each class.
    image_counts: Vec<u32>,
    /// The class of each image.
    classes: Vec<Class>,
    /// By wrap and side; the names are beyond the largest.
    groups: Vec<Option<wgpu::BindGroup>>,
}

impl Textures {
    pub fn new(gpu: &Gpu, bindings: Bindings, is_deterministic: bool) -> Self {
        let samplers =
            [Wrap::Repeat, Wrap::Mirror, Wrap::Clamp].map(|wrap| sampler(gpu, wrap, is_deterministic));
        let names = names::texture(gpu);
        Self {
            bindings,
            maker: ArrayMaker::new(&gpu.device),
            coming: Vec::new(),
            whitening: VecDeque::new(),
            tileset: 0,
            samplers,
            blank: blank(gpu),
            white: gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("white"),
                contents: &vec![255; WHITE_BYTES as usize],
                usage: wgpu::BufferUsages::COPY_SRC,
            }),
            arrays: (0..SIDES * 2).map(|_| None).collect(),
            names_view: arrays::view(&names),
            names,
            image_counts: vec![0; SIDES * 2],
            classes: Vec::new(),
            groups: vec![None; 3 * SETS],
        }
    }

    /// Forgets every image, the names apart, and takes the table of another tileset.
    pub fn reset(&mut self, tileset: &Tileset) {
        self.coming.clear();
        self.whitening.clear();
        self.tileset = self.tileset.wrapping_add(1);
        self.arrays.fill_with(|| None);
        self.groups.fill(None);
        self.image_counts.fill(0);
        self.classes.clear();
        for image in tileset.images() {
            let class = Class { space: image.space, side_log2: image.side_log2 };
            self.image_counts[class.index()] += 1;
            self.classes.push(class);
        }
    }

    /// What the tileset says of the image.
    pub fn class(&self, image: ImageId) -> Option<Class> {
        self.classes.get(image.index()).copied()
    }

    /// A free layer of the class. Where there is none, a larger array is ordered.
    pub fn reserve(&mut self, gpu: &Gpu, encoder: &mut wgpu::CommandEncoder, class: Class) -> Reserved {
        self.take_made(encoder);
        let reused = self.arrays[class.index()].as_mut().and_then(|array| array.free.pop());
        if let Some(index) = reused {
            return Reserved::Layer(Layer { class, index });
        }
        let total = self.image_counts[class.index()];
        let ceiling = (total + 1).min(gpu.device.limits().max_texture_array_layers);
        let array = self.arrays[class.index()].as_mut();
        let (used, capacity) =
            array.as_ref().map_or((1, 0), |array| (array.used, array.texture.depth_or_array_layers()));
        if used >= ceiling {
            return Reserved::Full;
        }
        if let Some(array) = array
            && used < capacity
        {
            array.used += 1;
            return Reserved::Layer(Layer { class, index: used });
        }
        if !self.coming.contains(&class) {
            let least = u32::try_from(ARRAY_BYTES_MIN / class.layer_bytes()).unwrap_or(u32::MAX).max(1);
            let layers = (capacity * 2).max(least).min(ceiling);
            let key = ArrayKey { class, tileset: self.tileset };
            let order = Order { key, format: class.format(), side_log2: class.side_log2, layers };
            if self.maker.order(order) {
                self.coming.push(class);
            }
        }
        Reserved::Coming
    }

    /// Takes a layer back, for the next image of its class.
    pub fn release(&mut self, layer: Layer) {
        if let Some(array) = &mut self.arrays[layer.class.index()] {
            array.free.push(layer.index);
        }
    }

    /// The array that holds the class.
    pub fn texture(&self, class: Class) -> Option<&wgpu::Texture> {
        self.arrays[class.index()].as_ref().map(|array| &array.texture)
    }

    /// The texture that holds the names.
    pub fn names(&self) -> &wgpu::Texture {
        &self.names
    }

    /// Makes sure that [`Textures::group`] has an answer for the set.
    pub fn prepare(&mut self, gpu: &Gpu, set: TextureSet) {
        let index = group_index(set);
        if self.groups.get(index).is_some_and(Option::is_none) {
            self.groups[index] = Some(self.make_group(gpu, set));
        }
    }

    /// What a draw with this set binds.
    pub fn group(&self, set: TextureSet) -> Option<&wgpu::BindGroup> {
        self.groups.get(group_index(set))?.as_ref()
    }

    /// Puts the arrays that are ready in the place of smaller ones.
    fn take_made(&mut self, encoder: &mut wgpu::CommandEncoder) {
        while let Some((ArrayKey { class, tileset }, texture, view)) = self.maker.take() {
            if tileset != self.tileset {
                continue;
            }
            if self.arrays[class.index()].is_some() {
                self.grow(encoder, class, texture, view);
            } else {
                self.whitening.push_back((class, White { texture, view, mip_level: 0, row: 0 }));
            }
        }
        let Some((class, white)) = self.whitening.front_mut() else { return };
        if white.step(encoder, &self.white) {
            let (class, texture, view) = (*class, white.texture.clone(), white.view.clone());
            self.whitening.pop_front();
            self.grow(encoder, class, texture, view);
        }
    }

    fn grow(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        class: Class,
        texture: wgpu::Texture,
        view: wgpu::TextureView,
    ) {
        let side = texture.width();
        let (mut used, mut free) = (1, Vec::new());
        if let Some(old) = &self.arrays[class.index()] {
            used = old.used;
            free = old.free.clone();
            for mip_level in 0..=u32::from(class.side_log2) {
                let side = side >> mip_level;
                let at = |texture| wgpu::TexelCopyTextureInfo {
                    texture,
                    mip_level,
                    origin: wgpu::Origin3d::ZERO,
                    aspect: wgpu::TextureAspect::All,
                };
                let size = wgpu::Extent3d { width: side, height: side, depth_or_array_layers: used };
                encoder.copy_texture_to_texture(at(&old.texture), at(&texture), size);
            }
        }
        self.coming.retain(|other| *other != class);
        self.arrays[class.index()] = Some(Array { texture, view, used, free });
        self.forget_groups(class);
    }

    /// Those that bind the array that was just replaced.
    fn forget_groups(&mut self, class: Class) {
        self.groups
            .iter_mut()
            .skip(usize::from(class.side_log2))
            .step_by(SETS)
            .for_each(|group| *group = None);
    }

    fn make_group(&self, gpu: &Gpu, set: TextureSet) -> wgpu::BindGroup {
        let view = |space, side_log2| {
            let array = self.arrays[Class { space, side_log2 }.index()].as_ref();
            array.map_or(&self.blank, |array| &array.view)
        };
        let [colors, data] = if set.side_log2 == TextureSet::NAMES.side_log2 {
            [&self.names_view, &self.blank]
        } else {
            [ColorSpace::Srgb, ColorSpace::Linear].map(|space| view(space, set.side_log2))
        };
        let sampler = &self.samplers[wrap_index(set.wrap)];
        self.bindings.group(gpu, &Images { colors, data, sampler })
    }
}

fn wrap_index(wrap: Wrap) -> usize {
    match wrap {
        Wrap::Repeat => 0,
        Wrap::Mirror => 1,
        Wrap::Clamp => 2,
    }
}

/// Out of range, and so without an answer, for sides above the ceiling.
fn group_index(set: TextureSet) -> usize {
    let side = usize::from(set.side_log2);
    if side < SETS { wrap_index(set.wrap) * SETS + side } else { usize::MAX }
}

fn sampler(gpu: &Gpu, wrap: Wrap, is_deterministic: bool) -> wgpu::Sampler {
    let address = match wrap {
        Wrap::Repeat => wgpu::AddressMode::Repeat,
        Wrap::Mirror => wgpu::AddressMode::MirrorRepeat,
        Wrap::Clamp => wgpu::AddressMode::ClampToEdge,
    };
    gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        label: Some("images"),
        address_mode_u: address,
        address_mode_v: address,
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        // Floors and walls are seen at a slant; drivers differ in how, so not where pictures are compared.
        anisotropy_clamp: if is_deterministic { 1 } else { 4 },
        ..wgpu::SamplerDescriptor::default()
    })
}

fn blank(gpu: &Gpu) -> wgpu::TextureView {
    let size = wgpu::Extent3d { width: 1, height: 1, depth_or_array_layers: 1 };
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("blank"),
        size,
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rgba8Unorm,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(4), rows_per_image: None };
    gpu.queue.write_texture(texture.as_image_copy(), &[255; 4], layout, size);
    arrays::view(&texture)
}
