//! Owns the raw reactor: answers to whatever is appended from now on, without a position, without errors, and until the store is closed.

use serde_json::Value;

use crate::derive::feed::{Feed, LossyFeed};
use crate::derive::fold::JsonValueInput;
use crate::derive::reactive::Reactive;
use crate::derive::wait::{Patience, Waited};
use crate::read::entry::LogEvent;
use crate::store::Store;
use crate::store::react::dispatch::input;
use crate::store::react::guests::Door;
use crate::words::error::StoreError;
use crate::words::id::CausationId;
use crate::words::region::Region;
use crate::words::sync::{Arc, JoinHandle, spawn};

/// Starts a raw reactor.
pub(super) fn react<R>(store: &Arc<Store>, region: &Region, reactor: R) -> Result<JoinHandle<()>, StoreError>
where
    R: Reactive<Value> + Send + 'static,
{
    let (door, mut feed) = (Door::of(store), LossyFeed::new(&store.reader, region, &[]));
    let patience = Patience::endless();
    let body = move || {
        loop {
            let events = match feed.next(1, &patience) {
                Ok(Waited::Got(events)) => events,
                Ok(Waited::Expired | Waited::Stopped | Waited::Closed) | Err(StoreError::Closed) => return,
                // There is nobody to tell; what comes next may be readable.
                Err(_) => continue,
            };
            let Some(store) = door.enter() else { return };
            for event in events {
                answer(&reactor, event, &store);
            }
        }
    };
    Ok(spawn("react", body)?)
}

/// Appends the answers to one event, each by itself. What fails is left out: this reactor has nobody to tell.
fn answer<R: Reactive<Value>>(reactor: &R, event: LogEvent, store: &Store) {
    let Ok(stored) = input::<JsonValueInput>(event) else { return };
    let header = &stored.event.header;
    for (coordinate, kind, payload) in reactor.react(&stored.event) {
        let cause = CausationId::from(header.event_id);
        let _ = store.append_reaction(&coordinate, kind, &payload, header.correlation_id, cause);
    }
}
