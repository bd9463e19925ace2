//! Owns the palette: one line that finds commands, places, entities and kinds.

use egui::{
    Align2, EventFilter, FontSelection, Frame, Key, Layout, Margin, Rect, Response, Role, ScrollArea, Sense,
    TextEdit, Ui, WidgetInfo, pos2, vec2,
};

use super::super::{inside, keys_at};
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::state::query::Query;
use crate::theme::metrics::{MARK, RADIUS_CHIP};
use crate::theme::{KindMark, icons, type_roles};
use crate::view::palette::{Found, found};
use crate::view::{text, times};
use crate::widgets::key_cap::key_cap;
use crate::widgets::{escape, hairline, kind_mark, paint};
use crate::worker::protocol::Target;

/// Height of a row, points.
const ROW: f32 = 36.0;

/// Private state: what was typed and which row is chosen.
#[derive(Debug, Default)]
pub(super) struct Palette {
    typed: String,
    chosen: usize,
    /// What was found, and for what: finding again costs only when that changed.
    found: Option<(String, Vec<Found>)>,
}

impl Palette {
    /// Draws the palette; `is_new` in the first frame.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, is_new: bool) {
        let t = ctx.tokens;
        let head = Rect::from_min_size(ui.max_rect().min, vec2(ui.max_rect().width(), 48.0));
        let at = pos2(head.left() + 24.0, head.center().y);
        paint::icon(ui.painter(), at, icons::MAGNIFYING_GLASS, 16.0, t.text2);
        self.line_ui(ctx, ui, head, is_new);
        hairline::horizontal(ui.painter(), head.x_range(), head.bottom(), t.line);
        let found = match self.found.take() {
            Some((typed, found)) if typed == self.typed => found,
            _ => place_in_time(ctx, &self.typed)
                .into_iter()
                .chain(found(&self.typed, ctx.model.store.as_ref()))
                .collect(),
        };
        self.keys(ui, found.len());
        let entered = ui.input(|input| input.key_pressed(Key::Enter));
        let below = Rect::from_min_max(
            pos2(head.left() + 8.0, head.bottom() + 6.0),
            ui.max_rect().max - vec2(8.0, 42.0),
        );
        let clicked = inside(ui, below, Layout::default(), |ui| self.list_ui(ctx, ui, &found));
        foot_ui(ctx, ui);
        if let Some(chosen) = clicked.or(entered.then_some(self.chosen)).and_then(|index| found.get(index)) {
            ctx.commands.run(Command::Cancel);
            choose(ctx, chosen);
        }
        self.found = Some((self.typed.clone(), found));
    }

    fn line_ui(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, head: Rect, is_new: bool) {
        let t = ctx.tokens;
        let field =
            Rect::from_min_max(pos2(head.left() + 44.0, head.top() + 10.0), head.max - vec2(16.0, 10.0));
        let hint = "A command, #sequence, @entity, kind: or an event\u{2019}s id";
        let edit = TextEdit::singleline(&mut self.typed)
            .id_salt("palette")
            .frame(Frame::NONE)
            .font(FontSelection::FontId(type_roles::reading()))
            .text_color(t.text)
            .align(Align2::LEFT_CENTER)
            .margin(Margin::ZERO)
            .hint_text(type_roles::rich(hint, type_roles::reading()).color(t.text3));
        let response = ui.put(field, edit).accessible_name("Command");
        if is_new {
            response.request_focus();
        }
        if response.changed() {
            self.chosen = 0;
        }
        let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, filter));
    }

    fn keys(&mut self, ui: &Ui, count: usize) {
        let (down, up) =
            ui.input(|input| (input.key_pressed(Key::ArrowDown), input.key_pressed(Key::ArrowUp)));
        let last = count.saturating_sub(1);
        if down {
            self.chosen = (self.chosen + 1).min(last);
        }
        if up {
            self.chosen = self.chosen.saturating_sub(1);
        }
        self.chosen = self.chosen.min(last);
    }

    /// The rows; gives back the one that was clicked.
    fn list_ui(&self, ctx: ViewContext<'_>, ui: &mut Ui, found: &[Found]) -> Option<usize> {
        if found.is_empty() {
            let margin = Margin::symmetric(14, 10);
            let words = if self.typed.trim_start().starts_with(['#', '@']) && ctx.model.store.is_none() {
                "No store is open"
            } else {
                "Nothing has this name"
            };
            Frame::NONE.inner_margin(margin).show(ui, |ui| {
                ui.label(type_roles::rich(words, type_roles::body()).color(ctx.tokens.text2));
            });
            return None;
        }
        let moved = ui.input(|input| input.key_pressed(Key::ArrowDown) || input.key_pressed(Key::ArrowUp));
        let mut clicked = None;
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            for (index, found) in found.iter().enumerate() {
                let row = row_ui(ctx, ui, found, index == self.chosen);
                if index == self.chosen && moved {
                    row.scroll_to_me(None);
                }
                if row.clicked() {
                    clicked = Some(index);
                }
            }
        });
        clicked
    }
}

/// The first event since a moment, if a moment was typed.
fn place_in_time(ctx: ViewContext<'_>, typed: &str) -> Option<Found> {
    ctx.model.store.as_ref()?;
    times::typed(typed, ctx.model.now_us, ctx.model.zone()).map(Target::Time).map(Found::Go)
}

/// What a row says: its name, and behind it what it is.
fn words_of(ctx: ViewContext<'_>, found: &Found) -> (String, String) {
    match found {
        Found::Command(command) => (command.text().0.to_owned(), command.id().to_owned()),
        Found::Go(Target::Sequence(sequence)) => {
            (format!("Go to {}", text::sequence(*sequence)), "event".to_owned())
        }
        Found::Go(Target::Time(time_us)) => {
            (format!("Go to {}", times::full(*time_us, ctx.model.zone())), "first event since".to_owned())
        }
        Found::Go(Target::Id(id)) => ("Go to event".to_owned(), id.to_string()),
        Found::Entity(name, events) => {
            (escape::visible(name).into_owned(), format!("entity · {}", text::counted(*events, "event")))
        }
        Found::Kind(_, name, events) => {
            (escape::visible(name).into_owned(), format!("kind · {}", text::counted(*events, "event")))
        }
    }
}

/// Does what was chosen.
fn choose(ctx: ViewContext<'_>, found: &Found) {
    let refine = |change: &dyn Fn(&mut Query)| {
        let mut query = ctx.model.store.as_ref().map(|store| store.query.clone()).unwrap_or_default();
        change(&mut query);
        ctx.commands.send(Action::Refine(query));
    };
    match found {
        Found::Command(command) => ctx.commands.run(*command),
        Found::Go(target) => ctx.commands.send(Action::Jump(*target)),
        Found::Entity(name, _) => refine(&|query| query.entity = Some(name.as_ref().to_owned())),
        Found::Kind(kind, ..) => refine(&|query| query.kinds = Some(vec![*kind])),
    }
}

fn row_ui(ctx: ViewContext<'_>, ui: &mut Ui, found: &Found, chosen: bool) -> Response {
    let t = ctx.tokens;
    let (name, what) = words_of(ctx, found);
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, &name));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    if chosen {
        ui.painter().rect_filled(rect, RADIUS_CHIP + 2, t.sel);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, RADIUS_CHIP, t.active);
    }
    let icon_at = pos2(rect.left() + 20.0, rect.center().y);
    let color = if chosen { t.text } else { t.text2 };
    let keys = match found {
        Found::Command(command) => {
            paint::icon(ui.painter(), icon_at, command.icon(), 16.0, color);
            ctx.model.keys.text(*command)
        }
        Found::Kind(kind, ..) => {
            kind_mark::paint(ui.painter(), icon_at, MARK, KindMark::of_category(kind.category()), t);
            String::new()
        }
        Found::Entity(..) => {
            paint::icon(ui.painter(), icon_at, icons::CUBE, 16.0, color);
            String::new()
        }
        Found::Go(_) => {
            paint::icon(ui.painter(), icon_at, icons::HASH, 16.0, color);
            String::new()
        }
    };
    let room = rect.width() - 60.0 - keys.split('+').count() as f32 * super::KEY_ROOM;
    let left = Align2::LEFT_CENTER;
    let words = paint::line(ui.painter(), &name, type_roles::body_medium(), t.text, room);
    let words = paint::put(ui.painter(), left, pos2(rect.left() + 41.0, rect.center().y), words);
    let rest = (room - words.width() - 10.0).max(0.0);
    let what = paint::line(ui.painter(), &what, type_roles::table(), t.text3, rest);
    paint::put(ui.painter(), left, pos2(words.right() + 10.0, rect.center().y), what);
    keys_at(ui, rect, 10.0, &keys);
    match found {
        Found::Command(command) => response.on_hover_text(command.text().1),
        _ => response,
    }
}

fn foot_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    let foot = ui.max_rect().with_min_y(ui.max_rect().bottom() - 38.0);
    hairline::horizontal(ui.painter(), foot.x_range(), foot.top(), t.line);
    inside(ui, foot.shrink2(vec2(18.0, 0.0)), super::super::from_left(), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        for (key, what) in [("↑↓", "choose"), ("Enter", "run"), ("Esc", "close")] {
            key_cap(ui, key);
            ui.label(type_roles::rich(what, type_roles::table()).color(t.text2));
            ui.add_space(10.0);
        }
    });
}
