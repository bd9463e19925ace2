//! What the interface knows and where the user is. No egui, no store.

pub mod model;
pub mod query;
pub mod route;
