//! Into how many bins the driver cuts a picture, read from the commands that it recorded.
//!
//! In: a folder of the driver's dumps (`.rd`): sections of a kind, a length and bytes, some of which are commands. Out: the bins
//! of the finest grid. A bin is what fits the GPU's fast memory; everything that is drawn is done again for each that
//! it touches.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// The section that holds the contents of a buffer.
const BUFFER_CONTENTS: u32 = 12;

/// `VSC_BIN_COUNT` of the A6xx: bits 1..11 columns, 11..21 rows.
const BIN_COUNT_REGISTER: u32 = 0x0c06;

/// The bins of the finest grid in any dump of the folder.
pub fn of_dumps(folder: &Path) -> Result<u32> {
    let mut most = None;
    for entry in fs::read_dir(folder)?.flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|ending| ending == "rd") {
            most = most.max(most_bins(&unpacked(&path)?));
        }
    }
    most.with_context(|| format!("the driver dumped no binned pass into {}", folder.display()))
}

/// Dumps are gzip files.
fn unpacked(path: &Path) -> Result<Vec<u8>> {
    let output = Command::new("gzip").arg("-dcf").arg(path).output().context("cannot start gzip")?;
    // A process that ends leaves its last file without an end: what is there still unpacks.
    if output.stdout.is_empty() {
        bail!("gzip cannot read {}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(output.stdout)
}

fn most_bins(dump: &[u8]) -> Option<u32> {
    let mut most = None;
    let mut rest = dump;
    while let Some((kind, length, after)) = section(rest) {
        if kind == u32::MAX {
            rest = after;
            continue;
        }
        let contents = after.get(..length as usize)?;
        if kind == BUFFER_CONTENTS {
            let (words, _) = contents.as_chunks::<4>();
            most = most.max(bins_in(&words.iter().map(|word| u32::from_le_bytes(*word)).collect::<Vec<_>>()));
        }
        rest = &after[length as usize..];
    }
    most
}

/// A section's kind and length, and what follows them.
fn section(rest: &[u8]) -> Option<(u32, u32, &[u8])> {
    let (kind, rest) = rest.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    Some((u32::from_le_bytes(*kind), u32::from_le_bytes(*length), rest))
}

/// A buffer may hold anything: what looks like a write to the register and has the right parities is one.
fn bins_in(words: &[u32]) -> Option<u32> {
    let mut most = None;
    for (place, &word) in words.iter().enumerate() {
        let (register, count) = ((word >> 8) & 0x3_ffff, word & 0x7f);
        let covers = (register..register + count).contains(&BIN_COUNT_REGISTER);
        if covers && word == register_write(register, count) {
            let value = words.get(place + 1 + (BIN_COUNT_REGISTER - register) as usize);
            most = most.max(value.map(|value| ((value >> 1) & 0x3ff) * ((value >> 11) & 0x3ff)));
        }
    }
    most
}

/// The head of a packet that writes so many registers: type 4, with a bit of odd parity for each number.
fn register_write(register: u32, count: u32) -> u32 {
    let parity = |number: u32| 1 - number.count_ones() % 2;
    4 << 28 | parity(register) << 27 | register << 8 | parity(count) << 7 | count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_is_found_among_other_words() {
        // Columns 20, rows 10, written as the second of two registers; the same without its parities is noise.
        let head = register_write(0x0c05, 2);
        assert_eq!(head, 0x480c_0502);
        let grid = |columns: u32, rows: u32| columns << 1 | rows << 11;
        let words = [7, head, 99, grid(20, 10), 0x400c_0601, grid(40, 40)];
        assert_eq!(bins_in(&words), Some(200));
        assert_eq!(bins_in(&words[..3]), None);
    }

    #[test]
    fn sections_are_walked_to_the_end_of_what_is_there() {
        let write = [register_write(BIN_COUNT_REGISTER, 1), 5 << 1 | 25 << 11];
        let contents: Vec<u8> = write.iter().flat_map(|word| word.to_le_bytes()).collect();
        let section = |kind: u32, bytes: &[u8]| {
            [&kind.to_le_bytes()[..], &(bytes.len() as u32).to_le_bytes(), bytes].concat()
        };
        let dump = [section(1, b"a test"), vec![0xff; 8], section(BUFFER_CONTENTS, &contents)].concat();
        assert_eq!(most_bins(&dump), Some(125));
        assert_eq!(most_bins(&dump[..dump.len() - 1]), None);
    }
}
