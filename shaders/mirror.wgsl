// What the eyes see, on a window.
// In: the two-layer picture of the eyes; the instance chooses the eye; where in it each place of the
// viewport looks. Out: the same light, black beside the picture.
// Cost: one texture read a pixel; the viewport keeps the aspect.

@group(0) @binding(0) var eyes: texture_2d_array<f32>;
@group(0) @binding(1) var eyes_sampler: sampler;

// Rows of a projective map from places of the viewport, 0 to 1 to the right and down, to the picture's.
// Rust twin: draw::mirror::MirrorUniform.
struct Look {
    row_x: vec4<f32>,
    row_y: vec4<f32>,
    row_w: vec4<f32>,
}

@group(0) @binding(2) var<uniform> look: Look;

// Whether the surface takes bytes as they are; else it encodes light itself.
override encodes: bool = false;

struct Varying {
    @builtin(position) clip: vec4<f32>,
    // Times its third part.
    @location(0) uv: vec3<f32>,
    @location(1) @interpolate(flat) eye: u32,
}

@vertex
fn mirror_vertex(@builtin(vertex_index) index: u32, @builtin(instance_index) eye: u32) -> Varying {
    let corner = vec2<f32>(f32(index & 1u), f32(index >> 1u)) * 2.0;
    var out: Varying;
    out.clip = vec4<f32>(corner.x * 2.0 - 1.0, 1.0 - corner.y * 2.0, 0.0, 1.0);
    let place = vec3<f32>(corner, 1.0);
    out.uv = vec3<f32>(dot(look.row_x.xyz, place), dot(look.row_y.xyz, place), dot(look.row_w.xyz, place));
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
    let uv = in.uv.xy / max(in.uv.z, 1e-6);
    let is_seen = in.uv.z > 0.0 && all(uv >= vec2<f32>(0.0)) && all(uv <= vec2<f32>(1.0));
    let texel = textureSampleLevel(eyes, eyes_sampler, uv, in.eye, 0.0).rgb;
    let light = select(vec3<f32>(0.0), texel, is_seen);
    if encodes {
        return vec4<f32>(srgb_from_linear(light), 1.0);
    }
    return vec4<f32>(light, 1.0);
}
