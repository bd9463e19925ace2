//! The typed reactor: answers to one event are one group, in its conversation and caused by it.

use causeway::id::{CausationId, CorrelationId};
use causeway::store::ReactorCanal;

use super::*;

#[test]
fn the_answers_to_an_event_are_one_group_in_its_conversation_and_caused_by_it() {
    let f = fixture();
    let conversation = CorrelationId::from_u128(99);
    let options = AppendOptions::new().with_correlation(conversation);
    let asked = f.store.append_typed_with_options(&at("a"), &Asked { n: 1 }, options).unwrap();
    let reactor = f.reactor(
        None,
        By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
            assert!(out.is_empty());
            for causation in [CausationRef::None, CausationRef::PriorItem(0), CausationRef::Absolute(77)] {
                out.push_typed(answers_of("b"), &Answered { n }, causation).unwrap();
            }
            let other = AppendOptions::new()
                .with_correlation(CorrelationId::from_u128(5))
                .with_causation(CausationId::from_u128(6))
                .with_flags(1);
            out.push_typed_with_options(answers_of("b"), &Answered { n }, other, CausationRef::None).unwrap();
            assert_eq!(out.len(), 4);
            Ok(())
        }),
    );
    let mut answers = f.answers();
    let entries: Vec<_> = (0..4).map(|_| answers.next()).collect();
    let causes: Vec<_> = entries.iter().map(|entry| entry.causation_id().unwrap()).collect();
    let asked = u128::from(asked.event_id);
    assert_eq!(causes, [asked, entries[0].event_id(), 77, asked]);
    assert!(entries.iter().all(|entry| entry.correlation_id() == 99));
    reactor.stop_and_join().unwrap();
}

#[test]
fn events_of_other_kinds_and_regions_do_not_reach_a_reactor() {
    let f = fixture();
    f.store.append_typed(&at("a"), &Answered { n: 0 }).unwrap();
    f.store.append_typed(&at("b"), &Asked { n: 1 }).unwrap();
    f.ask(2);
    let (tell, told) = channel();
    let reactor = f.reactor(
        None,
        By(move |n, _: &mut ReactionBatch, witness: Option<&AtLeastOnce>| {
            tell.send((n, witness.cloned())).unwrap();
            Ok(())
        }),
    );
    assert_eq!(told.recv_timeout(LONG).unwrap(), (2, None));
    reactor.stop_and_join().unwrap();
    assert!(told.recv().is_err());
}

#[test]
fn an_error_of_the_handler_ends_the_reactor_and_leaves_nothing_of_its_batch() {
    let f = fixture();
    for n in [1, 2] {
        f.ask(n);
    }
    let failing = By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        answer(out, n);
        if n == 2 { Err(NoAnswer(n)) } else { Ok(()) }
    });
    let outcome = f.reactor(Some("r"), failing).join();
    assert!(matches!(outcome, Err(ReactorError::User(NoAnswer(2)))), "{outcome:?}");
    assert_eq!(f.answers().count(), 0);

    let f = f.reopen();
    let reactor = f.reactor(Some("r"), answering());
    let mut answers = f.answers();
    answers.next();
    answers.next();
    reactor.stop_and_join().unwrap();
}

#[test]
fn an_event_that_does_not_decode_ends_the_reactor_and_comes_again() {
    let f = fixture();
    f.ask_nonsense();
    for _ in 0..2 {
        let outcome = f.reactor(Some("r"), answering()).join();
        assert!(matches!(outcome, Err(ReactorError::Decode(_))), "{outcome:?}");
    }
}

#[test]
fn an_answer_that_the_store_refuses_ends_the_reactor() {
    let f = fixture();
    f.ask(1);
    let outcome = f.reactor(
        None,
        By(|n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
            let expecting = AppendOptions::new().with_cas(3);
            out.push_typed_with_options(answers_of("b"), &Answered { n }, expecting, CausationRef::None)
                .unwrap();
            Ok(())
        }),
    );
    let outcome = outcome.join();
    assert!(matches!(outcome, Err(ReactorError::Store(StoreError::BatchFailed { .. }))), "{outcome:?}");
}

#[test]
fn a_reactor_that_panics_gets_the_event_again_as_often_as_it_may() {
    let f = fixture();
    f.ask(1);
    let mut tries = 0;
    let third_time_lucky = By(move |n, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        tries += 1;
        if tries < 3 {
            panic_quietly()
        }
        answer(out, n);
        Ok(())
    });
    let twice = RestartPolicy::Bounded { max_restarts: 2, within_ms: u64::MAX };
    let config = ReactorConfig { restart_policy: twice, ..ReactorConfig::default() };
    let reactor = f.store.react_loop_typed(&Region::entity("a"), config, third_time_lucky).unwrap();
    f.answers().next();
    reactor.stop_and_join().unwrap();

    let never = By(|_, _: &mut ReactionBatch, _: Option<&AtLeastOnce>| panic_quietly());
    let outcome = f.reactor(None, never).join();
    assert!(matches!(outcome, Err(ReactorError::RestartBudgetExhausted)), "{outcome:?}");
    assert_eq!(f.answers().count(), 1);
}

#[test]
fn a_reactor_whose_region_takes_in_its_own_answers_answers_those_too() {
    let f = fixture();
    let countdown = By(|n: u64, out: &mut ReactionBatch, _: Option<&AtLeastOnce>| {
        if let Some(n) = n.checked_sub(1) {
            out.push_typed(answers_of("a"), &Asked { n }, CausationRef::None).unwrap();
        }
        Ok(())
    });
    let reactor = f.store.react_loop_typed(&Region::all(), ReactorConfig::default(), countdown).unwrap();
    let asked = f.ask(3);
    let mut answers = f.answers();
    let chain: Vec<_> = (0..3).map(|_| answers.next()).collect();
    assert!(chain[0].is_caused_by(asked.event_id));
    assert!(chain.windows(2).all(|pair| pair[1].is_caused_by(EventId::from(pair[0].event_id()))));
    assert!(chain.iter().all(|entry| entry.correlation_id() == u128::from(asked.event_id)));
    reactor.stop_and_join().unwrap();
    assert_eq!(answers.count(), 0);
}

fn lossy(id: &str) -> ReactorConfig {
    ReactorConfig {
        canal: ReactorCanal::LossySubscription,
        checkpoint_id: Some(checkpoint(id)),
        ..ReactorConfig::default()
    }
}

#[test]
fn a_lossy_reactor_sees_only_what_is_appended_from_now_on_and_saves_no_position() {
    let f = fixture();
    f.ask(1);
    let (tell, told) = channel();
    let telling = By(move |n, out: &mut ReactionBatch, witness: Option<&AtLeastOnce>| {
        tell.send((n, witness.cloned())).unwrap();
        answer(out, n);
        Ok(())
    });
    let reactor = f.store.react_loop_typed(&Region::entity("a"), lossy("r"), telling).unwrap();
    f.store.append_typed(&at("a"), &Answered { n: 9 }).unwrap();
    f.ask(2);
    assert_eq!(told.recv_timeout(LONG).unwrap(), (2, None));
    f.answers().next();
    reactor.stop_and_join().unwrap();
    assert!(!f.dir.path().join("cursors").exists());
}

#[test]
fn a_lossy_reactor_that_panics_is_not_started_again() {
    let f = fixture();
    let panicking = By(|_, _: &mut ReactionBatch, _: Option<&AtLeastOnce>| panic_quietly());
    let reactor = f.store.react_loop_typed(&Region::entity("a"), lossy("r"), panicking).unwrap();
    f.ask(1);
    let outcome = reactor.join();
    assert!(matches!(outcome, Err(ReactorError::Store(StoreError::WriterCrashed))), "{outcome:?}");
}
