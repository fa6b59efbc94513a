//! Android's binary XML: what the system reads instead of `AndroidManifest.xml`.
//!
//! In: the tree of [`super::manifest`]. Out: bytes, and from bytes the tree again. The format is AOSP's
//! `ResourceTypes.h`: chunks of a type, a header length and a length: a pool of strings, ids of the attributes whose
//! names come first in that pool, then the elements in the order of the text.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use super::manifest::{Attribute, Element, NAMESPACE, Value};
use crate::bytes::Reader;

const XML: u16 = 0x0003;
const STRINGS: u16 = 0x0001;
const RESOURCE_IDS: u16 = 0x0180;
const START_NAMESPACE: u16 = 0x0100;
const END_NAMESPACE: u16 = 0x0101;
const START_ELEMENT: u16 = 0x0102;
const END_ELEMENT: u16 = 0x0103;

const TYPE_REFERENCE: u8 = 0x01;
const TYPE_STRING: u8 = 0x03;
const TYPE_DECIMAL: u8 = 0x10;
const TYPE_HEXADECIMAL: u8 = 0x11;
const TYPE_BOOLEAN: u8 = 0x12;

/// No string, no comment.
const NONE: u32 = u32::MAX;
/// Nested deeper, no manifest is.
const MAX_DEPTH: usize = 16;

/// The bytes of a manifest.
pub fn encode(manifest: &Element) -> Vec<u8> {
    let mut ids = BTreeSet::new();
    collect_ids(manifest, &mut ids);
    let mut writer = Writer { pool: ids.iter().map(|id| id.1.clone()).collect(), body: Vec::new() };
    let (prefix, namespace) = (writer.string("android"), writer.string(NAMESPACE));
    writer.node(START_NAMESPACE, manifest.line, &[prefix, namespace]);
    writer.element(manifest, namespace);
    writer.node(END_NAMESPACE, manifest.line, &[prefix, namespace]);

    let ids: Vec<u8> = ids.iter().flat_map(|id| id.0.to_le_bytes()).collect();
    let parts = [string_pool(&writer.pool), chunk(RESOURCE_IDS, 8, &ids), writer.body].concat();
    chunk(XML, 8, &parts)
}

fn collect_ids(element: &Element, ids: &mut BTreeSet<(u32, String)>) {
    ids.extend(element.attributes.iter().filter_map(|it| Some((it.id?, it.name.clone()))));
    for child in &element.children {
        collect_ids(child, ids);
    }
}

/// A chunk: type, length of its header, length of all of it. The body begins with what else the header holds.
fn chunk(kind: u16, header_bytes: u16, body: &[u8]) -> Vec<u8> {
    let length = 8 + body.len() as u32;
    [&kind.to_le_bytes(), &header_bytes.to_le_bytes(), &length.to_le_bytes()[..], body].concat()
}

/// The strings in UTF-16, each with its length before and a zero behind it.
fn string_pool(strings: &[String]) -> Vec<u8> {
    let (mut offsets, mut texts) = (Vec::new(), Vec::new());
    for string in strings {
        offsets.extend((texts.len() as u32).to_le_bytes());
        let units: Vec<u16> = string.encode_utf16().collect();
        // A manifest's words are short: lengths of 0x8000 and more, which take four bytes, cannot come.
        let framed = [units.len() as u16].into_iter().chain(units).chain([0]);
        texts.extend(framed.flat_map(u16::to_le_bytes));
    }
    texts.resize(texts.len().next_multiple_of(4), 0);
    let start = 28 + offsets.len() as u32;
    let header = [strings.len() as u32, 0, 0, start, 0];
    let header: Vec<u8> = header.into_iter().flat_map(u32::to_le_bytes).collect();
    chunk(STRINGS, 28, &[header, offsets, texts].concat())
}

struct Writer {
    pool: Vec<String>,
    body: Vec<u8>,
}

impl Writer {
    /// The index of a string, added if it is new.
    fn string(&mut self, text: &str) -> u32 {
        let known = self.pool.iter().position(|string| string == text);
        known.unwrap_or_else(|| {
            self.pool.push(text.to_owned());
            self.pool.len() - 1
        }) as u32
    }

    /// A node: its line, no comment, and numbers.
    fn node(&mut self, kind: u16, line: u32, numbers: &[u32]) {
        let numbers: Vec<u8> =
            [line, NONE].iter().chain(numbers).copied().flat_map(u32::to_le_bytes).collect();
        self.body.extend(chunk(kind, 16, &numbers));
    }

    fn element(&mut self, element: &Element, namespace: u32) {
        let name = self.string(&element.name);
        // Attributes begin 20 bytes into the body and have 20 bytes each; none is an id, a class or a style.
        let mut numbers = vec![NONE, name, 20 | 20 << 16, element.attributes.len() as u32, 0];
        for attribute in &element.attributes {
            let (kind, data) = match &attribute.value {
                Value::Text(text) => (TYPE_STRING, self.string(text)),
                Value::Integer(number) => (TYPE_DECIMAL, *number),
                Value::Hexadecimal(number) => (TYPE_HEXADECIMAL, *number),
                Value::Boolean(is_true) => (TYPE_BOOLEAN, if *is_true { u32::MAX } else { 0 }),
                Value::Reference(resource) => (TYPE_REFERENCE, *resource),
            };
            let raw = if kind == TYPE_STRING { data } else { NONE };
            let space = if attribute.id.is_some() { namespace } else { NONE };
            let name = self.string(&attribute.name);
            numbers.extend([space, name, raw, 8 | u32::from(kind) << 24, data]);
        }
        self.node(START_ELEMENT, element.line, &numbers);
        for child in &element.children {
            self.element(child, namespace);
        }
        self.node(END_ELEMENT, element.line, &[NONE, name]);
    }
}

/// The tree that bytes hold.
///
/// # Errors
/// Where they are not of the form that [`encode`] writes.
pub fn decode(bytes: &[u8]) -> Result<Element> {
    let mut file = Reader::new(bytes);
    let (kind, mut chunks) = next_chunk(&mut file)?;
    ensure!(kind == XML && file.is_empty(), "it is no binary XML");
    let (mut strings, mut ids) = (Vec::new(), Vec::new());
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    while !chunks.is_empty() {
        let (kind, mut body) = next_chunk(&mut chunks)?;
        match kind {
            STRINGS => strings = decode_strings(body)?,
            RESOURCE_IDS => {
                while !body.is_empty() {
                    ids.push(body.u32()?);
                }
            }
            START_NAMESPACE | END_NAMESPACE => {}
            START_ELEMENT => {
                ensure!(open.len() < MAX_DEPTH, "it is nested deeper than {MAX_DEPTH} elements");
                open.push(decode_element(body, &strings, &ids)?);
            }
            END_ELEMENT => {
                let closed = open.pop().context("an element ends that never began")?;
                match open.last_mut() {
                    Some(parent) => parent.children.push(closed),
                    None if root.is_none() => root = Some(closed),
                    None => bail!("it has two outermost elements"),
                }
            }
            other => bail!("it has a chunk of the unknown type {other:#06x}"),
        }
    }
    ensure!(open.is_empty(), "an element never ends");
    root.context("it has no element")
}

/// The next chunk's type and what follows its length.
fn next_chunk<'a>(reader: &mut Reader<'a>) -> Result<(u16, Reader<'a>)> {
    let (kind, _header_bytes, length) = (reader.u16()?, reader.u16()?, reader.u32()?);
    let body = u64::from(length).checked_sub(8).context("a chunk is shorter than its header")?;
    Ok((kind, Reader::new(reader.take(body)?)))
}

fn decode_strings(mut body: Reader<'_>) -> Result<Vec<String>> {
    let whole = body.rest();
    let (count, styles, flags, start) = (body.u32()?, body.u32()?, body.u32()?, body.u32()?);
    ensure!(styles == 0 && flags == 0, "its strings have styles or are not in UTF-16");
    body.u32()?;
    let start = u64::from(start).checked_sub(8).context("its strings begin in their header")?;
    let texts = Reader::at(whole, start)?.rest();
    let mut strings = Vec::new();
    for _ in 0..count {
        let mut text = Reader::at(texts, body.u32()?.into())?;
        let length = text.u16()?;
        let units: Vec<u16> = (0..length).map(|_| text.u16()).collect::<Result<_>>()?;
        strings.push(String::from_utf16(&units).context("a string is no UTF-16")?);
    }
    Ok(strings)
}

fn decode_element(mut body: Reader<'_>, strings: &[String], ids: &[u32]) -> Result<Element> {
    let string = |index: u32| -> Result<String> {
        strings.get(index as usize).cloned().with_context(|| format!("there is no string {index}"))
    };
    let line = body.u32()?;
    body.take(8)?;
    let name = string(body.u32()?)?;
    ensure!(body.u32()? == 20 | 20 << 16, "an element's attributes are not where they should be");
    let count = body.u32()? & 0xffff;
    body.u32()?;
    let mut attributes = Vec::new();
    for _ in 0..count {
        let space = body.u32()?;
        let name = body.u32()?;
        body.u32()?;
        let (kind, data) = ((body.u32()? >> 24) as u8, body.u32()?);
        let id =
            if space == NONE { None } else { Some(*ids.get(name as usize).context("a name has no id")?) };
        let value = match kind {
            TYPE_STRING => Value::Text(string(data)?),
            TYPE_DECIMAL => Value::Integer(data),
            TYPE_HEXADECIMAL => Value::Hexadecimal(data),
            TYPE_BOOLEAN => Value::Boolean(data != 0),
            TYPE_REFERENCE => Value::Reference(data),
            other => bail!("an attribute has a value of the unknown type {other:#04x}"),
        };
        attributes.push(Attribute { name: string(name)?, id, value });
    }
    ensure!(body.is_empty(), "an element is longer than its attributes");
    Ok(Element { name, line, attributes, children: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = include_str!("../../../android/AndroidManifest.xml");

    #[test]
    fn a_manifest_survives_its_binary_form() {
        let manifest = Element::parse(OURS).expect("our manifest");
        let bytes = encode(&manifest);
        assert_eq!(bytes.len() % 4, 0);
        assert_eq!(decode(&bytes).expect("it is read"), manifest);
    }

    #[test]
    fn no_cut_and_no_flip_makes_the_reader_panic() {
        let bytes = encode(&Element::parse(OURS).expect("our manifest"));
        for end in 0..bytes.len() {
            assert!(decode(&bytes[..end]).is_err(), "cut at {end}");
        }
        let mut changed = bytes.clone();
        for (index, byte) in bytes.iter().enumerate() {
            changed[index] = !byte;
            // Wrong or not, an answer is all that is asked.
            let _ = decode(&changed);
            changed[index] = *byte;
        }
    }
}
