//! The archive that an APK is: a zip whose files are stored as they are, libraries on page boundaries.
//!
//! The system maps libraries straight out of the APK, so they may not be compressed and must begin where a page
//! begins. In: names and bytes. Out: the three [`Sections`] that a signature covers. Back from bytes: every file, its
//! checksum compared. No clock: all files carry one date.

use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};

use crate::bytes::Reader;

const LOCAL: &[u8; 4] = b"PK\x03\x04";
const CENTRAL: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END_BYTES: usize = 22;
/// Zip 1.0, names in UTF-8, stored, and 08:00 on 1981-01-01, the first date that every reader accepts.
const COMMON: [u16; 5] = [10, 0x0800, 0, 0x4000, 0x0221];
/// Extra field by which Android's tools say what a file is aligned to.
const ALIGNMENT_FIELD: u16 = 0xd935;

/// The parts of an archive between which a signature goes.
#[derive(Default)]
pub struct Sections {
    /// The files.
    pub files: Vec<u8>,
    /// The list of them.
    pub list: Vec<u8>,
    count: u16,
}

impl Sections {
    /// Adds a file whose bytes begin at a multiple of `alignment`, a power of two.
    pub fn add(&mut self, name: &str, bytes: &[u8], alignment: u16) -> Result<()> {
        let size = u32::try_from(bytes.len()).with_context(|| format!("{name} is too large for a zip"))?;
        let start = u32::try_from(self.files.len()).context("the files are too large for a zip")?;
        let name_bytes = u16::try_from(name.len()).with_context(|| format!("the name {name} is too long"))?;
        let unpadded = self.files.len() + 30 + name.len() + 6;
        let padding = unpadded.next_multiple_of(alignment.into()) - unpadded;

        let mut common: Vec<u8> = COMMON.into_iter().flat_map(u16::to_le_bytes).collect();
        common.extend([crc32fast::hash(bytes), size, size].into_iter().flat_map(u32::to_le_bytes));
        common.extend(name_bytes.to_le_bytes());
        let extra = [6 + padding as u16, ALIGNMENT_FIELD, 2 + padding as u16, alignment];
        let extra: Vec<u8> = extra.into_iter().flat_map(u16::to_le_bytes).chain(vec![0; padding]).collect();
        self.files.extend([&LOCAL[..], &common, &extra[..2], name.as_bytes(), &extra[2..], bytes].concat());

        // No extra field, no comment, the first disk, no attributes.
        let version = COMMON[0].to_le_bytes();
        let rest = [[0; 12].as_slice(), &start.to_le_bytes(), name.as_bytes()].concat();
        self.list.extend([&CENTRAL[..], &version, &common, &rest].concat());
        self.count = self.count.checked_add(1).context("there are too many files for a zip")?;
        Ok(())
    }

    /// The archive's end, for a list that begins at `list_start`.
    pub fn end(&self, list_start: usize) -> Result<Vec<u8>> {
        let start = u32::try_from(list_start).context("the files are too large for a zip")?;
        let length = u32::try_from(self.list.len()).context("the list is too large for a zip")?;
        let count = self.count.to_le_bytes();
        Ok([&END[..], &[0; 4], &count, &count, &length.to_le_bytes(), &start.to_le_bytes(), &[0; 2]].concat())
    }
}

/// Where the parts of an archive lie.
pub struct Layout {
    /// Everything before the list: the files and, if it is signed, the signing block.
    pub files: Range<usize>,
    /// The list of files.
    pub list: Range<usize>,
    /// The end, which says where the list is.
    pub end: Range<usize>,
    count: u16,
}

impl Layout {
    /// Finds the parts. A comment behind the end is refused: nothing may hide there.
    pub fn find(apk: &[u8]) -> Result<Self> {
        let end = apk.len().checked_sub(END_BYTES).context("it is too short for a zip")?;
        let mut reader = Reader::at(apk, end as u64)?;
        ensure!(reader.take(4)? == END, "it does not end as a zip ends");
        ensure!(reader.u32()? == 0, "it is a piece of a zip");
        let (count, total) = (reader.u16()?, reader.u16()?);
        let (length, start) = (reader.u32()? as usize, reader.u32()? as usize);
        ensure!(count == total && reader.u16()? == 0, "it is a piece of a zip or has a comment");
        ensure!(start.checked_add(length) == Some(end), "the list of files is not right before the end");
        Ok(Self { files: 0..start, list: start..end, end: end..apk.len(), count })
    }
}

/// A file in an archive.
#[derive(Debug)]
pub struct File<'a> {
    /// Its path.
    pub name: &'a str,
    /// Where its bytes begin in the archive.
    pub start: usize,
    /// Its bytes.
    pub bytes: &'a [u8],
}

/// All files of an archive.
///
/// # Errors
/// Where one is compressed, has a wrong checksum, is there twice, or is told differently in list and place.
pub fn read(apk: &[u8]) -> Result<Vec<File<'_>>> {
    let layout = Layout::find(apk)?;
    let mut list = Reader::new(apk.get(layout.list.clone()).context("the list lies outside")?);
    let mut files: Vec<File<'_>> = Vec::new();
    for _ in 0..layout.count {
        ensure!(list.take(4)? == CENTRAL, "the list of files is broken");
        list.u16()?;
        let common = list.take(24)?;
        let (name_bytes, extra_bytes, comment_bytes) = tail_lengths(common, &mut list)?;
        list.take(8)?;
        let local = list.u32()?;
        let name = list.take(name_bytes)?;
        list.take(extra_bytes + comment_bytes)?;
        let file = read_file(apk, local.into(), common, name)?;
        if files.iter().any(|other| other.name == file.name) {
            bail!("{} is there twice", file.name);
        }
        files.push(file);
    }
    ensure!(list.is_empty(), "the list holds more files than the end says");
    Ok(files)
}

/// The lengths of name, extra field and comment.
fn tail_lengths(common: &[u8], list: &mut Reader<'_>) -> Result<(u64, u64, u64)> {
    let name = Reader::at(common, 22)?.u16()?;
    Ok((name.into(), list.u16()?.into(), list.u16()?.into()))
}

fn read_file<'a>(apk: &'a [u8], start: u64, common: &[u8], name: &'a [u8]) -> Result<File<'a>> {
    let name = std::str::from_utf8(name).context("a file's name is no UTF-8")?;
    let mut local = Reader::at(apk, start)?;
    ensure!(local.take(4)? == LOCAL, "{name} is not where the list says");
    ensure!(local.take(24)? == common, "{name} is told differently in the list and in its place");
    let extra = local.u16()?;
    ensure!(local.take(name.len() as u64)? == name.as_bytes(), "{name} has another name in its place");
    local.take(extra.into())?;
    let mut fields = Reader::new(common);
    fields.take(4)?;
    ensure!(fields.u16()? == 0, "{name} is compressed: the system cannot map it");
    fields.take(4)?;
    let (checksum, size) = (fields.u32()?, fields.u32()?);
    let start = apk.len() - local.rest().len();
    let bytes = local.take(size.into())?;
    ensure!(crc32fast::hash(bytes) == checksum, "{name} has a wrong checksum");
    Ok(File { name, start, bytes })
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::process;

    fn archive(files: &[(&str, &[u8], u16)]) -> Vec<u8> {
        let mut sections = Sections::default();
        for (name, bytes, alignment) in files {
            sections.add(name, bytes, *alignment).expect("added");
        }
        let end = sections.end(sections.files.len()).expect("an end");
        [sections.files, sections.list, end].concat()
    }

    #[test]
    fn files_come_back_aligned_and_whole() {
        let library = vec![7; 70_000];
        let bytes = archive(&[("a.xml", b"<a/>", 4), ("lib/b.so", &library, 0x4000), ("c", b"", 4)]);
        let files = read(&bytes).expect("an archive");
        let names: Vec<_> = files.iter().map(|file| file.name).collect();
        assert_eq!(names, ["a.xml", "lib/b.so", "c"]);
        assert_eq!((files[0].bytes, files[0].start % 4), (&b"<a/>"[..], 0));
        assert_eq!((files[1].bytes, files[1].start % 0x4000), (&library[..], 0));
        assert!(files[2].bytes.is_empty());
    }

    #[test]
    fn what_is_no_honest_archive_is_refused() {
        let bytes = archive(&[("a", b"abcdef", 4)]);
        for end in 0..bytes.len() {
            assert!(read(&bytes[..end]).is_err(), "cut at {end}");
        }
        let twice = archive(&[("a", b"1", 4), ("a", b"2", 4)]);
        assert!(read(&twice).expect_err("twice").to_string().contains("a is there twice"));
        let mut flipped = bytes.clone();
        let content = read(&bytes).expect("an archive")[0].start;
        flipped[content] ^= 1;
        assert!(read(&flipped).expect_err("flipped").to_string().contains("wrong checksum"));
        let commented = [&bytes[..bytes.len() - 2], &[1, 0, b'!']].concat();
        assert!(read(&commented).is_err());
    }

    /// Info-ZIP is somebody else's reader.
    #[test]
    fn unzip_finds_no_fault() {
        if !process::is_installed("unzip") {
            println!("skipped: unzip is not installed");
            return;
        }
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path().join("a.zip");
        std::fs::write(&path, archive(&[("a.xml", b"<a/>", 4), ("lib/b.so", &[1; 9999], 0x4000)]))
            .expect("written");
        let said = process::output(Command::new("unzip").arg("-tqq").arg(&path)).expect("unzip tests it");
        assert_eq!(said.trim(), "");
        let listed = process::output(Command::new("unzip").arg("-v").arg(&path)).expect("unzip lists it");
        assert_eq!(listed.matches("Stored").count(), 2, "{listed}");
    }
}
