//! The host on virtual sockets: its sessions and their order are the host's own; only files and tokio are missing.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use pavilion::host::serve::content::{OPEN_MAX, Pace, RUNNING_MAX, StreamKey};
use pavilion::host::serve::opening::opening;
use pavilion::host::serve::session::{Action, Offer, Session};
use pavilion::host::serve::visitors::{ConnectionKey, Visitors};
use pavilion::protocol::codec::{self, Frames};
use pavilion::protocol::{Capabilities, CloseCause, ContentHash, FromViewer, Token, WantedBlob, transport};
use quinn_proto::{Connection, ConnectionHandle, Dir, Event, StreamId, VarInt, WriteError};

use crate::peer::{Moment, Program};
use crate::twin::Twin;

/// A host that serves one twin at a time.
pub struct Host {
    offer: Arc<Offer>,
    blobs: Arc<BTreeMap<ContentHash, Bytes>>,
    visitors: Visitors,
    lines: BTreeMap<usize, Line>,
    keys: u64,
    /// Blobs that come damaged, and how many times more.
    rotten: BTreeMap<ContentHash, u32>,
    /// Bytes of blobs that were handed to QUIC.
    pub written_bytes: u64,
    /// Why connections were closed by it.
    pub closed: Vec<CloseCause>,
}

struct Line {
    session: Session,
    control: Option<StreamId>,
    said: VecDeque<u8>,
    heard: Frames,
    streams: BTreeMap<StreamKey, Out>,
    is_closed: bool,
}

struct Out {
    id: Option<StreamId>,
    pace: Pace,
    chunks: VecDeque<Bytes>,
}

impl Host {
    /// A host without visitors.
    pub fn new(twin: &Twin) -> Self {
        Self {
            offer: Arc::new(offer(twin)),
            blobs: twin.blobs.clone(),
            visitors: Visitors::default(),
            lines: BTreeMap::new(),
            keys: 0,
            rotten: BTreeMap::new(),
            written_bytes: 0,
            closed: Vec::new(),
        }
    }

    /// It shows another twin from now on, and tells its visitors once its connections are acted on. What it showed
    /// before can still be had: somebody may be in the middle of it.
    pub fn show(&mut self, twin: &Twin) {
        let mut offer = offer(twin);
        offer.catalog.extend(&self.offer.catalog);
        let mut blobs = BTreeMap::clone(&self.blobs);
        blobs.extend(twin.blobs.iter().map(|(hash, bytes)| (*hash, bytes.clone())));
        (self.offer, self.blobs) = (Arc::new(offer), Arc::new(blobs));
        for line in self.lines.values_mut() {
            line.session.on_change(&self.offer);
        }
    }

    /// It sends this blob damaged so many times.
    pub fn rot(&mut self, hash: ContentHash, times: u32) {
        self.rotten.insert(hash, times);
    }

    /// Visitors that are connected.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// Streams that are open to visitors.
    pub fn stream_count(&self) -> usize {
        self.lines.values().map(|line| line.streams.len()).sum()
    }

    fn open(&mut self, header: pavilion::protocol::BlobHeader) -> VecDeque<Bytes> {
        let Some(bytes) = self.blobs.get(&header.hash) else { return VecDeque::new() };
        let mut bytes = bytes.clone();
        if let Some(times) = self.rotten.get_mut(&header.hash).filter(|times| **times > 0) {
            *times -= 1;
            let mut damaged = bytes.to_vec();
            if let Some(last) = damaged.last_mut() {
                *last ^= 1;
            }
            bytes = damaged.into();
        }
        let mut chunks = VecDeque::new();
        chunks.extend(codec::encode(&header).map(Bytes::from));
        let mut rest = bytes.slice(header.offset as usize..);
        while !rest.is_empty() {
            chunks.push_back(rest.split_to(rest.len().min(transport::WRITE_BYTES)));
        }
        chunks
    }

    fn do_actions(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection) {
        loop {
            let Some(line) = self.lines.get_mut(&handle.0) else { return };
            let Some(action) = line.session.next_action() else { return };
            match action {
                Action::Send(message) => line.said.extend(codec::encode(&message).unwrap_or_default()),
                Action::Open { stream, header, pace } => {
                    let chunks = self.open(header);
                    if let Some(line) = self.lines.get_mut(&handle.0) {
                        line.streams.insert(stream, Out { id: None, pace, chunks });
                        // Those that give way to it are cancelled after it.
                        assert!(line.streams.len() <= OPEN_MAX + RUNNING_MAX, "open streams are bounded");
                    }
                }
                Action::Pace { stream, pace } => {
                    if let Some(out) = line.streams.get_mut(&stream) {
                        out.pace = pace;
                    }
                }
                Action::Cancel(stream) => {
                    if let Some(id) = line.streams.remove(&stream).and_then(|out| out.id) {
                        // It may have been stopped from the other side.
                        let _ = connection.send_stream(id).reset(VarInt::from_u32(CloseCause::Left.code()));
                    }
                }
                // The other connection is silent, or it would not have been left behind.
                Action::Displace(_) | Action::Enter(_) => {}
                Action::Close(cause) => {
                    line.is_closed = true;
                    self.closed.push(cause);
                    connection.close(
                        now.instant,
                        VarInt::from_u32(cause.code()),
                        cause.to_string().into_bytes().into(),
                    );
                    return;
                }
            }
        }
    }
}

impl Host {
    fn hear(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection) {
        let Some(line) = self.lines.get_mut(&handle.0) else { return };
        if line.control.is_none() {
            line.control = connection.streams().accept(Dir::Bi);
        }
        let Some(id) = line.control else { return };
        for bytes in read(connection, id).0 {
            if line.heard.push(&bytes).is_err() {
                line.session.on_garbage();
            }
            loop {
                match line.heard.next_message::<FromViewer>() {
                    Ok(Some(message)) => {
                        line.session.on_message(&message, &self.offer, &mut self.visitors, now.since);
                    }
                    Ok(None) => break,
                    Err(_) => {
                        line.session.on_garbage();
                        break;
                    }
                }
            }
        }
        line.session.on_time(now.since);
    }

    /// Writes what can be written; whether a blob has ended with it.
    fn write(&mut self, handle: ConnectionHandle, connection: &mut Connection) -> bool {
        let Some(line) = self.lines.get_mut(&handle.0) else { return false };
        if let Some(id) = line.control.filter(|_| !line.said.is_empty()) {
            let bytes = line.said.make_contiguous();
            // What does not fit now does later; an end is seen elsewhere.
            let count = connection.send_stream(id).write(bytes).unwrap_or(0);
            line.said.drain(..count);
        }
        connection.set_send_window(transport::send_window_bytes(connection.stats().path.cwnd));
        let mut ended = Vec::new();
        for (key, out) in &mut line.streams {
            let Pace::Run { priority } = out.pace else { continue };
            if out.id.is_none() {
                out.id = connection.streams().open(Dir::Uni);
            }
            let Some(id) = out.id else { continue };
            let _ = connection.send_stream(id).set_priority(priority);
            while !out.chunks.is_empty() {
                match connection.send_stream(id).write_chunks(out.chunks.make_contiguous()) {
                    Ok(written) => {
                        self.written_bytes += written.bytes as u64;
                        out.chunks.drain(..written.chunks);
                    }
                    Err(WriteError::Blocked) => break,
                    // The other side does not want it.
                    Err(_) => {
                        out.chunks.clear();
                        ended.push((*key, false));
                        break;
                    }
                }
            }
            if out.chunks.is_empty() && ended.last().is_none_or(|(last, _)| last != key) {
                let _ = connection.send_stream(id).finish();
                ended.push((*key, true));
            }
        }
        for (key, _) in &ended {
            line.streams.remove(key);
            line.session.on_sent(*key, &self.offer);
        }
        !ended.is_empty()
    }
}

impl Program for Host {
    fn began(&mut self, now: Moment, handle: ConnectionHandle, _: &mut Connection) {
        self.keys += 1;
        let mut token = [0; 16];
        token[..8].copy_from_slice(&self.keys.to_le_bytes());
        let line = Line {
            session: Session::new(ConnectionKey(self.keys), Token(token), now.since),
            control: None,
            said: VecDeque::new(),
            heard: Frames::default(),
            streams: BTreeMap::new(),
            is_closed: false,
        };
        self.lines.insert(handle.0, line);
    }

    fn act(&mut self, now: Moment, handle: ConnectionHandle, connection: &mut Connection) {
        while let Some(event) = connection.poll() {
            if matches!(event, Event::ConnectionLost { .. }) {
                self.leave(now, handle);
            }
        }
        if self.lines.get(&handle.0).is_none_or(|line| line.is_closed) {
            return;
        }
        self.hear(now, handle, connection);
        loop {
            self.do_actions(now, handle, connection);
            if connection.is_closed() || !self.write(handle, connection) {
                return;
            }
        }
    }

    fn ended(&mut self, now: Moment, handle: ConnectionHandle) {
        self.leave(now, handle);
    }
}

impl Host {
    fn leave(&mut self, now: Moment, handle: ConnectionHandle) {
        if let Some(mut line) = self.lines.remove(&handle.0) {
            line.session.on_gone(&mut self.visitors, now.since);
        }
    }
}

fn offer(twin: &Twin) -> Offer {
    let catalog = twin.blobs.iter().map(|(hash, bytes)| (*hash, bytes.len() as u32)).collect();
    let size_bytes = twin.manifest_bytes.len() as u32;
    let manifest = WantedBlob { hash: twin.manifest, size_bytes };
    Offer { manifest, needs: Capabilities::NEEDED, catalog, opening: opening(&twin.tileset) }
}

/// What has come on this stream, and whether it has ended (`Some(true)`: whole).
pub fn read(connection: &mut Connection, id: StreamId) -> (Vec<Bytes>, Option<bool>) {
    let mut stream = connection.recv_stream(id);
    let Ok(mut chunks) = stream.read(true) else { return (Vec::new(), Some(false)) };
    let mut all = Vec::new();
    let end = loop {
        match chunks.next(usize::MAX) {
            Ok(Some(chunk)) => all.push(chunk.bytes),
            Ok(None) => break Some(true),
            Err(quinn_proto::ReadError::Blocked) => break None,
            Err(quinn_proto::ReadError::Reset(_)) => break Some(false),
        }
    };
    // The window that this opens leaves with the next packet.
    let _ = chunks.finalize();
    (all, end)
}
