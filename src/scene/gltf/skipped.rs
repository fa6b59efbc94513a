//! What a file has and this version leaves out, counted by name.

use std::collections::BTreeMap;

use super::schema::{Others, Root, is_understood};

/// How many different names are kept; a file cannot fill memory with names of its own.
const NAMES_MAX: usize = 256;

/// Names with how often each was left out.
#[derive(Debug, Default)]
pub(in crate::scene) struct Skipped(BTreeMap<String, u32>);

impl Skipped {
    /// What is left out of `root` as a whole.
    pub(super) fn of(root: &Root) -> Self {
        let mut skipped = Self::default();
        skipped.add("cameras", root.cameras.len() as u32);
        skipped.add("scenes that are not the default", root.scenes.len().saturating_sub(1) as u32);
        skipped.add_extensions(&root.extensions.others);
        skipped
    }

    pub(super) fn add(&mut self, name: &str, count: u32) {
        if count == 0 {
            return;
        }
        if let Some(total) = self.0.get_mut(name) {
            *total = total.saturating_add(count);
        } else if self.0.len() < NAMES_MAX {
            self.0.insert(name.chars().take(64).collect(), count);
        }
    }

    /// Extensions of one object that are not understood.
    pub(super) fn add_extensions(&mut self, others: &Others) {
        others.keys().for_each(|name| self.add(name, 1));
    }

    /// All of it, and the extensions that the file says it uses although no object has them.
    pub(super) fn into_names(mut self, root: &Root) -> BTreeMap<String, u32> {
        for name in root.extensions_used.iter().filter(|name| !is_understood(name)) {
            if !self.0.contains_key(name) {
                self.add(name, 1);
            }
        }
        self.0
    }
}
