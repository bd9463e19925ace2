//! The look of the program: colours, type, icons, distances and what egui must know of them.
//!
//! Invariants: a colour literal, a font size or an icon character is written here and nowhere else.

mod fonts;
pub mod icons;
mod kinds;
pub mod metrics;
#[cfg(test)]
mod palette_check;
mod style;
mod tokens;
pub mod type_roles;

use egui::{Context, Id, Ui};
use serde::{Deserialize, Serialize};

pub use fonts::{BOLD, ICONS, MEDIUM, MONO_BOLD};
pub use kinds::{KindClass, KindMark, KindShape, kind_class};
pub use tokens::{DARK, HIGH_CONTRAST, KindColors, LIGHT, Tokens};

/// The three looks a user can choose.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light text on dark ground.
    #[default]
    Dark,
    /// Dark text on white ground.
    Light,
    /// White on black with a yellow accent.
    HighContrast,
}

impl Theme {
    /// All themes, in menu order.
    pub const ALL: [Self; 3] = [Self::Dark, Self::Light, Self::HighContrast];

    /// The colours of this theme.
    pub fn tokens(self) -> &'static Tokens {
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
            Self::HighContrast => &HIGH_CONTRAST,
        }
    }

    /// The name shown in menus.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dark => "Dark",
            Self::Light => "Light",
            Self::HighContrast => "High contrast",
        }
    }
}

/// Gives `ctx` the fonts and the style of `theme`; call it at start and whenever the theme changes.
///
/// Fonts are set once only, because setting them throws the glyph atlas away.
pub fn apply(ctx: &Context, theme: Theme) {
    let had_fonts = ctx.data_mut(|data| data.get_temp::<Theme>(theme_id()).is_some());
    if !had_fonts {
        ctx.set_fonts(fonts::definitions());
    }
    ctx.data_mut(|data| data.insert_temp(theme_id(), theme));
    let base = if theme == Theme::Light { egui::Theme::Light } else { egui::Theme::Dark };
    ctx.set_theme(base);
    // Both slots get the same style: what the desktop prefers must not change the look.
    let style = std::sync::Arc::new(style::style(theme.tokens()));
    ctx.set_style_of(egui::Theme::Dark, style.clone());
    ctx.set_style_of(egui::Theme::Light, style);
    ctx.options_mut(|options| options.theme_preference = base.into());
}

/// Lets nothing fade or move by itself, or lets it again.
pub fn apply_motion(ctx: &Context, reduced: bool) {
    let seconds = if reduced { 0.0 } else { metrics::FADE_SECONDS };
    if (ctx.global_style().animation_time - seconds).abs() > f32::EPSILON {
        ctx.all_styles_mut(|style| style.animation_time = seconds);
    }
}

/// The theme that was applied last, dark before that.
pub fn current(ctx: &Context) -> Theme {
    ctx.data_mut(|data| data.get_temp(theme_id()).unwrap_or_default())
}

fn theme_id() -> Id {
    Id::unique("causeway theme")
}

impl Tokens {
    /// The colours of the theme that `ui` is drawn in.
    pub fn of(ui: &Ui) -> &'static Self {
        Self::of_ctx(ui.ctx())
    }

    /// The colours of the theme that `ctx` is drawn in.
    pub fn of_ctx(ctx: &Context) -> &'static Self {
        current(ctx).tokens()
    }
}
