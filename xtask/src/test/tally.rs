//! Reads what `cargo test` prints and counts over all its programs.
//!
//! A test that cannot run on this machine prints `skipped: why` and returns. libtest calls that passed and, asked with
//! `--show-output`, prints it under the test's name: here it counts as skipped.

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
    /// `SKIPPED test: why`, once a test.
    pub skipped: Vec<String>,
    /// The test whose output is being printed.
    current: Option<String>,
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
        } else if let Some(name) =
            line.strip_prefix("---- ").and_then(|line| line.strip_suffix(" stdout ----"))
        {
            self.current = Some(name.to_owned());
        } else if let Some(why) = line.strip_prefix("skipped: ")
            && let Some(name) = self.current.take()
        {
            self.skipped.push(format!("SKIPPED {name}: {why}"));
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
            "test c ... ok",
            "test d ... FAILED",
            "---- c stdout ----",
            "skipped: PAVILION_TEST_DATA is not set",
            "skipped: said twice, counted once",
            "test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 9 filtered out; finished in 0.01s",
            "---- window stdout ----",
            "skipped: Xvfb is not installed",
            "---- bench stdout ----",
            "9 ms",
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
