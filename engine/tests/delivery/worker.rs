//! The cursor worker: batches in order, at least once.

use super::*;

/// A worker that tells of each batch and does what it is told.
struct Told {
    batches: Receiver<Vec<u64>>,
    actions: Sender<fn() -> CursorWorkerAction>,
    handle: causeway::store::CursorWorkerHandle,
}

const CONTINUE: fn() -> CursorWorkerAction = || CursorWorkerAction::Continue;
const STOP: fn() -> CursorWorkerAction = || CursorWorkerAction::Stop;
const ROLL_BACK: fn() -> CursorWorkerAction = || CursorWorkerAction::StopWithRollback;
const PANIC: fn() -> CursorWorkerAction = || panic_quietly();

fn told(store: &Arc<Store>, config: CursorWorkerConfig) -> Told {
    let (tell, batches) = channel();
    let (actions, told) = channel::<fn() -> CursorWorkerAction>();
    let handle = store
        .cursor_worker(&Region::entity("a"), config, move |batch, _, _| {
            let _ = tell.send(batch.iter().map(IndexEntry::global_sequence).collect());
            told.recv().unwrap_or(STOP)()
        })
        .unwrap();
    Told { batches, actions, handle }
}

impl Told {
    fn next(&self, action: fn() -> CursorWorkerAction) -> Vec<u64> {
        let batch = self.batches.recv_timeout(LONG).unwrap();
        self.actions.send(action).unwrap();
        batch
    }

    fn end(self) -> Result<(), StoreError> {
        let outcome = self.handle.join();
        assert!(self.batches.recv().is_err(), "nothing is handed out behind the end");
        outcome
    }
}

fn config(id: Option<&str>) -> CursorWorkerConfig {
    let mut config = CursorWorkerConfig::default();
    config.batch_size = 2;
    config.checkpoint_id = id.map(checkpoint);
    config
}

#[test]
fn a_worker_hands_out_history_in_batches_and_then_what_is_appended() {
    let f = fixture();
    for n in 0..3 {
        f.ask(n);
    }
    let worker = told(&f.store, config(None));
    assert_eq!(worker.next(CONTINUE), [1, 2]);
    assert_eq!(worker.next(CONTINUE), [3]);
    f.store.append_typed(&at("b"), &Asked { n: 0 }).unwrap();
    f.ask(4);
    assert_eq!(worker.next(STOP), [5]);
    worker.end().unwrap();
}

#[test]
fn a_batch_whose_handler_panicked_comes_again() {
    let f = fixture();
    for n in 0..5 {
        f.ask(n);
    }
    let worker = told(&f.store, config(None));
    assert_eq!(worker.next(CONTINUE), [1, 2]);
    assert_eq!(worker.next(PANIC), [3, 4]);
    assert_eq!(worker.next(CONTINUE), [3, 4]);
    assert_eq!(worker.next(STOP), [5]);
    worker.end().unwrap();
}

#[test]
fn a_worker_that_panics_more_often_than_it_may_says_so() {
    let f = fixture();
    f.ask(1);
    let worker = told(&f.store, config(Some("w")));
    assert_eq!(worker.next(PANIC), [1]);
    assert_eq!(worker.next(PANIC), [1]);
    assert!(matches!(worker.end(), Err(StoreError::WriterCrashed)));

    let mut never = config(Some("w"));
    never.restart = RestartPolicy::Bounded { max_restarts: 0, within_ms: 1 };
    let worker = told(&f.store, never);
    assert_eq!(worker.next(PANIC), [1]);
    assert!(matches!(worker.end(), Err(StoreError::WriterCrashed)));
}

#[test]
fn a_worker_goes_on_behind_what_it_handled_after_the_store_was_opened_again() {
    let f = fixture();
    for n in 0..6 {
        f.ask(n);
    }
    let worker = told(&f.store, config(Some("w")));
    assert_eq!(worker.next(CONTINUE), [1, 2]);
    assert_eq!(worker.next(STOP), [3, 4]);
    worker.end().unwrap();
    let f = f.reopen();
    let worker = told(&f.store, config(Some("w")));
    assert_eq!(worker.next(STOP), [5, 6]);
    worker.end().unwrap();
    let worker = told(&f.store, config(Some("another")));
    assert_eq!(worker.next(STOP), [1, 2]);
    worker.end().unwrap();
}

#[test]
fn a_batch_that_is_rolled_back_comes_again_after_a_restart() {
    let f = fixture();
    for n in 0..3 {
        f.ask(n);
    }
    let worker = told(&f.store, config(Some("w")));
    assert_eq!(worker.next(CONTINUE), [1, 2]);
    assert_eq!(worker.next(ROLL_BACK), [3]);
    worker.end().unwrap();
    let f = f.reopen();
    let worker = told(&f.store, config(Some("w")));
    assert_eq!(worker.next(STOP), [3]);
    worker.end().unwrap();
}

#[test]
fn without_a_checkpoint_a_worker_begins_at_the_first_event_every_time() {
    let f = fixture();
    f.ask(1);
    for _ in 0..2 {
        let worker = told(&f.store, config(None));
        assert_eq!(worker.next(STOP), [1]);
        worker.end().unwrap();
    }
    assert!(!f.dir.path().join("cursors").exists());
}

#[test]
fn only_a_worker_with_a_checkpoint_hands_out_the_witness() {
    let f = fixture();
    f.ask(1);
    for id in [None, Some("w")] {
        let (tell, told) = channel();
        let handle = f.store.cursor_worker(&Region::all(), config(id), move |_, _, witness| {
            tell.send(witness.map(|witness| witness.checkpoint_id().clone())).unwrap();
            CursorWorkerAction::Stop
        });
        handle.unwrap().join().unwrap();
        assert_eq!(told.recv().unwrap(), id.map(checkpoint));
    }
}

#[test]
fn a_position_that_cannot_be_taken_up_is_told_by_join() {
    let f = fixture();
    f.ask(1);
    let worker = told(&f.store, config(Some("w")));
    worker.next(STOP);
    worker.end().unwrap();
    let of_other_region = f
        .store
        .cursor_worker(&Region::all(), config(Some("w")), |_, _, _| unreachable!("it does not begin"))
        .unwrap();
    assert!(matches!(of_other_region.join(), Err(StoreError::CursorCheckpointRegionMismatch { .. })));
    fs::write(f.dir.path().join("cursors/w.json"), b"{").unwrap();
    let worker = told(&f.store, config(Some("w")));
    assert!(matches!(worker.end(), Err(StoreError::CursorCheckpointCorrupt { .. })));
}

#[test]
fn a_position_that_cannot_be_saved_ends_the_worker() {
    let f = fixture();
    f.ask(1);
    let worker = told(&f.store, config(Some("w")));
    worker.batches.recv_timeout(LONG).unwrap();
    fs::write(f.dir.path().join("cursors"), b"in the way").unwrap();
    worker.actions.send(CONTINUE).unwrap();
    let outcome = worker.end();
    assert!(
        matches!(&outcome, Err(StoreError::CheckpointWriteFailed { id, .. }) if id == "w"),
        "{outcome:?}"
    );
}

#[test]
fn an_append_wakes_a_worker_however_long_it_might_sleep() {
    let f = fixture();
    let mut config = config(None);
    config.idle_sleep = Duration::MAX;
    let worker = told(&f.store, config);
    f.ask(1);
    assert_eq!(worker.next(CONTINUE), [1]);
    f.ask(2);
    assert_eq!(worker.next(STOP), [2]);
    worker.end().unwrap();
}

#[test]
fn a_worker_ends_when_it_is_stopped_and_when_its_handle_is_dropped() {
    let f = fixture();
    let worker = told(&f.store, config(None));
    worker.handle.stop();
    worker.end().unwrap();
    let worker = told(&f.store, config(None));
    let Told { batches, handle, .. } = worker;
    drop(handle);
    // The handler goes with the thread, and its end of the channel with the handler.
    assert!(batches.recv().is_err());
}

#[test]
fn a_batch_size_of_nothing_counts_as_one() {
    let f = fixture();
    f.ask(1);
    f.ask(2);
    let mut config = config(None);
    config.batch_size = 0;
    let worker = told(&f.store, config);
    assert_eq!(worker.next(CONTINUE), [1]);
    assert_eq!(worker.next(STOP), [2]);
    worker.end().unwrap();
}

#[test]
fn a_handler_reads_and_writes_the_store_that_it_is_given() {
    let f = fixture();
    f.ask(7);
    let handle = f.store.cursor_worker(&Region::entity("a"), config(None), |batch, store, _| {
        let asked = store.get(EventId::from(batch[0].event_id())).unwrap();
        store.append(&answers_of("b"), Answered::KIND, &asked.event.payload).unwrap();
        CursorWorkerAction::Stop
    });
    let handle: Box<dyn causeway::store::CanalHandle> = Box::new(handle.unwrap());
    handle.join().unwrap();
    let answer = f.answers().next();
    assert_eq!(f.store.get(EventId::from(answer.event_id())).unwrap().event.payload["n"], 7);
}
