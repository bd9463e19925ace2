//! Owns the query box: what is asked as tokens while nobody writes, as text while somebody does, with what can be written next below it. Never
//! searches.

mod naming;
mod popup;
mod tokens;

use egui::text::{CCursor, CCursorRange, CharIndex};
use egui::text_edit::TextEditState;
use egui::{
    EventFilter, FontSelection, Frame, Id, Key, Modifiers, Rect, Response, Role, Stroke, StrokeKind,
    TextEdit, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use self::naming::Naming;
use self::popup::Popup;
use super::{from_left, from_right, inside, keys_at};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::theme::metrics::RADIUS_CONTROL;
use crate::theme::{icons, type_roles};
use crate::widgets::{button, focus, paint};

/// Boxes below this width show no key and no tokens, points.
const TOKENS_MIN: f32 = 200.0;

/// Private state: what is being written, and what is offered for it.
#[derive(Debug, Default)]
pub(super) struct QueryBox {
    edited: String,
    is_editing: bool,
    wants_focus: bool,
    popup: Popup,
    naming: Option<Naming>,
}

impl QueryBox {
    /// Puts the cursor into the box at the next frame.
    pub(super) fn focus(&mut self) {
        self.wants_focus = true;
    }

    /// Asks for the name under which the query is kept.
    pub(super) fn name(&mut self) {
        self.naming = Some(Naming::default());
    }

    /// Draws the box in a place.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, line: Rect) {
        let t = ctx.view.tokens;
        let store = ctx.store;
        let wrong = store.filter_error.is_some();
        let border = match () {
            () if wrong => Stroke::new(1.5, t.red),
            () if self.is_editing => Stroke::new(1.0, t.focus),
            () => Stroke::new(1.0, t.control),
        };
        ui.painter().rect(line, RADIUS_CONTROL, t.input, border, StrokeKind::Inside);
        let color = if wrong { t.red_text } else { t.text3 };
        let at = pos2(line.left() + 15.0, line.center().y);
        paint::icon(ui.painter(), at, icons::MAGNIFYING_GLASS, 14.0, color);
        let inner = Rect::from_min_max(line.min + vec2(28.0, 1.0), line.max - vec2(6.0, 1.0));
        if !self.is_editing {
            self.edited.clone_from(&store.filter_text);
        }
        let inner = inner.with_max_x(self.end_ui(ctx, ui, inner) - 4.0);
        let is_plain = self.is_editing || self.wants_focus || self.popup.is_used || wrong;
        let has_tokens = store.query.parts().iter().any(tokens::is_token);
        if has_tokens && !is_plain && inner.width() > TOKENS_MIN {
            self.tokens_ui(ctx, ui, inner);
        } else {
            self.edit_ui(ctx, ui, inner, line);
        }
        if let Some(naming) = &mut self.naming
            && naming.show(ctx, ui, line)
        {
            self.naming = None;
        }
    }

    /// What stands at the right end: the cross, or the key; gives back where it begins.
    fn end_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, inner: Rect) -> f32 {
        let is_set = !self.edited.is_empty() || !ctx.store.query.is_empty();
        inside(ui, inner, from_right(), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if is_set && !ctx.store.query.is_empty() {
                let save = Command::SaveQuery;
                if button::small_icon(ui, save.icon(), save.text().0).clicked() {
                    ctx.view.commands.run(save);
                }
            }
            if is_set {
                if button::small_icon(ui, icons::X, Command::ClearFilter.text().0).clicked() {
                    self.is_editing = false;
                    self.edited.clear();
                    ctx.view.commands.run(Command::ClearFilter);
                }
            } else if !self.is_editing && inner.width() > 220.0 {
                keys_at(ui, inner, 0.0, &ctx.view.model.keys.text(Command::ShowPalette));
                ui.add_space(52.0);
            }
            ui.min_rect().left()
        })
    }

    /// Tokens, then text; a click beside them turns all into the whole line.
    fn tokens_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, inner: Rect) {
        let response = ui.interact(inner, Id::unique("query tokens"), egui::Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::TextInput, true, "Filter"));
        if response.clicked() || response.has_focus() {
            self.wants_focus = true;
        }
        if let Some(query) = tokens::show(ctx, ui, inner) {
            ctx.view.commands.send(Action::Refine(query));
        }
    }

    /// The line itself.
    fn edit_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, rect: Rect, line: Rect) {
        let t = ctx.view.tokens;
        let id = Id::unique("query line");
        let has_popup = self.popup.is_open();
        if has_popup && ui.memory(|memory| memory.has_focus(id)) {
            self.keys(ctx, ui, id);
        }
        let hint = "Filter, as kind:OrderPlaced entity:order text";
        let edit = TextEdit::singleline(&mut self.edited)
            .id(id)
            .frame(Frame::NONE)
            .margin(egui::Margin::ZERO)
            .font(FontSelection::FontId(type_roles::mono()))
            .text_color(t.text)
            .hint_text(type_roles::rich(hint, type_roles::body()).color(t.text3))
            .align(egui::Align2::LEFT_CENTER)
            .event_filter(EventFilter {
                tab: has_popup,
                escape: has_popup,
                horizontal_arrows: true,
                vertical_arrows: true,
            })
            .desired_width(rect.width());
        let builder = UiBuilder::new().max_rect(rect).layout(from_left());
        let response = ui.scope_builder(builder, |ui| ui.add_sized(rect.size(), edit)).inner;
        let response = response.accessible_name("Filter");
        focus::ring(ui, &response, line, RADIUS_CONTROL);
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
            put_cursor(ui, id, &self.edited, self.edited.len());
        }
        self.is_editing = response.has_focus();
        if response.changed() {
            self.popup.reopen();
            ctx.view.commands.send(Action::Filter(self.edited.clone()));
        }
        self.error_ui(ctx, ui, &response, rect);
        if self.is_editing || self.popup.is_used {
            self.popup.update(ctx, &self.edited, cursor(ui, id, &self.edited));
            let accepted = self.popup.show(ctx, ui, line);
            if let Some(choice) = accepted {
                self.accept(ctx, ui, id, choice);
            }
        } else {
            self.popup.close();
        }
    }

    /// Keys that belong to what is offered, before the text sees them.
    fn keys(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, id: Id) {
        let pressed = |key| ui.input_mut(|input| input.consume_key(Modifiers::NONE, key));
        if pressed(Key::ArrowDown) {
            self.popup.step(1);
        }
        if pressed(Key::ArrowUp) {
            self.popup.step(-1);
        }
        if pressed(Key::Escape) {
            self.popup.close();
        }
        let taken =
            self.popup.is_chosen() && pressed(Key::Enter) || self.popup.has_choices() && pressed(Key::Tab);
        if taken {
            let choice = self.popup.chosen();
            self.accept(ctx, ui, id, choice);
        }
    }

    /// Writes a choice in its place, and goes on writing behind it.
    fn accept(&mut self, ctx: StoreContext<'_>, ui: &Ui, id: Id, choice: usize) {
        let Some((line, at)) = self.popup.accepted(&self.edited, choice) else { return };
        self.edited = line;
        self.popup.reopen();
        put_cursor(ui, id, &self.edited, at);
        ui.memory_mut(|memory| memory.request_focus(id));
        ctx.view.commands.send(Action::Filter(self.edited.clone()));
    }

    /// A line under what cannot be understood.
    fn error_ui(&self, ctx: StoreContext<'_>, ui: &Ui, response: &Response, rect: Rect) {
        let t = ctx.view.tokens;
        let Some(error) = &ctx.store.filter_error else { return };
        if self.edited != ctx.store.filter_text {
            return;
        }
        let width = |end: usize| {
            let head = self.edited.get(..end).unwrap_or(&self.edited);
            paint::whole_line(ui.painter(), head, type_roles::mono(), t.text).size().x
        };
        let scrolled = (width(self.edited.len()) - rect.width()).max(0.0);
        let shift = if response.has_focus() { scrolled } else { 0.0 };
        let (from, to) = (width(error.range.start) - shift, width(error.range.end) - shift);
        let y = rect.center().y + 8.0;
        let painter = ui.painter().with_clip_rect(rect);
        let mut x = rect.left() + from.max(0.0);
        let end = rect.left() + to.max(from + 6.0);
        while x < end {
            let points = [pos2(x, y), pos2(x + 2.0, y - 2.0), pos2(x + 4.0, y)];
            painter.add(egui::Shape::line(points.to_vec(), Stroke::new(1.0, t.red)));
            x += 4.0;
        }
    }
}

/// The byte of the line at which the cursor stands.
fn cursor(ui: &Ui, id: Id, line: &str) -> usize {
    let range = TextEditState::load(ui.ctx(), id).and_then(|state| state.cursor.char_range());
    let at = range.map_or(usize::MAX, |range| range.primary.index.0);
    line.char_indices().nth(at).map_or(line.len(), |(byte, _)| byte)
}

fn put_cursor(ui: &Ui, id: Id, line: &str, byte: usize) {
    let at = line.get(..byte).unwrap_or(line).chars().count();
    let mut state = TextEditState::load(ui.ctx(), id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::one(CCursor::new(CharIndex(at)))));
    state.store(ui.ctx(), id);
}
