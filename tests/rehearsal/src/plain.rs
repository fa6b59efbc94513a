//! What others do: a server that sends whatever is asked for, all of it at once and each request as much as any
//! other, as over HTTP/2 and 3; and a client's side of it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use pavilion::protocol::ContentHash;
use quinn_proto::{Connection, ConnectionHandle, Dir, Event, StreamId, WriteError};

use crate::host::read;
use crate::peer::{Moment, Program};
use crate::twin::Twin;

/// Asks for the whole twin in one file.
pub const WHOLE: ContentHash = ContentHash([0; 32]);

/// Serves blobs by their names.
pub struct PlainHost {
    blobs: Arc<BTreeMap<ContentHash, Bytes>>,
    whole: Bytes,
    lines: BTreeMap<usize, BTreeMap<StreamId, Answer>>,
}

#[derive(Default)]
struct Answer {
    asked: Vec<u8>,
    left: Option<Bytes>,
}

impl PlainHost {
    /// A host of this twin, also as one file where `has_whole`.
    pub fn new(twin: &Twin, has_whole: bool) -> Self {
        let mut whole = Vec::new();
        if has_whole {
            twin.blobs.values().for_each(|bytes| whole.extend_from_slice(bytes));
        }
        Self { blobs: twin.blobs.clone(), whole: whole.into(), lines: BTreeMap::new() }
    }

    fn find(&self, asked: &[u8]) -> Option<Bytes> {
        let hash = ContentHash(asked.try_into().ok()?);
        if hash == WHOLE { Some(self.whole.clone()) } else { self.blobs.get(&hash).cloned() }
    }
}

impl Program for PlainHost {
    fn began(&mut self, _: Moment, handle: ConnectionHandle, _: &mut Connection) {
        self.lines.insert(handle.0, BTreeMap::new());
    }

    fn act(&mut self, _: Moment, handle: ConnectionHandle, connection: &mut Connection) {
        while connection.poll().is_some() {}
        let Some(mut line) = self.lines.remove(&handle.0) else { return };
        while let Some(id) = connection.streams().accept(Dir::Bi) {
            line.insert(id, Answer::default());
        }
        line.retain(|id, answer| {
            if answer.left.is_none() {
                for bytes in read(connection, *id).0 {
                    answer.asked.extend_from_slice(&bytes);
                }
                answer.left = self.find(&answer.asked);
            }
            let Some(left) = &mut answer.left else { return true };
            while !left.is_empty() {
                match connection.send_stream(*id).write_chunks(std::slice::from_mut(left)) {
                    Ok(_) => {}
                    Err(WriteError::Blocked) => return true,
                    Err(_) => return false,
                }
            }
            let _ = connection.send_stream(*id).finish();
            false
        });
        self.lines.insert(handle.0, line);
    }

    fn ended(&mut self, _: Moment, handle: ConnectionHandle) {
        self.lines.remove(&handle.0);
    }
}

/// Requests of a client that are under way.
#[derive(Default)]
pub struct Requests {
    handle: Option<ConnectionHandle>,
    is_connected: bool,
    waiting: VecDeque<ContentHash>,
    open: BTreeMap<StreamId, (ContentHash, usize)>,
}

impl Requests {
    /// Asks for a blob.
    pub fn ask(&mut self, hash: ContentHash) {
        self.waiting.push_back(hash);
    }

    /// The connection that they use.
    pub fn handle(&self) -> Option<ConnectionHandle> {
        self.handle
    }

    /// A connection is being made.
    pub fn began(&mut self, handle: ConnectionHandle) {
        self.handle = Some(handle);
    }

    /// Sends what waits and takes what has come; `take` is told of pieces, and of ends.
    pub fn act(
        &mut self,
        now: Duration,
        connection: &mut Connection,
        mut take: impl FnMut(Duration, ContentHash, usize, Option<usize>),
    ) {
        while let Some(event) = connection.poll() {
            match event {
                Event::Connected => self.is_connected = true,
                Event::ConnectionLost { .. } => self.handle = None,
                _ => {}
            }
        }
        while self.is_connected
            && let Some(hash) = self.waiting.front().copied()
            && let Some(id) = connection.streams().open(Dir::Bi)
        {
            self.waiting.pop_front();
            let _ = connection.send_stream(id).write(&hash.0);
            let _ = connection.send_stream(id).finish();
            self.open.insert(id, (hash, 0));
        }
        self.open.retain(|id, (hash, size)| {
            let (chunks, end) = read(connection, *id);
            let count: usize = chunks.iter().map(Bytes::len).sum();
            *size += count;
            if count > 0 || end.is_some() {
                take(now, *hash, count, end.map(|_| *size));
            }
            end.is_none()
        });
    }
}
