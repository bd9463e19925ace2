//! Names that are not UTF-8, hold a line feed, or are too long.

use std::ffi::OsString;
use std::fs;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use causeway::coordinate::Region;
use causeway::store::{FindingClass, ReadOnly, Store, StoreError, VerifyLevel};

use crate::{Home, config, fill, follow, open, verified};

#[test]
fn a_directory_may_have_any_name_that_the_system_allows() {
    let home = Home::new();
    fs::create_dir(home.path("copies")).unwrap();
    let not_text = OsString::from_vec(b"st\xFFore".to_vec());
    for name in [not_text, "two\nlines".into(), " ".into(), "a\u{202E}b".into(), "x".repeat(255).into()] {
        let path = home.0.path().join(&name);
        let store = open(&path);
        fill(&store, 30);
        let locked = Store::open(config(&path)).unwrap_err();
        assert!(matches!(locked, StoreError::StoreLocked { .. }), "{locked}");
        if name.len() < 250 {
            let copy = home.path("copies").join(&name);
            // A copy's name is one of ours to give: it has to be text.
            match store.snapshot(&copy) {
                Ok(()) => assert_eq!(verified(&follow(&copy)), 31),
                Err(error) => {
                    assert!(name.to_str().is_none() && matches!(error, StoreError::Io(_)), "{error}");
                }
            }
        }
        store.close().unwrap();
        assert_eq!(verified(&follow(&path)), 32);
    }
}

#[test]
fn files_whose_names_are_not_text_hinder_nobody_and_stay() {
    let home = Home::new();
    let path = home.store();
    let store = open(&path);
    fill(&store, 30);
    let strange: Vec<PathBuf> =
        [&b"\xFF\xFE.seg"[..], b"00000000000000000000-0\n.seg", b"\n", b"00000000000000000000-0.seg\xFF"]
            .into_iter()
            .map(|name| path.join(OsString::from_vec(name.to_vec())))
            .collect();
    for file in &strange {
        fs::write(file, "strange").unwrap();
    }
    fill(&store, 30);
    store.close().unwrap();
    let store = open(&path);
    let report = store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap();
    let named: Vec<_> =
        report.findings.iter().map(|finding| (finding.class, finding.file.as_deref())).collect();
    assert_eq!(named, [(FindingClass::File, Some("00000000000000000000-0\n.seg"))], "it is told once");
    assert_eq!(store.query(&Region::all()).len(), 63);
    assert!(strange.iter().all(|file| fs::read(file).unwrap() == b"strange"));
}

#[test]
fn a_path_that_is_too_long_is_refused_and_one_that_is_just_long_enough_is_not() {
    let home = Home::new();
    let too_long = home.0.path().join("a/".repeat(2_100)).join("store");
    let refusals = [
        Store::open(config(&too_long)).err(),
        Store::<ReadOnly>::open_read_only(config(&too_long)).err(),
        Store::open(config(&home.path(&"x".repeat(256)))).err(),
        Store::open(config(&home.path("nul\0byte"))).err(),
    ];
    for refusal in refusals {
        assert!(matches!(refusal, Some(StoreError::Io(_))), "{refusal:?}");
    }
    let mut long = home.store();
    while long.as_os_str().len() < 3_900 {
        long.push("y".repeat(100));
    }
    let store = open(&long);
    fill(&store, 30);
    store.close().unwrap();
    assert_eq!(verified(&follow(&long)), 32);
}
