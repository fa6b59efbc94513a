//! Things in the twin that have a name of their own, and what is known of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ContentError, limits};
use crate::math::Aabb;

/// A thing with a stable id: it survives re-baking, because the id comes from the source file's
/// `extras.entity`, a row of its metadata or, failing those, from the node's name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entity {
    /// Unique in the twin, at most [`super::limits::NAME_BYTES_MAX`] bytes.
    pub id: String,
    /// Where it is, metres.
    pub bounds: Aabb,
}

/// What is known of an entity. Those of a twin are a blob of JSON, fetched when somebody asks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// What a person calls it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What kind of thing it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// Whatever else is known.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, PropertyValue>,
}

impl Record {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What a property says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PropertyValue {
    /// Yes or no.
    Flag(bool),
    /// Finite.
    Number(f64),
    /// At most [`super::limits::NAME_BYTES_MAX`] characters.
    Text(String),
}

/// The records of all entities, in their order, as a blob.
pub fn write_records(records: &[Record]) -> Vec<u8> {
    serde_json::to_vec(records).unwrap_or_default()
}

/// Reads what [`write_records`] wrote.
///
/// # Errors
/// When it is not that, or not of as many entities.
pub fn read_records(bytes: &[u8], entity_count: usize) -> Result<Vec<Record>, ContentError> {
    ContentError::check("records", "bytes", bytes.len(), limits::BLOB_BYTES_MAX)?;
    let records: Vec<Record> = serde_json::from_slice(bytes)
        .map_err(|error| ContentError::malformed("records", error.to_string()))?;
    if records.len() == entity_count {
        return Ok(records);
    }
    Err(ContentError::malformed("records", "there are not as many as entities"))
}
