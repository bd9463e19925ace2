//! Heads on the command line: taken, kept, proved by, and compared with.
#![allow(clippy::unwrap_used, missing_docs)]

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use causeway::store::{ConsistencyProof, Head, InclusionProof, VerifyingKey};

/// A seed that must never be seen again.
const SECRET: &str = "c0ffee11c0ffee22c0ffee33c0ffee44c0ffee55c0ffee66c0ffee77c0ffee88";

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn of(&self, name: &str) -> String {
        self.0.path().join(name).display().to_string()
    }

    /// Appends events, a process each, which open and close the store.
    fn append(&self, store: &str, count: usize) {
        for n in 0..count {
            let json = format!("{{\"n\":{n}}}");
            let done = causeway(&[
                "append",
                &self.of(store),
                "--entity",
                "order:1",
                "--scope",
                "shop",
                "--kind",
                "0x1001",
                "--json",
                &json,
            ]);
            assert!(done.status.success());
        }
    }

    fn key(&self, mode: u32) -> String {
        let path = self.of(&format!("key-{mode:o}"));
        fs::write(&path, format!("{SECRET}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        path
    }
}

fn causeway(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_causeway")).args(arguments).output().unwrap();
    for text in [&output.stdout, &output.stderr] {
        assert!(!String::from_utf8_lossy(text).contains(&SECRET[..16]), "the key is shown");
    }
    output
}

/// What it prints, if it succeeds.
#[track_caller]
fn done(arguments: &[&str]) -> String {
    let output = causeway(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the only line on the standard error output.
fn failure(arguments: &[&str]) -> (i32, String) {
    let output = causeway(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    (output.status.code().unwrap(), text)
}

fn copy(from: &str, to: &str) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        fs::copy(entry.path(), Path::new(to).join(entry.file_name())).unwrap();
    }
}

#[test]
fn heads_are_kept_in_a_file_and_a_store_that_goes_on_holds_to_all_of_them() {
    let place = Place::new();
    let (store, heads) = (place.of("store"), place.of("heads"));
    place.append("store", 2);
    assert_eq!(done(&["head", &store, "--out", &heads]), "");
    place.append("store", 1);
    let printed = done(&["head", &store]);
    assert_eq!(printed.lines().count(), 1);
    let newest: Head = printed.parse().unwrap();
    assert!(newest.signature.is_none());
    done(&["head", &store, "--out", &heads]);
    let said = done(&["verify", &store, "--against", &heads]);
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 4, "{said}");
    assert_eq!(
        lines[1..],
        ["head size=6 epoch=1 holds", "head size=9 epoch=1 holds", "tamper-evident up to #8"]
    );
    assert!(!done(&["verify", &store]).contains("tamper-evident"), "without a head nothing is");
}

#[test]
fn proofs_are_printed_for_an_event_and_for_an_older_head() {
    let place = Place::new();
    let (store, heads) = (place.of("store"), place.of("heads"));
    place.append("store", 2);
    done(&["head", &store, "--out", &heads]);
    place.append("store", 2);
    let (old, new): (Head, Head) =
        (fs::read_to_string(&heads).unwrap().parse().unwrap(), done(&["head", &store]).parse().unwrap());
    let by_place: InclusionProof =
        serde_json::from_str(&done(&["prove", &store, "--sequence", "1"])).unwrap();
    assert_eq!(new.verify_inclusion(&by_place), Ok(()));
    let dump = done(&["dump", &store]);
    let event: serde_json::Value = serde_json::from_str(dump.lines().nth(1).unwrap()).unwrap();
    let id = event["id"].as_str().unwrap();
    let by_id = done(&["prove", &store, "--event", id]);
    assert_eq!(serde_json::from_str::<InclusionProof>(&by_id).unwrap(), by_place);
    let size = old.size.to_string();
    let older = done(&["prove", &store, "--event", id, "--size", &size]);
    assert_eq!(old.verify_inclusion(&serde_json::from_str(&older).unwrap()), Ok(()));
    let proof: ConsistencyProof = serde_json::from_str(&done(&["prove", &store, "--from", &heads])).unwrap();
    assert_eq!(new.verify_consistency(&old, &proof), Ok(()));
    for (arguments, code, words) in [
        (&["prove", &store][..], 2, "required"),
        (&["prove", &store, "--event", id, "--sequence", "1"], 2, "cannot be used with"),
        (&["prove", &store, "--sequence", "99"], 1, "sequence 99 is not in the store"),
        (&["prove", &store, "--event", "ff"], 1, "no event has id"),
        (&["prove", &store, "--event", "xy"], 1, "32 hexadecimal digits"),
        (&["prove", &store, "--from", &store], 1, "store: "),
    ] {
        let (found, line) = failure(arguments);
        assert!(found == code && line.contains(words), "{line}");
    }
}

#[test]
fn a_head_is_signed_by_a_key_that_only_its_owner_can_read_and_checked_by_the_public_half() {
    let place = Place::new();
    let (store, heads, key) = (place.of("store"), place.of("heads"), place.key(0o600));
    place.append("store", 1);
    done(&["head", &store, "--key", &key, "--out", &heads]);
    let public = done(&["head", "--key", &key, "--public-key"]).trim().to_owned();
    let head: Head = fs::read_to_string(&heads).unwrap().parse().unwrap();
    let bytes: Vec<u8> =
        (0..64).step_by(2).map(|at| u8::from_str_radix(&public[at..at + 2], 16).unwrap()).collect();
    let known = VerifyingKey::from_bytes(bytes.try_into().unwrap()).unwrap();
    assert_eq!(head.verify(&[known]), Ok(()));
    let said = done(&["verify", &store, "--against", &heads, "--key", &public]);
    assert!(said.ends_with("tamper-evident up to #2\n"), "{said}");
    let unsigned = place.of("unsigned");
    done(&["head", &store, "--out", &unsigned]);
    let wide = place.key(0o640);
    let other = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    for (arguments, code, words) in [
        (&["head", &store, "--key", &wide][..], 1, "others can read this key"),
        (&["head", &store, "--key", &heads], 1, "64 hexadecimal digits"),
        (&["head", &store, "--key", &store], 1, "is not a file"),
        (&["head", &store, "--public-key"], 2, "cannot be used with"),
        (&["verify", &store, "--against", &heads], 1, "not known here"),
        (&["verify", &store, "--against", &heads, "--key", other], 1, "not known here"),
        (&["verify", &store, "--against", &unsigned, "--key", &public], 1, "the head is not signed"),
        (&["verify", &store, "--against", &heads, "--key", "12"], 2, "64 hexadecimal digits"),
        (&["verify", &store, "--key", &public], 2, "--against"),
    ] {
        let (found, line) = failure(arguments);
        assert!(found == code && line.contains(words), "{arguments:?}: {line}");
    }
}

#[test]
fn verification_against_a_head_finds_older_copies_and_other_stores_that_are_right_in_themselves() {
    let place = Place::new();
    let (store, heads, older) = (place.of("store"), place.of("heads"), place.of("older"));
    place.append("store", 1);
    copy(&store, &older);
    place.append("store", 2);
    done(&["head", &store, "--out", &heads]);
    let (code, line) = failure(&["verify", &older, "--against", &heads]);
    assert!(code == 1 && line.contains("it was cut, or is an older copy"), "{line}");
    let line = done(&["verify", &store, "--against", &heads, "--json"]);
    let report: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_eq!(report["tamper_evident_events"], report["heads"][0]["size"], "{line}");
    let output = causeway(&["verify", &older, "--against", &heads, "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &report["holds"]), (Some(1), &true.into()), "right in itself");
    assert_eq!(report["heads"][0]["finding"]["class"], "Head");
    assert!(report.get("tamper_evident_events").is_none(), "{report}");
    place.append("older", 2);
    done(&["verify", &older]);
    let (code, line) = failure(&["verify", &older, "--against", &heads]);
    assert!(code == 1 && line.contains("history was rewritten"), "{line}");
    place.append("other", 3);
    let (code, line) = failure(&["verify", &place.of("other"), "--against", &heads]);
    assert!(code == 1 && line.contains("that of another store"), "{line}");
    let (code, line) = failure(&["verify", &store, "--against", &place.of("none")]);
    assert!(code == 1 && line.contains("none"), "{line}");
    fs::write(&heads, "\n").unwrap();
    assert!(failure(&["verify", &store, "--against", &heads]).1.contains("holds no head"));
    fs::write(&heads, "\n{}\n").unwrap();
    assert!(failure(&["verify", &store, "--against", &heads]).1.contains("line 2: no head"));
}

#[test]
fn a_batpak_directory_has_no_head() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak/v082-single/store");
    let (code, line) = failure(&["head", &fixture.display().to_string()]);
    assert!(code == 1 && line.contains("has no heads and no proofs"), "{line}");
}
