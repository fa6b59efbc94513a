// The tileset's materials, then those of the built-in shapes. Rust twin: draw::materials::MaterialUniform,
// 64 bytes. A slot without its image reads layer 0, which is white.

struct Material {
    // Texture coordinate = xy + zw × the vertex's.
    uv: vec4<f32>,
    // Halves: xy: linear RGB and alpha, zw: emitted linear RGB and the alpha cutoff.
    colors: vec4<u32>,
    // Halves, and above them in x the layer of the base colour, in y that of the data.
    // x: twice the slope or the scale of the normal map, y: metallic, z: the share of light that is not mirrored straight back
    // as by a metal and what a dielectric mirrors of it, w: roughness and the strength of occlusion.
    surface: vec4<u32>,
    // x: layers of normal and occlusion, y: of emissive, z: flags.
    rest: vec4<u32>,
}

// Flags of slots that read the second texture coordinates.
const UV1_BASE_COLOR = 1u;
const UV1_METALLIC_ROUGHNESS = 2u;
const UV1_NORMAL = 4u;
const UV1_OCCLUSION = 8u;
const UV1_EMISSIVE = 16u;

@group(0) @binding(1) var<uniform> materials: array<Material, 1024>;

fn h_low(packed: u32) -> f32 {
    return unpack2x16float(packed).x;
}

fn h_high(packed: u32) -> f32 {
    return unpack2x16float(packed).y;
}
