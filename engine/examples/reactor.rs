//! Answering events with events: each order gets an invoice, in the order's conversation and caused by it, once and not twice.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::sync::Arc;

use causeway::event::TypedReactive;
use causeway::prelude::*;
use causeway::store::{AtLeastOnce, CausationRef, CheckpointId, ReactionBatch, ReactorConfig};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x7, type_id = 1)]
struct OrderPlaced {
    cents: u64,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x7, type_id = 2)]
struct InvoiceIssued {
    cents: u64,
    tax_cents: u64,
}

/// Decides; appends nothing itself. What it puts into `out` is appended together, or not at all if it fails.
struct Invoicing {
    tax_percent: u64,
}

impl TypedReactive<OrderPlaced> for Invoicing {
    type Error = StoreError;

    fn react(
        &mut self,
        order: &StoredEvent<OrderPlaced>,
        out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), StoreError> {
        let cents = order.event.payload.cents;
        let invoice = InvoiceIssued { cents, tax_cents: cents * self.tax_percent / 100 };
        let number = order.coordinate.entity().replace("order", "invoice");
        let coordinate = Coordinate::new(number, order.coordinate.scope())?;
        // No cause is named: the order is it.
        out.push_typed(coordinate, &invoice, CausationRef::None)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Arc::new(Store::open(StoreConfig::new(directory.path()))?);
    let invoices = store.subscribe_lossy(&Region::entity("invoice"));

    // With a checkpoint id, an order that comes again after a crash gets no second invoice.
    let checkpoint = CheckpointId::new("invoicing")?;
    let config = ReactorConfig { checkpoint_id: Some(checkpoint), ..ReactorConfig::default() };
    let orders = Region::entity("order");
    let reactor =
        store.react_loop_typed::<OrderPlaced, _>(&orders, config.clone(), Invoicing { tax_percent: 19 })?;

    let order = store.append_typed(&Coordinate::new("order:1", "shop")?, &OrderPlaced { cents: 10_000 })?;
    let invoice = invoices.recv().ok_or("the store is open")?;
    let stored = store.get(EventId::from(invoice.event_id))?;
    println!("{} says {}", stored.coordinate.entity(), stored.event.payload);
    assert_eq!(
        stored.event.decode_typed::<InvoiceIssued>()?,
        InvoiceIssued { cents: 10_000, tax_cents: 1_900 }
    );
    let header = &stored.event.header;
    assert_eq!(header.causation_id.map(u128::from), Some(u128::from(order.event_id)));
    assert_eq!(store.effects_of(order.event_id).len(), 1);
    reactor.stop_and_join()?;

    // What was ordered while nobody reacted is not forgotten, and what was answered is not answered again.
    store.append_typed(&Coordinate::new("order:2", "shop")?, &OrderPlaced { cents: 500 })?;
    let reactor = store.react_loop_typed::<OrderPlaced, _>(&orders, config, Invoicing { tax_percent: 19 })?;
    let invoice = invoices.recv().ok_or("the store is open")?;
    println!("then {} was issued", invoice.coord.entity());
    assert_eq!(invoice.coord.entity(), "invoice:2");
    reactor.stop_and_join()?;
    assert_eq!(store.by_fact_typed::<InvoiceIssued>().len(), 2);
    Ok(())
}
