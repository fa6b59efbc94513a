//! Half precision for shaders whose language has no word for it.
//!
//! In: a SPIR-V module, and how the names of functions begin whose arithmetic may be coarse. Out: the same module with
//! their results decorated `RelaxedPrecision`, which lets a headset's GPU compute them as halves: half the registers,
//! so twice the waves in flight. A driver that knows no halves computes what it did before.
//!
//! A half has eleven bits: whoever names a function so keeps positions, depth and texture coordinates out of it.

use std::collections::HashSet;

/// Words of a module before its first instruction.
const HEADER_WORDS: usize = 5;

/// Numbers of the SPIR-V specification, section 3.3.
mod op {
    pub const NAME: u32 = 5;
    pub const ENTRY_POINT: u32 = 15;
    pub const TYPE_FLOAT: u32 = 22;
    pub const TYPE_VECTOR: u32 = 23;
    pub const TYPE_MATRIX: u32 = 24;
    pub const FUNCTION: u32 = 54;
    pub const DECORATE: u32 = 71;
}

/// `RelaxedPrecision`, and the words of an instruction that says so.
const RELAXED_PRECISION: u32 = 0;
const DECORATE_WORDS: u32 = 3;

/// Whether the instruction may stand before the decorations of a module.
fn precedes_decorations(opcode: u32) -> bool {
    // Sources and names, extensions, the memory model, entry points and how they run, capabilities.
    matches!(opcode, 2..=7 | 10 | 11 | 14..=17 | 330 | 331)
}

/// Whether the instruction has a result that may be relaxed, if it is one of floats.
fn may_be_relaxed(opcode: u32) -> bool {
    matches!(
        opcode,
        12                  // an extended instruction: square roots, powers, clamps
        | 55 | 57           // parameters and calls of functions
        | 61                // loads
        | 77..=84           // vectors and composites
        | 87..=97           // reads of images
        | 111 | 112 | 115   // conversions
        | 127..=148         // arithmetic
        | 169               // select
        | 207..=215         // derivatives
        | 245 // phi
    )
}

/// The relaxed module; `None` where nothing in it may be relaxed.
pub(super) fn relaxed(code: &[u32], prefix: &str) -> Option<Vec<u32>> {
    let mut named = HashSet::new();
    let mut floats = HashSet::new();
    let mut decorations = Vec::new();
    let mut place = None;
    let mut is_inside = false;
    let mut at = HEADER_WORDS;
    while let Some(&first) = code.get(at) {
        let (opcode, words) = (first & 0xffff, (first >> 16) as usize);
        // A module that is cut off, or an instruction without length, is left as it is.
        let instruction = code.get(at..at + words).filter(|words| !words.is_empty())?;
        if !precedes_decorations(opcode) {
            place.get_or_insert(at);
        }
        match (opcode, instruction) {
            (op::NAME, [_, id, name @ ..]) | (op::ENTRY_POINT, [_, _, id, name @ ..])
                if begins_with(name, prefix) =>
            {
                named.insert(*id);
            }
            (op::TYPE_FLOAT, [_, id, 32, ..]) => _ = floats.insert(*id),
            (op::TYPE_VECTOR | op::TYPE_MATRIX, [_, id, part, _]) if floats.contains(part) => {
                floats.insert(*id);
            }
            (op::FUNCTION, [_, _, id, ..]) => is_inside = named.contains(id),
            (_, [_, ty, id, ..]) if is_inside && may_be_relaxed(opcode) && floats.contains(ty) => {
                decorations.extend([DECORATE_WORDS << 16 | op::DECORATE, *id, RELAXED_PRECISION]);
            }
            _ => {}
        }
        at += words;
    }
    let (before, after) = code.split_at(place.filter(|_| !decorations.is_empty())?);
    Some([before, &decorations, after].concat())
}

/// Names are four letters a word.
fn begins_with(name: &[u32], prefix: &str) -> bool {
    let letters = name.iter().flat_map(|word| word.to_le_bytes());
    prefix.bytes().zip(letters).filter(|(wanted, letter)| wanted == letter).count() == prefix.len()
}

/// How many results a module made of `before` has had decorated.
pub(super) fn decorated_count(before: &[u32], after: &[u32]) -> u32 {
    (after.len() - before.len()) as u32 / DECORATE_WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instruction(opcode: u32, operands: &[u32]) -> Vec<u32> {
        [&[(operands.len() as u32 + 1) << 16 | opcode], operands].concat()
    }

    fn name(id: u32, text: &[u8; 4]) -> Vec<u32> {
        instruction(op::NAME, &[id, u32::from_le_bytes(*text), 0])
    }

    /// Two functions that add: 20 is named as coarse, 30 is not. Each adds floats, vectors and integers.
    fn module() -> Vec<u32> {
        let add = |ty, id| instruction(129, &[ty, id, 9, 9]);
        let function = |id, results: [u32; 3]| {
            let [float, vector, integer] = results;
            [instruction(op::FUNCTION, &[1, id, 0, 1]), add(2, float), add(3, vector), add(4, integer)]
                .concat()
        };
        [
            vec![0; HEADER_WORDS],
            instruction(17, &[1]),
            name(20, b"h_up"),
            name(30, b"down"),
            instruction(op::DECORATE, &[9, 24]),
            instruction(op::TYPE_FLOAT, &[2, 32]),
            instruction(op::TYPE_VECTOR, &[3, 2, 4]),
            instruction(21, &[4, 32, 0]),
            function(20, [21, 22, 23]),
            function(30, [31, 32, 33]),
        ]
        .concat()
    }

    #[test]
    fn floats_of_the_functions_of_that_name_are_relaxed_and_nothing_else_is() {
        let before = module();
        let after = relaxed(&before, "h_").expect("there is something to relax");
        let added: Vec<u32> =
            [21, 22].into_iter().flat_map(|id| instruction(op::DECORATE, &[id, RELAXED_PRECISION])).collect();
        assert_eq!(decorated_count(&before, &after), 2);
        // Before the first decoration, after the last name.
        let place = after.windows(added.len()).position(|words| words == added).expect("decorations");
        assert_eq!(place, HEADER_WORDS + 2 + 4 + 4);
        assert_eq!([&after[..place], &after[place + added.len()..]].concat(), before);
    }

    #[test]
    fn a_module_without_such_names_or_cut_off_is_left_alone() {
        assert_eq!(relaxed(&module(), "g_"), None);
        assert_eq!(relaxed(&[], "h_"), None);
        let whole = module();
        for length in 0..whole.len() - 1 {
            let cut = relaxed(&whole[..length], "h_");
            assert!(cut.is_none_or(|cut| cut.len() > length));
        }
        let mut endless = whole;
        endless[HEADER_WORDS] = 0;
        assert_eq!(relaxed(&endless, "h_"), None);
    }
}
