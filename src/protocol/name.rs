//! Names of people, which strangers choose and others must read: whatever comes in, a [`Name`] is
//! short, visible, on one line, and turns no text around.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The longest name, in characters: what a tag above a head holds.
pub const NAME_CHARS_MAX: usize = 32;

/// The longest name in bytes of UTF-8: three a character, so that every script in daily use fits.
pub const NAME_BYTES_MAX: usize = 96;

/// Marks on top of one letter: Vietnamese and Thai need two.
const MARKS_MAX: usize = 2;

/// What somebody is called who says nothing that can be shown.
const NOBODY: &str = "Visitor";

/// A clean name. Other text becomes one by leaving out what has no place in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Name(String);

impl Name {
    /// The clean part of `text`; "Visitor" when there is none.
    pub fn new(text: &str) -> Self {
        let mut name = String::new();
        let (mut chars, mut marks) = (0, 0);
        let mut wants_space = false;
        for char in text.chars() {
            if char.is_whitespace() {
                wants_space = !name.is_empty();
                continue;
            }
            if is_hidden(char) {
                continue;
            }
            let is_mark = is_in(MARKS, char);
            marks = if is_mark { marks + 1 } else { 0 };
            // A mark without a letter would sit on what stands before the name.
            if is_mark && (name.is_empty() || wants_space || marks > MARKS_MAX) {
                continue;
            }
            let spaces = usize::from(wants_space);
            if chars + spaces + 1 > NAME_CHARS_MAX || name.len() + spaces + char.len_utf8() > NAME_BYTES_MAX {
                break;
            }
            if std::mem::take(&mut wants_space) {
                name.push(' ');
            }
            name.push(char);
            chars += spaces + 1;
        }
        if name.is_empty() { Self::default() } else { Self(name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Name {
    fn default() -> Self {
        Self(NOBODY.to_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self::new(&text)
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

type Ranges = &'static [(u32, u32)];

fn is_in(ranges: Ranges, char: char) -> bool {
    let code = char as u32;
    let after = ranges.partition_point(|(first, _)| *first <= code);
    after.checked_sub(1).and_then(|index| ranges.get(index)).is_some_and(|(_, last)| code <= *last)
}

fn is_hidden(char: char) -> bool {
    char.is_control() || is_in(HIDDEN, char) || (char as u32) & 0xfffe == 0xfffe
}

/// Unicode 16's `Default_Ignorable_Code_Point`, the other format characters (bidirectional controls,
/// interlinear annotation, shorthand, music, tags), blanks that are no spaces, and private use.
const HIDDEN: Ranges = &[
    (0x00ad, 0x00ad),
    (0x034f, 0x034f),
    (0x0600, 0x0605),
    (0x061c, 0x061c),
    (0x06dd, 0x06dd),
    (0x070f, 0x070f),
    (0x0890, 0x0891),
    (0x08e2, 0x08e2),
    (0x115f, 0x1160),
    (0x17b4, 0x17b5),
    (0x180b, 0x180f),
    (0x200b, 0x200f),
    (0x2028, 0x202e),
    (0x2060, 0x206f),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xe000, 0xf8ff),
    (0xfdd0, 0xfdef),
    (0xfe00, 0xfe0f),
    (0xfeff, 0xfeff),
    (0xffa0, 0xffa0),
    (0xfff0, 0xfffd),
    (0x110bd, 0x110bd),
    (0x110cd, 0x110cd),
    (0x13430, 0x1345f),
    (0x1bca0, 0x1bca3),
    (0x1d173, 0x1d17a),
    (0xe0000, 0xe0fff),
    (0xf0000, 0x10ffff),
];

/// Marks that stand on another character (`Mn` and `Me`), by the blocks and runs that hold them. A few
/// letters are caught as well, which costs a name nothing unless three follow each other there.
const MARKS: Ranges = &[
    (0x0300, 0x036f),
    (0x0483, 0x0489),
    (0x0591, 0x05bd),
    (0x05bf, 0x05bf),
    (0x05c1, 0x05c7),
    (0x0610, 0x061a),
    (0x064b, 0x065f),
    (0x0670, 0x0670),
    (0x06d6, 0x06ed),
    (0x0711, 0x0711),
    (0x0730, 0x074a),
    (0x07a6, 0x07b0),
    (0x07eb, 0x07f3),
    (0x0816, 0x082d),
    (0x0859, 0x085b),
    (0x0897, 0x089f),
    (0x08ca, 0x0902),
    (0x093a, 0x093a),
    (0x093c, 0x093c),
    (0x0941, 0x0948),
    (0x094d, 0x094d),
    (0x0951, 0x0957),
    (0x0962, 0x0963),
    (0x0981, 0x0981),
    (0x09bc, 0x09bc),
    (0x09c1, 0x09c4),
    (0x09cd, 0x09cd),
    (0x0a01, 0x0a02),
    (0x0a3c, 0x0a51),
    (0x0ac1, 0x0acd),
    (0x0b3c, 0x0b3f),
    (0x0b41, 0x0b56),
    (0x0c3c, 0x0c56),
    (0x0cbc, 0x0ccd),
    (0x0d3b, 0x0d4d),
    (0x0dca, 0x0dd6),
    (0x0e31, 0x0e31),
    (0x0e34, 0x0e3a),
    (0x0e47, 0x0e4e),
    (0x0eb1, 0x0eb1),
    (0x0eb4, 0x0ebc),
    (0x0ec8, 0x0ece),
    (0x0f18, 0x0f19),
    (0x0f35, 0x0f39),
    (0x0f71, 0x0f84),
    (0x0f86, 0x0fbc),
    (0x102d, 0x103e),
    (0x135d, 0x135f),
    (0x1712, 0x1734),
    (0x17b7, 0x17d3),
    (0x1920, 0x193b),
    (0x1a17, 0x1a1b),
    (0x1a56, 0x1a7f),
    (0x1ab0, 0x1aff),
    (0x1b00, 0x1b03),
    (0x1b34, 0x1b44),
    (0x1b6b, 0x1b73),
    (0x1cd0, 0x1cf9),
    (0x1dc0, 0x1dff),
    (0x20d0, 0x20f0),
    (0x2cef, 0x2cf1),
    (0x2de0, 0x2dff),
    (0x302a, 0x302f),
    (0x3099, 0x309a),
    (0xa66f, 0xa67d),
    (0xa6f0, 0xa6f1),
    (0xa8e0, 0xa8f1),
    (0xfb1e, 0xfb1e),
    (0xfe20, 0xfe2f),
    (0x101fd, 0x101fd),
    (0x10a01, 0x10a0f),
    (0x1d165, 0x1d16d),
    (0x1d185, 0x1d18b),
    (0x1e000, 0x1e02a),
    (0x1e8d0, 0x1e8d6),
];

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn names_that_people_have_stay_as_they_are() {
        for name in [
            "Ada",
            "José Ørsted",
            "Nguyễn Thị Hà",
            "Nguye\u{302}\u{303}n",
            "李小龍",
            "มิ้นท์",
            "प्रिया शर्मा",
            "O’Neill-Ng",
            "محمد",
            "🦊 Fox",
        ] {
            assert_eq!(Name::new(name).as_str(), name);
        }
    }

    #[test]
    fn what_hides_turns_or_floods_is_left_out() {
        let cases = [
            ("", "Visitor"),
            (" \t\u{200b}\u{2800}\u{301}\n", "Visitor"),
            ("  Ada \r\n  Lovelace\u{a0} ", "Ada Lovelace"),
            ("A\u{0}d\u{1b}[31ma", "Ad[31ma"),
            ("\u{202e}nimda\u{2066}!\u{2069}\u{200f}", "nimda!"),
            ("Z\u{301}\u{302}\u{303}\u{304}\u{305}a", "Z\u{301}\u{302}a"),
            ("A \u{301}\u{302}b", "A b"),
            ("admin\u{e0041}\u{fe0f}\u{feff}\u{ad}", "admin"),
            ("\u{fffe}\u{1ffff}\u{e000}\u{10fffd}x", "x"),
        ];
        for (text, clean) in cases {
            assert_eq!(Name::new(text).as_str(), clean, "{text:?}");
        }
    }

    #[test]
    fn the_tables_are_in_order() {
        for table in [HIDDEN, MARKS] {
            assert!(table.windows(2).all(|pair| pair[0].0 <= pair[0].1 && pair[0].1 < pair[1].0));
        }
    }
}
