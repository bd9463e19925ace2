//! Reads: by id, by what an event is about, page by page, back through a stream.

use crate::batpak::event::DecodeTyped;
use crate::batpak::event::{DecodeSource, EventPayload, TypedDecodeError};
use crate::batpak::id::{CausationId, CorrelationId, EntityIdType};
use crate::batpak::prelude::*;
use crate::batpak::store::StoreStats;
use crate::batpak::store::index::IndexEntry;
use serde_json::json;

use crate::shared::{Deposited, Withdrawn, account, open};

#[test]
fn rows_tell_what_an_event_is_without_reading_it() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let first = store.append_typed(&account(), &Deposited { cents: 5 })?;
    let id = first.event_id.as_u128();
    let second = store.append_reaction(
        &account(),
        EventKind::DATA,
        &1,
        CorrelationId::new(id),
        CausationId::new(id),
    )?;
    let rows: Vec<IndexEntry> = store.by_entity("account:1");
    let row = &rows[1];
    assert_eq!(
        (row.event_id(), row.correlation_id(), row.causation_id()),
        (second.event_id.as_u128(), id, Some(id))
    );
    assert_eq!(
        (row.event_kind(), row.coord(), row.clock(), row.global_sequence()),
        (EventKind::DATA, &account(), 1, 2)
    );
    assert_eq!((row.dag_lane(), row.dag_depth(), row.disk_pos()), (0, 0, second.disk_pos()));
    assert!(row.wall_ms() > 0 && row.receipt_extensions().is_empty());
    assert!(row.is_correlated() && row.is_caused_by(first.event_id) && !row.is_root_cause());
    assert!(rows[0].is_root_cause() && !rows[0].is_correlated());
    assert_eq!(row.hash_chain().prev_hash, rows[0].hash_chain().event_hash);
    Ok(())
}

#[test]
fn events_are_found_by_entity_scope_kind_and_region() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let other = Coordinate::new("account:2", "branch")?;
    store.append_typed(&account(), &Deposited { cents: 1 })?;
    store.append_typed(&other, &Deposited { cents: 2 })?;
    store.append_typed(&account(), &Withdrawn { cents: 1 })?;
    assert_eq!((store.by_entity("account:1").len(), store.by_entity("account").len()), (2, 0));
    assert_eq!((store.by_scope("branch").len(), store.by_fact(Deposited::KIND).len()), (1, 2));
    assert_eq!(store.by_fact_typed::<Withdrawn>().len(), 1);
    let found =
        |region: Region| store.query(&region).iter().map(IndexEntry::global_sequence).collect::<Vec<_>>();
    assert_eq!(found(Region::entity("account")), [1, 2, 3]);
    assert_eq!(found(Region::scope("bank").with_fact(KindFilter::Exact(Withdrawn::KIND))), [3]);
    assert_eq!(found(Region::entity("account").with_clock_range((1, 9))), [3]);
    let kinds = store.by_fact(EventKind::SYSTEM_OPEN_COMPLETED);
    assert_eq!(kinds.len(), 1);
    Ok(())
}

#[test]
fn the_commit_order_is_read_page_by_page() -> Result<(), StoreError> {
    let (_directory, store) = open();
    for cents in 0..10 {
        store.append_typed(&account(), &Deposited { cents })?;
    }
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = store.query_entries_after(&Region::entity("account:1"), after, 4);
        let Some(last) = page.last() else { break };
        after = Some(last.global_sequence());
        seen.extend(page.iter().map(IndexEntry::clock));
    }
    assert_eq!(seen, (0..10).collect::<Vec<u32>>());
    assert_eq!(store.entity_generation("account:1"), Some(10));
    assert_eq!(store.entity_generation("nobody"), None);
    let StoreStats { event_count, global_sequence, .. } = store.stats();
    assert_eq!((event_count, global_sequence), (11, 11));
    Ok(())
}

#[test]
fn an_event_decodes_into_the_type_of_its_kind() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let receipt = store.append_typed(&account(), &Deposited { cents: 5 })?;
    let (value, raw) = (store.get(receipt.event_id)?.event, store.read_raw(receipt.event_id)?.event);
    assert_eq!(value.route_typed::<Deposited>().unwrap(), Some(Deposited { cents: 5 }));
    assert_eq!(raw.decode_typed::<Deposited>().unwrap(), Deposited { cents: 5 });
    assert!(raw.route_typed::<Withdrawn>().unwrap().is_none());
    match value.decode_typed::<Withdrawn>() {
        Err(TypedDecodeError::KindMismatch { expected, got, .. }) => {
            assert_eq!((expected, got), (Withdrawn::KIND, Deposited::KIND));
        }
        other => panic!("{other:?}"),
    }
    let odd = store.append(&account(), Deposited::KIND, &json!({"cents": "many"}))?;
    let failures = [
        store.get(odd.event_id)?.event.decode_typed::<Deposited>(),
        store.read_raw(odd.event_id)?.event.decode_typed::<Deposited>(),
    ];
    let told: Vec<&str> = failures
        .iter()
        .map(|failure| match failure {
            Err(TypedDecodeError::DecodeFailure { kind, source, .. }) if *kind == Deposited::KIND => {
                match source {
                    DecodeSource::Json(error) if error.is_data() => "json",
                    DecodeSource::Msgpack(error) if !error.to_string().is_empty() => "msgpack",
                    _ => "something else",
                }
            }
            _ => "nothing",
        })
        .collect();
    assert_eq!(told, ["json", "msgpack"]);
    Ok(())
}

#[test]
fn what_is_not_there_is_an_error_that_names_it() {
    let (_directory, store) = open();
    match store.get(EventId::new(77)) {
        Err(StoreError::NotFound(id)) => assert_eq!(id, 77),
        other => panic!("{other:?}"),
    }
    assert!(store.read_raw(EventId::new(77)).is_err());
}

#[test]
fn a_store_is_read_without_being_written() -> Result<(), StoreError> {
    let (directory, store) = open();
    store.append_typed(&account(), &Deposited { cents: 5 })?;
    store.close()?;
    let reader: Store<ReadOnly> = Store::<ReadOnly>::open_read_only(StoreConfig::new(directory.path()))?;
    assert_eq!(reader.by_fact_typed::<Deposited>().len(), 1);
    assert_eq!(reader.query(&Region::all()).len(), 3);
    let last = reader.by_fact(EventKind::SYSTEM_CLOSE_COMPLETED);
    assert_eq!(last[0].global_sequence(), 2);
    Ok(())
}

#[test]
fn a_stream_is_read_backwards_from_an_event() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let ids: Vec<EventId> = (0..4)
        .map(|cents| store.append_typed(&account(), &Deposited { cents }).map(|receipt| receipt.event_id))
        .collect::<Result<_, _>>()?;
    let ancestors = store.walk_ancestors(ids[3], 3);
    let found: Vec<EventId> = ancestors.iter().map(|stored| stored.event.event_id()).collect();
    assert_eq!(found, [ids[3], ids[2], ids[1]]);
    assert!(store.walk_ancestors(EventId::new(1), 3).is_empty());
    Ok(())
}
