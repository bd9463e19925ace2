//! Owns the first screen: what can be done, and what was open before. Never touches the disk.

use std::path::PathBuf;

use egui::{Align2, Layout, Rect, Role, ScrollArea, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::{inside, keys_at};
use crate::command::{Action, Command};
use crate::context::ViewContext;
use crate::state::model::{Overlay, Recent};
use crate::theme::metrics::{CONTROL, RADIUS_CARD};
use crate::theme::{icons, type_roles};
use crate::view::{text, times};
use crate::widgets::button::{self, Button};
use crate::widgets::text_input::TextInput;
use crate::widgets::{escape, focus, hairline, link, paint, section_header, tooltip};

/// Width of the column, points.
const COLUMN: f32 = 864.0;
/// Height of a recent, points.
const RECENT: f32 = 44.0;

/// Private state: the path that was typed.
#[derive(Debug, Default)]
pub(super) struct Welcome {
    path: String,
}

impl Welcome {
    /// Draws the screen.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let whole = ui.max_rect();
        let width = COLUMN.min(whole.width() - 64.0);
        let wanted = 330.0 + RECENT * ctx.model.recents.len().clamp(1, 6) as f32;
        let top = whole.top() + ((whole.height() - wanted) * 0.42).clamp(28.0, 140.0).floor();
        let left = (whole.center().x - width / 2.0).floor();
        let column = Rect::from_min_max(pos2(left, top), pos2(left + width, whole.bottom() - 44.0));
        inside(ui, column, Layout::default(), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            title_ui(ctx, ui);
            ui.add_space(28.0);
            self.open_ui(ctx, ui);
            ui.add_space(28.0);
            recents_ui(ctx, ui);
        });
        let hint = pos2(whole.center().x, whole.bottom() - 24.0);
        let words = "Drop a store folder anywhere in this window";
        paint::text(ui.painter(), Align2::CENTER_CENTER, hint, words, type_roles::table(), ctx.tokens.text3);
    }

    fn open_ui(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let gap = 12.0;
        let width = ((ui.available_width() - 3.0 * gap) / 4.0).floor();
        let keys = |command: Command| ctx.model.keys.text(command);
        let cards = [
            (icons::FOLDER_OPEN, "Open store…", "Read-only at first", keys(Command::OpenDialog)),
            (icons::FLASK, "Demo store", "A shop that is busy", String::new()),
            (icons::SHIELD_WARNING, "Damaged demo store", "With damage to find", String::new()),
            (icons::COMMAND, "Commands", "All that can be done", keys(Command::ShowPalette)),
        ];
        let actions = [
            Action::Run(Command::OpenDialog),
            Action::OpenDemo,
            Action::OpenDamagedDemo,
            Action::Run(Command::ShowPalette),
        ];
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = gap;
            for (index, (card, action)) in cards.into_iter().zip(actions).enumerate() {
                if card_ui(ctx, ui, width, &card, index == 0) {
                    ctx.commands.send(action);
                }
            }
        });
        ui.add_space(16.0);
        let row = vec2(ui.available_width(), CONTROL);
        // From the right, so that the field takes what the button leaves.
        ui.allocate_ui_with_layout(row, Layout::right_to_left(egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let is_ready = !self.path.trim().is_empty();
            let clicked = ui.add(Button::secondary("Look inside").enabled(is_ready)).clicked();
            let input = TextInput::new("Path of a store").without_label().icon(icons::FOLDER).mono();
            let input = input.width(ui.available_width()).placeholder("/path/of/a/store");
            let shown = input.show(ui, &mut self.path);
            let entered =
                shown.response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
            if (clicked || entered) && is_ready {
                ctx.commands.send(Action::Preview(PathBuf::from(self.path.trim())));
            }
        });
    }
}

fn title_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let t = ctx.tokens;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = 14.0;
        let (logo, _) = paint::allocate(ui, vec2(36.0, 36.0), Sense::hover());
        ui.painter().rect_filled(logo, 8, t.accent_solid);
        paint::icon(ui.painter(), logo.center(), icons::STACK, 22.0, t.on_accent);
        ui.label(type_roles::rich("Causeway", type_roles::display()).color(t.text));
    });
    ui.add_space(12.0);
    let words = "See what happened, why it happened, and what state follows";
    ui.label(type_roles::rich(words, type_roles::reading()).color(t.text2));
}

/// A large button with icon, title, a line below and its keys; true if it was clicked.
fn card_ui(
    ctx: ViewContext<'_>,
    ui: &mut Ui,
    width: f32,
    (icon, title, about, keys): &(char, &str, &str, String),
    first: bool,
) -> bool {
    let t = ctx.tokens;
    let (rect, response) = paint::allocate(ui, vec2(width, 112.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, *title));
    let (fill, border) = match (first, response.hovered()) {
        (true, false) => (t.sel_weak, t.accent),
        (true, true) => (t.sel, t.accent),
        (false, true) => (t.hover, t.line_strong),
        (false, false) => (t.panel, t.line),
    };
    ui.painter().rect(rect, RADIUS_CARD, fill, Stroke::new(1.0, border), StrokeKind::Inside);
    let color = if first { t.accent_text } else { t.text2 };
    paint::icon(ui.painter(), rect.min + vec2(26.0, 28.0), *icon, 20.0, color);
    let at = |y: f32| pos2(rect.left() + 16.0, rect.top() + y);
    paint::text(ui.painter(), Align2::LEFT_CENTER, at(64.0), title, type_roles::heading(), t.text);
    let line = paint::line(ui.painter(), about, type_roles::body(), t.text2, width - 32.0);
    paint::put(ui.painter(), Align2::LEFT_CENTER, at(86.0), line);
    keys_at(ui, rect.with_max_y(rect.top() + 56.0), 14.0, keys);
    focus::ring(ui, &response, rect, RADIUS_CARD);
    response.clicked()
}

fn recents_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let recents = &ctx.model.recents;
    let t = ctx.tokens;
    if recents.is_empty() {
        section_header::fixed(ui, "Recent", "", |_| {});
        ui.add_space(4.0);
        let words = "Stores that you open are listed here";
        ui.label(type_roles::rich(words, type_roles::table()).color(t.text3));
        return;
    }
    section_header::fixed(ui, "Recent", &text::counted(recents.len() as u64, "store"), |ui| {
        if link::link(ui, "Clear list").clicked() {
            ctx.commands.send(Action::ForgetRecent(None));
        }
    });
    ui.add_space(6.0);
    hairline::rule(ui);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        for recent in recents {
            recent_ui(ctx, ui, recent);
        }
    });
}

fn recent_ui(ctx: ViewContext<'_>, ui: &mut Ui, recent: &Recent) {
    let t = ctx.tokens;
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), RECENT), Sense::click());
    let name = recent.path.file_stem().unwrap_or(recent.path.as_os_str()).to_string_lossy();
    let name = escape::visible(&name).into_owned();
    let whole = escape::visible(&recent.path.display().to_string()).into_owned();
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("open {name}, {whole}")));
    if response.hovered() {
        ui.painter().rect_filled(rect, RADIUS_CARD, t.hover);
    }
    let p = ui.painter();
    hairline::horizontal(p, rect.x_range(), rect.bottom() - 1.0, t.line_soft);
    let y = rect.center().y;
    let wide = rect.width() > 800.0;
    let icon = if recent.batpak { icons::FILE_ARCHIVE } else { icons::DATABASE };
    paint::icon(p, pos2(rect.left() + 12.0, y), icon, 16.0, t.text2);
    let edges = if wide { [0.21, 0.62, 0.72, 0.96] } else { [0.28, 0.6, 0.74, 0.95] };
    let x = |index: usize| rect.left() + (rect.width() * edges[index]).round();
    let cut = |from: f32, to: f32, words: &str, font, color| {
        let galley = paint::line(p, words, font, color, to - from);
        paint::put(p, Align2::LEFT_CENTER, pos2(from, y), galley);
    };
    cut(rect.left() + 32.0, x(0) - 12.0, &name, type_roles::heading(), t.text);
    cut(x(0), x(1) - 90.0, &whole, type_roles::table(), t.text3);
    let right = |x: f32, words: &str, color| {
        paint::text(p, Align2::RIGHT_CENTER, pos2(x, y), words, type_roles::table(), color);
    };
    right(x(1), &text::short_count(recent.events), t.text2);
    right(x(2), &text::bytes(recent.bytes), t.text2);
    right(x(3), &times::ago(ctx.model.now_us, recent.opened_us, ctx.model.zone()), t.text3);
    focus::ring(ui, &response, rect, RADIUS_CARD);
    let forget = Rect::from_center_size(pos2(rect.right() - 14.0, y), vec2(22.0, 22.0));
    if ui.rect_contains_pointer(rect) || response.has_focus() {
        inside(ui, forget, Layout::default(), |ui| {
            if button::small_icon(ui, icons::X, "Forget this store").clicked() {
                ctx.commands.send(Action::ForgetRecent(Some(recent.path.clone())));
            }
        });
    }
    if tooltip::hint(response, &whole).clicked() && ctx.model.overlay == Overlay::None {
        ctx.commands.send(Action::Preview(recent.path.clone()));
    }
}
