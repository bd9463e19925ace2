//! Owns the tab of proofs: the hashes as they are stored and as they should be, what covers what, what can be proven to others, the
//! neighbours in the stream, the place on disk.

use causeway::store::FindingClass;
use egui::{Frame, Margin, ScrollArea, Ui};

use super::event::chain_badge;
use super::{fact_ui, value_ui};
use crate::command::{Action, Command, TrustAction};
use crate::context::StoreContext;
use crate::theme::metrics::PADDING;
use crate::theme::{icons, type_roles};
use crate::view::{findings, text, times};
use crate::widgets::hash_label::hash_label;
use crate::widgets::spinner::spinner;
use crate::widgets::{escape, hairline, link, section_header};
use crate::worker::protocol::{Detail, ProofView, StoreFormat};

/// Draws the tab.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        Frame::NONE.inner_margin(Margin::symmetric(PADDING as i8, 8)).show(ui, |ui| {
            hashes_ui(ctx, ui, detail);
            gap(ui);
            covered_ui(ctx, ui);
            gap(ui);
            proof_ui(ctx, ui, detail);
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
    for (name, stored, computed) in [
        ("prev", &detail.chain.prev_hash, None),
        ("event", &detail.chain.event_hash, detail.event_computed),
        ("content", &detail.content_hash, detail.content_computed),
    ] {
        let differs = computed.is_some_and(|computed| computed != *stored);
        fact_ui(ctx, ui, name, |ui| {
            if stored.iter().all(|byte| *byte == 0) {
                value_ui(ctx, ui, "none: the first of its stream");
            } else {
                let color = if differs { t.red_text } else { t.text };
                hash_label(ui, name, &text::hex(stored), color);
                let word = if computed.is_some() { "stored" } else { "" };
                ui.label(type_roles::rich(word, type_roles::caption()).color(t.text3));
            }
        });
        if let Some(computed) = computed {
            fact_ui(ctx, ui, "", |ui| {
                let color = if differs { t.text } else { t.text3 };
                hash_label(ui, &format!("{name} expected"), &text::hex(&computed), color);
                let word = if differs { "expected" } else { "computed, the same" };
                ui.label(type_roles::rich(word, type_roles::caption()).color(t.text3));
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

/// What vouches for a part of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cover {
    /// The content hash.
    Content,
    /// The event hash.
    Event,
    /// A receipt, or a head that covers the event: both stand for its event hash.
    Receipt,
    /// Nothing.
    Nothing,
}

impl Cover {
    fn words(self) -> &'static str {
        match self {
            Self::Content => "content hash",
            Self::Event => "event hash",
            Self::Receipt => "receipt or head",
            Self::Nothing => "nothing",
        }
    }
}

/// What covers what: of our own format everything that an event says, of batpak's the payload alone.
fn coverage(format: StoreFormat) -> [(Cover, &'static str); 7] {
    let ours = matches!(format, StoreFormat::Causeway { .. });
    let event = if ours { Cover::Event } else { Cover::Nothing };
    [
        (Cover::Content, "payload"),
        (event, "id, time, kind, flags, entity, scope, extensions"),
        (event, "cause, correlation, place in the stream"),
        (event, "the event before in the same stream"),
        (event, "place in the commit order"),
        (
            if ours { Cover::Receipt } else { Cover::Nothing },
            "both hashes, once somebody keeps them elsewhere",
        ),
        (Cover::Nothing, "place on disk, bookmarks and notes"),
    ]
}

fn covered_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    section_header::fixed(ui, "What covers what", "", |_| {});
    for (cover, what) in coverage(ctx.store.summary.format) {
        let is_covered = cover != Cover::Nothing;
        let (icon, color) = if is_covered { (icons::CHECK, t.green_text) } else { (icons::MINUS, t.text3) };
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            ui.set_min_height(20.0);
            ui.label(type_roles::rich(icon.to_string(), type_roles::icon(12.0)).color(color))
                .widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, cover.words()));
            ui.label(type_roles::rich(cover.words(), type_roles::table_medium()).color(if is_covered {
                t.text
            } else {
                t.text3
            }));
            ui.label(type_roles::rich(what, type_roles::table()).color(if is_covered {
                t.text2
            } else {
                t.text3
            }));
        });
    }
}

/// Whether the event is in the log whose head anybody can keep, and whether the log continues the heads that were kept.
fn proof_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
    let t = ctx.view.tokens;
    let sequence = detail.row.sequence;
    let vouched = &ctx.store.vouched;
    let prove = Action::Trust(TrustAction::Prove(sequence));
    section_header::fixed(ui, "Inclusion in the log", "", |ui| {
        if vouched.proof.is_awaited() {
            spinner(ui, "proving");
        } else if matches!(ctx.store.summary.format, StoreFormat::Causeway { .. })
            && link::link(ui, "Prove").clicked()
        {
            ctx.view.commands.send(prove);
        }
    });
    if ctx.store.summary.format == StoreFormat::Batpak {
        quiet(ctx, ui, "A batpak directory has no heads, so that nothing can be proven of it.");
        return;
    }
    match &vouched.proof.said {
        Some(Err(failure)) => {
            ui.label(
                type_roles::rich(escape::visible(&failure.message), type_roles::table()).color(t.red_text),
            );
        }
        Some(Ok((of, proof))) if *of == sequence => proven_ui(ctx, ui, proof),
        _ => quiet(
            ctx,
            ui,
            "A proof shows whoever holds a head that this event is in the log. The first one reads the whole log.",
        ),
    }
}

fn proven_ui(ctx: StoreContext<'_>, ui: &mut Ui, proof: &ProofView) {
    let t = ctx.view.tokens;
    match &proof.wrong {
        None => {
            let words = format!(
                "{} hashes lead to the head of {} events",
                proof.steps,
                text::grouped(proof.head.size)
            );
            ui.label(type_roles::rich(words, type_roles::table()).color(t.green_text));
        }
        Some(wrong) => {
            ui.label(type_roles::rich(wrong.as_str(), type_roles::table()).color(t.red_text));
        }
    }
    fact_ui(ctx, ui, "root", |ui| hash_label(ui, "root", &text::hex(&proof.head.root), t.text));
    ui.horizontal(|ui| {
        if link::link(ui, "Copy proof").clicked() {
            ctx.view.commands.send(Action::Copy(proof.json.clone(), "proof"));
        }
        if link::link(ui, "Copy head").clicked() {
            ctx.view.commands.send(Action::Copy(proof.head.to_string(), "head"));
        }
    });
    for kept in &proof.kept {
        let taken = times::date_time(kept.time_us, ctx.view.model.zone());
        let words = format!("head of {} events, {taken}", text::grouped(kept.size));
        match &kept.proof {
            Ok(json) => {
                ui.label(
                    type_roles::rich(format!("The log continues the {words}"), type_roles::table())
                        .color(t.green_text),
                );
                if link::link(ui, &format!("Copy consistency proof from {}", text::grouped(kept.size)))
                    .clicked()
                {
                    ctx.view.commands.send(Action::Copy(json.clone(), "proof"));
                }
            }
            Err(wrong) => {
                let words = format!("The log does not continue the {words}: {}", escape::visible(wrong));
                ui.label(type_roles::rich(words, type_roles::table()).color(t.red_text));
            }
        }
    }
}

fn quiet(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) {
    ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.text3));
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
        coverage(format).iter().filter(|(cover, _)| *cover != Cover::Nothing).count()
    }

    #[test]
    fn a_batpak_hash_covers_the_payload_alone_and_ours_all_but_the_place_on_disk() {
        assert_eq!(coverage(StoreFormat::Batpak)[0], (Cover::Content, "payload"));
        assert_eq!(covered(StoreFormat::Batpak), 1);
        let ours = coverage(StoreFormat::Causeway { version: 1 });
        assert_eq!(ours[6].0, Cover::Nothing);
        assert_eq!(covered(StoreFormat::Causeway { version: 1 }), 6);
    }
}
