//! The list of what the system has: `symbols.txt`, a heading a library and a name a line.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, ensure};

/// The committed list.
const LIST: &str = include_str!("symbols.txt");

/// The system's libraries with the symbols that Pavilion may use.
#[derive(Debug, PartialEq)]
pub struct Symbols<'a> {
    /// By library.
    pub libraries: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Symbols<'a> {
    /// The list that is committed.
    pub fn committed() -> Result<Symbols<'static>> {
        Symbols::parse(LIST).context("xtask/src/android/symbols.txt")
    }

    fn parse(text: &'a str) -> Result<Self> {
        let mut libraries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut current = None;
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                let is_name = name.starts_with("lib") && name.ends_with(".so");
                ensure!(
                    is_name && !libraries.contains_key(name),
                    "[{name}] is no library, or is there twice"
                );
                current = Some(name);
                libraries.insert(name, BTreeSet::new());
                continue;
            }
            // They are written into an assembler's file.
            let is_word = line.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
            ensure!(is_word, "{line:?} is no symbol");
            let is_elsewhere = libraries.values().any(|symbols| symbols.contains(line));
            ensure!(!is_elsewhere, "{line} is there twice");
            let library = current.with_context(|| format!("{line} is under no library"))?;
            libraries.entry(library).or_default().insert(line);
        }
        Ok(Self { libraries })
    }

    /// Whether any of the libraries has it.
    pub fn has(&self, symbol: &str) -> bool {
        self.libraries.values().any(|symbols| symbols.contains(symbol))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_list_is_one_and_sorted() {
        let symbols = Symbols::committed().expect("a list");
        assert!(symbols.has("recvmmsg") && symbols.has("ALooper_pollOnce") && !symbols.has("no_such_thing"));
        let lines: Vec<_> = LIST.lines().filter(|line| !line.starts_with('#')).collect();
        for group in lines.split(|line| line.is_empty()).filter(|group| !group.is_empty()) {
            assert!(group[1..].is_sorted(), "{} is not sorted", group[0]);
        }
        // In the C library since 30 and 34: a viewer that used them would not load on the oldest headsets.
        for young in ["memfd_create", "renameat2", "call_once", "pthread_cond_clockwait", "close_range"] {
            assert!(!symbols.has(young), "{young} is younger than Android 10");
        }
    }

    #[test]
    fn a_list_is_refused_where_a_line_has_no_place() {
        assert!(Symbols::parse("[libc.so]\nopen\n# why\n\n[libm.so]\nsin\n").is_ok());
        for text in
            ["open", "[libc]\n", "[libc.so]\n[libc.so]", "[libc.so]\nopen\n[libm.so]\nopen", "[libc.so]\na b"]
        {
            assert!(Symbols::parse(text).is_err(), "{text}");
        }
    }
}
