//! Signs: what they say, the two sheets they are printed on, and the boards that show them.

use glam::{Vec2, vec2, vec3};

use super::{
    canvas::{Area, Canvas, Rgb, mix, rgb},
    mesh::{Mesh, Model, Placement},
    palette::Material,
    solid,
};

/// Pixels of a sheet's side.
const SHEET: f32 = 1024.0;
/// Cells on a sheet are four times as wide as high: two columns of eight.
const CELL: Vec2 = Vec2::new(512.0, 128.0);
/// Width of a sign over its height.
pub const ASPECT: f32 = 4.0;

/// What a sign says and in which colours.
struct Sign {
    title: &'static str,
    line: &'static str,
    ground: u32,
    ink: u32,
}

const fn sign(title: &'static str, line: &'static str, ground: u32, ink: u32) -> Sign {
    Sign { title, line, ground, ink }
}

const NIGHT: u32 = 0x23282c;
const CREAM: u32 = 0xf7f1e4;
const TEAL: u32 = 0x14626a;
const CORAL: u32 = 0xd95d40;
const MUSTARD: u32 = 0xe2a736;
const WAY: u32 = 0x0b7a3e;

/// The twelve booths in their order, then what else is printed on the first sheet.
const BOOTHS: [Sign; 16] = [
    sign("Larch & Lattice", "timber architecture", 0x6b4527, CREAM),
    sign("Sailmakers", "tensile canopies", TEAL, CREAM),
    sign("Quire & Co", "books, bound by hand", 0x7c3b30, CREAM),
    sign("First Crack", "coffee roasters", NIGHT, 0xe8b77a),
    sign("Polis", "a city in one to five hundred", TEAL, CREAM),
    sign("Prism", "glass works", 0xe9f3f2, 0x17565c),
    sign("Tempora", "watchmakers since 1871", 0x1d2b42, 0xdcb15f),
    sign("Volta", "drive electric", CREAM, NIGHT),
    sign("Verdant", "indoor farming", 0x3d6b36, CREAM),
    sign("Helio", "solar roofs", MUSTARD, NIGHT),
    sign("Kestrel", "machines that make machines", NIGHT, CREAM),
    sign("Orbit", "small satellites", 0x22344f, CREAM),
    sign("Robot cell", "live: pick and place", 0xe9772b, CREAM),
    sign("PAVILION", "stand in it", TEAL, CREAM),
    sign("Welcome", "Willkommen · Bienvenue", CORAL, CREAM),
    sign("Makers Fair", "26 – 29 May", CORAL, CREAM),
];

const WAYS: [Sign; 16] = [
    sign("Café", "counter and garden", CREAM, 0x6b4527),
    sign("Stage", "programme on the hour", TEAL, CREAM),
    sign("Hall 7", "Makers Fair", NIGHT, CREAM),
    sign("← Café     Stage ↑", "", NIGHT, CREAM),
    sign("Robot cell →", "", NIGHT, CREAM),
    sign("↑ Stage     Booths 1 – 12", "", NIGHT, CREAM),
    sign("EXIT →", "", WAY, 0xf4fff6),
    sign("← EXIT", "", WAY, 0xf4fff6),
    sign("Information", "tickets · cloakroom · lost and found", TEAL, CREAM),
    sign("Caution", "robot moves by itself", MUSTARD, NIGHT),
    sign("Espresso 2.4   Flat white 3.6", "Filter 3.0   Tea 2.8   Croissant 2.2", NIGHT, CREAM),
    sign("Row A   Row B", "← 1 – 6    7 – 12 →", TEAL, CREAM),
    sign("Press", "door 3", CREAM, NIGHT),
    sign("Volta One", "412 km · 5 seats · 11 minutes", NIGHT, CREAM),
    sign("In motion", "please do not touch", CREAM, CORAL),
    sign("7", "", MUSTARD, NIGHT),
];

fn cell_of(index: usize) -> Area {
    let (column, row) = (index / 8, index % 8);
    Area { x: column as f32 * CELL.x, y: row as f32 * CELL.y, width: CELL.x, height: CELL.y }
}

fn sheet(signs: &[Sign; 16]) -> Canvas {
    let mut canvas = Canvas::new(SHEET as u32, rgb(NIGHT));
    for (index, sign) in signs.iter().enumerate() {
        let cell = cell_of(index);
        let (ground, ink): (Rgb, Rgb) = (rgb(sign.ground), rgb(sign.ink));
        canvas.fill(cell, ground);
        if sign.line.is_empty() {
            canvas.text(cell.within(16.0), sign.title, ink, 1.6);
            continue;
        }
        let title = Area { x: cell.x + 24.0, y: cell.y + 6.0, width: cell.width - 48.0, height: 84.0 };
        let line = Area { x: cell.x + 24.0, y: cell.y + 86.0, width: cell.width - 48.0, height: 32.0 };
        canvas.text(title, sign.title, ink, 1.7);
        canvas.text(line, sign.line, mix(ink, ground, 0.2), 0.7);
    }
    canvas
}

/// The first sheet.
pub fn booth_sheet() -> Canvas {
    sheet(&BOOTHS)
}

/// The second sheet.
pub fn way_sheet() -> Canvas {
    sheet(&WAYS)
}

/// Where a sign is printed.
pub struct Print {
    /// Its sheet.
    pub material: Material,
    /// Its top left corner on the sheet.
    pub low: Vec2,
    /// Its bottom right corner.
    pub high: Vec2,
}

/// Where the sign called `title` is printed; a title that no sheet has gets the second sheet's first sign, which the
/// debug build forbids.
pub fn print(title: &str) -> Print {
    let (material, index) = match BOOTHS.iter().position(|sign| sign.title == title) {
        Some(index) => (Material::SignsBooths, Some(index)),
        None => (Material::SignsWays, WAYS.iter().position(|sign| sign.title == title)),
    };
    debug_assert!(index.is_some(), "no sheet has a sign {title:?}");
    let cell = cell_of(index.unwrap_or(0)).within(1.5);
    let low = vec2(cell.x, cell.y) / SHEET;
    Print { material, low, high: low + vec2(cell.width, cell.height) / SHEET }
}

/// The printed face of a sign in the XY plane, facing +Z.
pub fn face(title: &str, width: f32) -> (Material, Mesh) {
    let print = print(title);
    (print.material, solid::picture(width, width / ASPECT, print.low, print.high))
}

/// A board with rounded edges, its face towards +Z, its back to the origin's plane.
pub fn board(title: &str, width: f32, frame: Material) -> Model {
    let (material, face) = face(title, width);
    let mut model = Model::of(material, face.at(0.0, 0.0, 0.051));
    let size = vec3(width + 0.06, width / ASPECT + 0.06, 0.05);
    model.add(frame, solid::rounded_box(size, 0.012, 2).at(0.0, 0.0, 0.025));
    model
}

/// As [`board`] with print on both sides, hanging in the origin's plane.
pub fn double_board(title: &str, width: f32, frame: Material) -> Model {
    let mut model = board(title, width, frame);
    let back = model.clone();
    model.include(&back, Placement::HERE.yaw(180.0));
    model
}

/// A board that glows from inside.
pub fn lit_board(title: &str, width: f32, frame: Material) -> Model {
    let mut model = board(title, width, frame);
    for print in [Material::SignsWays, Material::SignsBooths] {
        if let Some(face) = model.parts.remove(&print) {
            model.add(Material::SignsLit, face);
        }
    }
    model
}
