//! The procedural textures: what they show is a function of position and seed; all of them tile but the atlases.

use std::f32::consts::TAU;

use glam::{Vec2, vec2};

use super::{
    canvas::{Canvas, mix, rgb},
    lettering, picture,
    rng::Rng,
};

macro_rules! textures {
    ($($(#[$doc:meta])* $name:ident;)*) => {
        /// A texture of the venue.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Texture { $($(#[$doc])* $name,)* }

        impl Texture {
            /// Its name in the file.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }
        }
    };
}

textures! {
    /// Polished concrete.
    ConcreteBase;
    /// Its trowel marks.
    ConcreteNormal;
    /// Its worn and sealed places.
    ConcreteOrm;
    /// Loop pile.
    CarpetBase;
    /// Its loops.
    CarpetNormal;
    /// Boards with grain along U.
    WoodBase;
    /// Grain and joints.
    WoodNormal;
    /// Dull joints, satin boards.
    WoodOrm;
    /// Plain weave.
    FabricBase;
    /// Its threads.
    FabricNormal;
    /// Fine scratches along U.
    BrushedNormal;
    /// Their gloss.
    BrushedOrm;
    /// Powder coat.
    PeelNormal;
    /// Chips in cement.
    TerrazzoBase;
    /// Veins of a leaf.
    LeafBase;
    /// A cut-out twig.
    TwigCard;
    /// Furrows.
    BarkNormal;
    /// Round holes.
    Perforated;
    /// Blue cells with silver fingers.
    SolarCell;
    /// Windows of a model house.
    Facade;
    /// Spines and covers.
    Books;
    /// Booth names.
    SignsBooths;
    /// Ways and places.
    SignsWays;
    /// The stage's picture.
    StagePicture;
    /// Booth screens.
    Screens;
}

impl Texture {
    /// Paints it.
    pub fn paint(self, seed: u64) -> Canvas {
        let noise = Noise::new(seed, self.name());
        match self {
            Self::ConcreteBase => concrete(1024, &noise),
            Self::ConcreteNormal => concrete_height(512, &noise).into_normals(3.0),
            Self::ConcreteOrm => concrete_orm(512, &noise),
            Self::CarpetBase => carpet(512, &noise),
            Self::CarpetNormal => carpet_height(512, &noise).into_normals(2.2),
            Self::WoodBase => wood(1024, &Noise::new(seed, "wood")),
            Self::WoodNormal => wood_height(512, &Noise::new(seed, "wood")).into_normals(2.0),
            Self::WoodOrm => wood_orm(512, &Noise::new(seed, "wood")),
            Self::FabricBase => weave(256, 0.82, &noise),
            Self::FabricNormal => weave(256, 0.0, &noise).into_normals(2.5),
            Self::BrushedNormal => scratches(256, &noise).into_normals(0.9),
            Self::BrushedOrm => brushed_orm(256, &noise),
            Self::PeelNormal => {
                Canvas::from_function(256, |u, v| [noise.fbm(u, v, 24, 3); 3]).into_normals(1.6)
            }
            Self::TerrazzoBase => terrazzo(512, &noise),
            Self::LeafBase => leaf(256),
            Self::TwigCard => picture::twig(512),
            Self::BarkNormal => {
                Canvas::from_function(256, |u, v| [noise.stretched(u, v, 6, 22); 3]).into_normals(5.0)
            }
            Self::Perforated => perforated(256),
            Self::SolarCell => solar(512, &noise),
            Self::Facade => facade(256, seed),
            Self::Books => picture::books(512, seed),
            Self::SignsBooths => lettering::booth_sheet(),
            Self::SignsWays => lettering::way_sheet(),
            Self::StagePicture => picture::stage(1024, &noise),
            Self::Screens => picture::screens(1024, &noise, seed),
        }
    }
}

/// Smooth noise that repeats.
pub struct Noise {
    values: Vec<f32>,
}

/// Side of the noise's table of random values.
const TABLE: u32 = 64;

impl Noise {
    /// The noise of `seed` for the texture called `label`.
    pub fn new(seed: u64, label: &str) -> Self {
        let mut rng = Rng::new(seed, label);
        Self { values: (0..TABLE * TABLE).map(|_| rng.unit()).collect() }
    }

    fn lattice(&self, x: i64, y: i64, layer: u32) -> f32 {
        let side = i64::from(TABLE);
        let (x, y) = (x + i64::from(layer) * 17, y + i64::from(layer) * 31);
        self.values[(y.rem_euclid(side) * side + x.rem_euclid(side)) as usize]
    }

    /// Value noise with `columns` × `rows` cells over the unit square.
    pub fn cells(&self, u: f32, v: f32, columns: u32, rows: u32, layer: u32) -> f32 {
        let (x, y) = (u * columns as f32, v * rows as f32);
        let (column, row) = (x.floor(), y.floor());
        let ease = |t: f32| t * t * (3.0 - 2.0 * t);
        let (tx, ty) = (ease(x - column), ease(y - row));
        let at = |dx: i64, dy: i64| {
            let wrapped_x = (column as i64 + dx).rem_euclid(i64::from(columns));
            let wrapped_y = (row as i64 + dy).rem_euclid(i64::from(rows));
            self.lattice(wrapped_x, wrapped_y, layer)
        };
        let top = at(0, 0) + (at(1, 0) - at(0, 0)) * tx;
        let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * tx;
        top + (bottom - top) * ty
    }

    /// Several octaves, from 0 to 1.
    pub fn fbm(&self, u: f32, v: f32, cells: u32, octaves: u32) -> f32 {
        let mut sum = 0.0;
        let mut weight = 0.5;
        let mut total = 0.0;
        for octave in 0..octaves {
            let count = cells << octave;
            sum += weight * self.cells(u, v, count, count, octave);
            total += weight;
            weight *= 0.5;
        }
        sum / total
    }

    /// Octaves drawn out along one direction.
    pub fn stretched(&self, u: f32, v: f32, columns: u32, rows: u32) -> f32 {
        (self.cells(u, v, columns, rows, 3)
            + 0.5 * self.cells(u, v, columns * 2, rows * 2, 5)
            + 0.25 * self.cells(u, v, columns * 4, rows * 4, 7))
            / 1.75
    }
}

fn grey(value: f32) -> [f32; 3] {
    [value; 3]
}

/// Distance to the sawn joints of the concrete slab, as a share of its side; one joint each way a repeat.
fn joint(u: f32, v: f32) -> f32 {
    let edge = |t: f32| t.min(1.0 - t);
    edge(u).min(edge(v))
}

fn concrete(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let clouds = noise.fbm(u, v, 4, 6);
        let speckle = noise.cells(u, v, 256, 256, 9);
        let stain = (noise.fbm(v, u, 3, 4) - 0.55).max(0.0) * 0.5;
        let mut tone = 0.80 + (clouds - 0.5) * 0.22 + (speckle - 0.5) * 0.06 - stain;
        if joint(u, v) < 0.0016 {
            tone *= 0.55;
        }
        [tone, tone * 0.992, tone * 0.975]
    })
}

fn concrete_height(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let groove = if joint(u, v) < 0.003 { 0.35 } else { 0.0 };
        grey(0.5 + (noise.fbm(u, v, 16, 4) - 0.5) * 0.4 - groove)
    })
}

fn concrete_orm(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let worn = noise.fbm(u, v, 5, 5);
        let groove = if joint(u, v) < 0.003 { 0.5 } else { 0.0 };
        [1.0 - groove, 0.26 + worn * 0.3 + groove * 0.6, 0.0]
    })
}

/// Loops of the carpet's pile.
fn loops(u: f32, v: f32, count: f32) -> f32 {
    let row = (v * count).floor();
    let shift = if row as i64 % 2 == 0 { 0.0 } else { 0.5 };
    let (x, y) = ((u * count + shift).fract() - 0.5, (v * count).fract() - 0.5);
    (1.0 - (x * x + y * y) * 3.2).max(0.0)
}

fn carpet(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let pile = loops(u, v, 64.0);
        let fleck = noise.cells(u, v, 64, 64, 2);
        grey(0.66 + pile * 0.2 + (fleck - 0.5) * 0.2 + (noise.fbm(u, v, 6, 3) - 0.5) * 0.1)
    })
}

fn carpet_height(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| grey(loops(u, v, 64.0) * 0.8 + noise.cells(u, v, 128, 128, 1) * 0.2))
}

/// Boards across V in the wood texture.
const BOARDS: f32 = 12.0;

/// Grain value, board tone and distance to the board's joint.
fn grain(u: f32, v: f32, noise: &Noise) -> (f32, f32, f32) {
    let board = (v * BOARDS).floor();
    let within = (v * BOARDS).fract();
    let tone = noise.lattice(board as i64, 40, 0);
    // Each board comes from another place of the log, shifted along it.
    let along = u + tone;
    let bow = (along * TAU).sin() * 0.5 + (along * TAU * 2.0 + tone * 9.0).sin() * 0.25;
    let wander = (noise.cells(along, v, 4, 24, 4) - 0.5) * 2.6;
    let rings = ((within * 5.0 + tone * 7.0 + bow * 0.5 + wander) * TAU).sin() * 0.5 + 0.5;
    let pores = noise.cells(along, v, 16, 256, 6);
    (rings * 0.6 + pores * 0.4, tone, within.min(1.0 - within))
}

fn wood(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let (grain, tone, edge) = grain(u, v, noise);
        let light = 0.94 - grain * 0.17 - (tone - 0.5) * 0.16;
        let shadow = if edge < 0.018 { 0.55 } else { 1.0 };
        let color = mix([light, light * 0.965, light * 0.91], [light, light * 0.94, light * 0.86], grain);
        color.map(|channel| channel * shadow)
    })
}

fn wood_height(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let (grain, _, edge) = grain(u, v, noise);
        grey(0.75 - grain * 0.2 - if edge < 0.03 { 0.5 } else { 0.0 })
    })
}

fn wood_orm(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| {
        let (grain, tone, edge) = grain(u, v, noise);
        [if edge < 0.02 { 0.5 } else { 1.0 }, 0.48 + grain * 0.2 + tone * 0.06, 0.0]
    })
}

fn weave(size: u32, floor: f32, noise: &Noise) -> Canvas {
    let threads = 32.0;
    Canvas::from_function(size, |u, v| {
        let (x, y) = (u * threads, v * threads);
        let over = (x.floor() as i64 + y.floor() as i64) % 2 == 0;
        let (across, along) = if over { (x.fract(), y.fract()) } else { (y.fract(), x.fract()) };
        let round = (across * TAU * 0.5).sin() * (0.65 + 0.35 * (along * TAU * 0.5).sin());
        let slub = (noise.cells(u, v, 8, 64, 1) + noise.cells(u, v, 64, 8, 2)) * 0.06;
        grey(floor + (1.0 - floor) * (round * 0.92 + slub))
    })
}

fn scratches(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| grey(noise.stretched(u, v, 3, 64)))
}

fn brushed_orm(size: u32, noise: &Noise) -> Canvas {
    Canvas::from_function(size, |u, v| [1.0, 0.26 + 0.16 * noise.stretched(u, v, 3, 64), 1.0])
}

fn terrazzo(size: u32, noise: &Noise) -> Canvas {
    let chips: [u32; 6] = [0xc9765c, 0x3f7d80, 0x8b8a86, 0xd9b98a, 0xa3b196, 0x5c5c5c];
    let cells = 20i64;
    Canvas::from_function(size, |u, v| {
        let base = 0.9 + (noise.cells(u, v, 128, 128, 1) - 0.5) * 0.04;
        let (x, y) = (u * cells as f32, v * cells as f32);
        let mut color = [base, base * 0.985, base * 0.955];
        for dy in -1..=1 {
            for dx in -1..=1 {
                let (column, row) = ((x.floor() as i64 + dx), (y.floor() as i64 + dy));
                let (kc, kr) = (column.rem_euclid(cells), row.rem_euclid(cells));
                let value = |layer| noise.lattice(kc, kr, layer);
                let centre = vec2(column as f32 + 0.2 + 0.6 * value(1), row as f32 + 0.2 + 0.6 * value(2));
                let turned = Vec2::from_angle(value(3) * TAU).rotate(vec2(x, y) - centre);
                let size = 0.14 + 0.36 * value(4) * value(4);
                // A sharp-cornered chip: the larger of three slanted distances.
                let distance = turned
                    .x
                    .abs()
                    .max((turned.y * 1.3 + turned.x * 0.3).abs())
                    .max((turned.x + turned.y).abs() * 0.8);
                if distance < size {
                    let index = (value(5) * chips.len() as f32) as usize % chips.len();
                    color = mix(rgb(chips[index]), color, 0.12);
                }
            }
        }
        color
    })
}

fn leaf(size: u32) -> Canvas {
    Canvas::from_function(size, |u, v| {
        // Texture coordinates of leaves are shares of their length: the rib lies at a quarter, repeated either side.
        let side = (u * 4.0).fract() - 0.5;
        let vein = ((v * 9.0 - side.abs() * 3.0).fract() - 0.5).abs();
        let rib = (1.0 - side.abs() * 16.0).max(0.0);
        let tone = 0.86 + 0.1 * rib + if vein < 0.07 { 0.08 } else { 0.0 } - 0.12 * (v - 0.5).abs();
        [tone, tone, tone * 0.9]
    })
}

fn perforated(size: u32) -> Canvas {
    Canvas::with_alpha(size, |u, v| {
        let count = 8.0;
        let row = (v * count).floor();
        let shift = if row as i64 % 2 == 0 { 0.0 } else { 0.5 };
        let (x, y) = ((u * count + shift).fract() - 0.5, (v * count).fract() - 0.5);
        // Alpha slopes across the rim so that a cut at one half stays round when filtered.
        let alpha = (x.hypot(y) - 0.34) * 8.0 + 0.5;
        [0.9, 0.9, 0.9, alpha]
    })
}

fn solar(size: u32, noise: &Noise) -> Canvas {
    let cells = 6.0;
    Canvas::from_function(size, |u, v| {
        let (x, y) = ((u * cells).fract(), (v * cells).fract());
        let edge = x.min(1.0 - x).min(y.min(1.0 - y));
        let corner = (x - 0.5).abs() + (y - 0.5).abs();
        if edge < 0.012 || corner > 0.93 {
            return rgb(0xd8dcde);
        }
        let bus = ((x * 3.0).fract() - 0.5).abs() < 0.02;
        let finger = ((y * 28.0).fract() - 0.5).abs() < 0.07;
        let tone = noise.cells(u, v, 6, 6, 1) * 0.25;
        let blue = mix(rgb(0x0e1f3f), rgb(0x1d3a6c), tone + 0.3 * y);
        if bus {
            rgb(0xb9c2c8)
        } else if finger {
            mix(blue, rgb(0x8fa3b8), 0.35)
        } else {
            blue
        }
    })
}

fn facade(size: u32, seed: u64) -> Canvas {
    let mut canvas = Canvas::new(size, rgb(0x2a2d30));
    let mut rng = Rng::new(seed, "facade");
    let cell = size as f32 / 8.0;
    for row in 0..8 {
        for column in 0..8 {
            let lit = rng.unit();
            let color =
                if lit > 0.45 { mix(rgb(0xffd9a0), rgb(0xfff3dc), rng.unit()) } else { rgb(0x3a434a) };
            let area = super::canvas::Area {
                x: column as f32 * cell + cell * 0.16,
                y: row as f32 * cell + cell * 0.14,
                width: cell * 0.68,
                height: cell * 0.66,
            };
            canvas.fill(area, color);
        }
    }
    canvas
}
