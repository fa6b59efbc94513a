//! KHR_draco_mesh_compression: what somebody decompressed of a primitive takes the place of its accessors' bytes.
//!
//! Whoever answers for the file's URIs decompresses ([`Resolve::mesh_from_draco`]); where nobody does, the bytes that the
//! file has beside the compressed ones are read, and where there are none it is refused.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Resolve;
use super::accessor::Component;
use super::buffer::View;
use super::schema::{Accessor, Mesh, Root};
use crate::scene::{ContentError, limits};

const NAME: &str = "KHR_draco_mesh_compression";

/// What a primitive was before it was compressed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DracoMesh {
    /// Three a triangle.
    pub indices: Vec<u32>,
    /// By the number that the compressed mesh gives them.
    pub attributes: BTreeMap<u32, DracoAttribute>,
}

/// One attribute of all vertices.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DracoAttribute {
    /// How many numbers a vertex has.
    pub components: usize,
    /// Of one vertex after the other; integers as they are.
    pub numbers: Vec<f32>,
}

/// Decompresses every primitive that is compressed, and makes its accessors read what came of it.
///
/// # Errors
/// When one is malformed, does not fit its accessors, is more than the limits allow, or when nobody decompresses it.
pub(super) fn decode(
    root: &mut Root,
    views: &mut Vec<View<'_>>,
    resolve: &mut dyn Resolve,
) -> Result<(), ContentError> {
    let Root { meshes, accessors, .. } = root;
    let mut reader = Reader { accessors, views, total: 0, sources: BTreeMap::new() };
    for (i, mesh) in meshes.iter().enumerate() {
        reader.mesh(i, mesh, resolve)?;
    }
    Ok(())
}

struct Reader<'r, 'v> {
    accessors: &'r mut Vec<Accessor>,
    views: &'r mut Vec<View<'v>>,
    /// Numbers that were decompressed.
    total: usize,
    /// What each accessor reads: a compressed view, and which attribute of it; `None` for its indices.
    sources: BTreeMap<usize, (usize, Option<u32>)>,
}

impl Reader<'_, '_> {
    fn mesh(&mut self, i: usize, mesh: &Mesh, resolve: &mut dyn Resolve) -> Result<(), ContentError> {
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            let Some(compressed) = &primitive.extensions.draco else { continue };
            let place = format!("/meshes/{i}/primitives/{j}/extensions/{NAME}");
            let refuse = |reason: &str| Err(ContentError::malformed(place.clone(), reason));
            if primitive.mode != gltf::json::mesh::TRIANGLES {
                return Err(ContentError::unsupported(place, format!("strips in {NAME}")));
            }
            let Some(indices) = primitive.indices else { return refuse("its primitive has no indices") };
            let mut wanted: Vec<(usize, Option<u32>)> = vec![(indices, None)];
            for (name, &id) in &compressed.attributes {
                let Some(&accessor) = primitive.attributes.get(name) else {
                    return refuse("it has an attribute that its primitive has not");
                };
                wanted.push((accessor, Some(id)));
            }
            let of = |&(accessor, id): &(usize, Option<u32>)| (accessor, (compressed.buffer_view, id));
            if wanted.iter().map(of).all(|(accessor, source)| self.sources.get(&accessor) == Some(&source)) {
                continue;
            }
            let counts =
                |&(accessor, _): &(usize, Option<u32>)| self.accessors.get(accessor).map(|a| a.count);
            let most = wanted.iter().filter_map(counts).max().unwrap_or_default();
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            ContentError::check(&place, "elements", most, limits::ACCESSOR_LEN_MAX)?;
            let Some(bytes) = self.views.get(compressed.buffer_view).and_then(|view| view.bytes.as_deref())
            else {
                return refuse("its view has no data");
            };
            let Some(mesh) = resolve.mesh_from_draco(bytes, most).map_err(|error| error.within(&place))?
            else {
                if wanted.iter().all(|&(accessor, _)| self.has_data(accessor)) {
                    continue;
                }
                return Err(ContentError::unsupported(place, NAME));
            };
            for (accessor, id) in wanted {
                self.place(accessor, id, &mesh, &place)?;
                self.sources.insert(accessor, (compressed.buffer_view, id));
            }
        }
        Ok(())
    }

    /// Whether the accessor has bytes beside the compressed ones.
    fn has_data(&self, accessor: usize) -> bool {
        let view = self.accessors.get(accessor).and_then(|accessor| accessor.buffer_view);
        view.and_then(|view| self.views.get(view)).is_some_and(|view| view.bytes.is_some())
    }

    /// Makes the accessor read one attribute of the mesh, or its indices.
    fn place(
        &mut self,
        accessor: usize,
        id: Option<u32>,
        mesh: &DracoMesh,
        place: &str,
    ) -> Result<(), ContentError> {
        let refuse = |reason: &str| Err(ContentError::malformed(place, reason));
        let Some(schema) = self.accessors.get_mut(accessor) else {
            return refuse("there is no such accessor");
        };
        if self.sources.contains_key(&accessor) {
            return refuse("an accessor of it is one of something else that is compressed");
        }
        let Some(component) = Component::of(schema.component_type) else {
            return refuse("glTF knows no such component type");
        };
        let components = match schema.kind.as_str() {
            "SCALAR" => 1,
            "VEC2" => 2,
            "VEC3" => 3,
            "VEC4" => 4,
            _ => return refuse("an accessor of it is of matrices"),
        };
        let (bytes, numbers) = match id {
            None => {
                (bytes_of(mesh.indices.iter().map(|&index| f64::from(index)), component), mesh.indices.len())
            }
            Some(id) => {
                let Some(attribute) = mesh.attributes.get(&id) else {
                    return refuse("the compressed mesh has no attribute of that number");
                };
                if attribute.components != components {
                    return refuse("an attribute of the compressed mesh is not of its accessor's type");
                }
                let numbers = attribute.numbers.iter().map(|&number| f64::from(number));
                (bytes_of(numbers, component), attribute.numbers.len())
            }
        };
        self.total = self.total.saturating_add(numbers.saturating_mul(size_of::<f32>()));
        ContentError::check(place, "bytes after decompression", self.total, limits::SOURCE_BYTES_MAX)?;
        if numbers as u64 != schema.count.saturating_mul(components as u64) {
            return refuse("the compressed mesh has not as many elements as its accessors");
        }
        let Some(bytes) = bytes else { return refuse("a number of it does not fit its accessor") };
        schema.buffer_view = Some(self.views.len());
        schema.byte_offset = 0;
        schema.is_lossy = true;
        let length = bytes.len();
        self.views.push(View { bytes: Some(Cow::Owned(bytes)), length, offset: 0, stride: None });
        Ok(())
    }
}

/// The numbers as components; `None` where one is out of their range.
fn bytes_of(numbers: impl Iterator<Item = f64>, component: Component) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for number in numbers {
        let is_whole =
            |range: std::ops::RangeInclusive<f64>| range.contains(&number) && number.fract() == 0.0;
        match component {
            Component::F32 => bytes.extend((number as f32).to_le_bytes()),
            Component::I8 if is_whole(-128.0..=127.0) => bytes.extend((number as i8).to_le_bytes()),
            Component::U8 if is_whole(0.0..=255.0) => bytes.extend((number as u8).to_le_bytes()),
            Component::I16 if is_whole(-32768.0..=32767.0) => bytes.extend((number as i16).to_le_bytes()),
            Component::U16 if is_whole(0.0..=65535.0) => bytes.extend((number as u16).to_le_bytes()),
            Component::U32 if is_whole(0.0..=4_294_967_295.0) => bytes.extend((number as u32).to_le_bytes()),
            _ => return None,
        }
    }
    Some(bytes)
}
