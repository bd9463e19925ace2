//! Floor 2: what is where. The index of the log in memory and in its derived files, and what the open store shares.

pub(crate) mod cache;
pub(crate) mod files;
mod generations;
pub(crate) mod hub;
pub(crate) mod index;
pub(crate) mod lineage;
pub(crate) mod live;
pub(crate) mod locate;
pub(crate) mod lost;
pub(crate) mod postings;
mod rows;
pub(crate) mod sealed;
pub(crate) mod selection;
pub(crate) mod shared;
pub(crate) mod survey;
pub(crate) mod walk;
pub(crate) mod watermarks;
