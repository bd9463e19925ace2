//! Programs as they are written against batpak 0.8.2, grouped by what they use. They compile here with one line changed, the one
//! below that says what `batpak` is, and they behave the same; `tests/peer` runs the same files against the published crate.
//!
//! How many of the names that such programs use are among them, `coverage` counts.
#![allow(clippy::unwrap_used)]

use causeway as batpak;

mod appending;
mod caching;
mod compacting;
mod configuring;
mod copying;
mod coverage;
mod diagnosing;
mod failing;
mod following;
mod judging;
mod reading;
mod shared;
mod signing;
mod submitting;
mod words;
mod working;
