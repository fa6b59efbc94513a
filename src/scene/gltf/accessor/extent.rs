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
