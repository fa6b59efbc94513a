//! The tone curve as a map: a pixel reads what it would have to compute in a long chain of steps.
//!
//! Out: by what a colour is multiplied, and what is added to it, for its brightest channel from left to right and its
//! darkest one downwards. WGSL twin: shaders/lib/tone.wgsl, which says what the curve is for.

use super::Gpu;
use super::half::half;

/// Texels: the curve bends at 0.76, the toe is a parabola.
const SIZE: [u32; 2] = [2048, 16];

/// The brightest channel in the last column. What is brighter is white.
const PEAK_MAX: f32 = 16.0;

/// The darkest channel in the last row; from there on the toe takes away the same.
const TOE_END: f32 = 0.08;

/// Makes the map.
pub(super) fn view(gpu: &Gpu) -> wgpu::TextureView {
    let [width, height] = SIZE;
    let texture = gpu.device.create_texture(&wgpu::TextureDescriptor {
        label: Some("tone"),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format: wgpu::TextureFormat::Rg16Float,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    });
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(width * size_of::<[u16; 2]>() as u32),
        rows_per_image: Some(height),
    };
    gpu.queue.write_texture(texture.as_image_copy(), bytemuck::cast_slice(&texels()), layout, texture.size());
    texture.create_view(&wgpu::TextureViewDescriptor::default())
}

/// In rows.
fn texels() -> Vec<[u16; 2]> {
    let [width, height] = SIZE;
    let share = |index: u32, count: u32| index as f32 / (count - 1) as f32;
    let texel = |row, column| curve(share(column, width) * PEAK_MAX, share(row, height) * TOE_END).map(half);
    (0..height).flat_map(|row| (0..width).map(move |column| texel(row, column))).collect()
}

/// What a colour with these channels is multiplied by, and what is added to it.
fn curve(peak: f32, low: f32) -> [f32; 2] {
    // Where the roll-off begins, and what is left above it.
    let (start, rest) = (0.8 - 0.04, 1.0 - (0.8 - 0.04));
    let toe = low - 6.25 * low * low;
    let high = peak - toe;
    if high < start {
        return [1.0, -toe];
    }
    let rolled = 1.0 - rest * rest / (high + rest - start);
    let colored = 1.0 / (0.15 * (high - rolled) + 1.0);
    let scale = rolled / high * colored;
    [scale, rolled * (1.0 - colored) - toe * scale]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mapped([r, g, b]: [f32; 3]) -> [f32; 3] {
        let [scale, shift] = curve(r.max(g).max(b), r.min(g).min(b).min(TOE_END));
        [r, g, b].map(|x| x * scale + shift)
    }

    /// A base colour of a white surface in white light, to which a dielectric adds 0.04, comes out as it is.
    #[test]
    fn base_colors_stay_and_what_is_bright_nears_white() {
        for base in [[0.1, 0.3, 0.7], [0.5, 0.5, 0.5], [0.08, 0.75, 0.2]] {
            for (out, base) in mapped(base.map(|x| x + 0.04)).into_iter().zip(base) {
                assert!((out - base).abs() < 1e-6, "{out} {base}");
            }
        }
        let sun = mapped([15.0, 10.0, 5.0]);
        assert!(sun.iter().all(|x| (0.6..1.0).contains(x)), "{sun:?}");
        assert!(mapped([0.02, 0.0, 0.0]) == [0.02, 0.0, 0.0]);
    }

    /// Between texels a straight line is as good as the curve, to half a byte of what is shown.
    #[test]
    fn the_map_is_fine_enough() {
        let srgb =
            |x: f32| if x <= 0.003_130_8 { 12.92 * x } else { 1.055 * x.max(0.0).powf(1.0 / 2.4) - 0.055 };
        let step = [PEAK_MAX / (SIZE[0] - 1) as f32, TOE_END / (SIZE[1] - 1) as f32];
        for column in 0..SIZE[0] - 1 {
            for row in 0..SIZE[1] - 1 {
                let at = |x: f32, y: f32| curve((column as f32 + x) * step[0], (row as f32 + y) * step[1]);
                let corners = [at(0.0, 0.0), at(1.0, 0.0), at(0.0, 1.0), at(1.0, 1.0)];
                let line = [0, 1].map(|i| corners.iter().map(|corner| corner[i]).sum::<f32>() * 0.25);
                let exact = at(0.5, 0.5);
                let (peak, low) = ((column as f32 + 0.5) * step[0], (row as f32 + 0.5) * step[1]);
                for x in [peak, low].into_iter().filter(|_| low <= peak) {
                    let error = srgb(x * line[0] + line[1]) - srgb(x * exact[0] + exact[1]);
                    assert!(error.abs() < 0.5 / 255.0, "{error} at {peak}, {low}");
                }
            }
        }
    }
}
