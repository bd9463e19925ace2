//! Owns asking for the name under which a query is kept.

use egui::{Area, Id, Key, Modifiers, Order, Rect, Stroke, StrokeKind, Ui, pos2, vec2};

use crate::command::Action;
use crate::context::StoreContext;
use crate::state::queries::{QueryAction, SavedQuery};
use crate::widgets::button::Button;
use crate::widgets::text_input::TextInput;

/// Size of the form, points.
const SIZE: egui::Vec2 = vec2(320.0, 104.0);

/// The name so far.
#[derive(Debug, Default)]
pub(super) struct Naming {
    name: String,
    was_shown: bool,
}

impl Naming {
    /// Draws the form below the box; true when it is done with.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &Ui, line: Rect) -> bool {
        let t = ctx.view.tokens;
        let (enter, escape) = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            (pressed(Key::Enter), pressed(Key::Escape))
        });
        let area = Area::new(Id::unique("name of a query"))
            .order(Order::Foreground)
            .fixed_pos(pos2(line.right() - SIZE.x, line.bottom() + 4.0));
        let clicked = area.show(ui.ctx(), |ui| {
            let (rect, _) = ui.allocate_exact_size(SIZE, egui::Sense::click());
            ui.painter().add(ui.visuals().popup_shadow.as_shape(rect, 6));
            ui.painter().rect(rect, 6, t.overlay, Stroke::new(1.0, t.line_strong), StrokeKind::Inside);
            let inner = rect.shrink(12.0);
            super::inside(ui, inner, egui::Layout::default(), |ui| {
                let input = TextInput::new("Name of the query").show(ui, &mut self.name);
                if !std::mem::replace(&mut self.was_shown, true) {
                    input.response.request_focus();
                }
                ui.add_space(8.0);
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 8.0;
                    (ui.add(Button::primary("Save")).clicked(), ui.add(Button::ghost("Cancel")).clicked())
                })
                .inner
            })
        });
        let (save, cancel) = clicked.inner;
        let name = self.name.trim();
        if (save || enter) && !name.is_empty() {
            let query = SavedQuery { name: name.to_owned(), line: ctx.store.query.line(&ctx.vocabulary()) };
            ctx.view.commands.send(Action::Query(QueryAction::Save(query)));
            return true;
        }
        cancel || escape
    }
}
