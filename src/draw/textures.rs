//! The tileset's images as texture arrays, one array for each colour space and size.
//!
//! A draw binds one colour array and one data array, and the material names the layers, of which the first is white:
//! it stands for images that a material has not, or that have not arrived. Arrays grow
//! by doubling, never beyond the number of images that the tileset has in that class: see [`mod@array`]. Beside them the
//! names of people have a texture of their own, which stays when the tileset changes.

pub(super) mod array;

use wgpu::util::DeviceExt as _;

use self::array::{Array, Growth, WHITE_BYTES};
use super::batch::Batch;
use super::bindings::{Bindings, Images};
use super::maker::{Allowance, Maker};
use super::{Gpu, names};
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
    /// A larger array is on its way: ask again in the next frame.
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
        layer_bytes(usize::from(self.side_log2))
    }
}

#[derive(Debug)]
pub(super) struct Textures {
    bindings: Bindings,
    /// Larger arrays on their way, first in, first out.
    growths: Vec<(Class, Growth)>,
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
            growths: Vec::new(),
            samplers,
            blank: blank(gpu),
            white: gpu.device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
                label: Some("white"),
                contents: &vec![255; WHITE_BYTES as usize],
                usage: wgpu::BufferUsages::COPY_SRC,
            }),
            arrays: (0..SIDES * 2).map(|_| None).collect(),
            names_view: array::view(&names),
            names,
            image_counts: vec![0; SIDES * 2],
            classes: Vec::new(),
            groups: vec![None; 3 * SETS],
        }
    }

    /// Forgets every image, the names apart, and takes the table of another tileset.
    pub fn reset(&mut self, tileset: &Tileset) {
        self.growths.clear();
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

    /// Whether a larger array of the class is on its way: what would be written now may be where the move has been
    /// already.
    pub fn is_growing(&self, class: Class) -> bool {
        self.growths.iter().any(|(growing, _)| *growing == class)
    }

    /// A free layer of the class. Where there is none, a larger array is ordered.
    pub fn reserve(&mut self, gpu: &Gpu, maker: &Maker, class: Class) -> Reserved {
        if self.is_growing(class) {
            return Reserved::Coming;
        }
        let total = self.image_counts[class.index()];
        let ceiling = (total + 1).min(gpu.device.limits().max_texture_array_layers);
        let array = self.arrays[class.index()].as_mut();
        let layers = array.as_ref().map_or(0, |array| array.layers());
        if let Some(index) = array.and_then(|array| array.take(ceiling)) {
            return Reserved::Layer(Layer { class, index });
        }
        if layers >= ceiling {
            return Reserved::Full;
        }
        let least = u32::try_from(ARRAY_BYTES_MIN / class.layer_bytes()).unwrap_or(u32::MAX).max(1);
        let layers = (layers * 2).max(least).min(ceiling);
        self.growths.push((class, Growth::order(maker, class.format(), class.side_log2, layers)));
        Reserved::Coming
    }

    /// Takes a layer back, for the next image of its class. A large array of which the last one is given back gives its
    /// memory to others.
    pub fn release(&mut self, layer: Layer) {
        let Layer { class, index } = layer;
        let is_growing = self.is_growing(class);
        let place = &mut self.arrays[class.index()];
        let Some(array) = place else { return };
        array.give_back(index);
        let bytes = class.layer_bytes() * u64::from(array.layers());
        if array.is_empty() && bytes > ARRAY_BYTES_MIN && !is_growing {
            *place = None;
            self.forget_groups(class);
        }
    }

    /// What all arrays occupy, with those on their way and what nothing is in, bytes.
    pub fn held_bytes(&self) -> u64 {
        let growths = self.growths.iter().map(|(class, growth)| (class.index(), growth.layers()));
        let arrays = self.arrays.iter().enumerate();
        let arrays = arrays.filter_map(|(index, array)| Some((index, array.as_ref()?.layers())));
        arrays.chain(growths).map(|(index, layers)| layer_bytes(index % SIDES) * u64::from(layers)).sum()
    }

    /// The array that holds the class.
    pub fn texture(&self, class: Class) -> Option<&wgpu::Texture> {
        self.arrays[class.index()].as_ref().map(Array::texture)
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

    /// Goes on growing, up to the `allowance`, from which that is taken.
    pub fn advance(&mut self, batch: &mut Batch, allowance: &mut Allowance) {
        for (class, growth) in &mut self.growths {
            growth.advance(self.arrays[class.index()].as_ref(), &self.white, batch, allowance);
        }
    }

    /// What [`Textures::advance`] had moved is submitted: arrays of which that was the last are drawn from.
    pub fn settle(&mut self) {
        while let Some(index) = self.growths.iter().position(|(_, growth)| growth.is_done()) {
            let (class, growth) = self.growths.remove(index);
            let place = &mut self.arrays[class.index()];
            *place = growth.finish(place.take());
            self.forget_groups(class);
        }
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
            array.map_or(&self.blank, Array::view)
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

/// What an image of this side occupies: a third more for the smaller levels.
fn layer_bytes(side_log2: usize) -> u64 {
    (4_u64 << (2 * side_log2)) * 4 / 3
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
    array::view(&texture)
}
