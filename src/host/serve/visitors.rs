//! Who is there, and who was there a moment ago: a visitor who comes back after a break is the same
//! visitor, and the connection that they left behind makes room.
//!
//! Time comes in as an argument.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::protocol::{Token, VisitorId, VisitorKey};

/// One connection among all that a host ever had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnectionKey(pub u64);

/// How long an absent visitor is remembered: a coffee, not a day.
const REMEMBERED: Duration = Duration::from_secs(30 * 60);

/// How many visitors are remembered; beyond, the one who has been away longest is forgotten.
const VISITORS_MAX: usize = 4096;

#[derive(Clone, Copy, Debug)]
struct Visitor {
    id: VisitorId,
    key: VisitorKey,
    connection: Option<ConnectionKey>,
    seen: Duration,
}

/// How a visitor came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// With this they come back.
    pub token: Token,
    /// By what others know them: after a break the same.
    pub visitor: VisitorId,
    /// Whether they have come back.
    pub is_resumed: bool,
    /// The connection that they had before and that is still there.
    pub displaced: Option<ConnectionKey>,
}

/// All visitors that a host remembers.
#[derive(Debug, Default)]
pub struct Visitors {
    known: BTreeMap<Token, Visitor>,
    last_id: u32,
}

impl Visitors {
    /// Lets a visitor in who comes by `connection`, has proved to hold `key`, and shows the token of
    /// an earlier visit, if any. One that is not known, or was another's, is as good as none; `fresh`
    /// is then theirs.
    pub fn admit(
        &mut self,
        connection: ConnectionKey,
        resume: Option<Token>,
        fresh: Token,
        key: VisitorKey,
        now: Duration,
    ) -> Admission {
        self.forget_old(now);
        let known = resume.and_then(|token| {
            let visitor = self.known.get(&token).filter(|visitor| visitor.key == key)?;
            Some((token, visitor.id, visitor.connection))
        });
        let (token, id, displaced) = known.unwrap_or_else(|| {
            self.last_id = self.last_id.wrapping_add(1);
            (fresh, VisitorId(self.last_id), None)
        });
        self.known.insert(token, Visitor { id, key, connection: Some(connection), seen: now });
        Admission { token, visitor: id, is_resumed: known.is_some(), displaced }
    }

    /// Their connection has ended; they may be back.
    pub fn left(&mut self, token: Token, connection: ConnectionKey, now: Duration) {
        if let Some(visitor) = self.known.get_mut(&token)
            && visitor.connection == Some(connection)
        {
            visitor.connection = None;
            visitor.seen = now;
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

    const KEY: VisitorKey = VisitorKey([7; 32]);
    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_visitor_who_comes_back_is_the_same_and_frees_the_old_connection() {
        let mut visitors = Visitors::default();
        let [first, second] = [Token([1; 16]), Token([2; 16])];
        let visitor = VisitorId(1);
        let came = visitors.admit(ConnectionKey(1), None, first, KEY, MINUTE);
        assert_eq!(came, Admission { token: first, visitor, is_resumed: false, displaced: None });
        let back = visitors.admit(ConnectionKey(2), Some(first), second, KEY, MINUTE * 2);
        let displaced = Some(ConnectionKey(1));
        assert_eq!(back, Admission { token: first, visitor, is_resumed: true, displaced });
        // The old connection's end is not the visitor's.
        visitors.left(first, ConnectionKey(1), MINUTE * 3);
        let again = visitors.admit(ConnectionKey(3), Some(first), second, KEY, MINUTE * 4);
        assert_eq!((again.displaced, again.visitor), (Some(ConnectionKey(2)), visitor));
        // Somebody else who shows the token is somebody else.
        let thief = visitors.admit(ConnectionKey(4), Some(first), second, VisitorKey([8; 32]), MINUTE * 5);
        let visitor = VisitorId(2);
        assert_eq!(thief, Admission { token: second, visitor, is_resumed: false, displaced: None });
    }

    #[test]
    fn who_stays_away_is_forgotten_and_memory_is_bounded() {
        let mut visitors = Visitors::default();
        let token = |n: u32| {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&n.to_be_bytes());
            Token(bytes)
        };
        visitors.admit(ConnectionKey(0), None, token(0), KEY, MINUTE);
        visitors.left(token(0), ConnectionKey(0), MINUTE);
        let late = visitors.admit(ConnectionKey(1), Some(token(0)), token(1), KEY, MINUTE * 40);
        assert!(!late.is_resumed);
        for n in 2..10_000 {
            visitors.admit(ConnectionKey(u64::from(n)), None, token(n), KEY, MINUTE * 41);
            visitors.left(token(n), ConnectionKey(u64::from(n)), MINUTE * 41);
        }
        assert!(visitors.known.len() <= VISITORS_MAX);
    }
}
