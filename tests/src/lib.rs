//! Owns what the tests from outside share: the words of the engine driver, a driver process, seeded random numbers, figures.
//!
//! Never opens a store to judge it by the store's own word: what must be there is computed from what a driver said on its way.

pub mod crash;
pub mod driven;
pub mod figures;
pub mod follow;
pub mod protocol;
pub mod random;
pub mod room;
pub mod trace;

/// The example of the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
