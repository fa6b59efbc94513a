//! The Vulkan driver: one that draws both eyes, at once if it can, and really does.

use super::{Finding, State};

const SUBJECT: &str = "vulkan";

#[cfg(feature = "viewer")]
pub(super) fn look() -> Finding {
    use crate::draw::{Gpu, GpuOptions};
    match Gpu::open(GpuOptions::default()) {
        Ok(gpu) => {
            let facts = gpu.facts();
            let kind = if facts.is_software { ", in software" } else { "" };
            let how = match &facts.in_turn {
                None => "both eyes at once".to_owned(),
                Some(reason) => format!("the eyes one after the other, because {reason}"),
            };
            let text = format!("{} ({}{kind}) draws {how}", facts.name, facts.driver);
            Finding::works(SUBJECT, text)
                .fact("gpu", facts.name.as_str())
                .fact("driver", facts.driver.as_str())
                .fact("is_software", facts.is_software)
                .fact("has_multiview", gpu.has_multiview())
                .fact("self_test", "passed")
        }
        Err(error) => {
            let sentence = error.to_string();
            let (text, fix) = sentence.split_once(": ").unwrap_or((&sentence, "update the driver"));
            Finding::new(SUBJECT, State::Missing, text).fix(fix).fact("self_test", "failed")
        }
    }
}

#[cfg(not(feature = "viewer"))]
pub(super) fn look() -> Finding {
    Finding::new(SUBJECT, State::NotNeeded, "this build has no viewer")
}
