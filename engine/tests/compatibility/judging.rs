//! Outcomes, gates, pipelines, states and transitions.

use crate::batpak::coordinate::Coordinate;
use crate::batpak::event::{EventKind, EventPayload};
use crate::batpak::guard::{Denial, Gate, GateSet, Receipt};
use crate::batpak::id::EntityIdType;
use crate::batpak::outcome::{self, ErrorKind, Outcome, OutcomeError};
use crate::batpak::pipeline::{
    BypassAudit, BypassReason, BypassReceipt, CommitMetadata, Committed, Pipeline, Proposal,
};
use crate::batpak::store::{AppendOptions, DenialReceipt, Store, StoreError};
use crate::batpak::typestate::{StateMarker, Transition};
use crate::batpak::{define_state_machine, define_typestate};
use serde::{Deserialize, Serialize};

use crate::shared::open;

#[test]
fn outcomes_are_changed_and_joined() {
    let doubled = Outcome::ok(21).map(|number| number * 2).and_then(|number| Outcome::ok(number.to_string()));
    assert_eq!(doubled.into_result().unwrap(), "42");
    assert_eq!(outcome::zip(Outcome::ok(1), Outcome::ok("a")), Outcome::Ok((1, "a")));
    let failed: Outcome<u8> = Outcome::Err(OutcomeError::new(ErrorKind::Conflict, "taken"));
    match &failed {
        Outcome::Err(error) => assert!(!error.is_retryable() && error.kind.is_domain()),
        _ => panic!("a failure"),
    }
    assert!(Outcome::<u8>::retry(10, 1, 3, "busy").is_retry());
}

#[test]
fn kinds_of_errors_say_who_is_at_fault() {
    let kinds = [
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Validation,
        ErrorKind::PolicyRejection,
        ErrorKind::StorageError,
        ErrorKind::Timeout,
        ErrorKind::Serialization,
        ErrorKind::Internal,
        ErrorKind::Pending,
        ErrorKind::BatchCollapse,
        ErrorKind::Cancelled,
        ErrorKind::Custom(7),
    ];
    assert_eq!(kinds.iter().filter(|kind| kind.is_domain()).count(), 5);
    assert_eq!(kinds.iter().filter(|kind| kind.is_operational()).count(), 6);
    assert_eq!(kinds.iter().filter(|kind| kind.is_retryable()).count(), 2);
}

struct Credit {
    limit: u64,
}

struct AtMost(&'static str, u64);

impl Gate<Credit> for AtMost {
    fn name(&self) -> &'static str {
        self.0
    }

    fn evaluate(&self, ctx: &Credit) -> Result<(), Denial> {
        if ctx.limit <= self.1 {
            return Ok(());
        }
        Err(Denial::new(self.name(), "too much")
            .with_code("LIMIT")
            .with_context("limit", ctx.limit.to_string()))
    }

    fn description(&self) -> &'static str {
        "keeps the limit low"
    }
}

fn gates() -> GateSet<Credit> {
    let mut gates = GateSet::new();
    gates.push(AtMost("soft", 100));
    gates.push(AtMost("hard", 1_000));
    gates
}

#[test]
fn gates_permit_or_say_why_not() {
    let gates = gates();
    assert_eq!((gates.len(), gates.is_empty(), gates.names()), (2, false, vec!["soft", "hard"]));
    assert_eq!(AtMost("soft", 1).description(), "keeps the limit low");
    let proposal = Proposal::new(5).map(|number| number + 1);
    assert_eq!(proposal.payload(), &6);
    let receipt: Receipt<i32> = gates.evaluate(&Credit { limit: 1 }, proposal).unwrap();
    assert_eq!((receipt.payload(), receipt.gates_passed().len()), (&6, 2));
    assert_eq!(receipt.into_parts(), (6, vec!["soft", "hard"]));
    let denial = gates.evaluate(&Credit { limit: 500 }, Proposal::new(5)).err().unwrap();
    assert_eq!((denial.gate, denial.code.as_str(), denial.message.as_str()), ("soft", "LIMIT", "too much"));
    assert_eq!(denial.context, [("limit".to_owned(), "500".to_owned())]);
    assert_eq!(gates.evaluate_all(&Credit { limit: 5_000 }).len(), 2);
}

struct Emergency;

impl BypassReason for Emergency {
    fn name(&self) -> &'static str {
        "emergency"
    }

    fn justification(&self) -> &'static str {
        "the shop is on fire"
    }
}

#[test]
fn a_pipeline_leads_from_a_proposal_to_a_commit() -> Result<(), StoreError> {
    let (_directory, store) = open();
    let order = Coordinate::new("order:1", "shop")?;
    let pipeline = Pipeline::new(gates());
    let receipt = pipeline.evaluate(&Credit { limit: 1 }, Proposal::new("buy")).unwrap();
    let committed: Committed<&str> = pipeline.commit(receipt, |payload| {
        let receipt = store.append(&order, EventKind::DATA, payload)?;
        CommitMetadata::from_append_receipt(&receipt)
    })?;
    assert_eq!((committed.payload(), committed.sequence()), (&"buy", 1));
    let stored = store.get(committed.event_id().into())?;
    assert_eq!(&stored.event.header.content_hash, committed.hash());
    assert!(committed.bypass_audit().is_none());
    Ok(())
}

#[test]
fn going_past_the_gates_leaves_a_trace() {
    let receipt: BypassReceipt<u8> = Pipeline::<Credit>::bypass(Proposal::new(5), &Emergency);
    assert_eq!(
        (receipt.payload(), receipt.reason(), receipt.justification()),
        (&5, "emergency", "the shop is on fire")
    );
    let committed: Result<Committed<u8>, StoreError> =
        Pipeline::<Credit>::commit_bypass(receipt.with_approved_by("warden"), |_| {
            CommitMetadata::new(7, 3, [1; 32])
        });
    let committed = committed.unwrap();
    let audit: &BypassAudit = committed.bypass_audit().unwrap();
    assert_eq!((audit.reason.as_str(), audit.approved_by.as_deref()), ("emergency", Some("warden")));
    assert_eq!(audit.justification, "the shop is on fire");
    assert_eq!(Pipeline::<Credit>::bypass(Proposal::new(6), &Emergency).into_payload(), 6);
}

#[test]
fn a_denial_can_be_kept_in_the_log() -> Result<(), StoreError> {
    let (_directory, store): (_, Store) = open();
    let (gates, order) = (gates(), Coordinate::new("order:1", "shop")?);
    let denial = gates.evaluate(&Credit { limit: 500 }, Proposal::new(5)).err().unwrap();
    let options = AppendOptions::new();
    let receipt: DenialReceipt = store.append_denial(
        &order,
        EventKind::DATA,
        &gates,
        &denial,
        None,
        Some("till".to_owned()),
        options,
    )?;
    let event = store.get(receipt.event_id)?.event;
    assert_eq!((receipt.sequence, event.event_kind()), (1, EventKind::SYSTEM_DENIAL));
    assert_eq!(event.payload["evaluations"][1]["verdict"], "Skipped");
    Ok(())
}

define_state_machine!(door_seal, DoorState { Ajar, Shut });
define_typestate!(Door<S: DoorState> { number: u32 });

#[derive(Serialize, Deserialize, crate::batpak::EventPayload)]
#[batpak(category = 0x4, type_id = 0x001)]
struct DoorShut {
    number: u32,
}

impl Door<Ajar> {
    fn shut(self) -> Transition<Ajar, Shut, DoorShut> {
        let (number,) = self.into_data();
        Transition::from_payload(DoorShut { number })
    }
}

#[test]
fn a_transition_between_states_is_appended() -> Result<(), StoreError> {
    fn is_state<S: StateMarker>() {}
    is_state::<Ajar>();
    let (_directory, store) = open();
    let door = Door::<Ajar>::new(7);
    assert_eq!((door.number(), door.data()), (&7, (&7,)));
    let transition = door.shut();
    assert_eq!((transition.kind(), transition.payload().number), (DoorShut::KIND, 7));
    let receipt = store.apply_transition(&Coordinate::new("door:7", "house")?, transition)?;
    assert_ne!(receipt.event_id.as_u128(), 0);
    Ok(())
}
