//! The files are renamed, exchanged and cut under those who read them.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use causeway::coordinate::Region;
use causeway::store::{ReadOnly, Store, StoreError, VerifyLevel};

use crate::{Home, Random, config, fill, follow, names, open, segments, verified};

/// Reads everything in every way; each failure has a type, and an event that is shown is the one that was written.
fn look(store: &Store<ReadOnly>) {
    let _: Result<bool, StoreError> = store.refresh();
    for entry in store.query(&Region::all()) {
        if let Ok(stored) = store.get(entry.event_id().into()) {
            let hash = causeway::event::hash::compute_hash(
                &store.read_raw(entry.event_id().into()).map_or_else(|_| Vec::new(), |raw| raw.event.payload),
            );
            let said = stored.event.header.content_hash;
            // The raw bytes may have become unreadable in between; then there is nothing to compare.
            assert!(
                hash == said || hash == causeway::event::hash::compute_hash(&[]),
                "{}",
                entry.global_sequence()
            );
        }
    }
    let _ = store.verify(VerifyLevel::Chain, &mut |_, _| std::ops::ControlFlow::Continue(()));
}

#[test]
fn a_thousand_renames_and_exchanges_under_a_reader_are_errors_with_a_type_and_heal() {
    let home = Home::new();
    let path = home.store();
    let store = open(&path);
    fill(&store, 120);
    store.close().unwrap();
    let reader = follow(&path);
    let all = verified(&reader);
    let originals = names(&path);
    let contents: Vec<_> = originals.iter().map(|name| fs::read(path.join(name)).unwrap()).collect();
    let seed = 0x5EED_0014;
    let mut random = Random(seed);
    let aside = home.path("aside");
    fs::create_dir(&aside).unwrap();
    for round in 0..1_000 {
        let files = segments(&path);
        let one = path.join(&originals[random.below(originals.len())]);
        let segment = |random: &mut Random| files.get(random.below(files.len().max(1))).cloned();
        match random.below(5) {
            // A rename of something that is not there at the moment does nothing.
            0 => drop(fs::rename(&one, aside.join(one.file_name().unwrap()))),
            1 | 2 => {
                for name in names(&aside) {
                    fs::rename(aside.join(&name), path.join(&name)).unwrap();
                }
            }
            3 => {
                let (a, b) = (segment(&mut random), segment(&mut random));
                if let (Some(a), Some(b)) = (a, b) {
                    exchange(&a, &b);
                }
            }
            _ => {
                let (a, b) = (path.join(&originals[random.below(originals.len())]), one);
                if a.exists() && b.exists() {
                    exchange(&a, &b);
                }
            }
        }
        look(&reader);
        if round % 20 == 0 {
            // Whoever opens in the middle of it gets a store or an error.
            if let Ok(store) = Store::<ReadOnly>::open_read_only(config(&path)) {
                look(&store);
            }
        }
    }
    fs::remove_dir_all(&aside).unwrap();
    for file in segments(&path) {
        fs::remove_file(file).unwrap();
    }
    for (name, bytes) in originals.iter().zip(contents) {
        fs::write(path.join(name), bytes).unwrap();
    }
    assert_eq!(verified(&follow(&path)), all, "seed {seed:#x}");
}

fn exchange(a: &Path, b: &Path) {
    if a == b {
        return;
    }
    let between = a.with_extension("between");
    fs::rename(a, &between).unwrap();
    fs::rename(b, a).unwrap();
    fs::rename(&between, b).unwrap();
}

#[test]
fn a_reader_whose_files_are_away_for_a_while_shows_everything_again_when_they_are_back() {
    let home = Home::new();
    let path = home.store();
    let store = open(&path);
    fill(&store, 60);
    store.close().unwrap();
    let reader = follow(&path);
    let all = verified(&reader);
    let files = segments(&path);
    exchange(&files[0], &files[1]);
    look(&reader);
    exchange(&files[0], &files[1]);
    fs::rename(&files[2], home.path("away")).unwrap();
    look(&reader);
    fs::rename(home.path("away"), &files[2]).unwrap();
    // A follower looks at the directory a few times a second; one that opens looks at once.
    assert_eq!(verified(&follow(&path)), all);
    assert!((0..1_000).any(|_| {
        thread::sleep(std::time::Duration::from_millis(10));
        reader.refresh().unwrap();
        reader.query(&Region::all()).len() == all
    }));
    assert_eq!(verified(&reader), all);
}

#[test]
fn files_that_are_cut_while_they_are_read_kill_nobody_and_none_is_mapped() {
    let home = Home::new();
    let path = home.store();
    let store = open(&path);
    fill(&store, 120);
    store.close().unwrap();
    let reader = follow(&path);
    let all = verified(&reader);
    let whole: Vec<_> = segments(&path).into_iter().map(|file| (fs::read(&file).unwrap(), file)).collect();
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        let looking = scope.spawn(|| {
            let mut looks = 0;
            while !over.load(Ordering::SeqCst) || looks < 50 {
                look(&reader);
                looks += 1;
            }
            looks
        });
        let mut random = Random(0x5EED_0015);
        for _ in 0..1_000 {
            let (bytes, file) = &whole[random.below(whole.len())];
            let opened = fs::OpenOptions::new().write(true).open(file).unwrap();
            opened.set_len(random.below(bytes.len()) as u64).unwrap();
            fs::write(file, bytes).unwrap();
        }
        over.store(true, Ordering::SeqCst);
        let looks = looking.join().expect("no look panics");
        eprintln!("G10 looks while files were cut: {looks}, at least 50");
    });
    if cfg!(target_os = "linux") {
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        assert!(!maps.contains(path.to_str().unwrap()), "{maps}");
        assert!(maps.contains("hardening"), "the program itself is mapped");
    }
    assert_eq!(verified(&follow(&path)), all);
}
