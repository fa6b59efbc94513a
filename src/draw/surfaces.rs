//! The pipelines of surfaces: those of the lobby before the first frame, the others on a thread of their own.
//!
//! In: how a pipeline is made. Out: the pipeline of a batch, as soon as it is there. Nobody waits for one: a frame
//! leaves out what has none yet, and a twin is shown once all are there that it needs at rest: those of what changes its
//! detail come last, and until then it changes at once.

use std::sync::{Arc, OnceLock};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::cull::Fade;
use crate::scene::AlphaMode;
use crate::scene::mesh::{Batch, Reads};

/// Of what is drawn on all of its pixels, by what a surface reads, and at last of what fades, which reads all that there
/// may be; then by alpha mode, then single- and double-sided.
type Table<P> = [[[OnceLock<P>; 2]; 3]; 4];

const READS: [Reads; 3] = [Reads::Nothing, Reads::Packed, Reads::All];
const ALPHAS: [AlphaMode; 3] = [AlphaMode::Opaque, AlphaMode::Blend, AlphaMode::Mask];

/// What chooses a pipeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kind {
    pub reads: Reads,
    pub alpha: AlphaMode,
    pub is_double_sided: bool,
    /// Pixels are left out: only where detail changes, because a GPU that draws tile by tile hides less behind it.
    pub fades: bool,
}

impl Kind {
    /// The one that a batch is drawn with.
    pub fn of(batch: Batch, fade: Fade) -> Self {
        let Batch { reads, alpha, double_sided: is_double_sided, .. } = batch;
        if fade.leaves_out() {
            // Who reads all draws the others too, and a third of the pipelines is enough.
            return Self { reads: Reads::All, alpha, is_double_sided, fades: true };
        }
        Self { reads, alpha, is_double_sided, fades: false }
    }

    /// At rest.
    fn settled() -> impl Iterator<Item = Self> {
        READS.into_iter().flat_map(|reads| Self::reading(reads, false))
    }

    fn fading() -> impl Iterator<Item = Self> {
        Self::reading(Reads::All, true)
    }

    fn reading(reads: Reads, fades: bool) -> impl Iterator<Item = Self> {
        let kind =
            move |alpha| [false, true].map(|is_double_sided| Self { reads, alpha, is_double_sided, fades });
        ALPHAS.into_iter().flat_map(kind)
    }

    fn find<P>(self, table: &Table<P>) -> &OnceLock<P> {
        let reads = match (self.fades, self.reads) {
            (false, Reads::All) => 0,
            (false, Reads::Packed) => 1,
            (false, Reads::Nothing) => 2,
            (true, _) => 3,
        };
        let alpha = match self.alpha {
            AlphaMode::Opaque => 0,
            AlphaMode::Mask => 1,
            AlphaMode::Blend => 2,
        };
        &table[reads][alpha][usize::from(self.is_double_sided)]
    }
}

/// Whether the batch can be drawn from the first frame on: what the lobby shows, and what is in a person's hands.
pub fn is_early(batch: Batch) -> bool {
    match (batch.reads, batch.alpha, batch.double_sided) {
        (Reads::Nothing, AlphaMode::Opaque | AlphaMode::Blend, false) => true,
        // The lobby's ribs, which shine, and its panel.
        (Reads::All, AlphaMode::Opaque, false) | (Reads::All, AlphaMode::Blend, true) => true,
        _ => false,
    }
}

/// How pipelines `P` are made, on any thread.
pub(super) trait Make<P>: Send + Sync + 'static {
    /// Makes one.
    fn make(&self, kind: Kind) -> P;
    /// What the driver is to remember of all that were made.
    fn memory(&self) -> Option<Vec<u8>>;
}

/// See the module.
#[derive(Debug)]
pub(super) struct Surfaces<P> {
    table: Arc<Table<P>>,
    /// Made last of those at rest, where there is a worker.
    last: Option<Kind>,
    /// `None` once it is done.
    worker: Option<JoinHandle<Option<Vec<u8>>>>,
    /// What the driver is to remember, until somebody takes it.
    memory: Option<Vec<u8>>,
}

impl<P: Send + Sync + 'static> Surfaces<P> {
    /// Makes what is seen at once, and begins with the rest.
    pub fn new(maker: impl Make<P>) -> Self {
        let table: Arc<Table<P>> = Arc::default();
        let (early, mut late): (Vec<_>, Vec<_>) = Kind::settled().partition(|&kind| {
            let Kind { reads, alpha, is_double_sided, .. } = kind;
            is_early(Batch { reads, alpha, double_sided: is_double_sided, ..Batch::default() })
        });
        let last = late.last().copied();
        late.extend(Kind::fading());
        fill(&table, &early, &maker);
        let work = Arc::new((maker, late));
        let (filled, worked) = (Arc::clone(&table), Arc::clone(&work));
        let worker = thread::Builder::new().name("pipelines".to_owned()).spawn(move || {
            let (maker, late) = &*worked;
            fill(&filled, late, maker);
            maker.memory()
        });
        let worker = worker.inspect_err(|error| {
            tracing::warn!("pipelines are made before the first frame, for want of a thread: {error}");
            fill(&table, &work.1, &work.0);
        });
        Self { table, last, worker: worker.ok(), memory: None }
    }

    /// Whether all pipelines are there that a twin needs at rest.
    pub fn is_complete(&self) -> bool {
        self.is_done() || self.last.is_some_and(|last| last.find(&self.table).get().is_some())
    }

    /// Whether detail may change little by little: all pipelines for that are there.
    pub fn can_fade(&self) -> bool {
        self.table.iter().skip(READS.len()).flatten().flatten().all(|pipeline| pipeline.get().is_some())
    }

    fn is_done(&self) -> bool {
        self.worker.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until all pipelines are there.
    pub fn complete(&mut self) {
        let Some(worker) = self.worker.take() else { return };
        match worker.join() {
            Ok(memory) => self.memory = memory,
            Err(_) => tracing::error!("some of the twin stays unseen: its pipelines could not be made"),
        }
    }

    /// What the driver is to remember of the pipelines: once, when all are there.
    pub fn take_memory(&mut self) -> Option<Vec<u8>> {
        if self.is_done() {
            self.complete();
        }
        self.memory.take()
    }

    /// The pipeline of a batch, if it is there.
    pub fn of(&self, batch: Batch, fade: Fade) -> Option<&P> {
        Kind::of(batch, fade).find(&self.table).get()
    }
}

impl<P> Drop for Surfaces<P> {
    /// The worker uses the device, which goes next.
    fn drop(&mut self) {
        self.worker.take().map(JoinHandle::join);
    }
}

fn fill<P>(table: &Table<P>, kinds: &[Kind], maker: &impl Make<P>) {
    let began = Instant::now();
    for &kind in kinds {
        kind.find(table).get_or_init(|| maker.make(kind));
    }
    let millis = began.elapsed().as_secs_f64() * 1e3;
    tracing::info!("{} pipelines of surfaces were made in {millis:.1} ms", kinds.len());
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, sync_channel};

    /// Makes what is late as soon as it is allowed to.
    struct Slow(Mutex<Receiver<()>>);

    impl Make<Kind> for Slow {
        fn make(&self, kind: Kind) -> Kind {
            let Kind { reads, alpha, is_double_sided, fades } = kind;
            if fades || !is_early(Batch { reads, alpha, double_sided: is_double_sided, ..Batch::default() }) {
                self.0.lock().unwrap().recv().unwrap();
            }
            kind
        }
        fn memory(&self) -> Option<Vec<u8>> {
            Some(vec![7])
        }
    }

    /// What is late is not there at first, and whoever asks for it does not wait.
    #[test]
    fn nobody_waits_for_a_pipeline() {
        let all = || Kind::settled().chain(Kind::fading());
        let (allow, allowed) = sync_channel(all().count());
        let mut surfaces = Surfaces::new(Slow(Mutex::new(allowed)));
        let early = Batch::default();
        let late = Batch { reads: Reads::Packed, ..early };
        let of = |surfaces: &Surfaces<Kind>, batch| surfaces.of(batch, Fade::Settled).copied();
        assert!(of(&surfaces, early).is_some() && of(&surfaces, late).is_none());
        assert_eq!((surfaces.is_complete(), surfaces.take_memory()), (false, None));
        // A twin need not wait for those of what fades.
        let is_late = |kind: &Kind| !fill_is_early(*kind);
        Kind::settled().filter(is_late).for_each(|_| allow.send(()).unwrap());
        while !surfaces.is_complete() {
            thread::yield_now();
        }
        assert_eq!((surfaces.can_fade(), surfaces.take_memory()), (false, None));
        Kind::fading().for_each(|_| allow.send(()).unwrap());
        surfaces.complete();
        assert!(surfaces.can_fade());
        assert_eq!(of(&surfaces, late), Some(Kind::of(late, Fade::Settled)));
        assert!(surfaces.of(late, Fade::Coming(1)).unwrap().fades);
        assert!(surfaces.is_complete());
        assert_eq!((surfaces.take_memory(), surfaces.take_memory()), (Some(vec![7]), None));
    }

    fn fill_is_early(kind: Kind) -> bool {
        let Kind { reads, alpha, is_double_sided, .. } = kind;
        is_early(Batch { reads, alpha, double_sided: is_double_sided, ..Batch::default() })
    }

    #[test]
    fn every_kind_has_a_place_of_its_own() {
        let table = Table::<u8>::default();
        let places: Vec<_> =
            Kind::settled().chain(Kind::fading()).map(|kind| std::ptr::from_ref(kind.find(&table))).collect();
        assert_eq!(places.len(), table.as_flattened().as_flattened().len());
        assert!((1..places.len()).all(|index| !places[..index].contains(&places[index])));
    }
}
