//! What a Windows program asks of other libraries, read as the system's loader reads it.
//!
//! In: the bytes of a 64-bit PE file. Out: the names of the libraries that it imports, delayed ones too. The file is
//! not trusted: every offset is checked. Whether the answers suit Windows is for the caller to say.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail, ensure};

use crate::bytes::Reader;

/// `Machine` of x86-64.
const AMD64: u16 = 0x8664;
/// `Magic` of the 64-bit optional header.
const PE32_PLUS: u16 = 0x020b;
/// Bytes of the 64-bit optional header before its directories.
const OPTIONAL_BYTES: u64 = 112;
const SECTION_BYTES: u64 = 40;
/// A loader takes no more sections; a table of imports longer than this is no table.
const SECTIONS_MAX: u16 = 96;
const IMPORTS_MAX: usize = 1024;

/// A kind of table that names libraries.
struct Table {
    /// Which directory points at it.
    directory: u64,
    /// Bytes of one entry, and where in it the name's address is.
    entry_bytes: u64,
    name_at: u64,
}

const TABLES: [Table; 2] = [
    Table { directory: 1, entry_bytes: 20, name_at: 12 },
    // Delayed: loaded when first called.
    Table { directory: 13, entry_bytes: 32, name_at: 4 },
];

/// A piece of the file and where it lies in memory.
struct Section {
    address: u64,
    bytes: u64,
    offset: u64,
}

/// The libraries that the program imports, in lower case.
///
/// # Errors
/// When it is no 64-bit Windows program, or points outside of itself.
pub fn imports(file: &[u8]) -> Result<BTreeSet<String>> {
    ensure!(file.starts_with(b"MZ"), "it is no Windows program");
    let start = u64::from(Reader::at(file, 0x3c)?.u32()?);
    let mut header = Reader::at(file, start)?;
    ensure!(header.take(4)? == b"PE\0\0", "it is no Windows program");
    let machine = header.u16()?;
    ensure!(machine == AMD64, "it is for another processor (machine {machine:#x})");
    let section_count = header.u16()?;
    ensure!(section_count <= SECTIONS_MAX, "it has {section_count} sections");
    header.take(12)?;
    let optional_bytes = u64::from(header.u16()?);
    header.take(2)?;
    let optional = header.take(optional_bytes)?;
    ensure!(Reader::new(optional).u16()? == PE32_PLUS, "it is no 64-bit program");
    let sections = (0..section_count).map(|_| section(&mut header)).collect::<Result<Vec<_>>>()?;

    let directory_count = u64::from(Reader::at(optional, OPTIONAL_BYTES - 4)?.u32()?);
    let mut names = BTreeSet::new();
    for table in TABLES.iter().filter(|table| table.directory < directory_count) {
        let address = Reader::at(optional, OPTIONAL_BYTES + 8 * table.directory)?.u32()?;
        if address != 0 {
            read_table(file, &sections, table, address.into(), &mut names)?;
        }
    }
    Ok(names)
}

fn section(header: &mut Reader) -> Result<Section> {
    let mut fields = Reader::new(header.take(SECTION_BYTES)?);
    fields.take(8)?;
    let _memory_bytes = fields.u32()?;
    let (address, bytes, offset) = (fields.u32()?, fields.u32()?, fields.u32()?);
    Ok(Section { address: address.into(), bytes: bytes.into(), offset: offset.into() })
}

fn read_table(
    file: &[u8],
    sections: &[Section],
    table: &Table,
    address: u64,
    names: &mut BTreeSet<String>,
) -> Result<()> {
    let mut entries = Reader::at(file, offset_of(sections, address)?)?;
    for _ in 0..IMPORTS_MAX {
        let name = Reader::at(entries.take(table.entry_bytes)?, table.name_at)?.u32()?;
        if name == 0 {
            return Ok(());
        }
        let text = Reader::at(file, offset_of(sections, name.into())?)?.rest();
        let end = text.iter().take(256).position(|&byte| byte == 0).context("a library's name has no end")?;
        let name = std::str::from_utf8(&text[..end]).context("a library's name is no text")?;
        names.insert(name.to_ascii_lowercase());
    }
    bail!("its table of imports has no end")
}

/// Where in the file an address is.
fn offset_of(sections: &[Section], address: u64) -> Result<u64> {
    let within = |section: &&Section| {
        address.checked_sub(section.address).is_some_and(|distance| distance < section.bytes)
    };
    let section = sections.iter().find(within);
    let section = section.with_context(|| format!("address {address:#x} is in none of its sections"))?;
    Ok(section.offset + (address - section.address))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process;

    /// A program with one section, at 0x1000 in memory and 0x200 in the file.
    fn made(tables: &[(usize, u32)], section: &[u8]) -> Vec<u8> {
        let mut file = vec![0; 0x200];
        file[..2].copy_from_slice(b"MZ");
        file[0x3c] = 0x40;
        file[0x40..0x44].copy_from_slice(b"PE\0\0");
        file[0x44..0x46].copy_from_slice(&AMD64.to_le_bytes());
        file[0x46] = 1;
        file[0x54..0x56].copy_from_slice(&240_u16.to_le_bytes());
        let optional = 0x58;
        file[optional..optional + 2].copy_from_slice(&PE32_PLUS.to_le_bytes());
        file[optional + 108] = 16;
        for (directory, address) in tables {
            let at = optional + 112 + 8 * directory;
            file[at..at + 4].copy_from_slice(&address.to_le_bytes());
        }
        let fields = [0x1000_u32, section.len() as u32, 0x200];
        for (index, field) in fields.iter().enumerate() {
            let at = optional + 240 + 12 + 4 * index;
            file[at..at + 4].copy_from_slice(&field.to_le_bytes());
        }
        file.extend_from_slice(section);
        file
    }

    /// One import and one delayed import, with their names.
    fn section() -> Vec<u8> {
        let mut section = vec![0; 0x100];
        section[12..16].copy_from_slice(&0x10c0_u32.to_le_bytes());
        section[0x44..0x48].copy_from_slice(&0x10e0_u32.to_le_bytes());
        section[0xc0..0xcc].copy_from_slice(b"KERNEL32.dll");
        section[0xe0..0xea].copy_from_slice(b"delayed.dl");
        section
    }

    #[test]
    fn imports_and_delayed_imports_are_named() {
        let file = made(&[(1, 0x1000), (13, 0x1040)], &section());
        assert_eq!(Vec::from_iter(imports(&file).expect("a program")), ["delayed.dl", "kernel32.dll"]);
        assert!(imports(&made(&[], &section())).expect("a program").is_empty());
    }

    #[test]
    fn what_is_cut_off_or_points_outside_is_refused() {
        let whole = made(&[(1, 0x1000), (13, 0x1040)], &section());
        for length in 0..0x200 + 0xeb {
            assert!(imports(&whole[..length]).is_err(), "{length} bytes");
        }
        for address in [1, 0x0fff, 0x1100, u32::MAX] {
            assert!(imports(&made(&[(1, address)], &section())).is_err(), "{address:#x}");
        }
        let endless = [1_u8; 0x100];
        assert!(imports(&made(&[(1, 0x1000)], &endless)).is_err());
        let mut other = whole;
        other[0x44] = 0x4c;
        assert!(imports(&other).expect_err("32 bits").to_string().contains("another processor"));
    }

    /// Binutils reads the same from a library that is there anyway.
    #[test]
    fn binutils_names_the_same_libraries() {
        let Some(tools) = crate::setup::cache::Cache::of_user()
            .ok()
            .and_then(|cache| super::super::tools::Tools::find(&cache).ok().flatten())
        else {
            println!("skipped: the Windows tools are not set up (`cargo xtask windows-check` does it)");
            return;
        };
        let library = tools.windows_library("user32.dll");
        let mut objdump: Command = tools.binutil("objdump");
        let said = process::output(objdump.arg("-p").arg(&library)).expect("objdump reads it");
        let theirs: BTreeSet<_> = said
            .lines()
            .filter_map(|line| line.trim().strip_prefix("DLL Name: "))
            .map(str::to_ascii_lowercase)
            .collect();
        let ours = imports(&std::fs::read(&library).expect("a library")).expect("it is read");
        assert!(theirs.len() > 3, "{said}");
        assert!(theirs.is_subset(&ours), "{theirs:?} are not all in {ours:?}");
    }
}
