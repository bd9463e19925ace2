//! Owns the drawer: a strip of tabs at the bottom with one view open. Never holds a view that lies in the middle.

use egui::{Frame, Panel, Ui};

use super::regions;
use super::views::Views;
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::layout::Arrange;
use crate::state::route::View;
use crate::theme::icons;
use crate::widgets::tabs::{Tab, tabs};
use crate::widgets::{button, hairline};

/// Height of the drawer at first, and the least, points.
const HEIGHT: f32 = 264.0;
const HEIGHT_MIN: f32 = 120.0;

/// Draws the drawer.
pub(super) fn show(views: &mut Views, ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let most = (ui.max_rect().height() * 0.6).max(HEIGHT_MIN);
    let panel = Panel::bottom("drawer").default_size(HEIGHT.min(most)).size_range(HEIGHT_MIN..=most);
    panel.resizable(true).show_separator_line(false).frame(Frame::NONE.fill(t.canvas)).show(ui, |ui| {
        let place = ui.max_rect();
        ui.painter().rect_filled(place, 0, t.canvas);
        ui.spacing_mut().item_spacing.y = 0.0;
        regions::region(ui, "Drawer", place);
        tabs_ui(ctx, ui);
        hairline::horizontal(ui.painter(), place.x_range(), place.top(), t.line);
        views.show(ctx.view.model.layout.drawer, ctx, ui);
        // The drawer keeps its height whatever lies in it.
        ui.expand_to_include_rect(place);
    });
}

fn tabs_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let layout = &ctx.view.model.layout;
    let shown: Vec<View> = View::ALL.iter().copied().filter(|view| view.is_drawn_in_drawer()).collect();
    let named: Vec<(String, char)> = shown
        .iter()
        .map(|view| (drawer_title(*view, layout.drawer), Command::that_shows(*view).icon()))
        .collect();
    let named: Vec<Tab<'_>> = named.iter().map(|(title, icon)| Tab::new(title).icon(*icon)).collect();
    let mut active = shown.iter().position(|view| *view == layout.drawer).unwrap_or(0);
    let changed = tabs(ui, &named, &mut active, |ui| {
        if button::small_icon(ui, icons::X, "Close the drawer").clicked() {
            ctx.view.commands.run(Command::ToggleDrawer);
        }
    });
    if changed.changed() {
        ctx.view.commands.send(Action::Arrange(Arrange::Drawer(shown[active])));
    }
}

/// The name of a tab of the drawer; one that would fetch its view from the middle says so.
fn drawer_title(view: View, drawn: View) -> String {
    if view == View::Append && drawn != View::Append {
        return format!("{} here", view.title());
    }
    view.title().to_owned()
}
