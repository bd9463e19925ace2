//! Owns the view of what is wrong with the store: what was verified and what that means, and each finding with its place; beside it what
//! vouches for the store. Never verifies.

mod vouchers;

use causeway::store::{Finding, VerifyLevel};
use egui::{Align2, Color32, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{from_left, from_right, inside};
use crate::command::{Action, Command, TrustAction};
use crate::context::StoreContext;
use crate::theme::metrics::{CONTROL, PADDING, RESULT_HEADER};
use crate::theme::{Tokens, icons, type_roles};
use crate::view::trust::{self, Standing};
use crate::view::{findings, text};
use crate::widgets::badge::{Tone, badge};
use crate::widgets::button::{self, Button};
use crate::widgets::empty_state::EmptyState;
use crate::widgets::row_scroller::{RowScroller, Rows};
use crate::widgets::segmented::segmented;
use crate::widgets::{escape, hairline, link, paint};
use crate::worker::protocol::Target;

/// Height of a finding, points.
const FINDING: f32 = 68.0;
/// Height of the part that says what was verified, points.
const SUMMARY: f32 = 76.0;
/// Left end of the values of a finding, points from the left.
const VALUES: f32 = 44.0;

/// How thoroughly a store can be checked by itself.
const LEVELS: [(VerifyLevel, &str); 3] =
    [(VerifyLevel::Files, "V0"), (VerifyLevel::Frames, "V1"), (VerifyLevel::Chain, "V2")];

/// What the view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Side {
    /// What is wrong.
    #[default]
    Findings,
    /// Heads that were kept.
    Heads,
    /// A receipt to check.
    Receipt,
    /// A report to write.
    Report,
}

const SIDES: [(Side, &str); 4] = [
    (Side::Findings, "Findings"),
    (Side::Heads, "Heads"),
    (Side::Receipt, "Receipt"),
    (Side::Report, "Report"),
];

/// Private state: scrolling, and what is typed.
#[derive(Debug, Default)]
pub(super) struct FindingsPanel {
    scroller: RowScroller,
    side: Side,
    vouchers: vouchers::Vouchers,
}

impl FindingsPanel {
    /// Turns to the form of the report.
    pub(super) fn show_report(&mut self) {
        self.side = Side::Report;
    }

    /// Draws the view.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 0.0;
        let all = all(ctx);
        self.header_ui(ctx, ui, &all);
        verified_ui(ctx, ui);
        match self.side {
            Side::Findings => {}
            Side::Heads => return self.vouchers.heads_ui(ctx, ui),
            Side::Receipt => return self.vouchers.receipt_ui(ctx, ui),
            Side::Report => return self.vouchers.report_ui(ctx, ui),
        }
        if all.is_empty() {
            empty_ui(ctx, ui);
            return;
        }
        let list = Rows { label: "findings", count: all.len() as u64, height: FINDING, keys: true };
        self.scroller.show(ui, list, |ui, index, rect| {
            finding_ui(ctx, ui, rect, all[index as usize]);
        });
    }

    fn header_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, all: &[&Finding]) {
        let t = ctx.view.tokens;
        let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), RESULT_HEADER), Sense::hover());
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
        let room = bar.shrink2(vec2(PADDING - 2.0, 0.0));
        inside(ui, room, from_left(), |ui| {
            let count = text::counted(all.len() as u64, "finding");
            ui.label(type_roles::rich(count, type_roles::table_medium()).color(t.text));
            let unlisted = ctx.store.unlisted();
            if unlisted > 0 {
                let words = format!("and {} more, not listed", text::grouped(unlisted));
                ui.label(type_roles::rich(words, type_roles::caption()).color(t.text3));
            }
        });
        inside(ui, room, from_right(), |ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            segmented(ui, "Shown", &mut self.side, &SIDES);
            if self.side == Side::Findings && !all.is_empty() && link::link(ui, "Copy findings").clicked() {
                let owned: Vec<Finding> = all.iter().map(|finding| (*finding).clone()).collect();
                ctx.view.commands.send(Action::Copy(findings::report(&owned), "findings"));
            }
        });
    }
}

/// What the store told by itself, then what verifying found beside it.
fn all(ctx: StoreContext<'_>) -> Vec<&Finding> {
    let told = &ctx.store.damage.findings;
    let more = ctx.store.found_by_verifying().iter().filter(|finding| !told.contains(finding));
    told.iter().chain(more).collect()
}

/// The colour and the icon of how a store stands.
pub(super) fn tone(standing: Standing) -> (Tone, char) {
    match standing {
        Standing::Unverified | Standing::Running | Standing::Partly => (Tone::Neutral, icons::SHIELD_WARNING),
        Standing::Holds => (Tone::Good, icons::SHIELD_CHECK),
        Standing::Broken => (Tone::Bad, icons::SHIELD_WARNING),
        Standing::Failed => (Tone::Warn, icons::SHIELD_WARNING),
    }
}

/// What was verified, how far that reached, and what it means.
fn verified_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), SUMMARY), Sense::hover());
    ui.painter().rect_filled(rect, 0, t.panel);
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line);
    let inner = rect.shrink2(vec2(PADDING, 10.0));
    let top = inner.with_max_y(inner.top() + CONTROL);
    let buttons = inside(ui, top, from_right(), |ui| {
        let label = if ctx.store.verified.is_some() { "Verify again" } else { "Verify" };
        let idle = ctx.store.trust.run.is_none();
        if ui.add(Button::secondary(label).icon(icons::SHIELD_CHECK).enabled(idle)).clicked() {
            ctx.view.commands.run(Command::Verify);
        }
        ui.add_space(8.0);
        let mut level = ctx.store.trust.level;
        if segmented(ui, "Level", &mut level, &LEVELS).changed() {
            ctx.view.commands.send(Action::Trust(TrustAction::SetLevel(level)));
        }
        ui.min_rect()
    });
    let shield = trust::shield(ctx.store);
    let (tone, icon) = tone(shield.standing);
    inside(ui, top.with_max_x(buttons.left() - 12.0), from_left(), |ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        badge(ui, tone, Some(icon), &shield.label);
        let words = match (&ctx.store.trust.run, &ctx.store.verified) {
            (Some(run), _) => trust::progress(run),
            (None, Some(Ok(view))) => trust::reach(ctx.store, view),
            (None, _) => String::new(),
        };
        line_ui(ui, &words, t.text2);
    });
    let about = inner.with_min_y(top.bottom() + 6.0);
    let words = match &ctx.store.verified {
        Some(Ok(view)) if view.damage_count == 0 => {
            format!("{}. {}", findings::claim(view.level), findings::meaning(view.level))
        }
        Some(Ok(view)) => findings::looked_at(view.level),
        Some(Err(failure)) => escape::visible(&failure.message).into_owned(),
        None => {
            "Opening looks at files and at the newest segment only; verifying reads and computes everything."
                .to_owned()
        }
    };
    inside(ui, about, from_left(), |ui| line_ui(ui, &words, t.text3));
}

/// A line of words that ends where there is no more room.
fn line_ui(ui: &mut Ui, words: &str, color: Color32) {
    let line = paint::line(ui.painter(), words, type_roles::table(), color, ui.available_width());
    let (place, response) = paint::allocate(ui, vec2(line.size().x, 18.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
    paint::put(ui.painter(), Align2::LEFT_CENTER, place.left_center(), line);
}

fn empty_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let (reason, link) = match &ctx.store.verified {
        Some(Ok(_)) => ("Nothing is wrong with what was checked", None),
        _ => ("Nothing wrong was found so far", Some("Verify the store")),
    };
    let advice = "Damaged files, places that cannot be read and breaks of the chain are listed here";
    if (EmptyState { reason, advice, link }).show(ui) {
        ctx.view.commands.run(Command::Verify);
    }
}

/// One finding: what, where, expected and found.
fn finding_ui(ctx: StoreContext<'_>, ui: &mut Ui, rect: Rect, finding: &Finding) {
    let t = ctx.view.tokens;
    let (tone, icon) = if finding.class.is_damage() {
        (Tone::Bad, icons::WARNING_CIRCLE)
    } else {
        (Tone::Warn, icons::INFO)
    };
    let response = ui.interact(rect, ui.scope_id().with(rect.top() as i64), Sense::hover());
    let whole = escape::visible(&finding.to_string()).into_owned();
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &whole));
    if response.contains_pointer() {
        ui.painter().rect_filled(rect, 0, t.hover);
    }
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line_soft);
    let actions = rect.with_min_x(rect.right() - 178.0).shrink2(vec2(PADDING, 0.0));
    inside(ui, actions.with_max_y(rect.top() + 34.0), from_right(), |ui| {
        ui.spacing_mut().item_spacing.x = 8.0;
        if button::small_icon(ui, icons::COPY, "Copy finding").clicked() {
            ctx.view.commands.send(Action::Copy(finding.to_string(), "finding"));
        }
        if let Some(sequence) =
            finding.sequence.filter(|sequence| *sequence < ctx.store.summary.position.events)
            && link::link(ui, &format!("Go to {}", text::sequence(sequence))).clicked()
        {
            ctx.view.commands.send(Action::Jump(Target::Sequence(sequence)));
            ctx.view.commands.run(Command::ShowEvents);
        }
    });
    let p = ui.painter();
    paint::icon(p, pos2(rect.left() + PADDING + 10.0, rect.top() + 18.0), icon, 16.0, tone.mark(t));
    let left = rect.left() + VALUES;
    let room = actions.left() - 12.0 - left;
    let at = |y: f32| pos2(left, rect.top() + y);
    let title = paint::whole_line(p, findings::title(finding), type_roles::table_medium(), tone.text(t));
    let after = paint::put(p, Align2::LEFT_CENTER, at(18.0), title).right() + 8.0;
    let words =
        paint::line(p, &findings::sentence(finding), type_roles::table(), t.text, left + room - after);
    paint::put(p, Align2::LEFT_CENTER, pos2(after, rect.top() + 18.0), words);
    let lower = rect.right() - PADDING - left;
    let place = paint::line(p, &findings::place(finding), type_roles::mono_small(), t.text3, lower);
    paint::put(p, Align2::LEFT_CENTER, at(37.0), place);
    compared_ui(ui, at(56.0), finding, lower, t);
}

/// What was expected and what was found, beside each other.
fn compared_ui(ui: &Ui, at: egui::Pos2, finding: &Finding, room: f32, t: &Tokens) {
    let p = ui.painter();
    let half = (room / 2.0).floor();
    let values = [("expected", &finding.expected, t.text2), ("found", &finding.found, t.red_text)];
    for (x, (name, value, color)) in [0.0, half].into_iter().zip(values) {
        let Some(value) = value else { continue };
        let at = at + vec2(x, 0.0);
        let name = paint::text(p, Align2::LEFT_CENTER, at, name, type_roles::caption(), t.text3);
        let left = name.right() + 8.0;
        let value = escape::visible(value);
        let line = paint::line(p, &value, type_roles::mono_small(), color, at.x + half - 16.0 - left);
        paint::put(p, Align2::LEFT_CENTER, pos2(left, at.y), line);
    }
}
