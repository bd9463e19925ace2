//! The parts every panel is built of: data in, a response out.
//!
//! Floor D. A widget knows the tokens and nothing of panels, stores or the selection. Each one gives itself an
//! accessible name, so that people with a screen reader and tests find it by what it says.

pub mod badge;
pub mod button;
pub mod card;
pub mod chip;
pub mod empty_state;
pub mod error_tile;
pub mod escape;
pub mod failed_view;
pub mod focus;
pub mod hairline;
pub mod hash_label;
pub mod hatch;
pub mod hex_view;
mod json_rows;
pub mod json_tree;
pub mod key_cap;
pub mod kind_mark;
pub mod link;
pub mod paint;
pub mod row_scroller;
pub mod scroll_position;
pub mod section_header;
pub mod segmented;
pub mod select;
pub mod slider;
pub mod sparkline;
pub mod spinner;
pub mod tabs;
pub mod text_input;
pub mod toast;
pub mod toggle;
pub mod tooltip;
pub mod tree_row;
