//! `pavilion doctor`: what this machine can do, and what to do about the rest.

mod android;
mod audio;
mod folder;
mod graphics;
mod headset;
mod network;

use serde::Serialize;
use serde_json::{Map, Value};

use super::cli::DoctorArgs;
use super::{Failure, folders};

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum State {
    /// It can be used.
    Works,
    /// It cannot, and nothing that needs it can be done.
    Missing,
    /// It cannot, but a visit goes on without it.
    Absent,
    /// This build has no use for it.
    // A build with everything in it never says so.
    #[allow(dead_code)]
    NotNeeded,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    #[serde(skip)]
    subject: &'static str,
    state: State,
    /// What was found, or what is wrong.
    text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<String>,
    /// More, for programs.
    #[serde(flatten)]
    facts: Map<String, Value>,
}

impl Finding {
    fn new(subject: &'static str, state: State, text: impl ToString) -> Self {
        Self { subject, state, text: text.to_string(), fix: None, facts: Map::new() }
    }

    fn works(subject: &'static str, text: impl ToString) -> Self {
        Self::new(subject, State::Works, text)
    }

    /// What to do about it.
    fn fix(mut self, fix: impl ToString) -> Self {
        self.fix = Some(fix.to_string());
        self
    }

    /// One more fact for programs.
    fn fact(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.facts.insert(name.to_owned(), value.into());
        self
    }

    /// As lines for people.
    fn to_text(&self) -> String {
        let mark = match self.state {
            State::Works => "✓",
            State::Missing => "✗",
            State::Absent | State::NotNeeded => "·",
        };
        let fix = self.fix.as_ref().map_or_else(String::new, |fix| format!("\n               → {fix}"));
        format!("  {mark} {:<10} {}{fix}", self.subject, self.text)
    }
}

/// Looks at everything and prints what it found.
///
/// # Errors
/// When something is missing that showing a twin needs: exit code 3.
pub fn run(arguments: &DoctorArgs) -> Result<(), Failure> {
    let findings = [
        graphics::look(),
        headset::look(),
        audio::look(),
        network::look(),
        folder::look("cache", folders::cache()),
        folder::look("data", folders::data()),
        android::look(),
    ];
    if arguments.json {
        let facts: Map<String, Value> = findings
            .iter()
            .map(|finding| Ok((finding.subject.to_owned(), serde_json::to_value(finding)?)))
            .collect::<Result<_, serde_json::Error>>()
            .map_err(Failure::failed)?;
        println!("{}", serde_json::to_string_pretty(&facts).map_err(Failure::failed)?);
    } else {
        println!("Pavilion {}", env!("CARGO_PKG_VERSION"));
        for finding in &findings {
            println!("{}", finding.to_text());
        }
    }
    match findings.iter().find(|finding| finding.state == State::Missing) {
        Some(finding) => {
            let fix = finding.fix.as_ref().map_or_else(String::new, |fix| format!(": {fix}"));
            Err(Failure::environment(format!("{}{fix}", finding.text)))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_finding_says_its_state_and_its_fix() {
        let finding =
            Finding::new("audio", State::Absent, "no sound card").fix("connect one").fact("cards", 0);
        let expected = serde_json::json!({
            "state": "absent", "text": "no sound card", "fix": "connect one", "cards": 0
        });
        assert_eq!(serde_json::to_value(&finding).unwrap(), expected);
        assert_eq!(finding.to_text(), "  · audio      no sound card\n               → connect one");
    }
}
