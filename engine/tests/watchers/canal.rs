//! Pulling from subscriptions and cursors alike.

use super::*;

fn check(batch: CanalBatch<Notification>, expected: &[u64]) {
    let sequences: Vec<_> = match batch {
        CanalBatch::Empty => vec![],
        CanalBatch::One(one) => vec![one.sequence],
        CanalBatch::Many(many) => many.iter().map(|item| item.sequence).collect(),
    };
    assert_eq!(sequences, expected);
}

#[test]
fn a_pull_returns_as_soon_as_there_is_an_item_and_no_more_than_asked_for() {
    let f = fixture();
    let mut subscription = f.store.subscribe_lossy(&Region::entity("a"));
    for _ in 0..4 {
        f.add("a", 1);
    }
    check(subscription.pull_batch(0, LONG).unwrap(), &[]);
    check(subscription.pull_batch(1, LONG).unwrap(), &[1]);
    check(subscription.pull_batch(2, LONG).unwrap(), &[2, 3]);
    check(subscription.pull_batch(9, LONG).unwrap(), &[4]);
    assert!(subscription.pull_batch(9, Duration::from_millis(1)).unwrap().is_empty());
}

#[test]
fn items_that_are_there_when_the_store_closes_are_pulled_before_the_end() {
    let f = fixture();
    let mut subscription = f.store.subscribe_lossy(&Region::entity("a"));
    f.add("a", 1);
    f.add("a", 1);
    f.close();
    check(subscription.pull_batch(9, LONG).unwrap(), &[1, 2]);
    assert!(subscription.pull_batch(9, LONG).is_err());
}

#[test]
fn pulling_from_a_cursor_waits_for_an_append_and_ends_with_the_store() {
    let f = fixture();
    let mut cursor = f.store.cursor_guaranteed(&Region::entity("a"));
    assert!(cursor.pull_batch(0, LONG).unwrap().is_empty());
    assert!(cursor.pull_batch(9, Duration::from_millis(1)).unwrap().is_empty());
    let waiting = thread::spawn(move || (cursor.pull_batch(9, LONG), cursor));
    f.add("a", 1);
    let (batch, mut cursor) = waiting.join().unwrap();
    assert!(matches!(batch, Ok(CanalBatch::One(entry)) if entry.global_sequence() == 1));
    f.add("a", 1);
    f.add("a", 1);
    assert!(matches!(cursor.pull_batch(9, LONG), Ok(CanalBatch::Many(entries)) if entries.len() == 2));
    f.close();
    assert!(matches!(cursor.pull_batch(9, LONG), Err(StoreError::Closed)));
}
