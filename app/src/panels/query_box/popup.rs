//! Owns what is offered below the query box: what can be written next, examples and earlier queries while nothing is written, and what is
//! wrong with the line.

use std::sync::Arc;

use egui::{Align2, Area, Id, Order, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use crate::command::Action;
use crate::context::StoreContext;
use crate::state::queries::Queries;
use crate::state::query::{Choice, Completion, EXAMPLES, Sources, complete};
use crate::theme::metrics::{MARK, RADIUS_CHIP};
use crate::theme::{KindMark, Tokens, icons, type_roles};
use crate::view::text;
use crate::widgets::{escape, kind_mark, link, paint};
use crate::worker::protocol::{Facets, ResultFacets};

/// Height of a row, points.
const ROW: f32 = 26.0;
/// Queries that an empty line offers: with a name, and of the last ones.
const SAVED: usize = 4;
const RECENT: usize = 4;
/// Room around the rows, points.
const AROUND: f32 = 6.0;

/// What the offer was made from: the line, the byte in it, and what was known.
type Known = (String, usize, Arc<Facets>, Arc<ResultFacets>);

/// Private state: what is offered, for which line, and which of it is marked.
#[derive(Debug, Default)]
pub(super) struct Popup {
    offered: Completion,
    of: Option<Known>,
    marked: Option<usize>,
    is_shown: bool,
    was_closed: bool,
    /// The pointer is in it: it stays while the line loses the cursor to a click.
    pub(super) is_used: bool,
}

impl Popup {
    /// True if keys belong to it.
    pub(super) fn is_open(&self) -> bool {
        self.is_shown && !self.was_closed
    }

    /// True if there is something to choose.
    pub(super) fn has_choices(&self) -> bool {
        self.is_open() && !self.offered.choices.is_empty()
    }

    /// True if the user marked something.
    pub(super) fn is_chosen(&self) -> bool {
        self.has_choices() && self.marked.is_some()
    }

    /// What is marked, or the likeliest.
    pub(super) fn chosen(&self) -> usize {
        self.marked.unwrap_or_default()
    }

    /// Marks the next or the previous choice.
    pub(super) fn step(&mut self, by: isize) {
        let count = self.offered.choices.len();
        self.marked = match self.marked {
            _ if count == 0 => None,
            None if by > 0 => Some(0),
            None => Some(count - 1),
            Some(at) => Some((at + count).wrapping_add_signed(by) % count),
        };
    }

    /// Puts it away until something else is written.
    pub(super) fn close(&mut self) {
        self.was_closed = self.is_shown;
        self.is_shown = false;
        self.is_used = false;
        self.marked = None;
    }

    /// Offers again.
    pub(super) fn reopen(&mut self) {
        self.was_closed = false;
        self.marked = None;
    }

    /// Looks for what can be written at a byte of the line, if the line or what is known changed.
    pub(super) fn update(&mut self, ctx: StoreContext<'_>, line: &str, at: usize) {
        let store = ctx.store;
        let is_same = self.of.as_ref().is_some_and(|(of, byte, facets, result)| {
            of == line
                && *byte == at
                && Arc::ptr_eq(facets, &store.facets)
                && Arc::ptr_eq(result, &store.consists_of)
        });
        if is_same {
            return;
        }
        let sources =
            Sources { names: &store.kind_names, facets: &store.facets, paths: &store.consists_of.paths };
        self.offered =
            if line.trim().is_empty() { examples(&store.queries) } else { complete(line, at, sources) };
        self.of = Some((line.to_owned(), at, store.facets.clone(), store.consists_of.clone()));
        self.marked = self.marked.filter(|marked| *marked < self.offered.choices.len());
    }

    /// The line with a choice in its place, and the byte behind it.
    pub(super) fn accepted(&self, line: &str, choice: usize) -> Option<(String, usize)> {
        let choice = self.offered.choices.get(choice)?;
        let range = self.offered.range.clone();
        let (before, after) = (line.get(..range.start)?, line.get(range.end..)?);
        // A field, a path or a list goes on; anything else is followed by a blank.
        let goes_on = choice.insert.ends_with([':', '.']) || choice.insert.starts_with("payload.");
        let blank = if goes_on || after.starts_with(' ') { "" } else { " " };
        let head = format!("{before}{}{blank}", choice.insert);
        Some((format!("{head}{after}"), head.len()))
    }

    /// Draws it below the box. Gives back the choice that was clicked.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &Ui, line: Rect) -> Option<usize> {
        let error = ctx.store.filter_error.as_ref();
        self.is_shown = !self.was_closed && (error.is_some() || !self.offered.choices.is_empty());
        if !self.is_shown {
            self.is_used = false;
            return None;
        }
        let t = ctx.view.tokens;
        let rows = self.offered.choices.len() + usize::from(error.is_some());
        let size = vec2(line.width(), rows as f32 * ROW + 2.0 * AROUND);
        let area = Area::new(Id::unique("query popup"))
            .order(Order::Foreground)
            .fixed_pos(pos2(line.left(), line.bottom() + 4.0))
            .constrain(false);
        let shown = area.show(ui.ctx(), |ui| {
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            frame(ui, rect, t);
            let mut top = rect.top() + AROUND;
            if let Some(error) = error {
                error_ui(ctx, ui, row_at(rect, top), error);
                top += ROW;
            }
            let mut clicked = None;
            for (index, choice) in self.offered.choices.iter().enumerate() {
                let place = row_at(rect, top + index as f32 * ROW);
                if choice_ui(ui, place, choice, self.marked == Some(index), index) {
                    clicked = Some(index);
                }
            }
            (clicked, rect)
        });
        let (clicked, rect) = shown.inner;
        self.is_used = ui.input(|input| input.pointer.latest_pos().is_some_and(|at| rect.contains(at)));
        clicked
    }
}

/// What an empty line offers: queries with a name, the last ones, and examples.
fn examples(queries: &Queries) -> Completion {
    let choice = |line: &str, about: &str| Choice {
        insert: line.to_owned(),
        about: about.to_owned(),
        count: None,
        kind: None,
    };
    let saved = queries.saved.iter().take(SAVED).map(|query| choice(&query.line, &query.name));
    let recent = queries.recent.iter().take(RECENT).map(|line| choice(line, "asked before"));
    let examples = EXAMPLES.iter().map(|(line, about)| choice(line, about));
    Completion { range: 0..0, choices: saved.chain(recent).chain(examples).collect() }
}

fn frame(ui: &Ui, rect: Rect, t: &Tokens) {
    ui.painter().add(ui.visuals().popup_shadow.as_shape(rect, 6));
    ui.painter().rect(rect, 6, t.overlay, Stroke::new(1.0, t.line_strong), StrokeKind::Inside);
}

fn row_at(rect: Rect, top: f32) -> Rect {
    Rect::from_min_size(pos2(rect.left() + AROUND, top), vec2(rect.width() - 2.0 * AROUND, ROW))
}

/// What is wrong with the line, and the word that mends it.
fn error_ui(ctx: StoreContext<'_>, ui: &mut Ui, rect: Rect, error: &crate::state::query::QueryError) {
    let t = ctx.view.tokens;
    let message = escape::visible(&error.message);
    let response = ui.interact(rect, ui.scope_id().with("error"), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, &*message));
    paint::icon(
        ui.painter(),
        pos2(rect.left() + 12.0, rect.center().y),
        icons::WARNING_CIRCLE,
        14.0,
        t.red_text,
    );
    let room = rect.width() - 130.0;
    let line = paint::line(ui.painter(), &message, type_roles::table(), t.red_text, room);
    let at = paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 26.0, rect.center().y), line);
    let Some(fix) = &error.fix else { return };
    let place = rect.with_min_x(at.right() + 12.0);
    let clicked = super::super::inside(ui, place, super::super::from_left(), |ui| {
        link::link(ui, &format!("Use {fix}")).clicked()
    });
    if clicked {
        let mut line = ctx.store.filter_text.clone();
        if line.get(error.range.clone()).is_some() {
            line.replace_range(error.range.clone(), fix);
        }
        ctx.view.commands.send(Action::Filter(line));
    }
}

/// One choice; true when it was clicked.
fn choice_ui(ui: &mut Ui, rect: Rect, choice: &Choice, is_marked: bool, index: usize) -> bool {
    let t = Tokens::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(index), Sense::click());
    let insert = escape::visible(&choice.insert);
    let count = choice.count.map(text::short_count).unwrap_or_default();
    response.widget_info(|| {
        let label = [&*insert, count.as_str()].join(" ");
        WidgetInfo::selected(Role::ListBoxOption, true, is_marked, label.trim_end())
    });
    if is_marked || response.hovered() {
        ui.painter().rect_filled(rect, RADIUS_CHIP, if is_marked { t.active } else { t.hover });
    }
    let y = rect.center().y;
    let mut left = rect.left() + 8.0;
    if let Some(kind) = choice.kind {
        kind_mark::paint(ui.painter(), pos2(left + 5.0, y), MARK, KindMark::of_category(kind.category()), t);
        left += 18.0;
    }
    let words = paint::line(ui.painter(), &insert, type_roles::mono(), t.text, rect.right() - left - 60.0);
    let used = paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(left, y), words).right();
    let count = paint::whole_line(ui.painter(), &count, type_roles::caption(), t.text3);
    let end = paint::put(ui.painter(), Align2::RIGHT_CENTER, pos2(rect.right() - 8.0, y), count).left();
    let room = (end - used - 24.0).max(0.0);
    let about =
        paint::line(ui.painter(), &escape::visible(&choice.about), type_roles::caption(), t.text3, room);
    if room > 40.0 {
        paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(used + 12.0, y), about);
    }
    response.clicked()
}
