//! The type roles: which size and weight a piece of text has, by what it is.
//!
//! Never says which colour; a role is a size and a weight.

use egui::{FontFamily, FontId, RichText};

use super::fonts::{BOLD, ICONS, MEDIUM, MONO_BOLD};

fn medium_of(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(MEDIUM.into()))
}

fn bold_of(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(BOLD.into()))
}

/// The welcome screen's name, 24 bold.
pub fn display() -> FontId {
    bold_of(24.0)
}
/// Title of a form or an error, 18 bold.
pub fn title() -> FontId {
    bold_of(18.0)
}
/// Subject of the inspector, 15 bold.
pub fn panel_title() -> FontId {
    bold_of(15.0)
}
/// Section of a form, store name, 13 bold.
pub fn heading() -> FontId {
    bold_of(13.0)
}
/// Section of explorer and inspector, 12 bold.
pub fn section() -> FontId {
    bold_of(12.0)
}
/// Tree rows, tabs, inputs, banners, 12.5.
pub fn body() -> FontId {
    FontId::proportional(12.5)
}
/// Buttons, the active tab, 12.5 medium.
pub fn body_medium() -> FontId {
    medium_of(12.5)
}
/// Table cells, 12.
pub fn table() -> FontId {
    FontId::proportional(12.0)
}
/// Kind names in tables, labels above inputs, 12 medium.
pub fn table_medium() -> FontId {
    medium_of(12.0)
}
/// Counts, hints, status bar, 11.5.
pub fn caption() -> FontId {
    FontId::proportional(11.5)
}
/// Chips, badges, segments, 11.5 medium.
pub fn caption_medium() -> FontId {
    medium_of(11.5)
}
/// Axis labels, second lines of nodes, facts of tooltips, 11.
pub fn small() -> FontId {
    FontId::proportional(11.0)
}
/// Column heads, 11 medium.
pub fn column_head() -> FontId {
    medium_of(11.0)
}
/// Payload, code, hashes, queries and hex, 12 monospaced.
pub fn mono() -> FontId {
    FontId::monospace(12.0)
}
/// Correlations in rows, 11.5 monospaced.
pub fn mono_small() -> FontId {
    FontId::monospace(11.5)
}
/// What stands out in code, 12 monospaced bold.
pub fn mono_bold() -> FontId {
    FontId::new(12.0, FontFamily::Name(MONO_BOLD.into()))
}
/// Causes of errors and welcome lines, 13.5; set with `READING_LINE_HEIGHT`.
pub fn reading() -> FontId {
    FontId::proportional(13.5)
}
/// Line height of `reading` text, points.
pub const READING_LINE_HEIGHT: f32 = 21.0;

/// An icon of the given size, points.
pub fn icon(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name(ICONS.into()))
}

/// `text` in the role `font`, for egui's own widgets.
pub fn rich(text: impl Into<String>, font: FontId) -> RichText {
    RichText::new(text).font(font)
}
