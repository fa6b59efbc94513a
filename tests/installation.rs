//! The host as a venue runs it: by a file of settings, watched by others, and ended by the system.

#![cfg(all(feature = "viewer", feature = "host"))]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod program;
mod twin;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Child;
use std::time::Duration;

use pavilion::net::{Cause, Connection, Event, Identity, Me, Opening};
use pavilion::protocol::{CloseCause, Name};
use program::{Home, has_program, wait_until};
use serde_json::Value;

fn baked(home: &Home) -> PathBuf {
    let (source, baked) = (home.path("twin.gltf"), home.path("baked"));
    twin::write(&source);
    home.json(&["bake", source.to_str().unwrap(), baked.to_str().unwrap(), "--quick", "--json"]);
    baked
}

/// A host and the JSON that it prints; it ends with the test.
struct Host {
    child: Child,
    facts: Value,
}

impl Host {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut child = home.command(&[&["host"], arguments].concat()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let facts = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Self { child, facts }
    }

    /// The body of what is at the path of one of its addresses.
    fn get(&self, which: &str, path: &str) -> String {
        let url = self.facts[which].as_str().unwrap();
        let (place, own) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let path = if path.is_empty() { own } else { path };
        let mut stream = TcpStream::connect(place).unwrap();
        write!(stream, "GET /{path} HTTP/1.1\r\nHost: venue\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = Vec::new();
        stream.read_to_end(&mut text).unwrap();
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.starts_with("HTTP/1.1 200 OK\r\n"), "{text:.200}");
        text.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_host_runs_by_its_file_and_tells_others_what_it_does() {
    let home = Home::new();
    baked(&home);
    let settings = home.path("host.toml");
    fs::write(
        &settings,
        "folder = \"baked\"\nlisten = \"127.0.0.1:0\"\njson = true\nhttp = \"127.0.0.1:0\"\n\
         metrics = \"127.0.0.1:0\"\nvisitors_max = 5\n",
    )
    .unwrap();
    let host = Host::start(&home, &["--config", settings.to_str().unwrap()]);
    let tileset: Value = serde_json::from_str(&host.get("http", "")).unwrap();
    assert_eq!(tileset["asset"]["version"], "1.1");
    assert_eq!(host.get("metrics", "healthz"), "ok\n");
    let metrics = host.get("metrics", "");
    assert!(metrics.contains("\npavilion_visitors_max 5\n"), "{metrics}");
    assert!(metrics.contains("\npavilion_sent_bytes_total 0\n"), "{metrics}");
    let fetched = home.json(&["fetch", host.facts["link"].as_str().unwrap(), "--json"]);
    let metrics = host.get("metrics", "");
    let sent = format!("\npavilion_blobs_sent_total {}\n", fetched["blobs"]);
    assert!(metrics.contains(&sent), "{fetched}\n{metrics}");
}

#[test]
#[cfg(unix)]
fn a_host_that_the_system_ends_says_goodbye_and_ends_well() {
    let home = Home::new();
    let baked = baked(&home);
    let words = [baked.to_str().unwrap(), "--listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--json"];
    let mut host = Host::start(&home, &words);
    // Somebody is there, who wants nothing at the moment.
    let me = Me { name: Name::new("Ada"), identity: Identity::generate().unwrap() };
    let mut visit =
        Connection::open(host.facts["link"].as_str().unwrap().parse().unwrap(), me, Opening::Nothing)
            .unwrap();
    assert!(matches!(visit.wait(), Some(Event::Connected { .. })));
    let pid = host.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    let mut status = None;
    let ends = || {
        status = host.child.try_wait().unwrap();
        status.is_some()
    };
    assert!(wait_until(Duration::from_secs(10), ends), "it goes on");
    assert_eq!(status.unwrap().code(), Some(0));
    let goodbye = std::iter::from_fn(|| visit.wait()).find_map(|event| match event {
        Event::Lost { cause, .. } => Some(cause),
        _ => None,
    });
    assert!(matches!(goodbye, Some(Cause::Closed(CloseCause::HostStopping))), "{goodbye:?}");
}

#[test]
fn a_plan_is_a_model_of_the_twin_that_is_there() {
    let home = Home::new();
    let baked = baked(&home);
    let folder = baked.to_str().unwrap();
    let plan = home.json(&["host", folder, "--plan", "30", "--mbps", "200", "--json"]);
    let number = |plan: &Value, which: &str, what: &str| plan[which][what].as_f64().unwrap();
    assert!(plan["model"].is_string(), "{plan}");
    let [cold, warm] = ["cold", "warm"].map(|which| number(&plan, which, "everything_seconds"));
    assert!(cold > warm && warm > 0.0, "{plan}");
    assert!(number(&plan, "cold", "first_view_seconds") <= cold, "{plan}");
    // Its bytes are those that a headset fetches.
    let host = home.host(&baked, &[]);
    let view = home.json(&["fetch", &host.link, "--first-view", "--json"]);
    assert_eq!(plan["first_view_bytes"], view["bytes_received"], "{plan} {view}");
    let rest = home.json(&["fetch", &host.link, "--json"]);
    let all = rest["bytes_received"].as_u64().unwrap() + rest["bytes_from_cache"].as_u64().unwrap();
    assert_eq!(plan["everything_bytes"].as_u64(), Some(all), "{plan} {rest}");
    let text = home.run(&["host", folder, "--plan", "30", "--mbps", "200"]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("a model"));
    home.failure(&["host", folder, "--plan", "5000", "--mbps", "10"], 1);
}

#[test]
fn settings_that_make_no_sense_are_one_sentence() {
    let home = Home::new();
    let printed = home.run(&["host", "--print-config"]);
    let settings = home.path("host.toml");
    fs::write(&settings, &printed.stdout).unwrap();
    let file = settings.to_str().unwrap();
    let sentence = home.failure(&["host", "--config", file], 2);
    assert!(sentence.contains("no twin is named"), "the printed file is taken: {sentence}");
    fs::write(&settings, "# mine\n\nvisitor_limit = 3\n").unwrap();
    let sentence = home.failure(&["host", "--config", file], 2);
    assert!(sentence.contains("line 3") && sentence.contains("`visitor_limit`"), "{sentence}");
    assert!(home.failure(&["host", "--config", home.path("none").to_str().unwrap()], 1).contains("none"));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let baked = baked(&home);
    let words = ["host", baked.to_str().unwrap(), "--listen", "127.0.0.1:0", "--http", &address];
    let sentence = home.failure(&words, 3);
    assert!(sentence.contains(&address) && sentence.contains("--http"), "{sentence}");
}

#[test]
fn the_unit_for_systemd_is_one_and_runs_with_hardly_a_right() {
    if !has_program("systemd-analyze") {
        return;
    }
    let home = Home::new();
    let unit = include_str!("../assets/pavilion-host.service");
    // What is installed there is what was built here.
    let unit = unit.replace("/usr/local/bin/pavilion", env!("CARGO_BIN_EXE_pavilion"));
    let path = home.path("pavilion-host.service");
    fs::write(&path, unit).unwrap();
    let analyze = |arguments: &[&str]| {
        let output =
            std::process::Command::new("systemd-analyze").args(arguments).arg(&path).output().unwrap();
        let said =
            [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat();
        assert!(output.status.success(), "{said}");
        said
    };
    assert_eq!(analyze(&["verify"]), "", "systemd has something to say");
    // Exposure from 0 to 10; a service that nothing is said of has 9.6.
    let said = analyze(&["security", "--offline=yes", "--threshold=20", "--no-pager"]);
    println!("{}", said.lines().last().unwrap_or_default());
}
