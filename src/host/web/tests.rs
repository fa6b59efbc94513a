//! Over real sockets, by requests that are written out.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::metrics::Metrics;
use super::server::{RunningWeb, WebOptions};
use super::site::Site;
use crate::host::room::RoomStats;
use crate::host::serve::{Pulse, ServeStats};
use crate::protocol::ContentHash;
use crate::tests::twin::Twin;

const TILESET: &[u8] = b"{\"asset\":{\"version\":\"1.1\"}}\n";

struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

fn options() -> WebOptions {
    WebOptions {
        head: Duration::from_millis(400),
        idle: Duration::from_millis(400),
        ..WebOptions::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

fn site(blob_bytes: u64, options: WebOptions) -> (TempDir, Twin, RunningWeb) {
    let folder = TempDir::new().unwrap();
    let twin = Twin::of_equal_blobs(7, 4, blob_bytes);
    twin.write(folder.path());
    std::fs::write(folder.path().join("tileset.json"), TILESET).unwrap();
    std::fs::write(folder.path().join("secret.txt"), b"secret").unwrap();
    let web = RunningWeb::start("web", options, Site::open(folder.path()).unwrap()).unwrap();
    (folder, twin, web)
}

fn connect(web: &RunningWeb) -> TcpStream {
    let stream = TcpStream::connect(web.local_addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// One request on a connection of its own, and all that comes back.
fn ask(web: &RunningWeb, method: &str, path: &str, headers: &[&str]) -> Reply {
    let mut stream = connect(web);
    let headers: String = headers.iter().map(|header| format!("{header}\r\n")).collect();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: venue\r\nConnection: close\r\n{headers}\r\n").unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let mut lines = head.lines();
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers = lines.map(|line| line.split_once(": ").unwrap());
    let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    Reply { status, headers, body: bytes[end + 4..].to_vec() }
}

#[test]
fn the_twin_is_there_with_its_kinds_and_for_as_long_as_it_is_the_same() {
    let (_folder, twin, web) = site(200_000, options());
    let reply = ask(&web, "GET", "/tileset.json?v=3", &[]);
    assert_eq!((reply.status, reply.body.as_slice()), (200, TILESET));
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(reply.header("cache-control"), "no-cache");
    assert_eq!(reply.header("etag"), format!("\"{}\"", ContentHash::of(TILESET)));
    for (hash, bytes) in &twin.blobs {
        let path = format!("/{hash}.glb");
        let reply = ask(&web, "GET", &path, &["Origin: https://elsewhere.example"]);
        assert_eq!(reply.status, 200);
        assert!(reply.body == *bytes, "other bytes came");
        assert_eq!(reply.header("content-type"), "model/gltf-binary");
        assert_eq!(reply.header("cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("accept-ranges"), "bytes");
        let head = ask(&web, "HEAD", &path, &[]);
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), bytes.len().to_string());
        let etag = format!("\"{hash}\"");
        assert_eq!(head.header("etag"), etag);
        for tags in [etag.clone(), format!("W/{etag}"), format!("\"x\", {etag}"), "*".to_owned()] {
            let known = ask(&web, "GET", &path, &[&format!("If-None-Match: {tags}")]);
            assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, etag.as_str()));
            assert_eq!(known.header("access-control-allow-origin"), "*");
        }
        assert_eq!(ask(&web, "GET", &path, &["If-None-Match: \"x\""]).status, 200);
    }
}

#[test]
fn parts_are_sent_and_parts_that_are_not_there_are_refused() {
    let (_folder, twin, web) = site(100_000, options());
    let (hash, bytes) = twin.blobs.iter().next().unwrap();
    let path = format!("/{hash}.glb");
    for (range, part) in [
        ("0-0", 0..1),
        ("70000-99999", 70_000..100_000),
        ("99990-", 99_990..100_000),
        ("-7", 99_993..100_000),
    ] {
        let reply = ask(&web, "GET", &path, &[&format!("Range: bytes={range}")]);
        assert_eq!(reply.status, 206, "{range}");
        assert_eq!(reply.header("content-range"), format!("bytes {}-{}/100000", part.start, part.end - 1));
        assert!(reply.body == bytes[part], "{range}: other bytes came");
    }
    let beyond = ask(&web, "GET", &path, &["Range: bytes=100000-"]);
    assert_eq!((beyond.status, beyond.header("content-range")), (416, "bytes */100000"));
    assert_eq!((beyond.body.len(), beyond.header("access-control-allow-origin")), (0, "*"));
    let table = ask(&web, "GET", "/tileset.json", &["Range: bytes=1-7"]);
    assert_eq!((table.status, table.body.as_slice()), (206, &TILESET[1..8]));
    // Only whoever has the rest of the same bytes is sent a part.
    let same = ask(&web, "GET", &path, &["Range: bytes=0-9", &format!("If-Range: \"{hash}\"")]);
    let other = ask(&web, "GET", &path, &["Range: bytes=0-9", "If-Range: \"other\""]);
    assert_eq!((same.status, other.status, other.body.len()), (206, 200, 100_000));
}

#[test]
fn nothing_else_is_there_and_nothing_is_changed() {
    let (_folder, twin, web) = site(1000, options());
    let hash = twin.blobs.keys().next().unwrap();
    for path in [
        "/",
        "/secret.txt",
        "/manifest.pavilion",
        "/../secret.txt",
        "/..%2f..%2fetc/passwd",
        "//etc/passwd",
        "/%2e%2e/secret.txt",
        "/./tileset.json",
        &format!("/{hash}"),
        &format!("/{hash}.png"),
        &format!("/x/../{hash}.glb"),
        "/prototype-0.json",
        "/metrics",
    ] {
        let reply = ask(&web, "GET", path, &[]);
        assert_eq!(reply.status, 404, "{path}");
        assert!(!reply.body.windows(6).any(|six| six == b"secret"), "{path}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let reply = ask(&web, method, "/tileset.json", &["Content-Length: 0"]);
        assert_eq!((reply.status, reply.header("allow")), (405, "GET, HEAD"), "{method}");
    }
    assert_eq!(ask(&web, "GET", "/tileset.json", &[]).status, 200, "it still serves");
}

/// Until the other side has closed the connection: how long that took.
fn closed_after(mut stream: TcpStream) -> Duration {
    let start = Instant::now();
    let mut buffer = [0; 4096];
    // A reset is an end as well.
    while stream.read(&mut buffer).is_ok_and(|count| count > 0) {}
    start.elapsed()
}

#[test]
fn whoever_is_slow_holds_nothing_for_long() {
    let (_folder, _twin, web) = site(1000, options());
    let silent = connect(&web);
    assert!(closed_after(silent) < Duration::from_secs(3), "it said nothing");
    // Slow-loris: a header a little before each time-out, never the last.
    let mut loris = connect(&web);
    loris.write_all(b"GET /tileset.json HTTP/1.1\r\n").unwrap();
    let start = Instant::now();
    while loris.write_all(b"X-A: b\r\n").is_ok() && start.elapsed() < Duration::from_secs(8) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    // A head without an end.
    let mut endless = connect(&web);
    let start = Instant::now();
    let _ = endless.write_all(b"GET / HTTP/1.1\r\nX: ");
    while endless.write_all(&[b'a'; 4096]).is_ok() && start.elapsed() < Duration::from_secs(8) {}
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    assert_eq!(ask(&web, "GET", "/tileset.json", &[]).status, 200);
}

#[test]
fn whoever_takes_nothing_of_an_answer_is_let_go_and_its_place_is_free() {
    let (_folder, twin, web) = site(20 << 20, WebOptions { connections_max: 2, ..options() });
    let path = format!("/{}.glb", twin.blobs.keys().next().unwrap());
    let greedy: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut stream = connect(&web);
            write!(stream, "GET {path} HTTP/1.1\r\nHost: venue\r\n\r\n").unwrap();
            stream
        })
        .collect();
    std::thread::sleep(Duration::from_millis(100));
    // Both places are taken: this one waits until they are let go, and is then answered.
    let start = Instant::now();
    assert_eq!(ask(&web, "GET", "/tileset.json", &[]).status, 200);
    let waited = start.elapsed();
    assert!((Duration::from_millis(200)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
    drop(greedy);
}

#[test]
fn an_answer_under_way_is_sent_to_its_end_when_the_host_stops() {
    let (_folder, twin, web) = site(4 << 20, WebOptions { idle: Duration::from_secs(5), ..options() });
    let (hash, bytes) = twin.blobs.iter().next().unwrap();
    let mut stream = connect(&web);
    write!(stream, "GET /{hash}.glb HTTP/1.1\r\nHost: venue\r\n\r\n").unwrap();
    let mut first = [0; 1];
    stream.read_exact(&mut first).unwrap();
    let address = web.local_addr();
    let stopping = std::thread::Builder::new().spawn(move || drop(web)).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(rest.ends_with(bytes), "it was cut off");
    stopping.join().unwrap();
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[test]
fn a_slash_too_many_is_none() {
    let (_folder, twin, web) = site(1_000, options());
    let name = twin.blobs.keys().next().unwrap();
    for path in ["//tileset.json".to_owned(), format!("//{name}.glb")] {
        assert_eq!(ask(&web, "GET", &path, &[]).status, 200, "{path}");
    }
    assert_eq!(ask(&web, "GET", "//secret.txt", &[]).status, 404);
}

#[test]
fn a_twin_that_goes_away_is_no_crash() {
    let (folder, twin, web) = site(300_000, options());
    let names: Vec<_> = twin.blobs.keys().map(|hash| format!("{hash}.glb")).collect();
    std::fs::remove_file(folder.path().join(&names[0])).unwrap();
    assert_eq!(ask(&web, "GET", &format!("/{}", names[0]), &[]).status, 500);
    std::fs::write(folder.path().join(&names[1]), b"short").unwrap();
    assert_eq!(ask(&web, "GET", &format!("/{}", names[1]), &[]).status, 500);
    assert_eq!(ask(&web, "GET", &format!("/{}", names[2]), &[]).status, 200);
}

#[test]
fn a_twin_that_is_baked_again_is_shown_as_a_whole_or_not_at_all() {
    let folder = TempDir::new().unwrap();
    let show = |seed: u64| {
        let twin = Twin::of_equal_blobs(seed, 4, 1000);
        twin.write(folder.path());
        std::fs::write(folder.path().join("tileset.json"), format!("{{\"seed\":{seed}}}")).unwrap();
        format!("/{}.glb", twin.blobs.keys().next().unwrap())
    };
    let old = show(1);
    let site = Arc::new(Site::open(folder.path()).unwrap());
    let web = RunningWeb::start("web", options(), site.clone()).unwrap();
    let etag = ask(&web, "GET", "/tileset.json", &[]).header("etag").to_owned();
    let new = show(2);
    assert_eq!(ask(&web, "GET", &new, &[]).status, 404);
    site.reload().unwrap();
    assert_eq!([&old, &new].map(|path| ask(&web, "GET", path, &[]).status), [404, 200]);
    let again = ask(&web, "GET", "/tileset.json", &[&format!("If-None-Match: {etag}")]);
    assert_eq!((again.status, again.body.as_slice()), (200, &b"{\"seed\":2}"[..]));
    std::fs::write(folder.path().join("manifest.pavilion"), b"PVLN").unwrap();
    assert!(site.reload().is_err());
    assert_eq!(ask(&web, "GET", &new, &[]).status, 200, "what was shown is shown on");
}

#[test]
fn a_port_that_is_taken_is_said() {
    let (_folder, _twin, web) = site(10, options());
    let metrics = Metrics::new(pulse, 1);
    let taken = WebOptions { bind: web.local_addr(), ..options() };
    let error = RunningWeb::start("web", taken, metrics).err().unwrap().to_string();
    assert!(error.contains(&web.local_addr().to_string()) && error.contains("choose another"), "{error}");
}

fn pulse() -> Pulse {
    let room = RoomStats { poses_taken: 11, poses_dropped: 12, datagrams_sent: u64::MAX };
    let stats = ServeStats {
        visitors: 3,
        turned_away: 4,
        retries: 7,
        early: 8,
        blobs_sent: 5,
        bytes_sent: 6_000_000_000,
        room,
    };
    Pulse { stats, is_serving: true }
}

/// A sample of the text format: its name and value. After the grammar in "Exposition formats" of Prometheus' docs,
/// text format 0.0.4.
fn sample(line: &str) -> (&str, f64) {
    let is_first = |letter: char| letter.is_ascii_alphabetic() || letter == '_' || letter == ':';
    let end = line.find(|letter: char| !(is_first(letter) || letter.is_ascii_digit())).expect("a blank");
    let (name, rest) = line.split_at(end);
    assert!(name.starts_with(is_first), "{line}");
    let value = rest.strip_prefix(' ').unwrap_or_else(|| panic!("labels are not expected: {line}"));
    (name, value.parse().unwrap_or_else(|error| panic!("{error}: {line}")))
}

#[test]
fn the_numbers_are_there_in_the_form_that_prometheus_reads() {
    let web = RunningWeb::start("web", options(), Metrics::new(pulse, 256)).unwrap();
    let health = ask(&web, "GET", "/healthz", &[]);
    assert_eq!((health.status, health.body.as_slice()), (200, &b"ok\n"[..]));
    let reply = ask(&web, "GET", "/metrics", &[]);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.ends_with('\n') && !text.contains('\r'));
    let (mut kinds, mut values) = (BTreeMap::new(), BTreeMap::new());
    let (mut helped, mut last) = (Vec::new(), String::new());
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            helped.push(help.split_once(' ').expect("a text").0.to_owned());
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            assert!(["counter", "gauge"].contains(&kind), "{line}");
            assert!(kinds.insert(name.to_owned(), kind.to_owned()).is_none(), "{name} has two types");
            last = name.to_owned();
        } else {
            let (name, value) = sample(line);
            assert_eq!(name, last, "a sample stands below its own type");
            assert_eq!(kinds[name] == "counter", name.ends_with("_total"), "{name}");
            assert!(values.insert(name.to_owned(), value).is_none(), "{name} has two values");
        }
    }
    helped.sort();
    assert_eq!(helped, values.keys().cloned().collect::<Vec<_>>());
    let value = |name: &str| values[&format!("pavilion_{name}")];
    assert_eq!([value("visitors"), value("visitors_max"), value("turned_away_total")], [3.0, 256.0, 4.0]);
    assert_eq!(
        [value("blobs_sent_total"), value("sent_bytes_total"), value("retries_total"), value("early_total")],
        [5.0, 6e9, 7.0, 8.0]
    );
    assert_eq!([value("poses_taken_total"), value("poses_dropped_total")], [11.0, 12.0]);
    assert_eq!(value("pose_datagrams_total"), u64::MAX as f64);
    assert_eq!(ask(&web, "GET", "/", &[]).status, 404);
    assert_eq!(ask(&web, "POST", "/metrics", &["Content-Length: 0"]).status, 405);
    let faint = || Pulse { is_serving: false, ..pulse() };
    let faint = RunningWeb::start("web", options(), Metrics::new(faint, 256)).unwrap();
    assert_eq!(ask(&faint, "GET", "/healthz", &[]).status, 503);
    let head = ask(&web, "HEAD", "/metrics", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
}
