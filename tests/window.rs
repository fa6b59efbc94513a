//! The desktop window, with a person's keys and mouse: under Xvfb, walk ahead, press the screenshot key,
//! and look at the picture; open the menu, and leave by it.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use glam::{Quat, Vec3};
use program::{Home, can_draw, has_program, wait_until};
use serde_json::Value;
use x11rb::protocol::xproto::{ClientMessageEvent, ConnectionExt as _, EventMask};
use x11rb::wrapper::ConnectionExt as _;

struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn xdotool(display: &str, arguments: &[&str]) -> String {
    let output = Command::new("xdotool").args(arguments).env("DISPLAY", display).output().unwrap();
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn read_png(path: &std::path::Path) -> Picture {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgba).unwrap();
    (info.width, info.height, rgba)
}

/// What a display shows, by the file that Xvfb keeps it in: XWD, whose header is of big-endian words and is
/// followed by a colour map.
fn screen(path: &Path) -> Vec<[u8; 3]> {
    let bytes = std::fs::read(path).unwrap();
    let word = |index: usize| {
        let word = bytes[index * 4..][..4].try_into().unwrap();
        u32::from_be_bytes(word) as usize
    };
    let (header, width, height, row, colors) = (word(0), word(4), word(5), word(12), word(19));
    let pixels = &bytes[header + colors * 12..];
    let pixel = |x: usize, y: usize| {
        let [b, g, r] = pixels[y * row + x * 4..][..3].try_into().unwrap();
        [r, g, b]
    };
    (0..height).flat_map(|y| (0..width).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect()
}

/// One window at a time: three that are drawn on the CPU beside each other answer their keys too late.
static ALONE: Mutex<()> = Mutex::new(());

/// A window on a display of its own, with the twin in it.
struct Desk {
    display: String,
    window: String,
    shots: PathBuf,
    viewer: Killed,
    _server: Killed,
    _alone: MutexGuard<'static, ()>,
}

impl Desk {
    /// `None` where there is nothing to show a window on. `number` tells tests of one process apart.
    fn new(home: &Home, number: u32, more: &[&str]) -> Option<Self> {
        if !has_program("Xvfb") || !has_program("xdotool") || !can_draw(home) {
            return None;
        }
        let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let display = format!(":{}", 200 + 3 * (std::process::id() % 700) + number);
        let server = Command::new("Xvfb")
            .args([&display, "-screen", "0", "800x600x24", "-nolisten", "tcp"])
            .args(["-fbdir", home.folder.path().to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Killed(server);
        let answers = || xdotool(&display, &["getdisplaygeometry"]) == "800 600";
        assert!(wait_until(Duration::from_secs(10), answers), "Xvfb did not start");

        let source = home.path("twin.gltf");
        twin::write(&source);
        let shots = home.path("shots");
        let mut arguments =
            vec!["view", source.to_str().unwrap(), "--size", "480x360", "--shot", shots.to_str().unwrap()];
        arguments.extend(more);
        let viewer =
            home.command(&arguments).env("DISPLAY", &display).env_remove("WAYLAND_DISPLAY").spawn().unwrap();
        let viewer = Killed(viewer);
        let find = || xdotool(&display, &["search", "--onlyvisible", "--name", "Pavilion"]);
        assert!(wait_until(Duration::from_secs(60), || !find().is_empty()), "no window was opened");
        let window = find().lines().next().unwrap().to_owned();
        xdotool(&display, &["windowfocus", "--sync", &window]);
        let is_ready = || xdotool(&display, &["getwindowname", &window]).contains("Test twin");
        assert!(wait_until(Duration::from_secs(120), is_ready), "the twin never arrived");
        Some(Self { display, window, shots, viewer, _server: server, _alone: alone })
    }

    fn xdotool(&self, arguments: &[&str]) -> String {
        xdotool(&self.display, arguments)
    }

    /// The next picture that the screenshot key writes.
    fn picture(&self) -> Picture {
        let count = std::fs::read_dir(&self.shots).map_or(0, Iterator::count);
        let path = self.shots.join(format!("picture-{}.png", count + 1));
        let took = wait_until(Duration::from_secs(60), || {
            // Pressed again until it is seen: the window may still be busy with its first frames.
            self.xdotool(&["key", "--delay", "50", "p"]);
            wait_until(Duration::from_secs(3), || path.exists())
        });
        assert!(took, "the screenshot key wrote no {}", path.display());
        read_png(&path)
    }

    /// Takes pictures until one of them differs from `before` as it should. A single one would not do: a picture
    /// that was asked for twice may come late, and show what was.
    fn comes_to_differ(&self, before: &Picture, is_right: impl Fn(usize) -> bool) -> bool {
        wait_until(Duration::from_secs(60), || is_right(changed(before, &self.picture())))
    }

    /// Clicks on that pixel of the window.
    fn click(&self, [x, y]: [i32; 2]) {
        let (x, y) = (x.to_string(), y.to_string());
        self.xdotool(&["mousemove", "--window", &self.window, &x, &y]);
        std::thread::sleep(Duration::from_millis(300));
        self.xdotool(&["click", "1"]);
        std::thread::sleep(Duration::from_millis(300));
    }

    /// Presses the button in the window's corner, as far as its program knows.
    fn close(&self) {
        let (display, _) = x11rb::connect(Some(&self.display)).unwrap();
        let atom = |name: &[u8]| display.intern_atom(false, name).unwrap().reply().unwrap().atom;
        let (protocols, delete) = (atom(b"WM_PROTOCOLS"), atom(b"WM_DELETE_WINDOW"));
        let window = self.window.parse().unwrap();
        let event = ClientMessageEvent::new(32, window, protocols, [delete, 0, 0, 0, 0]);
        display.send_event(false, window, EventMask::NO_EVENT, event).unwrap();
        display.sync().unwrap();
    }

    fn has_left(&mut self) -> bool {
        self.viewer.0.try_wait().unwrap().is_some()
    }

    /// How a viewer that has left ended, and what it had to say.
    fn last_words(&mut self) -> String {
        let mut said = String::new();
        if let (Some(status), Some(stderr)) = (self.viewer.0.try_wait().unwrap(), &mut self.viewer.0.stderr) {
            std::io::Read::read_to_string(stderr, &mut said).unwrap();
            said = format!("{status}: {said}");
        }
        said
    }
}

/// Width, height, RGBA.
type Picture = (u32, u32, Vec<u8>);

fn changed((_, _, before): &Picture, (_, _, after): &Picture) -> usize {
    before.chunks_exact(4).zip(after.chunks_exact(4)).filter(|(a, b)| a != b).count()
}

fn is_of_twin((_, _, rgba): &Picture) -> bool {
    let colors: std::collections::BTreeSet<&[u8]> = rgba.chunks_exact(4).collect();
    let black = rgba.chunks_exact(4).filter(|pixel| pixel.iter().take(3).all(|&c| c < 8)).count();
    colors.len() > 500 && black * 20 < rgba.len() / 4
}

#[test]
fn a_person_walks_and_takes_a_picture() {
    let home = Home::new();
    let Some(mut desk) = Desk::new(&home, 0, &[]) else { return };
    let mut before = desk.picture();
    assert_eq!((before.0, before.1), (480, 360));
    let shows_twin = wait_until(Duration::from_secs(60), || {
        let shows = is_of_twin(&before);
        if !shows {
            before = desk.picture();
        }
        shows
    });
    assert!(shows_twin, "a picture of the twin has many colours and little black");

    desk.xdotool(&["keydown", "w"]);
    std::thread::sleep(Duration::from_millis(1500));
    desk.xdotool(&["keyup", "w"]);
    assert!(desk.comes_to_differ(&before, |count| count > 480 * 360 / 10), "walking changes what is seen");

    desk.xdotool(&["key", "--delay", "50", "Escape"]);
    assert!(wait_until(Duration::from_secs(60), || desk.has_left()), "Esc leaves");
    assert!(desk.viewer.0.wait().unwrap().success());
}

/// The trace's last line that is whole.
fn last_line(trace: &Path) -> Value {
    let text = std::fs::read_to_string(trace).unwrap();
    text.lines().rev().take(2).find_map(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}

/// The pixel at which the left eye sees what is written on a button, by the trace's last line: 31.5 mm beside
/// the point between the eyes, in a window whose height is 70° (1.22 rad).
fn pixel(trace: &Path, button: &str) -> [i32; 2] {
    let mut line = Value::Null;
    let came = wait_until(Duration::from_secs(10), || {
        let text = std::fs::read_to_string(trace).unwrap();
        line = text
            .trim_end()
            .lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .unwrap_or_default();
        !line["menu_buttons"][button].is_null()
    });
    assert!(came, "the menu shows no {button}: {line}");
    let vector = |value: &Value| {
        let [x, y, z] = [0, 1, 2].map(|axis| value[axis].as_f64().unwrap_or(f64::NAN) as f32);
        Vec3::new(x, y, z)
    };
    let turn = &line["head"]["orientation"];
    let [x, y, z, w] = [0, 1, 2, 3].map(|part| turn[part].as_f64().unwrap_or(f64::NAN) as f32);
    let from_head = vector(&line["menu_buttons"][button]) - vector(&line["head"]["position"]);
    let seen = Quat::from_xyzw(x, y, z, w).inverse() * from_head + Vec3::X * 0.0315;
    assert!(seen.is_finite() && seen.z < -0.1, "{button} is not before the eyes: {line}");
    let focal = 180.0 / 0.61_f32.tan();
    [(240.0 - seen.x / seen.z * focal) as i32, (180.0 + seen.y / seen.z * focal) as i32]
}

#[test]
fn a_mouse_opens_the_menu_and_leaves_by_it() {
    let home = Home::new();
    let trace = home.path("trace.jsonl");
    let Some(mut desk) = Desk::new(&home, 1, &["--trace", trace.to_str().unwrap()]) else { return };
    // What the first pictures show may still be on its way, and the ground under the feet too.
    let mut before = desk.picture();
    let settled = wait_until(Duration::from_secs(60), || {
        std::thread::sleep(Duration::from_secs(2));
        let after = desk.picture();
        changed(&std::mem::replace(&mut before, after), &before) == 0
    });
    assert!(settled, "the view never came to rest");
    desk.xdotool(&["key", "--delay", "50", "m"]);
    std::thread::sleep(Duration::from_millis(500));
    assert!(
        desk.comes_to_differ(&before, |count| count > 480 * 360 / 20),
        "the menu covers some of the window"
    );
    desk.xdotool(&["key", "--delay", "50", "Tab"]);
    assert!(desk.comes_to_differ(&before, |count| count == 0), "closed again");

    desk.xdotool(&["key", "--delay", "50", "m"]);
    std::thread::sleep(Duration::from_millis(500));
    let shows = |button: &str| !last_line(&trace)["menu_buttons"][button].is_null();
    let kept = || std::fs::read_to_string(home.path("data/settings.json")).unwrap_or_default();
    // Pressed again until it is seen: a busy machine may miss a click between two frames.
    let press = |desk: &mut Desk, button: &str, is_done: &dyn Fn(&mut Desk) -> bool| {
        let done = wait_until(Duration::from_secs(40), || {
            if !is_done(desk) {
                desk.click(pixel(&trace, button));
            }
            wait_until(Duration::from_secs(3), || is_done(desk))
        });
        assert!(done, "{button} does nothing: {}", last_line(&trace));
    };
    press(&mut desk, "Mono", &|_| kept().contains("\"is_mono\": true"));
    press(&mut desk, "Leave", &|_| shows("Stay"));
    assert!(!desk.has_left(), "asked once more");
    press(&mut desk, "Stay", &|_| !shows("Stay"));
    press(&mut desk, "Leave", &|_| shows("Stay"));
    assert!(!desk.has_left());
    press(&mut desk, "Leave", &Desk::has_left);
    assert!(desk.viewer.0.wait().unwrap().success());
}

/// Pixels that the eyes of a picture, side by side, do not see alike.
fn differs_by_eye((width, height, rgba): &Picture) -> usize {
    assert_eq!((*width, *height), (960, 360), "both eyes, side by side");
    let differs = (0..360 * 480).filter(|index| {
        let at = (index / 480 * 960 + index % 480) * 4;
        rgba[at..at + 3] != rgba[at + 480 * 4..at + 480 * 4 + 3]
    });
    differs.count()
}

/// Somebody in a headset is nobody at a window: here headless, which draws to nowhere just as well. The
/// onlookers' window shows the twin, takes a picture of both eyes, and can be closed.
#[test]
fn onlookers_see_what_is_drawn_elsewhere() {
    let home = Home::new();
    let more = ["--headless", "--mirror", "--frames", "1", "--stay-seconds", "600"];
    let Some(mut desk) = Desk::new(&home, 2, &more) else { return };
    let shows = || {
        let pixels = screen(&home.path("Xvfb_screen0"));
        let colors: std::collections::BTreeSet<[u8; 3]> = pixels.iter().copied().collect();
        colors.len() > 500
    };
    assert!(wait_until(Duration::from_secs(60), shows), "the window shows the twin");
    // Taken again until something near is in it: at first there is nothing but the sky, which both eyes see alike.
    let mut number = 1;
    let took = wait_until(Duration::from_secs(60), || {
        let picture = desk.shots.join(format!("picture-{number}.png"));
        desk.xdotool(&["key", "--delay", "50", "p"]);
        let is_there = wait_until(Duration::from_secs(3), || picture.exists());
        number += u32::from(is_there);
        is_there && differs_by_eye(&read_png(&picture)) > 1000
    });
    assert!(took, "the eyes see different pictures, of which {} were taken", number - 1);
    desk.close();
    let is_gone = || desk.xdotool(&["search", "--onlyvisible", "--name", "Test twin"]).is_empty();
    assert!(wait_until(Duration::from_secs(60), is_gone), "the window is closed");
    std::thread::sleep(Duration::from_secs(2));
    assert!(!desk.has_left(), "the visit goes on without the window: {}", desk.last_words());
}
