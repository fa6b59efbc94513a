// Radiance to display light: the PBR Neutral curve of the Khronos Group (2024). It leaves base
// colours up to 0.76 as they are, so that a brand's colours stay the brand's, and rolls highlights
// off towards white.
//
// The curve depends on the brightest and the darkest channel only, so it is read from a map: by what a colour is
// multiplied, and what is added to it. Rust twin: draw::tone.

@group(0) @binding(4) var tone_map: texture_2d<f32>;

// From the middle of the first texel to that of the last, of 2048 × 16: channels of 0 to 16, and of 0 to 0.08.
const TONE_SCALE = vec2<f32>(2047.0 / 2048.0 / 16.0, 15.0 / 16.0 / 0.08);
const TONE_OFFSET = vec2<f32>(0.5 / 2048.0, 0.5 / 16.0);

fn h_tone_mapped(radiance: vec3<f32>) -> vec3<f32> {
    let ends = vec2<f32>(max(radiance.r, max(radiance.g, radiance.b)), min(radiance.r, min(radiance.g, radiance.b)));
    let tone = textureSampleLevel(tone_map, sky_sampler, ends * TONE_SCALE + TONE_OFFSET, 0.0).xy;
    return radiance * tone.x + tone.y;
}
