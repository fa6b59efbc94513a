//! Reads what `cargo test` prints and counts over all its programs.
//!
//! A test that cannot run on this machine passes and writes a line `SKIPPED name: why` past libtest's capture, straight
//! to stderr: it is counted as skipped and not as passed.

use std::fmt;

/// Tests of all programs together.
#[derive(Default)]
pub struct Tally {
    passed: usize,
    failed: usize,
    ignored: usize,
    /// Each `test result:` line, as printed.
    pub results: Vec<String>,
    /// Each `test … FAILED` line.
    pub failures: Vec<String>,
    /// Each `SKIPPED …` line.
    pub skipped: Vec<String>,
}

impl Tally {
    /// Takes one line of output.
    pub fn line(&mut self, line: &str) {
        let line = line.trim();
        if let Some(counts) = line.strip_prefix("test result: ") {
            self.results.push(line.to_owned());
            let count = |word| count_before(counts, word);
            self.passed += count(" passed");
            self.failed += count(" failed");
            self.ignored += count(" ignored");
        } else if line.starts_with("test ") && line.ends_with("... FAILED") {
            self.failures.push(line.to_owned());
        } else if let Some(at) = line.find("SKIPPED ") {
            // libtest may have begun its own line before ours.
            self.skipped.push(line[at..].to_owned());
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let skipped = self.skipped.len();
        let passed = self.passed.saturating_sub(skipped);
        write!(out, "{passed} passed, {} failed, {} skipped", self.failed, self.ignored + skipped)
    }
}

fn count_before(text: &str, word: &str) -> usize {
    let before = text.split(word).next().unwrap_or_default();
    before.rsplit([' ', '.']).next().and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_summed_over_programs_and_skips_are_no_passes() {
        let mut tally = Tally::default();
        for line in [
            "running 3 tests",
            "test a::b ... ok",
            "test c ... SKIPPED c: PAVILION_TEST_DATA is not set",
            "test d ... FAILED",
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 9 filtered out; finished in 0.01s",
            "SKIPPED window: no Xvfb",
            "test result: ok. 30 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 2.00s",
        ] {
            tally.line(line);
        }
        assert_eq!(tally.to_string(), "30 passed, 1 failed, 6 skipped");
        assert_eq!(tally.failures, ["test d ... FAILED"]);
        assert_eq!(tally.skipped[0], "SKIPPED c: PAVILION_TEST_DATA is not set");
        assert_eq!(tally.results.len(), 2);
    }
}
