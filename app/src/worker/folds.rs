//! Owns the projections that run: each one is a watcher on a thread of its own, feeding the one channel of updates.
//!
//! Invariant: a projection ends when it is stopped or its store is closed, and says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use causeway::event::{EventKind, EventSourced, JsonValueInput, ProjectionEvent};
use causeway::store::{WatchStop, WatcherError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::worker::activity::{Activity, Work};
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, FoldKind, FoldStatus, ProjectionSpec, ProjectionState, Update};
use crate::worker::source::Source;

/// A busy stream is shown at most this often.
const DELIVERY_INTERVAL: Duration = Duration::from_millis(33);

/// The payloads' fields, merged, later ones winning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LatestFields(Map<String, Value>);

/// Number of events by kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct CountByKind(BTreeMap<String, u64>);

/// What a projection of the inspector is.
pub(crate) trait Fold:
    EventSourced<Input = JsonValueInput> + Clone + Default + Serialize + DeserializeOwned + Send + 'static
{
}

impl Fold for LatestFields {}
impl Fold for CountByKind {}

/// Folds event by event from nothing.
fn fold<T: EventSourced + Default>(events: &[ProjectionEvent<T>]) -> Option<T> {
    (!events.is_empty()).then(|| {
        let mut state = T::default();
        for event in events {
            state.apply_event(event);
        }
        state
    })
}

impl EventSourced for LatestFields {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        fold(events)
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        match &event.payload {
            Value::Object(fields) => self.0.extend(fields.clone()),
            other => drop(self.0.insert("value".to_owned(), other.clone())),
        }
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

impl EventSourced for CountByKind {
    type Input = JsonValueInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        fold(events)
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        *self.0.entry(event.event_kind().to_string()).or_default() += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

/// The running projections of a store. Dropping it stops them and waits until they ended.
#[derive(Default)]
pub(crate) struct Folds {
    running: Vec<Running>,
}

struct Running {
    id: u64,
    stop: WatchStop,
    thread: JoinHandle<()>,
}

impl Folds {
    /// Starts a projection; one with the same id is stopped first.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        &mut self,
        handle: &Handle,
        spec: ProjectionSpec,
        outbox: &Outbox,
        activity: &Activity,
    ) -> Result<(), Failure> {
        self.stop(spec.id);
        let running = match spec.fold {
            FoldKind::LatestFields => run::<LatestFields>(handle, spec, outbox, activity.begin())?,
            FoldKind::CountByKind => run::<CountByKind>(handle, spec, outbox, activity.begin())?,
        };
        self.running.push(running);
        Ok(())
    }

    /// Stops a projection.
    pub(crate) fn stop(&mut self, id: u64) {
        for ended in self.running.extract_if(.., |running| running.id == id) {
            ended.end();
        }
    }
}

impl Running {
    fn end(self) {
        self.stop.stop();
        // A thread that panicked has said so.
        let _ = self.thread.join();
    }
}

impl Drop for Folds {
    fn drop(&mut self) {
        self.running.drain(..).for_each(Running::end);
    }
}

/// Watches a source on a thread of its own.
fn run<T: Fold>(
    handle: &Handle,
    spec: ProjectionSpec,
    outbox: &Outbox,
    catching_up: Work,
) -> Result<Running, Failure> {
    let source = Source::<T>::of(handle, &spec.source);
    let stop = source.stop_handle();
    let id = spec.id;
    let outbox = outbox.clone();
    let watch = move || {
        let state = ProjectionState {
            spec,
            status: FoldStatus::CatchingUp,
            generation: 0,
            state: None,
            deliveries: 0,
        };
        outbox
            .guard("a projection", || Watched { source, state, outbox: outbox.clone() }.follow(catching_up));
    };
    let thread = thread::Builder::new()
        .name(format!("causeway-fold-{id}"))
        .spawn(watch)
        .map_err(|error| failure::of(&error.into()))?;
    Ok(Running { id, stop, thread })
}

struct Watched<T: Fold> {
    source: Source<T>,
    state: ProjectionState,
    outbox: Outbox,
}

impl<T: Fold> Watched<T> {
    /// Delivers the state there is, then every later one, until the source ends.
    fn follow(&mut self, catching_up: Work) {
        let first = self.source.current();
        let mut goes_on = self.deliver(first);
        drop(catching_up);
        while goes_on {
            let next = self.source.recv();
            goes_on = self.deliver(next);
            // What arrives meanwhile becomes one delivery.
            thread::sleep(DELIVERY_INTERVAL);
        }
    }

    /// Sends a delivery. False if nothing can come any more.
    fn deliver(&mut self, delivery: Result<(u64, Option<T>), WatcherError>) -> bool {
        let state = &mut self.state;
        let mut goes_on = true;
        match delivery {
            Ok((generation, value)) => {
                state.status = FoldStatus::Live;
                state.generation = generation;
                state.deliveries += 1;
                state.state = value.and_then(|value| serde_json::to_value(value).ok()).map(Arc::new);
            }
            Err(WatcherError::Store(error)) => state.status = FoldStatus::Failed(error.to_string()),
            Err(_) => {
                state.status = FoldStatus::Stopped;
                goes_on = false;
            }
        }
        self.outbox.send(Update::Projection(state.clone())) && goes_on
    }
}

#[cfg(test)]
mod tests {
    use causeway::coordinate::DagPosition;
    use causeway::event::{Event, EventHeader};
    use serde_json::json;

    use super::*;

    fn event(kind: u16, payload: Value) -> Event<Value> {
        let position = DagPosition::root();
        Event::new(EventHeader::new(1, 1, None, 0, position, 0, EventKind::from_raw_u16(kind)), payload)
    }

    #[test]
    fn later_fields_win() {
        let events = [event(1, json!({"a": 1, "b": 2})), event(1, json!({"b": 3})), event(1, json!(7))];
        let state = LatestFields::from_events(&events).unwrap();
        assert_eq!(serde_json::to_value(state).unwrap(), json!({"a": 1, "b": 3, "value": 7}));
        assert_eq!(LatestFields::from_events(&[]), None);
    }

    #[test]
    fn events_are_counted_by_kind() {
        let events = [event(0x1001, json!({})), event(0x1001, json!({})), event(0xF001, json!({}))];
        let state = CountByKind::from_events(&events).unwrap();
        assert_eq!(serde_json::to_value(state).unwrap(), json!({"0x1001": 2, "0xF001": 1}));
    }
}
