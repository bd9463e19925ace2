//! Owns the settings: colours, rows, times, scale, motion, and the keys of each command.

use egui::{Align2, Layout, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::super::{from_right, inside, keys_at};
use crate::command::{Change, Command, Group, KeyMap};
use crate::context::ViewContext;
use crate::state::settings::{Density, SCALES};
use crate::theme::{Theme, icons, type_roles};
use crate::widgets::button::{self, Button};
use crate::widgets::segmented::segmented;
use crate::widgets::text_input::TextInput;
use crate::widgets::toggle::switch;
use crate::widgets::{focus, hairline, paint};

/// Height of a setting, and of the keys of a command, points.
const SETTING: f32 = 36.0;
const KEYS: f32 = 32.0;

/// Private state: what the commands are searched for.
#[derive(Debug, Default)]
pub(super) struct SettingsDialog {
    searched: String,
}

impl SettingsDialog {
    /// Draws the settings.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let whole = ui.max_rect().shrink2(vec2(20.0, 0.0));
        let title = pos2(whole.left(), whole.top() + 24.0);
        paint::text(
            ui.painter(),
            Align2::LEFT_CENTER,
            title,
            "Settings",
            type_roles::panel_title(),
            ctx.tokens.text,
        );
        let close = Rect::from_min_size(pos2(whole.right() - 24.0, whole.top() + 10.0), vec2(30.0, 28.0));
        inside(ui, close, from_right(), |ui| {
            if button::small_icon(ui, icons::X, "Close").clicked() {
                ctx.commands.run(Command::Cancel);
            }
        });
        let body = Rect::from_min_max(whole.min + vec2(0.0, 44.0), whole.max - vec2(0.0, 8.0));
        inside(ui, body, Layout::default(), |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                ui.set_width(ui.available_width() - 10.0);
                look_ui(ctx, ui);
                self.keys_ui(ctx, ui);
            });
        });
    }

    fn keys_ui(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        ui.add_space(18.0);
        setting(ctx, ui, "Keys", "Click the keys of a command, then press others", |ui| {
            let own = !ctx.model.settings.keys.is_empty();
            if ui.add(Button::secondary("Reset all keys").enabled(own)).clicked() {
                change(ctx, Change::UsualKeys(None));
            }
        });
        ui.add_space(8.0);
        let field = TextInput::new("Search commands").without_label().icon(icons::MAGNIFYING_GLASS);
        field.placeholder("Search commands").show(ui, &mut self.searched);
        ui.add_space(4.0);
        let searched = self.searched.trim().to_lowercase();
        for group in Group::ALL {
            for command in group.commands() {
                let name = command.text().0.to_lowercase();
                if name.contains(&searched) || command.id().contains(&searched) {
                    command_ui(ctx, ui, command);
                }
            }
        }
    }
}

fn change(ctx: ViewContext<'_>, change: Change) {
    ctx.commands.send(crate::command::Action::Change(change));
}

/// How everything looks.
fn look_ui(ctx: ViewContext<'_>, ui: &mut Ui) {
    let settings = &ctx.model.settings;
    setting(ctx, ui, "Colours", "", |ui| {
        let mut theme = settings.theme;
        let options = Theme::ALL.map(|theme| (theme, theme.name()));
        if segmented(ui, "Colours", &mut theme, &options).changed() {
            change(ctx, Change::Theme(theme));
        }
    });
    setting(ctx, ui, "Rows", "", |ui| {
        let mut density = settings.density;
        let options = Density::ALL.map(|density| (density, density.name()));
        if segmented(ui, "Rows", &mut density, &options).changed() {
            change(ctx, Change::Density(density));
        }
    });
    setting(ctx, ui, "Times", "", |ui| {
        let mut utc = settings.utc;
        if segmented(ui, "Times", &mut utc, &[(false, "Local zone"), (true, "UTC")]).changed() {
            change(ctx, Change::Utc(utc));
        }
    });
    setting(ctx, ui, "Scale", "", |ui| {
        let mut scale = settings.scale;
        let names = SCALES.map(|scale| format!("{scale} %"));
        let options: Vec<(u16, &str)> = SCALES.into_iter().zip(names.iter().map(String::as_str)).collect();
        if segmented(ui, "Scale", &mut scale, &options).changed() {
            change(ctx, Change::Scale(scale));
        }
    });
    setting(ctx, ui, "Motion", "", |ui| {
        let mut reduced = settings.reduced_motion;
        if switch(ui, &mut reduced, "Reduce motion").changed() {
            change(ctx, Change::ReducedMotion(reduced));
        }
    });
}

/// A setting: its name at the left, what it can be at the right.
fn setting(ctx: ViewContext<'_>, ui: &mut Ui, name: &str, hint: &str, control: impl FnOnce(&mut Ui)) {
    let t = ctx.tokens;
    let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), SETTING), Sense::hover());
    let left = Align2::LEFT_CENTER;
    let words = paint::text(ui.painter(), left, rect.left_center(), name, type_roles::heading(), t.text);
    let at = pos2(words.right() + 12.0, rect.center().y);
    paint::text(ui.painter(), left, at, hint, type_roles::caption(), t.text3);
    inside(ui, rect, from_right(), control);
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line);
}

/// A command and its keys; a click on them waits for others.
fn command_ui(ctx: ViewContext<'_>, ui: &mut Ui, command: Command) {
    let t = ctx.tokens;
    let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), KEYS), Sense::hover());
    if !ui.is_rect_visible(rect) {
        return;
    }
    let keys = ctx.model.keys.text(command);
    let recording = ctx.model.recording.filter(|recording| recording.command == command);
    let (name, y) = (command.text().0, rect.center().y);
    let left = Align2::LEFT_CENTER;
    let words = paint::line(ui.painter(), name, type_roles::body(), t.text, 200.0);
    let words = paint::put(ui.painter(), left, rect.left_center(), words);
    let at = pos2(words.right() + 10.0, y);
    let room = rect.right() - 190.0 - at.x;
    let taken = recording.and_then(|recording| recording.taken);
    let (said, color) = match taken {
        Some((pressed, holder)) => {
            let holder = holder.text().0;
            (
                format!("{} is \u{201c}{holder}\u{201d}; press it again to take it", KeyMap::words(pressed)),
                t.amber_text,
            )
        }
        None => (command.id().to_owned(), t.text3),
    };
    let said = paint::line(ui.painter(), &said, type_roles::caption(), color, room.max(0.0));
    paint::put(ui.painter(), left, at, said);
    let place = Rect::from_min_max(pos2(rect.right() - 180.0, rect.top() + 3.0), rect.max - vec2(56.0, 4.0));
    let response = ui.interact(place, ui.scope_id().with(command.id()), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Keys of {name}: {keys}")));
    if recording.is_some() {
        ui.painter().rect_filled(place, 4, t.sel);
        let words = if taken.is_some() { "Press again" } else { "Press keys" };
        let at = place.right_center() - vec2(8.0, 0.0);
        paint::text(
            ui.painter(),
            Align2::RIGHT_CENTER,
            at,
            words,
            type_roles::caption_medium(),
            t.accent_text,
        );
    } else {
        if response.hovered() {
            ui.painter().rect_filled(place, 4, t.hover);
        }
        if keys.is_empty() {
            let at = place.right_center() - vec2(8.0, 0.0);
            paint::text(ui.painter(), Align2::RIGHT_CENTER, at, "none", type_roles::caption(), t.text3);
        }
        keys_at(ui, place, 6.0, &keys);
    }
    focus::ring(ui, &response, place, 4);
    if response.clicked() {
        let wanted = recording.is_none().then_some(command);
        change(ctx, Change::RecordKeys(wanted));
    }
    tools_ui(ctx, ui, rect, command);
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line_soft);
}

/// Taking the keys of a command away, and giving it the usual ones again.
fn tools_ui(ctx: ViewContext<'_>, ui: &mut Ui, row: Rect, command: Command) {
    let name = command.text().0;
    let place = row.with_min_x(row.right() - 50.0);
    inside(ui, place, from_right(), |ui| {
        ui.spacing_mut().item_spacing.x = 2.0;
        if ctx.model.settings.keys.contains_key(command.id()) {
            if button::small_icon(ui, icons::ARROW_COUNTER_CLOCKWISE, &format!("Usual keys of {name}"))
                .clicked()
            {
                change(ctx, Change::UsualKeys(Some(command)));
            }
        } else {
            ui.add_space(24.0);
        }
        let bound = !ctx.model.keys.of_command(command).is_empty();
        if bound && button::small_icon(ui, icons::X, &format!("No keys for {name}")).clicked() {
            change(ctx, Change::NoKeys(command));
        }
    });
}
