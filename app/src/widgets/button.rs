//! Buttons in their four ranks, and icons that can be clicked.
//!
//! Never more than one primary button in a pane.

use egui::{Align2, Color32, Response, Role, Sense, Stroke, StrokeKind, Ui, Widget, WidgetInfo, pos2, vec2};

use super::{focus, paint, tooltip};
use crate::theme::metrics::{CONTROL, RADIUS_CONTROL};
use crate::theme::{Theme, Tokens, type_roles};

/// How loud a button is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rank {
    Primary,
    Secondary,
    Ghost,
    Danger,
}

/// A button with a label, add it with `ui.add`.
#[must_use = "add it with ui.add"]
#[derive(Clone, Copy, Debug)]
pub struct Button<'a> {
    rank: Rank,
    label: &'a str,
    icon: Option<char>,
    enabled: bool,
}

impl<'a> Button<'a> {
    fn new(rank: Rank, label: &'a str) -> Self {
        Self { rank, label, icon: None, enabled: true }
    }

    /// The one thing this pane is for.
    pub fn primary(label: &'a str) -> Self {
        Self::new(Rank::Primary, label)
    }

    /// Any other action.
    pub fn secondary(label: &'a str) -> Self {
        Self::new(Rank::Secondary, label)
    }

    /// An action that may be overlooked.
    pub fn ghost(label: &'a str) -> Self {
        Self::new(Rank::Ghost, label)
    }

    /// An action that destroys something.
    pub fn danger(label: &'a str) -> Self {
        Self::new(Rank::Danger, label)
    }

    /// Puts an icon before the label.
    pub fn icon(mut self, icon: char) -> Self {
        self.icon = Some(icon);
        self
    }

    /// A disabled button stays in its place and says so.
    pub fn enabled(mut self, enabled: bool) -> Self {
        self.enabled = enabled;
        self
    }

    fn colors(&self, t: &Tokens, hovered: bool, pressed: bool) -> (Color32, Color32, Color32) {
        let clear = Color32::TRANSPARENT;
        if !self.enabled {
            return (t.active, clear, t.disabled);
        }
        let rest = if t.theme == Theme::Light { t.canvas } else { t.raised };
        let lift = |ground| {
            if pressed {
                t.active
            } else if hovered {
                t.hover
            } else {
                ground
            }
        };
        match self.rank {
            Rank::Primary if pressed => (paint::mix(t.accent_solid, t.canvas, 0.18), clear, t.on_accent),
            Rank::Primary if hovered => (paint::mix(t.accent_solid, t.text, 0.10), clear, t.on_accent),
            Rank::Primary => (t.accent_solid, clear, t.on_accent),
            Rank::Secondary if hovered || pressed => (t.active, t.line_strong, t.text),
            Rank::Secondary => (rest, t.line_strong, t.text),
            Rank::Ghost => (lift(clear), clear, if hovered { t.text } else { t.text2 }),
            Rank::Danger if hovered || pressed => (t.red_bg, t.red, t.red_text),
            Rank::Danger => (t.red_bg, clear, t.red_text),
        }
    }
}

impl Widget for Button<'_> {
    fn ui(self, ui: &mut Ui) -> Response {
        let t = Tokens::of(ui);
        let enabled = self.enabled && ui.is_enabled();
        let words =
            paint::whole_line(ui.painter(), self.label, type_roles::body_medium(), Color32::PLACEHOLDER);
        let lead = 12.0 + if self.icon.is_some() { 20.0 } else { 0.0 };
        let tail = 12.0;
        let sense = if enabled { Sense::click() } else { Sense::hover() };
        let (rect, response) = paint::allocate(ui, vec2(lead + words.size().x.ceil() + tail, CONTROL), sense);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, self.label));
        let (fill, border, color) = self.colors(t, response.hovered(), response.is_pointer_button_down_on());
        let p = ui.painter();
        p.rect(rect, RADIUS_CONTROL, fill, Stroke::new(1.0, border), StrokeKind::Inside);
        let y = rect.center().y;
        if let Some(icon) = self.icon {
            paint::icon(p, pos2(rect.left() + 19.5, y), icon, 15.0, color);
        }
        let at = Align2::LEFT_CENTER.anchor_size(pos2(rect.left() + lead, y), words.size());
        p.galley(at.min, words, color);
        focus::ring(ui, &response, rect, RADIUS_CONTROL);
        response
    }
}

/// An icon of 16 points that can be clicked; `label` is its name and its tooltip.
pub fn icon(ui: &mut Ui, icon: char, label: &str) -> Response {
    icon_sized(ui, icon, label, 16.0, CONTROL)
}

/// A small icon for rows and headers.
pub fn small_icon(ui: &mut Ui, icon: char, label: &str) -> Response {
    icon_sized(ui, icon, label, 14.0, 22.0)
}

fn icon_sized(ui: &mut Ui, icon: char, label: &str, size: f32, side: f32) -> Response {
    let t = Tokens::of(ui);
    let enabled = ui.is_enabled();
    let (rect, response) = paint::allocate(ui, vec2(side, side), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, label));
    let (fill, color) = if response.is_pointer_button_down_on() {
        (t.active, t.text)
    } else if response.hovered() {
        (t.hover, t.text)
    } else {
        (Color32::TRANSPARENT, t.text2)
    };
    ui.painter().rect_filled(rect, RADIUS_CONTROL, fill);
    paint::icon(ui.painter(), rect.center(), icon, size, color);
    focus::ring(ui, &response, rect, RADIUS_CONTROL);
    tooltip::hint(response, label)
}
