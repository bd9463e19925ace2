//! Owns how the cells of an event's row are drawn, and how wide a column must be to show them whole. Never decides where they are.

use egui::{Align2, Color32, FontId, Painter, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::head;
use super::row::Line;
use crate::command::Action;
use crate::context::StoreContext;
use crate::state::table::Column;
use crate::theme::metrics::MARK;
use crate::theme::{KindClass, Tokens, type_roles};
use crate::view::rows::{self, Telling};
use crate::widgets::{hairline, kind_mark, paint};
use crate::worker::protocol::{EventCell, EventRow, RowNote};

/// Draws the cells of a row in the order of the columns.
pub(super) fn show(
    ctx: StoreContext<'_>,
    ui: &Ui,
    rect: Rect,
    line: &Line<'_>,
    (sequence, event): (u64, &EventCell),
) {
    let t = ctx.view.tokens;
    let p = ui.painter();
    let y = rect.center().y;
    let telling = telling(ctx);
    let above = line.above.and_then(rows::event_of).map(|event| event.time_us);
    let paints = Paints::of(ctx, sequence, event);
    for cell in &line.columns.cells {
        let (left, right) = (rect.left() + cell.left, rect.left() + cell.right);
        let words = || telling.cell(cell.column, sequence, event, above);
        let color = paints.color(cell.column, event, t);
        match cell.column {
            Column::Flow | Column::Lock => {}
            Column::Kind => {
                kind_ui(ctx, p, pos2(left + 5.0, y), event);
                let galley = paint::line(p, &words(), font(cell.column), color, right - left - 16.0);
                paint::put(p, Align2::LEFT_CENTER, pos2(left + 16.0, y), galley);
            }
            Column::Correlation => {
                let bar = Rect::from_center_size(pos2(left + 1.5, y), vec2(3.0, 12.0));
                p.rect_filled(bar, 1, conversation_color(event, t));
                let galley = paint::line(p, &words(), font(cell.column), color, right - left - 7.0);
                paint::put(p, Align2::LEFT_CENTER, pos2(left + 7.0, y), galley);
            }
            Column::Cause => {
                cause_ui(ctx, ui, Rect::from_x_y_ranges(left..=right, rect.y_range()), event, &words());
            }
            column if head::is_right(column) => {
                let galley = paint::line(p, &words(), font(column), color, right - left + 4.0);
                paint::put(p, Align2::RIGHT_CENTER, pos2(right, y), galley);
            }
            column => {
                let galley = paint::line(p, &words(), font(column), color, right - left);
                paint::put(p, Align2::LEFT_CENTER, pos2(left, y), galley);
            }
        }
    }
}

/// What decides the colours of a row.
struct Paints {
    selected: bool,
    /// Its kind recedes, or it lies behind the cursor.
    quiet: bool,
    failed: bool,
}

impl Paints {
    fn of(ctx: StoreContext<'_>, sequence: u64, event: &EventCell) -> Self {
        Self {
            selected: ctx.store.selected == Some(sequence),
            quiet: ctx.store.table.is_quiet(event.kind)
                || ctx.view.model.cursor.is_some_and(|cursor| cursor < sequence),
            failed: rows::kind_text(event.kind, &ctx.store.kind_names).failed,
        }
    }

    fn color(&self, column: Column, event: &EventCell, t: &Tokens) -> Color32 {
        let is_number =
            matches!(column, Column::Sequence | Column::Correlation | Column::Clock | Column::Size);
        match column {
            _ if self.quiet && !self.selected => t.text3,
            Column::Kind | Column::Summary if self.failed => t.red_text,
            Column::Summary if event.note == RowNote::Undecoded => t.text3,
            Column::Kind => t.text,
            _ if self.selected => t.text,
            _ if is_number => t.text3,
            _ => t.text2,
        }
    }
}

fn font(column: Column) -> FontId {
    match column {
        Column::Kind => type_roles::table_medium(),
        Column::Correlation => type_roles::mono_small(),
        _ => type_roles::table(),
    }
}

pub(super) fn telling(ctx: StoreContext<'_>) -> Telling<'_> {
    Telling {
        names: &ctx.store.kind_names,
        zone: ctx.view.model.zone(),
        time: ctx.store.table.time,
        now_us: ctx.view.model.now_us,
    }
}

/// What a column needs to show all of a row, points; 0 for a row without an event.
pub(super) fn words_width(
    ctx: StoreContext<'_>,
    ui: &Ui,
    column: Column,
    loaded: &EventRow,
    above: Option<&EventRow>,
) -> f32 {
    let Some(event) = rows::event_of(loaded) else { return 0.0 };
    let above = above.and_then(rows::event_of).map(|event| event.time_us);
    let words = telling(ctx).cell(column, loaded.sequence, event, above);
    let lead = match column {
        Column::Kind => 16.0,
        Column::Correlation => 7.0,
        _ => 0.0,
    };
    lead + paint::whole_line(ui.painter(), &words, font(column), Color32::PLACEHOLDER).size().x
}

fn kind_ui(ctx: StoreContext<'_>, p: &Painter, center: egui::Pos2, event: &EventCell) {
    let t = ctx.view.tokens;
    let words = rows::kind_text(event.kind, &ctx.store.kind_names);
    if words.failed {
        kind_mark::failed(p, center, MARK, t);
    } else {
        kind_mark::paint(p, center, MARK, words.mark, t);
    }
}

/// The same colour wherever a conversation is met; the letters beside it tell apart those that share one.
fn conversation_color(event: &EventCell, t: &Tokens) -> Color32 {
    let mixed = u128::from(event.correlation).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    let hues = KindClass::ALL.len() - 1;
    t.kind(KindClass::ALL[(mixed >> 96) as usize % hues]).mark
}

/// The cause of an event: a link, if it is in the store.
fn cause_ui(ctx: StoreContext<'_>, ui: &Ui, place: Rect, event: &EventCell, words: &str) {
    let t = ctx.view.tokens;
    let Some(cause) = event.cause_sequence else {
        paint::text(
            ui.painter(),
            Align2::RIGHT_CENTER,
            place.right_center(),
            words,
            type_roles::table(),
            t.text3,
        );
        return;
    };
    let id = ui.scope_id().with(("cause", place.top() as i32));
    let response = ui.interact(place, id, Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("cause {words}")));
    let color = if response.hovered() { t.accent_text } else { t.text3 };
    let at = paint::text(
        ui.painter(),
        Align2::RIGHT_CENTER,
        place.right_center(),
        words,
        type_roles::table(),
        color,
    );
    if response.hovered() {
        hairline::horizontal(ui.painter(), at.x_range(), at.bottom() - 1.0, color);
    }
    if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
        ctx.view.commands.send(Action::Select(cause));
    }
}
