// Radiance to display light: the PBR Neutral curve of the Khronos Group (2024). It leaves base
// colours up to 0.76 as they are, so that a brand's colours stay the brand's, and rolls highlights
// off towards white.
//
// With the fractions of the published form cleared. Below the start of the roll-off it is the identity, so
// nothing is chosen; one division and a short chain of steps, because nothing is left to be done meanwhile.

// By what a colour is multiplied, and what is added to it, whose brightest channel is `peak`.
fn rolled_off(peak: f32) -> vec2<f32> {
    let start = 0.8 - 0.04;
    let rest = 1.0 - start;
    let p = max(peak, start);
    let d = p + (rest - start);
    // The rolled peak is `kept / d`, and `d / loss` of it stays coloured.
    let kept = d - rest * rest;
    let loss = d * (0.15 * p + 0.85) + 0.15 * rest * rest;
    let part = kept / (p * d * loss);
    return vec2<f32>(part * d, part * p * (loss - d));
}

fn h_tone_mapped(radiance: vec3<f32>) -> vec3<f32> {
    // x - 6.25 x² has its peak of 0.04 at x = 0.08.
    let low = min(min(radiance.r, radiance.g), min(radiance.b, 0.08));
    let offset = low - 6.25 * low * low;
    let high = max(max(radiance.r, radiance.g), radiance.b);
    let roll = rolled_off(high - offset);
    return (radiance - offset) * roll.x + roll.y;
}
