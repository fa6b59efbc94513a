//! The devices that `adb devices -l` lists, and which of them is meant.

use std::fmt;

use serde::{Serialize, Serializer};

use super::adb::Fault;

/// One device.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Device {
    /// By which adb knows it.
    pub serial: String,
    /// Whether it can be used.
    pub state: State,
    /// What it is, if it has said so.
    pub model: Option<String>,
}

/// What adb says of a device.
#[derive(Clone, Debug, PartialEq)]
pub enum State {
    /// It can be used.
    Ready,
    /// It has not accepted this computer.
    Unauthorized,
    /// It does not answer.
    Offline,
    /// The system keeps it from us.
    NoPermissions,
    /// Anything else: recovery, sideload, bootloader.
    Other(String),
}

impl fmt::Display for State {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Ready => "ready",
            Self::Unauthorized => "unauthorized",
            Self::Offline => "offline",
            Self::NoPermissions => "no permissions",
            Self::Other(state) => state,
        })
    }
}

impl Serialize for State {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Device {
    /// What keeps it from being used.
    pub fn fault(&self) -> Option<Fault> {
        let serial = self.serial.clone();
        match &self.state {
            State::Ready => None,
            State::Unauthorized => Some(Fault::Unauthorized(serial)),
            State::Offline => Some(Fault::Offline(serial)),
            State::NoPermissions => Some(Fault::NoPermissions(serial)),
            State::Other(mode) => Some(Fault::WrongMode(serial, mode.clone())),
        }
    }
}

/// Reads `adb devices -l`: serial, state, `name:value` facts.
pub fn parse(text: &str) -> Vec<Device> {
    text.lines().filter_map(parse_line).collect()
}

fn parse_line(line: &str) -> Option<Device> {
    // The server's own news begin with a star, the heading ends with a colon.
    if line.starts_with('*') || line.starts_with("List of devices") {
        return None;
    }
    let (serial, rest) = line.trim_end().split_once([' ', '\t'])?;
    let rest = rest.trim_start();
    let state = match rest.split_whitespace().next()? {
        "device" => State::Ready,
        "unauthorized" | "authorizing" => State::Unauthorized,
        "offline" | "connecting" => State::Offline,
        "no" if rest.starts_with("no permissions") => State::NoPermissions,
        other => State::Other(other.to_owned()),
    };
    let model = rest.split_whitespace().find_map(|fact| fact.strip_prefix("model:"));
    Some(Device { serial: serial.to_owned(), state, model: model.map(|model| model.replace('_', " ")) })
}

/// The device with this serial or, without one, the only device that is ready.
pub fn choose(devices: Vec<Device>, serial: Option<&str>) -> Result<Device, Fault> {
    if devices.is_empty() {
        return Err(Fault::NoDevice);
    }
    if let Some(serial) = serial {
        let found = devices.iter().find(|device| device.serial == serial);
        let device = found.cloned().ok_or_else(|| Fault::NotThere(serial.to_owned(), devices))?;
        return device.fault().map_or(Ok(device), Err);
    }
    let ready: Vec<&Device> = devices.iter().filter(|device| device.state == State::Ready).collect();
    match (ready.as_slice(), devices.as_slice()) {
        ([only], _) => Ok((*only).clone()),
        ([], [only]) => only.fault().map_or(Err(Fault::NoDevice), Err),
        _ => Err(Fault::Several(devices)),
    }
}

/// The devices in words: `2 devices are connected (A, Quest 2; B, offline)`.
pub fn list(devices: &[Device]) -> String {
    let words = |device: &Device| match (&device.state, &device.model) {
        (State::Ready, Some(model)) => format!("{}, {model}", device.serial),
        (State::Ready, None) => device.serial.clone(),
        (state, _) => format!("{}, {state}", device.serial),
    };
    let words: Vec<_> = devices.iter().map(words).collect();
    let number =
        if devices.len() == 1 { "1 device is".into() } else { format!("{} devices are", devices.len()) };
    format!("{number} connected ({})", words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTED: &str = "\
* daemon not running; starting now at tcp:5037
List of devices attached
1WMHH000X00000         device usb:1-1 product:hollywood model:Quest_2 device:hollywood transport_id:1
2G0YC000000000         unauthorized usb:1-2 transport_id:2
192.168.1.20:5555      offline
emulator-5554          device
0123456789ABCDEF       no permissions (missing udev rules? user is in the plugdev group); see [http://x]
3487C10H3M02Q5         recovery usb:1-3

";

    #[test]
    fn the_list_is_read_with_every_state() {
        let devices = parse(LISTED);
        let states: Vec<_> = devices.iter().map(|device| device.state.to_string()).collect();
        assert_eq!(states, ["ready", "unauthorized", "offline", "ready", "no permissions", "recovery"]);
        assert_eq!(
            (devices[0].serial.as_str(), devices[0].model.as_deref()),
            ("1WMHH000X00000", Some("Quest 2"))
        );
        assert_eq!(devices[3].model, None);
        assert!(parse("List of devices attached\n\n").is_empty());
    }

    #[test]
    fn one_ready_device_is_meant_and_of_several_none() {
        let devices = parse(LISTED);
        let chosen = |serial| choose(devices.clone(), serial);
        assert_eq!(chosen(Some("1WMHH000X00000")).expect("it is ready").model.as_deref(), Some("Quest 2"));
        assert_eq!(chosen(Some("2G0YC000000000")), Err(Fault::Unauthorized("2G0YC000000000".into())));
        assert!(matches!(chosen(Some("0123456789ABCDEF")), Err(Fault::NoPermissions(_))));
        assert!(
            matches!(chosen(Some("3487C10H3M02Q5")), Err(Fault::WrongMode(_, mode)) if mode == "recovery")
        );
        assert!(matches!(chosen(Some("other")), Err(Fault::NotThere(..))));
        assert!(matches!(chosen(None), Err(Fault::Several(all)) if all.len() == 6));
        assert_eq!(choose(Vec::new(), None), Err(Fault::NoDevice));
        // A phone that is plugged in without having accepted is in nobody's way.
        assert_eq!(choose(devices[..3].to_vec(), None).expect("one is ready").serial, "1WMHH000X00000");
        assert_eq!(choose(devices[2..3].to_vec(), None), Err(Fault::Offline("192.168.1.20:5555".into())));
    }

    #[test]
    fn several_devices_are_named_in_the_sentence() {
        let fault = Fault::Several(parse(LISTED)[..3].to_vec()).to_string();
        assert_eq!(
            fault,
            "3 devices are connected (1WMHH000X00000, Quest 2; 2G0YC000000000, unauthorized; \
             192.168.1.20:5555, offline): name one with --device SERIAL"
        );
    }
}
