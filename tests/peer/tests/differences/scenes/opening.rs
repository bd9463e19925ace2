//! Scenes of opening: beside a writer, and after a crash.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::appending::refused_batch;
use super::engine::store::{ReadOnly, Store};
use super::{KIND, SEGMENT, config, coordinate, open};

/// Whether the directory can be read while it is open for writing.
pub(crate) fn reads_beside_a_writer(directory: &Path) -> bool {
    let _writer = open(directory);
    Store::<ReadOnly>::open_read_only(config(directory)).is_ok()
}

/// How many events of the entity are there at the first, second and third opening after the last frame was torn.
pub(crate) fn torn_tail(directory: &Path) -> [Option<usize>; 3] {
    let mut crashed = crashed_with_three_events(directory);
    let newest = newest_segment(&crashed);
    let bytes = fs::read(&newest).expect("the segment is read");
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let torn = [&bytes[..end], &bytes[end - 40..end - 7]].concat();
    fs::write(&newest, torn).expect("the segment is written");
    [(); 3].map(|()| events_after_a_crash(&mut crashed))
}

/// How many events of the entity are there after garbage came behind the last frame.
pub(crate) fn garbage_at_the_end(directory: &Path) -> Option<usize> {
    let mut crashed = crashed_with_three_events(directory);
    let newest = OpenOptions::new().append(true).open(newest_segment(&crashed));
    newest.expect("the segment opens").write_all(&[0; 512]).expect("zeros are written");
    events_after_a_crash(&mut crashed)
}

/// The sequence of an event after a refused batch: as its receipt says, and as it is listed after a crash.
pub(crate) fn numbers_after_a_refused_batch_and_a_crash(directory: &Path) -> (u64, u64) {
    let store = open(directory);
    refused_batch(&store);
    let receipt = store.append(&coordinate(), KIND, &1).expect("the event is appended");
    let crashed = crash(&store, directory);
    let store = open(&crashed);
    (receipt.sequence, store.by_entity("order:1")[0].global_sequence())
}

/// How many bytes a thousand events of one number each take in a closed store.
pub(crate) fn bytes_on_disk(directory: &Path) -> u64 {
    let store = open(directory);
    for number in 0..1000_u32 {
        store.append(&coordinate(), KIND, &(1_000_000 + number)).expect("the event is appended");
    }
    store.close().expect("the store closes");
    let files = fs::read_dir(directory).expect("the directory is read");
    files.map(|file| file.and_then(|file| file.metadata()).map_or(0, |metadata| metadata.len())).sum()
}

/// The directory of a store with three events, as a crash leaves it.
fn crashed_with_three_events(directory: &Path) -> PathBuf {
    let store = open(directory);
    for number in 0..3 {
        store.append(&coordinate(), KIND, &number).expect("the event is appended");
    }
    crash(&store, directory)
}

/// What the files hold at this moment, in another directory beside it.
fn crash(store: &Store, directory: &Path) -> PathBuf {
    store.sync().expect("the store syncs");
    let crashed = PathBuf::from(format!("{}-crashed", directory.display()));
    fs::create_dir(&crashed).expect("a directory");
    for file in fs::read_dir(directory).expect("the directory is read").filter_map(Result::ok) {
        if file.path().is_file() {
            fs::copy(file.path(), crashed.join(file.file_name())).expect("the file is copied");
        }
    }
    crashed
}

/// How many events of the entity there are, if the directory opens at all. It is left as it was after a second crash.
fn events_after_a_crash(directory: &mut PathBuf) -> Option<usize> {
    let store = Store::open(config(directory)).ok()?;
    let events = store.by_entity("order:1").len();
    *directory = crash(&store, directory);
    Some(events)
}

fn newest_segment(directory: &Path) -> PathBuf {
    let files = fs::read_dir(directory).expect("the directory is read").filter_map(Result::ok);
    let segments = files.map(|file| file.path()).filter(|path| path.to_string_lossy().ends_with(SEGMENT));
    segments.max().expect("there is a segment")
}
