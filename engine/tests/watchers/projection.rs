//! Projecting: features, freshness and what a step costs.

use super::*;

#[test]
fn a_projection_folds_the_relevant_events_of_exactly_its_entity_in_every_scope() {
    let f = fixture();
    f.add("a", 1);
    f.add("a:b", 10);
    f.add("ab", 100);
    f.note("a");
    let elsewhere = Coordinate::new("a", "elsewhere").unwrap();
    f.store.append_typed(&elsewhere, &Added { amount: 1_000 }).unwrap();
    assert_eq!(f.project("a"), sum(1_001));
    assert_eq!(f.project("a"), Some(RawSum(1_001)));
}

#[test]
fn an_unknown_entity_and_one_without_relevant_events_have_no_state() {
    let f = fixture();
    f.note("a");
    assert_eq!(f.project::<Sum>("a"), None);
    assert_eq!(f.project::<Sum>("b"), None);
}

#[test]
fn a_payload_that_does_not_decode_is_an_error_of_its_entity_only() {
    let f = fixture();
    f.add("good", 1);
    f.add_nonsense("bad");
    assert!(matches!(
        f.store.project::<Sum>("bad", &Freshness::Consistent),
        Err(StoreError::Serialization(_))
    ));
    assert!(matches!(
        f.store.project::<RawSum>("bad", &Freshness::Consistent),
        Err(StoreError::Serialization(_))
    ));
    assert_eq!(f.project("good"), sum(1));
}

#[test]
fn states_are_the_same_after_every_append_and_after_reopening() {
    let mut f = fixture();
    let mut total = 0;
    for round in 0..3 {
        for amount in 0..20 {
            f.add("a", amount);
            total += amount;
            assert_eq!(f.project("a"), sum(total), "round {round}");
        }
        f = f.reopen();
        assert_eq!(f.project("a"), sum(total), "round {round}");
    }
}

#[test]
fn reading_continues_while_others_append_and_each_state_fits_its_generation() {
    let f = fixture();
    let store = Arc::clone(&f.store);
    let writer = thread::spawn(move || {
        for _ in 0..500 {
            store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
        }
    });
    let mut last = 0;
    while last < 500 {
        if let Some((generation, state)) = f.changed("a", last) {
            assert_eq!(state, sum(generation));
            assert!(generation > last);
            last = generation;
        }
    }
    writer.join().unwrap();
}

/// Counts the events that reach it, in all its values together.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Added, handler = add)]
struct Counted(u64);

static COUNTED: AtomicU64 = AtomicU64::new(0);

impl Counted {
    fn add(&mut self, _: &Added) {
        self.0 += 1;
        COUNTED.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn a_step_after_one_more_event_folds_only_that_event() {
    let f = fixture();
    for _ in 0..100 {
        f.add("a", 1);
    }
    assert_eq!(f.project("a"), Some(Counted(100)));
    let before = COUNTED.load(Ordering::Relaxed);
    f.add("a", 1);
    assert_eq!(f.project("a"), Some(Counted(101)));
    assert_eq!(f.project("a"), Some(Counted(101)));
    assert_eq!(COUNTED.load(Ordering::Relaxed) - before, 1);
}

/// Remembers in its memory what its serialised form leaves out.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Added, handler = add)]
struct Forgetful {
    #[serde(skip)]
    count: u64,
}

impl Forgetful {
    fn add(&mut self, _: &Added) {
        self.count += 1;
    }
}

#[test]
fn a_fold_that_is_not_applied_incrementally_is_replayed_each_time() {
    let f = fixture();
    for count in 1..5 {
        f.add("a", 1);
        assert_eq!(f.project("a"), Some(Forgetful { count }));
    }
}

#[test]
fn a_stale_state_will_do_until_it_is_as_old_as_the_caller_accepts() {
    let now = Arc::new(TestClock::default());
    let clock = Arc::clone(&now);
    let f = fixture_with(|config| config.with_clock(Some(clock)));
    let stale = Freshness::MaybeStale { max_stale_ms: 10 };
    f.add("a", 1);
    assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
    f.add("a", 1);
    now.set_ms(9);
    assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
    assert_eq!(f.project("a"), sum(2));
    f.add("a", 1);
    now.set_ms(19);
    assert_eq!(f.store.project("a", &stale).unwrap(), sum(3));
}
