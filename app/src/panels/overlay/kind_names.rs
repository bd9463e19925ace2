//! Owns the table that gives kinds a name and a line by hand. Never stores either; it sends what was typed.

use std::collections::HashMap;
use std::path::PathBuf;

use causeway::event::EventKind;
use egui::{Frame, Margin, ScrollArea, Sense, Ui, pos2, vec2};

use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::state::model::StoreModel;
use crate::state::table::TableAction;
use crate::state::template::{Facts, Template};
use crate::theme::metrics::{CONTROL, MARK};
use crate::theme::{KindMark, icons, type_roles};
use crate::view::{rows, text};
use crate::widgets::button::Button;
use crate::widgets::text_input::TextInput;
use crate::widgets::{escape, hairline, kind_mark, paint};

/// Height of the line that tries a template, points.
const PREVIEW: f32 = 26.0;
/// From one kind to the next, points.
const ROW: f32 = CONTROL + 6.0;

/// Width of the number, the count and the name of a kind, points.
const WIDTHS: (f32, f32) = (150.0, 160.0);

/// Private state: what was typed, by kind, and the path of a file with names.
#[derive(Debug, Default)]
pub(super) struct KindNames {
    typed: HashMap<EventKind, String>,
    lines: HashMap<EventKind, String>,
    /// The kind whose line is being written.
    edited: Option<EventKind>,
    path: String,
}

impl KindNames {
    /// Draws the table.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let t = ctx.tokens;
        let whole = ui.max_rect();
        Frame::NONE.inner_margin(Margin::symmetric(20, 16)).show(ui, |ui| {
            ui.label(type_roles::rich("Names and lines of kinds", type_roles::panel_title()).color(t.text));
            ui.add_space(4.0);
            let about = "In your settings, not in the store. A line is what the table says of an event: {payload.total} EUR for {entity}";
            ui.label(type_roles::rich(about, type_roles::table()).color(t.text3));
            ui.add_space(10.0);
            // Whole rows: a half one under the rule would look like a mistake.
            let height = ((whole.height() - 128.0 - PREVIEW) / ROW).floor() * ROW;
            ScrollArea::vertical().max_height(height).auto_shrink(false).show(ui, |ui| {
                ui.set_min_height(height);
                ui.spacing_mut().item_spacing.y = ROW - CONTROL;
                for (kind, count) in ctx.model.store.iter().flat_map(|store| store.facets.kinds.iter()) {
                    self.kind_ui(ctx, ui, *kind, *count);
                }
            });
            hairline::rule(ui);
            self.preview_ui(ctx, ui);
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
            let (rect, _) = paint::allocate(ui, vec2(WIDTHS.0, CONTROL), Sense::hover());
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
            let field = TextInput::new(&label).without_label().icon(icons::TAG).width(WIDTHS.1);
            let shown = field.show(ui, typed);
            if shown.response.lost_focus() && *typed != known {
                let name = (!typed.trim().is_empty()).then(|| typed.trim().to_owned());
                ctx.commands.send(Action::NameKind(kind, name));
            }
            ui.add_space(6.0);
            self.line_ui(ctx, ui, kind);
        });
    }

    /// The template of a kind.
    fn line_ui(&mut self, ctx: ViewContext<'_>, ui: &mut Ui, kind: EventKind) {
        let known =
            ctx.model.store.as_ref().and_then(|store| store.table.template_text(kind)).unwrap_or_default();
        let typed = self.lines.entry(kind).or_insert_with(|| known.to_owned());
        let label = format!("Line of {kind}");
        let field = TextInput::new(&label).without_label().placeholder("{payload}, as its fields").mono();
        let shown = field.show(ui, typed);
        if shown.response.has_focus() {
            self.edited = Some(kind);
        }
        // What cannot be understood stays in its field and changes nothing.
        if shown.response.lost_focus() && typed.trim() != known && Template::parse(typed).is_ok() {
            ctx.commands.send(Action::Table(TableAction::Summarise(kind, Some(typed.clone()))));
        }
    }

    /// What the line that is being written says of the selected event, or why it cannot be tried.
    fn preview_ui(&self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let t = ctx.tokens;
        let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), PREVIEW), Sense::hover());
        let Some(kind) = self.edited else { return };
        let typed = self.lines.get(&kind).map(String::as_str).unwrap_or_default();
        let (words, color) = match Template::parse(typed) {
            Err(problem) => (problem, t.red_text),
            Ok(_) if typed.trim().is_empty() => {
                ("Without a line of its own a kind says its fields".to_owned(), t.text3)
            }
            Ok(template) => match ctx.model.store.as_ref().and_then(|store| tried(store, kind, &template)) {
                Some(line) => (line, t.text),
                None => ("Select an event of this kind to try its line".to_owned(), t.text3),
            },
        };
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &words));
        let words = paint::line(ui.painter(), &words, type_roles::table(), color, rect.width());
        paint::put(ui.painter(), egui::Align2::LEFT_CENTER, rect.left_center(), words);
    }
}

/// The line of the selected event, if it is of this kind and could be decoded.
fn tried(store: &StoreModel, kind: EventKind, template: &Template) -> Option<String> {
    let detail = store.detail.as_ref()?;
    let event = rows::event_of(&detail.row).filter(|event| event.kind == kind)?;
    let payload = detail.payload.as_ref().ok().map(|decoded| &decoded.value);
    let line = template.fill(&Facts {
        entity: &event.entity,
        scope: &event.scope,
        clock: event.clock,
        payload_bytes: event.payload_bytes,
        payload,
    });
    Some(escape::visible(&line).into_owned())
}
