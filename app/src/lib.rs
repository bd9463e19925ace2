//! The inspector: a desktop program that opens an event store, shows what happened, why, and what state follows, while it happens.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::print_stdout))]

pub mod app;
pub mod cli;
pub mod command;
pub mod context;
pub mod fixture;
pub mod panels;
pub mod raster;
pub mod state;
pub mod theme;
pub mod view;
pub mod widgets;
pub mod worker;
