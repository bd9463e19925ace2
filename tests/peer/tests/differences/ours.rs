//! This store, as the scenes see it.

pub(crate) use causeway as engine;

#[path = "scenes/mod.rs"]
mod scenes;

pub(crate) use scenes::{
    appending, chaining, compacting, delivering, fencing, judging, opening, reading, receipts, watching,
};

/// What the name of a segment file ends in.
pub(crate) const SEGMENT: &str = ".seg";
