//! A small shared library for tests, made field by field after the ELF and AArch64 ABI texts.

use super::{AARCH64, PT_DYNAMIC, PT_LOAD};

/// What the library claims; the default is one that Android loads as Pavilion.
pub struct Recipe<'a> {
    pub machine: u16,
    pub soname: &'a str,
    pub alignment: u64,
    /// How far its one segment lies from where its alignment wants it.
    pub shift: u64,
    pub needed: &'a [&'a str],
    pub exported: &'a [&'a str],
    pub undefined: &'a [&'a str],
    pub segment_flags: u32,
    pub section_count: u16,
    /// Bytes of code, so that it has a size.
    pub filling: usize,
}

impl Default for Recipe<'_> {
    fn default() -> Self {
        Self {
            machine: AARCH64,
            soname: "libpavilion.so",
            alignment: 0x4000,
            shift: 0,
            needed: &["libandroid.so", "liblog.so", "libdl.so", "libc.so"],
            exported: &["ANativeActivity_onCreate", "android_main"],
            undefined: &["malloc", "__android_log_write"],
            segment_flags: 5,
            section_count: 1,
            filling: 100,
        }
    }
}

impl Recipe<'_> {
    /// The library's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut names = vec![0];
        let mut name = |text: &str| -> u64 {
            let at = names.len() as u64;
            names.extend(text.bytes().chain([0]));
            at
        };
        let mut dynamic: Vec<(u64, u64)> = self.needed.iter().map(|text| (1, name(text))).collect();
        dynamic.push((14, name(self.soname)));
        let mut symbols = vec![0; 24];
        let imported = self.undefined.iter().map(|text| (text, 0_u16));
        for (text, section) in imported.chain(self.exported.iter().map(|text| (text, 1))) {
            symbols.extend((name(text) as u32).to_le_bytes());
            symbols.extend([0x12, 0]);
            symbols.extend(section.to_le_bytes());
            symbols.extend([0; 16]);
        }
        let count = (symbols.len() / 24) as u32;
        let hash: Vec<u8> =
            [1, count, 0].into_iter().chain((0..count).map(|_| 0)).flat_map(u32::to_le_bytes).collect();

        let symbols_at = 64 + 2 * 56;
        let hash_at = symbols_at + symbols.len() as u64;
        let names_at = hash_at + hash.len() as u64;
        let dynamic_at = (names_at + names.len() as u64).next_multiple_of(8);
        let address = |offset: u64| offset + self.shift;
        dynamic.extend([(4, address(hash_at)), (5, address(names_at)), (6, address(symbols_at)), (0, 0)]);
        let total = dynamic_at + dynamic.len() as u64 * 16 + self.filling as u64;

        let mut bytes = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0".to_vec();
        bytes.extend([3_u16, self.machine].into_iter().flat_map(u16::to_le_bytes));
        bytes.extend(1_u32.to_le_bytes());
        bytes.extend([0, 64, total].into_iter().flat_map(u64::to_le_bytes));
        bytes.extend(0_u32.to_le_bytes());
        bytes.extend([64, 56, 2, 64, self.section_count, 0].into_iter().flat_map(u16::to_le_bytes));
        let mut program = |kind: u32, flags: u32, offset: u64, length: u64, alignment: u64| {
            bytes.extend([kind, flags].into_iter().flat_map(u32::to_le_bytes));
            let fields = [offset, address(offset), address(offset), length, length, alignment];
            bytes.extend(fields.into_iter().flat_map(u64::to_le_bytes));
        };
        program(PT_LOAD, self.segment_flags, 0, total, self.alignment);
        program(PT_DYNAMIC, 6, dynamic_at, dynamic.len() as u64 * 16, 8);
        bytes.extend(symbols);
        bytes.extend(hash);
        bytes.extend(names);
        bytes.resize(dynamic_at as usize, 0);
        bytes.extend(dynamic.iter().flat_map(|entry| [entry.0, entry.1]).flat_map(u64::to_le_bytes));
        // Code-like noise: a packer that compressed it or a signer that skipped it would show.
        bytes.extend((0..self.filling).map(|index| (index * 31 + index / 251) as u8));
        bytes.resize(total as usize + 64, 0);
        bytes
    }
}
