//! How a store over time becomes points, bars and marks. Pure: no painter, no egui.
//!
//! Invariant: values of the axis are `i64` and `f64`; what leaves here in `f32` was measured from the left end of the view.

pub mod lanes;
pub mod overview;
pub mod scale;
pub mod words;
