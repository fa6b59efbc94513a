//! What was measured on the compiler for this GPU: slots of shaders, bins of pictures; and what a file says anew.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::frame::{Shaders, Slots};

const fn slots(full: f64, half: f64, special: f64, memory: f64, prefetched: f64) -> Slots {
    Slots { full, half, special, memory, prefetched }
}

/// A lit surface (sun, specular, SH, normal map, lightmap, four textures) in 32 bits, instances as vertex
/// attributes: 56 + 35 + 181 instructions by Mesa's compiler. Slots are all of them but the end and the special ones,
/// the preamble of 11 included: so taken, the model says what its first form said of the assembly.
pub const LIT: Shaders = Shaders {
    vertex: slots(55.0, 0.0, 0.0, 0.0, 0.0),
    binning: slots(34.0, 0.0, 0.0, 0.0, 0.0),
    fragment: slots(174.0, 0.0, 6.0, 0.0, 4.0),
};

/// The same with what may be in 16 bits.
pub const LIT_HALF: Shaders = Shaders { fragment: slots(30.0, 137.0, 6.0, 0.0, 4.0), ..LIT };

/// A lit surface without specular light, of 108 instructions.
pub const LIT_PLAIN: Shaders = Shaders { fragment: slots(105.0, 0.0, 2.0, 0.0, 4.0), ..LIT };

/// Instances read from a buffer by the vertex shader: 108 and 75 instructions, 16 and 12 of them reads.
pub const LIT_FETCHED: Shaders =
    Shaders { vertex: slots(91.0, 0.0, 0.0, 16.0, 0.0), binning: slots(62.0, 0.0, 0.0, 12.0, 0.0), ..LIT };

/// Pixels of an eye and bins, both eyes at once: 4 samples, 32-bit colour and depth, from the command stream.
pub const EYE_1440: ([f64; 2], f64) = ([1440.0, 1584.0], 125.0);
pub const EYE_1832: ([f64; 2], f64) = ([1832.0, 1920.0], 200.0);

/// The first with a density map.
pub const EYE_1440_FOVEATED_BINS: f64 = 135.0;

/// The shaders of which a file of statistics speaks: one JSON object a line, as `cargo xtask bench shaders --json`
/// prints them, with `pipeline`, `stage` (`VS`, `Binning VS`, `FS`) and counts of `instructions`, and where
/// they are known of those that are `half`, `special` (cat4), `memory` (cat5 and cat6) and `prefetched`. A later
/// line replaces an earlier one.
///
/// # Errors
/// Where the file cannot be read or speaks of no whole pipeline.
pub fn read(path: &Path) -> Result<Vec<(String, Shaders)>> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let shaders = parse(&text);
    if shaders.is_empty() {
        bail!("{} has no pipeline with the stages VS, Binning VS and FS", path.display());
    }
    Ok(shaders)
}

fn parse(text: &str) -> Vec<(String, Shaders)> {
    let lines: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let mut names: Vec<&str> = lines.iter().filter_map(|line| line["pipeline"].as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let stage = |name: &str, stage: &str| {
        let is_it = |line: &&Value| line["pipeline"] == name && line["stage"] == stage;
        lines.iter().rev().find(is_it).and_then(counts)
    };
    let whole = |name: &str| {
        let (vertex, binning) = (stage(name, "VS")?, stage(name, "Binning VS")?);
        Some((name.to_owned(), Shaders { vertex, binning, fragment: stage(name, "FS")? }))
    };
    names.into_iter().filter_map(whole).collect()
}

fn counts(line: &Value) -> Option<Slots> {
    let count = |key: &str| line[key].as_f64().unwrap_or(0.0);
    let (half, special, memory) = (count("half"), count("special"), count("memory"));
    let full = (line["instructions"].as_f64()? - half - special - memory).max(0.0);
    Some(Slots { full, half, special, memory, prefetched: count("prefetched") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_statistics_become_shaders_and_the_last_counts() {
        let text = r#"
            {"pipeline":"lit","stage":"VS","instructions":56}
            {"pipeline":"lit","stage":"Binning VS","instructions":35}
            {"pipeline":"lit","stage":"FS","instructions":999}
            {"pipeline":"half","stage":"VS","instructions":1}
            no JSON
            {"pipeline":"lit","stage":"FS","instructions":170,"half":100,"special":6,"memory":1,"prefetched":4}
        "#;
        let shaders = parse(text);
        assert_eq!(shaders.len(), 1, "a pipeline without all stages is left out");
        assert_eq!((shaders[0].0.as_str(), shaders[0].1.vertex.full), ("lit", 56.0));
        assert_eq!(shaders[0].1.fragment, slots(63.0, 100.0, 6.0, 1.0, 4.0));
    }
}
