//! Damages directories that the published crate wrote, at random, and has both engines show them: ours never shows fewer events, and says
//! that something is wrong wherever it shows something else than what was written.
#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use causeway::store::{Clock, ReadOnly, Store, StoreConfig};
use causeway_tests::driven::Dump;
use causeway_tests::figures::{share, tell};
use causeway_tests::protocol::{DumpedEvent, Line};
use causeway_tests::random::Random;

/// How long the published crate may take for a directory of a few kilobytes; it has been seen to hang.
const PATIENCE: Duration = Duration::from_secs(10);
/// What the driver is asked to write: one event at a time, batches, small segments, an end without a close.
const WRITTEN: [&[&str]; 5] = [
    &["count=40", "seg=4096"],
    &["count=30", "mode=batch", "seg=4096"],
    &["count=25", "mode=mixed", "seg=6000", "close=0"],
    &["count=12", "close=0"],
    &["count=20", "mode=fence", "seg=5000"],
];

/// What the published crate keeps beside the segments so as not to read them.
const SNAPSHOTS: [&str; 2] = [".fbati", ".ckpt"];

/// A clock that goes on by a second with every look at it: an end that is not whole is looked at again only after a while.
#[derive(Default)]
struct SteppingClock(AtomicI64);

impl Clock for SteppingClock {
    fn now_us(&self) -> i64 {
        self.0.fetch_add(1_000_000, Ordering::Relaxed)
    }

    fn now_mono_ns(&self) -> i64 {
        self.now_us() * 1_000
    }
}

/// The files of a directory by name.
type Files = BTreeMap<String, Vec<u8>>;
/// Id and content hash of each event.
type Shown = Vec<(String, String)>;

fn files(directory: &Path) -> Files {
    let entries = fs::read_dir(directory).unwrap().map(Result::unwrap);
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect()
}

fn put(files: &Files, directory: &Path) {
    fs::create_dir_all(directory).unwrap();
    for (name, bytes) in files {
        fs::write(directory.join(name), bytes).unwrap();
    }
}

/// What the published crate shows, or how it gives up.
fn theirs(directory: &Path) -> Result<Shown, String> {
    let output = fs::File::create(directory.with_extension("lines")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_driver"))
        .arg("dump")
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(output)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let began = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if began.elapsed() > PATIENCE {
            child.kill().unwrap();
            child.wait().unwrap();
            return Err("hangs".to_owned());
        }
        std::thread::sleep(Duration::from_millis(2));
    };
    let text = fs::read_to_string(directory.with_extension("lines")).unwrap();
    let mut shown = Shown::new();
    for line in text.lines().filter_map(|line| serde_json::from_str(line).ok()) {
        match line {
            Line::Ev(event) => shown.extend(readable(&event)),
            Line::Error { class, .. } => return Err(format!("refuses: {class}")),
            _ => {}
        }
    }
    if status.success() { Ok(shown) } else { Err(format!("ends with {status}")) }
}

fn readable(event: &DumpedEvent) -> Option<(String, String)> {
    (event.read && event.hash_ok).then(|| (event.id.clone(), event.content.clone()))
}

/// What ours shows, and whether it says that something is wrong.
fn ours(directory: &Path) -> (Shown, Vec<String>) {
    let config = StoreConfig::new(directory).with_clock(Some(Arc::new(SteppingClock::default())));
    let Ok(store) = Store::<ReadOnly>::open_read_only(config) else {
        return (Shown::new(), vec!["refused".to_owned()]);
    };
    // After two more looks an end that is not whole counts as torn.
    store.refresh().unwrap();
    store.refresh().unwrap();
    let mut told: Vec<String> = store.findings().iter().map(ToString::to_string).collect();
    let mut shown = Shown::new();
    for (_, event) in store.read_range(0..u64::MAX) {
        match event {
            Ok(event) => {
                told.extend(event.findings.iter().map(ToString::to_string));
                let header = &event.raw.header;
                let content = causeway::event::hash::compute_hash(&event.raw.payload);
                let id = format!("{:032x}", u128::from(header.event_id));
                shown.push((id, causeway_tests::protocol::hex(&content)));
            }
            Err(error) => told.push(error.to_string()),
        }
    }
    (shown, told)
}

/// Events that were written, which the published crate shows of these files and which are not in `have`; or how it gives up.
fn missing(
    damaged: &Files,
    directory: &Path,
    expected: &Shown,
    have: &Shown,
) -> Result<(usize, Shown), String> {
    put(damaged, directory);
    let others = theirs(directory);
    fs::remove_dir_all(directory).unwrap();
    let others = others?;
    // Of exchanged segments its snapshot leads it to other events' frames: it shows an id with a content that nobody wrote with it.
    let written: BTreeSet<_> = expected.iter().collect();
    let have: BTreeSet<_> = have.iter().collect();
    let count = others.len();
    Ok((count, others.into_iter().filter(|event| written.contains(event) && !have.contains(event)).collect()))
}

/// Damages one file or exchanges two; says what it did, and whether the end of the newest segment may be gone without a trace.
fn damage(files: &mut Files, random: &mut Random) -> (String, bool) {
    let is_segment = |name: &&String| name.ends_with(".fbat") && !files[*name].is_empty();
    let segments: Vec<String> = files.keys().filter(is_segment).cloned().collect();
    if segments.is_empty() {
        return ("no segment left to damage".to_owned(), false);
    }
    let any: Vec<String> = files.keys().filter(|name| !files[*name].is_empty()).cloned().collect();
    // Segments matter most; one damage of four hits any file.
    let name = if random.below(4) == 0 { random.choose(&any) } else { random.choose(&segments) }.clone();
    let is_newest = segments.last() == Some(&name);
    let len = files[&name].len() as u64;
    let at = random.below(len) as usize;
    let bytes = files.get_mut(&name).unwrap();
    match random.below(7) {
        0 => {
            bytes.truncate(at);
            (format!("{name} cut to {at} bytes"), is_newest)
        }
        1 => {
            bytes[at] ^= 1 << random.below(8);
            (format!("a bit of byte {at} of {name} flipped"), false)
        }
        2 => {
            let start = at / 512 * 512;
            let end = (start + 512).min(bytes.len());
            bytes[start..end].fill(0);
            (format!("the sector at byte {start} of {name} zeroed"), is_newest && end == bytes.len())
        }
        3 => {
            files.remove(&name);
            (format!("{name} missing"), is_newest)
        }
        4 => {
            let other = random.choose(&segments).clone();
            let (one, two) = (files[&name].clone(), files[&other].clone());
            files.insert(name.clone(), two);
            files.insert(other.clone(), one);
            (format!("{name} and {other} exchanged"), false)
        }
        5 => {
            // A trailer that says that the frames end somewhere else.
            let offset = random.below(len + 1);
            bytes.extend(offset.to_le_bytes());
            bytes.extend((random.below(3) as u32).to_le_bytes());
            bytes.extend(b"SDX2");
            (format!("a forged trailer at the end of {name}"), false)
        }
        _ => {
            bytes.extend((0..random.below(40)).map(|byte| byte as u8));
            (format!("bytes behind the end of {name}"), false)
        }
    }
}

#[test]
fn of_a_damaged_directory_ours_shows_no_fewer_events_than_the_published_crate_and_says_what_is_wrong() {
    let seed = 19;
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let home = tempfile::tempdir().unwrap();
    let mut written = Vec::new();
    for (place, options) in WRITTEN.iter().enumerate() {
        let directory = home.path().join(format!("written-{place}"));
        let status = Command::new(env!("CARGO_BIN_EXE_driver"))
            .arg("append-loop")
            .arg(&directory)
            .args(*options)
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let files = files(&directory);
        let (shown, told) = ours(&directory);
        let whole = Dump::of(env!("CARGO_BIN_EXE_driver"), &directory, &[]).unwrap();
        assert_eq!(
            whole.events.iter().filter_map(readable).collect::<Vec<_>>(),
            shown,
            "{options:?}: {told:?}"
        );
        written.push((files, shown));
    }
    let (mut refused, mut fewer, mut of_snapshot, mut told_of, mut untold) = (0, 0, 0, 0, 0);
    let stores = share(100, 5_000);
    for number in 0..stores {
        let (whole, expected) = &written[number % written.len()];
        let mut damaged = whole.clone();
        let mut done = Vec::new();
        let mut may_be_silent = false;
        for _ in 0..=random.below(2) {
            let (what, end_only) = damage(&mut damaged, &mut random);
            may_be_silent |= end_only;
            done.push(what);
        }
        let directory = home.path().join("damaged");
        put(&damaged, &directory);
        let (shown, told) = ours(&directory);
        fs::remove_dir_all(&directory).unwrap();
        match missing(&damaged, &directory, expected, &shown) {
            Err(_) => refused += 1,
            Ok((_, besides)) if !besides.is_empty() => {
                // What it knows from a snapshot alone, the segments do not say; that the end of a batch is gone must be told then.
                damaged.retain(|name, _| !SNAPSHOTS.iter().any(|end| name.ends_with(end)));
                let of_segments = missing(&damaged, &directory, expected, &shown).map(|(_, missing)| missing);
                assert!(
                    of_segments.is_err() || of_segments == Ok(Shown::new()),
                    "{done:?}: the published crate shows {besides:?} besides; {told:?}"
                );
                assert!(told.iter().any(|told| told.contains("a batch has no end")), "{done:?}: {told:?}");
                of_snapshot += 1;
            }
            Ok((count, _)) => fewer += u64::from(count < shown.len()),
        }
        let is_other = shown != *expected;
        told_of += u64::from(is_other && !told.is_empty());
        if is_other && told.is_empty() {
            assert!(may_be_silent, "{done:?}: shown otherwise and nothing is told");
            untold += 1;
        }
    }
    println!(
        "the published crate refused {refused} and showed fewer events of {fewer}, more from its snapshot of {of_snapshot}"
    );
    println!(
        "{told_of} were shown otherwise and told; {untold} lost their end at the end of a frame, which nothing tells"
    );
    tell("G19", "damaged directories of the published crate", stores as u64, 100);
}
