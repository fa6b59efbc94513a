//! What pipelines cost, as a table that can be kept and compared.

use std::fmt;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The pipeline that covers most of what a visitor of the demo venue sees.
const LIT: &str = "opaque";

/// A stage's cost may grow by 3 % and two slots: less is the compiler's mood.
const COST_SHARE_MAX: f64 = 1.03;
const COST_SLOTS_MAX: f64 = 2.0;

/// One stage of a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub pipeline: String,
    pub stage: String,
    pub instructions: u64,
    /// Of them, those that wait.
    pub nops: u64,
    /// Registers of four floats, whole and half; Adreno 650 counts halves as parts of whole ones.
    pub registers: u64,
    pub half_registers: u64,
    /// Waves that fit a core at once, of 16.
    pub waves: u64,
    /// Threads in all of them: the compiler takes waves of 64 where 128 would want too many registers.
    pub threads: u64,
    /// Stores to and loads from memory for want of registers.
    pub spills: u64,
    /// Slots: an instruction is one, a special function eight, a read of a texture or of memory four. A policy, not
    /// a measurement.
    pub cost: u64,
}

/// What was measured once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// Whose compiler: numbers of another version are not comparable.
    pub mesa: String,
    /// Bins of the eye pass, two eyes of 1832 × 1920 with four samples.
    pub bins: u32,
    /// The same with a density map.
    pub bins_with_density_map: u32,
    pub rows: Vec<Row>,
}

/// The first line of a kept table.
#[derive(Serialize, Deserialize)]
struct Head {
    mesa: String,
    bins: u32,
    bins_with_density_map: u32,
}

impl Table {
    /// Of the lines that the renderer's test wrote.
    pub fn new(mesa: String, bins: u32, bins_with_density_map: u32, report: &str) -> Result<Self> {
        let mut rows = Vec::new();
        for line in report.lines() {
            let value: Value = serde_json::from_str(line).context("the report is no JSON")?;
            let pipeline = value["pipeline"].as_str().context("a pipeline has no name")?;
            for stage in value["stages"].as_array().context("a pipeline has no stages")? {
                rows.push(row(pipeline, stage)?);
            }
        }
        rows.sort_by(|a, b| (&a.pipeline, &a.stage).cmp(&(&b.pipeline, &b.stage)));
        Ok(Self { mesa, bins, bins_with_density_map, rows })
    }

    /// A kept table.
    pub fn from_lines(text: &str) -> Result<Self> {
        let mut lines = text.lines();
        let head = lines.next().context("the baseline is empty")?;
        let head: Head = serde_json::from_str(head).context("the baseline has no head")?;
        let rows = lines.map(|line| serde_json::from_str(line).context("the baseline is damaged"));
        let Head { mesa, bins, bins_with_density_map } = head;
        Ok(Self { mesa, bins, bins_with_density_map, rows: rows.collect::<Result<_>>()? })
    }

    /// How it is kept: one object a line.
    pub fn to_lines(&self) -> Result<String> {
        let Self { mesa, bins, bins_with_density_map, rows } = self;
        let head = Head { mesa: mesa.clone(), bins: *bins, bins_with_density_map: *bins_with_density_map };
        let mut lines = serde_json::to_string(&head)?;
        for row in rows {
            lines.push('\n');
            lines.push_str(&serde_json::to_string(row)?);
        }
        Ok(lines + "\n")
    }

    /// One object: what the design sets a number for.
    pub fn summary(&self) -> Value {
        let lit = |stage: &str| self.rows.iter().find(|row| row.pipeline == LIT && row.stage == stage);
        let [fragment, vertex] = ["FS", "VS"].map(lit);
        json!({
            "mesa": self.mesa,
            "bins": self.bins,
            "bins_with_density_map": self.bins_with_density_map,
            "lit_fragment_instructions": fragment.map(|row| row.instructions),
            "lit_fragment_waves": fragment.map(|row| row.waves),
            "lit_fragment_threads": fragment.map(|row| row.threads),
            "lit_vertex_instructions": vertex.map(|row| row.instructions),
            "lit_vertex_waves": vertex.map(|row| row.waves),
        })
    }

    /// A sentence for everything that is worse than in the baseline.
    pub fn worse_than(&self, baseline: &Self) -> Vec<String> {
        let mut worse = Vec::new();
        for old in &baseline.rows {
            let name = format!("{} {}", old.pipeline, old.stage);
            let same = |row: &&Row| row.pipeline == old.pipeline && row.stage == old.stage;
            let Some(new) = self.rows.iter().find(same) else {
                worse.push(format!("{name} is gone"));
                continue;
            };
            if new.cost as f64 > old.cost as f64 * COST_SHARE_MAX + COST_SLOTS_MAX {
                worse.push(format!("{name} costs {} instead of {}", new.cost, old.cost));
            }
            if new.threads < old.threads {
                let count = |row: &Row| format!("{} threads in {} waves", row.threads, row.waves);
                worse.push(format!("{name} has {} instead of {}", count(new), count(old)));
            }
            if new.spills > old.spills {
                worse.push(format!("{name} spills {} times instead of {}", new.spills, old.spills));
            }
        }
        let is_known = |new: &&Row| {
            baseline.rows.iter().any(|old| (&old.pipeline, &old.stage) == (&new.pipeline, &new.stage))
        };
        let unknown = self.rows.iter().filter(|row| !is_known(row));
        worse.extend(unknown.map(|row| format!("{} {} is not in the baseline", row.pipeline, row.stage)));
        for (what, new, old) in [
            ("the eye pass", self.bins, baseline.bins),
            ("the eye pass with a density map", self.bins_with_density_map, baseline.bins_with_density_map),
        ] {
            // Fewer is no better: a density map that is not attached takes as few as none.
            if new != old {
                worse.push(format!("{what} takes {new} bins instead of {old}"));
            }
        }
        worse
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "Mesa {}'s compiler for Adreno 650, which is not the headset's own", self.mesa)?;
        writeln!(
            out,
            "{:<27} {:<11} {:>12} {:>5} {:>9} {:>5} {:>7} {:>6} {:>5}",
            "pipeline", "stage", "instructions", "nops", "registers", "waves", "threads", "spills", "cost"
        )?;
        for row in &self.rows {
            let registers = format!("{}+{}½", row.registers, row.half_registers);
            writeln!(
                out,
                "{:<27} {:<11} {:>12} {:>5} {:>9} {:>5} {:>7} {:>6} {:>5}",
                row.pipeline,
                row.stage,
                row.instructions,
                row.nops,
                registers,
                row.waves,
                row.threads,
                row.spills,
                row.cost
            )?;
        }
        writeln!(
            out,
            "bins of the eye pass, 2 × 1832 × 1920 with 4 samples: {}, with a density map {}",
            self.bins, self.bins_with_density_map
        )
    }
}

fn row(pipeline: &str, stage: &Value) -> Result<Row> {
    let name = stage["stage"].as_str().context("a stage has no name")?;
    let of = |name: &str| {
        let statistics = stage["statistics"].as_array().into_iter().flatten();
        let found = statistics.filter_map(|pair| Some((pair[0].as_str()?, pair[1].as_u64()?)));
        let found = found.into_iter().find(|(known, _)| *known == name);
        found
            .map(|(_, number)| number)
            .with_context(|| format!("{pipeline} lacks the driver's number “{name}”"))
    };
    let instructions = of("Instruction Count")?;
    let waves = of("Max Waves Per Core")?;
    let wave_threads = stage["wave_threads"].as_u64().context("a stage has waves of no size")?;
    let reads = of("cat5 instructions")? + of("cat6 instructions")?;
    Ok(Row {
        pipeline: pipeline.to_owned(),
        stage: name.to_owned(),
        instructions,
        nops: of("NOPs Count")?,
        registers: of("Registers used")?,
        half_registers: of("Half-registers used")?,
        waves,
        threads: waves * wave_threads,
        spills: of("STP Count")? + of("LDP Count")?,
        cost: instructions + 7 * of("cat4 instructions")? + 3 * reads,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(instructions: u64, waves: u64, spills: u64) -> String {
        let numbers = [
            ("Instruction Count", instructions),
            ("NOPs Count", 1),
            ("Registers used", 4),
            ("Half-registers used", 0),
            ("Max Waves Per Core", waves),
            ("STP Count", spills),
            ("LDP Count", 0),
            ("cat4 instructions", 2),
            ("cat5 instructions", 3),
            ("cat6 instructions", 1),
        ];
        json!({ "pipeline": LIT, "stages": [{ "stage": "FS", "wave_threads": 128, "statistics": numbers }] })
            .to_string()
    }

    fn table(instructions: u64, waves: u64, spills: u64, bins: u32) -> Table {
        Table::new("26".into(), bins, bins, &report(instructions, waves, spills)).expect("a table")
    }

    #[test]
    fn what_is_kept_is_what_was_measured() {
        let table = table(100, 16, 0, 200);
        assert_eq!(table.rows[0].cost, 100 + 14 + 12);
        assert_eq!(Table::from_lines(&table.to_lines().expect("lines")).expect("a table"), table);
        assert_eq!(table.summary()["lit_fragment_instructions"], 100);
    }

    #[test]
    fn three_percent_more_passes_and_whatever_is_worse_does_not() {
        let baseline = table(100, 16, 0, 200);
        assert_eq!(table(105, 16, 0, 200).worse_than(&baseline), [""; 0]);
        for (worse, word) in [
            (table(106, 16, 0, 200), "costs 132 instead of 126"),
            (table(100, 15, 0, 200), "1920 threads in 15 waves instead of 2048 threads in 16 waves"),
            (table(100, 16, 1, 200), "spills 1 times"),
            (table(100, 16, 0, 201), "takes 201 bins"),
            (table(100, 16, 0, 199), "takes 199 bins"),
        ] {
            let said = worse.worse_than(&baseline).join("; ");
            assert!(said.contains(word), "{said}");
        }
        let empty = Table { rows: Vec::new(), ..baseline.clone() };
        assert!(empty.worse_than(&baseline)[0].contains("is gone"));
        assert!(baseline.worse_than(&empty)[0].contains("is not in the baseline"));
    }
}
