//! Owns the form that appends an event, and the receipt of the last one. Never appends; it sends a draft that was checked.

use egui::{
    FontSelection, Frame, Layout, Margin, Rect, ScrollArea, Sense, Stroke, StrokeKind, TextEdit, Ui, pos2,
    vec2,
};

use super::{facts, from_left, from_right, inside, keys_at};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::theme::metrics::{FORM_WIDTH, PADDING_WIDE, RADIUS_CARD, RADIUS_CONTROL};
use crate::theme::{KindMark, icons, type_roles};
use crate::view::form::{self, Checked, Form};
use crate::view::{rows, text};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button::{self, Button};
use crate::widgets::card::card;
use crate::widgets::empty_state::EmptyState;
use crate::widgets::hash_label::hash_label;
use crate::widgets::select::menu_row;
use crate::widgets::text_input::{FieldError, TextInput};
use crate::widgets::{error_tile, escape, focus, hairline, kind_mark, link, paint, section_header};
use crate::worker::protocol::{Detail, EventCell, Failure, FormField, OpenMode, ReceiptView, StoreFormat};

/// Height of the foot with the buttons, points.
const FOOT: f32 = 52.0;
/// Height of the payload's editor, points.
const EDITOR: f32 = 190.0;
/// Kinds offered below the field at once.
const SUGGESTIONS: usize = 8;

/// The event that the form reacts to.
#[derive(Clone, Debug, PartialEq)]
struct Reaction {
    sequence: u64,
    event: EventCell,
}

/// Private state: what was typed, and which event it reacts to.
#[derive(Debug, Default)]
pub(super) struct AppendForm {
    form: Form,
    reaction: Option<Reaction>,
    /// What was sent last: a refusal belongs to it and to nothing that is typed afterwards.
    sent: Option<Form>,
}

impl AppendForm {
    /// Makes the form react to an event, if there is one.
    pub(super) fn react_to(&mut self, detail: Option<&Detail>) {
        let Some(detail) = detail else { return };
        let Some(event) = rows::event_of(&detail.row) else { return };
        self.reaction = Some(Reaction { sequence: detail.row.sequence, event: event.clone() });
        if self.form.entity.is_empty() {
            self.form.entity = event.entity.to_string();
        }
        if self.form.scope.is_empty() {
            self.form.scope = event.scope.to_string();
        }
    }

    /// Draws form and receipt.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let t = ctx.view.tokens;
        if ctx.store.summary.mode == OpenMode::ReadOnly {
            read_only_ui(ctx, ui);
            return;
        }
        let whole = ui.available_rect_before_wrap();
        let form_width = (FORM_WIDTH + 2.0 * PADDING_WIDE).min((whole.width() * 0.56).floor());
        let left = whole.with_max_x(whole.left() + form_width);
        let right = whole.with_min_x(left.right());
        ui.painter().rect_filled(right, 0, t.panel);
        hairline::vertical(ui.painter(), right.left(), right.y_range(), t.line);
        let reaction =
            self.reaction.as_ref().map(|reaction| (reaction.event.event_id, reaction.event.correlation));
        let checked = form::check(&self.form, &ctx.store.kind_names, reaction);
        let body = left.with_max_y(left.bottom() - FOOT);
        inside(ui, body, Layout::default(), |ui| {
            ScrollArea::vertical().id_salt("append form").auto_shrink(false).show(ui, |ui| {
                let margin = Margin { left: 32, right: 32, top: 20, bottom: 16 };
                Frame::NONE.inner_margin(margin).show(ui, |ui| self.fields_ui(ctx, ui, &checked));
            });
        });
        self.foot_ui(ctx, ui, left.with_min_y(body.bottom()), &checked);
        inside(ui, right.shrink2(vec2(24.0, 20.0)), Layout::default(), |ui| receipt_ui(ctx, ui));
    }

    fn fields_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, checked: &Checked) {
        let t = ctx.view.tokens;
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.label(type_roles::rich("Append an event", type_roles::title()).color(t.text));
        let about = "It is written when you append it, and nothing can take it back";
        ui.label(type_roles::rich(about, type_roles::body()).color(t.text2));
        ui.add_space(10.0);
        if let Some(reaction) = self.reaction.clone()
            && reaction_ui(ctx, ui, &reaction)
        {
            self.reaction = None;
        }
        // What is still empty is waited for; only what was typed can be wrong.
        let told =
            |problem: &Option<String>, typed: &str| problem.clone().filter(|_| !typed.trim().is_empty());
        let kind = told(&checked.kind, &self.form.kind).or_else(|| self.refused(ctx, FormField::Kind));
        let entity =
            told(&checked.entity, &self.form.entity).or_else(|| self.refused(ctx, FormField::Entity));
        let scope = told(&checked.scope, &self.form.scope).or_else(|| self.refused(ctx, FormField::Scope));
        let expected =
            told(&checked.expected, &self.form.expected).or_else(|| self.refused(ctx, FormField::Expected));
        self.kind_ui(ctx, ui, checked, kind.as_deref());
        ui.add_space(10.0);
        let half = ((ui.available_width() - 16.0) / 2.0).floor();
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 16.0;
            let error = entity.as_deref().map(|message| FieldError { message, fix: None });
            let input = TextInput::new("Entity").hint("whose stream it extends").placeholder("order:8842");
            input.width(half).error(error).show(ui, &mut self.form.entity);
            let error = scope.as_deref().map(|message| FieldError { message, fix: None });
            let input = TextInput::new("Scope").hint("the context").placeholder("shop");
            input.width(half).error(error).show(ui, &mut self.form.scope);
        });
        ui.add_space(10.0);
        let error = expected.as_deref().map(|message| FieldError { message, fix: None });
        let input = TextInput::new("Only if the entity has").hint("so many events");
        input.placeholder("any number").width(half).error(error).show(ui, &mut self.form.expected);
        ui.add_space(12.0);
        hairline::rule(ui);
        ui.add_space(10.0);
        self.payload_ui(ctx, ui, checked);
    }

    /// Why the store refused this field of what was sent, until something else is typed.
    fn refused(&self, ctx: StoreContext<'_>, field: FormField) -> Option<String> {
        let Some(Err(failure)) = &ctx.store.receipt else { return None };
        let same = self.sent.as_ref() == Some(&self.form) && failure.field == Some(field);
        same.then(|| facts::sentence(&failure.message))
    }

    /// The kind by name or number; names that fit are offered while it is typed.
    fn kind_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, checked: &Checked, problem: Option<&str>) {
        let hint = match checked.found_kind {
            Some(kind) => format!("{kind}"),
            None => "a name, or a number such as 0x1001".to_owned(),
        };
        let fitting = self.fitting_kinds(ctx);
        // While names that fit are offered, the name is on its way and not wrong.
        let error = problem
            .filter(|_| fitting.is_empty() || checked.found_kind.is_some())
            .map(|message| FieldError { message, fix: None });
        let input =
            TextInput::new("Kind").hint(&hint).placeholder("OrderPlaced").icon(icons::TAG).error(error);
        let shown = input.show(ui, &mut self.form.kind);
        if let Some(kind) = checked.found_kind {
            let mark = KindMark::of_category(kind.category());
            let at = pos2(shown.response.rect.right() - 8.0, shown.response.rect.center().y);
            kind_mark::paint(ui.painter(), at, crate::theme::metrics::MARK, mark, ctx.view.tokens);
        }
        let open = shown.response.has_focus() && checked.found_kind.is_none() && !fitting.is_empty();
        egui::Popup::from_response(&shown.response).open(open).gap(8.0).width(320.0).show(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for name in &fitting {
                // The press takes the focus away before the release would be a click.
                let row = menu_row(ui, &escape::visible(name), false);
                if row.clicked() || row.is_pointer_button_down_on() {
                    self.form.kind.clone_from(name);
                }
            }
        });
    }

    /// Names of kinds of the store that hold what was typed.
    fn fitting_kinds(&self, ctx: StoreContext<'_>) -> Vec<String> {
        let typed = self.form.kind.trim().to_lowercase();
        let known = ctx.store.facets.kinds.iter().filter_map(|(kind, _)| ctx.store.kind_names.get(kind));
        known
            .filter(|name| name.to_lowercase().contains(&typed) && name.as_str() != self.form.kind)
            .take(SUGGESTIONS)
            .cloned()
            .collect()
    }

    fn payload_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, checked: &Checked) {
        let t = ctx.view.tokens;
        section_header::fixed(ui, "Payload", "JSON, stored as MessagePack", |ui| {
            let value = serde_json::from_str::<serde_json::Value>(&self.form.payload).ok();
            if let Some(value) = value
                && link::link(ui, "Tidy up").clicked()
            {
                self.form.payload = serde_json::to_string_pretty(&value).unwrap_or_default();
            }
        });
        let problem = checked.payload.as_ref().filter(|_| !self.form.payload.trim().is_empty());
        let refused = self.refused(ctx, FormField::Payload);
        let border = if problem.is_some() || refused.is_some() {
            Stroke::new(1.5, t.red)
        } else {
            Stroke::new(1.0, t.control)
        };
        let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), EDITOR), Sense::hover());
        ui.painter().rect(rect, RADIUS_CONTROL, t.input, border, StrokeKind::Inside);
        inside(ui, rect.shrink2(vec2(10.0, 8.0)), Layout::default(), |ui| {
            ScrollArea::vertical().id_salt("payload editor").auto_shrink(false).show(ui, |ui| {
                let edit = TextEdit::multiline(&mut self.form.payload)
                    .id_salt("payload")
                    .frame(Frame::NONE)
                    .margin(Margin::ZERO)
                    .font(FontSelection::FontId(type_roles::mono()))
                    .text_color(t.text)
                    .hint_text(type_roles::rich("{ \"total\": 4980 }", type_roles::mono()).color(t.text3))
                    .code_editor()
                    .desired_rows(9)
                    .desired_width(f32::INFINITY);
                let response = ui.add(edit).accessible_name("Payload as JSON");
                focus::ring(ui, &response, rect, RADIUS_CONTROL);
            });
        });
        match (problem, checked.encoded_bytes) {
            _ if refused.is_some() => {
                error_tile::inline(ui, Tone::Bad, refused.as_deref().unwrap_or_default());
            }
            (Some(problem), _) => {
                let words = format!("{}, line {} column {}", problem.message, problem.line, problem.column);
                error_tile::inline(ui, Tone::Bad, &words);
            }
            (None, Some(size)) => {
                let words = format!("{} as MessagePack", text::bytes(size));
                ui.label(type_roles::rich(words, type_roles::caption()).color(t.text3));
            }
            (None, None) => {
                ui.label(type_roles::rich("Any JSON value", type_roles::caption()).color(t.text3));
            }
        }
    }

    fn foot_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, foot: Rect, checked: &Checked) {
        let t = ctx.view.tokens;
        hairline::horizontal(ui.painter(), foot.x_range(), foot.top(), t.line);
        let room = foot.shrink2(vec2(PADDING_WIDE, 0.0));
        let ready = checked.draft.clone();
        let by_key = ready.is_some()
            && ui.input(|input| input.modifiers.command && input.key_pressed(egui::Key::Enter));
        inside(ui, room, from_left(), |ui| {
            let append = Button::primary("Append event").icon(icons::NOTE_PENCIL).enabled(ready.is_some());
            let clicked = ui.add(append).clicked();
            if let Some(draft) = ready.filter(|_| clicked || by_key) {
                self.sent = Some(self.form.clone());
                ctx.view.commands.send(Action::Append(draft));
            }
            if ui.add(Button::ghost("Reset")).clicked() {
                *self = Self::default();
            }
            let (problems, wrong) = (checked.problems(), checked.wrong(&self.form));
            let refused = FormField::ALL.into_iter().any(|field| self.refused(ctx, field).is_some());
            let wrong = wrong + u64::from(refused);
            if wrong > 0 {
                let words = format!("{} to fix", text::counted(wrong, "field"));
                error_tile::inline(ui, Tone::Bad, &words);
            } else if problems > 0 {
                let words = format!("{} to fill in", text::counted(problems, "field"));
                ui.label(type_roles::rich(words, type_roles::table()).color(t.text3));
            }
        });
        if room.width() > 460.0 {
            keys_at(ui, room, 0.0, "Ctrl+Enter");
        }
    }
}

/// Which event the form reacts to; true if that was taken away.
fn reaction_ui(ctx: StoreContext<'_>, ui: &mut Ui, reaction: &Reaction) -> bool {
    let t = ctx.view.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), 38.0), Sense::hover());
    let words = rows::kind_text(reaction.event.kind, &ctx.store.kind_names);
    let number = text::sequence(reaction.sequence);
    response.widget_info(|| {
        egui::WidgetInfo::labeled(egui::Role::Status, true, format!("Reaction to {} {number}", words.name))
    });
    ui.painter().rect(rect, RADIUS_CARD, t.sel_weak, Stroke::new(1.0, t.sel), StrokeKind::Inside);
    let inner = rect.shrink2(vec2(12.0, 0.0));
    let removed =
        inside(ui, inner, from_right(), |ui| button::small_icon(ui, icons::X, "No reaction").clicked());
    let p = ui.painter().with_clip_rect(inner.with_max_x(inner.right() - 26.0));
    let y = rect.center().y;
    paint::icon(&p, pos2(inner.left() + 7.0, y), icons::ARROW_BEND_DOWN_RIGHT, 15.0, t.accent_text);
    let left = egui::Align2::LEFT_CENTER;
    let at = paint::text(&p, left, pos2(inner.left() + 24.0, y), "Reaction to", type_roles::body(), t.text2);
    kind_mark::paint(&p, pos2(at.right() + 14.0, y), crate::theme::metrics::MARK, words.mark, t);
    let at =
        paint::text(&p, left, pos2(at.right() + 24.0, y), &words.name, type_roles::table_medium(), t.text);
    let facts = format!("{number} · corr {}", text::id_tail(reaction.event.correlation));
    paint::text(&p, left, pos2(at.right() + 8.0, y), &facts, type_roles::table(), t.text2);
    ui.add_space(12.0);
    removed
}

/// Why nothing can be written, and how to change that.
fn read_only_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    if ctx.store.summary.format == StoreFormat::Batpak {
        let state = EmptyState {
            reason: "A batpak directory is never written",
            advice: "Convert it with `causeway import` and write into the copy",
            link: None,
        };
        state.show(ui);
        return;
    }
    let advice = match &ctx.store.summary.position.holder {
        Some((process, program)) => {
            let program = program.as_deref().unwrap_or("another program");
            format!("{} writes it at the moment, process {process}", escape::visible(program))
        }
        None => "Nobody else writes it at the moment".to_owned(),
    };
    let state = EmptyState {
        reason: "This store is open for reading",
        advice: &advice,
        link: Some("Open for writing"),
    };
    if state.show(ui) {
        ctx.view.commands.run(Command::ToggleWriting);
    }
}

fn receipt_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    ui.spacing_mut().item_spacing.y = 8.0;
    match &ctx.store.receipt {
        Some(Ok(receipt)) => {
            section_header::fixed(ui, "Receipt", "last append", |ui| {
                if link::link(ui, "Copy receipt").clicked() {
                    ctx.view.commands.send(Action::Copy(receipt_text(receipt), "receipt"));
                }
            });
            card(ui).show(ui, |ui| receipt_card_ui(ctx, ui, receipt));
        }
        Some(Err(failure)) => {
            section_header::fixed(ui, "Receipt", "nothing was written", |_| {});
            card(ui).show(ui, |ui| refused_ui(ctx, ui, failure));
        }
        None => {
            section_header::fixed(ui, "Receipt", "", |_| {});
            let state = EmptyState {
                reason: "Nothing was appended yet",
                advice: "The receipt says where the event is and whether it is on stable storage",
                link: None,
            };
            state.show_inline(ui);
        }
    }
}

fn refused_ui(ctx: StoreContext<'_>, ui: &mut Ui, failure: &Failure) {
    ui.set_width(ui.available_width());
    badge(ui, Tone::Bad, Some(icons::X_CIRCLE), "Refused");
    for (words, color) in [(&failure.message, ctx.view.tokens.text), (&failure.advice, ctx.view.tokens.text2)]
    {
        if !words.is_empty() {
            ui.label(type_roles::rich(facts::sentence(words), type_roles::table()).color(color));
        }
    }
}

fn receipt_card_ui(ctx: StoreContext<'_>, ui: &mut Ui, receipt: &ReceiptView) {
    let t = ctx.view.tokens;
    ui.set_width(ui.available_width());
    ui.spacing_mut().interact_size.y = 18.0;
    ui.spacing_mut().item_spacing.y = 5.0;
    if receipt.durable {
        badge(ui, Tone::Good, Some(icons::SEAL_CHECK), "On stable storage");
    } else {
        badge(ui, Tone::Warn, Some(icons::CLOCK), "Written, not yet durable");
    }
    ui.add_space(3.0);
    let row = |ui: &mut Ui, name: &str, add: &mut dyn FnMut(&mut Ui)| {
        ui.horizontal(|ui| {
            let (rect, _) = paint::allocate(ui, vec2(96.0, 18.0), Sense::hover());
            paint::text(
                ui.painter(),
                egui::Align2::LEFT_CENTER,
                rect.left_center(),
                name,
                type_roles::table(),
                t.text3,
            );
            add(ui);
        });
    };
    row(ui, "Sequence", &mut |ui| {
        if link::link(ui, &text::sequence(receipt.sequence)).clicked() {
            ctx.view.commands.send(Action::Select(receipt.sequence));
            ctx.view.commands.run(Command::ShowEvents);
        }
    });
    let plain = |ui: &mut Ui, words: String| {
        ui.label(type_roles::rich(words, type_roles::table()).color(t.text));
    };
    row(ui, "In its stream", &mut |ui| {
        plain(ui, format!("event {}", text::grouped(u64::from(receipt.clock) + 1)));
    });
    row(ui, "Event id", &mut |ui| {
        hash_label(ui, "event id", &text::id_digits(receipt.event_id), t.text);
    });
    row(ui, "Payload", &mut |ui| {
        hash_label(ui, "payload hash", &text::hex(&receipt.content_hash), t.text);
    });
    row(ui, "Took", &mut |ui| plain(ui, text::duration_us(receipt.elapsed_us)));
}

/// The receipt as lines of text.
fn receipt_text(receipt: &ReceiptView) -> String {
    format!(
        "event_id {}\nsequence {}\nclock {}\ncontent_hash {}\ndurable {}",
        text::id_digits(receipt.event_id),
        receipt.sequence,
        receipt.clock,
        text::hex(&receipt.content_hash),
        receipt.durable
    )
}
