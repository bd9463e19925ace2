//! What the interface knows and where the user is. No egui, no store.

mod apply;
pub mod asked;
pub mod damage;
pub mod graph;
pub mod history;
pub mod kind_names;
pub mod layout;
mod lenient;
pub mod model;
pub mod notes;
pub mod query;
pub mod rate;
pub mod route;
pub mod settings;
pub mod table;
pub mod template;
pub mod timeline;
pub mod trust;
pub mod vouched;
pub mod workspace;
pub mod zone;
