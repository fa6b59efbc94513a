//! An adb server that plays headsets: it speaks the server's side of adb's protocol on a port of its own.
//!
//! The protocol is AOSP's `SERVICES.TXT` and `shell_service.h`: a request is its length in four hexadecimal digits and
//! a text; the answer is `OKAY` or `FAIL` and a text. What is behind a transport is scripted by the test.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The version that adb 1.0.41 insists on.
const VERSION: &str = "0029";
const STDOUT: u8 = 1;
const EXIT: u8 = 3;

/// What happens when an APK is sent.
#[derive(Clone, Default)]
pub enum Install {
    /// Android takes it.
    #[default]
    Taken,
    /// Android refuses it with these words.
    Refused(&'static str),
    /// The cable is pulled after so many bytes.
    Unplugged(usize),
}

/// What the server shows and what it has heard.
#[derive(Default)]
pub struct Stage {
    /// Serial number, state, facts: as adb lists them.
    pub devices: Vec<(&'static str, &'static str, &'static str)>,
    /// What becomes of an APK.
    pub install: Install,
    /// Whether the app is there to be started.
    pub is_installed: bool,
    /// The lines of the log.
    pub log: &'static str,
    /// The cable is pulled when the log has been sent.
    pub log_unplugs: bool,
    /// Every request, in order.
    pub heard: Vec<String>,
    /// The APK that arrived.
    pub apk: Vec<u8>,
    /// What is said of a file that is pushed, if it is not taken.
    pub refuses_files: Option<&'static str>,
    /// Files that were pushed, by their paths, and that no command has moved.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// A running server. It ends with the process; a test asks no more of it.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    stage: Arc<Mutex<Stage>>,
}

impl Server {
    /// Starts on a free port.
    pub fn start(stage: Stage) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let stage = Arc::new(Mutex::new(stage));
        let shared = Arc::clone(&stage);
        let accept = move || {
            for stream in listener.incoming().flatten() {
                let stage = Arc::clone(&shared);
                let serve = move || {
                    // A client that hangs up is no failure.
                    let _ = serve(stream, &stage);
                };
                std::thread::Builder::new().name("adb client".into()).spawn(serve).expect("a thread");
            }
        };
        std::thread::Builder::new().name("adb server".into()).spawn(accept).expect("a thread");
        Self { address, stage }
    }

    /// The stage, to look at or to change.
    pub fn stage(&self) -> MutexGuard<'_, Stage> {
        lock(&self.stage)
    }
}

fn lock(stage: &Mutex<Stage>) -> MutexGuard<'_, Stage> {
    stage.lock().unwrap_or_else(PoisonError::into_inner)
}

fn request(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = std::str::from_utf8(&length).ok().and_then(|text| usize::from_str_radix(text, 16).ok());
    let mut text = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

fn okay(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    write!(stream, "OKAY{:04x}{text}", text.len())
}

fn fail(stream: &mut TcpStream, text: &str) -> std::io::Result<()> {
    write!(stream, "FAIL{:04x}{text}", text.len())
}

/// One connection: requests of the server until one that is of a device, then that device's service.
fn serve(mut stream: TcpStream, stage: &Mutex<Stage>) -> std::io::Result<()> {
    loop {
        let request = request(&mut stream)?;
        lock(stage).heard.push(request.clone());
        let words: Vec<&str> = request.split(':').collect();
        match words.as_slice() {
            ["host", "version"] => return okay(&mut stream, VERSION),
            ["host", list @ ("devices" | "devices-l")] => {
                let list = listed(&lock(stage).devices, *list == "devices-l");
                return okay(&mut stream, &list);
            }
            ["host" | "host-serial", .., "features"] => return okay(&mut stream, "shell_v2,cmd,stat_v2"),
            ["host-serial", serial, wait] if wait.starts_with("wait-for-") => {
                stream.write_all(b"OKAY")?;
                return match state_of(stage, serial) {
                    Some("device") => stream.write_all(b"OKAY"),
                    // As with a real device: no answer until it comes.
                    _ => stream.read_to_end(&mut Vec::new()).map(drop),
                };
            }
            ["host", "tport", "serial", serial] => {
                let state = state_of(stage, serial);
                match state {
                    Some("device") => {
                        stream.write_all(b"OKAY")?;
                        stream.write_all(&1_u64.to_le_bytes())?;
                    }
                    Some(state) => return fail(&mut stream, &format!("device {state}")),
                    None => return fail(&mut stream, &format!("device '{serial}' not found")),
                }
            }
            ["host", ..] | ["host-serial", ..] => return fail(&mut stream, "unknown host service"),
            _ => return service(&mut stream, &request, stage),
        }
    }
}

fn listed(devices: &[(&str, &str, &str)], has_facts: bool) -> String {
    let line = |(serial, state, facts): &(&str, &str, &str)| match has_facts {
        true => format!("{serial:<22} {state} {facts} transport_id:1\n"),
        false => format!("{serial}\t{state}\n"),
    };
    devices.iter().map(line).collect()
}

fn state_of(stage: &Mutex<Stage>, serial: &str) -> Option<&'static str> {
    lock(stage).devices.iter().find(|device| device.0 == serial).map(|device| device.1)
}

/// What runs on the device.
fn service(stream: &mut TcpStream, request: &str, stage: &Mutex<Stage>) -> std::io::Result<()> {
    if let Some(command) = request.strip_prefix("exec:cmd package ") {
        return install(stream, command, stage);
    }
    if request == "sync:" {
        return sync(stream, stage);
    }
    let Some(command) = request.strip_prefix("shell").and_then(|rest| rest.split_once(':')) else {
        return fail(stream, "unknown service");
    };
    stream.write_all(b"OKAY")?;
    let command = command.1;
    if command.contains("logcat") {
        let log = lock(stage).log;
        packet(stream, STDOUT, log.as_bytes())?;
        if lock(stage).log_unplugs {
            lock(stage).devices.clear();
            return Ok(());
        }
        if !command.contains("-d") {
            // As a log does: nothing more to say, and not over until the reader goes.
            return stream.read_to_end(&mut Vec::new()).map(drop);
        }
    } else if command.contains("am start") {
        let text = match lock(stage).is_installed {
            true => "Stopping: app\nStarting: Intent { cmp=app }\nStatus: ok\nComplete\n",
            false => {
                "Starting: Intent { cmp=app }\nError type 3\nError: Activity class {app} does not exist.\n"
            }
        };
        packet(stream, STDOUT, text.as_bytes())?;
    } else if command.contains("pm path") {
        let text = if lock(stage).is_installed { "package:/data/app/base.apk\n" } else { "" };
        packet(stream, STDOUT, text.as_bytes())?;
    } else if let Some(paths) = command.strip_prefix("mv -f ") {
        let paths: Vec<&str> = paths.trim_matches('\'').split("' '").collect();
        let mut stage = lock(stage);
        let bytes = stage.files.remove(paths[0]).expect("it was pushed");
        stage.files.insert(paths[1].to_owned(), bytes);
    }
    packet(stream, EXIT, &[0])
}

/// The service behind `adb push`, after AOSP's `SYNC.TXT` and `file_sync_protocol.h`: a word, a length, a text.
fn sync(stream: &mut TcpStream, stage: &Mutex<Stage>) -> std::io::Result<()> {
    stream.write_all(b"OKAY")?;
    loop {
        let (word, path) = sync_request(stream)?;
        match &word {
            // Nothing is there: an error number, and no facts.
            b"STA2" | b"LST2" => {
                let mut answer = [0; 72];
                answer[..4].copy_from_slice(&word);
                answer[4..8].copy_from_slice(&2_u32.to_le_bytes());
                stream.write_all(&answer)?;
            }
            b"SEND" => {
                let path = String::from_utf8_lossy(&path).into_owned();
                let path = path.rsplit_once(',').expect("a mode").0.to_owned();
                let mut bytes = Vec::new();
                loop {
                    let mut head = [0; 8];
                    stream.read_exact(&mut head)?;
                    if head.starts_with(b"DONE") {
                        break;
                    }
                    let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]) as usize;
                    let start = bytes.len();
                    bytes.resize(start + length, 0);
                    stream.read_exact(&mut bytes[start..])?;
                }
                if let Some(words) = lock(stage).refuses_files {
                    let length = (words.len() as u32).to_le_bytes();
                    stream.write_all(&[b"FAIL", &length[..], words.as_bytes()].concat())?;
                    continue;
                }
                lock(stage).files.insert(path, bytes);
                stream.write_all(b"OKAY\0\0\0\0")?;
            }
            _ => return Ok(()),
        }
    }
}

fn sync_request(stream: &mut TcpStream) -> std::io::Result<([u8; 4], Vec<u8>)> {
    let (mut word, mut length) = ([0; 4], [0; 4]);
    stream.read_exact(&mut word)?;
    stream.read_exact(&mut length)?;
    let mut text = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut text)?;
    Ok((word, text))
}

/// A packet of the shell protocol.
fn packet(stream: &mut TcpStream, kind: u8, bytes: &[u8]) -> std::io::Result<()> {
    let length = u32::try_from(bytes.len()).expect("it is short");
    stream.write_all(&[&[kind], &length.to_le_bytes()[..], bytes].concat())
}

/// Takes as many bytes as `-S` says and answers as Android does.
fn install(stream: &mut TcpStream, command: &str, stage: &Mutex<Stage>) -> std::io::Result<()> {
    stream.write_all(b"OKAY")?;
    let size = command.split_whitespace().skip_while(|word| *word != "-S").nth(1);
    let size: usize = size.and_then(|size| size.trim_matches('\'').parse().ok()).expect("a size");
    let plan = lock(stage).install.clone();
    let wanted = if let Install::Unplugged(after) = plan { after.min(size) } else { size };
    let mut apk = vec![0; wanted];
    stream.read_exact(&mut apk)?;
    let mut stage = lock(stage);
    stage.apk = apk;
    match plan {
        Install::Taken => {
            stage.is_installed = true;
            stream.write_all(b"Success\n")
        }
        Install::Refused(words) => writeln!(stream, "Failure [{words}]"),
        Install::Unplugged(_) => {
            stage.devices.clear();
            Ok(())
        }
    }
}
