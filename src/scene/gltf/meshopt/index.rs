//! The codecs of triangle lists and of index sequences, versions 0 and 1.
//!
//! A triangle is a byte that says which recent edge it continues and where its third corner comes
//! from: the next vertex never seen, one of the recent vertices, or a number of its own, as the
//! difference from the last such number. The stream ends in the table that the rarest bytes refer to.

const TRIANGLES: u8 = 0xe0;
const SEQUENCE: u8 = 0xd0;
const TABLE_BYTES: usize = 16;
const SEQUENCE_TAIL_BYTES: usize = 4;

/// The sixteen latest values.
struct Recent<T> {
    slots: [T; 16],
    next: usize,
}

impl<T: Copy + Default> Recent<T> {
    fn filled(value: T) -> Self {
        Self { slots: [value; 16], next: 0 }
    }

    /// The value pushed `age` pushes before the latest, which has age 0.
    fn at(&self, age: usize) -> T {
        self.slots.get(self.next.wrapping_sub(1).wrapping_sub(age) & 15).copied().unwrap_or_default()
    }

    fn push(&mut self, value: T) {
        if let Some(slot) = self.slots.get_mut(self.next & 15) {
            *slot = value;
        }
        self.next = self.next.wrapping_add(1);
    }
}

/// What follows the codes: escapes and numbers of variable length.
struct Numbers<'a> {
    rest: &'a [u8],
    last: u32,
}

impl Numbers<'_> {
    fn byte(&mut self) -> Result<u8, &'static str> {
        let (&byte, rest) = self.rest.split_first().ok_or("the compressed indices end early")?;
        self.rest = rest;
        Ok(byte)
    }

    /// Seven bits a byte, lowest first, in at most five bytes.
    fn number(&mut self) -> Result<u32, &'static str> {
        let mut number = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            number |= u32::from(byte & 127) << shift;
            if byte < 128 {
                break;
            }
        }
        Ok(number)
    }

    /// An index as the difference from the last one that was written so.
    fn index(&mut self) -> Result<u32, &'static str> {
        self.last = self.last.wrapping_add(unzigzag(self.number()?));
        Ok(self.last)
    }
}

fn unzigzag(number: u32) -> u32 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

struct Triangles<'a> {
    numbers: Numbers<'a>,
    table: [u8; TABLE_BYTES],
    edges: Recent<(u32, u32)>,
    vertices: Recent<u32>,
    /// The smallest index never seen.
    next: u32,
    /// Codes from here on are one step from the last number, or a number: version 1 has the steps.
    first_special: u8,
}

/// Decodes `count` indices of a triangle list, and hands out each triangle.
pub(in crate::scene) fn triangles(
    data: &[u8],
    count: usize,
    mut emit: impl FnMut([u32; 3]),
) -> Result<(), &'static str> {
    let (&header, body) = data.split_first().ok_or("it is not a compressed triangle list")?;
    if header & 0xf0 != TRIANGLES || header & 0x0f > 1 || !count.is_multiple_of(3) {
        return Err("it is not a compressed triangle list of a version that is known");
    }
    let (codes, rest) = body.split_at_checked(count / 3).ok_or("the compressed indices end early")?;
    let (rest, &table) = rest.split_last_chunk::<TABLE_BYTES>().ok_or("the compressed indices end early")?;
    let mut state = Triangles {
        numbers: Numbers { rest, last: 0 },
        table,
        edges: Recent::filled((u32::MAX, u32::MAX)),
        vertices: Recent::filled(u32::MAX),
        next: 0,
        first_special: if header & 0x0f == 1 { 13 } else { 15 },
    };
    for &code in codes {
        emit(match code {
            0..=0xef => state.continued(code)?,
            0xf0..=0xfd => state.tabled(code)?,
            _ => state.spelled_out(code == 0xfe)?,
        });
    }
    if state.numbers.rest.is_empty() {
        Ok(())
    } else {
        Err("the compressed indices do not end where they should")
    }
}

impl Triangles<'_> {
    /// The next vertex never seen.
    fn fresh(&mut self) -> u32 {
        let vertex = self.next;
        self.next = self.next.wrapping_add(1);
        vertex
    }

    /// A triangle on a recent edge.
    fn continued(&mut self, code: u8) -> Result<[u32; 3], &'static str> {
        let (a, b) = self.edges.at(usize::from(code >> 4));
        let corner = code & 15;
        let c = if corner == 0 {
            let c = self.fresh();
            self.vertices.push(c);
            c
        } else if corner < self.first_special {
            self.vertices.at(usize::from(corner))
        } else {
            let c = match corner {
                13 => self.numbers.last.wrapping_sub(1),
                14 => self.numbers.last.wrapping_add(1),
                _ => self.numbers.index()?,
            };
            self.numbers.last = c;
            self.vertices.push(c);
            c
        };
        self.edges.push((c, b));
        self.edges.push((a, c));
        Ok([a, b, c])
    }

    /// A triangle that begins with a fresh vertex and whose other corners are in the table.
    fn tabled(&mut self, code: u8) -> Result<[u32; 3], &'static str> {
        let corners = self.table.get(usize::from(code & 15)).copied().unwrap_or_default();
        let (corner_b, corner_c) = (corners >> 4, corners & 15);
        if corner_b == 15 || corner_c == 15 {
            return Err("the table of the compressed indices is malformed");
        }
        let a = self.fresh();
        let b = self.recent_or_fresh(corner_b);
        let c = self.recent_or_fresh(corner_c);
        self.remember([(a, true), (b, corner_b == 0), (c, corner_c == 0)]);
        Ok([a, b, c])
    }

    /// A triangle whose corners may be numbers of their own.
    fn spelled_out(&mut self, is_first_fresh: bool) -> Result<[u32; 3], &'static str> {
        let corners = self.numbers.byte()?;
        let (corner_b, corner_c) = (corners >> 4, corners & 15);
        if corners == 0 {
            self.next = 0;
        }
        // Fresh vertices are counted before any number is read.
        let mut a = if is_first_fresh { self.fresh() } else { 0 };
        let mut b = if corner_b == 15 { 0 } else { self.recent_or_fresh(corner_b) };
        let mut c = if corner_c == 15 { 0 } else { self.recent_or_fresh(corner_c) };
        if !is_first_fresh {
            a = self.numbers.index()?;
        }
        if corner_b == 15 {
            b = self.numbers.index()?;
        }
        if corner_c == 15 {
            c = self.numbers.index()?;
        }
        let is_new = |corner: u8| corner == 0 || corner == 15;
        self.remember([(a, true), (b, is_new(corner_b)), (c, is_new(corner_c))]);
        Ok([a, b, c])
    }

    /// Corner 0 is a fresh vertex; others count back from the latest.
    fn recent_or_fresh(&mut self, corner: u8) -> u32 {
        match usize::from(corner).checked_sub(1) {
            Some(age) => self.vertices.at(age),
            None => self.fresh(),
        }
    }

    fn remember(&mut self, corners: [(u32, bool); 3]) {
        for (vertex, is_new) in corners {
            if is_new {
                self.vertices.push(vertex);
            }
        }
        let [(a, _), (b, _), (c, _)] = corners;
        self.edges.push((b, a));
        self.edges.push((c, b));
        self.edges.push((a, c));
    }
}

/// Decodes `count` indices in any order, and hands them out.
pub(in crate::scene) fn sequence(
    data: &[u8],
    count: usize,
    mut emit: impl FnMut(u32),
) -> Result<(), &'static str> {
    let (&header, body) = data.split_first().ok_or("it is not a compressed index sequence")?;
    if header & 0xf0 != SEQUENCE || header & 0x0f > 1 {
        return Err("it is not a compressed index sequence of a version that is known");
    }
    let (rest, _) =
        body.split_last_chunk::<SEQUENCE_TAIL_BYTES>().ok_or("the compressed indices end early")?;
    if rest.len() < count {
        return Err("the compressed indices end early");
    }
    let mut numbers = Numbers { rest, last: 0 };
    let (mut even, mut odd) = (0_u32, 0_u32);
    for _ in 0..count {
        let number = numbers.number()?;
        let baseline = if number & 1 == 0 { &mut even } else { &mut odd };
        *baseline = baseline.wrapping_add(unzigzag(number >> 1));
        emit(*baseline);
    }
    if numbers.rest.is_empty() { Ok(()) } else { Err("the compressed indices do not end where they should") }
}
