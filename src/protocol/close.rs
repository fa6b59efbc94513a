//! Why a connection ends, as a number on the wire and as a sentence for a person.

use std::fmt;

/// Why one side closed the connection on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum CloseCause {
    /// The visitor leaves.
    Left = 0,
    /// The host is being shut down.
    HostStopping = 1,
    /// As many visitors as the host takes are there.
    HostFull = 2,
    /// The other side broke the rules of the wire.
    BrokenRules = 3,
    /// The other side said nothing for too long.
    TooSlow = 4,
    /// The other side asked for too much in too short a time.
    TooMuch = 5,
    /// The viewer does not understand what this twin is made of.
    Unsupported = 6,
    /// The same visitor has come in again by another connection.
    Replaced = 7,
    /// The host cannot go on, by a fault of its own.
    HostFault = 8,
    /// The visitor has not proved that their key is theirs.
    Unproven = 9,
}

impl CloseCause {
    /// Every cause.
    pub const ALL: [Self; 10] = [
        Self::Left,
        Self::HostStopping,
        Self::HostFull,
        Self::BrokenRules,
        Self::TooSlow,
        Self::TooMuch,
        Self::Unsupported,
        Self::Replaced,
        Self::HostFault,
        Self::Unproven,
    ];

    /// Its number on the wire.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The cause with this number; `None` if a later version made it up.
    pub fn from_code(code: u64) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| u64::from(cause.code()) == code)
    }

    /// Whether coming back by oneself makes no sense.
    pub fn is_final(self) -> bool {
        matches!(
            self,
            Self::Left
                | Self::BrokenRules
                | Self::TooMuch
                | Self::Unsupported
                | Self::Replaced
                | Self::Unproven
        )
    }
}

impl fmt::Display for CloseCause {
    /// One sentence: what, why, what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Left => "the visit is over",
            Self::HostStopping => "the host is shutting down: wait until it is back",
            Self::HostFull => "the venue is full: a place is free as soon as somebody leaves",
            Self::BrokenRules => {
                "the other side could not understand what was sent: update the viewer and the host to the same version"
            }
            Self::TooSlow => "the other side waited too long for an answer: the network is too slow or was interrupted",
            Self::TooMuch => "the host was asked for too much in too short a time: update the viewer",
            Self::Unsupported => {
                "this twin is made of things that the viewer does not understand: update the viewer"
            }
            Self::Replaced => "this visitor came in again from elsewhere: close the other viewer to return here",
            Self::HostFault => "the host has a fault, which its log names: tell whoever runs it",
            Self::Unproven => {
                "the host was not shown that the visitor's key is the visitor's own: update the viewer and the host to the same version"
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_survives_the_wire() {
        for cause in CloseCause::ALL {
            assert_eq!(CloseCause::from_code(u64::from(cause.code())), Some(cause));
        }
        assert_eq!(CloseCause::from_code(u64::MAX), None);
    }
}
