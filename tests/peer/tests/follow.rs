//! Follows a batpak directory that the real crate writes in another process.

use causeway_tests::follow;

#[test]
fn a_follower_sees_what_the_real_crate_appends() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let figures = follow::measure(env!("CARGO_BIN_EXE_driver"), &home.path().join("store"), 50);
    eprintln!("batpak 0.8.2 appends, causeway follows: {figures}");
}
