//! What the JSON of a glTF file has to look like, as tables, and a walk that compares a text with them.
//!
//! A text comes in that `prescan` has bounded; a refusal with its JSON pointer goes out, or the names
//! of the extensions that the text uses. The walk reads the text as a stream and keeps four bytes a
//! node, whatever the file: what is refused here has cost no memory.
//!
//! The tables hold types, ranges, what has to be there, what may not be empty, which extension may
//! stand where, and what each index counts. What only the data or two objects together can break is
//! left to the readers of those.

mod core;
pub(super) mod extension;
mod family;
mod place;
mod walk;

#[cfg(test)]
mod tests;

pub(in crate::scene::gltf) use walk::check;

/// What a value may be.
pub(super) enum Kind {
    /// Anything: `extras`, and what nobody knows.
    Any,
    /// An object that nobody knows.
    Unknown,
    Flag,
    Text,
    /// A number in a range.
    Number(Range),
    /// A whole number, at least this.
    Whole(u64),
    /// A reference into an array of the file.
    Index(Array),
    /// A reference from a node to one below it.
    Child,
    Object(&'static Shape),
    /// Objects whose keys are free; not empty.
    Map(&'static Kind),
    /// The least and the most entries, what they are, and the array of the file that this is.
    List(usize, usize, &'static Kind, Option<Array>),
}

/// From where to where a number goes.
#[derive(Clone, Copy)]
pub(super) struct Range {
    least: f64,
    most: f64,
    /// Whether `least` itself is too little.
    above: bool,
    /// Whether zero is fine although it is out of the range.
    or_zero: bool,
}

/// An object.
pub(super) struct Shape {
    /// At most 64.
    fields: &'static [Field],
    /// Extensions that have a meaning here.
    extensions: &'static [(&'static str, &'static Shape)],
}

/// A member of an object.
pub(super) struct Field {
    name: &'static str,
    kind: Kind,
    is_required: bool,
}

/// An array that others refer into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Array {
    Accessors,
    BufferViews,
    Buffers,
    Cameras,
    Images,
    Lights,
    Materials,
    Meshes,
    Nodes,
    Samplers,
    Scenes,
    Skins,
    Textures,
    Variants,
}

impl Array {
    const COUNT: usize = 14;
}

const fn may(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: false }
}

const fn must(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: true }
}

const fn between(least: f64, most: f64) -> Kind {
    Kind::Number(Range { least, most, above: false, or_zero: false })
}

const fn at_least(least: f64) -> Kind {
    between(least, f64::MAX)
}

const fn above(least: f64) -> Kind {
    Kind::Number(Range { least, most: f64::MAX, above: true, or_zero: false })
}

const NUMBER: Kind = between(f64::MIN, f64::MAX);
const FRACTION: Kind = between(0.0, 1.0);
/// Red, green and blue.
const COLOR: Kind = Kind::List(3, 3, &FRACTION, None);
const VEC2: Kind = Kind::List(2, 2, &NUMBER, None);
const VEC3: Kind = Kind::List(3, 3, &NUMBER, None);
const NAME: Field = may("name", Kind::Text);

/// One entry or more.
const fn some(of: &'static Kind) -> Kind {
    Kind::List(1, usize::MAX, of, None)
}
