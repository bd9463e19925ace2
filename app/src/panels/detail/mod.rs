//! Owns the panel at the right: everything about the selected event, in tabs. Never loads it.

mod bytes;
mod event;
mod notes;
mod proof;

use std::ops::Range;

use causeway::store::Finding;
use egui::{Align2, Frame, Margin, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::damage::{self, Wrong};
use crate::state::query::Term;
use crate::state::route::DetailTab;
use crate::theme::metrics::{MARK_TITLE, PADDING};
use crate::theme::{icons, type_roles};
use crate::view::{findings, rows, text};
use crate::widgets::badge::Tone;
use crate::widgets::empty_state::EmptyState;
use crate::widgets::spinner::spinner;
use crate::widgets::tabs::{Tab, sub_tabs};
use crate::widgets::{button, error_tile, escape, kind_mark, link, paint, tooltip};
use crate::worker::protocol::{Detail, EventCell, RowCell, Target};

/// Findings that the panel says of places that cannot be read.
const FINDINGS_SHOWN: usize = 3;

const TABS: [(DetailTab, &str); 5] = [
    (DetailTab::Event, "Event"),
    (DetailTab::Raw, "Raw"),
    (DetailTab::Hex, "Hex"),
    (DetailTab::Proof, "Proof"),
    (DetailTab::Notes, "Notes"),
];

/// Private state: folding and scrolling of the tabs.
#[derive(Debug, Default)]
pub(super) struct DetailPanel {
    event: event::EventTab,
    bytes: bytes::BytesTab,
    notes: notes::NotesTab,
}

impl DetailPanel {
    /// Opens the search in the payload.
    pub(super) fn find(&mut self) {
        self.event.find();
    }

    /// Puts the cursor into the note at the next frame.
    pub(super) fn edit_note(&mut self) {
        self.notes.wants_focus = true;
    }

    /// Draws the panel.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.spacing_mut().interact_size.y = 22.0;
        let Some(selected) = ctx.store.selected else {
            let state = EmptyState {
                reason: "No event is selected",
                advice: "Click a row to see its payload and its causes",
                link: None,
            };
            inset(ui, |ui| state.show_inline(ui));
            return;
        };
        if let Some(failure) = &ctx.store.detail_failure {
            let run =
                damage::spot_at(&ctx.store.spots, selected).filter(|spot| spot.wrong == Wrong::Unreadable);
            if let Some(spot) = run {
                hole_ui(ctx, ui, &spot.places);
                return;
            }
            let message = escape::visible(&failure.message).into_owned();
            let advice = escape::visible(&failure.advice).into_owned();
            inset(ui, |ui| {
                error_tile::inline(ui, Tone::Bad, &format!("{} cannot be shown", text::sequence(selected)));
                ui.add_space(6.0);
                ui.label(type_roles::rich(message, type_roles::table()).color(ctx.view.tokens.text2));
                ui.label(type_roles::rich(advice, type_roles::table()).color(ctx.view.tokens.text3));
            });
            return;
        }
        let Some(detail) = ctx.store.detail.as_deref() else {
            inset(ui, |ui| {
                ui.horizontal(|ui| {
                    spinner(ui, "loading the event");
                    let words = type_roles::rich(text::sequence(selected), type_roles::table());
                    ui.label(words.color(ctx.view.tokens.text3));
                });
            });
            return;
        };
        match &detail.row.cell {
            RowCell::Event(event) => self.event_ui(ctx, ui, detail, event),
            RowCell::Removed => removed_ui(ctx, ui, detail.row.sequence),
            RowCell::Damaged { reason, .. } => damaged_ui(ctx, ui, detail.row.sequence, reason),
        }
    }

    fn event_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
        inset(ui, |ui| {
            title_ui(ctx, ui, detail, event);
            ui.add_space(4.0);
            tabs_ui(ctx, ui);
        });
        match ctx.view.model.detail_tab {
            DetailTab::Event => self.event.show(ctx, ui, detail, event),
            DetailTab::Raw => self.bytes.text_ui(ctx, ui, detail),
            DetailTab::Hex => self.bytes.hex_ui(ctx, ui, detail),
            DetailTab::Proof => proof::show(ctx, ui, detail),
            DetailTab::Notes => self.notes.show(ctx, ui, detail, event),
        }
    }
}

/// The padding of the panel, left of the panel's own edge.
fn inset<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let margin = Margin { left: PADDING as i8, right: PADDING as i8, top: 10, bottom: 0 };
    Frame::NONE.inner_margin(margin).show(ui, add).inner
}

fn title_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, event: &EventCell) {
    let t = ctx.view.tokens;
    let words = rows::kind_text(event.kind, &ctx.store.kind_names);
    let (line, response) = paint::allocate(ui, vec2(ui.available_width(), 26.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &words.name));
    let y = line.center().y;
    let at = pos2(line.left() + 6.0, y);
    if words.failed {
        kind_mark::failed(ui.painter(), at, MARK_TITLE, t);
    } else {
        kind_mark::paint(ui.painter(), at, MARK_TITLE, words.mark, t);
    }
    let room = line.width() - 20.0 - 60.0;
    let name = paint::line(ui.painter(), &words.name, type_roles::panel_title(), t.text, room);
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(line.left() + 20.0, y), name);
    tooltip::hint(response, &format!("{} · {}", words.name, event.kind));
    let actions = Rect::from_min_max(pos2(line.right() - 56.0, line.top()), line.max + vec2(4.0, 0.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    super::inside(ui, actions, layout, |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        for (command, icon) in
            [(Command::CopyId, icons::LINK_SIMPLE), (Command::AppendReaction, Command::AppendReaction.icon())]
        {
            if button::small_icon(ui, icon, command.text().0).clicked() {
                ctx.view.commands.run(command);
            }
        }
    });
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        ui.add_space(12.0);
        let entity: String = escape::visible(&event.entity).chars().take(200).collect();
        let room = ui.available_width() - 90.0;
        ui.scope(|ui| {
            ui.set_max_width(room);
            if tooltip::hint(link::link(ui, &entity), "Show only this entity").clicked() {
                let term = Term::entity(&*event.entity);
                ctx.view.commands.send(Action::Refine(ctx.store.query.with(term)));
            }
        });
        let number = type_roles::rich(text::sequence(detail.row.sequence), type_roles::table());
        ui.label(number.color(t.text2));
    });
}

fn tabs_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let tabs: Vec<Tab<'_>> = TABS.iter().map(|(_, name)| Tab::new(name)).collect();
    let mut active = TABS.iter().position(|(tab, _)| *tab == ctx.view.model.detail_tab).unwrap_or(0);
    if sub_tabs(ui, &tabs, &mut active).changed() {
        ctx.view.commands.send(Action::ShowDetail(TABS[active].0));
    }
}

/// A place whose event retention took: nothing is wrong, and what is left of it.
fn removed_ui(ctx: StoreContext<'_>, ui: &mut Ui, sequence: u64) {
    let t = ctx.view.tokens;
    inset(ui, |ui| {
        let title = format!("{} was removed", text::sequence(sequence));
        ui.label(type_roles::rich(title, type_roles::title()).color(t.text));
        ui.add_space(6.0);
        let words = "Retention took this event out of the store. Its place, its id and its hashes stay, so that the chain and \
                     every receipt still hold.";
        ui.label(type_roles::rich(words, type_roles::table()).color(t.text2));
    });
}

/// Places at which nothing can be read: which, what was found about them, and how to go on.
fn hole_ui(ctx: StoreContext<'_>, ui: &mut Ui, places: &Range<u64>) {
    let t = ctx.view.tokens;
    inset(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 6.0;
        let count = places.end - places.start;
        let title = format!("{} cannot be read", text::counted(count, "event"));
        error_tile::inline(ui, Tone::Bad, &title);
        let from_to = match count {
            1 => text::sequence(places.start),
            _ => format!("{} to {}", text::sequence(places.start), text::sequence(places.end - 1)),
        };
        fact_ui(ctx, ui, "Places", |ui| value_ui(ctx, ui, &from_to));
        let found = ctx.store.damage.findings.iter().chain(ctx.store.found_by_verifying());
        let mut about: Vec<&Finding> = Vec::new();
        let within = |finding: &&Finding| finding.sequence.is_some_and(|sequence| places.contains(&sequence));
        for finding in found.filter(within) {
            // What opening told and a check found again is said once.
            if about.iter().all(|told| told.message != finding.message) && about.len() < FINDINGS_SHOWN {
                about.push(finding);
            }
        }
        for finding in about {
            let words = type_roles::rich(findings::sentence(finding), type_roles::table());
            ui.label(words.color(t.text));
            let place = findings::place(finding);
            if !place.is_empty() {
                ui.label(type_roles::rich(place, type_roles::mono_small()).color(t.text3));
            }
        }
        let words = "Nothing of them is shown, because nothing of them is known; the events before and after can be read.";
        ui.label(type_roles::rich(words, type_roles::table()).color(t.text2));
        ui.add_space(2.0);
        ui.horizontal(|ui| {
            let after = places.end;
            if after < ctx.store.summary.position.events
                && link::link(ui, &format!("Go on at {}", text::sequence(after))).clicked()
            {
                ctx.view.commands.send(Action::Jump(Target::Sequence(after)));
            }
            if link::link(ui, "Show findings").clicked() {
                ctx.view.commands.run(Command::ShowFindings);
            }
        });
    });
}

/// A place that cannot be read: why, and how to go on.
fn damaged_ui(ctx: StoreContext<'_>, ui: &mut Ui, sequence: u64, reason: &str) {
    inset(ui, |ui| {
        error_tile::inline(ui, Tone::Bad, &format!("{} is damaged", text::sequence(sequence)));
        ui.add_space(6.0);
        let words = type_roles::rich(escape::visible(reason), type_roles::table());
        ui.label(words.color(ctx.view.tokens.text2));
        ui.add_space(8.0);
        if link::link(ui, "Copy the reason").clicked() {
            ctx.view.commands.send(Action::Copy(reason.to_owned(), "reason"));
        }
    });
}

/// A name and a value, as everywhere in this panel.
fn fact_ui<R>(ctx: StoreContext<'_>, ui: &mut Ui, name: &str, value: impl FnOnce(&mut Ui) -> R) -> R {
    ui.horizontal(|ui| {
        let (rect, _) = paint::allocate(ui, vec2(84.0, 22.0), Sense::hover());
        let label = paint::line(ui.painter(), name, type_roles::table(), ctx.view.tokens.text3, 84.0);
        paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), label);
        value(ui)
    })
    .inner
}

/// A value as text that is cut where the panel ends.
fn value_ui(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) -> egui::Response {
    let galley =
        paint::line(ui.painter(), words, type_roles::table(), ctx.view.tokens.text, ui.available_width());
    let (rect, response) = paint::allocate(ui, vec2(galley.size().x, 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    let is_cut = galley.elided;
    paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), galley);
    if is_cut { tooltip::hint(response, words) } else { response }
}
