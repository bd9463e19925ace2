//! Owns the projections that run: each one is a watcher on a thread of its own, feeding the one channel of updates.
//!
//! Invariant: a projection ends when it is stopped or its store is closed, and says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use causeway::coordinate::Region;
use causeway::event::{EventKind, EventSourced, JsonValueInput, ProjectionEvent};
use causeway::store::{Freshness, ProjectionWatcher, StoreError, WatchStop, WatcherError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::worker::activity::{Activity, Work};
use crate::worker::failure;
use crate::worker::handle::{Handle, ask};
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{
    Failure, FoldKind, FoldSource, FoldStatus, ProjectionSpec, ProjectionState, Update,
};

/// A busy stream is shown at most this often.
const DELIVERY_INTERVAL: Duration = Duration::from_millis(33);

/// The payloads' fields, merged, later ones winning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct LatestFields(Map<String, Value>);

/// Number of events by kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct CountByKind(BTreeMap<String, u64>);

/// Folds event by event from nothing.
fn fold<T: EventSourced + Default>(events: &[ProjectionEvent<T>]) -> Option<T> {
    (!events.is_empty()).then(|| {
        let mut state = T::default();
        events.iter().for_each(|event| state.apply_event(event));
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

/// The running projections of a store. Dropping it stops them.
#[derive(Default)]
pub(crate) struct Folds {
    running: Vec<(u64, WatchStop)>,
}

impl Folds {
    /// Starts a projection; one with the same id is stopped first.
    ///
    /// # Errors
    /// When the source cannot be watched.
    pub(crate) fn start(
        &mut self,
        handle: &Handle,
        spec: ProjectionSpec,
        outbox: &Outbox,
        activity: &Activity,
    ) -> Result<(), Failure> {
        self.stop(spec.id);
        let stop = match spec.fold {
            FoldKind::LatestFields => run::<LatestFields>(handle, spec.clone(), outbox, activity.begin())?,
            FoldKind::CountByKind => run::<CountByKind>(handle, spec.clone(), outbox, activity.begin())?,
        };
        self.running.push((spec.id, stop));
        Ok(())
    }

    /// Stops a projection.
    pub(crate) fn stop(&mut self, id: u64) {
        self.running.retain(|(running, stop)| {
            if *running == id {
                stop.stop();
            }
            *running != id
        });
    }
}

impl Drop for Folds {
    fn drop(&mut self) {
        self.running.iter().for_each(|(_, stop)| stop.stop());
    }
}

/// Watches a source on a thread of its own.
fn run<T>(
    handle: &Handle,
    spec: ProjectionSpec,
    outbox: &Outbox,
    catching_up: Work,
) -> Result<WatchStop, Failure>
where
    T: EventSourced<Input = JsonValueInput> + Serialize + DeserializeOwned + Send + 'static,
{
    let watcher: ProjectionWatcher<T> = watch(handle, &spec.source).map_err(|error| failure::of(&error))?;
    let stop = watcher.stop_handle();
    let outbox = outbox.clone();
    let name = format!("causeway-fold-{}", spec.id);
    let watched = move || {
        let state = ProjectionState {
            spec,
            status: FoldStatus::CatchingUp,
            generation: 0,
            state: None,
            deliveries: 0,
        };
        outbox
            .guard("a projection", || Watched { watcher, state, outbox: outbox.clone() }.follow(catching_up));
    };
    thread::Builder::new().name(name).spawn(watched).map_err(|error| failure::of(&error.into()))?;
    Ok(stop)
}

fn watch<T>(handle: &Handle, source: &FoldSource) -> Result<ProjectionWatcher<T>, StoreError>
where
    T: EventSourced<Input = JsonValueInput> + Serialize + DeserializeOwned + 'static,
{
    Ok(match source {
        FoldSource::Entity(entity) => {
            ask!(handle, store => store.watch_projection(entity, Freshness::Consistent))
        }
        FoldSource::Scope(scope) => ask!(handle, store => store.watch_region(&Region::scope(scope))),
    })
}

struct Watched<T> {
    watcher: ProjectionWatcher<T>,
    state: ProjectionState,
    outbox: Outbox,
}

impl<T> Watched<T>
where
    T: EventSourced<Input = JsonValueInput> + Serialize + DeserializeOwned + 'static,
{
    /// Delivers the state there is, then every later one, until the watcher ends.
    fn follow(&mut self, catching_up: Work) {
        let first = self.watcher.current();
        let mut goes_on = self.deliver(first);
        drop(catching_up);
        while goes_on {
            let started = Instant::now();
            let next = self.watcher.recv();
            goes_on = self.deliver(next);
            // What arrives meanwhile becomes one delivery.
            thread::sleep(DELIVERY_INTERVAL.saturating_sub(started.elapsed()));
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
