//! Owns how far a store has come, and waking whoever waits until it has come further.
//!
//! Invariants:
//! - `visible` moves only after the index holds what it uncovers; `durable` never exceeds it for a reader;
//! - both are exclusive ends: the next sequence that is not visible, or not durable; `applied` too, and it never exceeds `visible`;
//! - none goes back, except where a follower rolled back;
//! - moving a watermark costs one look at a counter as long as nobody waits.

use std::any::TypeId;
use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use crate::words::error::StoreError;
use crate::words::sync::{Arc, AtomicU64, Condvar, Mutex, Ordering};

/// Projections of which it is known how far they have come. The one that was computed longest ago gives way.
const MOST_PROJECTIONS: usize = 16 * 1024;

/// Wakes those who wait for something to change.
#[derive(Debug, Default)]
pub(crate) struct Signal {
    waiting: AtomicU64,
    turn: Mutex<()>,
    changed: Condvar,
}

impl Signal {
    /// Wakes everybody who waits. Whoever calls this changed something before, with an atomic operation that is `SeqCst` or a lock.
    pub(crate) fn wake(&self) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // Whoever looked before the change sleeps once this lock is free, and is woken.
            drop(self.turn.lock());
            self.changed.notify_all();
        }
    }

    /// Waits until `is_reached` says so: asked at once and after each change. False if the deadline came first; `None` is never.
    pub(crate) fn wait_until(
        &self,
        deadline: Option<Instant>,
        mut is_reached: impl FnMut() -> Result<bool, StoreError>,
    ) -> Result<bool, StoreError> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut turn = self.turn.lock();
        let reached = loop {
            match is_reached() {
                Ok(false) => {}
                end => break end,
            }
            match deadline {
                None => self.changed.wait(&mut turn),
                Some(deadline) if self.changed.wait_until(&mut turn, deadline).timed_out() => {
                    break is_reached();
                }
                Some(_) => {}
            }
        };
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        reached
    }
}

/// How far a store has come.
#[derive(Debug)]
pub(crate) struct Watermarks {
    visible: AtomicU64,
    durable: AtomicU64,
    applied: Mutex<Applied>,
    changed: Arc<Signal>,
}

impl Watermarks {
    /// Everything before `visible` may be read, and what of it lies before `durable` is on stable storage.
    pub(crate) fn new(visible: u64, durable: u64, changed: Arc<Signal>) -> Self {
        Self {
            visible: AtomicU64::new(visible),
            durable: AtomicU64::new(durable.min(visible)),
            applied: Mutex::new(Applied { floor: visible, ..Applied::default() }),
            changed,
        }
    }

    pub(crate) fn visible(&self) -> u64 {
        self.visible.load(Ordering::Acquire)
    }

    pub(crate) fn durable(&self) -> u64 {
        self.durable.load(Ordering::Acquire)
    }

    /// What every projection that is kept has taken in; what was there at the opening counts as taken in.
    pub(crate) fn applied(&self) -> u64 {
        self.applied.lock().end().min(self.visible())
    }

    /// Uncovers everything before `end`, or covers it again when a follower rolled back.
    pub(crate) fn set_visible(&self, end: u64) {
        self.visible.store(end, Ordering::SeqCst);
        self.changed.wake();
    }

    /// Notes that everything before `end` is on stable storage.
    pub(crate) fn raise_durable(&self, end: u64) {
        self.durable.fetch_max(end, Ordering::SeqCst);
        self.changed.wake();
    }

    /// Sets back what is durable: a follower rolled back.
    pub(crate) fn lower_durable(&self, end: u64) {
        self.durable.fetch_min(end, Ordering::AcqRel);
    }

    /// The opening is over: events before `end` count as taken in by every projection.
    pub(crate) fn begin_applied(&self, end: u64) {
        self.applied.lock().floor = end;
    }

    /// Notes that the fold of one entity has taken in everything before `end`.
    pub(crate) fn note_applied(&self, fold: TypeId, entity: &str, end: u64) {
        let mut applied = self.applied.lock();
        let before = applied.end();
        applied.note((fold, entity.into()), end);
        let has_moved = applied.end() > before;
        drop(applied);
        if has_moved {
            self.changed.wake();
        }
    }

    /// Where those sleep who wait for a watermark.
    pub(crate) fn changed(&self) -> &Signal {
        &self.changed
    }
}

/// A fold and the entity whose events it takes.
type Folded = (TypeId, Arc<str>);

/// How far each projection has come that this process keeps.
#[derive(Debug, Default)]
struct Applied {
    ends: HashMap<Folded, u64>,
    /// The same, the one that is furthest behind first.
    by_end: BTreeSet<(u64, Folded)>,
    /// The result never goes below this.
    floor: u64,
}

impl Applied {
    fn end(&self) -> u64 {
        self.by_end.first().map_or(self.floor, |(end, _)| self.floor.max(*end))
    }

    fn note(&mut self, folded: Folded, end: u64) {
        // A projection that is new here must not set back what was told before.
        self.floor = self.end();
        let known = self.ends.get(&folded).copied();
        if known.is_some_and(|known| known >= end) {
            return;
        }
        if let Some(known) = known {
            self.by_end.remove(&(known, folded.clone()));
        } else if self.ends.len() >= MOST_PROJECTIONS
            && let Some((_, furthest_behind)) = self.by_end.pop_first()
        {
            self.ends.remove(&furthest_behind);
        }
        self.by_end.insert((end, folded.clone()));
        self.ends.insert(folded, end);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn watermarks() -> Arc<Watermarks> {
        Arc::new(Watermarks::new(1, 1, Arc::default()))
    }

    #[test]
    fn the_slowest_projection_decides_and_a_new_one_takes_nothing_back() {
        let (watermarks, fold) = (watermarks(), TypeId::of::<()>());
        watermarks.set_visible(9);
        assert_eq!(watermarks.applied(), 1, "nobody has taken in anything since the opening");
        watermarks.note_applied(fold, "a", 5);
        assert_eq!(watermarks.applied(), 5);
        watermarks.note_applied(fold, "b", 3);
        assert_eq!(watermarks.applied(), 5);
        watermarks.note_applied(fold, "a", 9);
        assert_eq!(watermarks.applied(), 5, "b has come to 3 only");
        watermarks.note_applied(fold, "b", 8);
        assert_eq!(watermarks.applied(), 8);
    }

    #[test]
    fn however_many_projections_run_only_so_many_are_remembered() {
        let (watermarks, fold) = (watermarks(), TypeId::of::<()>());
        for n in 0..MOST_PROJECTIONS as u64 + 10 {
            watermarks.note_applied(fold, &n.to_string(), n);
        }
        let applied = watermarks.applied.lock();
        assert_eq!((applied.ends.len(), applied.by_end.len()), (MOST_PROJECTIONS, MOST_PROJECTIONS));
        assert_eq!(applied.end(), 10);
    }

    #[test]
    fn whoever_waits_is_woken_by_the_change_and_by_the_deadline() {
        let watermarks = watermarks();
        let visible = |end| {
            let watermarks = Arc::clone(&watermarks);
            move || Ok(watermarks.visible() >= end)
        };
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| watermarks.changed().wait_until(None, visible(3)).unwrap());
            watermarks.set_visible(2);
            watermarks.set_visible(3);
            assert!(waits.join().unwrap());
        });
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(!watermarks.changed().wait_until(Some(soon), visible(4)).unwrap());
        let fails = || Err(StoreError::Closed);
        assert!(matches!(watermarks.changed().wait_until(None, fails), Err(StoreError::Closed)));
        assert_eq!(watermarks.changed().waiting.load(Ordering::SeqCst), 0);
    }
}
