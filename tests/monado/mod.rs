//! A real OpenXR runtime without a headset: Monado with its null compositor, and its "remote" driver,
//! through which a test says where the head and the hands are.

#![allow(clippy::unwrap_used, clippy::expect_used, dead_code)]

use std::f32::consts::{PI, TAU};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use bytemuck::{Pod, Zeroable};
use glam::{Mat3, Quat, Vec3};
use serde_json::json;

use super::program::{Home, wait_until};

/// A running service; it ends with the test.
pub struct Monado {
    folder: tempfile::TempDir,
    port: u16,
    prefix: PathBuf,
    environment: Vec<(&'static str, String)>,
    child: Child,
}

fn serve(prefix: &Path, folder: &Path, environment: &[(&str, String)]) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    Command::new(prefix.join("xr/monado"))
        .env("XDG_RUNTIME_DIR", folder)
        .env("MONADO_HOME", folder)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap()
}

impl Monado {
    /// Starts the prefix's service, or says why there is none.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with these variables in its environment.
    pub fn start_with(environment: &[(&'static str, String)]) -> Option<Self> {
        let Some(prefix) = std::env::var_os("PAVILION_XR_PREFIX").map(PathBuf::from) else {
            println!("skipped: no OpenXR runtime was set up; `cargo xtask test openxr` does that");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        // Two services on one machine need ports of their own.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let settings = folder.path().join(".config/monado");
        fs::create_dir_all(&settings).unwrap();
        let remote = json!({"version": 0, "port": port, "view_count": 2});
        let settings_text = json!({"active": "remote", "remote": remote}).to_string();
        fs::write(settings.join("config_v0.json"), settings_text).unwrap();
        let child = serve(&prefix, folder.path(), environment);
        let environment = environment.to_vec();
        let mut service = Self { folder, port, prefix, environment, child };
        service.wait();
        Some(service)
    }

    /// Starts it again after [`Monado::kill`], and waits until it serves; the head is where it was at first.
    pub fn restart(&mut self) {
        self.child = serve(&self.prefix, self.folder.path(), &self.environment);
        self.wait();
    }

    fn wait(&mut self) {
        let socket = self.folder.path().join("monado_comp_ipc");
        let is_up = || socket.exists() && self.log().contains("has started");
        assert!(wait_until(Duration::from_secs(30), is_up), "Monado did not start:\n{}", self.log());
        assert!(self.child.try_wait().unwrap().is_none(), "Monado ended:\n{}", self.log());
    }

    /// What it printed.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// The program with `arguments`, which finds this runtime.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, home: &Home, arguments: &[S]) -> Command {
        let mut command = home.command(arguments);
        command.env("XDG_RUNTIME_DIR", self.folder.path());
        command
    }

    /// Runs the program to its end.
    pub fn run<S: AsRef<std::ffi::OsStr>>(&self, home: &Home, arguments: &[S]) -> Output {
        self.command(home, arguments).spawn().unwrap().wait_with_output().unwrap()
    }

    /// Runs it and expects success; returns what it printed as JSON.
    pub fn json<S: AsRef<std::ffi::OsStr>>(&self, home: &Home, arguments: &[S]) -> serde_json::Value {
        let output = self.run(home, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}\n{errors}\n{}", output.status, self.log());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"))
    }

    /// Takes hold of the head and the hands, which are where they are when Monado starts.
    pub fn remote(&self) -> Remote {
        Remote::connect(self.port)
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Where its socket lies.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Monado {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Orientation as x, y, z, w; then the position in metres.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct RemotePose {
    pub orientation: [f32; 4],
    pub position: [f32; 3],
}

/// One eye. The frustum is left, right, up, down in radians.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct RemoteView {
    pub fov: [f32; 4],
    pub pose: RemotePose,
    padding: u32,
}

/// The head, and the eyes in it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct RemoteHead {
    pub views: [RemoteView; 2],
    pub center: RemotePose,
    pub is_per_view: u8,
    padding: [u8; 3],
}

/// What a hand holds.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct RemoteHand {
    pub pose: RemotePose,
    pub velocities: [f32; 6],
    /// Little finger to thumb.
    pub curl: [f32; 5],
    pub trigger: f32,
    pub squeeze: [f32; 2],
    pub thumbstick: [f32; 2],
    pub trackpad: [f32; 3],
    pub is_hand_tracked: u8,
    pub is_active: u8,
    /// Clicks and touches in turn: system, a, b, trigger, thumbstick; then the trackpad's touch.
    pub buttons: [u8; 11],
    padding: [u8; 3],
}

/// Everything at once: `r_remote_data` of Monado 25's `drivers/remote/r_interface.h`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
pub struct RemoteState {
    header: [u8; 8],
    pub head: RemoteHead,
    /// Left, then right.
    pub hands: [RemoteHand; 2],
}

/// The hands of whoever holds the strings.
pub struct Remote {
    stream: TcpStream,
    pub state: RemoteState,
}

impl Remote {
    fn connect(port: u16) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        // The state at the start comes first, then the present one, which outlives connections.
        let (mut first, mut present) = (RemoteState::zeroed(), RemoteState::zeroed());
        stream.read_exact(bytemuck::bytes_of_mut(&mut first)).unwrap();
        stream.read_exact(bytemuck::bytes_of_mut(&mut present)).unwrap();
        first.header = *b"mndrmt3\0";
        let mut remote = Self { stream, state: first };
        remote.send();
        remote
    }

    /// Makes the state the present one.
    pub fn send(&mut self) {
        self.stream.write_all(bytemuck::bytes_of(&self.state)).unwrap();
    }

    /// Takes hands and controllers away, which are there when Monado starts: nobody sees their own.
    pub fn hide_hands(&mut self) {
        for hand in &mut self.state.hands {
            (hand.is_active, hand.is_hand_tracked) = (0, 0);
        }
        self.send();
    }

    /// Puts a hand (0 left, 1 right) there; its grip has the thumb along −z and the open fingers along −y.
    pub fn place_hand(&mut self, side: usize, position: [f32; 3], grip: Quat) {
        self.state.hands[side].pose = RemotePose { orientation: grip.to_array(), position };
        self.send();
    }

    /// Switches a controller on or off.
    pub fn switch(&mut self, side: usize, is_on: bool) {
        self.state.hands[side].is_active = is_on.into();
        self.send();
    }

    /// Pulls the trigger, 0 ..= 1.
    pub fn trigger(&mut self, side: usize, value: f32) {
        self.state.hands[side].trigger = value;
        self.state.hands[side].buttons[6] = (value > 0.9).into();
        self.send();
    }

    /// Squeezes the grip: how far it is closed and how hard, both 0 ..= 1.
    pub fn squeeze(&mut self, side: usize, value: f32) {
        self.state.hands[side].squeeze = [value; 2];
        self.send();
    }

    /// Pushes the thumbstick: right and forward positive.
    pub fn stick(&mut self, side: usize, stick: [f32; 2]) {
        self.state.hands[side].thumbstick = stick;
        self.send();
    }

    /// Presses the upper face button, or lets it go.
    pub fn upper_button(&mut self, side: usize, is_down: bool) {
        self.state.hands[side].buttons[4] = is_down.into();
        self.send();
    }

    /// Shows a bare hand whose fingers are bent so far, 0 ..= 1, little finger to thumb; or hides it.
    pub fn show_bare(&mut self, side: usize, curl: Option<[f32; 5]>) {
        self.state.hands[side].is_hand_tracked = curl.is_some().into();
        self.state.hands[side].curl = curl.unwrap_or_default();
        self.send();
    }

    /// Waves with the right hand for two seconds, palm ahead and fingers up, and keeps it up.
    pub fn wave(&mut self) {
        const STEPS: u32 = 60;
        for step in 0..=STEPS {
            let part = step as f32 / STEPS as f32;
            let lean = 0.5 * (part * 3.0 * TAU).sin() * (part * PI).sin();
            // In the grip's own axes the thumb is along −z and the open fingers along −y.
            let upright = Quat::from_mat3(&Mat3::from_cols(Vec3::Z, Vec3::NEG_Y, Vec3::X));
            let grip = Quat::from_rotation_z(lean) * upright;
            self.state.hands[1].is_active = 1;
            self.state.hands[1].pose =
                RemotePose { orientation: grip.to_array(), position: [0.34 - lean * 0.15, 1.52, -0.28] };
            self.send();
            std::thread::sleep(Duration::from_secs(2) / STEPS);
        }
    }

    /// Puts the head there, turned to the left, with the eyes and frusta of a headless visit whose
    /// pictures are `aspect` (width / height) times as wide as high.
    pub fn set_head(&mut self, position: [f32; 3], yaw_radians: f32, aspect: f32) {
        const EYE_DISTANCE_METRES: f32 = 0.063;
        const UP_RADIANS: f32 = 1.396 / 2.0;
        let right = (UP_RADIANS.tan() * aspect).atan();
        let (sin, cos) = (yaw_radians / 2.0).sin_cos();
        let head = &mut self.state.head;
        head.center = RemotePose { orientation: [0.0, sin, 0.0, cos], position };
        head.is_per_view = 1;
        for (view, side) in head.views.iter_mut().zip([-0.5, 0.5]) {
            view.fov = [-right, right, UP_RADIANS, -UP_RADIANS];
            view.pose = RemotePose {
                orientation: [0.0, 0.0, 0.0, 1.0],
                position: [side * EYE_DISTANCE_METRES, 0.0, 0.0],
            };
        }
        self.send();
    }
}

#[test]
fn the_remote_state_is_as_large_as_monado_says() {
    assert_eq!(size_of::<RemoteState>(), 376);
    assert_eq!((size_of::<RemoteHead>(), size_of::<RemoteHand>()), (128, 120));
}
