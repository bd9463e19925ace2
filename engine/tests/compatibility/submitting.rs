//! Tickets, outboxes, fences, back-pressure, and waiting for watermarks.

use std::time::Duration;

use crate::batpak::id::{CausationId, CorrelationId};
use crate::batpak::outcome::Outcome;
use crate::batpak::prelude::*;
use crate::batpak::store::{
    AppendTicket, BatchAppendItem, BatchAppendTicket, CausationRef, DurabilityGate, HlcPoint, Outbox,
    VisibilityFence, WatermarkKind, WriterPressure,
};
use tempfile::TempDir;

use crate::shared::{Deposited, Withdrawn, account, open};

const NOTE: EventKind = EventKind::custom(0xF, 0x00A);
const PATIENCE: Duration = Duration::from_secs(30);

fn deposit(cents: u64) -> BatchAppendItem {
    BatchAppendItem::typed(account(), &Deposited { cents }, AppendOptions::new(), CausationRef::None).unwrap()
}

fn conversation() -> (CorrelationId, CausationId) {
    (CorrelationId::from(7), CausationId::from(9))
}

#[test]
fn a_ticket_is_waited_for_looked_at_or_received_from() {
    let (_directory, store) = open();
    let (correlation, cause) = conversation();
    let waited: AppendTicket = store.submit(&account(), NOTE, &"first").unwrap();
    assert_eq!(waited.wait().unwrap().sequence, 1);
    let received = store.submit_typed(&account(), &Deposited { cents: 5 }).unwrap();
    assert_eq!(received.receiver().recv().unwrap().unwrap().sequence, 2);
    let looked_at = store.submit_reaction(&account(), NOTE, &"third", correlation, cause).unwrap();
    let last = store
        .submit_reaction_typed(&account(), &Withdrawn { cents: 1 }, correlation, cause)
        .unwrap()
        .wait()
        .unwrap();
    assert_eq!(looked_at.try_check().unwrap().unwrap().sequence, 3);
    let header = store.get(last.event_id).unwrap().event.header;
    assert_eq!((header.correlation_id, header.causation_id), (correlation, Some(cause)));

    let batch: BatchAppendTicket = store.submit_batch(vec![deposit(1), deposit(2)]).unwrap();
    assert_eq!(batch.wait().unwrap().len(), 2);
    let batch = store.submit_batch(vec![deposit(3)]).unwrap();
    assert_eq!(batch.receiver().recv().unwrap().unwrap()[0].sequence, 7);
    let batch = store.submit_batch(vec![deposit(4)]).unwrap();
    store.append_typed(&account(), &Deposited { cents: 5 }).unwrap();
    assert_eq!(batch.try_check().unwrap().unwrap()[0].sequence, 8);
}

#[test]
fn a_store_without_pressure_takes_what_is_tried() {
    let (_directory, store) = open();
    let (correlation, cause) = conversation();
    let pressure: WriterPressure = store.writer_pressure();
    assert_eq!(pressure, WriterPressure { queue_len: 0, capacity: 4096 });
    assert!(pressure.is_idle() && pressure.headroom() == 4096 && pressure.utilization() < 0.001);
    let taken = |outcome: Result<Outcome<AppendTicket>, StoreError>| match outcome.unwrap() {
        Outcome::Ok(ticket) => ticket.wait().unwrap().sequence,
        other => panic!("{:?}", other.map(|_| ())),
    };
    assert_eq!(taken(store.try_submit(&account(), NOTE, &"note")), 1);
    assert_eq!(taken(store.try_submit_typed(&account(), &Deposited { cents: 5 })), 2);
    assert_eq!(taken(store.try_submit_reaction(&account(), NOTE, &"note", correlation, cause)), 3);
    let withdrawn = Withdrawn { cents: 1 };
    assert_eq!(taken(store.try_submit_reaction_typed(&account(), &withdrawn, correlation, cause)), 4);
    let batch = store.try_submit_batch(vec![deposit(1)]).unwrap();
    assert_eq!(batch.into_result().unwrap().wait().unwrap()[0].sequence, 5);
}

#[test]
fn an_outbox_flushes_what_it_staged_as_one_batch() {
    let (_directory, store) = open();
    let mut outbox: Outbox<'_> = store.outbox();
    let (paid, flags) = (Deposited { cents: 5 }, AppendOptions::new().with_correlation(conversation().0));
    outbox.stage(account(), NOTE, &0).unwrap();
    outbox.stage_with_options(account(), NOTE, &1, flags.clone()).unwrap();
    outbox.stage_with_causation(account(), NOTE, &2, CausationRef::PriorItem(0)).unwrap();
    outbox
        .stage_with_options_and_causation(account(), NOTE, &3, flags.clone(), CausationRef::PriorItem(1))
        .unwrap();
    outbox.stage_typed(account(), &paid).unwrap();
    outbox.stage_typed_with_options(account(), &paid, flags.clone()).unwrap();
    outbox.stage_typed_with_causation(account(), &paid, CausationRef::PriorItem(4)).unwrap();
    outbox
        .stage_typed_with_options_and_causation(account(), &paid, flags, CausationRef::PriorItem(5))
        .unwrap();
    outbox.push_item(deposit(9));
    assert_eq!((outbox.len(), outbox.is_empty()), (9, false));
    let receipts = outbox.flush().unwrap();
    assert!(receipts.iter().map(|receipt| receipt.sequence).eq(1..=9) && outbox.is_empty());
    let cause = |at: usize| store.get(receipts[at].event_id).unwrap().event.header.causation_id;
    assert_eq!(cause(7).map(u128::from), Some(u128::from(receipts[5].event_id)));
    outbox.push_item(deposit(1));
    assert_eq!(outbox.submit_flush().unwrap().wait().unwrap()[0].sequence, 10);
    outbox.push_item(deposit(2));
    drop(outbox);
    assert_eq!(store.by_entity("account:1").len(), 10);
}

#[test]
fn a_fence_shows_everything_at_once() {
    let (_directory, store) = open();
    let (correlation, cause) = conversation();
    let fence: VisibilityFence<'_> = store.begin_visibility_fence().unwrap();
    let tickets = [
        fence.submit(&account(), NOTE, &0).unwrap(),
        fence.submit_typed(&account(), &Deposited { cents: 5 }).unwrap(),
        fence.submit_reaction(&account(), NOTE, &2, correlation, cause).unwrap(),
        fence.submit_reaction_typed(&account(), &Withdrawn { cents: 1 }, correlation, cause).unwrap(),
    ];
    let batch = fence.submit_batch(vec![deposit(1), deposit(2)]).unwrap();
    let mut outbox = fence.outbox();
    outbox.stage_typed(account(), &Deposited { cents: 7 }).unwrap();
    let flushed = outbox.submit_flush().unwrap();
    drop(outbox);
    assert!(tickets.iter().all(|ticket| ticket.try_check().is_none()));
    assert!(matches!(store.begin_visibility_fence().map(drop), Err(StoreError::VisibilityFenceActive)));
    assert!(matches!(store.append(&account(), NOTE, &0), Err(StoreError::VisibilityFenceActive)));
    assert!(matches!(store.submit(&account(), NOTE, &0).map(drop), Err(StoreError::VisibilityFenceActive)));
    assert!(store.try_submit(&account(), NOTE, &0).unwrap().is_cancelled());
    assert_eq!(store.by_entity("account:1").len(), 0);
    fence.commit().unwrap();
    let sequences = tickets.map(|ticket| ticket.wait().unwrap().sequence);
    assert_eq!(sequences, [1, 2, 3, 4]);
    assert_eq!((batch.wait().unwrap().len(), flushed.wait().unwrap()[0].sequence), (2, 7));
    assert_eq!(store.query(&Region::entity("account:1")).len(), 7);
}

#[test]
fn a_fence_that_is_cancelled_or_dropped_shows_nothing() {
    let (_directory, store) = open();
    let fence = store.begin_visibility_fence().unwrap();
    let cancelled = fence.submit(&account(), NOTE, &0).unwrap();
    fence.cancel().unwrap();
    assert!(matches!(cancelled.wait(), Err(StoreError::VisibilityFenceCancelled)));
    let fence = store.begin_visibility_fence().unwrap();
    let dropped = fence.submit_batch(vec![deposit(1)]).unwrap();
    drop(fence);
    assert!(matches!(dropped.wait(), Err(StoreError::VisibilityFenceCancelled)));
    store.append_typed(&account(), &Deposited { cents: 5 }).unwrap();
    assert_eq!(store.query(&Region::entity("account:1")).len(), 1);
}

#[test]
fn reactions_of_a_batch_belong_to_one_conversation() {
    let (_directory, store) = open();
    let (correlation, cause) = conversation();
    let receipts = store.append_reaction_batch(correlation, cause, vec![deposit(1), deposit(2)]).unwrap();
    for receipt in receipts {
        let header = store.get(receipt.event_id).unwrap().event.header;
        assert_eq!((header.correlation_id, header.causation_id), (correlation, Some(cause)));
    }
}

#[test]
fn a_gate_waits_for_its_watermark() {
    let directory = TempDir::new().unwrap();
    let store = Store::open(StoreConfig::new(directory.path()).with_sync_every_n_events(1)).unwrap();
    let gated = |kind| AppendOptions::new().with_gate(DurabilityGate { kind, timeout: PATIENCE });
    for kind in [WatermarkKind::Visible, WatermarkKind::Durable] {
        store.append_typed_with_options(&account(), &Deposited { cents: 5 }, gated(kind)).unwrap();
    }
    store.append_batch_with_options(vec![deposit(1), deposit(2)], gated(WatermarkKind::Durable)).unwrap();
    let frontier = store.frontier();
    let point: HlcPoint = frontier.visible_hlc;
    assert_eq!(
        (point.global_sequence, frontier.durable_hlc, frontier.visible_minus_durable_seq),
        (4, point, 0)
    );
    assert!(point > HlcPoint::ORIGIN && point.wall_ms > 0 && frontier.oldest_pending_write_age_ms.is_none());
    store.wait_for_durable(point, PATIENCE).unwrap();
    store.wait_for_visible(point, PATIENCE).unwrap();
}

#[test]
fn a_wait_that_takes_too_long_says_for_what_it_was() {
    let (_directory, store) = open();
    let gate = DurabilityGate { kind: WatermarkKind::Applied, timeout: Duration::from_millis(5) };
    let late = store.append_typed_with_options(
        &account(),
        &Deposited { cents: 5 },
        AppendOptions::new().with_gate(gate),
    );
    match late {
        Err(StoreError::WaitTimeout { watermark: WatermarkKind::Applied, target, waited_ms: 5 }) => {
            assert_eq!(target.global_sequence, 1);
        }
        other => panic!("{other:?}"),
    }
    let waited = store.wait_for_applied(store.frontier().visible_hlc, gate.timeout);
    assert!(matches!(waited, Err(StoreError::WaitTimeout { .. })));
    assert_eq!(store.by_entity("account:1").len(), 1, "the event is there all the same");
}
