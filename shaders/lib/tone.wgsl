// Radiance to display light: the PBR Neutral curve of the Khronos Group (2024). It leaves base
// colours up to 0.76 as they are, so that a brand's colours stay the brand's, and rolls highlights
// off towards white.
fn tone_mapped(radiance: vec3<f32>) -> vec3<f32> {
    let start = 0.8 - 0.04;
    let rest = 1.0 - start;
    let low = min(radiance.r, min(radiance.g, radiance.b));
    let offset = select(0.04, low - 6.25 * low * low, low < 0.08);
    let color = radiance - vec3<f32>(offset);
    let peak = max(color.r, max(color.g, color.b));
    let rolled_peak = 1.0 - rest * rest / (max(peak, start) + rest - start);
    let whiteness = 1.0 - 1.0 / (0.15 * (peak - rolled_peak) + 1.0);
    let rolled = mix(color * (rolled_peak / max(peak, start)), vec3<f32>(rolled_peak), whiteness);
    return select(color, rolled, peak > start);
}
