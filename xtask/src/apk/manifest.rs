//! `android/AndroidManifest.xml` as a tree whose every name and value is known.
//!
//! In: the text. Out: [`Element`]s, or one sentence with the line. What Android would silently ignore (an attribute
//! without its prefix, a word that is misspelt) is refused here.

use anyhow::{Context, Result, bail, ensure};

use super::attributes;

/// The namespace of Android's own attributes.
pub const NAMESPACE: &str = "http://schemas.android.com/apk/res/android";

/// Longer strings have another form in the binary manifest, which nobody needs.
const MAX_TEXT_BYTES: usize = 0x7fff;

const ELEMENTS: [&str; 15] = [
    "action",
    "activity",
    "application",
    "category",
    "intent",
    "intent-filter",
    "manifest",
    "meta-data",
    "package",
    "provider",
    "queries",
    "uses-feature",
    "uses-native-library",
    "uses-permission",
    "uses-sdk",
];

/// One element.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its line in the text.
    pub line: u32,
    /// Sorted by resource id, those without one last, as Android's reader wants them.
    pub attributes: Vec<Attribute>,
    /// The elements in it.
    pub children: Vec<Element>,
}

/// One attribute.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribute {
    /// Its name, without the prefix.
    pub name: String,
    /// Android's id of it; only `package` has none.
    pub id: Option<u32>,
    /// What it is set to.
    pub value: Value,
}

/// A typed value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Words.
    Text(String),
    /// A number written in decimals; a negative one in two's complement.
    Integer(u32),
    /// A number written in hexadecimals, or flags.
    Hexadecimal(u32),
    /// True or false.
    Boolean(bool),
    /// A resource of the system.
    Reference(u32),
}

impl Element {
    /// Reads a whole manifest.
    pub fn parse(text: &str) -> Result<Self> {
        let document = roxmltree::Document::parse(text).map_err(|error| anyhow::anyhow!("{error}"))?;
        let root = read(document.root_element())?;
        ensure!(root.name == "manifest", "its outermost element is <{}> and not <manifest>", root.name);
        Ok(root)
    }

    /// The elements in it that have this name.
    pub fn all<'a, 'b>(&'a self, name: &'b str) -> impl Iterator<Item = &'a Element> + use<'a, 'b> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first element at the end of a path of names.
    pub fn find(&self, path: &[&str]) -> Option<&Element> {
        match path {
            [] => Some(self),
            [first, rest @ ..] => self.all(first).find_map(|child| child.find(rest)),
        }
    }

    /// The value of an attribute.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    /// The value of an attribute that holds words.
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.value(name) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Sets an `android:` attribute, which must not be there: two places that decide one thing would disagree.
    pub fn set(&mut self, name: &str, text: &str) -> Result<()> {
        if self.value(name).is_some() {
            bail!("line {}: android:{name} is set by `cargo xtask apk`, remove it", self.line);
        }
        let (id, value) = attributes::read(name, text).map_err(anyhow::Error::msg)?;
        self.attributes.push(Attribute { name: name.to_owned(), id: Some(id), value });
        sort(&mut self.attributes);
        Ok(())
    }
}

fn read(node: roxmltree::Node<'_, '_>) -> Result<Element> {
    let line = node.document().text_pos_at(node.range().start).row;
    let name = node.tag_name().name();
    if node.tag_name().namespace().is_some() || !ELEMENTS.contains(&name) {
        bail!(
            "line {line}: <{name}> is no element that `cargo xtask apk` knows: correct it, or add it to xtask/src/apk/manifest.rs"
        );
    }
    let mut attributes = Vec::new();
    for attribute in node.attributes() {
        let (name, text) = (attribute.name(), attribute.value());
        ensure!(text.len() <= MAX_TEXT_BYTES, "line {line}: {name} has more than {MAX_TEXT_BYTES} bytes");
        attributes.push(match attribute.namespace() {
            Some(NAMESPACE) => {
                let (id, value) = attributes::read(name, text)
                    .map_err(anyhow::Error::msg)
                    .with_context(|| format!("line {line}"))?;
                Attribute { name: name.to_owned(), id: Some(id), value }
            }
            None if (node.tag_name().name(), name) == ("manifest", "package") => {
                Attribute { name: name.to_owned(), id: None, value: Value::Text(text.to_owned()) }
            }
            Some(other) => bail!("line {line}: {name} is in the namespace {other:?}, which Android ignores"),
            None => bail!("line {line}: {name} has no prefix and would be ignored, write android:{name}"),
        });
    }
    sort(&mut attributes);
    let children = node.children().filter(roxmltree::Node::is_element).map(read).collect::<Result<_>>()?;
    Ok(Element { name: name.to_owned(), line, attributes, children })
}

fn sort(attributes: &mut [Attribute]) {
    attributes.sort_by_key(|attribute| attribute.id.unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A manifest with something in its `application`.
    fn application(attributes: &str) -> Result<Element> {
        Element::parse(&format!(
            "<manifest xmlns:android='{NAMESPACE}' package='a.b'>\n<application {attributes}/>\n</manifest>"
        ))
    }

    #[test]
    fn ours_is_understood() {
        let text = include_str!("../../../android/AndroidManifest.xml");
        let manifest = Element::parse(text).expect("our manifest");
        assert_eq!(manifest.text("package"), Some("app.pavilion.viewer"));
        let activity = manifest.find(&["application", "activity"]).expect("an activity");
        assert_eq!(activity.value("launchMode"), Some(&Value::Integer(2)));
        assert_eq!(activity.value("configChanges"), Some(&Value::Hexadecimal(0x3ff4)));
        assert_eq!(activity.value("theme"), Some(&Value::Reference(0x0103_0007)));
    }

    #[test]
    fn what_android_would_ignore_is_refused_in_a_sentence() {
        for (attributes, sentence) in [
            ("android:lable='x'", "line 2: android:lable is no attribute that `cargo xtask apk` knows"),
            ("hasCode='false'", "line 2: hasCode has no prefix and would be ignored, write android:hasCode"),
            ("android:hasCode='no'", "line 2: \"no\" is no value of android:hasCode"),
            ("xmlns:tools='urn:tools' tools:x='1'", "line 2: x is in the namespace \"urn:tools\""),
            ("android:theme='@style/Mine'", "line 2: \"@style/Mine\" is no value of android:theme"),
            ("android:configChanges='density|tide'", "is no value of android:configChanges"),
        ] {
            let error = format!("{:#}", application(attributes).expect_err(attributes));
            assert!(error.contains(sentence), "{error}");
        }
        let error = Element::parse("<manifest>\n <activty/>\n</manifest>").expect_err("a misspelt element");
        assert!(format!("{error:#}").contains("line 2: <activty> is no element"), "{error:#}");
        assert!(Element::parse("<manifest").is_err() && Element::parse("<application/>").is_err());
    }

    #[test]
    fn what_the_packer_decides_may_not_be_decided_twice() {
        let mut manifest = application("android:debuggable='true'").expect("a manifest");
        manifest.set("versionCode", "100").expect("set");
        assert_eq!(manifest.value("versionCode"), Some(&Value::Integer(100)));
        assert_eq!(manifest.attributes.last().map(|last| last.name.as_str()), Some("package"));
        let error = manifest.children[0].set("debuggable", "true").expect_err("it is there");
        assert_eq!(error.to_string(), "line 2: android:debuggable is set by `cargo xtask apk`, remove it");
    }
}
