//! What a shared library says about itself, read as a loader reads it: program headers, never sections.
//!
//! In: the bytes of a 64-bit little-endian ELF. Out: machine, needed libraries, symbols, alignment. The file is not
//! trusted: every offset is checked. Whether the answers suit Android is for the caller to say.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use crate::bytes::Reader;

#[cfg(test)]
pub mod made;
#[cfg(test)]
mod tests;

/// `e_machine` of 64-bit ARM.
pub const AARCH64: u16 = 183;

const PT_LOAD: u32 = 1;
const PT_DYNAMIC: u32 = 2;
const PF_EXECUTE_AND_WRITE: u32 = 3;
const DT_NEEDED: u64 = 1;
const DT_HASH: u64 = 4;
const DT_STRTAB: u64 = 5;
const DT_SYMTAB: u64 = 6;
const DT_SONAME: u64 = 14;
const DT_TEXTREL: u64 = 22;
const DT_FLAGS: u64 = 30;
const DF_TEXTREL: u64 = 4;
const DT_GNU_HASH: u64 = 0x6fff_fef5;

/// `st_shndx` of a symbol that somebody else must bring.
const UNDEFINED: u16 = 0;
const BIND_GLOBAL: u8 = 1;
const BIND_WEAK: u8 = 2;
/// Size of one symbol.
const SYMBOL_BYTES: u64 = 24;

/// A loadable piece of the file.
#[derive(Debug)]
pub struct Segment {
    /// Where it lies in the file.
    pub offset: u64,
    /// Where it lies in memory, relative to the library's start.
    pub address: u64,
    /// Its length in the file.
    pub bytes: u64,
    /// What address and offset have in common modulo.
    pub alignment: u64,
    /// Whether it is both written and executed, which Android refuses.
    pub is_writable_code: bool,
}

/// A shared library.
#[derive(Debug)]
pub struct Library {
    /// `e_machine`.
    pub machine: u16,
    /// All loadable pieces.
    pub segments: Vec<Segment>,
    /// The name by which others need it.
    pub soname: Option<String>,
    /// Libraries that must be there, in the order they are searched.
    pub needed: Vec<String>,
    /// Symbols that others can use.
    pub exported: BTreeSet<String>,
    /// Symbols that somebody else must bring.
    pub undefined: BTreeSet<String>,
    /// Symbols that are used where somebody brings them.
    pub weak: BTreeSet<String>,
    /// Whether loading it means writing to its code, which Android refuses.
    pub has_text_relocations: bool,
    /// Whether it has section headers, without which Android refuses it.
    pub has_sections: bool,
}

impl Library {
    /// Reads the library.
    ///
    /// # Errors
    /// Where the bytes are no 64-bit little-endian shared object, or contradict themselves.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let mut header = Reader::new(bytes);
        let identity = header.take(16).context("it is too short for an ELF file")?;
        ensure!(identity.starts_with(b"\x7fELF\x02\x01"), "it is no 64-bit little-endian ELF file");
        let kind = header.u16()?;
        ensure!(kind == 3, "it is an ELF file of type {kind} and no shared library");
        let machine = header.u16()?;
        header.take(4 + 8)?;
        let (programs, sections) = (header.u64()?, header.u64()?);
        header.take(4 + 2)?;
        let (program_bytes, program_count) = (header.u16()?, header.u16()?);
        header.take(2)?;
        let section_count = header.u16()?;
        ensure!(program_bytes == 56, "its program headers have {program_bytes} bytes and not 56");

        let mut reader = Reader::at(bytes, programs)?;
        let mut segments = Vec::new();
        let mut dynamic = None;
        for _ in 0..program_count {
            let (kind, flags) = (reader.u32()?, reader.u32()?);
            let (offset, address) = (reader.u64()?, reader.u64()?);
            reader.u64()?;
            let length = reader.u64()?;
            reader.u64()?;
            let alignment = reader.u64()?;
            let is_writable_code = flags & PF_EXECUTE_AND_WRITE == PF_EXECUTE_AND_WRITE;
            match kind {
                PT_LOAD => {
                    segments.push(Segment { offset, address, bytes: length, alignment, is_writable_code });
                }
                PT_DYNAMIC => dynamic = Some(Reader::at(bytes, offset)?.take(length)?),
                _ => {}
            }
        }
        let dynamic = Dynamic { bytes, segments: &segments, entries: entries(dynamic.context(NO_DYNAMIC)?)? };
        let mut library = dynamic.library()?;
        library.machine = machine;
        library.has_sections = sections != 0 && section_count != 0;
        library.segments = segments;
        Ok(library)
    }

    /// The smallest alignment of a segment that its place also keeps: the largest page it can be loaded with.
    pub fn page_bytes(&self) -> u64 {
        let kept = |segment: &Segment| {
            let misplaced = segment.address.wrapping_sub(segment.offset) % segment.alignment.max(1);
            if misplaced == 0 { segment.alignment } else { 1 << misplaced.trailing_zeros() }
        };
        self.segments.iter().map(kept).min().unwrap_or(0)
    }
}

const NO_DYNAMIC: &str = "it has no dynamic section, so it is no shared library";

/// Tag and value, up to the closing zero tag.
fn entries(section: &[u8]) -> Result<Vec<(u64, u64)>> {
    let mut reader = Reader::new(section);
    let mut entries = Vec::new();
    while !reader.is_empty() {
        let entry = (reader.u64()?, reader.u64()?);
        if entry.0 == 0 {
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}

/// The dynamic section and what it points at.
struct Dynamic<'a> {
    bytes: &'a [u8],
    segments: &'a [Segment],
    entries: Vec<(u64, u64)>,
}

impl<'a> Dynamic<'a> {
    fn library(&self) -> Result<Library> {
        let names = self.at(self.value(DT_STRTAB).context("it has no table of names")?)?;
        let text_flags = self.value(DT_FLAGS).unwrap_or(0) & DF_TEXTREL;
        let mut library = Library {
            machine: 0,
            segments: Vec::new(),
            soname: self.value(DT_SONAME).map(|name| text(names, name)).transpose()?,
            needed: self.values(DT_NEEDED).map(|name| text(names, name)).collect::<Result<_>>()?,
            exported: BTreeSet::new(),
            undefined: BTreeSet::new(),
            weak: BTreeSet::new(),
            has_text_relocations: self.value(DT_TEXTREL).is_some() || text_flags != 0,
            has_sections: false,
        };
        let count = self.symbol_count()?;
        let mut symbols = match self.value(DT_SYMTAB) {
            Some(address) => Reader::new(self.at(address)?.take(count.saturating_mul(SYMBOL_BYTES))?),
            None => bail!("it has no table of symbols"),
        };
        while !symbols.is_empty() {
            let name = symbols.u32()?;
            let [info, _visibility] = symbols.u16()?.to_le_bytes();
            let section = symbols.u16()?;
            symbols.take(16)?;
            let names_of = match (section, info >> 4) {
                (UNDEFINED, BIND_GLOBAL) => &mut library.undefined,
                (UNDEFINED, BIND_WEAK) => &mut library.weak,
                (UNDEFINED, _) => continue,
                (_, BIND_GLOBAL | BIND_WEAK) => &mut library.exported,
                _ => continue,
            };
            names_of.insert(text(names, name.into())?);
        }
        Ok(library)
    }

    fn values(&self, tag: u64) -> impl Iterator<Item = u64> {
        self.entries.iter().filter(move |entry| entry.0 == tag).map(|entry| entry.1)
    }

    fn value(&self, tag: u64) -> Option<u64> {
        self.values(tag).next()
    }

    /// The file's bytes from a place in memory on.
    fn at(&self, address: u64) -> Result<Reader<'a>> {
        let holds = |segment: &&Segment| {
            address.checked_sub(segment.address).is_some_and(|into| into < segment.bytes)
        };
        let segment = self.segments.iter().find(holds);
        let segment = segment.with_context(|| format!("no segment holds address {address:#x}"))?;
        let into = address - segment.address;
        let mut reader =
            Reader::at(self.bytes, segment.offset.checked_add(into).context("it wraps around")?)?;
        Ok(Reader::new(reader.take(segment.bytes - into)?))
    }

    /// No table says how many symbols there are: either hash table does.
    fn symbol_count(&self) -> Result<u64> {
        if let Some(address) = self.value(DT_HASH) {
            let mut table = self.at(address)?;
            table.u32()?;
            return Ok(table.u32()?.into());
        }
        let address = self.value(DT_GNU_HASH).context("it has no hash table of its symbols")?;
        let mut table = self.at(address)?;
        let (buckets, first, filter_words) = (table.u32()?, table.u32()?, table.u32()?);
        table.u32()?;
        table.take(u64::from(filter_words) * 8)?;
        let mut last = 0;
        for _ in 0..buckets {
            last = last.max(table.u32()?);
        }
        if last < first {
            return Ok(first.into());
        }
        // The chains lie one after the other; the one that begins last also ends last.
        table.take(u64::from(last - first) * 4)?;
        let mut count = u64::from(last) + 1;
        while table.u32()? & 1 == 0 {
            count += 1;
        }
        Ok(count)
    }
}

/// The zero-terminated text at `offset` of a table.
fn text(table: Reader<'_>, offset: u64) -> Result<String> {
    let bytes = Reader::at(table.rest(), offset)?.rest();
    let end = bytes.iter().position(|&byte| byte == 0).context("a name has no end")?;
    Ok(String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned())
}
