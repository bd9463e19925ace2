//! Conditions before a commit: gates judge a proposal, a pipeline commits what they permit, and a refusal leaves its trace in the log.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::guard::{Denial, DenialPayload, Gate, GateSet, Verdict};
use causeway::pipeline::{CommitMetadata, Committed, Pipeline, Proposal};
use causeway::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x8, type_id = 1)]
struct Withdrawn {
    cents: u64,
}

/// What the gates look at. They see a proposal's circumstances and change nothing.
struct Request {
    balance_cents: u64,
    cents: u64,
    frozen: bool,
}

struct NotFrozen;

impl Gate<Request> for NotFrozen {
    fn name(&self) -> &'static str {
        "not_frozen"
    }

    fn evaluate(&self, request: &Request) -> Result<(), Denial> {
        if request.frozen { Err(Denial::new(self.name(), "the account is frozen")) } else { Ok(()) }
    }
}

struct Covered;

impl Gate<Request> for Covered {
    fn name(&self) -> &'static str {
        "covered"
    }

    fn evaluate(&self, request: &Request) -> Result<(), Denial> {
        match request.cents.checked_sub(request.balance_cents) {
            None | Some(0) => Ok(()),
            Some(missing) => Err(Denial::new(self.name(), "the balance is too low")
                .with_code("NOT_COVERED")
                .with_context("missing_cents", missing.to_string())),
        }
    }
}

/// Gates are asked in this order, up to the first that refuses.
fn gates() -> GateSet<Request> {
    let mut gates = GateSet::new();
    gates.push(NotFrozen);
    gates.push(Covered);
    gates
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let account = Coordinate::new("account:1", "bank")?;
    let pipeline = Pipeline::new(gates());

    // Only a proposal that passed has the receipt that committing takes: there is no way to forget the gates.
    let request = Request { balance_cents: 500, cents: 300, frozen: false };
    let permitted = pipeline.evaluate(&request, Proposal::new(Withdrawn { cents: request.cents }))?;
    println!("passed {:?}", permitted.gates_passed());
    assert_eq!(permitted.gates_passed(), ["not_frozen", "covered"]);
    let committed: Committed<Withdrawn> = pipeline.commit(permitted, |withdrawn| {
        CommitMetadata::from_append_receipt(&store.append_typed(&account, withdrawn)?)
    })?;
    println!("{} cents withdrawn at sequence {}", committed.payload().cents, committed.sequence());
    assert_eq!(committed.sequence(), 1);

    // A refusal says which gate, why, and what else is known. Whether the log shall know it too is your choice.
    let request = Request { balance_cents: 200, cents: 300, frozen: false };
    let refused = pipeline.evaluate(&request, Proposal::new(Withdrawn { cents: request.cents }));
    let Err(denial) = refused else { return Err("300 cents are more than 200".into()) };
    println!("{denial}: {:?}", denial.context);
    assert_eq!((denial.gate, denial.code.as_str()), ("covered", "NOT_COVERED"));
    let pipeline_id = Some("withdrawals".to_owned());
    let options = AppendOptions::new();
    let traced =
        store.append_denial(&account, Withdrawn::KIND, &gates(), &denial, None, pipeline_id, options)?;
    let stored = store.get(traced.event_id)?;
    assert_eq!(stored.event.event_kind(), EventKind::SYSTEM_DENIAL);

    // The trace names every gate: who permitted, who refused, who was not asked any more.
    let trace: DenialPayload = serde_json::from_value(stored.event.payload)?;
    for evaluation in trace.evaluations() {
        println!("{}: {:?}", evaluation.gate_id().as_str(), evaluation.verdict());
    }
    assert!(matches!(trace.evaluations()[0].verdict(), Verdict::Permit));
    assert!(matches!(trace.evaluations()[1].verdict(), Verdict::Deny { .. }));
    Ok(())
}
