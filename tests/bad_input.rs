//! What goes wrong, goes wrong in one sentence, with the right exit code, and leaves nothing behind.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::collections::BTreeMap;
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

/// Every file in `folder` with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.map(|path| (path.file_name().unwrap().into(), fs::read(&path).unwrap())).collect()
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

/// What the program says of a model: its exit code, and the JSON that it prints.
fn inspected(home: &Home, model: &Path) -> (Option<i32>, serde_json::Value) {
    let output = home.run(&["inspect", text(model), "--json"]);
    let json = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{}: {error}: {output:?}", model.display()));
    (output.status.code(), json)
}

#[test]
fn a_refusal_says_what_and_where_to_programs() {
    let home = Home::new();
    let source = home.path("model.gltf");
    let asset = r#""asset":{"version":"2.0"}"#;
    let deep: String = (1..300).map(|i| format!("{{\"children\":[{i}]}},")).collect();
    let cases = [
        (format!(r#"{{{asset},"nodes":[{{"mesh":3}}]}}"#), "malformed", "/nodes/0/mesh"),
        (format!(r#"{{{asset},"x":1e999}}"#), "malformed", "byte 31 of the JSON"),
        (format!(r#"{{{asset},"nodes":[{deep}{{}}]}}"#), "limit", "/nodes/256"),
        (r#"{"asset":{"version":"1.0"}}"#.to_owned(), "unsupported", "/asset"),
    ];
    for (model, code, place) in cases {
        fs::write(&source, model).unwrap();
        let (exit, said) = inspected(&home, &source);
        assert_eq!(exit, Some(CONTENT), "{said}");
        assert_eq!(
            (&said["kind"], &said["code"], &said["place"]),
            (&"refusal".into(), &code.into(), &place.into())
        );
        assert_eq!(said["limit"].as_u64(), (code == "limit").then_some(256), "{said}");
    }
    fs::write(&source, format!("{{{asset}}}")).unwrap();
    let (exit, said) = inspected(&home, &source);
    assert_eq!((exit, said["kind"].as_str()), (Some(0), Some("glTF")), "{said}");
}

#[test]
fn every_model_of_others_is_taken_or_refused_by_the_program() {
    let Some(data) = std::env::var_os("PAVILION_TEST_DATA") else {
        eprintln!("skipped: PAVILION_TEST_DATA does not name the folder with the test inputs");
        return;
    };
    let home = Home::new();
    let mut folders = vec![Path::new(&data).join("corpus"), Path::new(&data).join("twins")];
    let (mut taken, mut refused) = (0, 0);
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "gltf" || extension == "glb") {
                match inspected(&home, &path) {
                    (Some(0), said) if said["kind"] == "glTF" => taken += 1,
                    (Some(CONTENT), said) if said["kind"] == "refusal" => refused += 1,
                    (exit, said) => panic!("{}: {exit:?}, {said}", path.display()),
                }
            }
        }
    }
    println!("{taken} taken, {refused} refused");
    assert!(taken > 100 && refused > 150);
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

#[test]
fn a_bake_that_is_killed_while_it_writes_leaves_a_whole_twin() {
    let home = Home::new();
    let (source, out) = (home.path("twin.gltf"), home.path("baked"));
    twin::write(&source);
    let arguments = |out: &Path, is_quick: bool| {
        let words = ["bake", text(&source), text(out)].into_iter().chain(is_quick.then_some("--quick"));
        words.chain(["--json"]).map(str::to_owned).collect::<Vec<_>>()
    };
    let twins = [false, true].map(|is_quick| {
        let whole = home.path(&format!("whole {is_quick}"));
        home.json(&arguments(&whole, is_quick));
        contents(&whole)
    });
    home.json(&arguments(&out, false));
    let (mut is_quick, mut killed) = (true, 0);
    for round in 0..8_u32 {
        let mut child = home.command(&arguments(&out, is_quick)).spawn().unwrap();
        wait_until(Duration::from_secs(60), || {
            home.path("baked.partial").exists() || child.try_wait().unwrap().is_some()
        });
        // From the first file to the exchange of the folders.
        std::thread::sleep(Duration::from_millis(u64::from(round * round)));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        // Somebody who only reads finds a whole twin where there was one.
        if out.exists() {
            home.json(&["inspect", text(&out), "--json"]);
            assert!(twins.contains(&contents(&out)), "round {round}");
        }
        home.json(&arguments(&out, is_quick));
        assert_eq!(contents(&out), twins[usize::from(is_quick)], "round {round}");
        let names = fs::read_dir(home.folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left = names.filter(|name| name.to_string_lossy().starts_with("baked."));
        assert_eq!(left.collect::<Vec<_>>(), [""; 0], "round {round}");
        is_quick = !is_quick;
    }
    println!("{killed} of 8 were killed before their end");
    assert!(killed > 0);
}
