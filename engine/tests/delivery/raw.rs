//! The raw reactor: lossy, without errors, and without a handle of its own.

use causeway::event::{Event, EventKind, Reactive};
use serde_json::{Value, json};

use super::*;

/// Answers a number with itself and the next one, and tells what it cannot append.
pub(super) struct Echo;

impl Reactive<Value> for Echo {
    fn react(&self, event: &Event<Value>) -> Vec<(Coordinate, EventKind, Value)> {
        let n = event.payload["n"].as_u64().unwrap_or_default();
        let reserved = (answers_of("b"), EventKind::SYSTEM_OPEN_COMPLETED, json!({}));
        let numbers = [n, n + 1].map(|n| (answers_of("b"), Answered::KIND, json!({ "n": n })));
        [reserved].into_iter().chain(numbers).collect()
    }
}

#[test]
fn a_raw_reactor_answers_what_is_appended_from_now_on_and_leaves_out_what_is_refused() {
    let f = fixture();
    f.ask(1);
    let reactor = f.store.react_loop(&Region::entity("a"), Echo).unwrap();
    let asked = f.ask(5);
    let mut answers = f.answers();
    for n in [5, 6] {
        let answer = answers.next();
        assert!(answer.is_caused_by(asked.event_id));
        assert_eq!(answer.correlation_id(), u128::from(asked.event_id));
        assert_eq!(f.store.get(EventId::from(answer.event_id())).unwrap().event.payload["n"], n);
    }
    f.store.close_shared().unwrap();
    reactor.join().unwrap();
}
