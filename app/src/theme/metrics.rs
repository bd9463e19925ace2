//! Distances, heights and radii, in points, on a grid of four.
//!
//! Never holds a colour or a size of type.

/// Padding of the explorer.
pub const PADDING_TIGHT: f32 = 12.0;
/// Padding of the inspector and of cards.
pub const PADDING: f32 = 16.0;
/// Padding of forms.
pub const PADDING_WIDE: f32 = 32.0;
/// Between two cards.
pub const CARD_GAP: f32 = 12.0;
/// One step of a tree.
pub const INDENT: f32 = 16.0;

/// Top bar.
pub const TOP_BAR: f32 = 44.0;
/// Row of tabs.
pub const TABS: f32 = 34.0;
/// Header above a result.
pub const RESULT_HEADER: f32 = 34.0;
/// Head of a column.
pub const COLUMN_HEAD: f32 = 24.0;
/// Row of a table.
pub const TABLE_ROW: f32 = 22.0;
/// Row of a tree.
pub const TREE_ROW: f32 = 22.0;
/// Row of a payload, of code or of hex.
pub const PAYLOAD_ROW: f32 = 20.0;
/// Row of the projection list.
pub const PROJECTION_ROW: f32 = 30.0;
/// Buttons, inputs and selects.
pub const CONTROL: f32 = 28.0;
/// Facet chips and query tokens.
pub const CHIP: f32 = 20.0;
/// Kind chips and key caps.
pub const KEY_CAP: f32 = 18.0;
/// Badges and segmented controls.
pub const BADGE: f32 = 22.0;
/// Head of the timeline.
pub const TIMELINE_HEAD: f32 = 34.0;
/// Strip of the whole store in the timeline.
pub const OVERVIEW: f32 = 34.0;
/// Lane of the timeline.
pub const TIMELINE_LANE: f32 = 22.0;
/// Names of the timeline's lanes.
pub const LANE_NAMES: f32 = 168.0;
/// Axis of the timeline.
pub const AXIS: f32 = 22.0;
/// Status bar.
pub const STATUS_BAR: f32 = 24.0;
/// Banner under the tabs.
pub const BANNER: f32 = 40.0;

/// Explorer width.
pub const EXPLORER_WIDTH: f32 = 232.0;
/// Inspector width.
pub const INSPECTOR_WIDTH: f32 = 328.0;
/// Command palette.
pub const PALETTE_WIDTH: f32 = 600.0;
/// Toasts.
pub const TOAST_WIDTH: f32 = 320.0;
/// Height of a toast.
pub const TOAST_HEIGHT: f32 = 48.0;
/// Column of a form.
pub const FORM_WIDTH: f32 = 552.0;
/// Column of an error.
pub const ERROR_WIDTH: f32 = 712.0;

/// Radius of chips, row highlights and keys.
pub const RADIUS_CHIP: u8 = 4;
/// Radius of buttons, inputs and badges.
pub const RADIUS_CONTROL: u8 = 5;
/// Radius of cards, nodes and tooltips.
pub const RADIUS_CARD: u8 = 6;
/// Radius of toasts and hulls.
pub const RADIUS_FLOAT: u8 = 8;
/// Radius of the palette.
pub const RADIUS_PALETTE: u8 = 10;

/// Radius of a kind mark in rows and chips.
pub const MARK: f32 = 4.2;
/// Radius of a kind mark in lanes.
pub const MARK_LANE: f32 = 4.6;
/// Radius of a kind mark in the inspector's title.
pub const MARK_TITLE: f32 = 6.0;

/// Fading of hover and toggles, seconds.
pub const FADE_SECONDS: f32 = 0.10;
