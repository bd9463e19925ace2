//! Owns the first tab of the detail: header fields, the payload as a tree, causes and effects, the chain in short.

use egui::{Align2, Frame, Layout, Margin, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::inside;
use super::{fact_ui, value_ui};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::query::{Compare, Literal, Term};
use crate::theme::metrics::{MARK, PADDING, RADIUS_CHIP, TREE_ROW};
use crate::theme::{icons, type_roles};
use crate::view::{rows, text, times};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::hash_label::hash_label;
use crate::widgets::json_tree::JsonTree;
use crate::widgets::text_input::TextInput;
use crate::widgets::{button, error_tile, escape, focus, hairline, kind_mark, link, paint, section_header};
use crate::worker::protocol::{Decoded, Detail, EventCell, EventRow, RowCell, Undecoded};

/// Effects that are listed.
const EFFECTS_SHOWN: usize = 20;

/// Private state: folding and scrolling of the payload.
#[derive(Debug, Default)]
pub(super) struct EventTab {
    payload: JsonTree,
    shown: Option<u64>,
    finder: Finder,
}

/// The search in the payload: what is looked for stays when another event is selected.
#[derive(Debug, Default)]
struct Finder {
    open: bool,
    typed: String,
    /// The field takes the keyboard when it is drawn next.
    focus: bool,
}

impl EventTab {
    /// Draws the tab.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
        if self.shown != Some(detail.row.sequence) {
            self.payload = JsonTree::default();
            self.payload.can_filter = true;
            self.shown = Some(detail.row.sequence);
        }
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            part(ui, |ui| facts_ui(ctx, ui, detail, event));
            rule(ctx, ui);
            part(ui, |ui| self.payload_head_ui(ctx, ui, detail));
            self.payload_ui(ctx, ui, detail, event);
            rule(ctx, ui);
            part(ui, |ui| causes_ui(ctx, ui, detail, event));
            rule(ctx, ui);
            part(ui, |ui| chain_ui(ctx, ui, detail));
            ui.add_space(12.0);
        });
    }

    /// Opens the search, or goes back to its field.
    pub(super) fn find(&mut self) {
        self.finder.open = true;
        self.finder.focus = true;
    }

    fn payload_head_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
        section_header::fixed(ui, "Payload", &payload_count(detail), |ui| {
            ui.spacing_mut().item_spacing.x = 0.0;
            if button::small_icon(ui, icons::COPY, Command::CopyPayload.text().0).clicked() {
                ctx.view.commands.run(Command::CopyPayload);
            }
            if detail.payload.is_err() {
                return;
            }
            if button::small_icon(ui, icons::MAGNIFYING_GLASS, Command::FindInPayload.text().0).clicked() {
                ctx.view.commands.run(Command::FindInPayload);
            }
            if button::small_icon(ui, icons::MINUS, "Fold all").clicked() {
                self.payload.fold_all(false);
            }
            if button::small_icon(ui, icons::PLUS, "Unfold all").clicked() {
                self.payload.fold_all(true);
            }
        });
        ui.label(type_roles::rich(how_decoded(detail), type_roles::caption()).color(ctx.view.tokens.text3));
        ui.add_space(2.0);
        if let Ok(Decoded { value, .. }) = &detail.payload {
            self.find_ui(ctx, ui, value, detail.row.sequence);
        }
    }

    /// The search field, how many places were found, and the way from one to the next.
    fn find_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, value: &serde_json::Value, version: u64) {
        if !self.finder.open {
            return;
        }
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let width = ui.available_width() - 138.0;
            let field = TextInput::new("Text to find").without_label().placeholder("Find in payload");
            let field =
                field.icon(icons::MAGNIFYING_GLASS).width(width).show(ui, &mut self.finder.typed).response;
            if std::mem::take(&mut self.finder.focus) {
                field.request_focus();
            }
            self.payload.find(self.finder.typed.trim(), value, version);
            let (at, count) = self.payload.found();
            let words =
                if self.finder.typed.trim().is_empty() { String::new() } else { format!("{at} of {count}") };
            let color = if count == 0 { ctx.view.tokens.amber_text } else { ctx.view.tokens.text3 };
            let words = paint::line(ui.painter(), &words, type_roles::caption(), color, 60.0);
            let (rect, response) = paint::allocate(ui, vec2(58.0, 22.0), Sense::hover());
            response
                .widget_info(|| WidgetInfo::labeled(Role::Status, true, format!("found {at} of {count}")));
            paint::put(ui.painter(), Align2::CENTER_CENTER, rect.center(), words);
            let mut step = 0;
            step -= isize::from(button::small_icon(ui, icons::CARET_UP, "Previous place").clicked());
            step += isize::from(button::small_icon(ui, icons::CARET_DOWN, "Next place").clicked());
            if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter)) {
                step += if ui.input(|input| input.modifiers.shift) { -1 } else { 1 };
                field.request_focus();
            }
            if step != 0 {
                self.payload.step_find(step, value, version);
            }
            let left = field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape));
            if button::small_icon(ui, icons::X, "Close the search").clicked() || left {
                self.finder = Finder::default();
                self.payload.find("", value, version);
            }
        });
        ui.add_space(4.0);
    }

    fn payload_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
        match &detail.payload {
            Ok(Decoded { value, complete, .. }) => {
                if !complete {
                    part(ui, |ui| cut_ui(ctx, ui, event));
                }
                self.payload.paths_only = !complete;
                let whole = self.payload.full_height(value, detail.row.sequence);
                let height = whole.min((ui.clip_rect().height() * 0.6).max(200.0));
                let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), height), Sense::hover());
                inside(ui, rect, Layout::default(), |ui| {
                    self.payload.show(ui, "payload", value, detail.row.sequence);
                });
                if let Some(pointer) = self.payload.take_filter()
                    && let Some(value) = value.pointer(&pointer)
                {
                    refine_by_value(ctx, &pointer, value);
                }
            }
            Err(tried) => part(ui, |ui| {
                error_tile::inline(ui, Tone::Bad, "No decoder understands the payload");
                for Undecoded { decoder, reason } in tried {
                    let words = format!("{decoder}: {}", escape::visible(reason));
                    ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.text2));
                }
                if link::link(ui, "Show the bytes").clicked() {
                    ctx.view.commands.send(Action::ShowDetail(crate::state::route::DetailTab::Hex));
                }
            }),
        }
    }
}

/// How much of a large payload is shown.
fn cut_ui(ctx: StoreContext<'_>, ui: &mut Ui, event: &EventCell) {
    let whole = text::bytes(u64::from(event.payload_bytes));
    let words = format!("The first 64 KiB of {whole}; copying takes all of it");
    let shown = ui.label(type_roles::rich(&words, type_roles::caption()).color(ctx.view.tokens.amber_text));
    shown.widget_info(|| WidgetInfo::labeled(Role::Status, true, &words));
}

fn part<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    Frame::NONE.inner_margin(Margin::symmetric(PADDING as i8, 0)).show(ui, add).inner
}

fn rule(ctx: StoreContext<'_>, ui: &mut Ui) {
    ui.add_space(8.0);
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 1.0), Sense::hover());
    hairline::horizontal(ui.painter(), rect.x_range(), rect.top(), ctx.view.tokens.line);
    ui.add_space(6.0);
}

fn facts_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
    ui.add_space(6.0);
    for finding in &detail.findings {
        error_tile::inline(ui, Tone::Warn, &escape::visible(&finding.to_string()));
    }
    let zone = ctx.view.model.zone();
    fact_ui(ctx, ui, "Time", |ui| value_ui(ctx, ui, &times::full(event.time_us, zone)));
    let query = &ctx.store.query;
    fact_ui(ctx, ui, "Scope", |ui| {
        if link::link(ui, &escape::visible(&event.scope)).clicked() {
            ctx.view.commands.send(Action::Refine(query.with(Term::scope(&*event.scope))));
        }
    });
    fact_ui(ctx, ui, "Correlation", |ui| {
        let digits = text::id_digits(event.correlation);
        let label = format!("{}…{}", &digits[..8], &digits[28..]);
        if link::link_in(ui, &label, type_roles::mono()).on_hover_text(&digits).clicked() {
            ctx.view.commands.send(Action::Refine(query.with(Term::correlation(digits))));
        }
        let count = text::counted(detail.correlation_count, "event");
        ui.label(type_roles::rich(count, type_roles::caption()).color(ctx.view.tokens.text3));
    });
    fact_ui(ctx, ui, "Stream", |ui| {
        value_ui(ctx, ui, &format!("event {} of its entity", text::grouped(u64::from(event.clock) + 1)));
        for (icon, sequence, command) in [
            (icons::CARET_LEFT, detail.previous_in_stream, Command::PreviousInStream),
            (icons::CARET_RIGHT, detail.next_in_stream, Command::NextInStream),
        ] {
            let label = match sequence {
                Some(sequence) => {
                    format!("{}: {} ({})", command.text().0, text::sequence(sequence), command.keys())
                }
                None => format!("{}: none", command.text().0),
            };
            ui.add_enabled_ui(sequence.is_some(), |ui| {
                if button::small_icon(ui, icon, &label).clicked() {
                    ctx.view.commands.run(command);
                }
            });
        }
    });
    fact_ui(ctx, ui, "Encoding", |ui| value_ui(ctx, ui, &encoding(detail, event)));
    for (key, value) in detail.extensions.iter().take(8) {
        let shown: String = escape::bytes(value.get(..480).unwrap_or(value)).chars().take(120).collect();
        fact_ui(ctx, ui, &escape::visible(key), |ui| value_ui(ctx, ui, &shown));
    }
}

/// `MessagePack · v2 · 412 B`.
fn encoding(detail: &Detail, event: &EventCell) -> String {
    let format = detail.payload.as_ref().map_or("undecoded", |decoded| decoded.decoder);
    let version = match detail.payload_version {
        0 => String::new(),
        version => format!(" · v{version}"),
    };
    format!("{format}{version} · {}", text::bytes(u64::from(event.payload_bytes)))
}

/// Shows only the events whose payloads have this value at this place (a JSON pointer); of a list or an object only that it is there.
fn refine_by_value(ctx: StoreContext<'_>, pointer: &str, value: &serde_json::Value) {
    let step = |step: &str| step.replace("~1", "/").replace("~0", "~");
    let path = pointer.split('/').skip(1).map(step).collect();
    let literal = match value {
        serde_json::Value::Array(_) | serde_json::Value::Object(_) => None,
        serde_json::Value::String(text) => Some(Literal::Text(text.clone())),
        other => Some(Literal::Bare(other.to_string())),
    };
    let term = Term::Payload(path, literal.map(|literal| (Compare::Equal, literal)));
    ctx.view.commands.send(Action::Refine(ctx.store.query.with(term)));
}

/// `decoded as JSON, because MessagePack gave up: byte 0 does not begin a value`, in words.
fn how_decoded(detail: &Detail) -> String {
    match &detail.payload {
        Ok(Decoded { decoder, tried, .. }) => {
            let others: Vec<String> = tried
                .iter()
                .map(|tried| format!("{}: {}", tried.decoder, escape::visible(&tried.reason)))
                .collect();
            let others: String = others.iter().map(|other| [" · not ", other].concat()).collect();
            format!("Decoded as {decoder}{others}")
        }
        Err(_) => "Shown as bytes".to_owned(),
    }
}

fn payload_count(detail: &Detail) -> String {
    match &detail.payload {
        Ok(Decoded { value: serde_json::Value::Object(fields), .. }) => {
            text::counted(fields.len() as u64, "field")
        }
        Ok(Decoded { value: serde_json::Value::Array(items), .. }) => {
            text::counted(items.len() as u64, "item")
        }
        Ok(_) => "one value".to_owned(),
        Err(_) => "undecoded".to_owned(),
    }
}

fn causes_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
    let causes = u64::from(event.causation.is_some());
    let count = format!("{causes} · {}", text::grouped(detail.effect_count));
    section_header::fixed(ui, "Causes and effects", &count, |ui| {
        if link::link(ui, "Show in graph").clicked() {
            ctx.view.commands.run(Command::ShowGraph);
        }
    });
    match (&detail.cause, event.causation) {
        (Some(cause), _) => related_ui(ctx, ui, cause, event, icons::ARROW_LEFT),
        (None, Some(_)) => hint(ctx, ui, "Its cause is not in this store"),
        (None, None) => hint(ctx, ui, "It has no cause: something outside set it off"),
    }
    for effect in detail.effects.iter().take(EFFECTS_SHOWN) {
        related_ui(ctx, ui, effect, event, icons::ARROW_RIGHT);
    }
    let hidden = detail.effect_count.saturating_sub(detail.effects.len().min(EFFECTS_SHOWN) as u64);
    if hidden > 0 {
        let words = format!("and {} more in the graph", text::counted(hidden, "effect"));
        if link::link(ui, &words).clicked() {
            ctx.view.commands.run(Command::ShowGraph);
        }
    }
}

fn hint(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) {
    ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.text3));
}

/// A line that leads to a cause or an effect.
fn related_ui(ctx: StoreContext<'_>, ui: &mut Ui, row: &EventRow, from: &EventCell, icon: char) {
    let t = ctx.view.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), TREE_ROW), Sense::click());
    let ground = Rect::from_min_max(rect.min - vec2(6.0, 0.0), rect.max + vec2(6.0, 0.0));
    if response.hovered() {
        ui.painter().rect_filled(ground, RADIUS_CHIP, t.hover);
    }
    let p = ui.painter();
    let y = rect.center().y;
    paint::icon(p, pos2(rect.left() + 6.0, y), icon, 13.0, t.text3);
    let mut left = rect.left() + 20.0;
    let (name, delta) = match &row.cell {
        RowCell::Event(event) => {
            let words = rows::kind_text(event.kind, &ctx.store.kind_names);
            kind_mark::paint(p, pos2(left + 5.0, y), MARK, words.mark, t);
            left += 16.0;
            (words.name, text::delta_us(from.time_us, event.time_us))
        }
        RowCell::Removed => ("Removed".to_owned(), String::new()),
        RowCell::Damaged { .. } => ("Damaged".to_owned(), String::new()),
    };
    let number = text::sequence(row.sequence);
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, format!("{name} {number}")));
    let delta =
        paint::text(p, Align2::RIGHT_CENTER, rect.right_center(), &delta, type_roles::caption(), t.text3);
    let number = paint::whole_line(p, &number, type_roles::table(), t.text3);
    let room = delta.left() - 8.0 - left - number.size().x - 8.0;
    let name = paint::line(p, &name, type_roles::table(), t.text, room);
    let at = paint::put(p, Align2::LEFT_CENTER, pos2(left, y), name);
    paint::put(p, Align2::LEFT_CENTER, pos2(at.right() + 8.0, y), number);
    focus::ring(ui, &response, ground, RADIUS_CHIP);
    if response.on_hover_cursor(egui::CursorIcon::PointingHand).clicked() {
        ctx.view.commands.send(Action::Select(row.sequence));
    }
}

fn chain_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    let t = ctx.view.tokens;
    section_header::fixed(ui, "Hash chain", "", |ui| chain_badge(ui, detail));
    fact_ui(ctx, ui, "prev", |ui| {
        if detail.chain.prev_hash == [0; 32] {
            value_ui(ctx, ui, "none: the first of its stream");
        } else {
            hash_label(ui, "prev", &text::hex(&detail.chain.prev_hash), t.text2);
        }
    });
    fact_ui(ctx, ui, "this", |ui| hash_label(ui, "this", &text::hex(&detail.chain.event_hash), t.text));
}

/// Whether the hashes of this event were computed anew and fit.
pub(super) fn chain_badge(ui: &mut Ui, detail: &Detail) {
    match detail.chain_holds() {
        Some(true) => badge(ui, Tone::Good, Some(icons::LOCK_SIMPLE), "hash fits"),
        Some(false) => badge(ui, Tone::Bad, Some(icons::LOCK_SIMPLE_OPEN), "broken"),
        None => badge(ui, Tone::Neutral, Some(icons::LOCK_SIMPLE), "not checked"),
    };
}
