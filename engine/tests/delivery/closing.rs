//! The end of a store in which threads work.

use super::*;

/// A worker that waits in its handler until it is let go, then appends an answer.
fn held_worker(
    store: &Arc<Store>,
) -> (causeway::store::CursorWorkerHandle, Receiver<()>, Sender<()>, Receiver<bool>) {
    let (began, begun) = channel();
    let (go, gone) = channel();
    let (appended, outcome) = channel();
    let handle = store
        .cursor_worker(&Region::entity("a"), CursorWorkerConfig::default(), move |_, store, _| {
            began.send(()).unwrap();
            gone.recv().unwrap();
            let answer = store.append_typed(&answers_of("b"), &Answered { n: 1 });
            let _ = appended.send(answer.is_ok());
            CursorWorkerAction::Continue
        })
        .unwrap();
    (handle, begun, go, outcome)
}

#[test]
fn threads_that_wait_for_events_do_not_stand_in_the_way_of_closing_and_end_with_it() {
    let f = fixture();
    let worker = f.store.cursor_worker(&Region::entity("a"), CursorWorkerConfig::default(), |_, _, _| {
        unreachable!("nothing is asked")
    });
    let reactor = f.reactor(None, answering());
    let lossy =
        ReactorConfig { canal: causeway::store::ReactorCanal::LossySubscription, ..ReactorConfig::default() };
    let lossy = f.store.react_loop_typed::<Asked, _>(&Region::entity("a"), lossy, answering()).unwrap();
    let raw = f.store.react_loop(&Region::entity("a"), raw::Echo).unwrap();
    Arc::into_inner(f.store).expect("nobody else holds it").close().unwrap();
    worker.unwrap().join().unwrap();
    reactor.join().unwrap();
    lossy.join().unwrap();
    raw.join().unwrap();
    Store::open(StoreConfig::new(f.dir.path())).unwrap();
}

#[test]
fn a_shared_store_closes_when_its_workers_are_through_with_their_batch() {
    let f = fixture();
    f.ask(1);
    let (worker, begun, go, appended) = held_worker(&f.store);
    begun.recv().unwrap();
    let store = f.store;
    let closing = std::thread::spawn(move || store.close_shared());
    go.send(()).unwrap();
    closing.join().unwrap().unwrap();
    assert!(appended.recv().unwrap(), "the store was open as long as the handler ran");
    worker.join().unwrap();
    let store = Store::open(StoreConfig::new(f.dir.path())).unwrap();
    assert!(store.open_report().clean);
    assert_eq!(store.by_fact_typed::<Answered>().len(), 1);
}

#[test]
fn a_store_that_is_dropped_ends_with_the_batch_that_a_worker_is_at() {
    let f = fixture();
    f.ask(1);
    let (worker, begun, go, appended) = held_worker(&f.store);
    begun.recv().unwrap();
    f.ask(2);
    drop(f.store);
    go.send(()).unwrap();
    worker.join().unwrap();
    assert!(appended.recv().unwrap());
    assert!(appended.recv().is_err(), "the second question found no store");
    let store = Store::open(StoreConfig::new(f.dir.path())).unwrap();
    assert_eq!(store.by_fact_typed::<Answered>().len(), 1);
}

#[test]
fn a_store_that_somebody_else_holds_stays_open_without_its_workers() {
    let f = fixture();
    let (worker, ..) = held_worker(&f.store);
    let refusal = Arc::clone(&f.store).close_shared();
    assert!(matches!(refusal, Err(StoreError::Configuration(_))), "{refusal:?}");
    f.ask(1);
    worker.join().unwrap();
    assert_eq!(f.store.by_fact_typed::<Asked>().len(), 1);
}
