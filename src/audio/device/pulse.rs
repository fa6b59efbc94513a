//! A PulseAudio server, or PipeWire as one: asks for samples over a local socket, message by message.
//!
//! The server moves the stream when the person picks another output, so that only a server that goes away
//! is a loss.

use std::ffi::CStr;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use pulseaudio::protocol::{self as wire, Command, ProtocolError};

use super::{Choice, DeviceError, NAP, Status};
use crate::audio::{Frame, Mixer};
use crate::scene::sound::SAMPLE_RATE_HZ;

/// How long the server may take to answer while the stream is opened.
const ANSWER: Duration = Duration::from_secs(3);

/// What lies ready at the server: enough for a thread that is late by a frame, and no echo of the past.
const BUFFERED_MILLIS: u32 = 40;

const FRAME_BYTES: usize = size_of::<Frame>();

/// Frames that are made and sent at once; a longer request is answered in parts.
const FRAMES_MAX: usize = 2048;

/// No message that we asked for is longer; the server's lists, which we never ask for, are.
const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// A cookie of any other length is an error of the protocol, even where none is needed.
const COOKIE_BYTES: usize = 256;

/// Our part of the protocol's numbering: answers carry the number of what they answer.
const AUTH: u32 = 0;
const NAME: u32 = 1;
const STREAM: u32 = 2;

/// The user's server.
pub struct Output {
    mixer: Mixer,
    choice: Choice,
    frames: Box<[Frame]>,
}

impl Output {
    pub fn new(mixer: Mixer, choice: Choice) -> Self {
        Self { mixer, choice, frames: vec![[0.0; 2]; FRAMES_MAX].into() }
    }

    /// Plays until the thread is to end.
    pub fn play(&mut self, status: &Status) -> Result<(), DeviceError> {
        let mut stream = Stream::open(&self.choice)?;
        status.open(&stream.name);
        let mut wanted = stream.wanted_bytes;
        while !status.is_ending() {
            while wanted >= FRAME_BYTES {
                let count = (wanted / FRAME_BYTES).min(FRAMES_MAX);
                let frames = &mut self.frames[..count];
                self.mixer.render(frames);
                stream.send(frames).map_err(lost)?;
                wanted -= count * FRAME_BYTES;
            }
            match stream.link.message().map_err(lost)? {
                None => {}
                Some((_, Command::Request(request))) if request.channel == stream.channel => {
                    // A server that asks for more than a buffer of ours is answered with one.
                    wanted = wanted.saturating_add(request.length as usize).min(wire::MAX_MEMBLOCKQ_LENGTH);
                }
                Some((_, Command::PlaybackStreamKilled(channel))) if channel == stream.channel => {
                    return Err(DeviceError::Lost("the server has ended the stream".to_owned()));
                }
                Some((_, Command::PlaybackStreamMoved(moved))) => {
                    tracing::info!("sound comes from {} now", moved.device_name.to_string_lossy());
                }
                Some(_) => {}
            }
        }
        Ok(())
    }

    pub fn skip(&mut self, frames: u64) {
        self.mixer.skip(frames);
    }
}

pub fn probe(choice: &Choice) -> Result<String, DeviceError> {
    Stream::open(choice).map(|stream| stream.name)
}

fn lost(error: io::Error) -> DeviceError {
    DeviceError::Lost(error.to_string())
}

fn refused(error: impl ToString) -> DeviceError {
    DeviceError::Refused(error.to_string())
}

/// A playback stream of ours.
struct Stream {
    link: Link,
    channel: u32,
    /// What the server wants at once.
    wanted_bytes: usize,
    name: String,
}

impl Stream {
    fn open(choice: &Choice) -> Result<Self, DeviceError> {
        let absent = |reason: &str| DeviceError::Absent(reason.to_owned());
        let path = choice.server.clone().or_else(pulseaudio::socket_path_from_env);
        let path = path.ok_or_else(|| absent("no PulseAudio or PipeWire server is running"))?;
        let mut link = Link::open(&path).map_err(|error| absent(&format!("{}: {error}", path.display())))?;

        let cookie = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
        let auth = wire::AuthParams {
            version: wire::MAX_VERSION,
            supports_shm: false,
            supports_memfd: false,
            cookie: cookie.filter(|cookie| cookie.len() == COOKIE_BYTES).unwrap_or(vec![0; COOKIE_BYTES]),
        };
        let answer: wire::AuthReply = link.ask(AUTH, &Command::Auth(auth)).map_err(refused)?;
        link.version = answer.version.min(wire::MAX_VERSION);
        let name = properties(&[(wire::Prop::ApplicationName, c"Pavilion")]);
        let _: wire::SetClientNameReply = link.ask(NAME, &Command::SetClientName(name)).map_err(refused)?;
        let stream = Command::CreatePlaybackStream(stream_parameters());
        let stream: wire::CreatePlaybackStreamReply = link.ask(STREAM, &stream).map_err(refused)?;
        let name = stream.sink_name.as_deref().map_or("the sound server".into(), CStr::to_string_lossy);
        Ok(Self {
            link,
            channel: stream.channel,
            wanted_bytes: (stream.requested_bytes as usize).min(wire::MAX_MEMBLOCKQ_LENGTH),
            name: name.into_owned(),
        })
    }

    fn send(&mut self, frames: &[Frame]) -> io::Result<()> {
        wire::write_memblock(&mut self.link.socket, self.channel, bytemuck::cast_slice(frames), 0)
            .map_err(to_io)
    }
}

fn stream_parameters() -> wire::PlaybackStreamParams {
    let buffered_bytes = SAMPLE_RATE_HZ * BUFFERED_MILLIS / 1000 * FRAME_BYTES as u32;
    let format = if cfg!(target_endian = "little") {
        wire::SampleFormat::Float32Le
    } else {
        wire::SampleFormat::Float32Be
    };
    wire::PlaybackStreamParams {
        sample_spec: wire::SampleSpec { format, channels: 2, sample_rate: SAMPLE_RATE_HZ },
        channel_map: wire::ChannelMap::stereo(),
        sink_name: Some(wire::DEFAULT_SINK.to_owned()),
        buffer_attr: wire::stream::BufferAttr { target_length: buffered_bytes, ..Default::default() },
        flags: wire::stream::StreamFlags { adjust_latency: true, ..Default::default() },
        props: properties(&[
            (wire::Prop::MediaName, c"Sound of the place"),
            (wire::Prop::MediaRole, c"game"),
        ]),
        ..Default::default()
    }
}

fn properties(entries: &[(wire::Prop, &CStr)]) -> wire::Props {
    let mut properties = wire::Props::new();
    for (name, value) in entries {
        properties.set(*name, value);
    }
    properties
}

/// The socket, with the message that is coming in.
struct Link {
    socket: UnixStream,
    version: u16,
    /// What has come of messages and is not read yet.
    buffer: Box<[u8]>,
    have: usize,
    /// The length of the message at the buffer's beginning, once it was handed out.
    read: usize,
}

impl Link {
    fn open(path: &Path) -> io::Result<Self> {
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(NAP))?;
        socket.set_write_timeout(Some(ANSWER))?;
        let buffer = vec![0; MESSAGE_BYTES_MAX].into();
        Ok(Self { socket, version: wire::MAX_VERSION, buffer, have: 0, read: 0 })
    }

    /// Asks and waits for the answer.
    fn ask<T: wire::CommandReply>(&mut self, number: u32, command: &Command) -> io::Result<T> {
        wire::write_command_message(&mut self.socket, number, command, self.version).map_err(to_io)?;
        self.socket.flush()?;
        let until = Instant::now() + ANSWER;
        while Instant::now() < until {
            match self.message()? {
                Some((answered, Command::Reply)) if answered == number => {
                    let mut message = &self.buffer[..self.read];
                    return wire::read_reply_message(&mut message, self.version)
                        .map(|(_, answer)| answer)
                        .map_err(to_io);
                }
                Some((answered, Command::Error(error))) if answered == number => {
                    return Err(io::Error::other(error.to_string()));
                }
                _ => {}
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }

    /// The next message, if one comes soon; those that mean nothing to us are left out.
    fn message(&mut self) -> io::Result<Option<(u32, Command)>> {
        loop {
            let read = std::mem::take(&mut self.read);
            self.buffer.copy_within(read..self.have, 0);
            self.have -= read;
            let Some(length) = self.whole_length()? else {
                if !self.receive()? {
                    return Ok(None);
                }
                continue;
            };
            self.read = length;
            let mut body = &self.buffer[wire::DESCRIPTOR_SIZE..length];
            if let Ok(message) = Command::read_tag_prefixed(&mut body, self.version) {
                return Ok(Some(message));
            }
        }
    }

    /// The length of the message at the buffer's beginning, if all of it is here.
    fn whole_length(&self) -> io::Result<Option<usize>> {
        let have = &self.buffer[..self.have];
        let Some(mut head) = have.get(..wire::DESCRIPTOR_SIZE) else { return Ok(None) };
        let head = wire::read_descriptor(&mut head).map_err(to_io)?;
        let length = (head.length as usize).saturating_add(wire::DESCRIPTOR_SIZE);
        if length > self.buffer.len() {
            return Err(io::Error::other(format!("it sent a message of {length} bytes")));
        }
        Ok((self.have >= length).then_some(length))
    }

    /// Whether something came.
    fn receive(&mut self) -> io::Result<bool> {
        match self.socket.read(&mut self.buffer[self.have..]) {
            Ok(0) => Err(io::Error::other("the sound server has ended")),
            Ok(count) => {
                self.have += count;
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
                ) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}

fn to_io(error: ProtocolError) -> io::Error {
    match error {
        ProtocolError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}
