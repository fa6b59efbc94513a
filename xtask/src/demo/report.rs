//! The demo's report on one screen: every fact that the viewer printed, and where the pictures are.

use std::path::Path;

use serde_json::Value;

/// One line a fact, nested ones with dots.
pub fn screen(facts: &Value, pictures: &Path) -> String {
    let mut rows = Vec::new();
    flatten("", facts, &mut rows);
    rows.push((String::from("pictures"), pictures.display().to_string()));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:<width$}  {value}\n")).collect()
}

fn flatten(name: &str, value: &Value, rows: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(&name, value, rows);
            }
        }
        Value::Number(number) => rows.push((name.replace('_', " "), number_text(number))),
        Value::String(text) => rows.push((name.replace('_', " "), text.clone())),
        other => rows.push((name.replace('_', " "), other.to_string())),
    }
}

/// Whole numbers as they are, others with two digits.
fn number_text(number: &serde_json::Number) -> String {
    match number.as_f64() {
        Some(value) if !number.is_i64() && !number.is_u64() => format!("{value:.2}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_stand_in_two_columns() {
        let facts = serde_json::json!({"tiles": 12, "frame_millis": {"p50": 8.123, "p95": 9.0}});
        let text = screen(&facts, Path::new("/out"));
        assert_eq!(
            text,
            "frame millis.p50  8.12\nframe millis.p95  9.00\ntiles             12\npictures          /out\n"
        );
    }
}
