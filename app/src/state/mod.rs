//! What the interface knows and where the user is. No egui, no store.

mod apply;
pub mod asked;
pub mod damage;
pub mod history;
pub mod kind_names;
pub mod model;
pub mod queries;
pub mod query;
pub mod rate;
pub mod route;
pub mod workspace;
pub mod zone;
