//! Who is where: head and hands of a visitor in a datagram, twenty times a second; the newest wins.
//!
//! A sample is `sequence: u16, time_millis: u32, head: 16 bytes, hands: 11 bytes each`, little-endian.
//! The head's bytes are, from the lowest bit on: three places of 27 bits, the orientation's 41 bits,
//! one bit for each hand that follows (left first), and four that are zero. A hand's are three places
//! of 15 bits, the orientation's 41 and two that are zero. [`pose`](super::pose) says what they mean.
//!
//! A viewer sends one sample a datagram; a host sends as many as a packet takes, each after the
//! number of its visitor.

#[cfg(test)]
pub(crate) mod tests;

use std::time::Duration;

use super::pose::{Bits, put_hand, put_head, take_hand, take_head};
use super::{ProtocolError, VisitorId};
use crate::math::Pose;

/// How often a viewer says where it is, and a host where the others are.
pub const INTERVAL_MILLIS: u64 = 50;

/// The largest datagram that is read: what fits into an Ethernet frame, which QUIC does not exceed.
pub const DATAGRAM_BYTES_MAX: usize = 1472;

const HERE: u16 = 0x0201;
const OTHERS: u16 = 0x0202;

const KIND_BYTES: usize = 2;
const HEAD_BYTES: usize = 16;
const HAND_BYTES: usize = 11;

/// The most that a sample takes.
pub const SAMPLE_BYTES_MAX: usize = 2 + 4 + HEAD_BYTES + 2 * HAND_BYTES;

/// The most that a sample takes with the number of its visitor: 24 of them fit into 1200 bytes.
const ENTRY_BYTES_MAX: usize = 4 + SAMPLE_BYTES_MAX;

/// Where a visitor's head and hands are, in the twin's space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// World from head; it looks along −Z.
    pub head: Pose,
    /// World from hand, left and right, as far as they are tracked: the middle of the palm, fingers
    /// along −Z, the thumb along +Y.
    pub hands: [Option<Pose>; 2],
}

/// A body at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// Counts the samples of one visitor; it wraps.
    pub sequence: u16,
    /// By the sender's own clock, which begins anywhere and wraps.
    pub time_millis: u32,
    /// What was where.
    pub body: Body,
}

/// A sample as it crosses the wire. There is none that does not read as a sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed {
    bytes: [u8; SAMPLE_BYTES_MAX],
    length: usize,
}

impl Packed {
    /// Packs a sample. A hand that is out of reach of its head counts as not tracked; `None` when the
    /// head is outside the world or not finite.
    pub fn new(sample: &Sample) -> Option<Self> {
        let mut bits = Bits::default();
        put_head(&mut bits, sample.body.head)?;
        // Hands are relative to the head as the other side reads it.
        let head = take_head(&mut Bits::new(bits.value()))?;
        let hands = sample.body.hands.map(|hand| {
            let mut bits = Bits::default();
            put_hand(&mut bits, hand?, head).map(|()| bits.value())
        });
        for hand in hands {
            bits.put(u64::from(hand.is_some()), 1);
        }
        let mut bytes = Vec::with_capacity(SAMPLE_BYTES_MAX);
        bytes.extend_from_slice(&sample.sequence.to_le_bytes());
        bytes.extend_from_slice(&sample.time_millis.to_le_bytes());
        bytes.extend_from_slice(&bits.value().to_le_bytes());
        for hand in hands.into_iter().flatten() {
            bytes.extend(hand.to_le_bytes().iter().take(HAND_BYTES));
        }
        Self::read(&mut bytes.as_slice()).map(|(packed, _)| packed)
    }

    /// Its bytes.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// Reads a sample off the front of `bytes`; `None` when there is none.
    fn read(bytes: &mut &[u8]) -> Option<(Self, Sample)> {
        let all = *bytes;
        let sequence = u16::from_le_bytes(take(bytes)?);
        let time_millis = u32::from_le_bytes(take(bytes)?);
        let mut bits = Bits::new(u128::from_le_bytes(take(bytes)?));
        let head = take_head(&mut bits)?;
        let has_hands = [bits.take(1) == 1, bits.take(1) == 1];
        if !bits.is_spent() {
            return None;
        }
        let mut hands = [None; 2];
        for (hand, _) in hands.iter_mut().zip(has_hands).filter(|(_, has)| *has) {
            let mut padded = [0; 16];
            let packed: [u8; HAND_BYTES] = take(bytes)?;
            padded.iter_mut().zip(packed).for_each(|(byte, packed)| *byte = packed);
            let mut bits = Bits::new(u128::from_le_bytes(padded));
            *hand = Some(take_hand(&mut bits, head)?);
            if !bits.is_spent() {
                return None;
            }
        }
        let length = all.len() - bytes.len();
        let mut packed = [0; SAMPLE_BYTES_MAX];
        packed.get_mut(..length)?.copy_from_slice(all.get(..length)?);
        let sample = Sample { sequence, time_millis, body: Body { head, hands } };
        Some((Self { bytes: packed, length }, sample))
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*first)
}

/// Reads the kind off the front of a datagram; `None` when it is not `kind`.
fn open(bytes: &[u8], kind: u16) -> Result<Option<&[u8]>, ProtocolError> {
    if bytes.len() > DATAGRAM_BYTES_MAX {
        let (size, limit) = (bytes.len() as u64, DATAGRAM_BYTES_MAX as u64);
        return Err(ProtocolError::TooLarge { what: "a datagram", size, limit });
    }
    let mut rest = bytes;
    let found = take(&mut rest).map(u16::from_le_bytes);
    match found {
        Some(found) if found == kind => Ok(Some(rest)),
        Some(_) => Ok(None),
        None => Err(ProtocolError::Malformed { what: "a datagram" }),
    }
}

/// The datagram by which a viewer says where it is; `None` as for [`Packed::new`].
pub fn encode_here(sample: &Sample) -> Option<Vec<u8>> {
    let packed = Packed::new(sample)?;
    Some([&HERE.to_le_bytes(), packed.bytes()].concat())
}

/// Reads a viewer's datagram; `None` when this version does not know its kind.
///
/// # Errors
/// When it is of the kind and no such datagram.
pub fn decode_here(bytes: &[u8]) -> Result<Option<(Packed, Sample)>, ProtocolError> {
    let Some(mut rest) = open(bytes, HERE)? else { return Ok(None) };
    match Packed::read(&mut rest) {
        Some(read) if rest.is_empty() => Ok(Some(read)),
        _ => Err(ProtocolError::Malformed { what: "a pose" }),
    }
}

/// A datagram by which a host says where others are, while it is being filled.
#[derive(Clone, Debug)]
pub struct Others {
    bytes: Vec<u8>,
    bytes_max: usize,
}

impl Others {
    /// An empty one that grows to at most `bytes_max`, which is what the path to the viewer takes.
    pub fn new(bytes_max: usize) -> Self {
        let bytes_max = bytes_max.min(DATAGRAM_BYTES_MAX);
        let mut bytes = Vec::with_capacity(bytes_max.max(KIND_BYTES));
        bytes.extend_from_slice(&OTHERS.to_le_bytes());
        Self { bytes, bytes_max }
    }

    /// How many fit in any case.
    pub fn capacity(&self) -> usize {
        self.bytes_max.saturating_sub(KIND_BYTES) / ENTRY_BYTES_MAX
    }

    /// Adds one; `false`, and nothing is added, when there is no room left.
    #[must_use]
    pub fn push(&mut self, visitor: VisitorId, packed: &Packed) -> bool {
        let sample = packed.bytes();
        let has_room = self.bytes.len() + 4 + sample.len() <= self.bytes_max;
        if has_room {
            self.bytes.extend_from_slice(&visitor.0.to_le_bytes());
            self.bytes.extend_from_slice(sample);
        }
        has_room
    }

    /// The datagram; `None` when there is nobody in it.
    pub fn finish(self) -> Option<Vec<u8>> {
        (self.bytes.len() > KIND_BYTES).then_some(self.bytes)
    }
}

/// Reads a host's datagram; `None` when this version does not know its kind.
///
/// # Errors
/// When it is of the kind and no such datagram: none of it is then used.
pub fn decode_others(bytes: &[u8]) -> Result<Option<Vec<(VisitorId, Sample)>>, ProtocolError> {
    let Some(mut rest) = open(bytes, OTHERS)? else { return Ok(None) };
    let malformed = ProtocolError::Malformed { what: "the poses of others" };
    let mut others = Vec::with_capacity(rest.len() / (4 + 2 + 4 + HEAD_BYTES));
    while !rest.is_empty() {
        let visitor = take(&mut rest).map(u32::from_le_bytes).ok_or_else(|| malformed.clone())?;
        let (_, sample) = Packed::read(&mut rest).ok_or_else(|| malformed.clone())?;
        others.push((VisitorId(visitor), sample));
    }
    Ok(Some(others))
}

/// Why a sample that reads well is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Its sequence number was used or overtaken: it is late, or somebody says it again.
    Overtaken,
    /// It is newer by its number and not by its clock.
    Backwards,
    /// The sender's clock has run ahead of everybody's.
    Future,
}

/// How much further than ours a sender's clock may have come between two samples: what a network
/// holds back a packet at the most before it is delivered.
pub const AHEAD_MILLIS_MAX: i64 = 2_000;

/// Lets the newest sample of one visitor through, once.
#[derive(Clone, Copy, Debug, Default)]
pub struct Freshness {
    /// Number, the sender's clock and ours.
    last: Option<(u16, u32, Duration)>,
}

impl Freshness {
    /// Whether the sample, heard at `now`, is news; it then is what later ones are compared with.
    ///
    /// # Errors
    /// When it is not.
    pub fn admit(&mut self, sample: &Sample, now: Duration) -> Result<(), Stale> {
        if let Some((sequence, time_millis, heard)) = self.last {
            if !is_newer(sample.sequence, sequence) {
                return Err(Stale::Overtaken);
            }
            let passed = i64::from(millis_after(sample.time_millis, time_millis));
            if passed <= 0 {
                return Err(Stale::Backwards);
            }
            let ours = i64::try_from(now.saturating_sub(heard).as_millis()).unwrap_or(i64::MAX);
            if passed > ours.saturating_add(AHEAD_MILLIS_MAX) {
                return Err(Stale::Future);
            }
        }
        self.last = Some((sample.sequence, sample.time_millis, now));
        Ok(())
    }
}

/// Whether a number comes after another in a count that wraps (RFC 1982).
pub fn is_newer(sequence: u16, than: u16) -> bool {
    (1..0x8000).contains(&sequence.wrapping_sub(than))
}

/// From `earlier` to `time_millis`, by a clock that wraps.
pub fn millis_after(time_millis: u32, earlier: u32) -> i32 {
    time_millis.wrapping_sub(earlier) as i32
}
