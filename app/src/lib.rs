//! Inspector.
pub mod raster;
pub mod theme;
pub mod widgets;
