//! EXT_structural_metadata, EXT_mesh_features and EXT_instance_features: what things are, beside how they look.
//!
//! Tables of properties become columns of values; vertices and instances name rows of them. None of it is drawn, so
//! what is broken in it is left out by name, and the file is shown without.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::accessor::Reader;
use super::buffer::View;
use super::document::{Column, FeatureTable, Features};
use super::schema::{Primitive, Root};
use super::skipped::Skipped;
use crate::scene::entity::PropertyValue;
use crate::scene::{ContentError, limits};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    schema: Option<Schema>,
    property_tables: Vec<Table>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Schema {
    classes: BTreeMap<String, Class>,
    enums: BTreeMap<String, Enum>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Class {
    name: Option<String>,
    properties: BTreeMap<String, Property>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Property {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: String,
    component_type: Option<String>,
    enum_type: Option<String>,
    array: bool,
    normalized: bool,
    offset: Option<f64>,
    scale: Option<f64>,
    semantic: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Enum {
    value_type: Option<String>,
    values: Vec<EnumValue>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct EnumValue {
    name: String,
    value: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Table {
    name: Option<String>,
    class: String,
    count: usize,
    properties: BTreeMap<String, Stored>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stored {
    values: usize,
    string_offsets: Option<usize>,
    string_offset_type: Option<String>,
    offset: Option<f64>,
    scale: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FeatureIds {
    feature_ids: Vec<FeatureId>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct FeatureId {
    null_feature_id: Option<u32>,
    attribute: Option<u32>,
    texture: Option<Value>,
    property_table: Option<usize>,
}

/// The file's tables of properties.
pub(super) fn tables(root: &Root, views: &[View<'_>], skipped: &mut Skipped) -> Vec<FeatureTable> {
    let Some(value) = &root.extensions.metadata else { return Vec::new() };
    let Ok(metadata) = Metadata::deserialize(value) else {
        skipped.add("broken EXT_structural_metadata", 1);
        return Vec::new();
    };
    let schema = metadata.schema.unwrap_or_default();
    let mut room = limits::PROPERTY_VALUES_MAX;
    let table = |table: &Table| {
        let class = schema.classes.get(&table.class);
        let mut columns = Vec::new();
        for (id, stored) in &table.properties {
            let Some(property) = class.and_then(|class| class.properties.get(id)) else { continue };
            let bytes = |view: usize| views.get(view).and_then(|view| view.bytes.as_deref());
            let values = (table.count <= room)
                .then(|| Reading { property, stored, schema: &schema, count: table.count }.values(&bytes))
                .flatten();
            let Some(values) = values else {
                skipped.add("properties of a kind that is not read", 1);
                continue;
            };
            room = room.saturating_sub(values.len());
            columns.push(Column {
                name: property.name.clone().unwrap_or_else(|| id.clone()),
                semantic: property.semantic.clone(),
                values,
            });
        }
        let class = class.and_then(|class| class.name.clone()).unwrap_or_else(|| table.class.clone());
        FeatureTable { name: table.name.clone(), class, count: table.count, columns }
    };
    metadata.property_tables.iter().map(table).collect()
}

/// A column while it is read.
struct Reading<'a> {
    property: &'a Property,
    stored: &'a Stored,
    schema: &'a Schema,
    count: usize,
}

impl Reading<'_> {
    /// `None` where it is broken, or of a kind that is not kept: vectors, matrices and lists.
    fn values<'b>(&self, bytes: &dyn Fn(usize) -> Option<&'b [u8]>) -> Option<Vec<PropertyValue>> {
        let Self { property, stored, count, .. } = self;
        if property.array {
            return None;
        }
        let values = bytes(stored.values)?;
        match property.kind.as_str() {
            "SCALAR" => {
                let kind = property.component_type.as_deref()?;
                let (scale, offset) = (
                    stored.scale.or(property.scale).unwrap_or(1.0),
                    stored.offset.or(property.offset).unwrap_or(0.0),
                );
                let whole = if property.normalized { 1.0 / largest(kind)? } else { 1.0 };
                let value = |number: f64| PropertyValue::Number(number * whole * scale + offset);
                numbers(values, kind, *count).map(|numbers| numbers.into_iter().map(value).collect())
            }
            "BOOLEAN" => {
                let bit =
                    |i: usize| values.get(i / 8).map(|byte| PropertyValue::Flag(byte >> (i % 8) & 1 == 1));
                (0..*count).map(bit).collect()
            }
            "STRING" => {
                let kind = stored.string_offset_type.as_deref().unwrap_or("UINT32");
                let offsets = numbers(bytes(stored.string_offsets?)?, kind, count.checked_add(1)?)?;
                let text = |pair: &[f64]| match *pair {
                    [from, to] => {
                        let text = std::str::from_utf8(values.get(from as usize..to as usize)?).ok()?;
                        Some(PropertyValue::Text(text.chars().take(limits::NAME_BYTES_MAX).collect()))
                    }
                    _ => None,
                };
                offsets.windows(2).map(text).collect()
            }
            "ENUM" => {
                let kinds = self.schema.enums.get(property.enum_type.as_deref()?)?;
                let kind = kinds.value_type.as_deref().unwrap_or("UINT16");
                let named = |number: f64| {
                    let found = kinds.values.iter().find(|value| value.value as f64 == number);
                    found.map_or(PropertyValue::Number(number), |value| {
                        PropertyValue::Text(value.name.clone())
                    })
                };
                numbers(values, kind, *count).map(|numbers| numbers.into_iter().map(named).collect())
            }
            _ => None,
        }
    }
}

/// The first so many numbers of the kind, if there are as many and all are finite.
fn numbers(bytes: &[u8], kind: &str, count: usize) -> Option<Vec<f64>> {
    fn read<const N: usize>(bytes: &[u8], count: usize, of: impl Fn([u8; N]) -> f64) -> Option<Vec<f64>> {
        let (elements, _) = bytes.as_chunks::<N>();
        Some(elements.get(..count)?.iter().map(|&element| of(element)).collect())
    }
    let numbers = match kind {
        "INT8" => read(bytes, count, |b| f64::from(i8::from_le_bytes(b))),
        "UINT8" => read(bytes, count, |b| f64::from(u8::from_le_bytes(b))),
        "INT16" => read(bytes, count, |b| f64::from(i16::from_le_bytes(b))),
        "UINT16" => read(bytes, count, |b| f64::from(u16::from_le_bytes(b))),
        "INT32" => read(bytes, count, |b| f64::from(i32::from_le_bytes(b))),
        "UINT32" => read(bytes, count, |b| f64::from(u32::from_le_bytes(b))),
        // Beyond 2⁵³ they are rounded.
        "INT64" => read(bytes, count, |b| i64::from_le_bytes(b) as f64),
        "UINT64" => read(bytes, count, |b| u64::from_le_bytes(b) as f64),
        "FLOAT32" => read(bytes, count, |b| f64::from(f32::from_le_bytes(b))),
        "FLOAT64" => read(bytes, count, f64::from_le_bytes),
        _ => None,
    }?;
    numbers.iter().all(|number| number.is_finite()).then_some(numbers)
}

/// The largest number of a kind of integers.
fn largest(kind: &str) -> Option<f64> {
    Some(match kind {
        "INT8" => f64::from(i8::MAX),
        "UINT8" => f64::from(u8::MAX),
        "INT16" => f64::from(i16::MAX),
        "UINT16" => f64::from(u16::MAX),
        "INT32" => f64::from(i32::MAX),
        "UINT32" => f64::from(u32::MAX),
        _ => return None,
    })
}

/// Which row of which table each vertex of a primitive belongs to, if it says so with an attribute or by its number.
///
/// # Errors
/// When the attribute cannot be read.
pub(super) fn features_of(
    root: &Root,
    views: &[View<'_>],
    primitive: &Primitive,
    vertex_count: usize,
    skipped: &mut Skipped,
) -> Result<Option<Features>, ContentError> {
    let Some(value) = &primitive.extensions.features else { return Ok(None) };
    let ids = FeatureIds::deserialize(value).unwrap_or_default().feature_ids;
    let Some(id) = ids.iter().find(|id| id.texture.is_none()) else {
        skipped.add("feature ids in textures", 1);
        return Ok(None);
    };
    let rows: Vec<u32> = match id.attribute {
        Some(set) => {
            let Some(&accessor) = primitive.attributes.get(&format!("_FEATURE_ID_{set}")) else {
                skipped.add("feature ids without their attribute", 1);
                return Ok(None);
            };
            let reader = Reader::of(root, views, accessor)?;
            if reader.kind() != "SCALAR" || reader.count != vertex_count {
                skipped.add("feature ids that are no scalars", 1);
                return Ok(None);
            }
            reader.floats::<1>()?.into_iter().map(|[id]| id.round().max(0.0) as u32).collect()
        }
        None => (0..vertex_count as u32).collect(),
    };
    let table = id.property_table.filter(|_| root.extensions.metadata.is_some());
    Ok(Some(Features { rows, nothing: id.null_feature_id, table }))
}

/// Which row of which table each instance of a node belongs to: by its number, or by an attribute.
///
/// # Errors
/// When the attribute cannot be read.
pub(super) fn features_of_instances(
    root: &Root,
    views: &[View<'_>],
    node: &super::schema::Node,
    count: usize,
) -> Result<Option<Features>, ContentError> {
    let Some(value) = &node.extensions.instance_features else { return Ok(None) };
    let ids = FeatureIds::deserialize(value).unwrap_or_default().feature_ids;
    let Some(id) = ids.first() else { return Ok(None) };
    let attributes = node.extensions.instances.as_ref().map(|instances| &instances.attributes);
    let attribute = id.attribute.and_then(|set| attributes?.get(&format!("_FEATURE_ID_{set}")));
    let rows = match (id.attribute, attribute) {
        (None, _) => (0..count as u32).collect(),
        (Some(_), None) => return Ok(None),
        (Some(_), Some(&accessor)) => {
            let reader = Reader::of(root, views, accessor)?;
            if reader.kind() != "SCALAR" {
                return Ok(None);
            }
            reader.floats::<1>()?.into_iter().map(|[id]| id.round().max(0.0) as u32).collect()
        }
    };
    Ok(Some(Features { rows, nothing: id.null_feature_id, table: id.property_table }))
}
