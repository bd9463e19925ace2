//! Pure view models: what a panel shows, as plain data, computed from the model and tested without a window.
//!
//! Floor C. Never names egui.

#![expect(clippy::implicit_hasher, reason = "the model holds the maps, and it has one hasher")]

pub mod columns;
pub mod counts;
pub mod explorer;
pub mod findings;
pub mod form;
pub mod graph;
pub mod lanes;
pub mod memory;
pub mod palette;
pub mod ring;
pub mod rows;
pub mod standing;
pub mod text;
pub mod ticks;
pub mod timeline;
pub mod times;
pub mod trust;
