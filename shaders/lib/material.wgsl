// The tileset's materials, then those of the built-in shapes. Rust twin: draw::materials::MaterialUniform,
// 64 bytes.

struct Material {
    uv_offset: vec2<f32>,
    uv_scale: vec2<f32>,
    metallic: f32,
    roughness: f32,
    occlusion_strength: f32,
    normal_scale: f32,
    // Four halves: linear RGB and alpha.
    base_color: vec2<u32>,
    // Four halves: linear RGB and the alpha cutoff.
    emissive_and_cutoff: vec2<u32>,
    // 16 bits each: base colour, metallic-roughness.
    layers_0: u32,
    // 16 bits each: normal, occlusion.
    layers_1: u32,
    // 16 bits: emissive.
    layers_2: u32,
    // Bits 0..5: the slot's image is resident; 8..13: the slot reads the second texture coordinates;
    // 16: unlit. Slots in the order base colour, metallic-roughness, normal, occlusion, emissive.
    flags: u32,
}

const HAS_BASE_COLOR = 1u;
const HAS_METALLIC_ROUGHNESS = 2u;
const HAS_NORMAL = 4u;
const HAS_OCCLUSION = 8u;
const HAS_EMISSIVE = 16u;
const UV1_BASE_COLOR = 0x100u;
const UV1_METALLIC_ROUGHNESS = 0x200u;
const UV1_NORMAL = 0x400u;
const UV1_OCCLUSION = 0x800u;
const UV1_EMISSIVE = 0x1000u;
const UNLIT = 0x10000u;

@group(0) @binding(1) var<uniform> materials: array<Material, 1024>;

fn has(flags: u32, bit: u32) -> bool {
    return (flags & bit) != 0u;
}

fn h_unpack_halves(packed: vec2<u32>) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(packed.x), unpack2x16float(packed.y));
}
