//! Tickets, the queue they wait in, and the outbox.

use causeway::EventPayload;
use causeway::id::{CausationId, CorrelationId};
use causeway::outcome::Outcome;
use causeway::store::{AppendOptions, BatchAppendItem, CausationRef, Store, StoreError, WriterPressure};
use serde::{Deserialize, Serialize};

use super::{KIND, LONG, Place, StoppedClock, append, assert_whole, at, events, item};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 2, type_id = 1)]
struct Paid {
    cents: u64,
}

#[test]
fn what_is_submitted_is_committed_in_order_with_what_is_appended() {
    let place = Place::new();
    let store = place.open();
    let first = store.submit(&at("a"), KIND, &0).unwrap();
    let typed = store.submit_typed(&at("a"), &Paid { cents: 5 }).unwrap();
    let (correlation, causation) = (CorrelationId::from_u128(1), CausationId::from_u128(2));
    let reaction = store.submit_reaction(&at("a"), KIND, &2, correlation, causation).unwrap();
    let typed_reaction =
        store.submit_reaction_typed(&at("a"), &Paid { cents: 6 }, correlation, causation).unwrap();
    let batch =
        store.submit_batch(vec![item("b", AppendOptions::new()), item("b", AppendOptions::new())]).unwrap();
    assert_eq!(append(&store, "a").sequence, 7, "an append stands behind what was submitted before");
    let sequences = [first, typed, reaction, typed_reaction].map(|ticket| ticket.wait().unwrap().sequence);
    assert_eq!(sequences, [1, 2, 3, 4]);
    let batch: Vec<u64> = batch.wait().unwrap().iter().map(|receipt| receipt.sequence).collect();
    assert_eq!(batch, [5, 6]);
    let reacted = store.event_at(4).unwrap().raw.header;
    assert_eq!((reacted.correlation_id, reacted.causation_id), (correlation, Some(causation)));
    assert_eq!(reacted.event_kind, Paid::KIND);
    assert_whole(&store);
}

#[test]
fn a_ticket_can_be_looked_at_received_from_and_dropped() {
    let place = Place::new();
    let store = place.open();
    let looked_at = store.submit(&at("a"), KIND, &0).unwrap();
    let received = store.submit(&at("a"), KIND, &1).unwrap();
    drop(store.submit(&at("a"), KIND, &2).unwrap());
    let receipt =
        received.receiver().recv_timeout(LONG).expect("somebody commits without being asked").unwrap();
    assert_eq!(receipt.sequence, 2);
    assert_eq!(
        looked_at.try_check().unwrap().unwrap().sequence,
        1,
        "it was committed before the one behind it"
    );
    assert!(matches!(looked_at.try_check(), Some(Err(StoreError::WriterCrashed))), "an answer is given once");
    assert_eq!(append(&store, "a").sequence, 4, "the dropped ticket's event is there all the same");
    assert!(store.submit_batch(Vec::new()).unwrap().wait().unwrap().is_empty());
}

#[test]
fn what_cannot_be_committed_is_told_by_the_call_or_by_the_ticket() {
    let place = Place::new();
    let store = Store::open(place.config().with_single_append_max_bytes(100)).unwrap();
    let large = store.submit(&at("a"), KIND, &"x".repeat(200));
    assert!(matches!(large, Err(StoreError::Configuration(_))), "{large:?}");
    let refused = store.submit_batch(vec![item("a", AppendOptions::new().with_cas(3))]).unwrap().wait();
    assert!(matches!(refused, Err(StoreError::BatchFailed { item_index: 0, .. })), "{refused:?}");
    assert_eq!(events(&store), 0);
}

#[test]
fn submitting_declines_when_it_is_only_tried_and_helps_when_the_queue_is_full() {
    let (place, clock) = (Place::new(), StoppedClock::default());
    let config =
        clock.config(&place).with_writer_channel_capacity(4).with_writer_pressure_retry_threshold_pct(50);
    let store = Store::open(config).unwrap();
    assert!(store.writer_pressure().is_idle());
    let submit = || store.submit(&at("a"), KIND, &0).unwrap();
    let mut tickets = clock.while_stopped(&store, || {
        let mut tickets = vec![submit()];
        let tried = store.try_submit(&at("a"), KIND, &1).unwrap();
        let Outcome::Ok(ticket) = tried else { panic!("{tried:?}") };
        tickets.push(ticket);
        let pressure = store.writer_pressure();
        assert_eq!(pressure, WriterPressure { queue_len: 2, capacity: 4 });
        assert!((pressure.utilization() - 0.5).abs() < f64::EPSILON);
        assert_eq!((pressure.headroom(), pressure.is_idle()), (2, false));
        let declined = [
            store.try_submit(&at("a"), KIND, &0).unwrap().map(drop),
            store.try_submit_typed(&at("a"), &Paid { cents: 1 }).unwrap().map(drop),
            store.try_submit_batch(vec![item("a", AppendOptions::new())]).unwrap().map(drop),
        ];
        for declined in declined {
            let Outcome::Retry { after_ms, attempt, max_attempts, reason } = declined else {
                panic!("{declined:?}")
            };
            assert_eq!((after_ms, attempt, max_attempts), (10, 1, 1));
            assert_eq!(reason, "2 of 4 places in the queue are taken");
        }
        tickets.extend([submit(), submit()]);
        assert_eq!(store.writer_pressure().headroom(), 0);
        assert!(tickets.iter().all(|ticket| ticket.try_check().is_none()));
        tickets
    });
    tickets.push(submit());
    let sequences: Vec<u64> = tickets.into_iter().map(|ticket| ticket.wait().unwrap().sequence).collect();
    assert_eq!(sequences, [2, 3, 4, 5, 6]);
    assert!(store.writer_pressure().is_idle());
}

#[test]
fn a_submit_that_finds_no_place_waits_for_the_section_and_loses_nothing() {
    let (place, clock) = (Place::new(), StoppedClock::default());
    let store = Store::open(clock.config(&place).with_writer_channel_capacity(2)).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = clock.while_stopped(&store, || {
            let submit = |n: u64| store.submit(&at("a"), KIND, &n).unwrap();
            let tickets = [submit(0), submit(1)];
            let late = scope.spawn(|| store.submit(&at("a"), KIND, &2).unwrap().wait().unwrap().sequence);
            tickets
                .into_iter()
                .map(|ticket| scope.spawn(move || ticket.wait().unwrap().sequence))
                .chain([late])
                .collect()
        });
        let sequences: Vec<u64> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert_eq!(sequences, [2, 3, 4]);
    });
}

#[test]
fn closing_commits_what_was_submitted() {
    let place = Place::new();
    let store = Store::open(place.config().with_writer_stack_size(Some(256 * 1024))).unwrap();
    let tickets: Vec<_> = (1..=5).map(|n| store.submit(&at("a"), KIND, &n).unwrap()).collect();
    store.close().unwrap();
    let sequences: Vec<u64> = tickets.into_iter().map(|ticket| ticket.wait().unwrap().sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    assert_eq!(events(&place.open()), 5);
}

#[test]
fn a_ticket_may_outlive_its_store_and_never_keeps_the_directory_locked() {
    let place = Place::new();
    for n in 0..20_u64 {
        let store = place.open();
        let ticket = store.submit(&at("a"), KIND, &n).unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| ticket.wait());
            if n % 2 == 0 {
                store.close().unwrap();
            } else {
                drop(store);
            }
            drop(place.open());
            waits.join().unwrap().unwrap();
        });
    }
    assert_eq!(events(&place.open()), 20);
}

#[test]
fn an_outbox_appends_what_it_collected_as_one_batch_and_drops_the_rest() {
    let place = Place::new();
    let store = place.open();
    let mut outbox = store.outbox();
    assert!(outbox.is_empty() && outbox.flush().unwrap().is_empty());
    let paid = Paid { cents: 7 };
    let own = || AppendOptions::new().with_flags(1);
    outbox.stage(at("a"), KIND, &0).unwrap();
    outbox.stage_with_options(at("a"), KIND, &1, own()).unwrap();
    outbox.stage_with_causation(at("a"), KIND, &2, CausationRef::PriorItem(0)).unwrap();
    outbox.stage_with_options_and_causation(at("a"), KIND, &3, own(), CausationRef::PriorItem(1)).unwrap();
    outbox.stage_typed(at("b"), &paid).unwrap().stage_typed_with_options(at("b"), &paid, own()).unwrap();
    outbox.stage_typed_with_causation(at("b"), &paid, CausationRef::PriorItem(4)).unwrap();
    outbox.stage_typed_with_options_and_causation(at("b"), &paid, own(), CausationRef::Absolute(9)).unwrap();
    outbox
        .push_item(BatchAppendItem::typed(at("c"), &paid, AppendOptions::new(), CausationRef::None).unwrap());
    assert_eq!(outbox.len(), 9);
    let receipts = outbox.flush().unwrap();
    assert!(outbox.is_empty());
    let headers: Vec<_> =
        receipts.iter().map(|receipt| store.get(receipt.event_id).unwrap().event.header).collect();
    let flags: Vec<u8> = headers.iter().map(|header| header.flags).collect();
    assert_eq!(flags, [0, 1, 0, 1, 0, 1, 0, 1, 0]);
    let cause = |at: usize| headers[at].causation_id.map(u128::from);
    let id = |at: usize| Some(u128::from(receipts[at].event_id));
    assert_eq!([cause(2), cause(3), cause(6), cause(7), cause(8)], [id(0), id(1), id(4), Some(9), None]);
    outbox.stage(at("a"), KIND, &0).unwrap();
    assert_eq!(outbox.submit_flush().unwrap().wait().unwrap().len(), 1);
    outbox.stage(at("a"), KIND, &0).unwrap();
    drop(outbox);
    assert_eq!(events(&store), 10);
    assert_whole(&store);
}

#[test]
fn a_refused_flush_leaves_the_outbox_empty_and_the_store_as_it_was() {
    let place = Place::new();
    let store = Store::open(place.config().with_batch_max_size(1)).unwrap();
    let mut outbox = store.outbox();
    outbox.stage(at("a"), KIND, &0).unwrap().stage(at("a"), KIND, &1).unwrap();
    assert!(matches!(outbox.flush(), Err(StoreError::BatchFailed { item_index: 0, .. })));
    assert!(outbox.is_empty() && events(&store) == 0);
}
