//! Pointing at surfaces with a ray and touching them with a fingertip.
//!
//! In: the hands and the surfaces, once a frame. Out: what happens to the surfaces, which hands they
//! keep busy, and what to show and to feel. One hand drives at a time: the one that pressed last.
//! Architecture invariant: it knows no widgets; whether a press is a click is for them to say.

mod surface;

pub use surface::{Hit, Surface, SurfaceId};

use glam::{Vec2, Vec3};

use super::{Button, Hand};
use crate::math::Pose;

/// Rays are no longer than this, metres: a panel further away is read, not operated.
const RAY_METRES: f32 = 5.0;

/// A tip so near before a surface is about to touch it, and the hand's ray rests.
const NEAR_METRES: f32 = 0.10;

/// Beside its edge a surface is still being approached, but not touched.
const MARGIN_METRES: f32 = 0.02;

/// A tip that has touched lets go when it is this far before the front: more than a hand trembles.
const RELEASE_METRES: f32 = 0.008;

/// A tip so far behind the front has pushed through it and means nothing any more.
const DEPTH_METRES: f32 = 0.12;

/// How far a press may wander before it is a drag: pulling a trigger turns a hand by about a degree.
const RAY_SLOP_RADIANS: f32 = 0.021;

/// The same for a fingertip, which is rolled off a surface.
const POKE_SLOP_METRES: f32 = 0.012;

/// How long the ray of a hand that points at nothing is.
const IDLE_RAY_METRES: f32 = 0.35;

/// More cannot happen in a frame: a leave, a cancel, a move, a press, and the same for another hand.
const EVENTS_MAX: usize = 8;

/// Something that happens to a surface; places are metres from its top left corner, right and down.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Event {
    /// Which.
    pub surface: SurfaceId,
    /// What.
    pub kind: EventKind,
}

/// See [`Event`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum EventKind {
    /// Pointed at here.
    Move(Vec2),
    /// Pressed here.
    Press(Vec2),
    /// Let go here, on the surface: a click, if it is where it was pressed.
    Release(Vec2),
    /// The press is over and was none.
    Cancel,
    /// No longer pointed at.
    Leave,
}

/// What is seen of a hand that points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beam {
    /// Which hand.
    pub hand: usize,
    /// Where the ray begins; `None` for a fingertip, which needs none.
    pub from: Option<Vec3>,
    /// Where it ends.
    pub to: Vec3,
    /// Whether it ends on a surface.
    pub is_on_surface: bool,
    /// Whether it presses.
    pub is_pressed: bool,
}

/// What a frame of pointing came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pointed<'a> {
    /// What happened, in this order.
    pub events: &'a [Event],
    /// Whose select is for the surfaces in this frame: nobody else may use it.
    pub takes_select: [bool; 2],
    /// What is seen of it.
    pub beam: Option<Beam>,
}

/// By what a hand presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    Select,
    Poke,
}

/// A press that goes on.
#[derive(Clone, Copy, Debug)]
struct Press {
    hand: usize,
    surface: SurfaceId,
    means: Means,
    began_at: Vec2,
    is_drag: bool,
}

/// Whose a select is that is held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Owner {
    /// It is not held.
    #[default]
    Nobody,
    /// It was pressed on a surface, and is not let go yet.
    Surface,
    /// It was pressed for something else.
    Elsewhere,
}

/// What a hand does in this frame.
#[derive(Clone, Copy, Debug)]
struct Target {
    surface: Surface,
    at: Vec2,
    /// From the ray's origin or the tip, metres.
    distance_metres: f32,
    is_near: bool,
    /// The tip goes through the front now.
    pokes: bool,
}

/// The state of pointing.
#[derive(Clone, Debug)]
pub struct Pointer {
    active: usize,
    press: Option<Press>,
    hovered: Option<SurfaceId>,
    owners: [Owner; 2],
    /// Where each tip was in the last frame.
    tips: [Option<Vec3>; 2],
    events: Vec<Event>,
}

impl Default for Pointer {
    fn default() -> Self {
        Self {
            // Most people point with the right hand.
            active: 1,
            press: None,
            hovered: None,
            owners: [Owner::Nobody; 2],
            tips: [None; 2],
            events: Vec::with_capacity(EVENTS_MAX),
        }
    }
}

impl Pointer {
    /// One frame. Hands and surfaces are in the same space.
    pub fn step(&mut self, hands: &[Hand; 2], surfaces: &[Surface]) -> Pointed<'_> {
        self.events.clear();
        let found = [0, 1].map(|hand| self.target(hand, &hands[hand], surfaces));
        self.own(hands, &found);
        // A hand that holds something else points at nothing.
        let targets = [0, 1].map(|hand| found[hand].filter(|_| self.owners[hand] != Owner::Elsewhere));
        if self.press.is_some() {
            self.follow_press(hands, &targets, surfaces);
        } else {
            self.choose(hands, &targets);
            self.hover(targets[self.active].as_ref());
            self.begin_press(hands, &targets);
        }
        let takes_select = [0, 1].map(|hand| self.owners[hand] == Owner::Surface || targets[hand].is_some());
        let beam = self.beam(hands, &targets, surfaces);
        Pointed { events: &self.events, takes_select, beam }
    }

    /// What the hand is at: the surface that its tip is before or goes into, else the nearest that its
    /// ray meets.
    fn target(&mut self, hand: usize, state: &Hand, surfaces: &[Surface]) -> Option<Target> {
        let tip = state.tip.filter(|tip| tip.is_finite());
        let before = std::mem::replace(&mut self.tips[hand], tip);
        let touched = tip.and_then(|tip| {
            let near = surfaces.iter().filter_map(|surface| approach(surface, tip, before));
            near.min_by(|a, b| a.distance_metres.total_cmp(&b.distance_metres))
        });
        if touched.is_some() {
            return touched;
        }
        let aim = state.aim.filter(is_finite)?;
        let met = surfaces.iter().filter_map(|surface| {
            let hit = surface.meet(aim).filter(|hit| hit.distance_metres <= RAY_METRES)?;
            surface.contains(hit.at, 0.0).then_some(Target {
                surface: *surface,
                at: hit.at,
                distance_metres: hit.distance_metres,
                is_near: false,
                pokes: false,
            })
        });
        met.min_by(|a, b| a.distance_metres.total_cmp(&b.distance_metres))
    }

    /// Remembers where each held select began.
    fn own(&mut self, hands: &[Hand; 2], targets: &[Option<Target>; 2]) {
        for (hand, owner) in self.owners.iter_mut().enumerate() {
            let select = hands[hand].select;
            if select.is_pressed {
                *owner = if targets[hand].is_some() { Owner::Surface } else { Owner::Elsewhere };
            } else if !select.is_down && !select.is_released {
                *owner = Owner::Nobody;
            }
        }
    }

    /// The hand that presses drives, else the one that drove, if it is at a surface.
    fn choose(&mut self, hands: &[Hand; 2], targets: &[Option<Target>; 2]) {
        let presses =
            |hand: usize| targets[hand].is_some_and(|target| target.pokes || hands[hand].select.is_pressed);
        let is_there = |hand: usize| targets[hand].is_some();
        let other = 1 - self.active;
        if presses(other) && !presses(self.active) || is_there(other) && !is_there(self.active) {
            self.active = other;
        }
    }

    fn hover(&mut self, target: Option<&Target>) {
        let now = target.map(|target| target.surface.id);
        if let Some(surface) = self.hovered.filter(|&surface| Some(surface) != now) {
            self.push(surface, EventKind::Leave);
        }
        self.hovered = now;
        if let Some(target) = target {
            self.push(target.surface.id, EventKind::Move(target.at));
        }
    }

    fn begin_press(&mut self, hands: &[Hand; 2], targets: &[Option<Target>; 2]) {
        let hand = self.active;
        let Some(target) = targets[hand] else { return };
        let means = match (target.pokes, hands[hand].select.is_pressed) {
            (true, _) => Means::Poke,
            (false, true) => Means::Select,
            (false, false) => return,
        };
        let surface = target.surface.id;
        self.press = Some(Press { hand, surface, means, began_at: target.at, is_drag: false });
        self.push(surface, EventKind::Press(target.at));
        // Pressed and let go between two frames.
        if means == Means::Select && hands[hand].select.is_released {
            self.end_press(EventKind::Release(target.at));
        }
    }

    /// Goes on with the press: on its surface, whatever else the hand meets.
    fn follow_press(&mut self, hands: &[Hand; 2], targets: &[Option<Target>; 2], surfaces: &[Surface]) {
        let Some(mut press) = self.press else { return };
        let hand = &hands[press.hand];
        let surface = surfaces.iter().find(|surface| surface.id == press.surface);
        let place = surface.and_then(|surface| match press.means {
            Means::Poke => poked(surface, hand.tip?),
            Means::Select => selected(surface, hand, targets[press.hand].as_ref()),
        });
        let Some((surface, place)) = surface.zip(place) else {
            return self.end_press(EventKind::Cancel);
        };
        if !press.is_drag && place.at.distance(press.began_at) > place.slop_metres {
            press.is_drag = true;
            self.press = Some(press);
        }
        // Until it is a drag, the press stays where it began.
        let at = if press.is_drag { place.at } else { press.began_at };
        let ends = match press.means {
            Means::Poke => place.height_metres > RELEASE_METRES,
            Means::Select => !hand.select.is_down,
        };
        if !ends {
            if press.is_drag {
                self.push(press.surface, EventKind::Move(at));
            }
            return;
        }
        let is_meant = match press.means {
            Means::Poke => true,
            // A button that is neither down nor was let go has been taken away.
            Means::Select => hand.select.is_released,
        };
        let is_on_it = surface.contains(at, 0.0);
        self.end_press(if is_meant && is_on_it { EventKind::Release(at) } else { EventKind::Cancel });
    }

    fn end_press(&mut self, kind: EventKind) {
        if let Some(press) = self.press.take() {
            self.push(press.surface, kind);
        }
    }

    fn beam(&self, hands: &[Hand; 2], targets: &[Option<Target>; 2], surfaces: &[Surface]) -> Option<Beam> {
        if surfaces.is_empty() {
            return None;
        }
        let hand = self.active;
        let aim = hands[hand].aim.filter(is_finite);
        let is_pressed = self.press.is_some();
        if let Some(press) = self.press.filter(|press| press.means == Means::Poke) {
            let surface = surfaces.iter().find(|surface| surface.id == press.surface)?;
            let to = surface.point(surface.at(surface.local(hands[hand].tip?)));
            return Some(Beam { hand, from: None, to, is_on_surface: true, is_pressed });
        }
        let (from, to) = match targets[hand] {
            Some(target) if target.is_near => (None, target.surface.point(target.at)),
            Some(target) => (aim.map(|aim| aim.position), target.surface.point(target.at)),
            None => {
                let aim = aim?;
                (Some(aim.position), aim.position + aim.forward() * IDLE_RAY_METRES)
            }
        };
        Some(Beam { hand, from, to, is_on_surface: targets[hand].is_some(), is_pressed })
    }

    fn push(&mut self, surface: SurfaceId, kind: EventKind) {
        self.events.push(Event { surface, kind });
    }
}

/// Takes the selects that are for surfaces away from everything else.
pub fn keep_selects(hands: &mut [Hand; 2], takes_select: [bool; 2]) {
    for (hand, is_taken) in hands.iter_mut().zip(takes_select) {
        if is_taken {
            hand.select = Button::default();
        }
    }
}

/// Where a press is now.
struct Place {
    at: Vec2,
    /// Before the front, for a tip.
    height_metres: f32,
    slop_metres: f32,
}

fn poked(surface: &Surface, tip: Vec3) -> Option<Place> {
    let local = surface.local(tip);
    let at = surface.at(local);
    let is_held = local.is_finite() && local.z >= -DEPTH_METRES && surface.contains(at, MARGIN_METRES);
    is_held.then_some(Place { at, height_metres: local.z, slop_metres: POKE_SLOP_METRES })
}

/// Also beside the surface, as long as the ray meets its plane.
fn selected(surface: &Surface, hand: &Hand, target: Option<&Target>) -> Option<Place> {
    if let Some(target) = target.filter(|target| target.is_near && target.surface.id == surface.id) {
        return Some(Place { at: target.at, height_metres: 0.0, slop_metres: POKE_SLOP_METRES });
    }
    let hit = surface.meet(hand.aim.filter(is_finite)?)?;
    let slop_metres = (hit.distance_metres * RAY_SLOP_RADIANS).max(POKE_SLOP_METRES);
    Some(Place { at: hit.at, height_metres: 0.0, slop_metres })
}

/// A tip that is before the surface, or goes through its front now.
fn approach(surface: &Surface, tip: Vec3, before: Option<Vec3>) -> Option<Target> {
    let local = surface.local(tip);
    let target = |local: Vec3, pokes| Target {
        surface: *surface,
        at: surface.at(local),
        distance_metres: local.z.abs(),
        is_near: true,
        pokes,
    };
    if local.z > 0.0 {
        let is_near = local.z <= NEAR_METRES && surface.contains(surface.at(local), MARGIN_METRES);
        let inside = surface.at(local).clamp(Vec2::ZERO, surface.size_metres);
        return is_near.then_some(Target { at: inside, ..target(local, false) });
    }
    // Only who was before the front can go through it.
    let from = before.map(|before| surface.local(before)).filter(|from| from.z > 0.0)?;
    let crossing = from.lerp(local, from.z / (from.z - local.z).max(f32::MIN_POSITIVE));
    surface.contains(surface.at(crossing), 0.0).then_some(target(crossing, true))
}

fn is_finite(pose: &Pose) -> bool {
    pose.position.is_finite() && pose.orientation.is_finite()
}

#[cfg(test)]
mod tests;
