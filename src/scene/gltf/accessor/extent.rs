//! Between which bounds the elements of an accessor are, and whether that is what it says.

use super::{Component, Reader};
use crate::scene::ContentError;

/// How far a bound may be from the largest number there is, for exporters that print six digits.
const PRINTED: f64 = 1e-5;

/// The least and the most of each component.
struct Extent {
    min: [f64; 16],
    max: [f64; 16],
    is_finite: bool,
}

impl Extent {
    fn new() -> Self {
        Self { min: [f64::INFINITY; 16], max: [f64::NEG_INFINITY; 16], is_finite: true }
    }

    fn add<const S: usize>(&mut self, element: &[u8], number: impl Fn([u8; S]) -> f64) {
        let (components, _) = element.as_chunks::<S>();
        for ((min, max), &component) in self.min.iter_mut().zip(&mut self.max).zip(components) {
            let number = number(component);
            self.is_finite &= number.is_finite();
            *min = min.min(number);
            *max = max.max(number);
        }
    }

    fn add_all<'b, const S: usize>(
        &mut self,
        elements: impl Iterator<Item = &'b [u8]>,
        size: usize,
        number: impl Fn([u8; S]) -> f64,
    ) {
        elements.for_each(|element| self.add(element.get(..size).unwrap_or_default(), &number));
    }
}

/// The extent of `N` components of `S` bytes after each other, in the components' own type.
fn of_packed<T: Copy + PartialOrd + Into<f64>, const N: usize, const S: usize>(
    bytes: &[u8],
    read: impl Fn([u8; S]) -> T,
    is_finite: impl Fn(T) -> bool,
) -> Option<Extent> {
    let vectors = bytes.as_chunks::<S>().0.as_chunks::<N>().0;
    let first = vectors.first()?.map(&read);
    let (mut min, mut max, mut are_finite) = (first, first, true);
    for vector in vectors {
        for ((min, max), &component) in min.iter_mut().zip(&mut max).zip(vector) {
            let number = read(component);
            are_finite &= is_finite(number);
            *min = if number < *min { number } else { *min };
            *max = if number > *max { number } else { *max };
        }
    }
    let mut extent = Extent { is_finite: are_finite, ..Extent::new() };
    extent.min.iter_mut().zip(min).for_each(|(slot, number)| *slot = number.into());
    extent.max.iter_mut().zip(max).for_each(|(slot, number)| *slot = number.into());
    Some(extent)
}

impl Reader<'_> {
    /// # Errors
    /// When a float is not finite, or an element is out of the bounds that the accessor gives, or they
    /// are wider than its elements.
    pub(super) fn check_extent(&self, size: usize, width: usize) -> Result<(), ContentError> {
        let is_padded = size != width.saturating_mul(self.component.bytes());
        let says_nothing = self.component != Component::F32 && !self.has_bounds();
        if is_padded || says_nothing || !self.has_data() {
            return Ok(());
        }
        let Some(extent) = self.extent(size)? else { return Ok(()) };
        if !extent.is_finite {
            return Err(self.refuse("a number in it is not finite"));
        }
        if self.is_lossy {
            return Ok(());
        }
        for (name, bounds, actual) in
            [("min", &self.schema.min, &extent.min), ("max", &self.schema.max, &extent.max)]
        {
            for (i, (&bound, &actual)) in bounds.iter().flatten().zip(actual).enumerate() {
                if !self.is_near(bound, actual) {
                    return Err(ContentError::malformed(
                        format!("{}/{name}/{i}", self.place),
                        format!("it is {bound}, but that of the elements is {actual}"),
                    ));
                }
            }
        }
        Ok(())
    }

    fn is_near(&self, bound: f64, actual: f64) -> bool {
        let tolerance = match self.component {
            Component::F32 => {
                let stated = self.schema.min.iter().chain(&self.schema.max).flatten();
                stated.fold(actual.abs(), |most, bound| most.max(bound.abs())) * PRINTED
            }
            _ => 0.0,
        };
        (bound - actual).abs() <= tolerance
    }

    /// `None` where the bytes below a sparse accessor are not there.
    fn extent(&self, size: usize) -> Result<Option<Extent>, ContentError> {
        let places = match &self.schema.sparse {
            Some(sparse) => self.sparse(sparse)?,
            None => Vec::new(),
        };
        let mut extent = Extent::new();
        let zeros = [0_u8; 64];
        let mut covered = places.iter().map(|&(place, _)| place).peekable();
        let base: Box<dyn Iterator<Item = &[u8]>> = match self.base(size)? {
            Some(elements) if elements.bytes.is_none() => return Ok(None),
            // Most accessors: nothing lies over them.
            Some(elements) if places.is_empty() => {
                if let Some(extent) = elements.packed(size).and_then(|bytes| self.packed_extent(bytes)) {
                    return Ok(Some(extent));
                }
                let all = elements.iter().map_err(|reason| self.refuse(reason))?;
                self.add_to(&mut extent, all, size);
                return Ok(Some(extent));
            }
            Some(elements) => Box::new(
                elements
                    .iter()
                    .map_err(|reason| self.refuse(reason))?
                    .enumerate()
                    .filter(move |(i, _)| covered.next_if_eq(i).is_none())
                    .map(|(_, element)| element),
            ),
            None if places.len() < self.count => {
                Box::new(std::iter::once(zeros.get(..size).unwrap_or_default()))
            }
            None => Box::new(std::iter::empty()),
        };
        self.add_to(&mut extent, base.chain(places.iter().map(|&(_, element)| element)), size);
        Ok(Some(extent))
    }

    /// Of floats and of indices, which are most of what there is; `None` for others.
    fn packed_extent(&self, bytes: &[u8]) -> Option<Extent> {
        let (float, is_finite) = (f32::from_le_bytes, f32::is_finite);
        match (self.component, self.schema.kind.as_str()) {
            (Component::F32, "SCALAR") => of_packed::<_, 1, 4>(bytes, float, is_finite),
            (Component::F32, "VEC2") => of_packed::<_, 2, 4>(bytes, float, is_finite),
            (Component::F32, "VEC3") => of_packed::<_, 3, 4>(bytes, float, is_finite),
            (Component::F32, "VEC4") => of_packed::<_, 4, 4>(bytes, float, is_finite),
            (Component::U32, "SCALAR") => of_packed::<_, 1, 4>(bytes, u32::from_le_bytes, |_| true),
            (Component::U16, "SCALAR") => of_packed::<_, 1, 2>(bytes, u16::from_le_bytes, |_| true),
            _ => None,
        }
    }

    fn add_to<'b>(&self, extent: &mut Extent, elements: impl Iterator<Item = &'b [u8]>, size: usize) {
        match self.component {
            Component::I8 => extent.add_all(elements, size, |[b]: [u8; 1]| f64::from(b as i8)),
            Component::U8 => extent.add_all(elements, size, |[b]: [u8; 1]| f64::from(b)),
            Component::I16 => extent.add_all(elements, size, |b| f64::from(i16::from_le_bytes(b))),
            Component::U16 => extent.add_all(elements, size, |b| f64::from(u16::from_le_bytes(b))),
            Component::U32 => extent.add_all(elements, size, |b| f64::from(u32::from_le_bytes(b))),
            Component::F32 => extent.add_all(elements, size, |b| f64::from(f32::from_le_bytes(b))),
        }
    }
}
