//! Owns what lies over the screen: the palette, the list of keys, three small dialogs. Only one at a time; Escape closes it.

mod dialogs;
mod keys;
mod kind_names;
mod palette;
mod settings;

use egui::{
    Align2, Area, CornerRadius, Id, Key, Layout, Modifiers, Order, Rect, Response, Role, Sense, Stroke,
    StrokeKind, Ui, WidgetInfo, pos2, vec2,
};

use super::{inside, keys_at};
use crate::command::Command;
use crate::context::ViewContext;
use crate::state::model::Overlay;
use crate::theme::metrics::{PALETTE_WIDTH, RADIUS_CHIP, RADIUS_PALETTE};
use crate::theme::type_roles;
use crate::widgets::paint;

/// Height of a dialog with one field and room for what is wrong with it, points.
const DIALOG: f32 = 150.0;
/// What a key takes of a row at most, points.
const KEY_ROOM: f32 = 34.0;
/// From the top of the window to an overlay, points.
const TOP: f32 = 120.0;

/// Private state of the overlays, made anew whenever another one opens.
#[derive(Debug, Default)]
pub(super) struct Overlays {
    shown: Overlay,
    palette: palette::Palette,
    jump: dialogs::Jump,
    open_path: dialogs::OpenPath,
    kind_names: kind_names::KindNames,
    settings: settings::SettingsDialog,
}

impl Overlays {
    /// Draws what the model says is open.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        let wanted = ctx.model.overlay;
        let is_new = wanted != self.shown;
        if is_new {
            *self = Self { shown: wanted, ..Self::default() };
        }
        // Escape is taken here, because the text field of an overlay would keep it from being a command.
        let records = ctx.model.recording.is_some();
        if wanted != Overlay::None
            && !records
            && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape))
        {
            ctx.commands.run(Command::Cancel);
        }
        match wanted {
            Overlay::None => {}
            Overlay::Palette => float(ctx, ui, 420.0, |ui| self.palette.show(ctx, ui, is_new)),
            Overlay::Keys => float(ctx, ui, 640.0, |ui| keys::show(ctx, ui)),
            Overlay::Settings => float(ctx, ui, 640.0, |ui| self.settings.show(ctx, ui)),
            Overlay::Jump => float(ctx, ui, DIALOG, |ui| self.jump.show(ctx, ui, is_new)),
            Overlay::OpenPath => float(ctx, ui, DIALOG, |ui| self.open_path.show(ctx, ui, is_new)),
            Overlay::KindNames => float(ctx, ui, 480.0, |ui| self.kind_names.show(ctx, ui)),
        }
    }
}

/// A veil over the screen, and a float on it; a click beside the float closes it.
fn float(ctx: ViewContext<'_>, ui: &Ui, height: f32, add: impl FnOnce(&mut Ui)) {
    let t = ctx.tokens;
    let screen = ui.ctx().content_rect();
    let width = PALETTE_WIDTH.min(screen.width() - 48.0);
    let top = TOP.min(screen.height() * 0.12).floor();
    let height = height.min(screen.height() - top - 48.0);
    let place = Rect::from_min_size(
        pos2((screen.center().x - width / 2.0).floor(), screen.top() + top),
        vec2(width, height),
    );
    Area::new(Id::unique("overlay")).order(Order::Foreground).fixed_pos(screen.min).constrain(false).show(
        ui.ctx(),
        |ui| {
            let veil = ui.allocate_rect(screen, Sense::click());
            ui.painter().rect_filled(screen, CornerRadius::ZERO, t.veil);
            if veil.clicked() && veil.interact_pointer_pos().is_some_and(|pos| !place.contains(pos)) {
                ctx.commands.run(Command::Cancel);
            }
            ui.painter().add(ui.visuals().popup_shadow.as_shape(place, RADIUS_PALETTE));
            ui.painter().rect(
                place,
                RADIUS_PALETTE,
                t.overlay,
                Stroke::new(1.0, t.line_strong),
                StrokeKind::Inside,
            );
            inside(ui, place.shrink(1.0), Layout::default(), |ui| {
                ui.set_clip_rect(place);
                ui.spacing_mut().item_spacing.y = 0.0;
                add(ui);
            });
        },
    );
}

/// A command with its icon, its name and its keys, in the palette and in menus.
pub(super) fn command_row(
    ctx: ViewContext<'_>,
    ui: &mut Ui,
    command: Command,
    label: &str,
    chosen: bool,
) -> Response {
    let t = ctx.tokens;
    let keys = ctx.model.keys.text(command);
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), 32.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, label));
    if chosen {
        ui.painter().rect_filled(rect, RADIUS_CHIP + 2, t.sel);
    } else if response.hovered() || response.has_focus() {
        ui.painter().rect_filled(rect, RADIUS_CHIP, t.active);
    }
    let y = rect.center().y;
    paint::icon(
        ui.painter(),
        pos2(rect.left() + 18.0, y),
        command.icon(),
        16.0,
        if chosen { t.text } else { t.text2 },
    );
    let keys_width = keys.split('+').count() as f32 * KEY_ROOM;
    let words =
        paint::line(ui.painter(), label, type_roles::body_medium(), t.text, rect.width() - 50.0 - keys_width);
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 38.0, y), words);
    keys_at(ui, rect, 10.0, &keys);
    response
}
