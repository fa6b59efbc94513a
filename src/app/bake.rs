//! `pavilion bake`: a glTF file or a tileset becomes a twin that can be streamed.

use std::ops::ControlFlow;
use std::path::Path;

use super::cli::BakeArgs;
use super::interrupt::Interrupt;
use super::progress::Bar;
use super::{Failure, folders};
use crate::host::bake::{self, BakeError, BakeOptions, BakeReport, Quality, Stage};
use crate::store::Memo;

/// What pieces of earlier bakes may occupy on disk: a venue of 3 million triangles takes 20 MB, one of 26 million
/// 200 MB.
const MEMO_BYTES_MAX: u64 = 1 << 30;

/// Bakes and says what came of it.
///
/// # Errors
/// When the file is refused or the folder cannot be written.
pub fn run(arguments: &BakeArgs) -> Result<(), Failure> {
    let interrupt = Interrupt::listen()?;
    let quality = if arguments.quick { Quality::Quick } else { Quality::Full };
    let options = BakeOptions { quality, variant: arguments.variant.clone(), ..BakeOptions::default() };
    let report = bake(&arguments.source, &arguments.out, &options, &interrupt)?;
    if arguments.json {
        let text = serde_json::to_string_pretty(&report).map_err(Failure::failed)?;
        println!("{text}");
    } else {
        println!(
            "{report}\n  next         pavilion view '{0}'   or   pavilion host '{0}'",
            arguments.out.display()
        );
    }
    Ok(())
}

/// Bakes `source` into `out` with a progress bar, unless it is there already; nothing is left of an interrupted bake.
///
/// # Errors
/// When the file is refused or the folder cannot be written.
pub fn bake(
    source: &Path,
    out: &Path,
    options: &BakeOptions,
    interrupt: &Interrupt,
) -> Result<BakeReport, Failure> {
    let memo = folders::cache().map(|folder| Memo::new(&folder.join("pieces"), MEMO_BYTES_MAX));
    let options = BakeOptions { memo, ..options.clone() };
    let mut bar = Bar::new();
    let mut on_progress = |progress: bake::Progress| {
        bar.show(name(progress.stage), progress.done as u64, progress.total as u64);
        if interrupt.is_raised() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let report =
        bake::bake(source, out, &options, &mut on_progress).map_err(|error| source_failure(source, error))?;
    for (feature, count) in &report.skipped {
        tracing::warn!("{}: {feature} is not shown ({count} ×)", source.display());
    }
    Ok(report)
}

/// A bake's failure with its exit code; content errors name the file.
pub fn source_failure(source: &Path, error: BakeError) -> Failure {
    match error {
        BakeError::Content(_) | BakeError::Empty => {
            Failure::content(format!("{}: {error}", source.display()))
        }
        BakeError::Folder { .. } => Failure::environment(error),
        BakeError::NotABake { .. } => Failure::usage(error),
        BakeError::Source { .. } | BakeError::Encode(_) | BakeError::Interrupted => Failure::failed(error),
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Read => "reading",
        Stage::Flatten => "flattening",
        Stage::Partition => "cutting",
        Stage::Cells => "simplifying",
        Stage::Ground => "grounding",
        Stage::Proxies => "merging",
        Stage::Write => "writing",
    }
}
