//! The inspector: a desktop program that opens an event store, shows what happened, why, and what state follows, while it happens.

pub mod command;
pub mod context;
pub mod raster;
pub mod state;
pub mod theme;
pub mod widgets;
pub mod worker;
