//! Owns how one row of the event table is drawn, and what a right click on it offers. Never knows the row's neighbours but the one above.

use egui::{Align2, Color32, FontId, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::columns::Columns;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::panels::facts;
use crate::state::damage::{self, Wrong};
use crate::state::query::Term;
use crate::theme::metrics::{MARK, RADIUS_CHIP};
use crate::theme::{Tokens, icons, type_roles};
use crate::view::lanes::Mark;
use crate::view::rows::{self, RowText};
use crate::view::text;
use crate::widgets::select::menu_row;
use crate::widgets::{hatch, kind_mark, paint, tooltip};
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
    ground(ui, rect, &response, line.mark.is_some_and(|mark| mark.in_flow), selected, t);
    let spot = damage::spot_at(&ctx.store.spots, loaded.sequence);
    let broken = spot.filter(|spot| spot.wrong == Wrong::Broken);
    if broken.is_some() && !selected {
        hatch::fill(ui.painter(), rect.with_min_x(rect.left() + line.columns.gutter), t);
    }
    match &loaded.cell {
        RowCell::Event(event) => {
            let above = line.above.and_then(rows::event_of).map(|event| event.time_us);
            let words =
                rows::event_text(loaded.sequence, event, &ctx.store.kind_names, above, ctx.view.model.zone());
            response.widget_info(|| {
                let mut name =
                    format!("#{} {} {} {}", words.sequence, words.kind.name, words.entity, words.summary);
                if let Some(spot) = broken {
                    name += " · ";
                    name += &spot.words;
                }
                WidgetInfo::selected(Role::Row, true, selected, name)
            });
            cells(ui, rect, line.columns, &words, selected, t);
            let at = pos2(rect.left() + line.columns.note, rect.center().y);
            match broken {
                Some(spot) => {
                    note_ui(ui, at, (icons::LOCK_SIMPLE_OPEN, t.red), &facts::sentence(&spot.words));
                }
                None => note(ui, at, words.note, t),
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

fn ground(ui: &Ui, rect: Rect, response: &Response, in_flow: bool, selected: bool, t: &Tokens) {
    let p = ui.painter();
    let fill = if selected {
        t.sel
    } else if response.hovered() {
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
    bar(columns.sequence - 48.0, 48.0);
    bar(columns.entity.0, 72.0);
    bar(columns.kind.0 + 16.0, 88.0);
}

fn cells(ui: &Ui, rect: Rect, columns: &Columns, words: &RowText, selected: bool, t: &Tokens) {
    let p = ui.painter();
    let y = rect.center().y;
    let quiet = if selected { t.text } else { t.text2 };
    let number = if selected { t.text } else { t.text3 };
    let right = |x: f32, words: &str, color: Color32| {
        paint::text(p, Align2::RIGHT_CENTER, pos2(rect.left() + x, y), words, type_roles::table(), color);
    };
    let within = |(left, right): (f32, f32), words: &str, font: FontId, color: Color32| {
        let galley = paint::line(p, words, font, color, right - left);
        paint::put(p, Align2::LEFT_CENTER, pos2(rect.left() + left, y), galley);
    };
    right(columns.sequence, &words.sequence, number);
    right(columns.time, &words.time, quiet);
    within(columns.entity, &words.entity, type_roles::table(), quiet);
    let at = pos2(rect.left() + columns.kind.0 + 5.0, y);
    if words.kind.failed {
        kind_mark::failed(p, at, MARK, t);
    } else {
        kind_mark::paint(p, at, MARK, words.kind.mark, t);
    }
    let kind = (columns.kind.0 + 16.0, columns.kind.1);
    let (loud, summary) = if words.kind.failed { (t.red_text, t.red_text) } else { (t.text, quiet) };
    within(kind, &words.kind.name, type_roles::table_medium(), loud);
    if let Some(place) = columns.summary {
        let color = if words.note == RowNote::Undecoded { t.text3 } else { summary };
        within(place, &words.summary, type_roles::table(), color);
    }
    if let Some(left) = columns.correlation {
        let at = pos2(rect.left() + left, y);
        paint::text(p, Align2::LEFT_CENTER, at, &words.correlation, type_roles::mono_small(), number);
    }
}

/// The icon at the end of a row.
fn note(ui: &Ui, center: egui::Pos2, note: RowNote, t: &Tokens) {
    let (icon, color) = match note {
        RowNote::None => (icons::LOCK_SIMPLE, t.disabled),
        RowNote::Pending => (icons::CLOCK, t.amber),
        RowNote::Undecoded => (icons::LOCK_KEY, t.text3),
        RowNote::Hidden => (icons::EYE_SLASH, t.text3),
        RowNote::Finding => (icons::WARNING, t.amber),
    };
    note_ui(ui, center, (icon, color), rows::note_text(note));
}

fn note_ui(ui: &Ui, center: egui::Pos2, (icon, color): (char, Color32), words: &str) {
    paint::icon(ui.painter(), center, icon, 12.0, color);
    if !words.is_empty() {
        let rect = Rect::from_center_size(center, vec2(18.0, 18.0));
        let id = ui.scope_id().with(("note", center.y as i32));
        tooltip::hint(ui.interact(rect, id, Sense::hover()), words);
    }
}

/// A row whose event is not there any more: quiet, because nothing is wrong.
fn removed(p: &Painter, rect: Rect, columns: &Columns, sequence: u64, t: &Tokens) {
    let y = rect.center().y;
    let number = text::grouped(sequence);
    let at = pos2(rect.left() + columns.sequence, y);
    paint::text(p, Align2::RIGHT_CENTER, at, &number, type_roles::table(), t.text3);
    let left = rect.left() + columns.entity.0;
    let words =
        paint::line(p, REMOVED, type_roles::table(), t.text3, rect.left() + columns.note - 16.0 - left);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, y), words);
}

/// A row that cannot be read: hatched, with its reason in red.
fn damaged(p: &Painter, rect: Rect, columns: &Columns, sequence: u64, reason: &str, t: &Tokens) {
    hatch::fill(p, rect.with_min_x(rect.left() + columns.gutter), t);
    let y = rect.center().y;
    let number = text::grouped(sequence);
    paint::text(
        p,
        Align2::RIGHT_CENTER,
        pos2(rect.left() + columns.sequence, y),
        &number,
        type_roles::table(),
        t.red_text,
    );
    let left = rect.left() + columns.entity.0;
    let galley = paint::line(
        p,
        reason,
        type_roles::table_medium(),
        t.red_text,
        rect.left() + columns.note - 16.0 - left,
    );
    let ground =
        Rect::from_min_size(pos2(left - 4.0, rect.top()), vec2(galley.size().x + 8.0, rect.height()));
    p.rect_filled(ground, 0, t.red_bg);
    paint::put(p, Align2::LEFT_CENTER, pos2(left, y), galley);
    paint::icon(p, pos2(rect.left() + columns.note, y), icons::LOCK_SIMPLE_OPEN, 12.0, t.red);
}

/// What a right click offers.
fn menu(ctx: StoreContext<'_>, response: &Response, sequence: u64, event: &EventCell) {
    response.context_menu(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.set_width(220.0);
        let query = &ctx.store.query;
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
