//! Owns the tab that shows the hashes: what they are, what they cover, the neighbours in the stream, the place on disk.

use causeway::store::FindingClass;
use egui::{Frame, Margin, ScrollArea, Ui};

use super::event::chain_badge;
use super::{fact_ui, value_ui};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::theme::metrics::PADDING;
use crate::theme::type_roles;
use crate::view::{findings, text};
use crate::widgets::hash_label::hash_label;
use crate::widgets::{escape, hairline, link, section_header};
use crate::worker::protocol::{Detail, StoreFormat};

/// Draws the tab.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        Frame::NONE.inner_margin(Margin::symmetric(PADDING as i8, 8)).show(ui, |ui| {
            hashes_ui(ctx, ui, detail);
            gap(ui);
            covered_ui(ctx, ui);
            gap(ui);
            stream_ui(ctx, ui, detail);
            gap(ui);
            disk_ui(ctx, ui, detail);
        });
    });
}

fn gap(ui: &mut Ui) {
    ui.add_space(8.0);
    hairline::rule(ui);
    ui.add_space(6.0);
}

fn hashes_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    let t = ctx.view.tokens;
    section_header::fixed(ui, "Hashes", "BLAKE3", |ui| chain_badge(ui, detail));
    for (name, found, computed) in [
        ("prev", &detail.chain.prev_hash, None),
        ("this", &detail.chain.event_hash, detail.event_computed),
        ("payload", &detail.content_hash, detail.content_computed),
    ] {
        let differs = computed.filter(|computed| computed != found);
        fact_ui(ctx, ui, name, |ui| {
            if found.iter().all(|byte| *byte == 0) {
                value_ui(ctx, ui, "none: the first of its stream");
            } else {
                let color = if differs.is_some() { t.red_text } else { t.text };
                hash_label(ui, name, &text::hex(found), color);
                if differs.is_some() {
                    ui.label(type_roles::rich("found", type_roles::caption()).color(t.text3));
                }
            }
        });
        if let Some(computed) = differs {
            fact_ui(ctx, ui, "", |ui| {
                hash_label(ui, &format!("{name} expected"), &text::hex(&computed), t.text);
                ui.label(type_roles::rich("expected", type_roles::caption()).color(t.text3));
            });
        }
    }
    for words in verdicts(ctx, detail) {
        ui.add_space(4.0);
        ui.label(type_roles::rich(words, type_roles::table()).color(t.red_text));
    }
}

/// What does not fit, and where that begins, in sentences.
fn verdicts(ctx: StoreContext<'_>, detail: &Detail) -> Vec<String> {
    let mut out = Vec::new();
    if detail.content_computed.is_some_and(|computed| computed != detail.content_hash) {
        out.push("The payload is not the one that was hashed: it was changed, or the hash was.".to_owned());
    }
    if detail.event_computed.is_some_and(|computed| computed != detail.chain.event_hash) {
        let words =
            "The event hash does not follow from what the event says and the event before it in its stream.";
        out.push(words.to_owned());
    }
    let here = detail.row.sequence;
    let about = ctx.store.found_by_verifying().iter().filter(|finding| finding.sequence == Some(here));
    out.extend(about.filter(|finding| finding.class == FindingClass::Link).map(findings::sentence));
    match ctx.store.broken_from() {
        Some(first) if first < here => {
            out.push(format!("The chain is broken from {} on.", text::sequence(first)));
        }
        _ => {}
    }
    out
}

/// What the event hash covers: everything the event says in our own format, the payload alone in batpak's.
fn coverage(format: StoreFormat) -> [(bool, &'static str); 6] {
    let ours = matches!(format, StoreFormat::Causeway { .. });
    [
        (true, "payload, by its hash"),
        (ours, "id, time, kind, flags, entity, scope, extensions"),
        (ours, "cause, correlation, place in the stream"),
        (ours, "the event before in the same stream"),
        (ours, "place in the commit order"),
        (false, "place on disk"),
    ]
}

fn covered_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    section_header::fixed(ui, "What this hash covers", "", |_| {});
    for (covered, what) in coverage(ctx.store.summary.format) {
        let (mark, color) =
            if covered { ("✓", ctx.view.tokens.green_text) } else { ("–", ctx.view.tokens.text3) };
        ui.horizontal(|ui| {
            ui.set_min_height(20.0);
            let icon = if covered { crate::theme::icons::CHECK } else { crate::theme::icons::MINUS };
            ui.label(type_roles::rich(icon.to_string(), type_roles::icon(12.0)).color(color))
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, mark));
            let text_color = if covered { ctx.view.tokens.text2 } else { ctx.view.tokens.text3 };
            ui.label(type_roles::rich(what, type_roles::table()).color(text_color));
        });
    }
}

fn stream_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    section_header::fixed(ui, "In its stream", "", |_| {});
    let neighbours = [
        ("before", detail.previous_in_stream, Command::PreviousInStream),
        ("after", detail.next_in_stream, Command::NextInStream),
    ];
    for (name, sequence, command) in neighbours {
        fact_ui(ctx, ui, name, |ui| match sequence {
            Some(sequence) => {
                let shown = link::link(ui, &text::sequence(sequence));
                if shown.on_hover_text(format!("{} · {}", command.text().1, command.keys())).clicked() {
                    ctx.view.commands.send(Action::Select(sequence));
                }
            }
            None => {
                value_ui(ctx, ui, "none");
            }
        });
    }
}

fn disk_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    let (segment, offset, length) = &detail.place;
    section_header::fixed(ui, "On disk", "", |_| {});
    fact_ui(ctx, ui, "Segment", |ui| value_ui(ctx, ui, &escape::visible(segment)));
    fact_ui(ctx, ui, "Offset", |ui| value_ui(ctx, ui, &format!("byte {}", text::grouped(*offset))));
    fact_ui(ctx, ui, "Frame", |ui| value_ui(ctx, ui, &text::bytes(u64::from(*length))));
    fact_ui(ctx, ui, "Flags", |ui| value_ui(ctx, ui, &format!("0x{:02x}", detail.flags)));
    fact_ui(ctx, ui, "Branch", |ui| {
        value_ui(ctx, ui, &format!("lane {}, depth {}", detail.lane, detail.depth))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(format: StoreFormat) -> usize {
        coverage(format).iter().filter(|(covered, _)| *covered).count()
    }

    #[test]
    fn a_batpak_hash_covers_the_payload_alone_and_ours_all_but_the_place_on_disk() {
        assert_eq!(coverage(StoreFormat::Batpak)[0], (true, "payload, by its hash"));
        assert_eq!(covered(StoreFormat::Batpak), 1);
        let ours = coverage(StoreFormat::Causeway { version: 1 });
        assert_eq!(ours[5], (false, "place on disk"));
        assert_eq!(covered(StoreFormat::Causeway { version: 1 }), 5);
    }
}
