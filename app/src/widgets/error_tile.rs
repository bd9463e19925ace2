//! What went wrong, large when nothing else can be shown and as a banner when the rest still works.
//!
//! Never the end of the road: the primary button is the safe way out.

use egui::{Align2, CornerRadius, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::badge::Tone;
use super::button::Button;
use super::card::card;
use super::{hairline, link, paint};
use crate::theme::metrics::{BANNER, ERROR_WIDTH, PADDING};
use crate::theme::{Tokens, icons, type_roles};

/// A failure that takes the whole pane.
#[derive(Clone, Copy, Debug)]
pub struct ErrorTile<'a> {
    /// What is wrong, a few words.
    pub title: &'a str,
    /// Why, in sentences.
    pub cause: &'a str,
    /// Names and values that help.
    pub facts: &'a [(&'a str, &'a str)],
    /// The safe way out.
    pub primary: &'a str,
    /// Another way out.
    pub secondary: Option<&'a str>,
    /// The error in full, folded.
    pub detail: &'a str,
}

/// What the user chose on an error tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorChoice {
    /// The safe way out.
    Primary,
    /// The other way out.
    Secondary,
}

impl ErrorTile<'_> {
    /// Shows the tile at the top left of the room there is.
    pub fn show(&self, ui: &mut Ui) -> Option<ErrorChoice> {
        ui.scope(|ui| {
            ui.set_max_width(ERROR_WIDTH.min(ui.available_width()));
            ui.vertical(|ui| {
                ui.horizontal_top(|ui| self.head(ui));
                ui.add_space(12.0);
                if !self.facts.is_empty() {
                    self.facts_card(ui);
                    ui.add_space(12.0);
                }
                let choice = self.buttons(ui);
                if !self.detail.is_empty() {
                    ui.add_space(8.0);
                    self.detail(ui);
                }
                choice
            })
            .inner
        })
        .inner
    }

    fn head(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        ui.spacing_mut().item_spacing.x = 16.0;
        let (rect, _) = paint::allocate(ui, vec2(40.0, 40.0), Sense::hover());
        ui.painter().rect_filled(rect, CornerRadius::same(8), t.red_bg);
        paint::icon(ui.painter(), rect.center(), icons::WARNING_CIRCLE, 22.0, t.red_text);
        ui.vertical(|ui| {
            let title = ui.label(type_roles::rich(self.title, type_roles::title()).color(t.text));
            title.widget_info(|| WidgetInfo::labeled(Role::Alert, true, self.title));
            let cause = type_roles::rich(self.cause, type_roles::reading()).color(t.text);
            ui.label(cause.line_height(Some(type_roles::READING_LINE_HEIGHT)));
        });
    }

    fn facts_card(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        card(ui).fill(t.panel).show(ui, |ui| {
            ui.set_width(ui.available_width());
            egui::Grid::new(self.title).num_columns(2).spacing(vec2(24.0, 6.0)).min_row_height(18.0).show(
                ui,
                |ui| {
                    for (name, value) in self.facts {
                        ui.label(type_roles::rich(*name, type_roles::table()).color(t.text3));
                        ui.label(type_roles::rich(*value, type_roles::mono()).color(t.text));
                        ui.end_row();
                    }
                },
            );
        });
    }

    fn buttons(&self, ui: &mut Ui) -> Option<ErrorChoice> {
        ui.horizontal(|ui| {
            let primary = ui.add(Button::primary(self.primary)).clicked();
            let secondary = self.secondary.is_some_and(|label| ui.add(Button::ghost(label)).clicked());
            match (primary, secondary) {
                (true, _) => Some(ErrorChoice::Primary),
                (_, true) => Some(ErrorChoice::Secondary),
                _ => None,
            }
        })
        .inner
    }

    fn detail(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let id = ui.scope_id().with(self.title).with("detail");
        let open = ui.data_mut(|data| data.get_temp::<bool>(id).unwrap_or(false));
        let label = if open { "Hide details" } else { "Show details" };
        if link::link(ui, label).clicked() {
            ui.data_mut(|data| data.insert_temp(id, !open));
        }
        if open {
            ui.label(type_roles::rich(self.detail, type_roles::mono()).color(t.text2));
        }
    }
}

/// A strip under the tabs: a sentence and perhaps a link; true when the link was clicked.
pub fn banner(ui: &mut Ui, tone: Tone, text: &str, action: Option<&str>) -> bool {
    let t = Tokens::of(ui);
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), BANNER), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, text));
    ui.painter().rect_filled(rect, CornerRadius::ZERO, tone.ground(t));
    hairline::horizontal(ui.painter(), rect.x_range(), rect.bottom() - 1.0, t.line);
    let icon = if tone == Tone::Good { icons::CHECK_CIRCLE } else { icons::WARNING };
    paint::icon(ui.painter(), pos2(rect.left() + PADDING + 8.0, rect.center().y), icon, 16.0, tone.text(t));
    let inner = Rect::from_min_max(rect.min + vec2(PADDING + 24.0, 0.0), rect.max - vec2(PADDING, 1.0));
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    ui.scope_builder(egui::UiBuilder::new().max_rect(inner).layout(layout), |ui| {
        let clicked = action.is_some_and(|label| link::link(ui, label).clicked());
        let words =
            paint::line(ui.painter(), text, type_roles::body(), tone.text(t), ui.available_width() - 8.0);
        paint::put(ui.painter(), Align2::LEFT_CENTER, inner.left_center(), words);
        clicked
    })
    .inner
}

/// A sentence with a warning icon, for the foot of a form ("1 field to fix").
pub fn inline(ui: &mut Ui, tone: Tone, text: &str) -> Response {
    let t = Tokens::of(ui);
    let words = paint::whole_line(ui.painter(), text, type_roles::table_medium(), tone.text(t));
    let (rect, response) = paint::allocate(ui, vec2(20.0 + words.size().x, 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, text));
    let at = pos2(rect.left() + 8.0, rect.center().y);
    paint::icon(ui.painter(), at, icons::WARNING_CIRCLE, 14.0, tone.text(t));
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + 20.0, rect.center().y), words);
    response
}
