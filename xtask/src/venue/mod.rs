//! `cargo xtask venue`: makes the demo venue from code and a seed.
//!
//! In: a seed. Out: one glTF 2.0 binary that holds an exhibition hall with twelve booths, a stage, a robot cell and a
//! café; the same bytes for the same seed. It must not know how the twin is baked, streamed or drawn.
//!
//! Axes are glTF's: metres, Y up, the visitor enters at +Z and looks along -Z; the floor is y = 0 and the origin the
//! middle of the hall. Each part of the hall is a file that reads as a list of what stands there.

mod booth;
mod cafe;
mod canvas;
mod curve;
mod dense;
mod foyer;
mod furniture;
mod glb;
mod hall;
mod halls;
mod lathe;
mod lettering;
mod mesh;
mod occlusion;
mod palette;
mod picture;
mod plants;
mod rng;
mod robot_cell;
mod roof;
mod sheet;
mod solid;
mod sound;
mod stage;
mod sweep;
mod texture;
mod twin;

#[cfg(test)]
mod tests;

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use glam::{Vec3, vec3};

use crate::workspace;

use self::{
    furniture::Furniture,
    mesh::Placement,
    plants::Plants,
    twin::{Twin, View},
};

/// The seed of the venue that everybody sees.
pub const DEFAULT_SEED: u64 = 7;
/// The event.
const TITLE: &str = "Makers Fair, Hall 7";
/// Where a visitor first stands.
pub const SPAWN: Vec3 = Vec3::new(0.0, 0.0, 18.2);

/// What the parts of the hall share while it is built.
pub struct Kit {
    /// Chairs, tables, lamps.
    pub furniture: Furniture,
    /// Greenery.
    pub plants: Plants,
    /// The venue's seed.
    pub seed: u64,
}

/// Make the demo venue: an exhibition hall as one glTF binary.
#[derive(clap::Args)]
pub struct Arguments {
    /// Where it goes [default: demo/venue.glb in cargo's target directory]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Another seed grows other plants and shuffles the books.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    seed: u64,
    /// Nine triangles for each, as a scanner might give it: 26 million
    #[arg(long)]
    dense: bool,
    /// So many halls instead of one: equal, side by side
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=64))]
    halls: u8,
}

/// The chore itself.
pub fn run(arguments: &Arguments) -> Result<()> {
    let make = Make { seed: arguments.seed, is_dense: arguments.dense, halls: arguments.halls };
    let path = match &arguments.out {
        Some(path) => path.clone(),
        None => workspace::target()?.join("demo").join(make.file_name()),
    };
    make.at(&path)
}

/// Which venue.
#[derive(Clone, Copy)]
pub struct Make {
    /// Its seed.
    pub seed: u64,
    /// Nine triangles for each.
    pub is_dense: bool,
    /// How many halls.
    pub halls: u8,
}

impl Make {
    /// The venue that everybody sees.
    pub const DEMO: Self = Self { seed: DEFAULT_SEED, is_dense: false, halls: 1 };

    /// What its file is called.
    pub fn file_name(self) -> String {
        let name = if self.is_dense { "dense" } else { "venue" };
        if self.halls == 1 { format!("{name}.glb") } else { format!("{name}-{}.glb", self.halls) }
    }

    /// Makes it at `path` and says on stderr what it holds.
    pub fn at(self, path: &Path) -> Result<()> {
        let mut twin = build(self.seed);
        if self.is_dense {
            dense::refine(&mut twin);
        }
        if self.halls > 1 {
            halls::repeat(&mut twin, self.halls.into());
        }
        keep(path, &twin, self.seed)
    }
}

fn keep(path: &Path, twin: &Twin, seed: u64) -> Result<()> {
    let bytes = write(twin, seed)?;
    save(path, &bytes)?;
    let (triangles, entities) = (twin.triangle_count(), twin.entities()?.len());
    let megabytes = bytes.len() as f64 / 1e6;
    eprintln!("venue: {triangles} triangles, {entities} entities, {megabytes:.1} MB in {}", path.display());
    Ok(())
}

/// Writes beside the file first, so that a half-written one is never found under its name; leaves a file that holds
/// the same bytes alone, so that nobody bakes it again.
fn save(path: &Path, bytes: &[u8]) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    }
    let draft = path.with_extension("glb.part");
    fs::write(&draft, bytes).with_context(|| format!("cannot write {}", draft.display()))?;
    fs::rename(&draft, path).with_context(|| format!("cannot write {}", path.display()))
}

/// The whole venue.
fn build(seed: u64) -> Twin {
    let mut twin = Twin::default();
    let kit = Kit { furniture: Furniture::new(&mut twin), plants: Plants::new(&mut twin, seed), seed };
    hall::build(&mut twin, &kit);
    foyer::build(&mut twin, &kit);
    stage::build(&mut twin, &kit);
    booth::build(&mut twin, &kit);
    robot_cell::build(&mut twin, &kit);
    cafe::build(&mut twin, &kit);
    sun(&mut twin);
    let receivers = std::mem::take(&mut twin.shaded);
    occlusion::shade(&mut twin, &receivers);
    twin
}

/// Late-morning light through the skylights, from behind the visitor's right shoulder.
fn sun(twin: &mut Twin) {
    let node = twin.group(None, "Sun", Placement::at(0.0, 30.0, 0.0).yaw(28.0).pitch(-58.0));
    twin.nodes[node.0].sun = Some(4.0);
    twin.entity(node, "sun");
}

/// Places worth a look; eyes at 1.65 m.
fn views() -> Vec<View> {
    let view = |name, eye, target| View { name, eye, target };
    vec![
        view("entrance", vec3(0.0, 1.65, 18.2), vec3(0.0, 2.6, 0.0)),
        view("main aisle", vec3(-1.4, 1.65, 8.6), vec3(5.6, 1.7, 2.0)),
        view("stage", vec3(2.6, 1.65, -2.0), vec3(-0.6, 3.6, -17.0)),
        view("robot cell", vec3(16.6, 1.75, -7.2), vec3(19.8, 1.15, -13.2)),
        view("café", vec3(-15.4, 1.65, -6.0), vec3(-20.8, 1.35, -15.0)),
        view("gallery", vec3(9.0, 6.6, 18.6), vec3(-3.5, 1.2, -1.0)),
    ]
}

fn write(twin: &Twin, seed: u64) -> Result<Vec<u8>> {
    let views = views();
    let scene = glb::Scene { title: TITLE, spawn: SPAWN, spawn_yaw_radians: 0.0, views: &views };
    glb::write(twin, &scene, seed)
}
