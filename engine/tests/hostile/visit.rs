//! Owns what the measured process does with a directory: everything that a program which shows or writes stores does.

use std::fmt;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use causeway::coordinate::{Coordinate, Region};
use causeway::event::EventKind;
use causeway::event::{EventSourced, JsonValueInput, ProjectionEvent};
use causeway::store::{
    CheckpointId, Freshness, Open, ReadOnly, Store, StoreConfig, StoreError, StoreState, VerifyLevel,
};

/// Names the directory to the process that visits it.
pub(crate) const DIRECTORY: &str = "CAUSEWAY_HOSTILE_DIRECTORY";
const TOLD: &str = "VISIT ";
/// Events that are looked at one by one; a directory may claim any number.
const MOST_EVENTS: usize = 100_000;

/// What became of a directory.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Visit {
    /// The process ended otherwise than it should.
    pub(crate) failed: bool,
    pub(crate) reads: bool,
    pub(crate) writes: bool,
    pub(crate) events: u64,
    pub(crate) findings: u64,
    pub(crate) refusal: String,
    pub(crate) peak_bytes: u64,
    pub(crate) read_bytes: u64,
}

impl fmt::Display for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (peak, read) = (self.peak_bytes / 1024, self.read_bytes / 1024);
        write!(f, "{peak:>7} KiB {read:>8} KiB read {:>6} events {:>5} findings", self.events, self.findings)
    }
}

impl Visit {
    pub(crate) fn told_in(text: &str) -> Option<Self> {
        let line = text.lines().find_map(|line| line.split_once(TOLD))?.1;
        serde_json::from_str(line).ok()
    }
}

const KINDS: [EventKind; 1] = [EventKind::custom(1, 1)];

/// A state that counts.
#[derive(serde::Serialize, serde::Deserialize)]
struct Seen(u64);

impl EventSourced for Seen {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &KINDS
    }
}

/// A number of this process that the kernel keeps, by the name of its line.
fn kernel(file: &str, line: &str) -> u64 {
    let text = fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let line = text.lines().find_map(|found| found.strip_prefix(line));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Asks a store everything once.
fn look<State: StoreState>(store: &Store<State>) -> u64 {
    let mut events = 0;
    for (_, event) in store.read_range(0..u64::MAX).take(MOST_EVENTS) {
        let Ok(event) = event else { continue };
        events += 1;
        // A payload may be anything; it is shown or refused.
        let _ = causeway::encoding::to_json(&event.raw.payload).is_ok();
        let _ = causeway::encoding::from_bytes::<serde_json::Value>(&event.raw.payload).is_ok();
    }
    let _ =
        store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).map(|report| report.holds());
    let names = store.entities().unwrap_or_default();
    for (entity, _) in names.iter().take(20) {
        let _ = (store.by_entity(entity).len(), store.entity_generation(entity));
    }
    let _ = (store.scopes().is_ok(), store.kinds().is_ok(), store.kind_descriptions().is_ok());
    let end = store.visible();
    let _ = (store.columns(0..end.min(1_000)).is_ok(), store.columns(end.saturating_sub(10)..end).is_ok());
    let _ = store.query(&Region::entity("order:1")).len();
    events
}

fn write(directory: &Path) -> Result<(), StoreError> {
    let store = Store::<Open>::open(StoreConfig::new(directory))?;
    let order = Coordinate::new("order:1", "shop").unwrap();
    let receipt = store.append(&order, EventKind::custom(1, 1), &serde_json::json!({ "n": 1 }))?;
    look(&store);
    drop(store);
    // The writer died; the next one goes on.
    let store = Store::<Open>::open(StoreConfig::new(directory))?;
    assert_eq!(store.event_at(receipt.sequence).unwrap().raw.event_hash, receipt.event_hash());
    // The saved position may be anything too.
    let id = CheckpointId::new("c").unwrap();
    let _ = store.watch_projection_with_cursor::<Seen>("order:1", Freshness::Consistent, Some(id)).is_ok();
    store.close()?;
    Ok(())
}

/// Does nothing unless it is started as the process that visits.
#[test]
fn child() {
    let Some(directory) = std::env::var_os(DIRECTORY).map(PathBuf::from) else { return };
    let (memory, read) = (kernel("status", "VmHWM:"), kernel("io", "rchar:"));
    let mut visit = Visit::default();
    match Store::<ReadOnly>::open_read_only(StoreConfig::new(&directory)) {
        Ok(store) => {
            visit.reads = true;
            // After two more looks an end that is not whole counts as torn.
            let _ = (store.refresh().is_ok(), store.refresh().is_ok());
            visit.events = look(&store);
            visit.findings = store.findings().len() as u64;
        }
        Err(error) => visit.refusal = error.to_string(),
    }
    match write(&directory) {
        Ok(()) => visit.writes = true,
        Err(error) => visit.refusal = format!("{} {error}", visit.refusal),
    }
    visit.peak_bytes = (kernel("status", "VmHWM:") - memory) * 1024;
    visit.read_bytes = kernel("io", "rchar:") - read;
    println!("{TOLD}{}", serde_json::to_string(&visit).unwrap());
}
