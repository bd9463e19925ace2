//! Owns what vouches for a store beyond its own hashes: heads that were kept, a receipt to check, a report to write. Never checks.

use std::path::PathBuf;

use causeway::store::Head;
use egui::{Frame, Margin, ScrollArea, Ui, vec2};

use crate::command::{Action, Command, TrustAction};
use crate::context::StoreContext;
use crate::theme::metrics::PADDING;
use crate::theme::{icons, type_roles};
use crate::view::{findings, text, times};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button::{self, Button};
use crate::widgets::hash_label::hash_label;
use crate::widgets::spinner::spinner;
use crate::widgets::text_input::TextInput;
use crate::widgets::{escape, hairline, link};
use crate::worker::protocol::{Compared, Failure, StoreFormat};

/// Widest form, points.
const FORM: f32 = 552.0;

/// Private state: what is typed.
#[derive(Debug, Default)]
pub(super) struct Vouchers {
    heads_file: String,
    receipt: String,
    report_file: String,
}

impl Vouchers {
    /// Heads that were kept, and how the store stands to them.
    pub(super) fn heads_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        form(ui, |ui| {
            if ctx.store.summary.format == StoreFormat::Batpak {
                quiet(ctx, ui, "A batpak directory has no heads. Import it, and the copy has.");
                return;
            }
            quiet(
                ctx,
                ui,
                "A head is one line that stands for everything in the log. Kept where nobody who writes the store can change it, it shows later whether history was rewritten, cut or replaced.",
            );
            let vouched = &ctx.store.vouched;
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                let idle = !vouched.taken.is_awaited();
                if ui.add(Button::secondary("Take head").icon(icons::SEAL_CHECK).enabled(idle)).clicked() {
                    ctx.view.commands.run(Command::TakeHead);
                }
                let ready = !vouched.kept.is_empty() && !vouched.compared.is_awaited();
                if ui.add(Button::primary("Compare with kept heads").enabled(ready)).clicked() {
                    ctx.view.commands.run(Command::CompareHeads);
                }
                if vouched.taken.is_awaited() || vouched.compared.is_awaited() {
                    spinner(ui, "reading the log");
                }
            });
            if let Some(Err(failure)) = &vouched.compared.said {
                failure_ui(ctx, ui, failure);
            }
            if let Some(Err(failure)) = &vouched.taken.said {
                failure_ui(ctx, ui, failure);
            }
            self.file_ui(ctx, ui);
            ui.add_space(4.0);
            let kept = text::counted(vouched.kept.len() as u64, "kept head");
            ui.label(type_roles::rich(kept, type_roles::section()).color(ctx.view.tokens.text));
            for head in vouched.kept.iter().rev() {
                let compared = vouched.compared.known();
                let compared = compared.and_then(|all| all.iter().find(|compared| compared.head == *head));
                self.head_ui(ctx, ui, head, compared);
            }
        });
    }

    /// The file that heads come from and go to.
    fn file_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let field = TextInput::new("File of heads").hint("one on each line, as causeway head prints them");
        field.placeholder("/media/stick/heads").icon(icons::FOLDER).mono().show(ui, &mut self.heads_file);
        let path = self.heads_file.trim();
        if ui.add(Button::secondary("Keep the heads of this file").enabled(!path.is_empty())).clicked() {
            ctx.view.commands.send(Action::Trust(TrustAction::ImportHeads(PathBuf::from(path))));
        }
    }

    fn head_ui(&self, ctx: StoreContext<'_>, ui: &mut Ui, head: &Head, compared: Option<&Compared>) {
        let t = ctx.view.tokens;
        hairline::rule(ui);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            let covers = format!("{} of epoch {}", text::counted(head.size, "event"), head.epoch);
            ui.label(type_roles::rich(covers, type_roles::table_medium()).color(t.text));
            let taken = times::date_time(head.time_us, ctx.view.model.zone());
            ui.label(type_roles::rich(taken, type_roles::table()).color(t.text2));
            let signed = if head.signature.is_some() { "signed" } else { "not signed" };
            ui.label(type_roles::rich(signed, type_roles::caption()).color(t.text3));
            hash_label(ui, "root", &text::hex(&head.root), t.text3);
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 10.0;
            match compared.map(|compared| &compared.finding) {
                Some(None) => drop(badge(ui, Tone::Good, Some(icons::SEAL_CHECK), "holds")),
                Some(Some(_)) => drop(badge(ui, Tone::Bad, Some(icons::SHIELD_WARNING), "does not hold")),
                None => drop(badge(ui, Tone::Neutral, None, "not compared")),
            }
            if link::link(ui, &format!("Copy head of {}", text::grouped(head.size))).clicked() {
                ctx.view.commands.send(Action::Copy(head.to_string(), "head"));
            }
            let path = self.heads_file.trim();
            if !path.is_empty() && link::link(ui, "Append to file").clicked() {
                let action = TrustAction::SaveHead(head.clone(), PathBuf::from(path));
                ctx.view.commands.send(Action::Trust(action));
            }
            if button::small_icon(ui, icons::X, &format!("Forget head of {}", text::grouped(head.size)))
                .clicked()
            {
                ctx.view.commands.send(Action::Trust(TrustAction::ForgetHead(head.clone())));
            }
        });
        if let Some(finding) = compared.and_then(|compared| compared.finding.as_ref()) {
            let mut words = findings::sentence(finding);
            if let Some(sequence) = finding.sequence {
                words += " (";
                words += &text::sequence(sequence);
                words += ")";
            }
            ui.label(type_roles::rich(words, type_roles::table()).color(t.red_text));
        }
    }

    /// A receipt to check.
    pub(super) fn receipt_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        form(ui, |ui| {
            quiet(
                ctx,
                ui,
                "A receipt says that the store holds an event with these hashes at this place. Paste the JSON of one, or the path of a file with it.",
            );
            let field = TextInput::new("Receipt").hint("JSON or a path").mono();
            field.placeholder("{\"store_id\": …}").show(ui, &mut self.receipt);
            let verdict = &ctx.store.vouched.verdict;
            let ready = !self.receipt.trim().is_empty() && !verdict.is_awaited();
            if ui.add(Button::primary("Check receipt").enabled(ready)).clicked() {
                ctx.view.commands.send(Action::Trust(TrustAction::CheckReceipt(self.receipt.clone())));
            }
            match &verdict.said {
                Some(Ok(verdict)) => {
                    let (tone, word) =
                        if verdict.holds { (Tone::Good, "holds") } else { (Tone::Bad, "does not hold") };
                    ui.horizontal(|ui| {
                        badge(ui, tone, None, word);
                        let place = text::sequence(verdict.sequence);
                        ui.label(type_roles::rich(place, type_roles::table()).color(ctx.view.tokens.text3));
                    });
                    ui.label(
                        type_roles::rich(escape::visible(&verdict.words), type_roles::table())
                            .color(tone.text(ctx.view.tokens)),
                    );
                }
                Some(Err(failure)) => failure_ui(ctx, ui, failure),
                None => {}
            }
        });
    }

    /// A report to write.
    pub(super) fn report_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        form(ui, |ui| {
            quiet(
                ctx,
                ui,
                "A report says what was checked and found, which heads the store was compared with, and what nothing vouches for. It is one page that loads nothing, or JSON if its name ends in .json.",
            );
            let kept = text::counted(ctx.store.vouched.kept.len() as u64, "kept head");
            let notes = text::counted(ctx.store.notes.len() as u64, "note");
            let level = ctx.store.trust.level.code();
            quiet(
                ctx,
                ui,
                &format!("It checks the store anew at level {level}, compares {kept} and repeats {notes}."),
            );
            let field = TextInput::new("File of the report").mono().icon(icons::FOLDER);
            field.placeholder("/home/mara/evidence.html").show(ui, &mut self.report_file);
            let path = self.report_file.trim();
            let written = &ctx.store.vouched.written;
            let ready = !path.is_empty() && !written.is_awaited();
            ui.horizontal(|ui| {
                if ui.add(Button::primary("Write report").enabled(ready)).clicked() {
                    ctx.view.commands.send(Action::Trust(TrustAction::Report(PathBuf::from(path))));
                }
                if written.is_awaited() {
                    spinner(ui, "writing the report");
                }
            });
            match &written.said {
                Some(Ok(words)) => quiet(ctx, ui, words),
                Some(Err(failure)) => failure_ui(ctx, ui, failure),
                None => {}
            }
        });
    }
}

fn form(ui: &mut Ui, add: impl FnOnce(&mut Ui)) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        Frame::NONE.inner_margin(Margin::symmetric(PADDING as i8, 14)).show(ui, |ui| {
            ui.set_max_width(FORM.min(ui.available_width()));
            ui.spacing_mut().item_spacing = vec2(8.0, 10.0);
            add(ui);
        });
    });
}

fn quiet(ctx: StoreContext<'_>, ui: &mut Ui, words: &str) {
    ui.label(type_roles::rich(escape::visible(words), type_roles::table()).color(ctx.view.tokens.text2));
}

fn failure_ui(ctx: StoreContext<'_>, ui: &mut Ui, failure: &Failure) {
    let words = escape::visible(&failure.message);
    ui.label(type_roles::rich(words, type_roles::table()).color(ctx.view.tokens.red_text));
}
