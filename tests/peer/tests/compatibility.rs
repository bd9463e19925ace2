//! The programs that `engine/tests/compatibility` runs against our store, run against batpak 0.8.2: that is what makes them batpak's.
#![allow(clippy::unwrap_used)]

use ::batpak;

#[path = "../../../engine/tests/compatibility/appending.rs"]
mod appending;
#[path = "../../../engine/tests/compatibility/caching.rs"]
mod caching;
#[path = "../../../engine/tests/compatibility/compacting.rs"]
mod compacting;
#[path = "../../../engine/tests/compatibility/configuring.rs"]
mod configuring;
#[path = "../../../engine/tests/compatibility/copying.rs"]
mod copying;
#[path = "../../../engine/tests/compatibility/diagnosing.rs"]
mod diagnosing;
#[path = "../../../engine/tests/compatibility/failing.rs"]
mod failing;
#[path = "../../../engine/tests/compatibility/following.rs"]
mod following;
#[path = "../../../engine/tests/compatibility/judging.rs"]
mod judging;
#[path = "../../../engine/tests/compatibility/reading.rs"]
mod reading;
#[path = "../../../engine/tests/compatibility/shared.rs"]
mod shared;
#[path = "../../../engine/tests/compatibility/signing.rs"]
mod signing;
#[path = "../../../engine/tests/compatibility/submitting.rs"]
mod submitting;
#[path = "../../../engine/tests/compatibility/words.rs"]
mod words;
#[path = "../../../engine/tests/compatibility/working.rs"]
mod working;
