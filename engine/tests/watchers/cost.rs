//! What a step costs, in frames read: the same, however long the log is.

use super::*;

/// Frames that a call reads from the segments.
fn frames_of<R>(f: &Fixture, call: impl FnOnce() -> R) -> (R, u64) {
    let before = f.store.frames_read();
    let result = call();
    (result, f.store.frames_read() - before)
}

/// Frames read by one step of each kind over a log of `len` events.
fn costs(len: u64) -> [u64; 3] {
    let f = fixture();
    for _ in 0..len {
        f.add("a", 1);
        f.add("a:b", 1);
    }
    let mut watcher = f.watch("a");
    let mut cursor_watcher = f.watch_with_cursor("a", None);
    assert_eq!(cursor_watcher.recv().unwrap(), (len, sum(len)));
    f.add("a", 1);
    let (update, by_watcher) = frames_of(&f, || watcher.recv().unwrap());
    assert_eq!(update, (len + 1, sum(len + 1)));
    f.add("a", 1);
    let (update, by_cursor) = frames_of(&f, || cursor_watcher.recv().unwrap());
    assert_eq!(update, (len + 2, sum(len + 2)));
    f.add("a", 1);
    let (state, by_projecting) = frames_of(&f, || f.project("a"));
    assert_eq!(state, sum(len + 3));
    [by_watcher, by_cursor, by_projecting]
}

#[test]
fn a_step_reads_as_many_frames_on_a_long_log_as_on_a_short_one() {
    let (short, long) = (costs(10), costs(2_000));
    assert_eq!(short, long);
    assert!(long.iter().all(|frames| *frames <= 4), "{long:?}");
}
