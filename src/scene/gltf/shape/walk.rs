//! Walks through a text along the tables.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::family::Family;
use super::place::Place;
use super::{Array, Field, Kind, Range, Shape, core, extension};
use crate::scene::ContentError;

/// How many extensions one file may name.
const EXTENSIONS_MAX: usize = 256;
/// Exporters print 1 as 1.0000001; what is so little out of its range is no fault.
const SLACK: f64 = 1e-4;
/// An entry of an array of objects, and the comma after it.
const ENTRY_BYTES_MIN: usize = 3;

/// Compares a text with the tables; tells the names of the extensions in it.
///
/// # Errors
/// At the first value that is not what it should be.
pub(in crate::scene::gltf) fn check(text: &str) -> Result<Vec<String>, ContentError> {
    let mut walk = Walk::new(text, None);
    walk.run(text)?;
    // An index is met before the array that it counts in has ended, so those that lead nowhere are
    // found on a second way through, which only a broken file costs.
    if walk.ends.iter().zip(&walk.lengths).any(|(end, length)| end > length) {
        Walk::new(text, Some(walk.lengths)).run(text)?;
    }
    walk.family.check()?;
    Ok(walk.extensions)
}

/// What a walk knows.
struct Walk {
    /// No array has more entries.
    entries_max: usize,
    /// One past the largest index into each array.
    ends: [usize; Array::COUNT],
    /// How many entries each array has, as far as it has been walked through.
    lengths: [usize; Array::COUNT],
    /// The same, known from before.
    known_lengths: Option<[usize; Array::COUNT]>,
    family: Family,
    extensions: Vec<String>,
    refusal: Option<ContentError>,
}

impl Walk {
    fn new(text: &str, known_lengths: Option<[usize; Array::COUNT]>) -> Self {
        Self {
            entries_max: text.len() / ENTRY_BYTES_MIN,
            ends: [0; Array::COUNT],
            lengths: [0; Array::COUNT],
            known_lengths,
            family: Family::default(),
            extensions: Vec::new(),
            refusal: None,
        }
    }

    fn run(&mut self, text: &str) -> Result<(), ContentError> {
        let mut json = serde_json::Deserializer::from_str(text);
        let root = Value { walk: self, kind: &Kind::Object(&core::ROOT), place: Place::ROOT };
        let result = root.deserialize(&mut json).and_then(|()| json.end());
        match (self.refusal.take(), result) {
            (Some(refusal), _) => Err(refusal),
            (None, Err(error)) => Err(ContentError::malformed("JSON", format!("it is no JSON: {error}"))),
            (None, Ok(())) => Ok(()),
        }
    }

    /// Ends the walk.
    fn refuse<E: Error>(&mut self, place: &Place<'_>, reason: impl Into<String>) -> E {
        self.refusal.get_or_insert_with(|| ContentError::malformed(place.pointer(), reason));
        E::custom("refused")
    }

    fn index<E: Error>(&mut self, array: Array, index: usize, place: &Place<'_>) -> Result<(), E> {
        let slot = array as usize;
        if let Some(&length) = self.known_lengths.as_ref().and_then(|lengths| lengths.get(slot))
            && index >= length
        {
            return Err(self.refuse(place, format!("it refers to number {index} and there are {length}")));
        }
        if let Some(end) = self.ends.get_mut(slot) {
            *end = (*end).max(index.saturating_add(1));
        }
        Ok(())
    }

    fn child<E: Error>(&mut self, child: usize, place: &Place<'_>) -> Result<(), E> {
        self.index(Array::Nodes, child, place)?;
        // The second way through knows the family already.
        let (None, true, Some(parent)) = (self.known_lengths, child < self.entries_max, place.item_above(2))
        else {
            return Ok(());
        };
        self.family.adopt(parent, child).map_err(|reason| self.refuse(place, reason))
    }

    /// Notes that the file uses the extension.
    fn uses<E: Error>(&mut self, name: &str, place: &Place<'_>) -> Result<(), E> {
        if self.extensions.iter().any(|known| known == name) {
            return Ok(());
        }
        if self.extensions.len() >= EXTENSIONS_MAX || name.len() > 256 {
            return Err(self.refuse(place, "no file uses as many extensions, or ones of such names"));
        }
        self.extensions.push(name.to_owned());
        Ok(())
    }
}

/// A value that is about to be met.
struct Value<'w, 'a> {
    walk: &'w mut Walk,
    kind: &'a Kind,
    place: Place<'a>,
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.kind {
            Kind::Any => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl Value<'_, '_> {
    fn mismatch<E: Error>(self, found: &str) -> E {
        let expected = match self.kind {
            Kind::Any => "anything",
            Kind::Unknown | Kind::Object(_) | Kind::Map(_) => "an object",
            Kind::Flag => "true or false",
            Kind::Text => "text",
            Kind::Number(_) => "a number",
            Kind::Whole(_) | Kind::Index(_) | Kind::Child => "a whole number that is not negative",
            Kind::List(..) => "an array",
        };
        self.walk.refuse(&self.place, format!("it is {found} and should be {expected}"))
    }

    fn number<E: Error>(self, number: f64) -> Result<(), E> {
        let Kind::Number(range) = self.kind else { return Err(self.mismatch("a number")) };
        if range.holds(number) {
            return Ok(());
        }
        let Range { least, most, above, .. } = *range;
        let reason = if number.abs() > f64::from(f32::MAX) {
            format!("{number:e} is not finite in 32 bits")
        } else if above {
            format!("{number} is out of its range, more than {least}")
        } else if most == f64::MAX {
            format!("{number} is out of its range, {least} or more")
        } else {
            format!("{number} is out of its range, {least} to {most}")
        };
        Err(self.walk.refuse(&self.place, reason))
    }
}

impl Range {
    fn holds(&self, number: f64) -> bool {
        let slack = |bound: f64| if bound.abs() <= 4.0 { SLACK } else { 0.0 };
        let is_low_enough = number <= self.most + slack(self.most);
        let is_high_enough =
            if self.above { number > self.least } else { number >= self.least - slack(self.least) };
        let is_in_range = is_low_enough && is_high_enough || self.or_zero && number == 0.0;
        is_in_range && number.abs() <= f64::from(f32::MAX)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("what glTF has there")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        if matches!(self.kind, Kind::Flag) { Ok(()) } else { Err(self.mismatch("a truth value")) }
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        if matches!(self.kind, Kind::Text) { Ok(()) } else { Err(self.mismatch("text")) }
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Err(self.mismatch("null"))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.number(number as f64)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        let index = usize::try_from(number).unwrap_or(usize::MAX);
        match *self.kind {
            Kind::Whole(least) if number >= least => Ok(()),
            Kind::Whole(least) => {
                Err(self.walk.refuse(&self.place, format!("it is {number} and at least {least} is needed")))
            }
            Kind::Index(array) => self.walk.index(array, index, &self.place),
            Kind::Child => self.walk.child(index, &self.place),
            _ => self.number(number as f64),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Kind::List(least, most, kind, array) = *self.kind else {
            return Err(self.mismatch("an array"));
        };
        let mut length = 0_usize;
        loop {
            let entry = Value { walk: &mut *self.walk, kind, place: self.place.item(length) };
            if entries.next_element_seed(entry)?.is_none() {
                break;
            }
            length = length.saturating_add(1);
        }
        if length == 0 && least > 0 {
            return Err(self.walk.refuse(&self.place, "it is empty; glTF leaves out what is"));
        }
        if length < least || length > most {
            return Err(self
                .walk
                .refuse(&self.place, format!("{length} is no number of entries it may have")));
        }
        if let Some(slot) = array.and_then(|array| self.walk.lengths.get_mut(array as usize)) {
            *slot = length;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<(), A::Error> {
        match self.kind {
            Kind::Object(shape) => self.object(shape, members),
            Kind::Map(kind) => self.map(kind, members),
            Kind::Unknown => self.map(&Kind::Any, members),
            _ => Err(self.mismatch("an object")),
        }
    }
}

impl Value<'_, '_> {
    fn object<'de, A: MapAccess<'de>>(self, shape: &Shape, mut members: A) -> Result<(), A::Error> {
        let mut seen = 0_u64;
        while let Some(key) = members.next_key_seed(Key)? {
            let place = self.place.key(&key);
            if key == "extensions" {
                members.next_value_seed(Extensions { walk: &mut *self.walk, shape, place })?;
                continue;
            }
            let known = shape.fields.iter().enumerate().find(|(_, field)| field.name == key);
            let Some((bit, Field { kind, .. })) = known else {
                // Readers ignore what they do not know, and extras are anything.
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let mask = 1_u64 << bit;
            if seen & mask != 0 {
                return Err(self.walk.refuse(&place, "it is given twice"));
            }
            seen |= mask;
            members.next_value_seed(Value { walk: &mut *self.walk, kind, place })?;
        }
        let missing =
            shape.fields.iter().enumerate().find(|(bit, field)| field.is_required && seen & (1 << bit) == 0);
        match missing {
            Some((_, field)) => Err(self.walk.refuse(&self.place, format!("it has no {}", field.name))),
            None => Ok(()),
        }
    }

    fn map<'de, A: MapAccess<'de>>(self, kind: &Kind, mut members: A) -> Result<(), A::Error> {
        let mut is_empty = true;
        while let Some(key) = members.next_key_seed(Key)? {
            is_empty = false;
            let place = self.place.key(&key);
            members.next_value_seed(Value { walk: &mut *self.walk, kind, place })?;
        }
        if is_empty && matches!(self.kind, Kind::Map(_)) {
            return Err(self.walk.refuse(&self.place, "it is empty; glTF leaves out what is"));
        }
        Ok(())
    }
}

/// The extensions of an object.
struct Extensions<'w, 'a> {
    walk: &'w mut Walk,
    shape: &'a Shape,
    place: Place<'a>,
}

impl<'de> DeserializeSeed<'de> for Extensions<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Extensions<'_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object with an entry for each extension")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key_seed(Key)? {
            let place = self.place.key(&name);
            self.walk.uses(&name, &place)?;
            let here = self.shape.extensions.iter().find(|(known, _)| *known == name);
            let kind = match here {
                Some((_, shape)) => Kind::Object(shape),
                None if extension::has_places(&name) => {
                    return Err(self.walk.refuse(&place, "the extension has no meaning here"));
                }
                None => Kind::Unknown,
            };
            members.next_value_seed(Value { walk: &mut *self.walk, kind: &kind, place })?;
        }
        Ok(())
    }
}

/// The name of a member; borrowed from the text unless it has escapes.
struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_borrowed_str<E: Error>(self, key: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(key))
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(key.to_owned()))
    }
}
