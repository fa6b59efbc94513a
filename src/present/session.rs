//! The life of a headset's session, as a state machine without a runtime.
//!
//! In: what the runtime said, and which calls were made. Out: the one call that is due next. It holds
//! the rules of OpenXR 1.1, §9 ("Session lifecycle") and §10 ("Frame submission"): a session begins when it is
//! READY and ends when it is STOPPING; frames are waited for, begun and ended in turn while it runs; what
//! is lost is not touched again.

use std::time::Duration;

/// How long the runtime may take to say that a visit has ended.
pub const GOODBYE: Duration = Duration::from_secs(2);

/// The states of OpenXR that a runtime tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing is wanted.
    Idle,
    /// The session may begin.
    Ready,
    /// Frames are wanted, although nothing is seen.
    Synchronized,
    /// Frames are seen, but something else has the input.
    Visible,
    /// Frames are seen and the input is ours.
    Focused,
    /// The session is to end.
    Stopping,
    /// It is about to be lost.
    LossPending,
    /// The person is done.
    Exiting,
}

/// What the runtime said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The session changed.
    State(State),
    /// The runtime goes, and everything that it made with it.
    InstanceLossPending,
    /// A call was answered with a loss, or with what nobody expected.
    Lost,
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: ask again in a while.
    Rest,
    /// xrBeginSession, then [`Session::begun`].
    Begin,
    /// xrEndSession, then [`Session::ended`].
    End,
    /// xrRequestExitSession, then [`Session::asked_to_exit`].
    RequestExit,
    /// xrWaitFrame, then [`Session::waited`].
    WaitFrame,
    /// xrBeginFrame, then [`Session::begun_frame`].
    BeginFrame,
    /// Draw, and xrEndFrame with what was drawn, then [`Session::ended_frame`].
    Draw,
    /// xrEndFrame with nothing, then [`Session::ended_frame`].
    EndFrame,
    /// Everything that came from the runtime is to be dropped without another word, and made anew.
    ComeBack,
    /// The visit is over.
    Leave,
}

/// How far the current frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    None,
    Waited { is_seen: bool },
    Begun { is_seen: bool },
}

/// See the module.
#[derive(Clone, Debug)]
pub struct Session {
    state: State,
    is_running: bool,
    frame: Frame,
    is_lost: bool,
    leaving: Leaving,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    No,
    Wanted,
    /// The runtime was asked, and has until then.
    Asked(Duration),
    Done,
}

impl Default for Session {
    fn default() -> Self {
        Self {
            state: State::Idle,
            is_running: false,
            frame: Frame::None,
            is_lost: false,
            leaving: Leaving::No,
        }
    }
}

impl Session {
    /// Takes what the runtime said.
    pub fn on(&mut self, event: Event) {
        match event {
            Event::State(State::Exiting) => self.leaving = Leaving::Done,
            Event::State(State::LossPending) | Event::InstanceLossPending | Event::Lost => {
                self.is_lost = true
            }
            Event::State(state) => self.state = state,
        }
    }

    /// The person wants to leave: nothing is drawn any more, and the steps lead out.
    pub fn leave(&mut self) {
        if self.leaving == Leaving::No {
            self.leaving = Leaving::Wanted;
        }
    }

    /// What is due at `now`.
    pub fn next(&self, now: Duration) -> Step {
        match self.leaving {
            Leaving::Done => return Step::Leave,
            Leaving::Asked(until) if now >= until => return Step::Leave,
            Leaving::Wanted | Leaving::Asked(_) if self.is_lost || !self.is_running => return Step::Leave,
            _ if self.is_lost => return Step::ComeBack,
            _ => {}
        }
        match self.frame {
            Frame::Waited { .. } => return Step::BeginFrame,
            Frame::Begun { is_seen: true } if self.leaving == Leaving::No => return Step::Draw,
            Frame::Begun { .. } => return Step::EndFrame,
            Frame::None => {}
        }
        match (self.is_running, self.state) {
            (false, State::Ready) => Step::Begin,
            (false, _) => Step::Rest,
            (true, State::Stopping) => Step::End,
            (true, _) if self.leaving == Leaving::Wanted => Step::RequestExit,
            (true, _) => Step::WaitFrame,
        }
    }

    /// Whether what hands and controllers do is meant for us.
    pub fn is_focused(&self) -> bool {
        let is_over = self.is_lost || self.leaving != Leaving::No;
        self.is_running && self.state == State::Focused && !is_over
    }

    /// Its state for people: `focused`, say, or `lost`.
    pub fn name(&self) -> &'static str {
        match self.state {
            _ if self.is_lost => "lost",
            _ if self.leaving == Leaving::Done => "exiting",
            State::Idle | State::LossPending | State::Exiting => "idle",
            State::Ready => "ready",
            State::Synchronized => "synchronized",
            State::Visible => "visible",
            State::Focused => "focused",
            State::Stopping => "stopping",
        }
    }

    /// The session has begun.
    pub fn begun(&mut self) {
        self.is_running = true;
    }

    /// The session has ended.
    pub fn ended(&mut self) {
        self.is_running = false;
        self.frame = Frame::None;
        if self.state == State::Stopping {
            self.state = State::Idle;
        }
    }

    /// The runtime knows at `now` that the person wants to leave.
    pub fn asked_to_exit(&mut self, now: Duration) {
        if self.leaving == Leaving::Wanted {
            self.leaving = Leaving::Asked(now + GOODBYE);
        }
    }

    /// The frame's time has come; `is_seen` is what the runtime calls shouldRender.
    pub fn waited(&mut self, is_seen: bool) {
        self.frame = Frame::Waited { is_seen };
    }

    /// The frame has begun.
    pub fn begun_frame(&mut self) {
        if let Frame::Waited { is_seen } = self.frame {
            self.frame = Frame::Begun { is_seen };
        }
    }

    /// Nothing of the frame can be drawn after all: it ends empty.
    pub fn give_frame_up(&mut self) {
        if let Frame::Begun { is_seen } = &mut self.frame {
            *is_seen = false;
        }
    }

    /// The frame has ended.
    pub fn ended_frame(&mut self) {
        self.frame = Frame::None;
    }
}

#[cfg(test)]
mod tests;
