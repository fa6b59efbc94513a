//! Painted pictures: the stage's screen, the booths' screens, book spines and the cut-out twig.

use std::f32::consts::TAU;

use super::{
    canvas::{Area, Canvas, Rgb, mix, rgb},
    rng::Rng,
    texture::Noise,
};

/// A range of hills at dawn under the event's name. The wall is 16:9, the picture square: it is painted squeezed.
pub fn stage(size: u32, noise: &Noise) -> Canvas {
    let sky = [rgb(0x12324a), rgb(0x2a7f88), rgb(0xf0b278), rgb(0xf7dca6)];
    let mut canvas = Canvas::from_function(size, |u, v| {
        let height = (v * 1.55).min(1.0) * 3.0;
        let band = (height as usize).min(2);
        let mut color = mix(sky[band], sky[band + 1], height - band as f32);
        let (dx, dy) = ((u - 0.68) * 16.0 / 9.0, v - 0.47);
        let sun = (1.0 - dx.hypot(dy) / 0.075).clamp(0.0, 0.04) * 25.0;
        let halo = (1.0 - dx.hypot(dy) / 0.5).clamp(0.0, 1.0);
        color = mix(color, rgb(0xfff0cf), halo * halo * 0.6);
        mix(color, rgb(0xfffaf0), sun)
    });
    let whole = Area { x: 0.0, y: 0.0, width: size as f32, height: size as f32 };
    let hills: [(f32, f32, u32); 5] = [
        (0.52, 0.16, 0xd68b66),
        (0.60, 0.15, 0xa75f58),
        (0.69, 0.14, 0x5d4f5e),
        (0.79, 0.13, 0x24505c),
        (0.9, 0.1, 0x0d2a35),
    ];
    for (layer, (base, swing, color)) in hills.into_iter().enumerate() {
        let color = rgb(color);
        canvas.shade(whole, |u, v| {
            let phase = layer as f32 * 1.7;
            let ridge = (u * TAU * 1.1 + phase).sin() * 0.3
                + (u * TAU * 2.7 + phase * 2.0).sin() * 0.16
                + (noise.cells(u, layer as f32 * 0.13, 24, 8, 2) - 0.5) * 0.35;
            let edge = base - ridge * swing;
            let depth = ((v - edge) * 3.0).clamp(0.0, 1.0);
            (
                mix(color, rgb(0xe9b58d), (0.16 - depth * 0.4).max(0.0)),
                ((v - edge) * size as f32).clamp(0.0, 1.0),
            )
        });
    }
    let scale = size as f32 / 1024.0;
    let title = Area { x: 40.0 * scale, y: 90.0 * scale, width: 944.0 * scale, height: 250.0 * scale };
    canvas.text(title, "Makers Fair", rgb(0xfff8ea), 2.4 * scale);
    let line = Area { x: 60.0 * scale, y: 320.0 * scale, width: 904.0 * scale, height: 84.0 * scale };
    canvas.text(line, "next: the hall that walks to you", rgb(0xfff1d6), 1.0 * scale);
    canvas
}

/// How many booth screens share the sheet: two columns of four, each twice as wide as high.
pub const SCREENS: usize = 8;

/// A screen's corners on the sheet, as shares of it: top left and bottom right.
pub fn screen_corners(index: usize) -> (glam::Vec2, glam::Vec2) {
    let (column, row) = ((index % SCREENS) / 4, index % 4);
    let low = glam::vec2(column as f32 * 0.5, row as f32 * 0.25) + 0.0015;
    (low, low + glam::vec2(0.497, 0.247))
}

/// The booths' screens.
pub fn screens(size: u32, noise: &Noise, seed: u64) -> Canvas {
    let mut canvas = Canvas::new(size, rgb(0x101418));
    let cell = |index: usize| {
        let (low, high) = screen_corners(index);
        let side = size as f32;
        Area {
            x: (low.x * side - 2.0).max(0.0),
            y: (low.y * side - 2.0).max(0.0),
            width: (high.x - low.x) * side + 4.0,
            height: (high.y - low.y) * side + 4.0,
        }
    };
    gradient(&mut canvas, cell(0), 0x0f4a50, 0x8fd0c4);
    caption(&mut canvas, cell(0), "Your hall, streamed", 0xf4fffb);
    chart(&mut canvas, cell(1), seed);
    landscape(&mut canvas, cell(2), noise);
    caption(&mut canvas, cell(2), "412 km", 0xffffff);
    stars(&mut canvas, cell(3), seed);
    caption(&mut canvas, cell(3), "Orbit 550 km", 0xdfe9ff);
    dials(&mut canvas, cell(4));
    gradient(&mut canvas, cell(5), 0x2a5a2b, 0xb8d678);
    caption(&mut canvas, cell(5), "18 °C  ·  64 % RH", 0xf6ffe8);
    gradient(&mut canvas, cell(6), 0x6b2f1f, 0xf0a060);
    caption(&mut canvas, cell(6), "Roast 204 °C", 0xfff2e0);
    chart(&mut canvas, cell(7), seed ^ 77);
    canvas
}

fn caption(canvas: &mut Canvas, cell: Area, text: &str, ink: u32) {
    let area = Area {
        x: cell.x + 30.0,
        y: cell.y + cell.height * 0.3,
        width: cell.width - 60.0,
        height: cell.height * 0.36,
    };
    canvas.text(area, text, rgb(ink), 1.2);
}

fn gradient(canvas: &mut Canvas, cell: Area, from: u32, to: u32) {
    canvas.shade(cell, |u, v| {
        let wave = ((u * 2.0 + v) * TAU).sin() * 0.06;
        (mix(rgb(from), rgb(to), (v * 0.7 + u * 0.3 + wave).clamp(0.0, 1.0)), 1.0)
    });
}

fn chart(canvas: &mut Canvas, cell: Area, seed: u64) {
    canvas.fill(cell, rgb(0x10222b));
    let mut rng = Rng::new(seed, "chart");
    for line in 1..5 {
        let y = cell.y + cell.height * line as f32 / 5.0;
        canvas.line((cell.x + 20.0, y), (cell.x + cell.width - 20.0, y), 1.0, rgb(0x2b4450));
    }
    for bar in 0..14 {
        let height = cell.height * (0.2 + 0.5 * rng.unit());
        let area = Area {
            x: cell.x + 30.0 + bar as f32 * (cell.width - 60.0) / 14.0,
            y: cell.y + cell.height - 26.0 - height,
            width: (cell.width - 60.0) / 14.0 - 8.0,
            height,
        };
        canvas.fill(area, mix(rgb(0x2f9ba0), rgb(0x7fe0d0), height / cell.height));
    }
    let mut last = (cell.x + 30.0, cell.y + cell.height * 0.6);
    for step in 1..14 {
        let next = (
            cell.x + 30.0 + step as f32 * (cell.width - 60.0) / 13.0,
            cell.y + cell.height * (0.2 + 0.4 * rng.unit()),
        );
        canvas.line(last, next, 4.0, rgb(0xffa070));
        last = next;
    }
}

fn landscape(canvas: &mut Canvas, cell: Area, noise: &Noise) {
    canvas.shade(cell, |u, v| {
        let ridge = 0.55 + (noise.cells(u, 0.3, 12, 8, 1) - 0.5) * 0.4;
        let sky = mix(rgb(0x3f8fae), rgb(0xf6d9a8), (v * 1.6).min(1.0));
        (if v > ridge { mix(rgb(0x2f5a4c), rgb(0x0e2a2c), (v - ridge) * 2.0) } else { sky }, 1.0)
    });
}

fn stars(canvas: &mut Canvas, cell: Area, seed: u64) {
    canvas.fill(cell, rgb(0x070d1c));
    let mut rng = Rng::new(seed, "stars");
    for _ in 0..160 {
        let (x, y) = (cell.x + rng.unit() * cell.width, cell.y + rng.unit() * cell.height);
        let size = rng.range(0.3, 1.5);
        canvas.shade(Area { x: x - size, y: y - size, width: 2.0 * size, height: 2.0 * size }, |_, _| {
            (rgb(0xdfe9ff), 0.8)
        });
    }
    let limb: Rgb = rgb(0x3f9fd0);
    canvas.shade(cell, |u, v| {
        let distance = ((u - 0.5) * 2.0).hypot(v - 3.1);
        (
            mix(limb, rgb(0x0f3f66), ((2.28 - distance) * 4.0).clamp(0.0, 1.0)),
            ((2.3 - distance) * 40.0).clamp(0.0, 1.0),
        )
    });
}

fn dials(canvas: &mut Canvas, cell: Area) {
    canvas.fill(cell, rgb(0x151a1e));
    for dial in 0..3 {
        let (x, y) = (cell.x + cell.width * (0.2 + 0.3 * dial as f32), cell.y + cell.height * 0.5);
        canvas.disc(x, y, 62.0, rgb(0x2f9ba0), 1.0);
        canvas.disc(x, y, 52.0, rgb(0x151a1e), 1.0);
        let angle = 0.7 + dial as f32 * 1.1;
        canvas.line((x, y), (x + angle.cos() * 44.0, y - angle.sin() * 44.0), 5.0, rgb(0xffa070));
        canvas.disc(x, y, 8.0, rgb(0xf4f4f0), 1.0);
    }
}

/// How many different books the sheet shows side by side.
pub const BOOKS: usize = 16;

/// Book spines side by side, each an upright strip.
pub fn books(size: u32, seed: u64) -> Canvas {
    let cloth: [u32; 8] = [0x14626a, 0xd95d40, 0xe2a736, 0x22344f, 0x8ea680, 0x7c3b30, 0xe9dfc8, 0x4a4e53];
    let mut canvas = Canvas::new(size, rgb(0x444444));
    let mut rng = Rng::new(seed, "books");
    let width = size as f32 / BOOKS as f32;
    for book in 0..BOOKS {
        let strip = Area { x: book as f32 * width, y: 0.0, width, height: size as f32 };
        let ground = rgb(cloth[book % cloth.len()]);
        let ink = if book % cloth.len() == 6 { rgb(0x7c3b30) } else { rgb(0xf3dfae) };
        canvas.shade(strip, |u, _| (mix(ground, [0.0; 3], (u - 0.5).abs() * 0.5), 1.0));
        for band in [0.06, 0.09, 0.86, 0.9] {
            canvas.fill(Area { y: size as f32 * band, height: 4.0, ..strip.within(2.0) }, ink);
        }
        let mut y = size as f32 * 0.16;
        let end = size as f32 * rng.range(0.5, 0.8);
        while y < end {
            let letter = rng.range(6.0, 16.0);
            canvas.fill(Area { x: strip.x + width * 0.3, y, width: width * 0.4, height: letter }, ink);
            y += letter + 4.0;
        }
    }
    canvas
}

/// A twig with leaves on both sides, alpha around it; it grows upwards from the middle of the bottom edge.
pub fn twig(size: u32) -> Canvas {
    struct Blade {
        x: f32,
        y: f32,
        angle: f32,
        length: f32,
    }
    let mut blades = vec![Blade { x: 0.5, y: 0.2, angle: TAU * 0.25, length: 0.19 }];
    for step in 0..9 {
        let t = step as f32 / 8.0;
        let length = 0.3 - 0.12 * t;
        for side in [-1.0, 1.0] {
            let shift = if side > 0.0 { 0.03 } else { 0.0 };
            blades.push(Blade {
                x: 0.5,
                y: 0.86 - 0.66 * t - shift,
                angle: TAU * 0.25 + side * (1.05 - 0.35 * t),
                length,
            });
        }
    }
    Canvas::with_alpha(size, |u, v| {
        let stem = (0.012 - 0.006 * (1.0 - v) - (u - 0.5).abs()) * 120.0;
        let mut alpha = if v > 0.15 { stem } else { -1.0 };
        let mut color = rgb(0x5a6b38);
        for (index, blade) in blades.iter().enumerate() {
            let (sin, cos) = blade.angle.sin_cos();
            let (dx, dy) = (u - blade.x, blade.y - v);
            let (along, across) =
                ((dx * cos + dy * sin) / blade.length, (dy * cos - dx * sin) / blade.length);
            if !(0.0..=1.0).contains(&along) {
                continue;
            }
            let half = 0.21 * (along * TAU * 0.5).sin().powf(0.8) * (1.15 - 0.4 * along);
            let inside = (half - across.abs()) * 40.0;
            if inside > alpha.min(1.0) {
                alpha = alpha.max(inside);
                let tone = 0.82 + 0.12 * ((index * 7) % 5) as f32 / 4.0;
                let vein = if across.abs() < 0.012 { 0.12 } else { 0.0 };
                color = mix([0.25, 0.42, 0.17], [0.56, 0.68, 0.3], along * 0.4 + vein)
                    .map(|channel| channel * tone);
            }
        }
        // The ground is leaf-coloured too, so that filtering brings no dark rim.
        if alpha <= 0.0 {
            color = [0.38, 0.52, 0.23];
        }
        [color[0], color[1], color[2], (alpha * 0.5 + 0.5).clamp(0.0, 1.0)]
    })
}
