//! Owns the states that the inspector can compute from events. Never knows where the events come from.

use std::collections::BTreeMap;

use causeway::event::{EventKind, EventSourced, JsonValueInput, ProjectionEvent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// The payloads' fields, merged, later ones winning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct LatestFields(Map<String, Value>);

/// Number of events by kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CountByKind(BTreeMap<String, u64>);

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
