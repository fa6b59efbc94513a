//! The vertex codec, version 0.
//!
//! Vertices lie in blocks of at most 256. In a block each byte of the vertex is a column of its own:
//! groups of 16 deltas with 0, 2, 4 or 8 bits each, where the largest value of 2 or 4 bits says that
//! the delta is a whole byte after the group. The stream ends in the vertex that the first deltas
//! count from, padded in front to 32 bytes.

const HEADER: u8 = 0xa0;
const GROUP: usize = 16;
const BLOCK_BYTES: usize = 8192;
const BLOCK_VERTICES: usize = 256;
const TAIL_BYTES_MIN: usize = 32;

/// Decodes `count` vertices of `stride` bytes, a multiple of 4 from 4 to 256.
pub(in crate::scene) fn vertices(data: &[u8], count: usize, stride: usize) -> Result<Vec<u8>, &'static str> {
    if !stride.is_multiple_of(4) || !(4..=256).contains(&stride) {
        return Err("vertices have 4 to 256 bytes, in steps of 4");
    }
    let body = match data.split_first() {
        Some((&HEADER, body)) => body,
        Some((header, _)) if header & 0xf0 == HEADER => {
            return Err(
                "its vertex codec is not version 0, the only one that EXT_meshopt_compression defines",
            );
        }
        _ => return Err("it is not a compressed vertex buffer"),
    };
    let tail_bytes = stride.max(TAIL_BYTES_MIN);
    let block_max = (BLOCK_BYTES / stride / GROUP * GROUP).min(BLOCK_VERTICES);
    // The least that a valid stream has: two bits for every group of a column.
    let least = count.div_ceil(block_max).saturating_mul(stride).saturating_add(tail_bytes);
    if body.len() < least {
        return Err("the compressed vertices end early");
    }
    let mut last = [0_u8; 256];
    for (slot, &byte) in
        last.iter_mut().zip(body.get(body.len().saturating_sub(stride)..).unwrap_or_default())
    {
        *slot = byte;
    }

    let size = count.checked_mul(stride).ok_or("its size is out of range")?;
    let mut vertices = vec![0_u8; size];
    let mut rest = body;
    for block in vertices.chunks_mut(block_max.saturating_mul(stride)) {
        rest = decode_block(rest, block, stride, &mut last)?;
    }
    if rest.len() != tail_bytes {
        return Err("the compressed vertices do not end where they should");
    }
    Ok(vertices)
}

/// Fills a block, and gives what follows it. `last` is the vertex before it, and then its last one.
fn decode_block<'a>(
    mut rest: &'a [u8],
    block: &mut [u8],
    stride: usize,
    last: &mut [u8; 256],
) -> Result<&'a [u8], &'static str> {
    let (words, _) = block.as_chunks_mut::<4>();
    let words_per_vertex = stride / 4;
    let count = words.len() / words_per_vertex.max(1);
    let (last_words, _) = last.as_chunks_mut::<4>();
    let mut columns = [[0_u8; BLOCK_VERTICES]; 4];
    for (word, last_word) in last_words.iter_mut().take(words_per_vertex).enumerate() {
        for column in &mut columns {
            rest = decode_column(rest, column, count)?;
        }
        let [c0, c1, c2, c3] = &columns;
        let mut value = *last_word;
        let slots = words.iter_mut().skip(word).step_by(words_per_vertex.max(1));
        for ((((slot, d0), d1), d2), d3) in slots.zip(c0).zip(c1).zip(c2).zip(c3) {
            for (byte, delta) in value.iter_mut().zip([d0, d1, d2, d3]) {
                *byte = byte.wrapping_add(unzigzag(*delta));
            }
            *slot = value;
        }
        *last_word = value;
    }
    Ok(rest)
}

fn unzigzag(delta: u8) -> u8 {
    (delta & 1).wrapping_neg() ^ (delta >> 1)
}

/// Fills a column with the deltas of `count` vertices, and gives what follows it.
fn decode_column<'a>(
    rest: &'a [u8],
    column: &mut [u8; BLOCK_VERTICES],
    count: usize,
) -> Result<&'a [u8], &'static str> {
    let groups = count.div_ceil(GROUP);
    let (widths, mut rest) =
        rest.split_at_checked(groups.div_ceil(4)).ok_or("the compressed vertices end early")?;
    let (slots, _) = column.as_chunks_mut::<GROUP>();
    let mut width_bits =
        widths.iter().flat_map(|&byte| [byte & 3, (byte >> 2) & 3, (byte >> 4) & 3, byte >> 6]);
    for slot in slots.iter_mut().take(groups) {
        // The vertex at the end has 32 bytes at least, so a group of a valid stream has them too.
        let window = rest.first_chunk::<32>().ok_or("the compressed vertices end early")?;
        let used = match width_bits.next() {
            Some(0) | None => {
                *slot = [0; GROUP];
                0
            }
            Some(1) => decode_group::<2>(window, slot),
            Some(2) => decode_group::<4>(window, slot),
            Some(_) => {
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

/// Sixteen deltas of `BITS` bits, the first in the highest bits of the first byte; gives how many
/// bytes they take: at most 8 + 16.
fn decode_group<const BITS: usize>(window: &[u8; 32], slot: &mut [u8; GROUP]) -> usize {
    let per_byte = 8 / BITS;
    let escape = (1_u8 << BITS) - 1;
    let mut extra = GROUP / per_byte;
    for (deltas, &packed) in slot.chunks_exact_mut(per_byte).zip(window) {
        let mut packed = packed;
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
