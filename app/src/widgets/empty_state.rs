//! What a panel shows when there is nothing to show: why, and what to do.
//!
//! Never a picture and never an apology.

use egui::{Role, Ui, WidgetInfo};

use super::link;
use crate::theme::{Tokens, type_roles};

/// Why there is nothing, and the way on.
#[derive(Clone, Copy, Debug)]
pub struct EmptyState<'a> {
    /// One sentence of reason.
    pub reason: &'a str,
    /// One sentence of what to do.
    pub advice: &'a str,
    /// The label of the way out.
    pub link: Option<&'a str>,
}

impl EmptyState<'_> {
    /// Shows it in the middle of all the room there is; true when the link was clicked.
    pub fn show(&self, ui: &mut Ui) -> bool {
        let height = if self.link.is_some() { 66.0 } else { 44.0 };
        let above = ((ui.available_height() - height) / 2.0).max(0.0).floor();
        ui.vertical_centered(|ui| {
            ui.add_space(above);
            self.lines(ui)
        })
        .inner
    }

    /// Shows it at the top left of a part of a panel; true when the link was clicked.
    pub fn show_inline(&self, ui: &mut Ui) -> bool {
        ui.vertical(|ui| self.lines(ui)).inner
    }

    fn lines(&self, ui: &mut Ui) -> bool {
        let t = Tokens::of(ui);
        let reason = ui.label(type_roles::rich(self.reason, type_roles::body_medium()).color(t.text));
        reason.widget_info(|| WidgetInfo::labeled(Role::Status, true, self.reason));
        ui.label(type_roles::rich(self.advice, type_roles::table()).color(t.text3));
        self.link.is_some_and(|label| {
            ui.add_space(2.0);
            link::link(ui, label).clicked()
        })
    }
}
