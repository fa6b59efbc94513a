// What a surface is made of, out of its material and its images.

@group(0) @binding(5) var color_textures: texture_2d_array<f32>;
@group(0) @binding(6) var data_textures: texture_2d_array<f32>;
@group(0) @binding(7) var surface_sampler: sampler;

fn h_base_color(colors: vec4<u32>) -> vec4<f32> {
    return vec4<f32>(unpack2x16float(colors.x), unpack2x16float(colors.y));
}

fn h_color_texel(uv: vec2<f32>, layer: u32) -> vec4<f32> {
    return textureSample(color_textures, surface_sampler, uv, layer);
}

fn h_data_texel(uv: vec2<f32>, layer: u32) -> vec4<f32> {
    return textureSample(data_textures, surface_sampler, uv, layer);
}

fn uv_of(uv: vec4<f32>, flags: u32, slot: u32) -> vec2<f32> {
    return select(uv.xy, uv.zw, (flags & slot) != 0u);
}

fn h_tinted(color: vec4<f32>, texel: vec4<f32>) -> vec4<f32> {
    return color * texel;
}

fn h_times(a: f32, b: f32) -> f32 {
    return a * b;
}

// The normal, of no particular length, on the slope that a packed surface has here.
fn h_sloped(texel: vec2<f32>, scale: f32, normal: vec3<f32>, tangent: vec4<f32>) -> vec3<f32> {
    let slope = texel * scale - 0.5 * scale;
    return normal + (slope.x * tangent.xyz + (slope.y * tangent.w) * cross(normal, tangent.xyz));
}

// The same as a normal map says, or where `packed` is 1 as above.
fn h_turned(texel: vec2<f32>, scale: f32, packed: f32, normal: vec3<f32>, tangent: vec4<f32>) -> vec3<f32> {
    let bump = (texel - 0.5) * scale;
    let up = mix(sqrt(saturate(1.0 - dot(bump, bump))), 1.0, packed);
    return bump.x * tangent.xyz + (bump.y * tangent.w) * cross(normal, tangent.xyz) + up * normal;
}

// What a surface is made of that says the same everywhere.
fn h_even(surface: vec4<u32>) -> Surface {
    return Surface(h_low(surface.y), unpack2x16float(surface.z), h_low(surface.w), 1.0);
}

// The same with roughness and occlusion of a packed surface.
fn h_packed(surface: vec4<u32>, texel: vec4<f32>) -> Surface {
    return Surface(h_low(surface.y), unpack2x16float(surface.z), h_low(surface.w) * texel.z, texel.w);
}

// The same with textures as glTF has them, or where `packed` is 1 as above.
fn h_textured(surface: vec4<u32>, texel: vec4<f32>, occlusion_texel: vec4<f32>, packed: f32) -> Surface {
    let metallic = h_low(surface.y) * mix(texel.b, 1.0, packed);
    let dielectric = vec2<f32>(1.0, DIELECTRIC) * (1.0 - metallic);
    let roughness = max(h_low(surface.w) * mix(texel.g, texel.b, packed), ROUGHNESS_MIN);
    let open = mix(occlusion_texel.r, occlusion_texel.a, packed);
    return Surface(metallic, dielectric, roughness, 1.0 + h_high(surface.w) * (open - 1.0));
}

fn h_emitted(colors: vec4<u32>, texel: vec4<f32>) -> vec3<f32> {
    return vec3<f32>(unpack2x16float(colors.z), h_low(colors.w)) * texel.rgb;
}

fn h_display(light: vec3<f32>, emitted: vec3<f32>, base: vec3<f32>, unlit: f32) -> vec3<f32> {
    return mix(h_tone_mapped(light + emitted), base + emitted, unlit);
}
