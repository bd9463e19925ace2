//! Owns the demonstration: a store with the story of a small shop and its agents, and the thread that goes on telling it.
//!
//! The story is made up by deterministic code; only the time at which it is told differs.

mod calendar;
mod damage;
mod events;
mod story;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use causeway::store::{AppendReceipt, Clock, Open, Store, StoreConfig, StoreError, SystemClock};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use parking_lot::Mutex;

pub use damage::create_damaged;
pub use story::Story;

use crate::worker::demo::calendar::Calendar;
use crate::worker::failure;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, Update};

/// Events of a store that was just created, unless somebody asks for another number: two weeks of the shop, 20 MB.
pub const DEMO_EVENTS: u32 = 50_000;
/// Events a second that a feed begins with.
pub const DEMO_RATE: f64 = 4.0;

/// Opens a directory for writing and tells the beginning of the story, so many events, if it is empty. The story goes on where it ended.
///
/// # Errors
/// Those of opening and appending.
pub fn open(path: &Path, events: u32) -> Result<(Arc<Store<Open>>, Story), StoreError> {
    open_at(path, events, SystemClock::new().now_us())
}

/// Creates a store with the beginning of the story, which ends on stable storage; what is there already gets no second one.
///
/// # Errors
/// Those of opening, appending and closing.
pub fn create(path: &Path, events: u32) -> Result<(), StoreError> {
    let (store, _) = open(path, events)?;
    Arc::into_inner(store).map_or(Ok(()), |store| store.close().map(drop))
}

/// [`open`] with the story's beginning ending at `now_us`.
fn open_at(path: &Path, events: u32, now_us: i64) -> Result<(Arc<Store<Open>>, Story), StoreError> {
    // While the past is told, the store's clock shows the time of the story; 0 stands for the present.
    let told_us = Arc::new(AtomicI64::new(0));
    let shown = told_us.clone();
    let clock = move || match shown.load(Ordering::Acquire) {
        0 => SystemClock::new().now_us(),
        told => told,
    };
    let calendar = Calendar::ending_at(now_us, events);
    let is_empty = fs::read_dir(path).map_or(true, |mut entries| entries.next().is_none());
    if is_empty {
        // The store was opened for the first time just before the story began.
        told_us.store(calendar.time_us(0), Ordering::Release);
    }
    let store = Store::open(StoreConfig::new(path).with_clock_fn(clock))?;
    let mut story = Story::new(store.visible());
    let untold = store.kinds()?.iter().all(|(kind, _)| kind.is_system());
    if untold {
        for event in 0..events {
            told_us.store(calendar.time_us(event), Ordering::Release);
            story.tell(&store)?;
        }
        told_us.store(0, Ordering::Release);
    }
    Ok((Arc::new(store), story))
}

/// Tells the story until `goes_on` says no. It is asked before each event, with the receipt of the one before.
///
/// # Errors
/// Those of appending.
pub fn feed(
    store: &Store<Open>,
    story: &mut Story,
    per_second: f64,
    mut goes_on: impl FnMut(Option<&AppendReceipt>) -> bool,
) -> Result<(), StoreError> {
    let pace = Duration::from_secs_f64(1.0 / per_second.clamp(0.01, 100_000.0));
    let mut due = Instant::now();
    let mut receipt = None;
    while goes_on(receipt.as_ref()) {
        receipt = Some(story.tell(store)?);
        due += pace;
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// The thread that feeds a demonstration store which this program shows. Dropping it ends it.
pub(crate) struct Feeder {
    pace: Arc<Mutex<Pace>>,
    /// Sends when the pace changed; disconnected when the feed is to end.
    changed: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct Pace {
    paused: bool,
    per_second: f64,
}

impl Pace {
    /// How long to wait for the next event.
    fn interval(self) -> Duration {
        if self.paused {
            Duration::MAX
        } else {
            Duration::from_secs_f64(1.0 / self.per_second.clamp(0.01, 10_000.0))
        }
    }
}

impl Feeder {
    /// Starts to feed.
    pub(crate) fn start(store: Arc<Store<Open>>, mut story: Story, outbox: Outbox) -> Result<Self, Failure> {
        let pace = Arc::new(Mutex::new(Pace { paused: false, per_second: DEMO_RATE }));
        let (changed, changes) = bounded(1);
        let shared = pace.clone();
        let tell = move || {
            let told =
                outbox.guard("the demonstration", || feed_at_pace(&store, &mut story, &shared, &changes));
            if let Some(Err(error)) = told {
                outbox.send(Update::Failed(failure::of(&error)));
            }
        };
        let thread = thread::Builder::new()
            .name("causeway-demo".to_owned())
            .spawn(tell)
            .map_err(|error| failure::of(&error.into()))?;
        Ok(Self { pace, changed: Some(changed), thread: Some(thread) })
    }

    /// Pauses or resumes, at so many events a second.
    pub(crate) fn set(&self, paused: bool, per_second: f64) {
        *self.pace.lock() = Pace { paused, per_second };
        if let Some(changed) = &self.changed {
            // A full channel means that the thread is about to look anyway.
            let _ = changed.try_send(());
        }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.changed = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn feed_at_pace(
    store: &Store<Open>,
    story: &mut Story,
    pace: &Mutex<Pace>,
    changes: &Receiver<()>,
) -> Result<(), StoreError> {
    loop {
        let interval = pace.lock().interval();
        match changes.recv_timeout(interval) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => drop(story.tell(store)?),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
    }
}
