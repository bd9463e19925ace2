//! Projections, watchers, subscriptions and cursors.

use std::sync::Arc;

use crate::batpak::event::{EventPayload, EventSourced, ReplayLane};
use crate::batpak::id::EntityIdType;
use crate::batpak::prelude::*;
use crate::batpak::store::delivery::canal::{Canal, CanalBatch};
use crate::batpak::store::delivery::cursor::CursorCheckpoint;
use crate::batpak::store::delivery::subscription::{ScanSubscriptionOps, SubscriptionOps};
use crate::batpak::store::{
    CheckpointId, Cursor, CursorWatcherError, Notification, ProjectionWatcher, Subscription, WatcherError,
};
use serde::{Deserialize, Serialize};

use crate::shared::{Balance, Deposited, Withdrawn, account, open};

/// How many events a customer caused, folded by hand from the stored bytes.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Activity {
    events: u64,
    last_kind: u16,
}

impl EventSourced for Activity {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        let mut activity = Self { events: 0, last_kind: 0 };
        for event in events {
            activity.apply_event(event);
        }
        (activity.events > 0).then_some(activity)
    }

    fn apply_event(&mut self, event: &ProjectionEvent<Self>) {
        let payload: &ProjectionPayload<Self> = &event.payload;
        assert!(!payload.is_empty());
        self.events += 1;
        self.last_kind = event.event_kind().as_raw_u16();
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[Deposited::KIND, Withdrawn::KIND]
    }

    fn schema_version() -> u64 {
        2
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

#[test]
fn a_state_is_folded_from_a_stream() -> Result<(), StoreError> {
    let (_directory, store) = open();
    store.append_typed(&account(), &Deposited { cents: 7 })?;
    store.append_typed(&account(), &Withdrawn { cents: 2 })?;
    let balance = store.project::<Balance>("account:1", &Freshness::Consistent)?;
    assert_eq!(balance, Some(Balance { cents: 5 }));
    assert_eq!(Balance::relevant_event_kinds().len(), 2);
    let stale = Freshness::MaybeStale { max_stale_ms: 1_000 };
    let activity = store.project::<Activity>("account:1", &stale)?;
    assert_eq!(activity, Some(Activity { events: 2, last_kind: Withdrawn::KIND.as_raw_u16() }));
    assert_eq!(store.project::<Balance>("nobody", &Freshness::Consistent)?, None);
    let lanes = (<JsonValueInput as ProjectionInput>::MODE, <RawMsgpackInput as ProjectionInput>::MODE);
    assert_eq!(lanes, (ReplayLane::Value, ReplayLane::RawMsgpack));
    Ok(())
}

#[test]
fn a_state_is_folded_again_only_if_its_stream_grew() -> Result<(), StoreError> {
    let (_directory, store) = open();
    store.append_typed(&account(), &Deposited { cents: 7 })?;
    let changed = store.project_if_changed::<Balance>("account:1", 0, &Freshness::Consistent)?;
    assert_eq!(changed, Some((1, Some(Balance { cents: 7 }))));
    assert_eq!(store.project_if_changed::<Balance>("account:1", 1, &Freshness::Consistent)?, None);
    Ok(())
}

#[test]
fn a_watcher_tells_each_new_state() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Deposited { cents: 7 })?;
    let mut watcher: ProjectionWatcher<Balance> = store.watch_projection("account:1", Freshness::Consistent);
    let _: &Subscription = watcher.subscription();
    store.append_typed(&account(), &Deposited { cents: 1 })?;
    let told: Result<(u64, Option<Balance>), WatcherError> = watcher.recv();
    match told {
        Ok((generation, state)) => assert_eq!((generation, state), (2, Some(Balance { cents: 8 }))),
        Err(WatcherError::SubscriptionPruned | WatcherError::StoreClosed) => panic!("the store is open"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}

#[test]
fn a_watcher_with_a_cursor_begins_with_what_is_there() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let store: Arc<Store> = Arc::new(store);
    store.append_typed(&account(), &Deposited { cents: 7 })?;
    let id = CheckpointId::new("balances")?;
    assert_eq!(id.as_str(), "balances");
    let mut watcher: ProjectionWatcher<Balance, Cursor> =
        store.watch_projection_with_cursor("account:1", Freshness::Consistent, Some(id))?;
    let told: Result<(u64, Option<Balance>), CursorWatcherError> = watcher.recv();
    assert_eq!(told?, (1, Some(Balance { cents: 7 })));
    Ok(())
}

#[test]
fn a_subscription_tells_of_events_as_they_come() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let subscription = store.subscribe_lossy(&Region::entity("account:1"));
    let other: Subscription =
        store.subscribe_lossy(&Region::all().with_fact(KindFilter::Exact(Withdrawn::KIND)));
    let deposited = store.append_typed(&account(), &Deposited { cents: 7 })?;
    store.append_typed(&account(), &Withdrawn { cents: 2 })?;
    let told: Notification = subscription.recv().unwrap();
    assert_eq!((told.event_id, told.kind, told.sequence), (deposited.event_id.as_u128(), Deposited::KIND, 1));
    assert_eq!(
        (told.coord.entity(), told.correlation_id, told.causation_id),
        ("account:1", told.event_id, None)
    );
    assert_eq!(told.position.sequence(), 0);
    assert_eq!(subscription.receiver().try_recv().unwrap().kind, Withdrawn::KIND);
    assert_eq!(other.filtered_receiver().try_recv().unwrap().kind, Withdrawn::KIND);
    Ok(())
}

#[test]
fn a_subscription_can_be_narrowed_counted_and_summed_up() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let mut ops: SubscriptionOps = store
        .subscribe_lossy(&Region::all())
        .ops()
        .filter(|told| told.kind == Deposited::KIND)
        .map(|told| (told.coord.scope() == "bank").then(|| told.clone()))
        .take(1);
    let mut sums: ScanSubscriptionOps<u64, _> =
        store.subscribe_lossy(&Region::entity("account")).ops().scan(0_u64, |sum, told| {
            *sum += told.sequence;
            Some(*sum)
        });
    for cents in 1..=2 {
        store.append_typed(&account(), &Withdrawn { cents })?;
        store.append_typed(&account(), &Deposited { cents })?;
    }
    assert_eq!(ops.recv().map(|told| told.sequence), Some(2));
    assert!(ops.recv().is_none());
    assert_eq!([sums.recv(), sums.recv(), sums.recv()], [Some(1), Some(3), Some(6)]);
    Ok(())
}

#[test]
fn a_cursor_misses_nothing_and_remembers_where_it_was() -> Result<(), Box<dyn std::error::Error>> {
    let (directory, store) = open();
    for cents in 0..5 {
        store.append_typed(&account(), &Deposited { cents })?;
    }
    let mut cursor: Cursor = store.cursor_guaranteed(&Region::entity("account:1"));
    assert_eq!(cursor.poll().map(|row| row.clock()), Some(0));
    assert_eq!(cursor.poll_batch(3).len(), 3);
    assert!(matches!(cursor.pull_batch(8, std::time::Duration::from_secs(1))?, CanalBatch::One(_)));
    assert!(cursor.poll().is_none());
    let id = CheckpointId::new("reader")?;
    assert!(Cursor::load_checkpoint(directory.path(), &id)?.is_none());
    let checkpoint = CursorCheckpoint {
        position: 5,
        started: true,
        process_boot_ns: None,
        region_identity: Some("mine".to_owned()),
    };
    Cursor::save_checkpoint(directory.path(), &id, &checkpoint)?;
    let loaded = Cursor::load_checkpoint(directory.path(), &id)?.unwrap();
    assert_eq!((loaded.position, loaded.started), (5, true));
    assert_eq!((loaded.process_boot_ns, loaded.region_identity.as_deref()), (None, Some("mine")));
    assert_eq!(EventId::nil().as_u128(), 0);
    Ok(())
}
