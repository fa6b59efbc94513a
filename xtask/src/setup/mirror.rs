//! Which Debian archive this machine already uses.
//!
//! In: the files under `/etc/apt`. Out: one URI to fetch packages from. No host is named here: a
//! company's mirror or an offline copy serves Pavilion as it serves the rest of the machine.

use std::fs;
use std::path::{Path, PathBuf};

/// Releases whose archive also holds the release that we take packages from.
const SUITES: [&str; 9] =
    ["bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable", "oldstable", "bullseye"];

/// The first Debian main archive among the apt sources in `etc`, usually `/etc/apt`.
pub fn debian_mirror(etc: &Path) -> Option<String> {
    let mut files = vec![etc.join("sources.list.d/debian.sources"), etc.join("sources.list")];
    let mut parts: Vec<PathBuf> = fs::read_dir(etc.join("sources.list.d"))
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    parts.sort();
    files.extend(parts);
    files.iter().find_map(|file| {
        let text = fs::read_to_string(file).ok()?;
        match file.extension()?.to_str()? {
            "sources" => from_stanzas(&text),
            "list" => from_lines(&text),
            _ => None,
        }
    })
}

/// Where the security updates of the archive at `main` are.
///
/// By Debian's layout they lie beside it under a name of their own; a list of mirrors or a snapshot follows the same
/// rule.
pub fn security_mirror(main: &str) -> String {
    match main.rfind("debian") {
        Some(at) => format!("{}debian-security{}", &main[..at], &main[at + "debian".len()..]),
        None => main.to_owned(),
    }
}

/// Reads the deb822 form: stanzas of `Field: value`, continued by indented lines.
fn from_stanzas(text: &str) -> Option<String> {
    let mut stanza: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            if let Some(uri) = from_stanza(&stanza) {
                return Some(uri);
            }
            stanza.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = stanza.last_mut() {
                value.push(' ');
                value.push_str(line.trim());
            }
        } else if let Some((field, value)) = line.split_once(':') {
            stanza.push((field.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    None
}

fn from_stanza(stanza: &[(String, String)]) -> Option<String> {
    let words = |name: &str| -> Vec<&str> {
        let found = stanza.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.split_whitespace().collect()).unwrap_or_default()
    };
    if words("enabled").first().is_some_and(|word| word.eq_ignore_ascii_case("no")) {
        return None;
    }
    if !words("types").contains(&"deb") {
        return None;
    }
    let (suites, components) = (words("suites"), words("components"));
    words("uris").into_iter().find(|uri| is_debian_main(uri, &suites, &components)).map(str::to_owned)
}

/// Reads the one-line form: `deb [options] uri suite components…`.
fn from_lines(text: &str) -> Option<String> {
    text.lines().find_map(|line| {
        let line = line.split('#').next()?.trim();
        let rest = line.strip_prefix("deb")?;
        if !rest.starts_with([' ', '\t']) {
            return None;
        }
        let rest = rest.trim_start();
        let rest = if rest.starts_with('[') { rest.split_once(']')?.1 } else { rest };
        let mut words = rest.split_whitespace();
        let (uri, suite) = (words.next()?, words.next()?);
        let components: Vec<&str> = words.collect();
        is_debian_main(uri, &[suite], &components).then(|| uri.to_owned())
    })
}

/// Whether a source is Debian's own archive and not a vendor's that borrows its suite names.
fn is_debian_main(uri: &str, suites: &[&str], components: &[&str]) -> bool {
    let known = suites.iter().any(|suite| SUITES.contains(suite));
    let mut segments = uri.trim_end_matches('/').rsplit('/');
    let last = segments.next().unwrap_or_default();
    let is_snapshot = last.len() == 16 && last.ends_with('Z') && segments.next() == Some("debian");
    // Cloud images keep their mirrors in a list file: mirror+file:/etc/apt/mirrors/debian.list
    let is_list = uri.starts_with("mirror") && last == "debian.list";
    known && components.contains(&"main") && (last == "debian" || is_snapshot || is_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stanza_of_another_vendor_is_passed_over() {
        let text = "\
Types: deb
URIs: https://packages.example.com/debian/12/prod
Suites: bookworm
Components: main

# a comment
Types: deb deb-src
URIs:
 http://mirror.example.org/debian/
 http://second.example.org/debian
Suites: bookworm
 bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
";
        assert_eq!(from_stanzas(text).as_deref(), Some("http://mirror.example.org/debian/"));
    }

    #[test]
    fn a_disabled_source_only_or_security_stanza_is_no_mirror() {
        let stanza = |types, uri, suites, enabled| {
            format!("Types: {types}\nURIs: {uri}\nSuites: {suites}\nComponents: main\nEnabled: {enabled}\n")
        };
        let uri = "http://mirror.example.org/debian";
        assert!(from_stanzas(&stanza("deb", uri, "trixie", "yes")).is_some());
        assert_eq!(from_stanzas(&stanza("deb", uri, "trixie", "no")), None);
        assert_eq!(from_stanzas(&stanza("deb-src", uri, "trixie", "yes")), None);
        let security = "http://mirror.example.org/debian-security";
        assert_eq!(from_stanzas(&stanza("deb", security, "trixie-security", "yes")), None);
        assert_eq!(from_stanzas(&stanza("deb", "http://mirror.example.org/ubuntu", "noble", "yes")), None);
    }

    #[test]
    fn one_line_sources_with_and_without_options() {
        let text = "\
# deb http://off.example.org/debian bookworm main
deb-src http://mirror.example.org/debian bookworm main
deb [arch=amd64] https://download.example.com/linux/debian bookworm stable
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example.org/debian bookworm main  # ours
";
        assert_eq!(from_lines(text).as_deref(), Some("http://mirror.example.org/debian"));
        assert_eq!(from_lines("deb file:/srv/debian sid main").as_deref(), Some("file:/srv/debian"));
        assert_eq!(from_lines("deb http://mirror.example.org/debian trixie contrib"), None);
    }

    #[test]
    fn a_mirror_list_and_a_snapshot_are_mirrors() {
        assert!(is_debian_main("mirror+file:///etc/apt/mirrors/debian.list", &["bookworm"], &["main"]));
        let snapshot = "http://snapshot.example.org/archive/debian/20260101T000000Z/";
        assert!(is_debian_main(snapshot, &["bookworm"], &["main"]));
        assert!(!is_debian_main("mirror+file:/etc/apt/mirrors/debian-security.list", &["trixie"], &["main"]));
    }

    #[test]
    fn security_updates_lie_beside_the_archive() {
        for (main, security) in [
            ("http://m.example.org/debian/", "http://m.example.org/debian-security/"),
            ("http://debian.example.org/debian", "http://debian.example.org/debian-security"),
            ("mirror+file:/etc/apt/mirrors/debian.list", "mirror+file:/etc/apt/mirrors/debian-security.list"),
            (
                "http://s.example.org/archive/debian/20260101T000000Z/",
                "http://s.example.org/archive/debian-security/20260101T000000Z/",
            ),
        ] {
            assert_eq!(security_mirror(main), security);
        }
    }

    #[test]
    fn debian_sources_come_before_the_old_list() {
        let etc = tempfile::tempdir().expect("a temp folder");
        let parts = etc.path().join("sources.list.d");
        fs::create_dir(&parts).expect("a folder");
        assert_eq!(debian_mirror(etc.path()), None);
        fs::write(etc.path().join("sources.list"), "deb http://old.example.org/debian sid main\n")
            .expect("written");
        assert_eq!(debian_mirror(etc.path()).as_deref(), Some("http://old.example.org/debian"));
        let stanza = "Types: deb\nURIs: http://new.example.org/debian\nSuites: trixie\nComponents: main\n";
        fs::write(parts.join("debian.sources"), stanza).expect("written");
        assert_eq!(debian_mirror(etc.path()).as_deref(), Some("http://new.example.org/debian"));
    }
}
