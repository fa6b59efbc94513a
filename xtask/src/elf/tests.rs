//! The reader against libraries made by hand and by this machine's linker.

use std::process::Command;

use super::made::Recipe;
use super::*;
use crate::process;

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn a_library_made_by_hand_reads_as_made() {
    let library = Library::parse(&Recipe::default().bytes()).expect("a library");
    assert_eq!((library.machine, library.page_bytes()), (AARCH64, 0x4000));
    assert_eq!(library.needed, ["libandroid.so", "liblog.so", "libdl.so", "libc.so"]);
    assert_eq!(library.soname.as_deref(), Some("libpavilion.so"));
    assert_eq!(library.exported, set(&["ANativeActivity_onCreate", "android_main"]));
    assert_eq!(library.undefined, set(&["malloc", "__android_log_write"]));
    assert!(library.has_sections && !library.has_text_relocations);
    assert!(!library.segments[0].is_writable_code);
}

#[test]
fn a_segment_that_lies_askew_is_aligned_to_what_it_keeps() {
    let page = |alignment, shift| {
        Library::parse(&Recipe { alignment, shift, ..Recipe::default() }.bytes())
            .expect("a library")
            .page_bytes()
    };
    assert_eq!(page(0x4000, 0x4000), 0x4000);
    assert_eq!(page(0x4000, 0x1000), 0x1000);
    assert_eq!(page(0x1000, 0), 0x1000);
    assert_eq!(page(0, 0), 0);
}

#[test]
fn no_cut_and_no_flip_makes_the_reader_panic() {
    let whole = Recipe::default().bytes();
    for end in 0..whole.len() - 64 - 100 {
        assert!(Library::parse(&whole[..end]).is_err(), "cut at {end}");
    }
    let mut bytes = whole.clone();
    for index in 0..whole.len() {
        for value in [0xff, 0x80, whole[index] ^ 1] {
            bytes[index] = value;
            // Wrong or not, an answer is all that is asked.
            let _ = Library::parse(&bytes);
        }
        bytes[index] = whole[index];
    }
}

/// Links a library with the system's compiler and asks its own tools what is in it.
#[test]
fn the_systems_linker_and_its_readelf_agree_with_us() {
    if !process::is_installed("cc") || !process::is_installed("nm") {
        println!("skipped: there is no C compiler with binutils (Debian calls it gcc)");
        return;
    }
    let folder = tempfile::tempdir().expect("a temp folder");
    let (source, library) = (folder.path().join("a.c"), folder.path().join("liba.so"));
    std::fs::write(
        &source,
        "#include <math.h>\n#include <stdlib.h>\ndouble ours(double x) { free(malloc(1)); return cos(x); }\n",
    )
    .expect("written");
    for style in ["sysv", "gnu"] {
        let mut cc = Command::new("cc");
        cc.args(["-shared", "-fPIC", "-Wl,-z,max-page-size=0x4000", "-Wl,-soname,libours.so"]);
        cc.arg(format!("-Wl,--hash-style={style}")).arg("-o").args([&library, &source]).arg("-lm");
        process::output(&mut cc).expect("linked");
        let bytes = std::fs::read(&library).expect("a library");
        let ours = Library::parse(&bytes).expect("it is read");
        assert_eq!(ours.needed, ["libm.so.6", "libc.so.6"], "{style}");
        assert_eq!((ours.soname.as_deref(), ours.page_bytes()), (Some("libours.so"), 0x4000), "{style}");
        let theirs = |which: &str| -> BTreeSet<String> {
            let text =
                process::output(Command::new("nm").args(["-D", which, "--format=posix"]).arg(&library));
            let text = text.expect("nm reads it");
            let lines = text.lines().filter(|line| !line.contains(" w "));
            lines.filter_map(|line| line.split(['@', ' ']).next()).map(str::to_owned).collect()
        };
        assert_eq!(ours.exported, theirs("--defined-only"), "{style}");
        assert_eq!(ours.undefined, theirs("--undefined-only"), "{style}");
        assert!(ours.undefined.contains("cos") && ours.weak.contains("__cxa_finalize"), "{style}");
    }
}
