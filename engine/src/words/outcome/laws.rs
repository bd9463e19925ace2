//! The laws of outcomes, over outcomes of every shape.

use proptest::prelude::*;

use super::combine::{join_all, join_any, zip};
use super::error::{ErrorKind, OutcomeError};
use super::wait::{CompensationAction, WaitCondition};
use super::{Outcome, Outcome::Batch};
use crate::words::encoding::{from_bytes, to_bytes};

fn conditions() -> impl Strategy<Value = WaitCondition> {
    let leaf = prop_oneof![
        any::<u64>().prop_map(|resume_at_ms| WaitCondition::Timeout { resume_at_ms }),
        any::<u128>().prop_map(|event_id| WaitCondition::Event { event_id }),
        (any::<u16>(), any::<Vec<u8>>()).prop_map(|(tag, data)| WaitCondition::Custom { tag, data }),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let inner = prop::collection::vec(inner, 0..3);
        prop_oneof![inner.clone().prop_map(WaitCondition::All), inner.prop_map(WaitCondition::Any)]
    })
}

fn errors() -> impl Strategy<Value = OutcomeError> {
    let kind = prop_oneof![
        Just(ErrorKind::Conflict),
        Just(ErrorKind::Timeout),
        any::<u16>().prop_map(ErrorKind::Custom),
    ];
    let compensation = prop_oneof![
        any::<Vec<u128>>().prop_map(|event_ids| CompensationAction::Rollback { event_ids }),
        any::<u128>()
            .prop_map(|target_id| CompensationAction::Notify { target_id, message: "undo".to_owned() }),
    ];
    (kind, "[a-z]{0,4}", prop::option::of(compensation))
        .prop_map(|(kind, message, compensation)| OutcomeError { kind, message, compensation })
}

/// Outcomes that are no batch.
fn singles() -> impl Strategy<Value = Outcome<u8>> {
    prop_oneof![
        3 => any::<u8>().prop_map(Outcome::ok),
        1 => errors().prop_map(Outcome::err),
        1 => any::<u32>().prop_map(|attempt| Outcome::retry(10, attempt, 3, "busy")),
        1 => (conditions(), any::<u128>()).prop_map(|(condition, token)| Outcome::pending(condition, token)),
        1 => "[a-z]{0,4}".prop_map(Outcome::cancelled),
    ]
}

fn outcomes() -> impl Strategy<Value = Outcome<u8>> {
    singles().prop_recursive(3, 24, 4, |inner| prop::collection::vec(inner, 0..4).prop_map(Batch))
}

/// What a step of a computation may answer to each value.
fn steps() -> impl Strategy<Value = Vec<Outcome<u8>>> {
    prop::collection::vec(outcomes(), 1..5)
}

fn step(answers: &[Outcome<u8>], value: u8) -> Outcome<u8> {
    let answer = &answers[usize::from(value) % answers.len()];
    answer.clone().map(|number| number.wrapping_add(value))
}

proptest! {
    #[test]
    fn ok_is_the_identity_of_and_then_on_both_sides(value: u8, outcome in outcomes(), f in steps()) {
        prop_assert_eq!(Outcome::ok(value).and_then(|value| step(&f, value)), step(&f, value));
        prop_assert_eq!(outcome.clone().and_then(Outcome::ok), outcome);
    }

    #[test]
    fn and_then_is_associative(outcome in outcomes(), f in steps(), g in steps()) {
        let one_by_one = outcome.clone().and_then(|value| step(&f, value)).and_then(|value| step(&g, value));
        let nested = outcome.and_then(|value| step(&f, value).and_then(|value| step(&g, value)));
        prop_assert_eq!(one_by_one, nested);
    }

    #[test]
    fn map_keeps_identity_and_composition(outcome in outcomes()) {
        let (f, g) = (|value: u8| value.wrapping_mul(3), |value: u8| u32::from(value) + 1);
        prop_assert_eq!(outcome.clone().map(|value| value), outcome.clone());
        prop_assert_eq!(outcome.clone().map(f).map(g), outcome.map(|value| g(f(value))));
    }

    #[test]
    fn every_combinator_distributes_over_a_batch(parts in prop::collection::vec(outcomes(), 0..4), f in steps()) {
        fn check<T: std::fmt::Debug + PartialEq>(
            parts: &[Outcome<u8>],
            combinator: impl Fn(Outcome<u8>) -> Outcome<T>,
        ) -> Result<(), TestCaseError> {
            let inside = Batch(parts.iter().cloned().map(&combinator).collect());
            prop_assert_eq!(combinator(Batch(parts.to_vec())), inside);
            Ok(())
        }
        check(&parts, |outcome| outcome.and_then(|value| step(&f, value)))?;
        check(&parts, |outcome| outcome.map(u32::from))?;
        check(&parts, |outcome| outcome.or_else(|error| step(&f, error.message.len() as u8)))?;
        check(&parts, |outcome| outcome.map_err(|_| OutcomeError::new(ErrorKind::Internal, "other")))?;
        check(&parts, |outcome| outcome.and_then_if(|value| *value > 100, |value| step(&f, value)))?;
        check(&parts, |outcome| zip(outcome, Outcome::ok(1)))?;
        check(&parts, |outcome| zip(Outcome::ok(1), outcome))?;
    }

    #[test]
    fn looking_at_an_outcome_changes_nothing_and_sees_every_leaf_once(outcome in outcomes()) {
        let (values, failures) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
        let seen = outcome
            .clone()
            .inspect(|_| values.set(values.get() + 1))
            .inspect_err(|_| failures.set(failures.get() + 1));
        prop_assert_eq!(&seen, &outcome);
        let text = serde_json::to_string(&outcome).unwrap();
        prop_assert_eq!(values.get(), text.matches(r#""type":"Ok""#).count());
        prop_assert_eq!(failures.get(), text.matches(r#""type":"Err""#).count());
    }

    #[test]
    fn flatten_takes_one_layer_off(outcome in outcomes(), f in steps()) {
        prop_assert_eq!(Outcome::ok(outcome.clone()).flatten(), outcome.clone());
        prop_assert_eq!(
            outcome.clone().map(|value| step(&f, value)).flatten(),
            outcome.and_then(|value| step(&f, value))
        );
    }

    #[test]
    fn an_outcome_reads_back_from_messagepack_and_json(outcome in outcomes()) {
        prop_assert_eq!(&from_bytes::<Outcome<u8>>(&to_bytes(&outcome).unwrap()).unwrap(), &outcome);
        let text = serde_json::to_string(&outcome).unwrap();
        prop_assert_eq!(serde_json::from_str::<Outcome<u8>>(&text).unwrap(), outcome);
    }

    #[test]
    fn joining_a_batch_is_joining_its_members(
        before in prop::collection::vec(outcomes(), 0..3),
        batch in prop::collection::vec(outcomes(), 0..3),
        after in prop::collection::vec(outcomes(), 0..3),
    ) {
        let nested = [before.clone(), vec![Batch(batch.clone())], after.clone()].concat();
        let plain = [before, batch, after].concat();
        prop_assert_eq!(join_all(nested.clone()), join_all(plain.clone()));
        prop_assert_eq!(join_any(nested), join_any(plain));
    }

    #[test]
    fn a_pair_has_what_keeps_either_side_from_a_value(a in singles(), b in singles()) {
        let order = |outcome: &Outcome<u8>| {
            [Outcome::is_err, Outcome::is_cancelled, Outcome::is_retry, Outcome::is_pending, Outcome::is_ok]
                .iter()
                .position(|is| is(outcome))
        };
        let expected = match (&a, &b) {
            (Outcome::Ok(a), Outcome::Ok(b)) => Outcome::ok((*a, *b)),
            _ if order(&b) < order(&a) => b.clone().map(|value| (0, value)),
            _ => a.clone().map(|value| (value, 0)),
        };
        prop_assert_eq!(zip(a, b), expected);
    }
}

#[test]
fn batches_are_paired_member_by_member_and_only_if_they_are_equally_long() {
    let numbers = |numbers: &[u8]| Batch(numbers.iter().copied().map(Outcome::ok).collect());
    let pairs = Batch(vec![Outcome::ok((1, 3)), Outcome::ok((2, 4))]);
    assert_eq!(zip(numbers(&[1, 2]), numbers(&[3, 4])), pairs);
    assert_eq!(
        zip(numbers(&[1]), numbers(&[])).into_result().map_err(|error| error.kind),
        Err(ErrorKind::Internal)
    );
}

#[test]
fn the_first_value_wins_and_else_the_last_error() {
    let error = |message: &str| Outcome::<u8>::err(OutcomeError::new(ErrorKind::NotFound, message));
    assert_eq!(join_any(vec![error("a"), Outcome::ok(1), Outcome::ok(2)]), Outcome::ok(1));
    assert_eq!(join_any(vec![error("a"), error("b"), Batch(vec![])]), error("b"));
    let retry = Outcome::retry(1, 1, 2, "busy");
    assert_eq!(join_any(vec![error("a"), retry.clone(), Outcome::ok(1)]), retry);
    assert!(join_any::<u8>(vec![]).is_err());
}

#[test]
fn an_outcome_without_a_value_says_why_when_it_must_be_a_result() {
    let kind = |outcome: Outcome<u8>| outcome.into_result().unwrap_err().kind;
    assert_eq!(kind(Outcome::retry(1, 1, 1, "busy")), ErrorKind::Timeout);
    assert_eq!(kind(Outcome::pending(WaitCondition::Timeout { resume_at_ms: 1 }, 1)), ErrorKind::Pending);
    assert_eq!(kind(Outcome::cancelled("enough")), ErrorKind::Cancelled);
    assert_eq!(kind(Batch(vec![Outcome::ok(1)])), ErrorKind::BatchCollapse);
    assert_eq!(Outcome::ok(1).into_result(), Ok(1));
    assert_eq!(Outcome::cancelled("enough").unwrap_or(7), 7);
    assert_eq!(Outcome::cancelled("enough").unwrap_or_else(|| 8), 8);
}

#[test]
fn no_nesting_is_too_deep_to_join() {
    let deep = (0..50_000).fold(Outcome::ok(1), |inner, _| Batch(vec![inner]));
    let Batch(members) = deep else { panic!("a batch") };
    assert_eq!(join_all(members), Outcome::ok(vec![1]));
}
