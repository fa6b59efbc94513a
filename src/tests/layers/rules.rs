//! The table applied: what a file uses against what its module may.

use super::source::{self, Use};
use super::tree::File;
use super::{FREE_CRATES, MAIN_CRATES, RULES, RUST_LINES, Rule, STRANGERS_BYTES, UNSAFE};

/// What a module without clock, file, socket, thread or environment does not touch.
const OUTSIDE: &[&[&str]] = &[
    &["std", "env"],
    &["std", "fs"],
    &["std", "process"],
    &["std", "thread"],
    &["std", "net", "TcpListener"],
    &["std", "net", "TcpStream"],
    &["std", "net", "UdpSocket"],
    &["std", "time", "SystemTime"],
];

/// What clippy knows better, because it knows types.
const PANIC_LINTS: [&str; 3] = ["unwrap_used", "expect_used", "indexing_slicing"];

/// Every rule that the file breaks, as `src/file:line: sentence`.
pub fn check(file: &File, dependencies: &[String]) -> Vec<String> {
    let used = match source::read(file) {
        Ok(used) => used,
        Err(error) => return vec![format!("src/{}: {error}", file.path)],
    };
    let mut broken: Vec<(usize, String)> = Vec::new();
    for used in &used.paths {
        broken.extend(check_path(file, used, dependencies).map(|sentence| (used.line, sentence)));
    }
    if !UNSAFE.iter().any(|allowed| file.path.starts_with(allowed)) {
        broken
            .extend(used.unsafes.iter().map(|word| (word.line, "`unsafe` has no place in this file".into())));
    }
    let module = file.module.join("::");
    let is_in = |parent: &str| module == parent || module.starts_with(&format!("{parent}::"));
    if let Some(strange) = STRANGERS_BYTES.iter().find(|parent| is_in(parent)) {
        let sentence = |word: &str| format!("{word} may panic, and `{strange}` reads a stranger's bytes");
        broken.extend(used.panics.iter().map(|word| (word.line, sentence(word.word))));
        let denies_all = PANIC_LINTS.iter().all(|lint| used.denied.contains(lint));
        if module == *strange && !denies_all {
            let lints = PANIC_LINTS.join(", ");
            broken.push((1, format!("`{strange}` reads a stranger's bytes and must deny clippy's {lints}")));
        }
    }
    broken.sort();
    broken.dedup();
    broken.into_iter().map(|(line, sentence)| format!("src/{}:{line}: {sentence}", file.path)).collect()
}

fn check_path(file: &File, used: &Use, dependencies: &[String]) -> Option<String> {
    let root = used.path.first()?.as_str();
    let Some(module) = file.module.first() else {
        let may = file.path == "lib.rs" || root == "crate" || MAIN_CRATES.contains(&root);
        return (!may && dependencies.iter().any(|name| name == root))
            .then(|| format!("the command itself may not use the crate `{root}`"));
    };
    let Some(rule) = RULES.iter().find(|rule| rule.module == module) else {
        return Some(format!("the module `{module}` is not in the table of layers"));
    };
    if root == "crate" {
        let target = used.path.get(1)?;
        let may = target == module || rule.imports.contains(&target.as_str());
        return (!may).then(|| format!("`{module}` may not import `{target}`"));
    }
    let is_known = dependencies.iter().any(|name| name == root);
    if is_known && !FREE_CRATES.contains(&root) && !rule.crates.contains(&root) {
        return Some(format!("`{module}` may not use the crate `{root}`"));
    }
    (rule.sans_io && is_outside(&used.path)).then(|| {
        format!(
            "`{module}` takes time, bytes and sizes as arguments and may not use `{}`",
            used.path.join("::")
        )
    })
}

fn is_outside(path: &[String]) -> bool {
    let starts_with =
        |outside: &&[&str]| outside.iter().zip(path).filter(|(a, b)| *a == b).count() == outside.len();
    let reads_clock = path.ends_with(&["Instant".to_owned(), "now".to_owned()]);
    reads_clock || OUTSIDE.iter().any(starts_with)
}

/// A sentence where the file is over its ceiling. Tests are not counted.
pub fn check_length(file: &File) -> Option<String> {
    if file.test_only {
        return None;
    }
    too_long(&format!("src/{}", file.path), file.text.lines().count(), RUST_LINES)
}

/// A sentence where `lines` is over the ceiling.
pub fn too_long(name: &str, lines: usize, ceiling: usize) -> Option<String> {
    (lines > ceiling).then(|| format!("{name}: {lines} lines, the ceiling is {ceiling}: split it by noun"))
}

/// The faults of a table itself.
pub fn check_table(rules: &[Rule], dependencies: &[String]) -> Vec<String> {
    let mut faults = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        for import in rule.imports {
            // Each row imports earlier rows only, so there can be no cycle.
            match rules[..place].iter().find(|earlier| earlier.module == *import) {
                Some(earlier) if earlier.layer <= rule.layer => {}
                _ => faults.push(format!(
                    "the table lets `{}` import `{import}`, which is not below it",
                    rule.module
                )),
            }
        }
        for name in rule.crates.iter().filter(|name| !dependencies.iter().any(|known| known == *name)) {
            faults.push(format!(
                "the table gives `{}` the crate `{name}`, which is no dependency",
                rule.module
            ));
        }
    }
    for name in dependencies.iter().map(String::as_str).filter(|name| !FREE_CRATES.contains(name)) {
        let is_used = MAIN_CRATES.contains(&name) || rules.iter().any(|rule| rule.crates.contains(&name));
        if !is_used {
            faults.push(format!("the dependency `{name}` belongs to no module of the table"));
        }
    }
    faults
}
