//! The machine against a runtime that takes offence at every call that OpenXR 1.1 forbids.

use super::*;
use proptest::prelude::*;

/// What a call is checked against: the specification's own conditions, kept apart from the machine.
#[derive(Debug, Default)]
struct Runtime {
    told: Option<State>,
    is_running: bool,
    frames: (bool, bool),
    is_seen: bool,
    is_lost: bool,
    exits_asked: u32,
    has_left: bool,
}

/// What happens between two steps.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// The runtime goes on as it may; which way is drawn.
    Advance(u8),
    /// The runtime says anything at all.
    Say(Event),
    /// The next call fails.
    Fail,
    /// The head is lost in the middle of a frame.
    GiveUp,
    Leave,
    Pass(u16),
}

impl Runtime {
    /// A legal next state, by the specification's diagram.
    fn advance(&self, choice: u8) -> Option<State> {
        use State::*;
        let may: &[State] = match self.told.unwrap_or(Exiting) {
            _ if self.told.is_none() => &[Idle],
            Idle => &[Ready, Exiting, LossPending],
            Ready if self.is_running => &[Synchronized, Stopping],
            Ready => &[],
            Synchronized => &[Visible, Stopping, LossPending],
            Visible => &[Focused, Synchronized, LossPending],
            Focused => &[Visible, LossPending],
            Stopping if self.is_running => &[],
            Stopping => &[Idle],
            LossPending | Exiting => &[],
        };
        may.get(usize::from(choice) % may.len().max(1)).copied()
    }

    fn tell(&mut self, session: &mut Session, event: Event) {
        match event {
            Event::State(state) => {
                self.told = Some(state);
                self.is_lost |= state == State::LossPending;
            }
            Event::InstanceLossPending | Event::Lost => self.is_lost = true,
        }
        session.on(event);
    }

    fn call(&mut self, step: Step, is_legal: bool) {
        assert!(!self.has_left || step == Step::Leave, "{step:?} after the end");
        if self.is_lost {
            assert!(matches!(step, Step::ComeBack | Step::Leave), "{step:?} to a runtime that is gone");
        }
        match step {
            Step::Begin => {
                assert!(!self.is_running, "begun twice");
                assert!(!is_legal || self.told == Some(State::Ready), "begun when {:?}", self.told);
                self.is_running = true;
            }
            Step::End => {
                assert!(self.is_running && self.frames == (false, false), "ended in {self:?}");
                assert!(!is_legal || self.told == Some(State::Stopping), "ended when {:?}", self.told);
                self.is_running = false;
            }
            Step::RequestExit => {
                assert!(self.is_running, "an exit from what does not run");
                self.exits_asked += 1;
                assert_eq!(self.exits_asked, 1, "asked twice");
            }
            Step::WaitFrame => {
                assert!(self.is_running && self.frames == (false, false), "waited in {self:?}");
                self.frames.0 = true;
            }
            Step::BeginFrame => {
                assert_eq!(self.frames, (true, false));
                self.frames.1 = true;
            }
            Step::Draw | Step::EndFrame => {
                assert_eq!(self.frames, (true, true));
                assert!(step == Step::EndFrame || self.is_seen, "drawn although nobody sees it");
                self.frames = (false, false);
            }
            Step::Leave => self.has_left = true,
            Step::Rest | Step::ComeBack => {}
        }
    }
}

/// Runs the machine as a display does. `is_legal`: the runtime keeps to the diagram.
fn live(happenings: &[Happening], seen: &[bool], is_legal: bool) -> Runtime {
    let (mut session, mut runtime) = (Session::default(), Runtime::default());
    let mut now = Duration::ZERO;
    let mut seen = seen.iter().cycle();
    for happening in happenings {
        let mut fails = false;
        match *happening {
            Happening::Advance(choice) => {
                if let Some(state) = runtime.advance(choice) {
                    runtime.tell(&mut session, Event::State(state));
                }
            }
            Happening::Say(event) if !is_legal => runtime.tell(&mut session, event),
            Happening::Say(_) => {}
            Happening::Fail => fails = true,
            Happening::GiveUp => {
                session.give_frame_up();
                runtime.is_seen &= runtime.frames != (true, true);
            }
            Happening::Leave => session.leave(),
            Happening::Pass(millis) => now += Duration::from_millis(millis.into()),
        }
        let step = session.next(now);
        runtime.call(step, is_legal);
        let is_focused = runtime.told == Some(State::Focused) && runtime.is_running && !runtime.is_lost;
        assert!(!session.is_focused() || is_focused, "input without focus in {runtime:?}");
        if fails && !matches!(step, Step::Rest | Step::ComeBack | Step::Leave) {
            session.on(Event::Lost);
            runtime.is_lost = true;
            continue;
        }
        match step {
            Step::Begin => session.begun(),
            Step::End => session.ended(),
            Step::RequestExit => session.asked_to_exit(now),
            Step::WaitFrame => {
                runtime.is_seen = *seen.next().unwrap_or(&true);
                session.waited(runtime.is_seen);
            }
            Step::BeginFrame => session.begun_frame(),
            Step::Draw | Step::EndFrame => session.ended_frame(),
            Step::Rest | Step::ComeBack | Step::Leave => {}
        }
    }
    // Whatever happened: who wants to leave is let go.
    session.leave();
    for _ in 0..64 {
        let step = session.next(now);
        runtime.call(step, is_legal);
        match step {
            Step::Leave => return runtime,
            Step::Begin => session.begun(),
            Step::End => session.ended(),
            Step::RequestExit => session.asked_to_exit(now),
            Step::WaitFrame => session.waited(false),
            Step::BeginFrame => session.begun_frame(),
            Step::Draw | Step::EndFrame => session.ended_frame(),
            Step::Rest | Step::ComeBack => {}
        }
        now += GOODBYE / 16;
    }
    panic!("nobody was let go: {session:?}");
}

fn happening() -> impl Strategy<Value = Happening> {
    use State::*;
    let state = prop::sample::select(vec![
        Idle,
        Ready,
        Synchronized,
        Visible,
        Focused,
        Stopping,
        LossPending,
        Exiting,
    ]);
    let event = prop_oneof![
        12 => state.prop_map(Event::State),
        1 => Just(Event::InstanceLossPending),
        1 => Just(Event::Lost),
    ];
    prop_oneof![
        16 => any::<u8>().prop_map(Happening::Advance),
        8 => event.prop_map(Happening::Say),
        1 => Just(Happening::Fail),
        1 => Just(Happening::GiveUp),
        1 => Just(Happening::Leave),
        4 => (0_u16..300).prop_map(Happening::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_lawful_runtime_hears_only_lawful_calls(
        happenings in prop::collection::vec(happening(), 0..48), seen in prop::collection::vec(any::<bool>(), 1..6)
    ) {
        live(&happenings, &seen, true);
    }

    #[test]
    fn a_mad_runtime_is_survived(
        happenings in prop::collection::vec(happening(), 0..48), seen in prop::collection::vec(any::<bool>(), 1..6)
    ) {
        live(&happenings, &seen, false);
    }
}

/// Plays states to the machine, making every call that it asks for.
fn after(states: &[State]) -> (Session, Vec<Step>) {
    let (mut session, mut steps) = (Session::default(), Vec::new());
    for &state in states {
        session.on(Event::State(state));
        let step = session.next(Duration::ZERO);
        steps.push(step);
        match step {
            Step::Begin => session.begun(),
            Step::End => session.ended(),
            _ => {}
        }
    }
    (session, steps)
}

#[test]
fn an_ordinary_visit_with_the_headset_taken_off_once() {
    use State::*;
    let (session, steps) =
        after(&[Idle, Ready, Synchronized, Visible, Focused, Visible, Synchronized, Stopping, Idle, Ready]);
    assert_eq!(steps[..3], [Step::Rest, Step::Begin, Step::WaitFrame]);
    assert_eq!(steps[7..], [Step::End, Step::Rest, Step::Begin]);
    assert!(!session.is_focused());
    let (session, _) = after(&[Idle, Ready, Synchronized, Visible, Focused]);
    assert!(session.is_focused());
    let (session, _) = after(&[Idle, Ready, Synchronized, Visible]);
    assert!(!session.is_focused(), "a menu of the system has the input");
}

#[test]
fn a_loss_in_the_middle_of_a_frame_ends_no_frame() {
    let (mut session, _) = after(&[State::Idle, State::Ready, State::Synchronized]);
    session.waited(true);
    session.begun_frame();
    assert_eq!(session.next(Duration::ZERO), Step::Draw);
    session.on(Event::InstanceLossPending);
    assert_eq!(session.next(Duration::ZERO), Step::ComeBack);
    session.leave();
    assert_eq!(session.next(Duration::ZERO), Step::Leave);
}
