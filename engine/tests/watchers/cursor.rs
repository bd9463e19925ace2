//! Events pulled in order, and saved positions.

use super::*;

fn sequences(cursor: &mut Cursor, max: usize) -> Vec<u64> {
    cursor.poll_batch(max).iter().map(IndexEntry::global_sequence).collect()
}

#[test]
fn a_cursor_sees_history_from_the_very_first_event_and_then_what_is_appended() {
    let f = fixture();
    f.add("a", 1);
    let mut cursor = f.store.cursor_guaranteed(&Region::all());
    assert_eq!(cursor.position(), None);
    assert_eq!(cursor.poll().unwrap().global_sequence(), 0);
    assert_eq!(sequences(&mut cursor, 9), [1]);
    assert!(cursor.poll().is_none());
    f.add("b", 1);
    f.add("c", 1);
    assert_eq!(sequences(&mut cursor, 1), [2]);
    assert_eq!(sequences(&mut cursor, 9), [3]);
    assert_eq!(cursor.position(), Some(3));
}

#[test]
fn every_part_of_the_region_applies() {
    let f = fixture();
    for entity in ["a", "b", "a", "a:b", "a", "a"] {
        f.add(entity, 1);
    }
    f.note("a");
    let region = Region::entity("a").with_fact_category(1).with_scope("test").with_clock_range((1, 3));
    let mut cursor = f.store.cursor_guaranteed(&region);
    assert_eq!(sequences(&mut cursor, 2), [3, 5]);
    assert_eq!(sequences(&mut cursor, 9), [6]);
}

#[test]
fn a_cursor_misses_nothing_while_others_append() {
    let f = fixture();
    let mut cursor = f.store.cursor_guaranteed(&Region::entity("a"));
    let writers: Vec<_> = (0..2)
        .map(|_| {
            let store = Arc::clone(&f.store);
            thread::spawn(move || {
                for _ in 0..200 {
                    store.append_typed(&at("a"), &Added { amount: 1 }).unwrap();
                }
            })
        })
        .collect();
    let mut seen = Vec::new();
    while seen.len() < 400 {
        match cursor.pull_batch(7, LONG).unwrap() {
            CanalBatch::Empty => panic!("an append is to come"),
            CanalBatch::One(entry) => seen.push(entry.clock()),
            CanalBatch::Many(entries) => seen.extend(entries.iter().map(IndexEntry::clock)),
        }
    }
    for writer in writers {
        writer.join().unwrap();
    }
    assert_eq!(seen, (0..400).collect::<Vec<_>>());
}

#[test]
fn a_cursor_does_not_keep_the_store_open_and_yields_nothing_after_it() {
    let f = fixture();
    f.add("a", 1);
    let mut cursor = f.store.cursor_guaranteed(&Region::all());
    f.close();
    assert!(cursor.poll().is_none());
    assert!(matches!(cursor.try_poll_batch(1), Err(StoreError::Closed)));
}

#[test]
fn a_saved_position_reads_back_and_a_damaged_one_is_an_error() {
    let f = fixture();
    f.add("a", 1);
    f.take_and_acknowledge("a", "x");
    let (path, id) = (f.dir.path(), CheckpointId::new("x").unwrap());
    assert_eq!(Cursor::load_checkpoint(path, &CheckpointId::new("y").unwrap()).unwrap(), None);

    let mut saved = Cursor::load_checkpoint(path, &id).unwrap().unwrap();
    assert_eq!((saved.position, saved.started), (1, true));
    saved.position = 0;
    Cursor::save_checkpoint(path, &id, &saved).unwrap();
    assert_eq!(Cursor::load_checkpoint(path, &id).unwrap(), Some(saved));
    assert_eq!(f.watch_with_cursor("a", Some("x")).recv().unwrap(), (1, sum(1)));

    fs::write(path.join("cursors/x.json"), b"{").unwrap();
    assert_eq!(Cursor::load_checkpoint(path, &id).unwrap_err().kind(), std::io::ErrorKind::InvalidData);
    let refusal = f.store.watch_projection_with_cursor::<Sum>("a", Freshness::Consistent, Some(id)).err();
    assert!(matches!(refusal, Some(StoreError::CursorCheckpointCorrupt { .. })), "{refusal:?}");
}

#[test]
fn a_position_beyond_the_end_of_the_log_is_taken_for_the_end() {
    let f = fixture();
    f.add("a", 1);
    f.take_and_acknowledge("a", "x");
    let (path, id) = (f.dir.path(), CheckpointId::new("x").unwrap());
    let mut saved = Cursor::load_checkpoint(path, &id).unwrap().unwrap();
    saved.position = 1_000;
    Cursor::save_checkpoint(path, &id, &saved).unwrap();
    let mut watcher = f.watch_with_cursor("a", Some("x"));
    assert_eq!(watcher.try_recv().unwrap(), None);
    f.add("a", 1);
    assert_eq!(watcher.recv().unwrap(), (2, sum(2)));
}
