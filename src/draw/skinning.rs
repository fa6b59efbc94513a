//! What moves by itself: its vertices at rest, and the pass that puts them where they are in a frame.
//!
//! The pass writes the tile's own place in the vertex streams, before the eye pass and once for both eyes, so that
//! nothing else knows that it moves. It runs for what is seen, and not at all where nothing of that moves.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use super::Gpu;
use super::batch::Batch;
use super::geometry::Geometry;
use super::maker::{Allowance, Maker};
use super::pool::{Pool, Room, Stream};
use crate::cull::draw_list::Posed;
use crate::cull::{DrawList, Source};
use crate::scene::{TileId, limits};

pub(crate) const SHADER: &str =
    concat!(include_str!("../../shaders/lib/octahedral.wgsl"), include_str!("../../shaders/skinning.wgsl"));

/// Threads of a workgroup; WGSL twin: `workgroup_size` in shaders/skinning.wgsl.
const WORKGROUP: u32 = 64;

/// 2^18 words are 1 MiB: what moves in a small venue.
const WORDS_MIN: u32 = 1 << 18;
/// 2^25 words are 128 MiB, what wgpu allows a binding.
const WORDS_MAX: u32 = 1 << 25;

const WORD_BYTES: u64 = 4;

const REST: Stream =
    Stream { label: "vertices at rest", element_bytes: WORD_BYTES, usage: wgpu::BufferUsages::STORAGE };

const VEC4_BYTES: u64 = 16;

/// Jobs begin at multiples of this on every device.
const JOB_ALIGNMENT: u64 = 256;

/// The largest: a head, all targets, three rows for each joint.
const JOB_BYTES_MAX: u64 = VEC4_BYTES * (1 + limits::MORPH_TARGETS_MAX + 3 * limits::JOINTS_MAX) as u64;

/// Room for some small jobs behind which the largest fits.
const JOBS_BYTES_MIN: u64 = 1 << 16;

/// Where a tile's vertices at rest are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    pub first_word: u32,
    pub word_count: u32,
}

impl Rest {
    pub fn first_byte(self) -> u64 {
        u64::from(self.first_word) * WORD_BYTES
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Skinning {
    words: Pool<1>,
    places: BTreeMap<TileId, Rest>,
    jobs: wgpu::Buffer,
    layout: wgpu::BindGroupLayout,
    pipeline: wgpu::ComputePipeline,
    /// With the buffers that it is of: those of the geometry and of this may have grown since.
    group: Option<([wgpu::Buffer; 4], wgpu::BindGroup)>,
    /// Of the frame: the bytes of all jobs, and where each begins and how many vertices it has.
    bytes: Vec<u8>,
    starts: Vec<(u32, u32)>,
}

impl Skinning {
    pub fn new(gpu: &Gpu) -> Self {
        let layout = layout(gpu);
        Self {
            words: Pool::new(gpu, [REST], WORDS_MIN, WORDS_MAX),
            places: BTreeMap::new(),
            jobs: jobs_buffer(gpu, JOBS_BYTES_MIN),
            pipeline: pipeline(gpu, &layout),
            layout,
            group: None,
            bytes: Vec::new(),
            starts: Vec::new(),
        }
    }

    /// The buffer of vertices at rest.
    pub fn rest(&self) -> &wgpu::Buffer {
        &self.words.buffers()[0]
    }

    /// Forgets every tile.
    pub fn reset(&mut self) {
        self.words.reset();
        self.places.clear();
    }

    /// Finds room for so many words. Where there is none, a larger buffer is ordered.
    pub fn reserve(&mut self, maker: &Maker, word_count: u32) -> Room {
        self.words.reserve(maker, word_count)
    }

    /// What the vertices at rest occupy, bytes.
    pub fn held_bytes(&self) -> u64 {
        self.words.held_bytes()
    }

    /// Goes on growing: see [`Pool::advance`].
    pub fn advance(&mut self, batch: &mut Batch, allowance: &mut Allowance) {
        self.words.advance(batch, allowance);
    }

    /// See [`Pool::settle`].
    pub fn settle(&mut self) {
        self.words.settle();
    }

    /// The tile's vertices at rest are where [`Skinning::reserve`] said.
    pub fn publish(&mut self, tile: TileId, rest: Option<Rest>) {
        self.retire(tile);
        if let Some(rest) = rest {
            self.places.insert(tile, rest);
        }
    }

    /// Forgets the tile.
    pub fn retire(&mut self, tile: TileId) {
        let rest = self.places.remove(&tile);
        self.give_back(rest);
    }

    /// Gives back a place that was not published.
    pub fn give_back(&mut self, rest: Option<Rest>) {
        if let Some(rest) = rest {
            self.words.give_back(rest.first_word, rest.word_count);
        }
    }

    /// Puts what moves where it is in the frame: before what draws it.
    pub fn run(
        &mut self,
        gpu: &Gpu,
        writes: &mut wgpu::util::StagingBelt,
        encoder: &mut wgpu::CommandEncoder,
        geometry: &Geometry,
        list: &DrawList,
    ) {
        self.write_jobs(geometry, list);
        let Some(size) = NonZeroU64::new(self.bytes.len() as u64) else { return };
        // A binding is as large as the largest job, so that the last needs room behind it.
        let needed = size.get() + JOB_BYTES_MAX;
        if needed > self.jobs.size() {
            self.jobs = jobs_buffer(gpu, needed.next_power_of_two());
        }
        let mut view = writes.write_buffer(encoder, &self.jobs, 0, size);
        view.slice(..).copy_from_slice(&self.bytes);
        drop(view);
        let buffers = [self.rest(), &self.jobs, geometry.positions(), geometry.attributes()];
        let is_same = |known: &[wgpu::Buffer; 4]| known.iter().zip(buffers).all(|(a, b)| a == b);
        if !self.group.as_ref().is_some_and(|(known, _)| is_same(known)) {
            self.group = Some((buffers.map(Clone::clone), group(gpu, &self.layout, buffers)));
        }
        let Some((_, group)) = &self.group else { return };
        let descriptor = wgpu::ComputePassDescriptor { label: Some("skinning"), timestamp_writes: None };
        let mut pass = encoder.begin_compute_pass(&descriptor);
        pass.set_pipeline(&self.pipeline);
        for &(start, vertex_count) in &self.starts {
            pass.set_bind_group(0, group, &[start]);
            pass.dispatch_workgroups(vertex_count.div_ceil(WORKGROUP), 1, 1);
        }
    }

    fn write_jobs(&mut self, geometry: &Geometry, list: &DrawList) {
        let Self { bytes, starts, places, .. } = self;
        bytes.clear();
        starts.clear();
        for Posed { tile, joints, targets } in &list.posed {
            let Some(slot) = geometry.slot(Source::Tile(*tile)) else { continue };
            let Some(rest) = places.get(tile) else { continue };
            let range = |range: &std::ops::Range<u32>| range.start as usize..range.end as usize;
            let rows = list.palettes.get(range(joints)).unwrap_or_default();
            let weights = list.weights.get(range(targets)).unwrap_or_default();
            let there = (0_u32..).zip(weights).filter(|(_, weight)| **weight != 0.0);
            bytes.resize(bytes.len().next_multiple_of(JOB_ALIGNMENT as usize), 0);
            starts.push((bytes.len() as u32, slot.vertex_count));
            let head = [slot.first_vertex, slot.vertex_count, rest.first_word, there.clone().count() as u32];
            bytes.extend_from_slice(bytemuck::bytes_of(&head));
            for (target, weight) in there {
                bytes.extend_from_slice(bytemuck::bytes_of(&[target, weight.to_bits(), 0, 0]));
            }
            bytes.extend_from_slice(bytemuck::cast_slice(rows));
        }
    }
}

fn jobs_buffer(gpu: &Gpu, size: u64) -> wgpu::Buffer {
    gpu.device.create_buffer(&wgpu::BufferDescriptor {
        label: Some("skinning jobs"),
        size,
        usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    })
}

fn layout(gpu: &Gpu) -> wgpu::BindGroupLayout {
    let entry = |binding, read_only, bytes, has_dynamic_offset| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only },
            has_dynamic_offset,
            min_binding_size: NonZeroU64::new(bytes),
        },
        count: None,
    };
    gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: Some("skinning"),
        entries: &[
            entry(0, true, WORD_BYTES, false),
            entry(1, true, JOB_BYTES_MAX, true),
            entry(2, false, 2 * WORD_BYTES, false),
            entry(3, false, VEC4_BYTES, false),
        ],
    })
}

fn group(gpu: &Gpu, layout: &wgpu::BindGroupLayout, buffers: [&wgpu::Buffer; 4]) -> wgpu::BindGroup {
    let [rest, jobs, positions, attributes] = buffers;
    let job = wgpu::BufferBinding { buffer: jobs, offset: 0, size: NonZeroU64::new(JOB_BYTES_MAX) };
    let resources = [
        rest.as_entire_binding(),
        wgpu::BindingResource::Buffer(job),
        positions.as_entire_binding(),
        attributes.as_entire_binding(),
    ];
    let mut binding = 0;
    let entries = resources.map(|resource| {
        binding += 1;
        wgpu::BindGroupEntry { binding: binding - 1, resource }
    });
    let descriptor = wgpu::BindGroupDescriptor { label: Some("skinning"), layout, entries: &entries };
    gpu.device.create_bind_group(&descriptor)
}

fn pipeline(gpu: &Gpu, layout: &wgpu::BindGroupLayout) -> wgpu::ComputePipeline {
    let module = gpu.device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some("skinning"),
        source: wgpu::ShaderSource::Wgsl(SHADER.into()),
    });
    let layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: Some("skinning"),
        bind_group_layouts: &[Some(layout)],
        immediate_size: 0,
    });
    gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("skinning"),
        layout: Some(&layout),
        module: &module,
        entry_point: Some("skin_vertex"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    })
}
