//! A JSON value as a tree of rows that fold, of which only those in view are painted.
//!
//! Never edits the value.

use egui::{Align, Align2, Layout, Rect, Response, Role, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};
use serde_json::Value;

use super::json_rows::{self, Flipped, JsonRow, RowKind};
use super::row_scroller::{RowScroller, Rows, Shown};
use super::{button, focus, hairline, paint};
use crate::theme::metrics::{INDENT, PAYLOAD_ROW, RADIUS_CHIP};
use crate::theme::{Tokens, icons, type_roles};

/// Folding and scrolling of one tree; rows are kept until the version or the folding changes.
#[derive(Clone, Debug, Default)]
pub struct JsonTree {
    scroller: RowScroller,
    flipped: Flipped,
    rows: Vec<JsonRow>,
    version: Option<u64>,
    /// Copying offers no values: what is shown is the beginning of something larger.
    pub paths_only: bool,
}

impl JsonTree {
    /// Shows `value` in all the room there is. `version` must change whenever the value does.
    pub fn show(&mut self, ui: &mut Ui, label: &str, value: &Value, version: u64) -> Shown {
        self.refresh(value, version);
        let list = Rows { label, count: self.rows.len() as u64, height: PAYLOAD_ROW, keys: true };
        let mut toggled = None;
        let (rows, paths_only) = (&self.rows, self.paths_only);
        let shown = self.scroller.show(ui, list, |ui, index, rect| {
            let row = &rows[index as usize];
            let response = ui.interact(rect, ui.scope_id().with(index), Sense::click());
            row_ui(ui, rect, row, &response, (!paths_only).then_some(value));
            if response.clicked() && row.open.is_some() {
                toggled = Some(row.pointer.clone());
            }
        });
        if let Some(pointer) = toggled {
            self.toggle(&pointer);
        }
        shown
    }

    /// The height that shows the whole tree, points; for panels that scroll as one.
    pub fn full_height(&mut self, value: &Value, version: u64) -> f32 {
        self.refresh(value, version);
        self.rows.len() as f32 * PAYLOAD_ROW
    }

    /// Opens what is folded at `pointer` and folds what is open.
    pub fn toggle(&mut self, pointer: &str) {
        if !self.flipped.remove(pointer) {
            self.flipped.insert(pointer.to_owned());
        }
        self.version = None;
    }

    fn refresh(&mut self, value: &Value, version: u64) {
        if self.version != Some(version) {
            self.rows = json_rows::rows(value, &self.flipped);
            self.version = Some(version);
        }
    }
}

fn row_ui(ui: &mut Ui, rect: Rect, row: &JsonRow, response: &Response, value: Option<&Value>) {
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
        RowKind::Text | RowKind::TextLine => t.text,
        RowKind::Number => t.json_number(),
        RowKind::Keyword => t.json_keyword(),
    };
    let actions = if response.contains_pointer() { 56.0 } else { 8.0 };
    let room = (rect.right() - left - actions).max(0.0);
    let words = paint::line(ui.painter(), &row.value, type_roles::mono(), color, room);
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(left, y), words);
    if response.contains_pointer() {
        copy_actions(ui, rect, row, value);
    }
    focus::ring(ui, response, rect.shrink2(vec2(6.0, 1.0)), RADIUS_CHIP);
}

/// Copies the whole value, not the preview, and the path as a JSON pointer.
fn copy_actions(ui: &mut Ui, rect: Rect, row: &JsonRow, value: Option<&Value>) {
    let room = Rect::from_min_max(pos2(rect.right() - 60.0, rect.top()), rect.max - vec2(8.0, 0.0));
    let builder = UiBuilder::new().max_rect(room).layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        if button::small_icon(ui, icons::LINK_SIMPLE, "Copy path").clicked() {
            ui.ctx().copy_text(row.pointer.clone());
        }
        if let Some(value) = value
            && button::small_icon(ui, icons::COPY, "Copy value").clicked()
            && let Some(value) = value.pointer(&row.pointer)
        {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            ui.ctx().copy_text(text);
        }
    });
}
