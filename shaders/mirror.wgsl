// What the eyes see, on a window.
// In: the two-layer picture of the eyes; the instance chooses the eye. Out: the same light.
// Cost: one texture read a pixel; the viewport keeps the aspect.

@group(0) @binding(0) var eyes: texture_2d_array<f32>;
@group(0) @binding(1) var eyes_sampler: sampler;

// Whether the surface takes bytes as they are; else it encodes light itself.
override encodes: bool = false;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
    @location(1) @interpolate(flat) eye: u32,
}

@vertex
fn mirror_vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) eye: u32) -> Varying {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0;
    var out: Varying;
    out.clip = vec4<f32>(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
    out.uv = corner;
    out.eye = eye;
    return out;
}

// IEC 61966-2-1.
fn srgb_from_linear(light: vec3<f32>) -> vec3<f32> {
    let toe = light * 12.92;
    let curve = 1.055 * pow(light, vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(curve, toe, light <= vec3<f32>(0.0031308));
}

@fragment
fn mirror_fragment(in: Varying) -> @location(0) vec4<f32> {
    let light = textureSampleLevel(eyes, eyes_sampler, in.uv, in.eye, 0.0).rgb;
    if encodes {
        return vec4<f32>(srgb_from_linear(light), 1.0);
    }
    return vec4<f32>(light, 1.0);
}
