//! What vertices may have: names and formats of attributes, and what the attributes of a primitive
//! have to say together.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;

use super::accessor::{Component, Reader};
use super::buffer::View;
use super::schema::{Primitive, Root};
use crate::scene::ContentError;

/// What an attribute is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Attribute {
    Position,
    Normal,
    Tangent,
    TexCoord(u32),
    Color(u32),
    Joints(u32),
    Weights(u32),
    /// What only those who wrote it know.
    Own,
}

impl Attribute {
    /// `None` where glTF knows no such name. Names before a colon are those of extensions.
    pub(super) fn named(name: &str) -> Option<Self> {
        let set = |prefix: &str| {
            let digits = name.strip_prefix(prefix)?;
            let is_number = digits == "0" || !digits.starts_with('0');
            (is_number && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
        };
        Some(match name {
            "POSITION" => Self::Position,
            "NORMAL" => Self::Normal,
            "TANGENT" => Self::Tangent,
            _ if name.starts_with('_') || name.contains(':') => Self::Own,
            _ => {
                let texture = set("TEXCOORD_").map(Self::TexCoord);
                let color = || set("COLOR_").map(Self::Color);
                let joints = || set("JOINTS_").map(Self::Joints);
                let weights = || set("WEIGHTS_").map(Self::Weights);
                texture.or_else(color).or_else(joints).or_else(weights)?
            }
        })
    }

    /// Which set of its kind it is.
    fn set(self) -> Option<(&'static str, u32)> {
        match self {
            Self::TexCoord(set) => Some(("TEXCOORD", set)),
            Self::Color(set) => Some(("COLOR", set)),
            Self::Joints(set) => Some(("JOINTS", set)),
            Self::Weights(set) => Some(("WEIGHTS", set)),
            Self::Position | Self::Normal | Self::Tangent | Self::Own => None,
        }
    }

    /// Whether vertices may have it in this format. That of KHR_mesh_quantization is taken from files
    /// too that do not say that they use it, of which there are many.
    fn takes(self, reader: &Reader<'_>) -> bool {
        use Component::{F32, I8, I16, U8, U16, U32};
        let (component, normalized) = (reader.component, reader.is_normalized());
        let kind_fits = match self {
            Self::Position | Self::Normal => reader.kind() == "VEC3",
            Self::TexCoord(_) => reader.kind() == "VEC2",
            Self::Color(_) => matches!(reader.kind(), "VEC3" | "VEC4"),
            Self::Tangent | Self::Joints(_) | Self::Weights(_) => reader.kind() == "VEC4",
            Self::Own => true,
        };
        let component_fits = match (self, component) {
            (_, U32) => false,
            (Self::Own, _) | (Self::Position | Self::Normal | Self::Tangent, F32) => true,
            (Self::TexCoord(_) | Self::Color(_) | Self::Weights(_), F32) => true,
            (Self::TexCoord(_) | Self::Color(_) | Self::Weights(_), U8 | U16) if normalized => true,
            (Self::Joints(_), U8 | U16) => !normalized,
            (Self::Position | Self::TexCoord(_), _) => true,
            (Self::Normal | Self::Tangent, I8 | I16) => normalized,
            _ => false,
        };
        kind_fits && component_fits
    }

    /// Whether morph targets may have it in this format.
    pub(super) fn takes_as_target(self, reader: &Reader<'_>) -> bool {
        use Component::{F32, I8, I16, U8, U16};
        let (component, normalized) = (reader.component, reader.is_normalized());
        match self {
            Self::Position | Self::Normal | Self::Tangent => {
                let is_small = matches!(component, I8 | I16);
                let may_be_whole = normalized || self == Self::Position;
                reader.kind() == "VEC3" && (component == F32 || is_small && may_be_whole)
            }
            Self::TexCoord(_) | Self::Color(_) => {
                let is_small = matches!(component, I8 | I16 | U8 | U16);
                let kind_fits = match self {
                    Self::TexCoord(_) => reader.kind() == "VEC2",
                    _ => matches!(reader.kind(), "VEC3" | "VEC4"),
                };
                kind_fits && (component == F32 || is_small)
            }
            Self::Joints(_) | Self::Weights(_) => false,
            Self::Own => component != Component::U32,
        }
    }
}

/// # Errors
/// When an attribute has a name or a format that glTF does not know, or when those of a primitive do
/// not fit together.
pub(super) fn check(root: &Root, views: &[View<'_>]) -> Result<(), ContentError> {
    for (i, mesh) in root.meshes.iter().enumerate() {
        for (j, primitive) in mesh.primitives.iter().enumerate() {
            check_primitive(root, views, primitive, format_args!("/meshes/{i}/primitives/{j}/attributes"))?;
        }
    }
    Ok(())
}

fn check_primitive(
    root: &Root,
    views: &[View<'_>],
    primitive: &Primitive,
    place: Arguments<'_>,
) -> Result<(), ContentError> {
    let mut count = None;
    for (name, &accessor) in &primitive.attributes {
        let refuse = |reason| Err(ContentError::malformed(format!("{place}/{}", shown(name)), reason));
        let Some(attribute) = Attribute::named(name) else {
            return refuse("glTF knows no such attribute, and own ones begin with _");
        };
        let reader = Reader::of(root, views, accessor)?;
        if !attribute.takes(&reader) {
            return refuse("its type is not one that its attribute may have");
        }
        if attribute == Attribute::Position && !reader.has_bounds() {
            return refuse("positions have to have their min and max");
        }
        if *count.get_or_insert(reader.count) != reader.count {
            return refuse("the attributes of the primitive differ in their number");
        }
    }
    let refuse = |reason: String| Err(ContentError::malformed(place.to_string(), reason));
    let sets = match sets(primitive.attributes.keys()) {
        Ok(sets) => sets,
        Err(kind) => return refuse(format!("the numbers of {kind} do not count up from 0")),
    };
    if sets.get("JOINTS") != sets.get("WEIGHTS") {
        return refuse("it has not as many sets of joints as of weights".to_owned());
    }
    Ok(())
}

/// How many sets there are of each kind of attribute; errs where their numbers have a gap.
pub(super) fn sets<'a>(
    names: impl Iterator<Item = &'a String>,
) -> Result<BTreeMap<&'static str, u32>, &'static str> {
    let numbered: BTreeSet<(&str, u32)> =
        names.filter_map(|name| Attribute::named(name)).filter_map(Attribute::set).collect();
    let mut sets: BTreeMap<&'static str, u32> = BTreeMap::new();
    for (kind, number) in numbered {
        let next = sets.entry(kind).or_default();
        if *next != number {
            return Err(kind);
        }
        *next = next.saturating_add(1);
    }
    Ok(sets)
}

/// Any name, made short enough to be shown, as a JSON pointer has it.
pub(super) fn shown(name: &str) -> String {
    name.chars().take(80).collect::<String>().replace('~', "~0").replace('/', "~1")
}
