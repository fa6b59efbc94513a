//! What the viewer's library must be for Android to load it, read from its own bytes.

use anyhow::{Context, Result, ensure};

use super::symbols::Symbols;
use crate::elf;

/// What the system calls, and what its glue calls in turn.
const ENTRIES: [&str; 2] = ["ANativeActivity_onCreate", "android_main"];
/// The largest page that Android uses.
const PAGE_BYTES: u64 = 16_384;

/// Checks the library and says what was found.
pub fn verify(bytes: &[u8], symbols: &Symbols<'_>) -> Result<elf::Library> {
    let library = elf::Library::parse(bytes).context("libpavilion.so")?;
    ensure!(library.machine == elf::AARCH64, "it is for machine {} and not for 64-bit ARM", library.machine);
    ensure!(library.has_sections, "it has no section headers, and Android refuses such libraries");
    ensure!(!library.has_text_relocations, "loading it would change its code, and Android refuses that");
    let is_unsafe = library.segments.iter().any(|segment| segment.is_writable_code);
    ensure!(!is_unsafe, "a segment of it is both written and executed, and Android refuses that");
    let pages = library.page_bytes();
    ensure!(pages >= PAGE_BYTES, "its segments are aligned to {pages} bytes and not to {PAGE_BYTES}");
    for entry in ENTRIES {
        ensure!(library.exported.contains(entry), "it does not export {entry}");
    }
    for needed in &library.needed {
        let is_listed = symbols.libraries.contains_key(needed.as_str());
        ensure!(is_listed, "it needs {needed}, which xtask/src/android/symbols.txt does not list");
    }
    let unlisted: Vec<_> = library.undefined.iter().filter(|symbol| !symbols.has(symbol)).cloned().collect();
    ensure!(
        unlisted.is_empty(),
        "it needs {}, which xtask/src/android/symbols.txt does not list: use something else, or list what Android 10 has",
        unlisted.join(", ")
    );
    Ok(library)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elf::made::Recipe;

    const WHOLE: Recipe<'_> = Recipe {
        machine: elf::AARCH64,
        soname: "libpavilion.so",
        alignment: PAGE_BYTES,
        shift: 0,
        needed: &["libc.so", "libandroid.so"],
        exported: &ENTRIES,
        undefined: &["malloc", "ALooper_pollOnce"],
        segment_flags: 5,
        section_count: 1,
        filling: 0,
    };

    fn fault(recipe: &Recipe<'_>) -> String {
        let symbols = Symbols::committed().expect("a list");
        verify(&recipe.bytes(), &symbols).expect_err("a fault").to_string()
    }

    #[test]
    fn a_library_passes_and_each_fault_is_named() {
        let symbols = Symbols::committed().expect("a list");
        let library = verify(&WHOLE.bytes(), &symbols).expect("it is whole");
        assert_eq!(library.undefined.len(), 2);
        assert!(fault(&Recipe { machine: 62, ..WHOLE }).contains("64-bit ARM"));
        assert!(fault(&Recipe { alignment: 4096, ..WHOLE }).contains("4096"));
        assert!(fault(&Recipe { needed: &["libvulkan.so"], ..WHOLE }).contains("libvulkan.so"));
        assert!(fault(&Recipe { exported: &ENTRIES[..1], ..WHOLE }).contains("android_main"));
        assert!(
            fault(&Recipe { undefined: &["malloc", "memfd_create"], ..WHOLE })
                .contains("needs memfd_create,")
        );
        assert!(fault(&Recipe { segment_flags: 7, ..WHOLE }).contains("written and executed"));
        assert!(fault(&Recipe { section_count: 0, ..WHOLE }).contains("section headers"));
    }
}
