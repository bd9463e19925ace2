//! This store, as the program sees it.

pub(crate) use causeway as engine;

#[path = "program.rs"]
pub(crate) mod program;
