// Light from the sky, out of a cube map whose levels are blurred as a surface mirrors it: level 0 as it is, level 1 as
// a rough or a white diffuse surface sends it back, and in between what lies in between. Rust: draw::sky.

@group(0) @binding(2) var sky_map: texture_cube<f32>;
@group(0) @binding(3) var sky_sampler: sampler;

// What a white diffuse surface that faces `n` sends back.
fn sky_diffuse(n: vec3<f32>) -> vec3<f32> {
    return textureSampleLevel(sky_map, sky_sampler, n, 1.0).rgb;
}

// What comes from direction `d`, blurred as a surface of this roughness would.
fn sky_radiance(d: vec3<f32>, roughness: f32) -> vec3<f32> {
    return textureSampleLevel(sky_map, sky_sampler, d, roughness).rgb;
}
