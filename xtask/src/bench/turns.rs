//! Two programs that measure the same, ours and a peer's, in turn, so that a busy machine is as busy for both.

use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::process;

/// How often each is measured; the middle one counts.
const ROUNDS: usize = 3;

/// Of each number that they print as their last line, a JSON object, the middle one; nothing of a peer that is not there.
pub fn middle_of_each(
    ours: &mut Command,
    mut theirs: Option<&mut Command>,
) -> Result<[Map<String, Value>; 2]> {
    let mut lines: [Vec<Map<String, Value>>; 2] = Default::default();
    for _ in 0..ROUNDS {
        lines[0].extend(line(ours)?);
        if let Some(theirs) = &mut theirs {
            lines[1].extend(line(theirs)?);
        }
    }
    Ok(lines.map(middle))
}

/// A number of such a line.
pub fn number(of: &Map<String, Value>, key: &str) -> Option<f64> {
    of.get(key).and_then(Value::as_f64)
}

/// What it printed; `None` where it skipped, and has said why.
fn line(command: &mut Command) -> Result<Option<Map<String, Value>>> {
    let output = command.stderr(std::process::Stdio::inherit());
    let text = process::output(output)?;
    let Some(line) = text.lines().last() else { return Ok(None) };
    serde_json::from_str(line).context("it printed no JSON").map(Some)
}

/// Of each number the middle one.
fn middle(lines: Vec<Map<String, Value>>) -> Map<String, Value> {
    let mut middle = lines.first().cloned().unwrap_or_default();
    for (key, value) in &mut middle {
        let mut numbers: Vec<f64> = lines.iter().filter_map(|line| line[key].as_f64()).collect();
        numbers.sort_by(f64::total_cmp);
        if let Some(number) = numbers.get(numbers.len() / 2) {
            *value = (*number).into();
        }
    }
    middle
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_number_the_middle_one_counts_whatever_round_it_is_of() {
        let line = |half: f64, most: f64| {
            let line = serde_json::json!({"device": "d", "half": half, "most": most});
            line.as_object().cloned().unwrap_or_default()
        };
        let middle = middle(vec![line(1.0, 9.0), line(3.0, 7.0), line(2.0, 8.0)]);
        assert_eq!((middle["half"].as_f64(), middle["most"].as_f64()), (Some(2.0), Some(8.0)));
        assert_eq!(middle["device"], "d");
        assert!(super::middle(Vec::new()).is_empty());
    }
}
