//! What comes out at the far end: the runtime's own compositor shows both eyes in a window of Xvfb.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::faults::Faults;
use crate::golden;
use crate::monado::Monado;
use crate::program::{Home, has_program, wait_until};
use crate::scene::texture::Pixels;
use crate::visit::{Visit, baked_twin, is_in_the_twin};

/// The screen, pixels.
const SCREEN: [u32; 2] = [960, 540];

/// Pictures are compared by the means of so many fields a side.
const FIELDS: u32 = 24;

/// An X server whose screen is a file; it ends with the test.
struct Screen {
    server: Child,
    display: String,
    dump: PathBuf,
}

impl Screen {
    /// `None`, with a printed reason, where there is no Xvfb. `number` keeps two of them apart.
    fn start(home: &Home, number: u32) -> Option<Self> {
        if !has_program("Xvfb") {
            return None;
        }
        let display = format!(":{}", 900 + number * 100 + std::process::id() % 90);
        let folder = home.path("screen");
        std::fs::create_dir_all(&folder).unwrap();
        let [width, height] = SCREEN;
        let server = Command::new("Xvfb")
            .args([&display, "-screen", "0", &format!("{width}x{height}x24"), "-nolisten", "tcp"])
            .args(["-fbdir", folder.to_str().unwrap()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let screen = Self { server, display, dump: folder.join("Xvfb_screen0") };
        assert!(wait_until(Duration::from_secs(10), || screen.read().is_some()), "Xvfb did not start");
        Some(screen)
    }

    /// What has a runtime show its compositor here.
    fn for_compositor(&self) -> [(&'static str, String); 4] {
        [
            ("XRT_COMPOSITOR_NULL", "0".to_owned()),
            ("XRT_COMPOSITOR_FORCE_XCB", "1".to_owned()),
            ("XRT_COMPOSITOR_SCALE_PERCENTAGE", "40".to_owned()),
            ("DISPLAY", self.display.clone()),
        ]
    }

    fn read(&self) -> Option<Pixels> {
        read_dump(&self.dump)
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// A window dump (X11's XWD version 7, 32 bits a pixel) as pixels.
fn read_dump(path: &Path) -> Option<Pixels> {
    let bytes = std::fs::read(path).ok()?;
    let word = |index: usize| {
        let word = bytes.get(index * 4..index * 4 + 4)?;
        Some(u32::from_be_bytes(word.try_into().ok()?) as usize)
    };
    let (header, width, height, stride, colors) = (word(0)?, word(4)?, word(5)?, word(12)?, word(19)?);
    let begin = header + colors * 12;
    let mut rgba = Vec::with_capacity(width * height * 4);
    for row in 0..height {
        let row = bytes.get(begin + row * stride..begin + row * stride + width * 4)?;
        rgba.extend(row.chunks_exact(4).flat_map(|pixel| [pixel[2], pixel[1], pixel[0], 255]));
    }
    Some(Pixels { width: width as u32, height: height as u32, rgba })
}

/// What is not black in the columns from `left` to `right`: x, y, width and height, or nothing.
fn lit(picture: &Pixels, left: u32, right: u32) -> [u32; 4] {
    let is_lit = |&(x, y): &(u32, u32)| {
        let at = (y * picture.width + x) as usize * 4;
        picture.rgba[at..at + 3].iter().any(|&channel| channel > 16)
    };
    let all = || (0..picture.height).flat_map(|y| (left..right).map(move |x| (x, y))).filter(is_lit);
    let x = all().map(|(x, _)| x).min().zip(all().map(|(x, _)| x).max());
    let y = all().map(|(_, y)| y).min().zip(all().map(|(_, y)| y).max());
    let Some(((x, x_max), (y, y_max))) = x.zip(y) else { return [0; 4] };
    [x, y, x_max - x + 1, y_max - y + 1]
}

/// Means over a grid of fields of the part `[x, y, width, height]` of the picture, rows top to bottom.
fn fields(picture: &Pixels, [left, top, width, height]: [u32; 4]) -> Vec<[f64; 3]> {
    let mut sums = vec![([0.0; 3], 0.0); (FIELDS * FIELDS) as usize];
    for y in 0..height {
        for x in 0..width {
            let at = ((top + y) * picture.width + left + x) as usize * 4;
            let field = (y * FIELDS / height) * FIELDS + x * FIELDS / width;
            let (sum, count) = &mut sums[field as usize];
            for (channel, sum) in sum.iter_mut().enumerate() {
                *sum += f64::from(picture.rgba[at + channel]);
            }
            *count += 1.0;
        }
    }
    sums.into_iter().map(|(sum, count)| sum.map(|sum| sum / count)).collect()
}

/// The mean difference of two pictures, field by field, of 255.
fn difference(a: &[[f64; 3]], b: &[[f64; 3]]) -> f64 {
    let all = a.iter().zip(b).flat_map(|(a, b)| (0..3).map(|channel| (a[channel] - b[channel]).abs()));
    all.sum::<f64>() / (a.len() * 3) as f64
}

/// The left half shows what the left eye was given, and the right half what the right eye was: nowhere on
/// the way to the lenses are the eyes exchanged.
#[test]
fn under_monado_the_compositor_shows_each_eye_its_own_picture() {
    let home = Home::new();
    let Some(screen) = Screen::start(&home, 0) else { return };
    let Some(monado) = Monado::start_with(&screen.for_compositor()) else { return };
    // Before the fence, where near bars stand elsewhere for each eye.
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.0, 0.0], 0.0, 1.0);
    let shots = home.path("shots");
    let arguments = ["--frames", "4", "--stay-seconds", "60", "--shot", shots.to_str().unwrap()];
    let mut visit = Visit::enter(&monado, &home, baked_twin(&home).to_str().unwrap(), &arguments);
    visit.wait_for(0, "the twin", is_in_the_twin);
    let is_drawn = || shots.join("both.png").exists();
    assert!(wait_until(Duration::from_secs(60), is_drawn), "no pictures: {}", monado.log());
    // The compositor is a frame or two behind.
    std::thread::sleep(Duration::from_millis(500));
    let shown = screen.read().unwrap();
    visit.leave();
    let eyes = ["left.png", "right.png"].map(|name| golden::read_png(&shots.join(name)).unwrap());
    let eyes = eyes.map(|eye| fields(&eye, [0, 0, eye.width, eye.height]));
    let half = SCREEN[0] / 2;
    let halves = [0, half].map(|left| fields(&shown, lit(&shown, left, left + half)));
    let off = halves.map(|half| [difference(&half, &eyes[0]), difference(&half, &eyes[1])]);
    println!("left half from left and right eye, right half likewise, of 255: {off:.3?}");
    assert!(off[0][0] * 2.0 < off[0][1] && off[1][1] * 2.0 < off[1][0], "{off:?}");
}

/// Whoever stands beside sees in a window what the visitor sees, and closing it does not end the visit.
#[test]
fn under_monado_onlookers_see_the_headsets_picture() {
    let home = Home::new();
    let Some(screen) = Screen::start(&home, 1) else { return };
    let Some(monado) = Monado::start() else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    let baked = baked_twin(&home);
    let arguments = ["--mirror", "--size", "320x320", "--frames", "4", "--stay-seconds", "60"];
    let mut visit = Visit::enter_before(&monado, &home, &baked, &screen.display, &arguments);
    visit.wait_for(0, "the twin", is_in_the_twin);
    let colors = || {
        let shown = screen.read().unwrap();
        let pixels = shown.rgba.chunks_exact(4).map(|pixel| [pixel[0], pixel[1], pixel[2]]);
        pixels.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert!(
        wait_until(Duration::from_secs(60), || colors() > 500),
        "{} colours: {}",
        colors(),
        visit.errors()
    );
    visit.leave();
}

/// Who cannot be shown the world, because the headset does not know where it is, is told so before their eyes.
#[test]
fn under_monado_a_lost_head_sees_a_sentence() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(screen) = Screen::start(&home, 2) else { return };
    let Some(monado) = Monado::start_with(&screen.for_compositor()) else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.6, 0.0], 0.0, 1.0);
    let mut visit = Visit::enter_faulty(&monado, &home, &baked_twin(&home), &faults);
    visit.wait_for(0, "the twin", is_in_the_twin);
    let half = SCREEN[0] / 2;
    // Width and height of what each eye is shown.
    let shown = || {
        let shown = screen.read().unwrap();
        [0, half].map(|left| lit(&shown, left, left + half)).map(|[_, _, width, height]| [width, height])
    };
    let is_wide = |[width, height]: &[u32; 2]| *width * 5 > *height * 6;
    let is_world = || shown().iter().all(|size| !is_wide(size) && size[1] > 200);
    let is_sentence = || shown().iter().all(|size| is_wide(size) && size[0] > 100 && size[1] < 200);
    assert!(wait_until(Duration::from_secs(20), is_world), "{:?}", shown());
    faults.set("nan-pose");
    assert!(wait_until(Duration::from_secs(20), is_sentence), "{:?}", shown());
    // It stays as long as the head is lost.
    std::thread::sleep(Duration::from_secs(1));
    assert!(is_sentence(), "{:?}", shown());
    golden::write_png(&golden::output_folder().join("lost-head.png"), &screen.read().unwrap());
    faults.set("none");
    assert!(wait_until(Duration::from_secs(20), is_world), "{:?}", shown());
    visit.leave();
}

/// A display that every picture is late for gets pictures of fewer pixels, and each eye sees the same.
#[test]
fn under_monado_fewer_pixels_show_as_much() {
    let home = Home::new();
    let Some(faults) = Faults::new(&home) else { return };
    let Some(screen) = Screen::start(&home, 3) else { return };
    let Some(monado) = Monado::start_with(&screen.for_compositor()) else { return };
    let mut remote = monado.remote();
    remote.hide_hands();
    remote.set_head([0.0, 1.0, 0.0], 0.0, 1.0);
    // However slow this machine is, the first pictures have all of their pixels.
    faults.set("patient");
    let mut visit = Visit::enter_faulty(&monado, &home, &baked_twin(&home), &faults);
    visit.wait_for(0, "the twin", is_in_the_twin);
    visit.settle();
    let half = SCREEN[0] / 2;
    let halves = [[0, half], [half, SCREEN[0]]];
    let shown = || {
        let shown = screen.read().unwrap();
        halves.map(|[left, right]| {
            let lit = lit(&shown, left, right);
            (lit, fields(&shown, lit))
        })
    };
    // The twin comes tile by tile, and the compositor is behind.
    let still = || {
        let mut last = shown();
        let is_still = || {
            std::thread::sleep(Duration::from_millis(700));
            let before = std::mem::replace(&mut last, shown());
            last == before
        };
        assert!(wait_until(Duration::from_secs(60), is_still), "the picture never stands still");
        last
    };
    visit.wait("all pixels", |frame| frame["governor"]["step"].as_u64() == Some(0));
    let before = still();
    faults.set("hurried");
    // Detail in four steps, pixels in three.
    visit.wait("the last step", |frame| frame["governor"]["step"].as_u64() == Some(7));
    let now = still();
    for ((lit_before, before), (lit, now)) in before.iter().zip(&now) {
        let off = difference(before, now);
        println!("{lit_before:?} and {lit:?}, which differ by {off:.2} of 255");
        assert!(lit.iter().zip(lit_before).all(|(a, b)| a.abs_diff(*b) <= 6), "{lit:?} was {lit_before:?}");
        assert!(off < 8.0, "{off}");
    }
    let report = visit.leave();
    assert_eq!(
        report["governor"]["resolution_scale"].as_f64().map(|scale| (scale * 10.0).round()),
        Some(7.0),
        "{report}"
    );
}
