//! Owns how one row of the event table is drawn, and what a right click on it offers. Never knows the row's neighbours but the one above.

use egui::{Align2, Color32, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::cells;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::panels::facts;
use crate::state::damage::{self, Wrong};
use crate::state::query::Term;
use crate::state::table::{Column, TableAction};
use crate::state::trust::{self, Padlock};
use crate::theme::metrics::RADIUS_CHIP;
use crate::theme::{Tokens, icons, type_roles};
use crate::view::columns::Columns;
use crate::view::lanes::Mark;
use crate::view::rows;
use crate::view::text;
use crate::view::trust::padlock_words;
use crate::widgets::select::menu_row;
use crate::widgets::{hatch, paint, tooltip};
use crate::worker::protocol::{EventCell, EventRow, RowCell, RowNote};

/// What stands in the place of an event that retention took.
const REMOVED: &str = "Removed by retention";

/// What is known of a line of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'a> {
    /// Row in the result.
    pub(super) index: u64,
    /// The row above in view.
    pub(super) above: Option<&'a EventRow>,
    /// Where its cells are.
    pub(super) columns: &'a Columns,
    /// Its place in the gutter.
    pub(super) mark: Option<Mark>,
}

/// Draws a row; true if it was clicked.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui, rect: Rect, line: Line<'_>) -> bool {
    let t = ctx.view.tokens;
    let Some(loaded) = ctx.store.rows.get(&line.index) else {
        waiting(ui.painter(), rect, line.columns, t);
        return false;
    };
    let response = ui.interact(rect, ui.scope_id().with(line.index), Sense::click());
    let selected = ctx.store.selected == Some(loaded.sequence);
    if response.hovered() {
        ctx.view.commands.send(Action::Hover(Some(loaded.sequence)));
    }
    let hovered = response.hovered() || ctx.view.model.hover == Some(loaded.sequence);
    ground(ui, rect, hovered, line.mark.is_some_and(|mark| mark.in_flow), selected, t);
    let spot = damage::spot_at(&ctx.store.spots, loaded.sequence);
    let broken = spot.filter(|spot| spot.wrong == Wrong::Broken);
    if broken.is_some() && !selected {
        hatch::fill(ui.painter(), rect.with_min_x(rect.left() + line.columns.gutter), t);
    }
    match &loaded.cell {
        RowCell::Event(event) => {
            response.widget_info(|| {
                let mut name = cells::telling(ctx).spoken(loaded.sequence, event);
                if let Some(spot) = broken {
                    name += " · ";
                    name += &spot.words;
                }
                WidgetInfo::selected(Role::Row, true, selected, name)
            });
            cells::show(ctx, ui, rect, &line, (loaded.sequence, event));
            if let Some(at) = lock_at(rect, line.columns) {
                match broken {
                    Some(spot) => {
                        note_ui(ui, at, (icons::LOCK_SIMPLE_OPEN, t.red), &facts::sentence(&spot.words));
                    }
                    None => note(ui, at, event.note, trust::padlock(ctx.store, loaded.sequence), t),
                }
            }
            menu(ctx, &response, loaded.sequence, event);
        }
        RowCell::Removed => {
            let name = format!("#{} {REMOVED}", text::grouped(loaded.sequence));
            response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, &name));
            removed(ui.painter(), rect, line.columns, loaded.sequence, t);
        }
        RowCell::Damaged { reason, .. } => {
            let reason = facts::sentence(reason);
            let name = format!("#{} {reason}", text::grouped(loaded.sequence));
            response.widget_info(|| WidgetInfo::selected(Role::Row, true, selected, &name));
            damaged(ui.painter(), rect, line.columns, loaded.sequence, &reason, t);
            tooltip::hint(response.clone(), &reason);
        }
    }
    if ctx.store.broken_from().is_some_and(|first| first <= loaded.sequence) {
        rail(ui.painter(), rect, t);
    }
    response.clicked()
}

/// Beside every row from the first break of the chain on.
fn rail(p: &Painter, rect: Rect, t: &Tokens) {
    p.rect_filled(Rect::from_min_size(rect.min + vec2(3.0, 0.0), vec2(2.0, rect.height())), 0, t.red);
}

fn ground(ui: &Ui, rect: Rect, hovered: bool, in_flow: bool, selected: bool, t: &Tokens) {
    let p = ui.painter();
    let fill = if selected {
        t.sel
    } else if hovered {
        t.hover
    } else if in_flow {
        t.sel_weak
    } else {
        Color32::TRANSPARENT
    };
    p.rect_filled(rect, 0, fill);
    if selected {
        p.rect_filled(Rect::from_min_size(rect.min, vec2(2.0, rect.height())), 0, t.accent);
    }
}

/// A row that is not loaded yet.
fn waiting(p: &Painter, rect: Rect, columns: &Columns, t: &Tokens) {
    let bar = |left: f32, width: f32| {
        let at = pos2(rect.left() + left, rect.center().y - 3.0);
        p.rect_filled(Rect::from_min_size(at, vec2(width, 6.0)), RADIUS_CHIP, t.line_soft);
    };
    if let Some(cell) = columns.cell(Column::Sequence) {
        bar(cell.right - 48.0, 48.0);
    }
    if let Some(cell) = columns.cell(Column::Entity) {
        bar(cell.left, 72.0_f32.min(cell.right - cell.left));
    }
    if let Some(cell) = columns.cell(Column::Kind) {
        bar(cell.left + 16.0, 88.0_f32.min(cell.right - cell.left));
    }
}

/// The icon at the end of a row: what is unusual about the event, or else its padlock.
fn note(ui: &Ui, center: egui::Pos2, note: RowNote, padlock: Padlock, t: &Tokens) {
    let (icon, color) = match (note, padlock) {
        (RowNote::Undecoded, _) => (icons::LOCK_KEY, t.text3),
        (RowNote::Hidden, _) => (icons::EYE_SLASH, t.text3),
        (RowNote::Finding, _) => (icons::WARNING, t.amber),
        (_, Padlock::Verified) => (icons::LOCK_SIMPLE, t.disabled),
        (_, Padlock::Waiting | Padlock::NotDurable) => (icons::CLOCK, t.amber),
        (_, Padlock::NotVerified) => (icons::CLOCK, t.disabled),
        (_, Padlock::Unreadable | Padlock::Broken) => (icons::LOCK_SIMPLE_OPEN, t.red),
    };
    let words = match note {
        RowNote::None | RowNote::Pending => padlock_words(padlock),
        unusual => rows::note_text(unusual),
    };
    note_ui(ui, center, (icon, color), words);
}

fn note_ui(ui: &Ui, center: egui::Pos2, (icon, color): (char, Color32), words: &str) {
    paint::icon(ui.painter(), center, icon, 12.0, color);
    if !words.is_empty() {
        let rect = Rect::from_center_size(center, vec2(18.0, 18.0));
        let id = ui.scope_id().with(("note", center.y as i32));
        tooltip::hint(ui.interact(rect, id, Sense::hover()), words);
    }
}

/// Where the padlock of a row is.
fn lock_at(rect: Rect, columns: &Columns) -> Option<egui::Pos2> {
    let cell = columns.cell(Column::Lock)?;
    Some(pos2(rect.left() + cell.centre().round(), rect.center().y))
}

/// The sequence of a row that holds no event.
fn number_ui(p: &Painter, rect: Rect, columns: &Columns, sequence: u64, color: Color32) {
    if let Some(cell) = columns.cell(Column::Sequence) {
        let at = pos2(rect.left() + cell.right, rect.center().y);
        paint::text(p, Align2::RIGHT_CENTER, at, &text::grouped(sequence), type_roles::table(), color);
    }
}

/// A row whose event is not there any more: quiet, because nothing is wrong.
fn removed(p: &Painter, rect: Rect, columns: &Columns, sequence: u64, t: &Tokens) {
    number_ui(p, rect, columns, sequence, t.text3);
    let (left, right) = (columns.words_left(), columns.words_right());
    let words = paint::line(p, REMOVED, type_roles::table(), t.text3, right - left);
    paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + left, rect.center().y), words);
    if let Some(at) = lock_at(rect, columns) {
        paint::icon(p, at, icons::LOCK_KEY, 12.0, t.text3);
    }
}

/// A row that cannot be read: hatched, with its reason in red.
fn damaged(p: &Painter, rect: Rect, columns: &Columns, sequence: u64, reason: &str, t: &Tokens) {
    hatch::fill(p, rect.with_min_x(rect.left() + columns.gutter), t);
    number_ui(p, rect, columns, sequence, t.red_text);
    let left = rect.left() + columns.words_left();
    let room = rect.left() + columns.words_right() - left;
    let galley = paint::line(p, reason, type_roles::table_medium(), t.red_text, room);
    let ground =
        Rect::from_min_size(pos2(left - 4.0, rect.top()), vec2(galley.size().x + 8.0, rect.height()));
    p.rect_filled(ground, 0, t.red_bg);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, rect.center().y), galley);
    if let Some(at) = lock_at(rect, columns) {
        paint::icon(p, at, icons::LOCK_SIMPLE_OPEN, 12.0, t.red);
    }
}

/// What a right click offers.
fn menu(ctx: StoreContext<'_>, response: &Response, sequence: u64, event: &EventCell) {
    response.context_menu(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.set_width(220.0);
        let query = &ctx.store.query;
        let quiet = ctx.store.table.is_quiet(event.kind);
        let choices = [
            ("Show in causal graph", vec![Action::Select(sequence), Action::Run(Command::ShowGraph)]),
            ("Append a reaction…", vec![Action::Select(sequence), Action::Run(Command::AppendReaction)]),
            ("Only this entity", vec![Action::Refine(query.with(Term::entity(&*event.entity)))]),
            (
                "Only this kind",
                vec![Action::Refine(query.with(Term::kind(event.kind, &ctx.store.kind_names)))],
            ),
            (
                "Only this conversation",
                vec![Action::Refine(query.with(Term::correlation(text::id_digits(event.correlation))))],
            ),
            (
                if quiet { "Draw this kind as all others" } else { "Let this kind recede" },
                vec![Action::Table(TableAction::Quiet(event.kind, !quiet))],
            ),
            ("What this kind says…", vec![Action::Select(sequence), Action::Run(Command::NameKinds)]),
            ("Copy event id", vec![Action::Copy(event.event_id.to_string(), "event id")]),
        ];
        for (label, actions) in choices {
            if menu_row(ui, label, false).clicked() {
                for action in actions {
                    ctx.view.commands.send(action);
                }
                ui.close();
            }
        }
    });
}
