//! A word with an icon on a quiet ground: the state of something.
//!
//! Never colour alone; a badge always has its word.

use egui::{Align2, Color32, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::paint;
use crate::theme::metrics::{BADGE, RADIUS_CONTROL};
use crate::theme::{Tokens, type_roles};

/// What a badge, banner or toast is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to worry about.
    #[default]
    Neutral,
    /// Verified.
    Good,
    /// Pending, writable, behind.
    Warn,
    /// Failed or broken.
    Bad,
}

impl Tone {
    /// Colour of words.
    pub fn text(self, t: &Tokens) -> Color32 {
        match self {
            Self::Neutral => t.text2,
            Self::Good => t.green_text,
            Self::Warn => t.amber_text,
            Self::Bad => t.red_text,
        }
    }

    /// Colour of icons and lines.
    pub fn mark(self, t: &Tokens) -> Color32 {
        match self {
            Self::Neutral => t.text3,
            Self::Good => t.green,
            Self::Warn => t.amber,
            Self::Bad => t.red,
        }
    }

    /// Colour of the ground.
    pub fn ground(self, t: &Tokens) -> Color32 {
        match self {
            Self::Neutral => t.active,
            Self::Good => t.green_bg,
            Self::Warn => t.amber_bg,
            Self::Bad => t.red_bg,
        }
    }
}

/// A badge; it senses hovering so that a tooltip can be added.
pub fn badge(ui: &mut Ui, tone: Tone, icon: Option<char>, label: &str) -> Response {
    let t = Tokens::of(ui);
    let words = paint::whole_line(ui.painter(), label, type_roles::caption_medium(), tone.text(t));
    let lead = if icon.is_some() { 26.0 } else { 8.0 };
    let (rect, response) =
        paint::allocate(ui, vec2(lead + words.size().x.ceil() + 8.0, BADGE), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label));
    let y = rect.center().y;
    ui.painter().rect_filled(rect, RADIUS_CONTROL, tone.ground(t));
    if let Some(icon) = icon {
        paint::icon(ui.painter(), pos2(rect.left() + 15.0, y), icon, 14.0, tone.text(t));
    }
    paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + lead, y), words);
    response
}
