//! A view that failed unexpectedly: its place says so, and the views beside it go on.
//!
//! Never hides that it failed, and never tries again by itself.

use std::collections::BTreeMap;

use egui::Ui;

use super::badge::Tone;
use super::{error_tile, escape, link};
use crate::theme::{Tokens, type_roles};
use crate::worker::caught::caught;

/// What the views that failed said, by name.
#[derive(Clone, Debug, Default)]
pub struct FailedViews(BTreeMap<&'static str, String>);

impl FailedViews {
    /// Draws a view; if it fails, or failed before, an error stands in its place.
    pub fn guard(&mut self, ui: &mut Ui, name: &'static str, draw: impl FnOnce(&mut Ui)) {
        if self.0.contains_key(name) {
            if self.error_ui(ui, name) {
                self.0.remove(name);
            }
            return;
        }
        // A view of its own: what it left half drawn does not reach the views beside it.
        let mut own = ui.new_child(egui::UiBuilder::new());
        if let Err(said) = caught(|| draw(&mut own)) {
            self.0.insert(name, said);
            ui.ctx().request_repaint();
        }
        // The room that it took is taken: a panel is as wide as what lies in it.
        let taken = own.min_rect();
        ui.advance_cursor_after_rect(taken);
    }

    fn error_ui(&self, ui: &mut Ui, name: &str) -> bool {
        let t = Tokens::of(ui);
        let said = self.0.get(name).map(|said| escape::visible(said)).unwrap_or_default();
        ui.add_space(8.0);
        error_tile::inline(ui, Tone::Bad, &format!("The {name} failed unexpectedly"));
        let words: String = said.chars().take(400).collect();
        ui.label(type_roles::rich(words, type_roles::mono()).color(t.text2));
        link::link(ui, "Try again").clicked()
    }
}
