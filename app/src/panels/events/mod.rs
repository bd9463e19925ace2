//! Owns the event table: how much was found, facets, rows with their lanes, and the way back to the newest event. Never loads a row; it says
//! which ones are about to be seen.

mod cells;
mod gutter;
mod head;
mod header;
mod row;

use std::ops::Range;

use egui::{Align, Key, Layout, Modifiers, Rect, Ui, pos2, vec2};

use self::head::Head;
use super::inside;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::model::Overlay;
use crate::state::query::Query;
use crate::state::table::{Column, TableAction, TimeMode};
use crate::view::columns::{Columns, Room};
use crate::view::lanes::{self, LaneRow, Lanes};
use crate::view::{rows, text};
use crate::widgets::button;
use crate::widgets::row_scroller::{RowScroller, Rows};
use crate::worker::protocol::RequestId;

/// Rows above and below the view that lanes look at, and that are asked for ahead.
const MARGIN_ROWS: u64 = 100;

/// Private state: where the table is scrolled to, what it asked for last.
#[derive(Debug, Default)]
pub(super) struct EventTable {
    scroller: RowScroller,
    visible: Range<u64>,
    head: Head,
    asked: Option<(Range<u64>, Query, u64, RequestId)>,
    revealed: Option<u64>,
    following: bool,
    /// Pages to go, down or up, once the table is drawn.
    pages: i64,
}

impl EventTable {
    /// Goes a page down or up when the table is drawn next.
    pub(super) fn turn_page(&mut self, pages: i64) {
        self.pages += pages;
    }

    /// Opens the menu of columns when the table is drawn next.
    pub(super) fn choose_columns(&mut self) {
        self.head.open_menu();
    }

    /// Draws the table in all the room there is.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        header::show(ctx, ui);
        if ctx.store.matched.rows == 0 {
            header::show_empty(ctx, ui);
            return;
        }
        let lanes = self.lanes(ctx);
        let last_sequence = ctx.store.summary.position.events;
        let room = Room { width: ui.available_width(), lanes: lanes.width, last_sequence };
        let columns = Columns::place(&ctx.store.table, room);
        if let Some(column) = self.head.show(ctx, ui, &columns) {
            self.fit(ctx, ui, column);
        }
        self.obey(ctx);
        take_letters(ctx, ui);
        self.rows_ui(ctx, ui, &columns, &lanes);
        self.ask(ctx);
        // One row stays in view, so that the eye finds its place.
        let page = self.visible.end.saturating_sub(self.visible.start + 1).max(1);
        let pages = std::mem::take(&mut self.pages);
        if pages != 0 {
            ctx.view.commands.send(Action::Step(pages * page.cast_signed()));
        }
    }

    /// Makes a column as wide as the widest of what it shows.
    fn fit(&self, ctx: StoreContext<'_>, ui: &Ui, column: Column) {
        let widths = ctx.store.rows.range(self.visible.clone()).map(|(index, loaded)| {
            let above = index.checked_sub(1).and_then(|above| ctx.store.rows.get(&above));
            cells::words_width(ctx, ui, column, loaded, above)
        });
        let widest = widths.fold(0.0_f32, f32::max);
        if widest > 0.0 {
            let width = widest.ceil().min(f32::from(u16::MAX)) as u16;
            ctx.view.commands.send(Action::Table(TableAction::Width(column, Some(width))));
        }
    }

    /// Lanes of the rows around what was in view in the frame before.
    fn lanes(&self, ctx: StoreContext<'_>) -> Lanes {
        let around =
            self.visible.start.saturating_sub(MARGIN_ROWS)..self.visible.end.saturating_add(MARGIN_ROWS);
        let rows: Vec<LaneRow> = ctx
            .store
            .rows
            .range(around)
            .filter_map(|(row, loaded)| {
                let cause = rows::event_of(loaded)?.cause_sequence;
                Some(LaneRow { row: *row, sequence: loaded.sequence, cause })
            })
            .collect();
        lanes::lanes(&rows, ctx.store.selected)
    }

    /// Scrolls to where the model wants the table to be.
    fn obey(&mut self, ctx: StoreContext<'_>) {
        if self.following != ctx.store.follow {
            self.following = ctx.store.follow;
            self.scroller.set_follow(ctx.store.follow);
        }
        if self.revealed != ctx.store.reveal_row {
            self.revealed = ctx.store.reveal_row;
            if let Some(row) = self.revealed {
                let page = self.visible.end - self.visible.start;
                let near = self.visible.start.saturating_sub(page)..self.visible.end.saturating_add(page);
                // A step moves the table as little as it must; after a jump one wants to see what is around.
                if near.contains(&row) || page == 0 {
                    self.scroller.ensure_visible(row);
                } else {
                    self.scroller.center_on(row);
                }
            }
        }
    }

    fn rows_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, columns: &Columns, lanes: &Lanes) {
        let height = ctx.view.model.settings.density.row();
        let list = Rows { label: "events", count: ctx.store.matched.rows, height, keys: false };
        let first = self.visible.start;
        let mut clicked = None;
        let shown = self.scroller.show(ui, list, |ui, index, rect| {
            // The first row in view tells its whole time; only a distance needs the row above it.
            let has_above = index > first || ctx.store.table.time == TimeMode::Delta;
            let above =
                index.checked_sub(1).filter(|_| has_above).and_then(|above| ctx.store.rows.get(&above));
            let line = row::Line { index, above, columns, mark: lanes.marks.get(&index).copied() };
            if row::show(ctx, ui, rect, line) {
                clicked = ctx.store.rows.get(&index).map(|row| row.sequence);
            }
        });
        self.visible = shown.visible.clone();
        let top = shown.body.top() - self.scroller.position().offset;
        let painter = ui.painter().with_clip_rect(shown.body.intersect(ui.clip_rect()));
        gutter::paint(
            ctx,
            &painter,
            columns,
            lanes,
            (pos2(shown.body.left(), top), self.scroller.position().first_row),
        );
        if let Some(sequence) = clicked {
            ctx.view.commands.send(Action::Select(sequence));
        }
        if self.following && !self.scroller.is_following() {
            self.following = false;
            ctx.view.commands.run(Command::ToggleFollow);
        }
        new_events_ui(ctx, ui, shown.body);
    }

    /// Asks for the rows in view and a few around them, once a view.
    fn ask(&mut self, ctx: StoreContext<'_>) {
        let count = ctx.store.matched.rows;
        let missing = self.visible.clone().any(|row| !ctx.store.rows.contains_key(&row));
        let range = self.visible.start.saturating_sub(MARGIN_ROWS)
            ..self.visible.end.saturating_add(MARGIN_ROWS).min(count);
        let since = ctx.view.model.asked.rows_since;
        let ask = (range.clone(), ctx.store.query.clone(), count, since);
        if missing && self.asked.as_ref() != Some(&ask) {
            ctx.view.commands.send(Action::NeedRows(range.start, range.end - range.start));
            self.asked = Some(ask);
        }
    }
}

/// J and K go down and up as the arrows do, for hands that stay on the letters.
fn take_letters(ctx: StoreContext<'_>, ui: &Ui) {
    if ui.ctx().text_edit_focused() || ctx.view.model.overlay != Overlay::None {
        return;
    }
    for (key, step) in [(Key::J, 1), (Key::K, -1)] {
        if ui.input_mut(|input| input.consume_key(Modifiers::NONE, key)) {
            ctx.view.commands.send(Action::Step(step));
        }
    }
}

/// What arrived below while the user reads above.
fn new_events_ui(ctx: StoreContext<'_>, ui: &mut Ui, body: Rect) {
    if ctx.store.follow || ctx.store.unseen == 0 {
        return;
    }
    let label = format!("+{} new", text::grouped(ctx.store.unseen));
    let place = Rect::from_center_size(pos2(body.center().x, body.bottom() - 24.0), vec2(140.0, 28.0));
    inside(ui, place, Layout::top_down(Align::Center), |ui| {
        let pill = button::Button::secondary(&label).icon(crate::theme::icons::ARROW_DOWN);
        if ui.add(pill).clicked() {
            ctx.view.commands.run(Command::GoLast);
        }
    });
}
