//! The published crate, as the program sees it.

pub(crate) use batpak as engine;

#[path = "program.rs"]
pub(crate) mod program;
