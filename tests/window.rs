//! The desktop window, with a person's keys: under Xvfb, walk ahead, press the screenshot key, and
//! look at the picture.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use program::{Home, can_draw, has_program, wait_until};

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

fn read_png(path: &std::path::Path) -> (u32, u32, Vec<u8>) {
    let decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(path).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut rgba = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut rgba).unwrap();
    (info.width, info.height, rgba)
}

#[test]
fn a_person_walks_and_takes_a_picture() {
    let home = Home::new();
    if !has_program("Xvfb") || !has_program("xdotool") || !can_draw(&home) {
        return;
    }
    let display = format!(":{}", 200 + std::process::id() % 700);
    let server = Command::new("Xvfb")
        .args([&display, "-screen", "0", "800x600x24", "-nolisten", "tcp"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let _server = Killed(server);
    let answers = || xdotool(&display, &["getdisplaygeometry"]) == "800 600";
    assert!(wait_until(Duration::from_secs(10), answers), "Xvfb did not start");

    let source = home.path("twin.gltf");
    twin::write(&source);
    let shots = home.path("shots");
    let arguments =
        ["view", source.to_str().unwrap(), "--size", "480x360", "--shot", shots.to_str().unwrap()];
    let viewer =
        home.command(&arguments).env("DISPLAY", &display).env_remove("WAYLAND_DISPLAY").spawn().unwrap();
    let mut viewer = Killed(viewer);

    let find = || xdotool(&display, &["search", "--onlyvisible", "--name", "Pavilion"]);
    assert!(wait_until(Duration::from_secs(60), || !find().is_empty()), "no window was opened");
    let window = find().lines().next().unwrap().to_owned();
    xdotool(&display, &["windowfocus", "--sync", &window]);

    let picture = |name: &str| {
        let path = shots.join(name);
        let took = wait_until(Duration::from_secs(60), || {
            // Pressed again until it is seen: the window may still be busy with its first frames.
            xdotool(&display, &["key", "--delay", "50", "p"]);
            wait_until(Duration::from_secs(3), || path.exists())
        });
        assert!(took, "the screenshot key wrote no {name}");
        read_png(&path)
    };
    let is_ready = || xdotool(&display, &["getwindowname", &window]).contains("Test twin");
    assert!(wait_until(Duration::from_secs(120), is_ready), "the twin never arrived");
    let (width, height, before) = picture("picture-1.png");
    assert_eq!((width, height), (480, 360));
    let colors: std::collections::BTreeSet<&[u8]> = before.chunks_exact(4).collect();
    assert!(colors.len() > 500, "a picture of the twin has many colours, not {}", colors.len());
    let black = before.chunks_exact(4).filter(|pixel| pixel.iter().take(3).all(|&c| c < 8)).count();
    assert!(black * 20 < before.len() / 4, "nothing in the twin is black, and {black} pixels are");

    let count = std::fs::read_dir(&shots).unwrap().count();
    xdotool(&display, &["keydown", "w"]);
    std::thread::sleep(Duration::from_millis(1500));
    xdotool(&display, &["keyup", "w"]);
    let (_, _, after) = picture(&format!("picture-{}.png", count + 1));
    let changed = before.chunks_exact(4).zip(after.chunks_exact(4)).filter(|(a, b)| a != b).count();
    assert!(changed > before.len() / 4 / 10, "walking changes what is seen: {changed} pixels");

    xdotool(&display, &["key", "Escape"]);
    let left = || viewer.0.try_wait().unwrap().is_some();
    assert!(wait_until(Duration::from_secs(20), left), "Esc leaves");
    assert!(viewer.0.wait().unwrap().success());
}
