//! Who is there, and who was there a moment ago: a visitor who comes back after a break is the same
//! visitor, and the connection that they left behind makes room.
//!
//! Time comes in as an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::protocol::Token;

/// One connection among all that a host ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionKey(pub u64);

/// How long an absent visitor is remembered: a coffee, not a day.
const REMEMBERED: Duration = Duration::from_secs(30 * 60);

/// How many visitors are remembered; beyond, the one who has been away longest is forgotten.
const VISITORS_MAX: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Visitor {
    connection: Option<ConnectionKey>,
    seen: Duration,
}

/// How a visitor came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// With this they come back.
    pub token: Token,
    /// Whether they have come back.
    pub is_resumed: bool,
    /// The connection that they had before and that is still there.
    pub displaced: Option<ConnectionKey>,
}

/// All visitors that a host remembers.
#[derive(Debug, Default)]
pub struct Visitors {
    known: BTreeMap<Token, Visitor>,
}

impl Visitors {
    /// Lets a visitor in who comes by `connection` and shows the token of an earlier visit, if any.
    /// One that is not known is as good as none; `fresh` is then theirs.
    pub fn admit(
        &mut self,
        connection: ConnectionKey,
        resume: Option<Token>,
        fresh: Token,
        now: Duration,
    ) -> Admission {
        self.forget_old(now);
        let known = resume.and_then(|token| Some((token, self.known.get(&token)?.connection)));
        let (token, displaced) = known.unwrap_or((fresh, None));
        self.known.insert(token, Visitor { connection: Some(connection), seen: now });
        Admission { token, is_resumed: known.is_some(), displaced }
    }

    /// Their connection has ended; they may be back.
    pub fn left(&mut self, token: Token, connection: ConnectionKey, now: Duration) {
        if let Some(visitor) = self.known.get_mut(&token)
            && visitor.connection == Some(connection)
        {
            *visitor = Visitor { connection: None, seen: now };
        }
    }

    fn forget_old(&mut self, now: Duration) {
        self.known.retain(|_, visitor| visitor.connection.is_some() || now - visitor.seen < REMEMBERED);
        while self.known.len() >= VISITORS_MAX {
            let oldest = self.known.iter().min_by_key(|(_, visitor)| (visitor.connection, visitor.seen));
            let Some((&token, _)) = oldest else { return };
            self.known.remove(&token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_visitor_who_comes_back_is_the_same_and_frees_the_old_connection() {
        let mut visitors = Visitors::default();
        let [first, second] = [Token([1; 16]), Token([2; 16])];
        let came = visitors.admit(ConnectionKey(1), None, first, MINUTE);
        assert_eq!(came, Admission { token: first, is_resumed: false, displaced: None });
        let back = visitors.admit(ConnectionKey(2), Some(first), second, MINUTE * 2);
        assert_eq!(back, Admission { token: first, is_resumed: true, displaced: Some(ConnectionKey(1)) });
        // The old connection's end is not the visitor's.
        visitors.left(first, ConnectionKey(1), MINUTE * 3);
        let again = visitors.admit(ConnectionKey(3), Some(first), second, MINUTE * 4);
        assert_eq!(again.displaced, Some(ConnectionKey(2)));
    }

    #[test]
    fn who_stays_away_is_forgotten_and_memory_is_bounded() {
        let mut visitors = Visitors::default();
        let token = |n: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            Token(bytes)
        };
        visitors.admit(ConnectionKey(0), None, token(0), MINUTE);
        visitors.left(token(0), ConnectionKey(0), MINUTE);
        let late = visitors.admit(ConnectionKey(1), Some(token(0)), token(1), MINUTE * 40);
        assert!(!late.is_resumed);
        for n in 2..10_000 {
            visitors.admit(ConnectionKey(u64::from(n)), None, token(n), MINUTE * 41);
            visitors.left(token(n), ConnectionKey(u64::from(n)), MINUTE * 41);
        }
        assert!(visitors.known.len() <= VISITORS_MAX);
    }
}
