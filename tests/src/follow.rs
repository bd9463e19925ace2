//! Owns the measurement of a follower: this process reads a directory while a driver, in a process of its own, appends to it.
//!
//! Asserts that everything arrives, once and in order. Never asserts how fast, except that a follower that waits ten seconds is broken.

use std::path::Path;
use std::time::{Duration, SystemTime};

use causeway::coordinate::Region;
use causeway::event::{EventKind, EventSourced, JsonValueInput, ProjectionEvent};
use causeway::store::{Freshness, ReadOnly, Store, StoreConfig};
use serde::{Deserialize, Serialize};

use crate::driven::Driven;
use crate::figures::Percentiles;
use crate::protocol::{self, Line};

/// Longest wait for the next event.
const PATIENCE: Duration = Duration::from_secs(10);

/// Small enough that the writer begins new segments while it is followed.
const SEGMENT_BYTES: u64 = 16 * 1024;

/// The newest event of an entity: what the watched projection tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Newest {
    n: u64,
    committed_us: i64,
    events: u64,
}

impl EventSourced for Newest {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        let (first, rest) = events.split_first()?;
        let mut newest = Self { n: 0, committed_us: 0, events: 0 };
        newest.apply_event(first);
        for event in rest {
            newest.apply_event(event);
        }
        Some(newest)
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        self.n = event.payload["n"].as_u64().expect("a driver's events are numbered");
        self.committed_us = event.header.timestamp_us;
        self.events += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

/// Follows a directory to which `driver` appends, until the watched entity has `events` events, and returns how long each delivered
/// state took: from the time that the writer gave the event to its arrival at the watcher.
///
/// # Panics
/// When an event does not arrive, arrives twice, or is not visible once its state was delivered.
pub fn measure(driver: &str, directory: &Path, events: u64) -> Percentiles {
    let count = events * protocol::ENTITIES;
    let mut writer = Driven::start(
        driver,
        "append-loop",
        directory,
        &[
            format!("count={count}"),
            format!("seg={SEGMENT_BYTES}"),
            "pause_us=5000".to_owned(),
            "close=0".to_owned(),
        ],
    );
    assert_eq!(writer.next_line(), Some(Line::Open));
    let store = Store::<ReadOnly>::open_read_only(StoreConfig::new(directory))
        .expect("a store that is being written opens");
    let mut watcher = store.watch_projection::<Newest>(&protocol::entity(0), Freshness::Consistent);
    let mut times = Vec::new();
    let mut seen = 0;
    while seen < events {
        let delivered = watcher.recv_timeout(PATIENCE).expect("following does not fail");
        let (_, state) = delivered.expect("an event arrives within ten seconds");
        let state = state.expect("an entity with events has a state");
        let age_us = now_us() - state.committed_us;
        times.push(Duration::from_micros(age_us.max(0).unsigned_abs()));
        assert!(state.events > seen, "a state was delivered twice");
        assert_eq!(state.n, (state.events - 1) * protocol::ENTITIES, "each event is folded once");
        seen = state.events;
        let shown = store.query(&Region::entity(protocol::entity(0))).len() as u64;
        assert!(shown >= seen, "{shown} events are visible, but {seen} were delivered");
    }
    let (lines, status) = writer.finish();
    assert!(status.success() && lines.last() == Some(&Line::Exit), "the writer ended with {status}");
    Percentiles::of(times).expect("something was delivered")
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("it is after 1970");
    i64::try_from(since.as_micros()).expect("it is before the year 290000")
}
