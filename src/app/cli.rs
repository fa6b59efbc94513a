//! The command line.

#[cfg(feature = "host")]
use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use glam::Vec3;

use crate::math::Pose;
#[cfg(feature = "host")]
use crate::scene::pick::Ray;

/// Stand in the digital twin of a venue while its event is on.
#[derive(Debug, Parser)]
#[command(name = "pavilion", version, max_term_width = 100)]
pub struct Cli {
    /// Say more; twice: say much more. PAVILION_LOG takes a filter such as `pavilion::net=trace`.
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Walk through a twin: a join link, a baked folder, or a glTF file or 3D Tiles of your own.
    #[cfg(feature = "viewer")]
    View(ViewArgs),
    /// Bring a twin into the cache without drawing it: to load a headset before an event, or to try
    /// a network.
    #[cfg(feature = "viewer")]
    Fetch(FetchArgs),
    /// Turn a glTF file or a tileset into a twin that can be streamed (a 3D Tiles 1.1 tileset).
    #[cfg(feature = "host")]
    Bake(BakeArgs),
    /// Let visitors into a baked twin; prints the join link.
    #[cfg(feature = "host")]
    Host(HostArgs),
    /// Say what is in a baked folder, a glTF file or a tileset.
    #[cfg(feature = "host")]
    Inspect(InspectArgs),
    /// Put a baked twin into one file, from which headsets fill their cache without a network.
    #[cfg(feature = "host")]
    Pack(PackArgs),
    /// Fill the cache from a file that `pavilion pack` wrote.
    #[cfg(feature = "viewer")]
    Unpack(UnpackArgs),
    /// Check this machine: drivers, headset runtime, folders; and say what to do.
    Doctor(DoctorArgs),
}

/// `pavilion view`
#[cfg(feature = "viewer")]
#[derive(Debug, Args)]
pub struct ViewArgs {
    /// `pavilion://host:port#sha256=…`, a baked folder, a .gltf or .glb file, or a tileset.json or its folder.
    pub target: String,
    /// Draw without a window.
    #[arg(long)]
    pub headless: bool,
    /// Draw to the headset of this machine's OpenXR runtime (SteamVR, Monado).
    #[cfg(feature = "xr")]
    #[arg(long, conflicts_with = "headless")]
    pub headset: bool,
    /// Show what the headset shows in a window too, steadied for onlookers: P takes a picture of both eyes,
    /// B shows both. Without being asked where somebody wears the headset and a window can be opened.
    #[cfg(not(target_os = "android"))]
    #[arg(long)]
    pub mirror: bool,
    /// Open no such window.
    #[cfg(not(target_os = "android"))]
    #[arg(long, conflicts_with = "mirror")]
    pub no_mirror: bool,
    /// Stop after so many frames, counted once everything in view has arrived.
    #[arg(long, value_name = "N")]
    pub frames: Option<u32>,
    /// Pixels of one eye.
    #[arg(long, value_name = "WxH", value_parser = parse_size)]
    pub size: Option<(u32, u32)>,
    /// Write the last frame to this folder, a PNG for each eye.
    #[arg(long, value_name = "DIR")]
    pub shot: Option<PathBuf>,
    /// Print a report as JSON when it ends.
    #[arg(long)]
    pub json: bool,
    /// Write one JSON line a frame to this file: where head, hands and feet are, and what is pressed.
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Begin here instead of at the entrance: metres, then degrees to the left and up.
    #[arg(long, value_name = "X,Y,Z[,YAW[,PITCH]]", value_parser = parse_pose, allow_hyphen_values = true)]
    pub at: Option<Pose>,
    /// Walk ahead while frames are counted.
    #[arg(long, requires = "headless")]
    pub walk: bool,
    /// Be taken along where somebody was by this trace, and leave at its end: lines of JSON with seconds (since the
    /// program began), feet and yaw_degrees, as --trace writes them.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["frames", "walk", "at"])]
    pub follow: Option<PathBuf>,
    /// By what the others call you.
    #[arg(long, value_name = "NAME", default_value = "Visitor")]
    pub name: String,
    /// Raise the right hand, wave, and keep it up.
    #[arg(long, requires = "headless")]
    pub wave: bool,
    /// Count frames only once so many others were seen for three seconds.
    #[arg(long, value_name = "N", requires = "frames")]
    pub people: Option<usize>,
    /// Stay so long after the last frame was counted, for others to see.
    #[arg(long, value_name = "S", requires = "frames")]
    pub stay_seconds: Option<u64>,
    /// Write what is heard to this WAV file instead of playing it; headless it lasts as long as the frames
    /// that are counted, at 90 a second.
    #[arg(long, value_name = "FILE")]
    pub record_audio: Option<PathBuf>,
    /// Give up when the first whole view has not arrived after so many seconds (where nobody watches:
    /// headless, and a headset with --frames).
    #[arg(long, value_name = "S", default_value_t = 120)]
    pub timeout_seconds: u64,
    /// Report every Vulkan validation message (needs the validation layers), and what a frame asks of
    /// the driver.
    #[arg(long)]
    pub validate: bool,
    /// What tiles and images may occupy on the GPU, MiB, instead of 512: with less, all is drawn coarser.
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u32).range(32..=65536))]
    pub memory: Option<u32>,
    /// Draw the eyes one after the other, as on a GPU without multiview.
    #[arg(long)]
    pub two_passes: bool,
}

#[cfg(feature = "viewer")]
impl ViewArgs {
    /// Whether to draw to a headset.
    pub fn is_for_headset(&self) -> bool {
        #[cfg(feature = "xr")]
        return self.headset;
        #[cfg(not(feature = "xr"))]
        false
    }

    /// Whether nobody watches: errors and waiting too long end the visit, and pictures are comparable.
    pub fn is_unattended(&self) -> bool {
        self.headless || (self.is_for_headset() && self.frames.is_some())
    }
}

/// `pavilion fetch`
#[cfg(feature = "viewer")]
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// `pavilion://host:port#sha256=…`
    pub link: String,
    /// Only what is seen from the entrance, at a headset's detail.
    #[arg(long)]
    pub first_view: bool,
    /// Give up when nothing has come for so many seconds.
    #[arg(long, value_name = "S", default_value_t = 30)]
    pub timeout_seconds: u64,
    /// Print what came and how fast as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pavilion bake`
#[cfg(feature = "host")]
#[derive(Debug, Args)]
pub struct BakeArgs {
    /// The .gltf or .glb file; or a tileset.json (3D Tiles 1.0 or 1.1), its folder, or one of its tiles.
    pub source: PathBuf,
    /// The folder to write; an earlier bake in it is replaced.
    pub out: PathBuf,
    /// Which of the file's material variants to bake; `pavilion inspect` lists them.
    #[arg(long, value_name = "NAME")]
    pub variant: Option<String>,
    /// Fewer levels of detail, sooner done.
    #[arg(long)]
    pub quick: bool,
    /// Print a report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pavilion host`
#[cfg(feature = "host")]
#[derive(Debug, Args)]
pub struct HostArgs {
    /// A folder that `pavilion bake` wrote.
    pub folder: Option<PathBuf>,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<SocketAddr>,
    /// Where the host keeps its key, which its join links are made from.
    #[arg(long, value_name = "DIR")]
    pub identity: Option<PathBuf>,
    /// How many visitors may be there at once.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=4096))]
    pub visitors_max: Option<u64>,
    /// Let CesiumJS and other viewers of 3D Tiles fetch the twin over HTTP, read-only; at every address, TCP port
    /// 7414, unless another is named.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub http: Option<Option<SocketAddr>>,
    /// Tell what the host does, for Prometheus, at /metrics and /healthz; to this machine at TCP port 7415, unless
    /// another address is named.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<Option<SocketAddr>>,
    /// Take the settings from this file; what the command line says counts more.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Print a file with every setting as it is by default, and end.
    #[arg(long)]
    pub print_config: bool,
    /// Say how long so many headsets take that come at once, by a model, and end.
    #[arg(long, value_name = "N", requires = "mbps", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub plan: Option<u32>,
    /// The link that they share, Mbit/s.
    #[arg(long, value_name = "M", requires = "plan", value_parser = parse_mbps)]
    pub mbps: Option<f64>,
    /// Print the join link and addresses, or the plan, as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pavilion inspect`
#[cfg(feature = "host")]
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// A baked folder, a .gltf or .glb file, or a tileset.json or its folder.
    pub path: PathBuf,
    /// What is known of the entity with this id, and which tiles of the folder show it.
    #[arg(long, value_name = "ID")]
    pub entity: Option<String>,
    /// What of the folder a ray meets: from where, and in which direction, metres in the world.
    #[arg(
        long,
        num_args = 6,
        value_names = ["X", "Y", "Z", "DX", "DY", "DZ"],
        allow_negative_numbers = true,
        conflicts_with = "entity"
    )]
    pub ray: Option<Vec<f32>>,
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

#[cfg(feature = "host")]
impl InspectArgs {
    /// The ray, if one was asked for; one without a direction looks ahead.
    pub fn ray(&self) -> Option<Ray> {
        let &[x, y, z, dx, dy, dz] = self.ray.as_deref()? else { return None };
        let direction = Vec3::new(dx, dy, dz).normalize_or(Vec3::NEG_Z);
        Some(Ray { origin: Vec3::new(x, y, z), direction })
    }
}

/// `pavilion pack`
#[cfg(feature = "host")]
#[derive(Debug, Args)]
pub struct PackArgs {
    /// A folder that `pavilion bake` wrote.
    pub folder: PathBuf,
    /// The file to write, such as venue.pavilion; an earlier one is replaced.
    pub out: PathBuf,
    /// Print what is in it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pavilion unpack`
#[cfg(feature = "viewer")]
#[derive(Debug, Args)]
pub struct UnpackArgs {
    /// The file.
    pub file: PathBuf,
    /// Fill the cache in this folder instead of yours.
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Print what was done as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `pavilion doctor`
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print it as JSON.
    #[arg(long)]
    pub json: bool,
}

/// The largest side of an eye that may be asked for, pixels.
const EYE_SIDE_MAX: u32 = 8192;

#[cfg_attr(not(feature = "viewer"), allow(dead_code))]
fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let side = |text: &str| text.parse().ok().filter(|side| (16..=EYE_SIDE_MAX).contains(side));
    text.split_once('x').and_then(|(width, height)| Some((side(width)?, side(height)?))).ok_or_else(|| {
        format!("a size is two numbers from 16 to {EYE_SIDE_MAX} with an x between, such as 640x640")
    })
}

#[cfg(feature = "host")]
fn parse_mbps(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.001..=1e6).contains(number));
    number.ok_or_else(|| "a link has from 0.001 to 1000000 Mbit/s".to_owned())
}

#[cfg_attr(not(feature = "viewer"), allow(dead_code))]
fn parse_pose(text: &str) -> Result<Pose, String> {
    let numbers: Vec<f32> = text
        .split(',')
        .map(|part| part.trim().parse().ok().filter(|x: &f32| x.is_finite() && x.abs() <= 1e5))
        .collect::<Option<_>>()
        .unwrap_or_default();
    let (place, angles) = match numbers.as_slice() {
        [x, y, z] => (Vec3::new(*x, *y, *z), [0.0, 0.0]),
        [x, y, z, yaw] => (Vec3::new(*x, *y, *z), [*yaw, 0.0]),
        [x, y, z, yaw, pitch] => (Vec3::new(*x, *y, *z), [*yaw, *pitch]),
        _ => return Err("a place is three to five numbers with commas, such as 0,0,12,90".to_owned()),
    };
    let [yaw, pitch] = angles.map(f32::to_radians);
    Ok(Pose::standing(place, yaw, pitch))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_commands_fit_together() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes_and_places_are_read_or_refused() {
        assert_eq!(parse_size("640x480"), Ok((640, 480)));
        assert!(parse_size("640").is_err() && parse_size("0x9").is_err() && parse_size("99999x64").is_err());
        let pose = parse_pose("1,2,3,90").unwrap();
        assert!(pose.forward().abs_diff_eq(Vec3::NEG_X, 1e-6) && pose.position.y == 2.0);
        assert!(parse_pose("1,2").is_err() && parse_pose("1,nan,2").is_err());
    }
}
