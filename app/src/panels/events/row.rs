//! Owns how one row of the event table is drawn, and what a right click on it offers. Never knows the row's neighbours but the one above.

use egui::{Align2, Color32, FontId, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::head;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::panels::facts;
use crate::state::damage::{self, Wrong};
use crate::state::query::Query;
use crate::state::table::{Column, TableAction};
use crate::state::trust::{self, Padlock};
use crate::theme::metrics::{MARK, RADIUS_CHIP};
use crate::theme::{KindClass, Tokens, icons, type_roles};
use crate::view::columns::Columns;
use crate::view::lanes::Mark;
use crate::view::rows::{self, Telling};
use crate::view::text;
use crate::view::trust::padlock_words;
use crate::widgets::select::menu_row;
use crate::widgets::{hairline, hatch, kind_mark, paint, tooltip};
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
                let mut name = telling(ctx).spoken(loaded.sequence, event);
                if let Some(spot) = broken {
                    name += " · ";
                    name += &spot.words;
                }
                WidgetInfo::selected(Role::Row, true, selected, name)
            });
            cells(ctx, ui, rect, &line, (loaded.sequence, event));
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

/// Draws the cells of a row in the order of the columns.
fn cells(ctx: StoreContext<'_>, ui: &Ui, rect: Rect, line: &Line<'_>, (sequence, event): (u64, &EventCell)) {
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

fn telling(ctx: StoreContext<'_>) -> Telling<'_> {
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
            (
                "Only this entity",
                vec![Action::Refine(Query { entity: Some(event.entity.to_string()), ..query.clone() })],
            ),
            (
                "Only this kind",
                vec![Action::Refine(Query { kinds: Some(vec![event.kind]), ..query.clone() })],
            ),
            (
                "Only this conversation",
                vec![Action::Refine(Query {
                    correlation: Some(text::id_digits(event.correlation)),
                    ..query.clone()
                })],
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
