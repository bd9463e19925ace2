//! Appends that do not wait: tickets, back-pressure, outboxes, fences, watermarks.

use std::time::Duration;

use crate::batpak::id::{CausationId, CorrelationId};
use crate::batpak::outcome::Outcome;
use crate::batpak::prelude::*;
use crate::batpak::store::{
    AppendTicket, BatchAppendItem, BatchAppendTicket, CausationRef, DurabilityGate, HlcPoint, Outbox,
    VisibilityFence, WatermarkKind, WriterPressure,
};

use crate::shared::{Deposited, account, open};

const NOTED: EventKind = EventKind::custom(0xF, 0x003);

fn item(text: &str) -> BatchAppendItem {
    BatchAppendItem::new(account(), NOTED, &text, AppendOptions::default(), CausationRef::None).unwrap()
}

#[test]
fn a_ticket_is_redeemed_when_it_suits() -> Result<(), Box<dyn std::error::Error>> {
    let (_directory, store) = open();
    let store: Store = store;
    let ticket: AppendTicket = store.submit(&account(), NOTED, &1)?;
    assert_eq!(ticket.wait()?.sequence, 1);
    let typed = store.submit_typed(&account(), &Deposited { cents: 5 })?;
    assert_eq!(typed.receiver().recv()??.sequence, 2);
    let (correlation, causation) = (CorrelationId::from(7), CausationId::from(8));
    let polled = store.submit_reaction(&account(), NOTED, &1, correlation, causation)?;
    let receipt = loop {
        if let Some(answer) = polled.try_check() {
            break answer?;
        }
    };
    assert_eq!(store.get(receipt.event_id)?.event.header.correlation_id, correlation);
    store.submit_reaction_typed(&account(), &Deposited { cents: 1 }, correlation, causation)?.wait()?;
    let batch: BatchAppendTicket = store.submit_batch(vec![item("a"), item("b")])?;
    assert_eq!(batch.wait()?.len(), 2);
    let received = store.submit_batch(vec![item("c")])?;
    assert_eq!(received.receiver().recv()??.len(), 1);
    let polled = store.submit_batch(vec![item("d")])?;
    while polled.try_check().is_none() {
        std::thread::yield_now();
    }
    assert_eq!(store.by_entity("account:1").len(), 8);
    Ok(())
}

#[test]
fn a_program_can_be_asked_to_come_again_later() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Store = store;
    let (correlation, causation) = (CorrelationId::from(7), CausationId::from(8));
    let outcomes: [Outcome<AppendTicket>; 4] = [
        store.try_submit(&account(), NOTED, &1)?,
        store.try_submit_typed(&account(), &Deposited { cents: 5 })?,
        store.try_submit_reaction(&account(), NOTED, &1, correlation, causation)?,
        store.try_submit_reaction_typed(&account(), &Deposited { cents: 5 }, correlation, causation)?,
    ];
    for outcome in outcomes {
        match outcome {
            Outcome::Ok(ticket) => assert!(ticket.wait()?.sequence > 0),
            busy => assert!(busy.is_retry()),
        }
    }
    let batch = store.try_submit_batch(vec![item("a")])?;
    assert_eq!(batch.into_result().unwrap().wait()?.len(), 1);
    let pressure: WriterPressure = store.writer_pressure();
    assert_eq!(pressure.headroom(), pressure.capacity - pressure.queue_len);
    assert!(pressure.is_idle() == (pressure.queue_len == 0) && pressure.utilization() < 1.0);
    Ok(())
}

#[test]
fn an_outbox_is_flushed_as_one_batch_or_forgotten() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Store = store;
    let mut outbox: Outbox<'_> = store.outbox();
    assert!(outbox.is_empty());
    let options = AppendOptions::new().with_flags(2);
    outbox
        .stage(account(), NOTED, &1)?
        .stage_with_options(account(), NOTED, &2, options.clone())?
        .stage_with_causation(account(), NOTED, &3, CausationRef::PriorItem(0))?
        .stage_with_options_and_causation(account(), NOTED, &4, options.clone(), CausationRef::Absolute(7))?
        .stage_typed(account(), &Deposited { cents: 5 })?
        .stage_typed_with_options(account(), &Deposited { cents: 6 }, options.clone())?
        .stage_typed_with_causation(account(), &Deposited { cents: 7 }, CausationRef::PriorItem(0))?
        .stage_typed_with_options_and_causation(
            account(),
            &Deposited { cents: 8 },
            options,
            CausationRef::None,
        )?
        .push_item(item("last"));
    assert_eq!(outbox.len(), 9);
    assert_eq!(outbox.flush()?.len(), 9);
    assert!(outbox.is_empty());
    outbox.stage(account(), NOTED, &1)?;
    assert_eq!(outbox.submit_flush()?.wait()?.len(), 1);
    outbox.stage(account(), NOTED, &1)?;
    drop(outbox);
    assert_eq!(store.by_entity("account:1").len(), 10);
    Ok(())
}

#[test]
fn behind_a_fence_events_become_visible_together() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let store: Store = store;
    let fence: VisibilityFence<'_> = store.begin_visibility_fence()?;
    let (correlation, causation) = (CorrelationId::from(7), CausationId::from(8));
    let tickets = [
        fence.submit(&account(), NOTED, &1)?,
        fence.submit_typed(&account(), &Deposited { cents: 5 })?,
        fence.submit_reaction(&account(), NOTED, &1, correlation, causation)?,
        fence.submit_reaction_typed(&account(), &Deposited { cents: 5 }, correlation, causation)?,
    ];
    let mut outbox = fence.outbox();
    outbox.stage(account(), NOTED, &1)?;
    let staged = outbox.submit_flush()?;
    drop(outbox);
    assert!(store.by_entity("account:1").is_empty());
    assert!(matches!(store.append(&account(), NOTED, &1), Err(StoreError::VisibilityFenceActive)));
    fence.commit()?;
    for ticket in tickets {
        assert!(ticket.wait()?.sequence > 0);
    }
    assert_eq!((staged.wait()?.len(), store.by_entity("account:1").len()), (1, 5));
    Ok(())
}

#[test]
fn a_fence_that_is_cancelled_leaves_nothing_to_see() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let fence = store.begin_visibility_fence()?;
    let ticket = fence.submit(&account(), NOTED, &1)?;
    fence.cancel()?;
    assert!(matches!(ticket.wait(), Err(StoreError::VisibilityFenceCancelled)));
    assert!(store.by_entity("account:1").is_empty());
    store.append(&account(), NOTED, &2)?;
    Ok(())
}

#[test]
fn an_append_can_wait_until_it_is_durable() -> Result<(), StoreError> {
    let directory = tempfile::tempdir()?;
    let store: Store = Store::open(StoreConfig::new(directory.path()).with_sync_every_n_events(1))?;
    let gate = DurabilityGate { kind: WatermarkKind::Durable, timeout: Duration::from_mins(1) };
    let receipt = store.append_with_options(&account(), NOTED, &1, AppendOptions::new().with_gate(gate))?;
    let frontier = store.frontier();
    let point: HlcPoint = frontier.visible_hlc;
    assert!(frontier.durable_hlc.global_sequence >= receipt.sequence && point.wall_ms > 0);
    store.wait_for_durable(point, Duration::from_mins(1))?;
    store.wait_for_visible(HlcPoint { wall_ms: 0, global_sequence: 0 }, Duration::from_mins(1))?;
    let gate = DurabilityGate { kind: WatermarkKind::Visible, timeout: Duration::from_mins(1) };
    let receipts = store.append_batch_with_options(vec![item("a")], AppendOptions::new().with_gate(gate))?;
    let (correlation, causation) = (CorrelationId::from(7), CausationId::from(8));
    let reactions = store.append_reaction_batch(correlation, causation, vec![item("b")])?;
    assert_eq!((receipts.len(), reactions.len()), (1, 1));
    assert_eq!(store.get(reactions[0].event_id)?.event.header.causation_id, Some(causation));
    Ok(())
}

#[test]
fn what_never_comes_is_not_waited_for_for_ever() {
    let (_directory, store) = open();
    let far = HlcPoint { wall_ms: u64::MAX, global_sequence: 1_000 };
    match store.wait_for_visible(far, Duration::from_millis(1)) {
        Err(StoreError::WaitTimeout { watermark, target, waited_ms }) => {
            assert!(matches!(watermark, WatermarkKind::Visible));
            assert_eq!((target.global_sequence, waited_ms), (1_000, 1));
        }
        other => panic!("{other:?}"),
    }
}
