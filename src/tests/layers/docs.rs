//! The list of modules in the docs of `lib.rs` against the table.

use super::tree::is_test_only;
use super::{RULES, SENTENCE};

/// Every disagreement between the docs, the declared modules and the table.
pub fn check(lib: &str) -> Vec<String> {
    let documented: Vec<(u8, &str)> = lib.lines().filter_map(parse_line).collect();
    let declared = declared_modules(lib);
    let mut faults = Vec::new();
    for module in &declared {
        if !documented.iter().any(|(_, name)| name == module) {
            faults.push(format!("src/lib.rs: its docs do not list the module `{module}`"));
        }
    }
    for (layer, name) in &documented {
        if !declared.iter().any(|module| module == name) {
            faults.push(format!("src/lib.rs: its docs list `{name}`, which is no module"));
        }
        match RULES.iter().find(|rule| rule.module == *name) {
            Some(rule) if rule.layer == *layer => {}
            Some(rule) => {
                faults.push(format!("src/lib.rs: `{name}` is of layer {}, not {layer}", rule.layer))
            }
            None => faults.push(format!("src/lib.rs: `{name}` is not in the table of layers")),
        }
    }
    let order: Vec<_> =
        documented.iter().filter_map(|(_, name)| SENTENCE.iter().position(|word| word == name)).collect();
    if !order.is_sorted() {
        faults.push(format!("src/lib.rs: the docs leave the order {}", SENTENCE.join(" → ")));
    }
    faults
}

/// Reads ``//! - L0 [`math`]: what it is``.
fn parse_line(line: &str) -> Option<(u8, &str)> {
    let (layer, rest) = line.strip_prefix("//! - L")?.split_once(" [`")?;
    let (name, sentence) = rest.split_once("`]: ")?;
    (!sentence.is_empty()).then_some((layer.parse().ok()?, name))
}

fn declared_modules(lib: &str) -> Vec<String> {
    let items = syn::parse_file(lib).map(|file| file.items).unwrap_or_default();
    let name = |item: &syn::Item| match item {
        syn::Item::Mod(module) if !is_test_only(&module.attrs) => Some(module.ident.to_string()),
        _ => None,
    };
    items.iter().filter_map(name).collect()
}
