//! Says who allocates, and how much: every allocation of a thread while it asks, with the way that led
//! there, or the most bytes that it held at once.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::{Cell, RefCell};

use backtrace::Backtrace;

/// The system's allocator with an ear.
struct Listening;

thread_local! {
    static IS_LISTENING: Cell<bool> = const { Cell::new(false) };
    static HEARD: RefCell<Vec<Backtrace>> = const { RefCell::new(Vec::new()) };
    /// Bytes held now, and the most so far, both since the thread began.
    static BYTES: Cell<(isize, isize)> = const { Cell::new((0, 0)) };
}

/// Bytes taken, or given back where they are negative.
fn weigh(bytes: isize) {
    let _ = BYTES.try_with(|cell| {
        let (now, most) = cell.get();
        let now = now.saturating_add(bytes);
        cell.set((now, most.max(now)));
    });
}

#[global_allocator]
static ALLOCATOR: Listening = Listening;

fn hear() {
    // Recording allocates too, and threads allocate while they end.
    if IS_LISTENING.try_with(|flag| flag.replace(false)).unwrap_or(false) {
        // Not the standard library's: its lock may be held by whoever allocates, because wgpu takes
        // backtraces of its own.
        let backtrace = Backtrace::new_unresolved();
        let _ = HEARD.try_with(|heard| heard.borrow_mut().push(backtrace));
        let _ = IS_LISTENING.try_with(|flag| flag.set(true));
    }
}

// SAFETY: every call goes to the system's allocator unchanged.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Listening {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        hear();
        weigh(layout.size() as isize);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        hear();
        weigh(layout.size() as isize);
        // SAFETY: as promised by the caller.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        hear();
        weigh((size as isize).saturating_sub(layout.size() as isize));
        // SAFETY: as promised by the caller.
        unsafe { System.realloc(pointer, layout, size) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        weigh((layout.size() as isize).saturating_neg());
        // SAFETY: as promised by the caller.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What some code allocated, by whose code asked for it.
#[derive(Debug, Default)]
pub struct Allocations {
    /// Where in this crate, one entry an allocation.
    pub ours: Vec<String>,
    /// How many in the code of others.
    pub theirs: usize,
}

/// Runs `work` and tells what it allocated on this thread. An allocation belongs to the innermost
/// source file on its way that is not the standard library's.
pub fn during<T>(work: impl FnOnce() -> T) -> (T, Allocations) {
    IS_LISTENING.with(|flag| flag.set(true));
    let result = work();
    IS_LISTENING.with(|flag| flag.set(false));
    let heard = HEARD.with(|heard| std::mem::take(&mut *heard.borrow_mut()));
    let mut allocations = Allocations::default();
    for mut backtrace in heard {
        backtrace.resolve();
        match owner(&backtrace) {
            Some(place) => allocations.ours.push(place),
            None => allocations.theirs += 1,
        }
    }
    (result, allocations)
}

/// Runs `work` and tells the most bytes that this thread held at once more than before.
pub fn peak_bytes<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let (before, _) = BYTES.get();
    BYTES.set((before, before));
    let result = work();
    let (_, most) = BYTES.get();
    (result, usize::try_from(most.saturating_sub(before)).unwrap_or_default())
}

/// The place in this crate that asked, or `None` when it was somebody else.
fn owner(backtrace: &Backtrace) -> Option<String> {
    let symbols = backtrace.frames().iter().flat_map(|frame| frame.symbols());
    let mut places = symbols.filter_map(|symbol| {
        let file = symbol.filename()?.to_string_lossy().into_owned();
        let is_passed_through = file.starts_with("/rustc/")
            || file.contains("/rustlib/")
            || file.contains("/backtrace-")
            || file.ends_with("tests/allocator.rs");
        (!is_passed_through).then(|| format!("{file}:{}", symbol.lineno().unwrap_or(0)))
    });
    places.next().filter(|place| !place.contains("/registry/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_that_was_held_at_once_is_told() {
        let (_, once) = peak_bytes(|| drop((vec![1_u8; 1000], vec![1_u8; 500])));
        let (_, after) = peak_bytes(|| {
            drop(std::hint::black_box(vec![1_u8; 1000]));
            drop(std::hint::black_box(vec![1_u8; 500]));
        });
        assert_eq!((once, after), (1500, 1000));
    }

    #[test]
    fn our_allocations_are_told_from_those_of_others() {
        let (_, nothing) = during(|| std::hint::black_box(1) + 1);
        assert!(nothing.ours.is_empty() && nothing.theirs == 0, "{nothing:?}");
        let (_, others) = during(|| serde_json::from_str::<serde_json::Value>("[1, [2], \"three\"]"));
        assert!(others.theirs > 1, "{others:?}");
        let (_, ours) = crate::tests::hostile::allocate();
        assert_eq!(ours.ours.len(), 1, "{ours:?}");
        assert!(ours.ours[0].contains("hostile.rs"), "{ours:?}");
    }
}
