//! A JSON value as a tree of rows that fold, of which only those in view are painted.
//!
//! Never edits the value.

use egui::{Align, Align2, Layout, Rect, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use serde_json::Value;

use super::json_rows::{self, Folding, JsonRow, RowKind};
use super::row_scroller::{RowScroller, Rows, Shown};
use super::{button, focus, hairline, paint};
use crate::theme::metrics::{INDENT, PAYLOAD_ROW, RADIUS_CHIP};
use crate::theme::{Tokens, icons, type_roles};

/// Folding and scrolling of one tree; rows are kept until the version or the folding changes.
#[derive(Clone, Debug, Default)]
pub struct JsonTree {
    scroller: RowScroller,
    folding: Folding,
    rows: Vec<JsonRow>,
    version: Option<u64>,
    found: Found,
    filter_asked: Option<String>,
    /// Copying offers no values: what is shown is the beginning of something larger.
    pub paths_only: bool,
    /// Values can be filtered by.
    pub can_filter: bool,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
struct Found {
    needle: String,
    version: Option<u64>,
    hits: Vec<String>,
    at: usize,
}

impl Found {
    fn is_hit(&self, row: &JsonRow) -> bool {
        // Lines of a text and notes belong to a row that is marked itself.
        let whole = !matches!(row.kind, RowKind::TextLine | RowKind::Note | RowKind::More);
        whole && self.hits.contains(&row.pointer)
    }

    fn is_current(&self, row: &JsonRow) -> bool {
        self.hits.get(self.at).is_some_and(|hit| *hit == row.pointer)
    }
}

impl JsonTree {
    /// Shows `value` in all the room there is. `version` must change whenever the value does.
    pub fn show(&mut self, ui: &mut Ui, label: &str, value: &Value, version: u64) -> Shown {
        self.refresh(value, version);
        let list = Rows { label, count: self.rows.len() as u64, height: PAYLOAD_ROW, keys: true };
        let mut toggled = None;
        let mut filter_asked = None;
        let (rows, found) = (&self.rows, &self.found);
        let offers = Offers { values: !self.paths_only, filter: self.can_filter };
        let shown = self.scroller.show(ui, list, |ui, index, rect| {
            let row = &rows[index as usize];
            let response = ui.interact(rect, ui.scope_id().with(index), Sense::click());
            found_ui(ui, rect, row, found);
            if row_ui(ui, rect, row, &response, (value, offers)) {
                filter_asked = Some(row.pointer.clone());
            }
            if response.clicked() && (row.open.is_some() || row.kind == RowKind::More) {
                toggled = Some((row.pointer.clone(), row.kind));
            }
        });
        self.filter_asked = filter_asked.or(self.filter_asked.take());
        match toggled {
            Some((pointer, RowKind::More)) => {
                self.folding.show_more(&pointer);
                self.version = None;
            }
            Some((pointer, _)) => self.toggle(&pointer),
            None => {}
        }
        shown
    }

    /// The place whose value the user wants to filter by, told once: a JSON pointer.
    pub fn take_filter(&mut self) -> Option<String> {
        self.filter_asked.take()
    }

    /// Opens everything, or folds everything.
    pub fn fold_all(&mut self, open: bool) {
        self.folding = Folding { all: Some(open), ..Folding::default() };
        self.version = None;
    }

    /// Looks for a text in keys and values, and brings the first place where it stands into view.
    pub fn find(&mut self, needle: &str, value: &Value, version: u64) {
        if self.found.needle == needle && self.found.version == Some(version) {
            return;
        }
        let hits = json_rows::find(value, needle);
        self.found = Found { needle: needle.to_owned(), version: Some(version), hits, at: 0 };
        self.reveal_hit(value, version);
    }

    /// Goes so many found places on; back if negative.
    pub fn step_find(&mut self, step: isize, value: &Value, version: u64) {
        let count = self.found.hits.len();
        if count > 0 {
            self.found.at =
                (self.found.at.cast_signed() + step).rem_euclid(count.cast_signed()).cast_unsigned();
            self.reveal_hit(value, version);
        }
    }

    /// Which of the found places is the current one, counted from 1, and how many there are.
    pub fn found(&self) -> (usize, usize) {
        let count = self.found.hits.len();
        (count.min(self.found.at + 1), count)
    }

    fn reveal_hit(&mut self, value: &Value, version: u64) {
        let Some(pointer) = self.found.hits.get(self.found.at).cloned() else { return };
        self.folding.reveal(&pointer);
        self.version = None;
        self.refresh(value, version);
        if let Some(row) = self.rows.iter().position(|row| row.pointer == pointer) {
            self.scroller.ensure_visible(row as u64);
        }
    }

    /// The height that shows the whole tree, points; for panels that scroll as one.
    pub fn full_height(&mut self, value: &Value, version: u64) -> f32 {
        self.refresh(value, version);
        self.rows.len() as f32 * PAYLOAD_ROW
    }

    /// Opens what is folded at `pointer` and folds what is open.
    pub fn toggle(&mut self, pointer: &str) {
        // What a search opened closes like anything else.
        let was_found = self.folding.opened.remove(pointer);
        if !self.folding.flipped.remove(pointer) && !was_found {
            self.folding.flipped.insert(pointer.to_owned());
        }
        self.version = None;
    }

    fn refresh(&mut self, value: &Value, version: u64) {
        if self.version != Some(version) {
            self.rows = json_rows::rows(value, &self.folding);
            self.version = Some(version);
        }
    }
}

/// What a row offers while the pointer is on it.
#[derive(Clone, Copy)]
struct Offers {
    /// Copying its value.
    values: bool,
    /// Filtering by its value.
    filter: bool,
}

/// The ground of a row that a search found.
fn found_ui(ui: &Ui, rect: Rect, row: &JsonRow, found: &Found) {
    if !found.is_hit(row) {
        return;
    }
    let t = Tokens::of(ui);
    let ground = rect.shrink2(vec2(6.0, 1.0));
    if found.is_current(row) {
        ui.painter().rect_filled(ground, RADIUS_CHIP, t.sel);
        ui.painter().rect_filled(Rect::from_min_size(ground.min, vec2(2.0, ground.height())), 0, t.accent);
    } else {
        ui.painter().rect_filled(ground, RADIUS_CHIP, t.sel_weak);
    }
}

/// Draws a row; true if it is to be filtered by.
fn row_ui(
    ui: &mut Ui,
    rect: Rect,
    row: &JsonRow,
    response: &Response,
    (value, offers): (&Value, Offers),
) -> bool {
    let t = Tokens::of(ui);
    let name = if row.key.is_empty() { row.value.clone() } else { format!("{} {}", row.key, row.value) };
    response.widget_info(|| match row.open {
        Some(open) => WidgetInfo::selected(Role::TreeItem, true, open, &name),
        None => WidgetInfo::labeled(Role::TreeItem, true, &name),
    });
    if response.contains_pointer() {
        ui.painter().rect_filled(rect.shrink2(vec2(6.0, 0.0)), RADIUS_CHIP, t.hover);
    }
    let y = rect.center().y;
    let first = rect.left() + 14.0;
    for level in 0..row.depth {
        let x = first + f32::from(level) * INDENT + 5.0;
        hairline::vertical(ui.painter(), x, rect.y_range(), t.line);
    }
    let left = first + f32::from(row.depth) * INDENT;
    if let Some(open) = row.open {
        let caret = if open { icons::CARET_DOWN } else { icons::CARET_RIGHT };
        paint::icon(ui.painter(), pos2(left + 5.0, y), caret, 10.0, t.text3);
    }
    let mut left = left + 15.0;
    if !row.key.is_empty() {
        let key = paint::line(ui.painter(), &row.key, type_roles::mono(), t.text2, rect.right() - left - 8.0);
        left = paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(left, y), key).right() + 10.0;
    }
    let color = match row.kind {
        RowKind::Container | RowKind::Note => t.text3,
        RowKind::More => t.accent_text,
        RowKind::Text | RowKind::TextLine => t.text,
        RowKind::Number => t.json_number(),
        RowKind::Keyword => t.json_keyword(),
    };
    let actions = if response.contains_pointer() { 78.0 } else { 8.0 };
    let room = (rect.right() - left - actions).max(0.0);
    let words = paint::line(ui.painter(), &row.value, type_roles::mono(), color, room);
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(left, y), words);
    focus::ring(ui, response, rect.shrink2(vec2(6.0, 1.0)), RADIUS_CHIP);
    response.contains_pointer() && row.kind != RowKind::More && actions_ui(ui, rect, row, value, offers)
}

/// Copies the whole value, not the preview, and the path as a JSON pointer; true if it is to be filtered by.
fn actions_ui(ui: &mut Ui, rect: Rect, row: &JsonRow, value: &Value, offers: Offers) -> bool {
    let room = Rect::from_min_max(pos2(rect.right() - 82.0, rect.top()), rect.max - vec2(8.0, 0.0));
    let builder = UiBuilder::new().max_rect(room).layout(Layout::right_to_left(Align::Center));
    let is_leaf = matches!(row.kind, RowKind::Text | RowKind::Number | RowKind::Keyword);
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        if button::small_icon(ui, icons::LINK_SIMPLE, "Copy path").clicked() {
            ui.ctx().copy_text(row.pointer.clone());
        }
        if offers.values
            && button::small_icon(ui, icons::COPY, "Copy value").clicked()
            && let Some(value) = value.pointer(&row.pointer)
        {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            ui.ctx().copy_text(text);
        }
        offers.filter
            && is_leaf
            && button::small_icon(ui, icons::FUNNEL_SIMPLE, "Filter by this value").clicked()
    })
    .inner
}
