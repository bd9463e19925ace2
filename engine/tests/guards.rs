//! Gates, their traces in the log, and pipelines.
#![allow(clippy::unwrap_used)]

use std::panic::{set_hook, take_hook};

use causeway::coordinate::Coordinate;
use causeway::encoding;
use causeway::event::{DecodeTyped, EventKind};
use causeway::guard::{Denial, DenialPayload, Gate, GateEvaluation, GateId, GateIdError, GateSet, Verdict};
use causeway::id::IdempotencyKey;
use causeway::pipeline::{BypassAudit, BypassReason, CommitMetadata, Committed, Pipeline, Proposal};
use causeway::store::{AppendOptions, ExtensionKey, Open, Store, StoreConfig, StoreError};
use proptest::prelude::*;
use serde_json::json;

const KIND: EventKind = EventKind::custom(1, 2);

/// What a gate answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Permit,
    Deny,
    Panic,
    /// Refuses in the name of another gate.
    PassOn(&'static str),
}

struct Door(&'static str, Answer);

impl Gate<u32> for Door {
    fn name(&self) -> &'static str {
        self.0
    }

    fn evaluate(&self, ctx: &u32) -> Result<(), Denial> {
        match self.1 {
            Answer::Permit => Ok(()),
            Answer::Deny => Err(denial(self.0).with_context("k", ctx.to_string()).with_context("k2", "v2")),
            Answer::Panic => panic!("the hinge broke"),
            Answer::PassOn(name) => Err(denial(name)),
        }
    }
}

fn denial(gate: &'static str) -> Denial {
    Denial::new(gate, "no way").with_code("C1")
}

fn gates(doors: impl IntoIterator<Item = (&'static str, Answer)>) -> GateSet<u32> {
    let mut gates = GateSet::new();
    for (name, answer) in doors {
        gates.push(Door(name, answer));
    }
    gates
}

fn verdicts(trace: &DenialPayload) -> Vec<(&str, &'static str)> {
    let verdict = |evaluation: &GateEvaluation| match evaluation.verdict() {
        Verdict::Permit => "permit",
        Verdict::Deny { .. } => "deny",
        Verdict::Skipped => "skipped",
    };
    trace
        .evaluations()
        .iter()
        .map(|evaluation| (evaluation.gate_id().as_str(), verdict(evaluation)))
        .collect()
}

struct Shop {
    store: Store<Open>,
    order: Coordinate,
    _directory: tempfile::TempDir,
}

fn shop() -> Shop {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(directory.path())).unwrap();
    Shop { store, order: Coordinate::new("order:42", "shop").unwrap(), _directory: directory }
}

impl Shop {
    fn deny(&self, options: AppendOptions) -> Result<causeway::store::DenialReceipt, StoreError> {
        let gates = gates([("a", Answer::Permit), ("b", Answer::Deny), ("c", Answer::Permit)]);
        let denial = gates.evaluate(&1, Proposal::new("buy")).unwrap_err();
        self.store.append_denial(
            &self.order,
            KIND,
            &gates,
            &denial,
            Some([7; 32]),
            Some("till".into()),
            options,
        )
    }
}

#[test]
fn what_no_gate_refuses_passes_with_their_names() {
    let gates = gates([("a", Answer::Permit), ("b", Answer::Permit)]);
    let receipt = gates.evaluate(&1, Proposal::new(5).map(|number| number + 1)).unwrap();
    assert_eq!((receipt.payload(), receipt.gates_passed()), (&6, ["a", "b"].as_slice()));
    assert_eq!(receipt.into_parts(), (6, vec!["a", "b"]));
    assert_eq!((gates.len(), gates.is_empty(), gates.names()), (2, false, vec!["a", "b"]));
    assert_eq!(GateSet::<u32>::new().evaluate(&1, Proposal::new(5)).unwrap().into_parts(), (5, vec![]));
}

#[test]
fn all_gates_answer_when_all_are_asked_and_a_panic_is_a_refusal() {
    let gates = gates([
        ("a", Answer::Permit),
        ("b", Answer::Deny),
        ("c", Answer::Panic),
        ("d", Answer::PassOn("inner")),
    ]);
    let hook = take_hook();
    set_hook(Box::new(|_| {}));
    let denials = gates.evaluate_all(&2);
    set_hook(hook);
    let told: Vec<_> = denials.iter().map(|denial| (denial.gate, denial.code.as_str())).collect();
    assert_eq!(told, [("b", "C1"), ("c", "GATE_DEFECT"), ("d", "C1")]);
    assert_eq!(denials[1].message, "the hinge broke");
    assert_eq!(denials[0].to_string(), "[b] no way");
}

#[test]
fn a_denial_names_the_gate_of_the_set_and_tells_for_whom_it_spoke() {
    let gates = gates([("a", Answer::Permit), ("all_of", Answer::PassOn("inner")), ("c", Answer::Permit)]);
    let denial = gates.evaluate(&1, Proposal::new(5)).unwrap_err();
    assert_eq!(denial.gate, "all_of");
    assert_eq!(denial.context, [("raised_by".to_owned(), "inner".to_owned())]);
    let trace = gates.trace_denial(&denial, KIND, None, None);
    assert_eq!(verdicts(&trace), [("a", "permit"), ("all_of", "deny"), ("c", "skipped")]);
}

#[test]
fn a_denial_that_names_none_of_the_gates_was_made_behind_them() {
    let gates = gates([("a", Answer::Permit), ("b", Answer::Permit)]);
    let trace = gates.trace_denial(&denial("till"), KIND, None, None);
    assert_eq!(verdicts(&trace), [("a", "permit"), ("b", "permit"), ("till", "deny")]);
}

#[test]
fn a_gate_with_any_name_can_be_traced() {
    let gates = gates([("", Answer::Permit), ("Tür", Answer::Deny)]);
    let denial = gates.evaluate(&1, Proposal::new(5)).unwrap_err();
    let trace = gates.trace_denial(&denial, KIND, None, None);
    assert_eq!(verdicts(&trace), [("unnamed", "permit"), ("T\\u{fc}r", "deny")]);
}

#[test]
fn a_gate_id_that_is_read_is_checked_like_one_that_is_made() {
    assert_eq!(GateId::new(""), Err(GateIdError::Empty));
    assert_eq!(GateId::new("Tür"), Err(GateIdError::NonAscii));
    assert_eq!(serde_json::from_value::<GateId>(json!("a b")).unwrap(), GateId::new("a b").unwrap());
    for text in ["", "Tür"] {
        assert!(serde_json::from_value::<GateId>(json!(text)).is_err(), "{text:?}");
    }
}

/// The payload of a denial that batpak 0.8.2 wrote.
const BATPAK_TRACE: &str = "84ab6576616c756174696f6e739383a7676174655f6964a161a776657264696374a65065726d6974ad65766964656e63655f6861\
7368c083a7676174655f6964a162a77665726469637481a444656e7983a4636f6465a24331a76d657373616765a66e6f20776179a7636f6e746578749292a16ba1\
3192a26b32a27632ad65766964656e63655f68617368c083a7676174655f6964a163a776657264696374a7536b6970706564ad65766964656e63655f68617368c0\
ab706970656c696e655f6964a470697065ad70726f706f7365645f6b696e64cd1002b570726f706f7365645f636f6e74656e745f68617368dc0020070707070707\
0707070707070707070707070707070707070707070707070707";

#[test]
fn a_trace_is_byte_for_byte_what_batpak_writes() {
    let gates = gates([("a", Answer::Permit), ("b", Answer::Deny), ("c", Answer::Permit)]);
    let denial = gates.evaluate(&1, Proposal::new(5)).unwrap_err();
    let trace = gates.trace_denial(&denial, KIND, Some([7; 32]), Some("pipe".to_owned()));
    let bytes = encoding::to_bytes(&trace).unwrap();
    let batpak: Vec<u8> = BATPAK_TRACE
        .as_bytes()
        .chunks(2)
        .map(|digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap())
        .collect();
    assert_eq!(bytes, batpak);
    assert_eq!(encoding::from_bytes::<DenialPayload>(&bytes).unwrap(), trace);
}

#[test]
fn a_denial_becomes_an_event_in_the_stream_of_what_was_proposed() {
    let shop = shop();
    shop.store.append(&shop.order, KIND, &1).unwrap();
    let key = ExtensionKey::new("till.number").unwrap();
    let receipt = shop.deny(AppendOptions::new().with_flags(1).with_extension(key.clone(), vec![3])).unwrap();
    assert_eq!(receipt.sequence, 2);
    assert_eq!(receipt.extensions[&key], [3]);
    let event = shop.store.read_raw(receipt.event_id).unwrap().event;
    assert_eq!(event.header.event_kind, EventKind::SYSTEM_DENIAL);
    assert_eq!((event.header.position.sequence(), event.header.flags), (1, 1));
    assert_eq!(event.header.content_hash, receipt.content_hash);
    let trace: DenialPayload = encoding::from_bytes(&event.payload).unwrap();
    assert_eq!(verdicts(&trace), [("a", "permit"), ("b", "deny"), ("c", "skipped")]);
    assert_eq!((trace.proposed_kind(), trace.proposed_content_hash()), (KIND, Some([7; 32])));
    assert_eq!(trace.pipeline_id(), Some("till"));
    assert_eq!(shop.store.entity_generation("order:42"), Some(2));
    let row = &shop.store.by_fact(EventKind::SYSTEM_DENIAL)[0];
    assert_eq!((row.event_id(), row.disk_pos()), (receipt.event_id.into(), receipt.disk_pos()));
}

#[test]
fn options_count_for_a_denial_as_for_every_append() {
    let shop = shop();
    let key = IdempotencyKey::for_operation("deny", &[b"order:42"]);
    let first = shop.deny(AppendOptions::new().with_idempotency(key)).unwrap();
    let second = shop.deny(AppendOptions::new().with_idempotency(key).with_cas(7)).unwrap();
    assert_eq!((first.sequence, first.event_id), (second.sequence, second.event_id));
    let refused = shop.deny(AppendOptions::new().with_cas(7)).unwrap_err();
    assert!(matches!(refused, StoreError::SequenceMismatch { expected: 7, actual: 0, .. }), "{refused}");
}

#[test]
fn nobody_else_appends_an_event_that_looks_like_a_denial() {
    let shop = shop();
    let refused = shop.store.append(&shop.order, EventKind::SYSTEM_DENIAL, &json!({})).unwrap_err();
    assert!(matches!(refused, StoreError::ReservedKind { kind: EventKind::SYSTEM_DENIAL }), "{refused}");
}

#[test]
fn a_denial_is_refused_when_it_is_larger_than_an_event_may_be() {
    let shop = shop();
    let gates = gates([("a", Answer::Permit)]);
    let long = Denial::new("a", "x".repeat(1 << 25));
    let refused = shop
        .store
        .append_denial(&shop.order, KIND, &gates, &long, None, None, AppendOptions::new())
        .unwrap_err();
    assert!(matches!(refused, StoreError::Configuration(_)), "{refused}");
}

struct Fire;

impl BypassReason for Fire {
    fn name(&self) -> &'static str {
        "fire"
    }

    fn justification(&self) -> &'static str {
        "the house burns"
    }
}

#[test]
fn a_pipeline_commits_what_passed_and_tells_where_it_stands() {
    let shop = shop();
    let pipeline = Pipeline::new(gates([("a", Answer::Permit)]));
    let receipt = pipeline.evaluate(&1, Proposal::new("buy")).unwrap();
    let committed: Result<Committed<&str>, StoreError> = pipeline.commit(receipt, |payload| {
        CommitMetadata::from_append_receipt(&shop.store.append(&shop.order, KIND, payload)?)
    });
    let committed = committed.unwrap();
    let stored = shop.store.get(committed.event_id().into()).unwrap().event;
    assert_eq!((committed.sequence(), committed.hash()), (1, &stored.header.content_hash));
    assert_eq!(stored.payload, json!(committed.payload()));
    assert!(committed.bypass_audit().is_none());
    let failed: Result<Committed<&str>, StoreError> = pipeline
        .commit(pipeline.evaluate(&1, Proposal::new("buy")).unwrap(), |_| Err(StoreError::WriterCrashed));
    assert!(matches!(failed, Err(StoreError::WriterCrashed)));
}

#[test]
fn the_reason_for_going_past_the_gates_stays_with_the_commit() {
    let receipt = Pipeline::<u32>::bypass(Proposal::new("open"), &Fire);
    assert_eq!(
        (receipt.reason(), receipt.justification(), receipt.approved_by()),
        ("fire", "the house burns", None)
    );
    let receipt = receipt.with_approved_by("warden");
    let committed: Result<Committed<&str>, StoreError> =
        Pipeline::<u32>::commit_bypass(receipt, |_| CommitMetadata::new(1, 2, [3; 32]));
    let (payload, metadata, audit) = committed.unwrap().into_parts();
    assert_eq!((payload, metadata), ("open", CommitMetadata::new(1, 2, [3; 32]).unwrap()));
    assert_eq!(audit, Some(BypassAudit::new("fire", "the house burns").with_approved_by("warden")));
}

#[test]
fn a_genesis_is_said_to_be_one_and_an_event_at_sequence_zero_is_none() {
    assert!(CommitMetadata::genesis(1, [0; 32]).is_genesis());
    assert!(!CommitMetadata::new(1, 0, [0; 32]).unwrap().is_genesis());
}

proptest! {
    #[test]
    fn a_trace_tells_what_the_evaluation_did(permits in prop::collection::vec(any::<bool>(), 0..8)) {
        const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let answer = |permit: &bool| if *permit { Answer::Permit } else { Answer::Deny };
        let gates = gates(NAMES.into_iter().zip(permits.iter().map(answer)));
        let refusals = permits.iter().filter(|permit| !**permit).count();
        prop_assert_eq!(gates.evaluate_all(&1).len(), refusals);
        match gates.evaluate(&1, Proposal::new(0)) {
            Ok(receipt) => {
                prop_assert_eq!(refusals, 0);
                prop_assert_eq!(receipt.into_parts().1, gates.names());
            }
            Err(denial) => {
                let first = permits.iter().position(|permit| !permit).unwrap();
                let verdict = |at: usize| match at.cmp(&first) {
                    std::cmp::Ordering::Less => "permit",
                    std::cmp::Ordering::Equal => "deny",
                    std::cmp::Ordering::Greater => "skipped",
                };
                let expected: Vec<_> = (0..permits.len()).map(|at| (NAMES[at], verdict(at))).collect();
                let trace = gates.trace_denial(&denial, KIND, None, None);
                prop_assert_eq!(verdicts(&trace), expected);
            }
        }
    }
}

#[test]
fn a_denial_does_not_decode_as_the_payload_that_was_proposed() {
    #[derive(serde::Serialize, serde::Deserialize, causeway::EventPayload)]
    #[causeway(category = 1, type_id = 2)]
    struct Bought {}

    let shop = shop();
    let receipt = shop.deny(AppendOptions::new()).unwrap();
    let event = shop.store.get(receipt.event_id).unwrap().event;
    assert!(event.route_typed::<Bought>().unwrap().is_none());
}
