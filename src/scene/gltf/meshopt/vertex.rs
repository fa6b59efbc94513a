//! The vertex codec, versions 0 and 1.
//!
//! Vertices lie in blocks of at most 256. In a block each byte of the vertex is a column of its own:
//! groups of 16 deltas with 0, 1, 2, 4 or 8 bits each, where the largest value of 1, 2 or 4 bits says that
//! the delta is a whole byte after the group. The stream ends in the vertex that the first deltas
//! count from, padded in front.
//!
//! Version 1 begins each block with what widths each column has, if it has any, and ends the stream with how the deltas
//! of each four bytes are meant: as those of bytes, of 16-bit numbers, or as the bits that differ.

const HEADER: u8 = 0xa0;
const GROUP: usize = 16;
const BLOCK_BYTES: usize = 8192;
const BLOCK_VERTICES: usize = 256;
/// The most that a group takes: 16 deltas of 4 bits, and as many whole bytes.
const GROUP_BYTES_MAX: usize = 24;

/// Versions of the codec.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scene) enum Version {
    /// What EXT_meshopt_compression defines.
    V0,
    /// What KHR_meshopt_compression defines beside it.
    V1,
}

/// How the deltas of four bytes are meant.
#[derive(Clone, Copy)]
enum Channel {
    Bytes,
    Words,
    /// Turned to the left by so many bits.
    Bits(u32),
}

impl Channel {
    fn of(byte: u8) -> Option<Self> {
        match (byte & 15, byte >> 4) {
            (0, 0) => Some(Self::Bytes),
            (1, 0) => Some(Self::Words),
            (2, turn) => Some(Self::Bits(u32::from(turn))),
            _ => None,
        }
    }

    /// What follows `last` by these deltas.
    fn next(self, last: [u8; 4], deltas: [u8; 4]) -> [u8; 4] {
        match self {
            Self::Bytes => {
                let [[a, b, c, d], [e, f, g, h]] = [last, deltas];
                [(a, e), (b, f), (c, g), (d, h)].map(|(last, delta)| last.wrapping_add(unzigzag(delta)))
            }
            Self::Words => {
                let words = |[a, b, c, d]: [u8; 4]| [[a, b], [c, d]].map(u16::from_le_bytes);
                let ([a, b], [c, d]) = (words(last), words(deltas));
                let next =
                    |last: u16, delta: u16| last.wrapping_add((delta & 1).wrapping_neg() ^ (delta >> 1));
                let [[a, b], [c, d]] = [next(a, c), next(b, d)].map(u16::to_le_bytes);
                [a, b, c, d]
            }
            Self::Bits(turn) => {
                (u32::from_le_bytes(last) ^ u32::from_le_bytes(deltas).rotate_right(turn)).to_le_bytes()
            }
        }
    }
}

/// Decodes `count` vertices of `stride` bytes, a multiple of 4 from 4 to 256, from a version up to `newest`.
pub(in crate::scene) fn vertices(
    data: &[u8],
    count: usize,
    stride: usize,
    newest: Version,
) -> Result<Vec<u8>, &'static str> {
    if !stride.is_multiple_of(4) || !(4..=256).contains(&stride) {
        return Err("vertices have 4 to 256 bytes, in steps of 4");
    }
    let (version, body) = match data.split_first() {
        Some((&HEADER, body)) => (Version::V0, body),
        Some((header, body)) if *header == HEADER | 1 && newest == Version::V1 => (Version::V1, body),
        Some((header, _)) if header & 0xf0 == HEADER => {
            return Err(
                "its vertex codec is not of a version that its extension defines: EXT_meshopt_compression has version 0, KHR_meshopt_compression 1 as well",
            );
        }
        _ => return Err("it is not a compressed vertex buffer"),
    };
    let words = stride / 4;
    let (tail_bytes, column_bytes_min) = match version {
        // Two bits for every group of a column.
        Version::V0 => (stride.max(32), stride),
        Version::V1 => (stride.saturating_add(words).max(GROUP_BYTES_MAX), words),
    };
    let block_max = (BLOCK_BYTES / stride / GROUP * GROUP).min(BLOCK_VERTICES);
    let least = count.div_ceil(block_max).saturating_mul(column_bytes_min).saturating_add(tail_bytes);
    if body.len() < least {
        return Err(ENDS_EARLY);
    }
    let (body, modes) = match version {
        Version::V0 => (body, [].as_slice()),
        Version::V1 => body.split_at_checked(body.len().saturating_sub(words)).ok_or(ENDS_EARLY)?,
    };
    let mut channels = [Channel::Bytes; 64];
    for (channel, &mode) in channels.iter_mut().zip(modes) {
        *channel = Channel::of(mode).ok_or("a channel of the compressed vertices has a mode that is none")?;
    }
    let mut last = [0_u8; 256];
    for (slot, &byte) in
        last.iter_mut().zip(body.get(body.len().saturating_sub(stride)..).unwrap_or_default())
    {
        *slot = byte;
    }

    let size = count.checked_mul(stride).ok_or("its size is out of range")?;
    let mut vertices = vec![0_u8; size];
    // What stands before the tail, and the tail: groups are read through a window that reaches into it.
    let mut rest = data.get(1..).unwrap_or_default();
    for block in vertices.chunks_mut(block_max.saturating_mul(stride)) {
        rest = decode_block(rest, block, stride, version, &channels, &mut last)?;
    }
    if rest.len() != tail_bytes {
        return Err("the compressed vertices do not end where they should");
    }
    Ok(vertices)
}

const ENDS_EARLY: &str = "the compressed vertices end early";

/// Fills a block, and gives what follows it. `last` is the vertex before it, and then its last one.
fn decode_block<'a>(
    rest: &'a [u8],
    block: &mut [u8],
    stride: usize,
    version: Version,
    channels: &[Channel; 64],
    last: &mut [u8; 256],
) -> Result<&'a [u8], &'static str> {
    let (words, _) = block.as_chunks_mut::<4>();
    let words_per_vertex = stride / 4;
    let count = words.len() / words_per_vertex.max(1);
    let (controls, mut rest) = match version {
        Version::V0 => ([].as_slice(), rest),
        Version::V1 => rest.split_at_checked(words_per_vertex).ok_or(ENDS_EARLY)?,
    };
    let mut controls = controls.iter();
    let (last_words, _) = last.as_chunks_mut::<4>();
    let mut columns = [[0_u8; BLOCK_VERTICES]; 4];
    for (word, (last_word, channel)) in last_words.iter_mut().zip(channels).take(words_per_vertex).enumerate()
    {
        let mut control = controls.next().copied();
        for column in &mut columns {
            rest = match control.map(|bits| bits & 3) {
                None => decode_column(rest, column, count, WIDTHS_V0)?,
                Some(0) => decode_column(rest, column, count, WIDTHS_NARROW)?,
                Some(1) => decode_column(rest, column, count, WIDTHS_WIDE)?,
                Some(2) => {
                    *column = [0; BLOCK_VERTICES];
                    rest
                }
                Some(_) => {
                    let (literal, rest) = rest.split_at_checked(count).ok_or(ENDS_EARLY)?;
                    column.iter_mut().zip(literal).for_each(|(slot, &byte)| *slot = byte);
                    rest
                }
            };
            control = control.map(|bits| bits >> 2);
        }
        let [c0, c1, c2, c3] = &columns;
        let mut value = *last_word;
        let slots = words.iter_mut().skip(word).step_by(words_per_vertex.max(1));
        for ((((slot, d0), d1), d2), d3) in slots.zip(c0).zip(c1).zip(c2).zip(c3) {
            value = channel.next(value, [*d0, *d1, *d2, *d3]);
            *slot = value;
        }
        *last_word = value;
    }
    Ok(rest)
}

fn unzigzag(delta: u8) -> u8 {
    (delta & 1).wrapping_neg() ^ (delta >> 1)
}

/// Bits of a group's deltas, by the two bits that choose.
type Widths = [u8; 4];
const WIDTHS_V0: Widths = [0, 2, 4, 8];
const WIDTHS_NARROW: Widths = [0, 1, 2, 4];
const WIDTHS_WIDE: Widths = [1, 2, 4, 8];

/// Fills a column with the deltas of `count` vertices, and gives what follows it.
fn decode_column<'a>(
    rest: &'a [u8],
    column: &mut [u8; BLOCK_VERTICES],
    count: usize,
    [none, one, two, three]: Widths,
) -> Result<&'a [u8], &'static str> {
    let groups = count.div_ceil(GROUP);
    let (choices, mut rest) = rest.split_at_checked(groups.div_ceil(4)).ok_or(ENDS_EARLY)?;
    let (slots, _) = column.as_chunks_mut::<GROUP>();
    let mut choices =
        choices.iter().flat_map(|&byte| [byte & 3, (byte >> 2) & 3, (byte >> 4) & 3, byte >> 6]);
    for slot in slots.iter_mut().take(groups) {
        let mut padded = [0_u8; 32];
        let window = match rest.first_chunk::<32>() {
            Some(window) => window,
            None => {
                // The tail has as many bytes as the largest group, so a group of a valid stream has them too.
                if rest.len() < GROUP_BYTES_MAX {
                    return Err(ENDS_EARLY);
                }
                padded.iter_mut().zip(rest).for_each(|(slot, &byte)| *slot = byte);
                &padded
            }
        };
        let bits = match choices.next() {
            Some(0) | None => none,
            Some(1) => one,
            Some(2) => two,
            Some(_) => three,
        };
        let used = match bits {
            0 => {
                *slot = [0; GROUP];
                0
            }
            1 => decode_group::<1>(window, slot),
            2 => decode_group::<2>(window, slot),
            4 => decode_group::<4>(window, slot),
            _ => {
                if let Some(literal) = window.first_chunk::<GROUP>() {
                    *slot = *literal;
                }
                GROUP
            }
        };
        rest = rest.get(used..).unwrap_or_default();
    }
    Ok(rest)
}

/// Sixteen deltas of `BITS` bits, the first in the highest bits of the first byte (of one bit: in the lowest); gives how
/// many bytes they take: at most 8 + 16.
fn decode_group<const BITS: usize>(window: &[u8; 32], slot: &mut [u8; GROUP]) -> usize {
    let per_byte = 8 / BITS;
    let escape = (1_u8 << BITS) - 1;
    let mut extra = GROUP / per_byte;
    for (deltas, &packed) in slot.chunks_exact_mut(per_byte).zip(window) {
        let mut packed = if BITS == 1 { packed.reverse_bits() } else { packed };
        for delta in deltas {
            let small = packed >> (8 - BITS);
            packed <<= BITS;
            let is_escaped = small == escape;
            let whole = window.get(extra & 31).copied().unwrap_or_default();
            *delta = if is_escaped { whole } else { small };
            extra += usize::from(is_escaped);
        }
    }
    extra
}
