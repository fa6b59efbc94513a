//! Makes pipelines on any thread, with what the driver remembers of earlier ones.
#![allow(unsafe_code)]

use super::Gpu;
use crate::draw::hooks::Hooks;

/// What it takes to make pipelines. Clones share it; all are gone before the [`Gpu`] is.
#[derive(Clone, Debug)]
pub(in crate::draw) struct Compiler {
    device: wgpu::Device,
    hooks: Hooks,
    cache: Option<wgpu::PipelineCache>,
}

impl Compiler {
    /// A pipeline, under whose label [`Hooks::take_pipeline_reports`] says what the driver made of it.
    pub fn pipeline(&self, descriptor: &wgpu::RenderPipelineDescriptor<'_>) -> wgpu::RenderPipeline {
        let remembered = wgpu::RenderPipelineDescriptor { cache: self.cache.as_ref(), ..descriptor.clone() };
        let pipeline = self.device.create_render_pipeline(&remembered);
        self.hooks.name_pipelines(descriptor.label.unwrap_or_default());
        pipeline
    }

    /// What is to be remembered for another day; `None` where the driver remembers nothing.
    pub fn memory(&self) -> Option<Vec<u8>> {
        let data = self.cache.as_ref()?.get_data()?;
        Some([blake3::hash(&data).as_bytes(), data.as_slice()].concat())
    }
}

impl Gpu {
    /// The name of what this GPU's driver remembers: drivers of other GPUs have no use for it.
    pub fn memory_name(&self) -> Option<String> {
        wgpu::util::pipeline_cache_key(&self.adapter.get_info())
    }

    /// Makes pipelines from now on with what was remembered on an earlier day, as
    /// [`Renderer::take_memory`](crate::draw::Renderer::take_memory) gave it; what is damaged, of another driver, or
    /// nothing at all is the same as a first day.
    pub fn remember(&mut self, memory: &[u8]) {
        if !self.device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return;
        }
        let descriptor = wgpu::PipelineCacheDescriptor {
            label: Some("pipelines"),
            data: unchanged(memory),
            fallback: true,
        };
        // SAFETY: a driver believes what it finds in the data. They are what wgpu gave on an earlier day, by their
        // checksum, and wgpu looks whether they are of this very driver.
        self.cache = Some(unsafe { self.device.create_pipeline_cache(&descriptor) });
    }

    /// Makes pipelines, on this thread or another.
    pub(in crate::draw) fn compiler(&self) -> Compiler {
        Compiler { device: self.device.clone(), hooks: self.hooks.clone(), cache: self.cache.clone() }
    }
}

/// The bytes behind the checksum, if they are the same as on the day of writing.
fn unchanged(memory: &[u8]) -> Option<&[u8]> {
    let (check, data) = memory.split_at_checked(blake3::OUT_LEN)?;
    (blake3::hash(data).as_bytes() == check).then_some(data)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_damaged_is_not_remembered() {
        let data = b"of a driver".as_slice();
        let memory = [blake3::hash(data).as_bytes(), data].concat();
        assert_eq!(unchanged(&memory), Some(data));
        for length in 0..memory.len() {
            assert_eq!(unchanged(&memory[..length]), None, "{length}");
        }
        for at in 0..memory.len() {
            let mut other = memory.clone();
            other[at] ^= 1;
            assert_eq!(unchanged(&other), None, "{at}");
        }
    }
}
