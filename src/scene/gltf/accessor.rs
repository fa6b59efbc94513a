//! Accessors: typed vectors out of buffer views.
//!
//! A schema accessor and the views come in; vectors go out, normalised integers as floats, sparse
//! values applied. Every length is compared with the bytes that are there before anything is
//! allocated.

use super::buffer::View;
use super::schema::{Accessor, Root, Sparse};
use crate::scene::{ContentError, limits};

mod extent;

/// What one component is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scene) enum Component {
    I8,
    U8,
    I16,
    U16,
    U32,
    F32,
}

impl Component {
    pub(super) fn of(number: u64) -> Option<Self> {
        Some(match u32::try_from(number).ok()? {
            gltf::json::accessor::BYTE => Self::I8,
            gltf::json::accessor::UNSIGNED_BYTE => Self::U8,
            gltf::json::accessor::SHORT => Self::I16,
            gltf::json::accessor::UNSIGNED_SHORT => Self::U16,
            gltf::json::accessor::UNSIGNED_INT => Self::U32,
            gltf::json::accessor::FLOAT => Self::F32,
            _ => return None,
        })
    }

    fn bytes(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }
}

/// Bytes of one element and how many components it has. Columns of matrices begin at multiples of 4.
fn element(kind: &str, component: Component) -> Option<(usize, usize)> {
    let size = component.bytes();
    let matrix = |side: usize| (side * (side * size).next_multiple_of(4), side * side);
    Some(match kind {
        "SCALAR" => (size, 1),
        "VEC2" => (2 * size, 2),
        "VEC3" => (3 * size, 3),
        "VEC4" => (4 * size, 4),
        "MAT2" => matrix(2),
        "MAT3" => matrix(3),
        "MAT4" => matrix(4),
        _ => return None,
    })
}

/// Elements that lie in their view, checked to do so.
struct Elements<'a> {
    /// From the first element on; `None` where the buffer is a placeholder.
    bytes: Option<&'a [u8]>,
    stride: usize,
    count: usize,
}

impl<'a> Elements<'a> {
    /// `count` elements of `size` bytes in a view, from an offset on.
    fn find(
        view: &'a View<'_>,
        offset: u64,
        count: usize,
        size: usize,
        alignment: usize,
    ) -> Result<Self, &'static str> {
        let stride = view.stride.unwrap_or(size);
        if stride < size {
            return Err("its elements are larger than the stride of its view");
        }
        let total_offset = offset.checked_add(view.offset).ok_or("its offset is out of range")?;
        if !offset.is_multiple_of(alignment as u64) || !total_offset.is_multiple_of(alignment as u64) {
            return Err("it is not aligned to its components");
        }
        let start = usize::try_from(offset).map_err(|_| "its offset is out of range")?;
        let needed = count.saturating_sub(1).checked_mul(stride).and_then(|n| n.checked_add(size));
        let end = needed.and_then(|needed| needed.checked_add(start));
        if end.is_none_or(|end| end > view.length) {
            return Err("it goes on past the end of its view");
        }
        Ok(Self { bytes: view.bytes.as_deref().and_then(|bytes| bytes.get(start..)), stride, count })
    }

    fn iter(&self) -> Result<impl Iterator<Item = &'a [u8]> + use<'a>, &'static str> {
        let bytes = self.bytes.ok_or("its buffer has no data")?;
        Ok(bytes.chunks(self.stride).take(self.count))
    }

    /// All of them, where nothing lies between them.
    fn packed(&self, size: usize) -> Option<&'a [u8]> {
        let bytes = self.bytes.filter(|_| self.stride == size)?;
        bytes.get(..self.count.checked_mul(size)?)
    }
}

/// An accessor whose elements are known to be there.
pub(in crate::scene) struct Reader<'a> {
    place: String,
    schema: &'a Accessor,
    views: &'a [View<'a>],
    /// What one component is.
    pub component: Component,
    /// How many elements there are, at least one.
    pub count: usize,
    element_bytes: usize,
    /// Whether its bytes were compressed with loss, so that its bounds are those of others.
    is_lossy: bool,
}

/// Checks every accessor of known type against its view, whether or not anything uses it.
pub(super) fn check_layouts(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    let (mut elements_bytes, mut zeros_bytes) = (0_usize, 0_usize);
    for i in known(root) {
        let reader = Reader::of(root, views, i)?;
        let schema = reader.schema;
        if schema.normalized && matches!(reader.component, Component::U32 | Component::F32) {
            return Err(reader.refuse("only small integers are normalised"));
        }
        if schema.buffer_view.is_none() {
            zeros_bytes = zeros_bytes.saturating_add(reader.decoded_bytes());
            let what = "bytes that no byte stands for";
            ContentError::check(&reader.place, what, zeros_bytes, limits::ZEROS_BYTES_MAX)?;
        }
        let Some((size, width)) = element(&schema.kind, reader.component) else { continue };
        if [&schema.min, &schema.max].into_iter().flatten().any(|bound| bound.len() != width) {
            return Err(reader.refuse("its bounds have another number of components than it has"));
        }
        if reader.base(size)?.is_some() {
            elements_bytes = elements_bytes.saturating_add(reader.count.saturating_mul(size));
        }
    }
    let there = views.iter().fold(0_usize, |sum, view| sum.saturating_add(view.length));
    let most = there.saturating_mul(limits::ACCESSOR_OVERLAP_MAX).saturating_add(limits::ZEROS_BYTES_MAX);
    ContentError::check("/accessors", "bytes of elements", elements_bytes, most)
}

/// The accessors whose component type glTF knows; others are refused where something uses them.
fn known(root: &Root) -> impl Iterator<Item = usize> {
    let is_known = |(_, accessor): &(usize, &Accessor)| Component::of(accessor.component_type).is_some();
    root.accessors.iter().enumerate().filter(is_known).map(|(i, _)| i)
}

/// Compares what every accessor says of its elements with them.
pub(super) fn check_elements(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    for i in known(root) {
        let reader = Reader::of(root, views, i)?;
        if let Some((size, width)) = element(&reader.schema.kind, reader.component) {
            reader.check_extent(size, width)?;
        }
    }
    Ok(())
}

impl<'a> Reader<'a> {
    pub(in crate::scene) fn of(
        root: &'a Root,
        views: &'a [View<'a>],
        index: usize,
    ) -> Result<Self, ContentError> {
        let place = format!("/accessors/{index}");
        let Some(schema) = root.accessors.get(index) else {
            return Err(ContentError::malformed(place, "there is no such accessor"));
        };
        let Some(component) = Component::of(schema.component_type) else {
            return Err(ContentError::malformed(place, "glTF knows no such component type"));
        };
        let count = usize::try_from(schema.count).unwrap_or(usize::MAX);
        ContentError::check(&place, "elements", count, limits::ACCESSOR_LEN_MAX)?;
        if count == 0 {
            return Err(ContentError::malformed(place, "it has no elements"));
        }
        let element_bytes = element(&schema.kind, component).map_or(0, |(size, _)| size);
        let compressed = schema
            .buffer_view
            .and_then(|view| root.buffer_views.get(view))
            .and_then(|view| view.extensions.compression());
        let is_lossy =
            schema.is_lossy || compressed.is_some_and(|compressed| compressed.view.filter.is_some());
        Ok(Self { place, schema, views, component, count, element_bytes, is_lossy })
    }

    /// How many components an element has, as the file says: "SCALAR", "VEC3", ...
    pub(super) fn kind(&self) -> &str {
        &self.schema.kind
    }

    /// Whether integers stand for 0..1 or −1..1.
    pub(super) fn is_normalized(&self) -> bool {
        self.schema.normalized
    }

    /// Whether there are elements that are not all zero because nothing says what they are.
    pub(super) fn has_data(&self) -> bool {
        let base = self.schema.buffer_view.and_then(|view| self.views.get(view));
        base.is_some_and(|view| view.bytes.is_some()) || self.schema.sparse.is_some()
    }

    /// Whether it says between which bounds its elements are.
    pub(super) fn has_bounds(&self) -> bool {
        self.schema.min.is_some() && self.schema.max.is_some()
    }

    /// Whether it is of plain floats.
    pub(super) fn is_floats(&self, kind: &str) -> bool {
        self.schema.kind == kind && self.component == Component::F32
    }

    /// Bytes that reading it takes.
    pub(super) fn decoded_bytes(&self) -> usize {
        self.count.saturating_mul(16)
    }

    pub(super) fn refuse(&self, reason: &str) -> ContentError {
        ContentError::malformed(self.place.clone(), reason)
    }

    fn base(&self, size: usize) -> Result<Option<Elements<'a>>, ContentError> {
        let Some(view) = self.schema.buffer_view.and_then(|view| self.views.get(view)) else {
            return Ok(None);
        };
        Elements::find(view, self.schema.byte_offset, self.count, size, self.component.bytes())
            .map(Some)
            .map_err(|reason| self.refuse(reason))
    }

    /// The elements as vectors of `N` floats.
    pub(in crate::scene) fn floats<const N: usize>(&self) -> Result<Vec<[f32; N]>, ContentError> {
        let normalized = self.schema.normalized;
        match self.component {
            Component::I8 if normalized => self.gather(|[b]: [u8; 1]| snorm(f32::from(b as i8), 127.0)),
            Component::I8 => self.gather(|[b]: [u8; 1]| f32::from(b as i8)),
            Component::U8 if normalized => self.gather(|[b]: [u8; 1]| f32::from(b) / 255.0),
            Component::U8 => self.gather(|[b]: [u8; 1]| f32::from(b)),
            Component::I16 if normalized => self.gather(|b| snorm(f32::from(i16::from_le_bytes(b)), 32767.0)),
            Component::I16 => self.gather(|b| f32::from(i16::from_le_bytes(b))),
            Component::U16 if normalized => self.gather(|b| f32::from(u16::from_le_bytes(b)) / 65535.0),
            Component::U16 => self.gather(|b| f32::from(u16::from_le_bytes(b))),
            Component::F32 => self.gather(f32::from_le_bytes),
            Component::U32 => Err(self.refuse("32-bit integers are for indices only")),
        }
    }

    /// The elements as indices.
    pub(super) fn indices(&self) -> Result<Vec<u32>, ContentError> {
        if self.schema.kind != "SCALAR" || self.schema.normalized {
            return Err(self.refuse("indices are plain scalars"));
        }
        let flat = |values: Vec<[u32; 1]>| values.into_flattened();
        match self.component {
            Component::U8 => self.gather(|[b]: [u8; 1]| u32::from(b)).map(flat),
            Component::U16 => self.gather(|b| u32::from(u16::from_le_bytes(b))).map(flat),
            Component::U32 => self.gather(u32::from_le_bytes).map(flat),
            _ => Err(self.refuse("indices are unsigned integers")),
        }
    }

    /// Reads every element, then what a sparse accessor puts over it.
    fn gather<T: Copy + Default, const N: usize, const S: usize>(
        &self,
        read: impl Fn([u8; S]) -> T,
    ) -> Result<Vec<[T; N]>, ContentError> {
        let element = |bytes: &[u8]| {
            let components = bytes.as_chunks::<S>().0.first_chunk::<N>();
            components.map_or([T::default(); N], |components| components.map(&read))
        };
        if self.element_bytes != N * S {
            return Err(self.refuse("its type is not what its use needs"));
        }
        let mut vectors: Vec<[T; N]> = match self.base(self.element_bytes)? {
            Some(elements) => match elements.packed(self.element_bytes) {
                // Most accessors, and several times as fast.
                Some(bytes) => {
                    let vectors = bytes.as_chunks::<S>().0.as_chunks::<N>().0;
                    vectors.iter().map(|components| components.map(&read)).collect()
                }
                None => elements.iter().map_err(|reason| self.refuse(reason))?.map(element).collect(),
            },
            // An accessor without a view is zeros.
            None => vec![[T::default(); N]; self.count],
        };
        if let Some(sparse) = &self.schema.sparse {
            for (place, bytes) in self.sparse(sparse)? {
                let slot =
                    vectors.get_mut(place).ok_or_else(|| self.refuse("a sparse index is out of range"))?;
                *slot = element(bytes);
            }
        }
        Ok(vectors)
    }

    /// Places and bytes of a sparse accessor's values; the places strictly increase.
    fn sparse(&self, sparse: &Sparse) -> Result<Vec<(usize, &'a [u8])>, ContentError> {
        let count = usize::try_from(sparse.count).unwrap_or(usize::MAX);
        if count == 0 || count > self.count {
            return Err(self.refuse("its sparse count is out of range"));
        }
        let component = Component::of(sparse.indices.component_type)
            .filter(|component| matches!(component, Component::U8 | Component::U16 | Component::U32))
            .ok_or_else(|| self.refuse("sparse indices are unsigned integers"))?;
        let find = |view: usize, offset, size, alignment| {
            let view = self.views.get(view).ok_or("its sparse view is missing")?;
            if view.stride.is_some_and(|stride| stride != size) {
                return Err("sparse views have no stride");
            }
            Elements::find(view, offset, count, size, alignment)
        };
        let size = component.bytes();
        let indices = find(sparse.indices.buffer_view, sparse.indices.byte_offset, size, size)
            .and_then(|elements| elements.iter())
            .map_err(|reason| self.refuse(reason))?;
        let (offset, alignment) = (sparse.values.byte_offset, self.component.bytes());
        let values = find(sparse.values.buffer_view, offset, self.element_bytes, alignment)
            .and_then(|elements| elements.iter())
            .map_err(|reason| self.refuse(reason))?;
        let mut places = Vec::with_capacity(count);
        let mut last = None;
        for (index, value) in indices.zip(values) {
            let place = index.iter().rev().fold(0_usize, |sum, &byte| (sum << 8) | usize::from(byte));
            if last.replace(place).is_some_and(|last| place <= last) {
                return Err(self.refuse("its sparse indices do not increase"));
            }
            places.push((place, value));
        }
        Ok(places)
    }
}

fn snorm(value: f32, max: f32) -> f32 {
    (value / max).max(-1.0)
}
