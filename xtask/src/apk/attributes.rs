//! The `android:` attributes that a manifest of ours may use: their resource ids and how their values are written.
//!
//! Names, ids and values are Android's public ones (`android.R.attr`). An attribute that is missing here is refused,
//! because a system that meets an unknown one silently ignores it.

use super::manifest::Value;

/// How an attribute's text becomes a value.
enum Kind {
    Text,
    Integer,
    Boolean,
    /// One word of a list.
    Choice(&'static [(&'static str, u32)]),
    /// Words of a list, joined by `|`.
    Flags(&'static [(&'static str, u32)]),
    /// A resource of the system.
    Reference(&'static [(&'static str, u32)]),
    /// Whatever it looks like.
    Any,
}

const LAUNCH_MODES: &[(&str, u32)] =
    &[("standard", 0), ("singleTop", 1), ("singleTask", 2), ("singleInstance", 3)];
const ORIENTATIONS: &[(&str, u32)] = &[("unspecified", u32::MAX), ("landscape", 0), ("portrait", 1)];
const PLACES: &[(&str, u32)] = &[("auto", 0), ("internalOnly", 1), ("preferExternal", 2)];
const THEMES: &[(&str, u32)] = &[("@android:style/Theme.NoTitleBar.Fullscreen", 0x0103_0007)];
const CHANGES: &[(&str, u32)] = &[
    ("mcc", 0x1),
    ("mnc", 0x2),
    ("locale", 0x4),
    ("touchscreen", 0x8),
    ("keyboard", 0x10),
    ("keyboardHidden", 0x20),
    ("navigation", 0x40),
    ("orientation", 0x80),
    ("screenLayout", 0x100),
    ("uiMode", 0x200),
    ("screenSize", 0x400),
    ("smallestScreenSize", 0x800),
    ("density", 0x1000),
    ("layoutDirection", 0x2000),
    ("colorMode", 0x4000),
    ("fontScale", 0x4000_0000),
];

const ATTRIBUTES: [(&str, u32, Kind); 22] = [
    ("theme", 0x0101_0000, Kind::Reference(THEMES)),
    ("label", 0x0101_0001, Kind::Text),
    ("name", 0x0101_0003, Kind::Text),
    ("hasCode", 0x0101_000c, Kind::Boolean),
    ("debuggable", 0x0101_000f, Kind::Boolean),
    ("exported", 0x0101_0010, Kind::Boolean),
    ("excludeFromRecents", 0x0101_0017, Kind::Boolean),
    ("authorities", 0x0101_0018, Kind::Text),
    ("launchMode", 0x0101_001d, Kind::Choice(LAUNCH_MODES)),
    ("screenOrientation", 0x0101_001e, Kind::Choice(ORIENTATIONS)),
    ("configChanges", 0x0101_001f, Kind::Flags(CHANGES)),
    ("value", 0x0101_0024, Kind::Any),
    ("minSdkVersion", 0x0101_020c, Kind::Integer),
    ("versionCode", 0x0101_021b, Kind::Integer),
    ("versionName", 0x0101_021c, Kind::Text),
    ("targetSdkVersion", 0x0101_0270, Kind::Integer),
    ("allowBackup", 0x0101_0280, Kind::Boolean),
    ("required", 0x0101_028e, Kind::Boolean),
    ("installLocation", 0x0101_02b7, Kind::Choice(PLACES)),
    ("extractNativeLibs", 0x0101_04ea, Kind::Boolean),
    ("resizeableActivity", 0x0101_04f6, Kind::Boolean),
    ("version", 0x0101_0519, Kind::Integer),
];

/// The resource id of an attribute and its value, or why there is none.
pub fn read(name: &str, text: &str) -> Result<(u32, Value), String> {
    let known = ATTRIBUTES.iter().find(|attribute| attribute.0 == name);
    let (_, id, kind) = known.ok_or_else(|| {
        format!("android:{name} is no attribute that `cargo xtask apk` knows: correct it, or add it to xtask/src/apk/attributes.rs")
    })?;
    let value = match kind {
        Kind::Text => Some(Value::Text(text.to_owned())),
        Kind::Integer => number(text),
        Kind::Boolean => boolean(text),
        Kind::Choice(words) => find(words, text).map(Value::Integer),
        Kind::Flags(words) => text
            .split('|')
            .try_fold(0, |flags, word| Some(flags | find(words, word)?))
            .map(Value::Hexadecimal),
        Kind::Reference(words) => find(words, text).map(Value::Reference),
        Kind::Any => boolean(text).or_else(|| number(text)).or_else(|| Some(Value::Text(text.to_owned()))),
    };
    let value = value.ok_or_else(|| format!("{text:?} is no value of android:{name}"))?;
    Ok((*id, value))
}

fn boolean(text: &str) -> Option<Value> {
    text.parse().ok().map(Value::Boolean)
}

fn number(text: &str) -> Option<Value> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok().map(Value::Hexadecimal),
        None => text.parse().ok().map(Value::Integer),
    }
}

fn find(words: &[(&str, u32)], text: &str) -> Option<u32> {
    words.iter().find(|word| word.0 == text).map(|word| word.1)
}
