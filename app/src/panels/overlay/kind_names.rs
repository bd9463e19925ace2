//! Owns the table that gives kinds a name by hand. Never stores a name; it sends what was typed.

use std::collections::HashMap;
use std::path::PathBuf;

use causeway::event::EventKind;
use egui::{Frame, Margin, ScrollArea, Sense, Ui, pos2, vec2};

use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::theme::metrics::{CONTROL, MARK};
use crate::theme::{KindMark, icons, type_roles};
use crate::view::text;
use crate::widgets::button::Button;
use crate::widgets::text_input::TextInput;
use crate::widgets::{hairline, kind_mark, paint};

/// From one kind to the next, points.
const ROW: f32 = CONTROL + 6.0;

/// Private state: what was typed, by kind, and the path of a file with names.
#[derive(Debug, Default)]
pub(super) struct KindNames {
    typed: HashMap<EventKind, String>,
    path: String,
}

impl KindNames {
    /// Draws the table.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let t = ctx.tokens;
        let whole = ui.max_rect();
        Frame::NONE.inner_margin(Margin::symmetric(20, 16)).show(ui, |ui| {
            ui.label(type_roles::rich("Names of kinds", type_roles::panel_title()).color(t.text));
            ui.add_space(4.0);
            let about = "Names live in your settings, not in the store";
            ui.label(type_roles::rich(about, type_roles::table()).color(t.text3));
            ui.add_space(10.0);
            // Whole rows: a half one under the rule would look like a mistake.
            let height = ((whole.height() - 128.0) / ROW).floor() * ROW;
            ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
                ui.set_min_height(height);
                ui.spacing_mut().item_spacing.y = ROW - CONTROL;
                for (kind, count) in ctx.model.store.iter().flat_map(|store| store.facets.kinds.iter()) {
                    self.kind_ui(ctx, ui, *kind, *count);
                }
            });
            hairline::rule(ui);
            ui.add_space(10.0);
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                let width = ui.available_width() - 161.0;
                let field = TextInput::new("JSON file with names").without_label().mono().width(width);
                field.placeholder("/path/of/names.json").show(ui, &mut self.path);
                let is_ready = !self.path.trim().is_empty();
                if ui.add(Button::secondary("Load file").enabled(is_ready)).clicked() {
                    ctx.commands.send(Action::LoadKindNames(PathBuf::from(self.path.trim())));
                }
                if ui.add(Button::primary("Done")).clicked() {
                    ctx.commands.run(Command::Cancel);
                }
            });
        });
    }

    fn kind_ui(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, kind: EventKind, count: u64) {
        let t = ctx.tokens;
        let known = ctx
            .model
            .store
            .as_ref()
            .and_then(|store| store.kind_names.get(&kind))
            .cloned()
            .unwrap_or_default();
        ui.horizontal(|ui| {
            ui.spacing_mut().interact_size.y = CONTROL;
            let (rect, _) = paint::allocate(ui, vec2(170.0, CONTROL), Sense::hover());
            let y = rect.center().y;
            kind_mark::paint(
                ui.painter(),
                pos2(rect.left() + 6.0, y),
                MARK,
                KindMark::of_category(kind.category()),
                t,
            );
            let left = egui::Align2::LEFT_CENTER;
            let at = paint::text(
                ui.painter(),
                left,
                pos2(rect.left() + 20.0, y),
                &kind.to_string(),
                type_roles::mono(),
                t.text2,
            );
            let count = text::short_count(count);
            paint::text(
                ui.painter(),
                left,
                pos2(at.right() + 12.0, y),
                &count,
                type_roles::caption(),
                t.text3,
            );
            let typed = self.typed.entry(kind).or_insert_with(|| known.clone());
            let label = format!("Name of {kind}");
            let shown = TextInput::new(&label).without_label().icon(icons::TAG).show(ui, typed);
            if shown.response.lost_focus() && *typed != known {
                let name = (!typed.trim().is_empty()).then(|| typed.trim().to_owned());
                ctx.commands.send(Action::NameKind(kind, name));
            }
        });
    }
}
