//! Follows a store that another process writes.

use causeway_tests::follow;

#[test]
fn a_follower_sees_what_another_process_appends() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let figures = follow::measure(env!("CARGO_BIN_EXE_driver"), &home.path().join("store"), 50);
    eprintln!("causeway appends, causeway follows: {figures}");
}
