//! What goes wrong, goes wrong in one sentence, with the right exit code, and leaves nothing behind.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use program::{Home, can_draw, wait_until};

const FAILED: i32 = 1;
const USAGE: i32 = 2;
const ENVIRONMENT: i32 = 3;
const CONTENT: i32 = 4;

fn bake(home: &Home) -> PathBuf {
    let (source, baked) = (home.path("twin.gltf"), home.path("baked"));
    twin::write(&source);
    home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--quick", "--json"]);
    baked
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn view<'a>(link: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["view", link, "--headless", "--frames", "1", "--size", "64x64"], more].concat()
}

/// Files in `folder` that are neither blobs nor the two tables.
fn leftovers(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).filter(|path| text(path).contains("partial")).collect()
}

#[test]
fn a_truncated_gltf_is_refused() {
    let home = Home::new();
    let source = home.path("twin.gltf");
    twin::write(&source);
    let whole = fs::read(&source).unwrap();
    for length in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&source, &whole[..length]).unwrap();
        let baked = home.path("baked");
        let sentence = home.failure(&["bake", text(&source), text(&baked)], CONTENT);
        assert!(sentence.contains("twin.gltf"), "{sentence}");
        assert!(!baked.exists(), "a failed bake leaves no folder");
        assert!(leftovers(home.folder.path()).is_empty());
    }
    fs::write(&source, &whole).unwrap();
    let buffer = fs::read(home.path("twin.bin")).unwrap();
    fs::write(home.path("twin.bin"), &buffer[..buffer.len() / 2]).unwrap();
    home.failure(&["bake", text(&source), text(&home.path("baked"))], CONTENT);
}

#[test]
fn a_file_outside_the_folder_is_not_opened() {
    let home = Home::new();
    let source = home.path("evil.gltf");
    for uri in
        ["../../../../../../etc/passwd", "/etc/passwd", "file:///etc/passwd", "%2e%2e/secret", "http://x/y"]
    {
        let buffers =
            format!(r#"{{"asset":{{"version":"2.0"}},"buffers":[{{"uri":"{uri}","byteLength":4}}]}}"#);
        fs::write(&source, buffers).unwrap();
        home.failure(&["bake", text(&source), text(&home.path("baked"))], CONTENT);
    }
}

#[test]
fn a_missing_file_and_a_folder_that_is_no_twin_are_named() {
    let home = Home::new();
    let sentence = home.failure(&["bake", "/nowhere/venue.glb", text(&home.path("baked"))], FAILED);
    assert!(sentence.contains("/nowhere/venue.glb"), "{sentence}");
    fs::create_dir(home.path("empty")).unwrap();
    home.failure(&["host", text(&home.path("empty"))], CONTENT);
    home.failure(&["inspect", text(&home.path("empty"))], CONTENT);
}

#[test]
fn a_folder_of_something_else_is_not_overwritten() {
    let home = Home::new();
    let (source, mine) = (home.path("twin.gltf"), home.path("mine"));
    twin::write(&source);
    fs::create_dir(&mine).unwrap();
    fs::write(mine.join("letter.txt"), "dear").unwrap();
    home.failure(&["bake", text(&source), text(&mine)], USAGE);
    assert_eq!(fs::read_to_string(mine.join("letter.txt")).unwrap(), "dear");
}

#[test]
fn an_unwritable_folder_is_named() {
    let home = Home::new();
    let source = home.path("twin.gltf");
    twin::write(&source);
    // A file where a folder should be refuses everybody, root included.
    fs::write(home.path("file"), "").unwrap();
    let sentence = home.failure(&["bake", text(&source), text(&home.path("file/baked"))], ENVIRONMENT);
    assert!(sentence.contains("file/baked"), "{sentence}");
}

#[test]
fn a_damaged_blob_is_not_shown() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let baked = bake(&home);
    for entry in fs::read_dir(&baked).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "glb") {
            let mut bytes = fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(&path, bytes).unwrap();
        }
    }
    let host = home.host(&baked, &[]);
    home.failure(&view(&host.link, &["--timeout-seconds", "20"]), CONTENT);
}

#[test]
fn a_truncated_blob_is_not_served() {
    let home = Home::new();
    let baked = bake(&home);
    let blobs = fs::read_dir(&baked).unwrap().map(|entry| entry.unwrap().path());
    let blob = blobs.into_iter().find(|path| path.extension().is_some_and(|e| e == "glb")).unwrap();
    let whole = fs::read(&blob).unwrap();
    fs::write(&blob, &whole[..whole.len() / 2]).unwrap();
    home.failure(&["host", text(&baked)], CONTENT);
}

#[test]
fn a_wrong_pin_is_refused() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let baked = bake(&home);
    let host = home.host(&baked, &[]);
    let (address, _) = host.link.split_once('#').unwrap();
    let link = format!("{address}#sha256={}", "0".repeat(64));
    let sentence = home.failure(&view(&link, &[]), FAILED);
    assert!(sentence.contains("link"), "the sentence says what to do: {sentence}");
}

#[test]
fn a_link_that_is_none_is_a_usage_error() {
    let home = Home::new();
    for link in
        ["pavilion://", "pavilion://host:1", "pavilion://host:99999#sha256=00", "pavilion://h:1#sha256=zz"]
    {
        home.failure(&view(link, &[]), USAGE);
    }
}

#[test]
fn nobody_there_is_said() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let link = format!("pavilion://127.0.0.1:9#sha256={}", "0".repeat(64));
    let sentence = home.failure(&view(&link, &["--timeout-seconds", "3"]), FAILED);
    assert!(sentence.contains("127.0.0.1:9"), "{sentence}");
}

#[test]
fn a_host_that_goes_away_is_said() {
    let home = Home::new();
    if !can_draw(&home) {
        return;
    }
    let baked = bake(&home);
    let mut host = home.host(&baked, &[]);
    let link = host.link.clone();
    let mut arguments = view(&link, &["--timeout-seconds", "6"]);
    arguments[4] = "300";
    let mut viewer = home.command(&arguments).spawn().unwrap();
    // Wherever this hits, in the lobby, mid-stream or in the twin: what is here is shown to the end,
    // what is missing is said.
    std::thread::sleep(Duration::from_millis(600));
    host.child.kill().unwrap();
    let ended = wait_until(Duration::from_secs(60), || viewer.try_wait().unwrap().is_some());
    let _ = viewer.kill();
    assert!(ended, "a visit without a host ends by itself");
    let output = viewer.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!errors.contains("panicked"), "{errors}");
    match output.status.code() {
        Some(0) => {}
        Some(FAILED) => assert!(errors.contains("pavilion: "), "{errors}"),
        other => panic!("{other:?}: {errors}"),
    }
}

#[test]
fn a_port_in_use_is_said() {
    let home = Home::new();
    let baked = bake(&home);
    let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let sentence = home.failure(&["host", text(&baked), "--listen", &address.to_string()], ENVIRONMENT);
    assert!(sentence.contains(&address.port().to_string()), "{sentence}");
}
