//! A visit frame by frame, for scripts and for whoever looks into why something happened: one JSON line
//! a frame, in a file.
//!
//! A line is written with one call and is whole when it is there, so that a script may read while the
//! visit goes on. Numbers that are none are `null`.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use glam::Vec3;
use serde::ser::{Serialize, SerializeSeq as _, Serializer};

use super::Failure;
use super::toll::{PARTS, Toll};
use crate::cull::{DrawList, Source};
use crate::math::Pose;
use crate::rig::{Button, Hand, HandKind, Person};

/// Three hours at 90 Hz; then the visit goes on without a trace.
const LINES_MAX: u64 = 1_000_000;

/// A line of a person with two hands; the buffer grows to what it needs once.
const LINE_BYTES: usize = 2048;

/// Everything that a line says. Positions are metres in the twin's space.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// Since the program began.
    pub seconds: f64,
    /// How far the headset's session is; `focused` on any other display.
    pub session: &'static str,
    /// `lobby` or `twin`.
    pub place: &'static str,
    /// World from head; none where the frame was not drawn.
    pub head: Option<Pose>,
    /// Whose feet.
    pub person: &'a Person,
    /// Left and right, in the stage's space.
    pub hands: &'a [Hand; 2],
    /// What each hand uses to say what it does, as OpenXR names it; empty where nothing is known.
    pub profiles: [&'static str; 2],
    /// Which prop each hand holds.
    pub holds: [Option<u32>; 2],
    /// Where every prop is, by its number.
    pub props: &'a [Vec3],
    /// Rungs that are given up to hold the display's deadline, and how many times the unseen error is accepted;
    /// none where there is no deadline to hold.
    pub detail: Option<(usize, f32)>,
    /// Whether the menu is open.
    pub is_menu_open: bool,
    /// What can be pressed in it, by what is written on it, and where that is; none while it is closed.
    pub buttons: &'a [(String, Vec3)],
    /// Whose tiles are drawn.
    pub list: &'a DrawList,
    /// What streaming has taken of the frame.
    pub toll: &'a Toll,
    /// Bytes of content that have come over the wire so far.
    pub received_bytes: u64,
    /// Bytes that tiles and images occupy on the GPU.
    pub resident_bytes: u64,
    /// Bytes of the buffers and arrays that they are in.
    pub held_bytes: u64,
}

/// The file, as long as it can be written to.
pub struct Trace {
    file: Option<File>,
    line: Vec<u8>,
    frame: u64,
}

impl Trace {
    /// A new file; an old one of this name is replaced.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, Failure> {
        let file = File::create(path).map_err(|error| {
            let path = path.display();
            Failure::environment(format!("the trace {path} cannot be written ({error}): choose another file"))
        })?;
        Ok(Self { file: Some(file), line: Vec::with_capacity(LINE_BYTES), frame: 0 })
    }

    /// One more line. What goes wrong ends the trace with a warning, not the visit.
    pub fn write(&mut self, moment: &Moment<'_>) {
        let Some(file) = &mut self.file else { return };
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, &Line::of(self.frame, moment))
            .map_err(std::io::Error::from)
            .and_then(|()| {
                self.line.push(b'\n');
                file.write_all(&self.line)
            });
        self.frame += 1;
        if let Err(error) = written {
            tracing::warn!("the trace ends here ({error}): is the disk full?");
            self.file = None;
        } else if self.frame == LINES_MAX {
            tracing::warn!("the trace ends here: it has {LINES_MAX} lines");
            self.file = None;
        }
    }
}

#[derive(serde::Serialize)]
struct Line<'a> {
    frame: u64,
    seconds: f64,
    session: &'a str,
    place: &'a str,
    head: Option<PoseLine>,
    feet: [f32; 3],
    yaw_degrees: f32,
    hands: [HandLine<'a>; 2],
    props: &'a [[f32; 3]],
    governor: Option<GovernorLine>,
    menu_open: bool,
    menu_buttons: Places<'a>,
    tiles: DrawnTiles<'a>,
    streaming: StreamingLine,
    received_bytes: u64,
    resident_bytes: u64,
    held_bytes: u64,
}

/// The numbers of the tiles that are drawn where they stand in the world.
struct DrawnTiles<'a>(&'a DrawList);

impl Serialize for DrawnTiles<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut numbers = serializer.serialize_seq(None)?;
        let mut last = None;
        for draw in &self.0.draws {
            // A tile's draws mostly follow upon each other.
            if let Source::Tile(tile) = draw.source
                && last.replace(tile) != Some(tile)
            {
                numbers.serialize_element(&tile.0)?;
            }
        }
        numbers.end()
    }
}

/// Milliseconds of CPU time by what they were for, and how often the thread waited for that.
#[derive(serde::Serialize)]
struct StreamingLine {
    waits: Option<OfParts<u64>>,
    millis: OfParts<f64>,
}

struct OfParts<T>([T; PARTS.len()]);

impl<T: Serialize> Serialize for OfParts<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(PARTS.iter().map(|(_, name)| name).zip(&self.0))
    }
}

/// How far the governor has gone.
#[derive(serde::Serialize)]
struct GovernorLine {
    step: usize,
    error_scale: f32,
}

/// Places by names.
struct Places<'a>(&'a [(String, Vec3)]);

impl Serialize for Places<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, place)| (name, place.to_array())))
    }
}

/// A place and a turn; `forward` says without arithmetic where it looks.
#[derive(serde::Serialize)]
struct PoseLine {
    position: [f32; 3],
    orientation: [f32; 4],
    forward: [f32; 3],
}

#[derive(serde::Serialize)]
struct HandLine<'a> {
    kind: &'a str,
    profile: &'a str,
    palm: Option<PoseLine>,
    aim: Option<PoseLine>,
    tip: Option<[f32; 3]>,
    stick: [f32; 2],
    down: Buttons<'a>,
    pressed: Buttons<'a>,
    released: Buttons<'a>,
    holds: Option<u32>,
}

impl<'a> Line<'a> {
    fn of(frame: u64, moment: &Moment<'a>) -> Self {
        let stage = moment.person.stage();
        let pose = |pose: Pose| PoseLine::of(pose.in_parent(stage));
        let [left, right] = [0, 1].map(|side| {
            let hand = &moment.hands[side];
            HandLine {
                kind: match hand.kind {
                    HandKind::Absent => "absent",
                    HandKind::Controller => "controller",
                    HandKind::Bare => "bare",
                },
                profile: moment.profiles[side],
                palm: hand.palm.map(pose),
                aim: hand.aim.map(pose),
                tip: hand.tip.map(|tip| (stage.position + stage.orientation * tip).to_array()),
                stick: hand.stick.to_array(),
                down: Buttons { hand, has: |button| button.is_down },
                pressed: Buttons { hand, has: |button| button.is_pressed },
                released: Buttons { hand, has: |button| button.is_released },
                holds: moment.holds[side],
            }
        });
        Self {
            frame,
            seconds: moment.seconds,
            session: moment.session,
            place: moment.place,
            head: moment.head.map(PoseLine::of),
            feet: moment.person.feet.to_array(),
            yaw_degrees: moment.person.yaw_radians.to_degrees(),
            hands: [left, right],
            props: bytemuck::cast_slice(moment.props),
            governor: moment.detail.map(|(step, error_scale)| GovernorLine { step, error_scale }),
            menu_open: moment.is_menu_open,
            menu_buttons: Places(moment.buttons),
            tiles: DrawnTiles(moment.list),
            streaming: StreamingLine {
                waits: moment.toll.waits().map(OfParts),
                millis: OfParts(moment.toll.parts_millis()),
            },
            received_bytes: moment.received_bytes,
            resident_bytes: moment.resident_bytes,
            held_bytes: moment.held_bytes,
        }
    }
}

impl PoseLine {
    fn of(pose: Pose) -> Self {
        Self {
            position: pose.position.to_array(),
            orientation: pose.orientation.to_array(),
            forward: pose.forward().to_array(),
        }
    }
}

/// The names of a hand's buttons of which something holds.
struct Buttons<'a> {
    hand: &'a Hand,
    has: fn(&Button) -> bool,
}

impl Serialize for Buttons<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Hand { select, grab, menu, .. } = self.hand;
        let mut names = serializer.serialize_seq(None)?;
        for (name, button) in [("select", select), ("grab", grab), ("menu", menu)] {
            if (self.has)(button) {
                names.serialize_element(name)?;
            }
        }
        names.end()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use glam::{Vec2, Vec3};
    use serde_json::{Value, json};
    use std::f32::consts::FRAC_PI_2;

    #[test]
    fn a_line_says_in_the_world_what_happened_and_is_whole_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let mut trace = Trace::create(&path).unwrap();
        let person = Person::at(Pose::standing(Vec3::new(1.0, 0.0, 2.0), FRAC_PI_2, 0.0));
        let ahead = Pose { position: Vec3::new(0.0, 1.0, -1.0), ..Pose::IDENTITY };
        let select = Button { is_down: true, is_pressed: true, is_released: false };
        let broken = Some(Vec3::NAN);
        let hand = Hand { kind: HandKind::Bare, palm: Some(ahead), tip: broken, select, ..Hand::default() };
        let grab = Button { is_down: false, is_pressed: false, is_released: true };
        let other = Hand { kind: HandKind::Controller, grab, stick: Vec2::Y, ..Hand::default() };
        let moment = Moment {
            seconds: 1.5,
            session: "focused",
            place: "twin",
            head: Some(Pose::IDENTITY),
            person: &person,
            hands: &[hand, other],
            profiles: ["ext/hand_interaction_ext", ""],
            holds: [None, Some(7)],
            props: &[Vec3::ZERO, Vec3::new(0.5, 1.0, -2.0)],
            detail: Some((2, 1.5)),
            is_menu_open: true,
            buttons: &[("Leave".to_owned(), Vec3::new(1.0, 2.0, f32::NAN))],
            list: &DrawList::default(),
            toll: &Toll::new(true),
            received_bytes: 5,
            resident_bytes: 6,
            held_bytes: 7,
        };
        trace.write(&moment);
        trace.write(&Moment { head: None, ..moment });
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n'), "the file is complete while the trace goes on");
        let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.iter().map(|line| line["frame"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1]);
        let [left, right] = [&lines[0]["hands"][0], &lines[0]["hands"][1]];
        // Turned left by 90° at (1, 0, 2): a metre ahead is at x = 0.
        let x = left["palm"]["position"][0].as_f64().unwrap();
        assert!(x.abs() < 1e-6, "{left}");
        assert_eq!(left["tip"], json!([null, null, null]));
        assert_eq!((&left["down"], &left["pressed"]), (&json!(["select"]), &json!(["select"])));
        assert_eq!((&right["released"], &right["down"]), (&json!(["grab"]), &json!([])));
        assert_eq!((&right["kind"], &right["holds"]), (&json!("controller"), &json!(7)));
        assert!((lines[0]["yaw_degrees"].as_f64().unwrap() - 90.0).abs() < 1e-4);
        assert_eq!(lines[0]["menu_buttons"], json!({"Leave": [1.0, 2.0, null]}));
        assert_eq!(lines[0]["props"], json!([[0.0, 0.0, 0.0], [0.5, 1.0, -2.0]]));
        assert_eq!(lines[0]["governor"], json!({"step": 2, "error_scale": 1.5}));
        assert_eq!(
            (&lines[0]["tiles"], &lines[0]["streaming"]["millis"]["upload"]),
            (&json!([]), &json!(0.0))
        );
        assert_eq!(lines[1]["head"], Value::Null);
    }

    #[test]
    fn a_folder_that_is_not_there_is_one_sentence() {
        let failure = Trace::create(Path::new("/nowhere/trace.jsonl")).err().unwrap();
        assert!(failure.sentence.contains("choose another file"), "{}", failure.sentence);
    }
}
