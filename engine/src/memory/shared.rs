//! Owns what the writer, the readers and the watchers of one open store have in common.

use std::io::ErrorKind;

use crate::disk::storage::Directory;
use crate::memory::files::{EventSource, Sourced, Window};
use crate::memory::hub::Hub;
use crate::memory::index::Index;
use crate::memory::lineage::Lineage;
use crate::memory::live::Head;
use crate::memory::locate::Located;
use crate::memory::watermarks::{Signal, Watermarks};
use crate::words::clock::Clock;
use crate::words::config::StoreConfig;
use crate::words::error::StoreError;
use crate::words::finding::Finding;
use crate::words::position::HlcPoint;
use crate::words::sync::{Arc, AtomicU64, Mutex, Ordering, RwLock};
use crate::words::watermark::FrontierView;

/// One open store.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: StoreConfig,
    pub(crate) clock: SharedClock,
    pub(crate) index: Index,
    pub(crate) source: Box<dyn EventSource>,
    pub(crate) hub: Hub,
    /// Whose log it is; that of another format has none.
    pub(crate) lineage: Mutex<Lineage>,
    /// Where cursors save their positions; `None` when nothing may be written.
    pub(crate) directory: Option<Arc<dyn Directory>>,
    /// What opening and reading found damaged or odd.
    pub(crate) findings: Mutex<Vec<Finding>>,
    pub(crate) watermarks: Watermarks,
    catch_up: CatchUp,
    /// How often events that had been visible were removed or taken back.
    rewrites: AtomicU64,
}

/// Takes in what another process did to the files. Whoever writes them itself has none.
#[derive(Default)]
struct CatchUp(RwLock<Option<Arc<dyn Fn() + Send + Sync>>>);

impl std::fmt::Debug for CatchUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CatchUp")
    }
}

/// A clock that can be printed.
#[derive(Clone)]
pub(crate) struct SharedClock(pub(crate) Arc<dyn Clock>);

impl std::fmt::Debug for SharedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Clock")
    }
}

impl Shared {
    pub(crate) fn new(
        config: StoreConfig,
        index: Index,
        source: Box<dyn EventSource>,
        directory: Option<Arc<dyn Directory>>,
        durable: u64,
        changed: Arc<Signal>,
    ) -> Self {
        let watermarks = Watermarks::new(index.end(), durable, changed);
        Self {
            clock: SharedClock(config.clock()),
            config,
            index,
            source,
            hub: Hub::default(),
            lineage: Mutex::default(),
            directory,
            findings: Mutex::new(Vec::new()),
            watermarks,
            catch_up: CatchUp::default(),
            rewrites: AtomicU64::new(0),
        }
    }

    pub(crate) fn visible(&self) -> u64 {
        self.watermarks.visible()
    }

    pub(crate) fn durable(&self) -> u64 {
        self.watermarks.durable()
    }

    /// Every watermark at this moment.
    pub(crate) fn frontier(&self) -> FrontierView {
        // In this order, because a projection never comes further than what is visible.
        let (applied, durable, visible) = (self.watermarks.applied(), self.durable(), self.visible());
        let shown = self.point_before(visible);
        FrontierView {
            accepted_hlc: shown,
            written_hlc: shown,
            durable_hlc: self.point_before(durable),
            visible_hlc: shown,
            applied_hlc: self.point_before(applied),
            emitted_hlc: shown,
            visible_minus_durable_seq: visible.cast_signed() - durable.cast_signed(),
            oldest_pending_write_age_ms: self.time_at(durable).filter(|_| durable < visible).map(|time_us| {
                let age_us = self.clock.0.now_us().saturating_sub(time_us);
                u64::try_from(age_us / 1_000).unwrap_or(0)
            }),
        }
    }

    /// The last event before `end`.
    fn point_before(&self, end: u64) -> HlcPoint {
        end.checked_sub(1).map_or(HlcPoint::ORIGIN, |last| self.point_at(last))
    }

    /// An event. Where its time cannot be read the point is told without one.
    pub(crate) fn point_at(&self, global_sequence: u64) -> HlcPoint {
        let time_us = self.time_at(global_sequence).unwrap_or(i64::MIN);
        let earlier_us =
            self.index.locate_one(global_sequence).map_or(i64::MIN, |located| located.earlier_us);
        let largest_us = earlier_us.max(time_us);
        HlcPoint { wall_ms: u64::try_from(largest_us / 1_000).unwrap_or(0), global_sequence }
    }

    fn time_at(&self, sequence: u64) -> Option<i64> {
        self.index.columns(sequence..sequence.saturating_add(1)).ok()?.times_us.first().copied()
    }

    /// Newest event of a stream before `end`. Where its frame cannot be read the chain goes on from the newest that can, and the
    /// places of the others stay taken.
    pub(crate) fn head_before(&self, entity: &str, end: u64) -> Result<Option<Head>, StoreError> {
        self.head_in(&mut Window::headers(), entity, end)
    }

    /// The same, out of a window if it holds the frame.
    pub(crate) fn head_in(
        &self,
        window: &mut Window,
        entity: &str,
        end: u64,
    ) -> Result<Option<Head>, StoreError> {
        let (mut before, mut unreadable) = (end, 0_u32);
        while let Some(newest) = self.index.newest_of(entity, before)? {
            let head = match newest.head {
                Some(head) => Some(head),
                None => self.head_at(window, newest.sequence)?,
            };
            if let Some(head) = head {
                return Ok(Some(Head { clock: head.clock.saturating_add(unreadable), ..head }));
            }
            unreadable = unreadable.saturating_add(1);
            before = newest.sequence;
        }
        Ok(unreadable.checked_sub(1).map(|clock| Head { clock, event_hash: [0; 32] }))
    }

    fn head_at(&self, window: &mut Window, sequence: u64) -> Result<Option<Head>, StoreError> {
        let located = self.index.locate_one(sequence)?;
        let mut single = Window::headers();
        let is_held = located.place.is_some_and(|place| window.holds(place));
        match self.read(&located, if is_held { window } else { &mut single }) {
            Ok(Sourced { event, .. }) => {
                let clock = event.header.position.sequence();
                Ok(Some(Head { clock, event_hash: event.event_hash }))
            }
            Err(error) if error.is_one_event() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Event hash of what came before a place of a stream; zeros if nothing did, or nothing of it can be read.
    pub(crate) fn hash_before(
        &self,
        window: &mut Window,
        entity: &str,
        (sequence, clock): (u64, u32),
    ) -> Result<[u8; 32], StoreError> {
        if clock == 0 {
            return Ok([0; 32]);
        }
        Ok(self.head_in(window, entity, sequence)?.map_or([0; 32], |head| head.event_hash))
    }

    /// Reads an event where the index says that it is, or what is left of it.
    pub(crate) fn read(&self, located: &Located, window: &mut Window) -> Result<Sourced, StoreError> {
        let unreadable = || StoreError::UnreadableEvent { sequence: located.sequence };
        let place = |index: &Index| index.place(located.sequence)?.ok_or_else(unreadable);
        let mut at = located.place.ok_or_else(unreadable)?;
        loop {
            let error = match self.source.read(at, window) {
                Err(StoreError::Io(error)) if error.kind() == ErrorKind::NotFound => error,
                read => return read,
            };
            // Compaction may have replaced the segment since its place was taken, here or in another process.
            let mut moved_to = place(&self.index)?;
            if moved_to.segment == at.segment {
                let catch_up = self.catch_up.0.read().clone();
                if let Some(catch_up) = catch_up {
                    catch_up();
                }
                moved_to = place(&self.index)?;
            }
            if moved_to.segment == at.segment {
                return Err(error.into());
            }
            at = moved_to;
        }
    }

    /// Says what is to be done when a file is gone that the index names.
    pub(crate) fn when_files_are_gone(&self, catch_up: impl Fn() + Send + Sync + 'static) {
        *self.catch_up.0.write() = Some(Arc::new(catch_up));
    }

    /// How often the log changed other than by growing. What was derived from it before such a change does not hold any more.
    pub(crate) fn rewrites(&self) -> u64 {
        self.rewrites.load(Ordering::Acquire)
    }

    /// Notes that the log changed other than by growing.
    pub(crate) fn note_rewrite(&self) {
        self.rewrites.fetch_add(1, Ordering::AcqRel);
    }

    pub(crate) fn note(&self, finding: Finding) {
        let mut findings = self.findings.lock();
        // Files that are read anew tell again what they told before.
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}
