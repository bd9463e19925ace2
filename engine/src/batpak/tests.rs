//! Owns the proof that the reader shows what the published crate wrote; must never accept less than the fixtures hold.

mod damage;
mod fixtures;
mod follow;
mod forged;
mod support;
