//! The examples are tests: each asserts what it shows, and all of them run here.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

/// Makes a module and a test of each example, and the list of all.
macro_rules! examples {
    ($($path:literal $name:ident)*) => {
        $(#[path = $path] mod $name;)*

        const NAMES: &[&str] = &[$(stringify!($name)),*];

        mod runs {
            $(#[test] fn $name() { super::$name::main().unwrap(); })*
        }
    };
}

examples! {
    "../examples/quickstart.rs" quickstart
    "../examples/optimistic_concurrency.rs" optimistic_concurrency
    "../examples/batch_with_causes.rs" batch_with_causes
    "../examples/projection.rs" projection
    "../examples/watch.rs" watch
    "../examples/worker.rs" worker
    "../examples/reactor.rs" reactor
    "../examples/gates.rs" gates
    "../examples/signed_receipts.rs" signed_receipts
    "../examples/heads.rs" heads
    "../examples/care.rs" care
    "../examples/forgetting.rs" forgetting
    "../examples/payload_versions.rs" payload_versions
    "../examples/read_beside_a_writer.rs" read_beside_a_writer
}

#[test]
fn every_example_runs() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    found.sort_unstable();
    let mut run = NAMES.to_vec();
    run.sort_unstable();
    assert_eq!(run, found);
}

#[test]
fn no_two_examples_claim_one_kind() {
    causeway::event::validate_event_payload_registry().unwrap();
}
