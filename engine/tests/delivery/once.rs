//! Answers that are appended once, although events are delivered at least once; and the witnesses with which handlers build the same.

use causeway::id;
use causeway::store::{IdempotencyKey, ObservedOnce};

use super::*;

/// Forgets what a reactor saved, as a crash between the answer and the saving does.
fn forget(f: &Fixture, id: &str) {
    fs::remove_file(f.dir.path().join(format!("cursors/{id}.json"))).unwrap();
}

#[test]
fn an_event_that_comes_again_after_its_answer_was_appended_is_not_answered_again() {
    let mut f = fixture();
    f.ask(1);
    for round in 0_u64..3 {
        let (tell, told) = channel();
        // What it answers depends on more than the event, as a time would.
        let fickle = By(move |n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
            for _ in 0..=round {
                answer(out, n + round);
            }
            tell.send(n).unwrap();
            Ok(())
        });
        let reactor = f.reactor(Some("r"), fickle);
        assert_eq!(told.recv_timeout(LONG).unwrap(), 1, "the handler sees the event again");
        reactor.stop_and_join().unwrap();
        forget(&f, "r");
        f = f.reopen();
    }
    assert_eq!(f.answers().count(), 1);
    assert_eq!(f.store.by_fact_typed::<Answered>().len(), 1);
}

#[test]
fn a_batch_of_which_a_crash_left_the_first_answers_gets_the_others() {
    let f = fixture();
    f.ask(1);
    let reactor = f.reactor(Some("r"), answering());
    let mut answers = f.answers();
    answers.next();
    reactor.stop_and_join().unwrap();
    forget(&f, "r");
    f.ask(2);
    let reactor = f.reactor(Some("r"), answering());
    answers.next();
    reactor.stop_and_join().unwrap();
    assert_eq!(f.answers().count(), 2);
}

#[test]
fn reactors_with_different_checkpoints_answer_the_same_event_each() {
    let f = fixture();
    f.ask(1);
    let mut answers = f.answers();
    for id in ["one", "another"] {
        let reactor = f.reactor(Some(id), answering());
        answers.next();
        reactor.stop_and_join().unwrap();
    }
}

#[test]
fn without_a_checkpoint_a_reactor_that_starts_anew_answers_anew() {
    let f = fixture();
    f.ask(1);
    let mut answers = f.answers();
    for _ in 0..2 {
        let reactor = f.reactor(None, answering());
        answers.next();
        reactor.stop_and_join().unwrap();
    }
}

#[test]
fn keys_that_a_handler_gives_itself_stay_as_they_are() {
    let f = fixture();
    f.ask(1);
    let keyed = By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        let key = AppendOptions::new().with_idempotency(id::IdempotencyKey::from_u128(1234));
        out.push_typed_with_options(answers_of("b"), &Answered { n }, key, CausationRef::None).unwrap();
        Ok(())
    });
    let reactor = f.reactor(Some("r"), keyed);
    assert_eq!(f.answers().next().event_id(), 1234);
    reactor.stop_and_join().unwrap();

    let partly = By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        answer(out, n);
        let key = AppendOptions::new().with_idempotency(id::IdempotencyKey::from_u128(5678));
        out.push_typed_with_options(answers_of("b"), &Answered { n }, key, CausationRef::None).unwrap();
        Ok(())
    });
    let outcome = f.reactor(Some("partly"), partly).join();
    assert!(
        matches!(outcome, Err(ReactorError::Store(StoreError::IdempotencyPartialBatch { .. }))),
        "{outcome:?}"
    );
}

#[test]
fn a_consumer_makes_its_claim_of_the_witness_and_a_key_of_its_own() {
    let f = fixture();
    f.ask(1);
    let (tell, told) = channel();
    let claiming = By(move |n: u64, _: &mut ReactionBatch, witness: Option<&AtLeastOnce>| {
        let mut digest = [0; 32];
        digest[0] = u8::try_from(n).unwrap();
        let key = IdempotencyKey::from_bytes(digest);
        tell.send(ObservedOnce::new(witness.unwrap().clone(), key)).unwrap();
        Ok(())
    });
    let reactor = f.reactor(Some("r"), claiming);
    let (witness, key) = told.recv_timeout(LONG).unwrap().into_parts();
    assert_eq!((witness.checkpoint_id().as_str(), key.as_bytes()[0]), ("r", 1));
    reactor.stop_and_join().unwrap();
}

#[test]
fn an_answer_that_was_removed_since_is_not_given_again() {
    let f = fixture_of_small_segments();
    f.ask(1);
    let reactor = f.reactor(Some("r"), answering());
    f.answers().next();
    reactor.stop_and_join().unwrap();
    for n in 0..40 {
        f.store.append_typed(&at("others"), &Asked { n }).unwrap();
    }
    remove(&f.store, |event| event.event.event_kind() == Answered::KIND);
    assert_eq!(f.store.by_fact_typed::<Answered>().len(), 0);
    forget(&f, "r");
    let (tell, told) = channel();
    let telling = By(move |n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        answer(out, n + 1);
        tell.send(n).unwrap();
        Ok(())
    });
    let reactor = f.reactor(Some("r"), telling);
    assert_eq!(told.recv_timeout(LONG).unwrap(), 1);
    reactor.stop_and_join().unwrap();
    assert_eq!(f.store.by_fact_typed::<Answered>().len(), 0);
}
