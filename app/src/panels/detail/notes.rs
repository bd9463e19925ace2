//! Owns the tab of the bookmark and the note of the selected event. Never saves.

use egui::{Frame, Key, Margin, Modifiers, TextEdit, Ui, vec2};

use crate::command::{Action, Command, TrustAction};
use crate::context::StoreContext;
use crate::theme::metrics::PADDING;
use crate::theme::{icons, type_roles};
use crate::view::{rows, times};
use crate::widgets::button::Button;
use crate::widgets::section_header;
use crate::worker::protocol::{Detail, EventCell};

/// Private state: what is being written, and to which event.
#[derive(Debug, Default)]
pub(super) struct NotesTab {
    written: String,
    of: Option<u64>,
    /// Puts the cursor into the note at the next frame.
    pub(super) wants_focus: bool,
}

impl NotesTab {
    /// Draws the tab.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
        let sequence = detail.row.sequence;
        let known = ctx.store.notes.get(&sequence);
        if self.of != Some(sequence) {
            self.of = Some(sequence);
            self.written = known.map(|note| note.text.clone()).unwrap_or_default();
        }
        let margin = Margin::symmetric(PADDING as i8, 10);
        Frame::NONE.inner_margin(margin).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            self.note_ui(ctx, ui, sequence);
            let kind = rows::kind_text(event.kind, &ctx.store.kind_names).name;
            let about = match known {
                Some(note) => format!("Written {}", times::full(note.time_us, ctx.view.model.zone())),
                None => format!("No bookmark at this {kind}"),
            };
            hint(ctx, ui, &about);
            hint(ctx, ui, "A note belongs to the hash of its event: it is found again in every copy of the store. It is kept beside the settings, the store stays as it is, and nobody signs it.");
            gone_ui(ctx, ui);
        });
    }

    fn note_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, sequence: u64) {
        let known = ctx.store.notes.get(&sequence);
        let t = ctx.view.tokens;
        let edit = TextEdit::multiline(&mut self.written)
            .desired_rows(6)
            .desired_width(f32::INFINITY)
            .margin(Margin::symmetric(10, 8))
            .background_color(t.input)
            .hint_text("Why this event matters");
        let response = ui.add(edit);
        response.widget_info(|| {
            egui::WidgetInfo::text_edit(true, &self.written, &self.written, "Note of the event")
        });
        if std::mem::take(&mut self.wants_focus) {
            response.request_focus();
        }
        let saved = known.map(|note| note.text.as_str()).unwrap_or_default();
        let is_new = self.written.trim_end() != saved;
        let by_key =
            response.has_focus() && ui.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let save = ui.add(Button::primary("Save note").enabled(is_new)).clicked() || (by_key && is_new);
            if save {
                ctx.view.commands.send(Action::Trust(TrustAction::Note(sequence, self.written.clone())));
            }
            if known.is_none() {
                if ui.add(Button::secondary("Bookmark").icon(icons::BOOKMARK_SIMPLE)).clicked() {
                    ctx.view.commands.run(Command::ToggleBookmark);
                }
            } else if ui.add(Button::ghost("Remove")).clicked() {
                self.written.clear();
                ctx.view.commands.send(Action::Trust(TrustAction::RemoveNote(sequence)));
            }
        });
        ui.allocate_space(vec2(0.0, 2.0));
    }
}

/// Notes whose event is not in this store.
fn gone_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let gone = &ctx.store.vouched.gone;
    if gone.is_empty() {
        return;
    }
    section_header::fixed(ui, "Notes without their event", &gone.len().to_string(), |_| {});
    hint(ctx, ui, "These events are not in this store, or are not what they were:");
    for note in gone {
        let words = format!("#{} {}: {}", note.sequence, note.about, note.title());
        let words = crate::widgets::escape::visible(&words).into_owned();
        ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.text2));
    }
}

fn hint(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) {
    ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.text3));
}
