//! Owns what commands mean for the layout: which view has the focus, what lies where, what stands beside.

use egui::Context;

use super::App;
use crate::command::Command;
use crate::state::layout::{Arrange, Layout, Preset, Side};
use crate::state::model::Overlay;
use crate::state::route::{DetailTab, Docks, View};
use crate::view::ring::turned;

impl App {
    /// Shows a view where it lies, in the middle if it lies nowhere, and gives it the focus.
    pub(super) fn show_view(&mut self, view: View) {
        self.model.overlay = Overlay::None;
        let in_drawer = self.model.layout.drawer == view && !self.model.layout.middle.contains(view);
        if in_drawer || matches!(view, View::Tasks | View::Memory) && !self.model.layout.middle.contains(view)
        {
            self.model.layout.show_in_drawer(view);
        } else {
            let focus = self.model.view;
            self.model.layout.open(view, focus);
            self.model.view = view;
        }
        self.save();
    }

    /// Does what the user arranges with the mouse.
    pub(super) fn arrange(&mut self, arrange: Arrange, ctx: &Context) {
        match arrange {
            Arrange::Drawn(node) => {
                self.model.layout.arrange(node, self.model.view);
                self.keep_focus_in_front();
                // While a border is dragged, nothing is final.
                if !ctx.input(|input| input.pointer.any_down()) {
                    self.save();
                }
            }
            Arrange::Close(view) => self.close_view(view),
            Arrange::Drawer(view) => {
                self.model.layout.show_in_drawer(view);
                self.keep_focus_in_front();
                self.save();
            }
        }
    }

    /// Does what a command means for the layout.
    pub(super) fn arrange_by(&mut self, command: Command) {
        let focus = self.model.view;
        let layout = &mut self.model.layout;
        match command {
            Command::SplitRight => layout.split(focus, Side::Right),
            Command::SplitBelow => layout.split(focus, Side::Below),
            Command::ToggleMaximised => layout.maximised = !layout.maximised,
            Command::CloseView => return self.close_view(focus),
            Command::NextTab => return self.turn_tab(1),
            Command::PreviousTab => return self.turn_tab(-1),
            Command::ToggleExplorer => self.toggle_dock(|docks| &mut docks.explorer),
            Command::ToggleInspector => self.toggle_dock(|docks| &mut docks.inspector),
            Command::ToggleTimeline => self.toggle_dock(|docks| &mut docks.timeline),
            Command::ToggleDrawer => layout.drawer_open = !layout.drawer_open,
            Command::AppendInDrawer => layout.show_in_drawer(View::Append),
            Command::LayoutBrowse => self.use_preset(Preset::Browse),
            Command::LayoutTrace => self.use_preset(Preset::Trace),
            Command::LayoutAudit => self.use_preset(Preset::Audit),
            Command::LayoutLive => self.use_preset(Preset::Live),
            _ => return,
        }
        self.keep_focus_in_front();
        self.save();
    }

    fn close_view(&mut self, view: View) {
        self.model.layout.close(view);
        self.keep_focus_in_front();
        self.save();
    }

    /// The view with the focus can always be seen.
    fn keep_focus_in_front(&mut self) {
        let front = self.model.layout.in_front(self.model.view);
        let lies = self.model.layout.middle.contains(self.model.view);
        if !lies || !front.contains(&self.model.view) {
            self.model.layout.maximised &= lies;
            let front = self.model.layout.in_front(self.model.view);
            self.model.view = front.first().copied().unwrap_or_default();
        }
    }

    fn turn_tab(&mut self, step: isize) {
        let focus = self.model.view;
        let views = self.model.layout.middle.tabs_of(focus).unwrap_or_default();
        if let Some(at) = views.iter().position(|view| *view == focus) {
            self.show_view(views[turned(at, step, views.len())]);
        }
    }

    /// Shows a dock beside the view with the focus, or hides it beside every view in front.
    fn toggle_dock(&mut self, dock: fn(&mut Docks) -> &mut bool) {
        let focus = self.model.view;
        let layout = &mut self.model.layout;
        layout.maximised = false;
        let shown = *dock(&mut layout.docks(focus));
        layout.change_docks(focus, |docks| *dock(docks) = !shown);
    }

    fn use_preset(&mut self, preset: Preset) {
        let (layout, focus) = Layout::of_preset(preset);
        self.model.layout = layout;
        self.model.view = focus;
        match preset {
            Preset::Audit => self.model.detail_tab = DetailTab::Proof,
            Preset::Live if self.model.store.as_ref().is_some_and(|store| !store.follow) => {
                self.commands.run(Command::ToggleFollow);
            }
            Preset::Browse | Preset::Trace | Preset::Live => {}
        }
    }
}
