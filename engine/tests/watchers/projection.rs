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

/// Appends an event whenever it is asked for its kinds, which is between learning the generation and reading the stream.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Meddler(u64);

static MEDDLED_WITH: Mutex<Option<Arc<Store>>> = Mutex::new(None);

impl EventSourced for Meddler {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        Some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        if let Some(store) = MEDDLED_WITH.lock().unwrap().as_ref() {
            store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
        }
        &[]
    }
}

#[test]
fn an_event_appended_meanwhile_is_not_in_the_state_of_the_older_generation() {
    let f = fixture();
    f.add("a", 1);
    *MEDDLED_WITH.lock().unwrap() = Some(Arc::clone(&f.store));
    let outcome = f.store.projection::<Meddler>("a", &Freshness::Consistent).unwrap();
    MEDDLED_WITH.lock().unwrap().take();
    assert_eq!((outcome.generation, outcome.state), (1, Some(Meddler(1))));
    assert_eq!(f.store.entity_generation("a"), Some(2));
}

/// Makes a state of two events and more.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u64);

impl EventSourced for Pair {
    type Input = RawMsgpackInput;

    fn from_events(events: &[ProjectionEvent<Self>]) -> Option<Self> {
        (events.len() > 1).then_some(Self(events.len() as u64))
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {
        self.0 += 1;
    }

    fn relevant_event_kinds() -> &'static [EventKind] {
        const { &[Added::KIND] }
    }

    fn supports_incremental_apply() -> bool {
        true
    }
}

#[test]
fn events_that_made_no_state_yet_are_folded_again_with_those_that_follow() {
    let f = fixture();
    for expected in [None, Some(Pair(2)), Some(Pair(3))] {
        f.note("a");
        f.add("a", 1);
        assert_eq!(f.project("a"), expected);
    }
    for len in 2..20 {
        let entity = format!("late:{len}");
        (0..len).for_each(|_| f.add(&entity, 1));
        assert_eq!(f.project(&entity), Some(Pair(len)));
    }
}

#[test]
fn an_outcome_tells_how_the_state_came_about() {
    let f = fixture();
    let outcome = |freshness| {
        let outcome = f.store.projection::<Sum>("a", &freshness).unwrap();
        (outcome.generation, outcome.source, outcome.events_folded)
    };
    assert_eq!(outcome(Freshness::Consistent), (0, ProjectionSource::Replayed, 0));
    f.add("a", 1);
    f.note("a");
    assert_eq!(outcome(Freshness::Consistent), (2, ProjectionSource::Replayed, 1));
    f.add("a", 1);
    assert_eq!(outcome(Freshness::Consistent), (3, ProjectionSource::Continued, 1));
    assert_eq!(outcome(Freshness::Consistent), (3, ProjectionSource::Remembered, 0));
    let stale = Freshness::MaybeStale { max_stale_ms: u64::MAX };
    assert_eq!(outcome(stale), (3, ProjectionSource::Remembered, 0));
}
