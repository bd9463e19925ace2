//! The tokens said in egui's own words, so that stock widgets look like ours.
//!
//! Never sets fonts and never reads the context.

use egui::epaint::FontColorTransferFunction;
use egui::style::{ScrollStyle, Selection, TextCursorStyle, WidgetVisuals, Widgets};
use egui::{
    Color32, CornerRadius, FontFamily, FontId, Margin, Shadow, Spacing, Stroke, Style, TextStyle, Visuals,
    vec2,
};

use super::fonts::{BOLD, MEDIUM};
use super::metrics::{CONTROL, FADE_SECONDS, INDENT, RADIUS_CARD, RADIUS_CONTROL, RADIUS_FLOAT};
use super::{Theme, Tokens};

/// Share of coverage that light theme's glyphs keep: a little bolder than egui's default.
const LIGHT_GLYPH_GAMMA: f32 = 0.85;

/// The style of one theme.
pub(super) fn style(t: &Tokens) -> Style {
    let mut style = Style { animation_time: FADE_SECONDS, ..Style::default() };
    style.text_styles = [
        (TextStyle::Small, FontId::proportional(11.0)),
        (TextStyle::Body, FontId::proportional(13.0)),
        (TextStyle::Button, FontId::new(12.5, FontFamily::Name(MEDIUM.into()))),
        (TextStyle::Heading, FontId::new(15.0, FontFamily::Name(BOLD.into()))),
        (TextStyle::Monospace, FontId::monospace(12.0)),
    ]
    .into();
    style.interaction.selectable_labels = false;
    style.interaction.tooltip_delay = 0.35;
    style.spacing = spacing();
    style.visuals = visuals(t);
    style
}

fn spacing() -> Spacing {
    Spacing {
        item_spacing: vec2(8.0, 4.0),
        button_padding: vec2(10.0, 4.0),
        interact_size: vec2(CONTROL, CONTROL),
        indent: INDENT,
        icon_width: 16.0,
        icon_width_inner: 8.0,
        icon_spacing: 8.0,
        menu_margin: Margin::same(4),
        window_margin: Margin::same(16),
        tooltip_width: 480.0,
        scroll: ScrollStyle { bar_width: 8.0, floating_width: 6.0, ..ScrollStyle::floating() },
        ..Spacing::default()
    }
}

fn visuals(t: &Tokens) -> Visuals {
    let mut v = if t.is_dark() { Visuals::dark() } else { Visuals::light() };
    v.text_options.color_transfer_function = if t.is_dark() {
        FontColorTransferFunction::TwoCoverageMinusCoverageSq
    } else {
        FontColorTransferFunction::Gamma(LIGHT_GLYPH_GAMMA)
    };
    v.override_text_color = None;
    v.weak_text_color = Some(t.text3);
    v.widgets = widgets(t);
    v.selection = Selection { bg_fill: t.sel, stroke: Stroke::new(1.0, t.text) };
    v.hyperlink_color = t.accent_text;
    v.faint_bg_color = t.line_soft;
    v.extreme_bg_color = t.input;
    v.text_edit_bg_color = Some(t.input);
    v.code_bg_color = t.line_soft;
    v.warn_fg_color = t.amber_text;
    v.error_fg_color = t.red_text;
    v.panel_fill = t.panel;
    v.window_fill = t.overlay;
    v.window_stroke = Stroke::new(1.0, t.line_strong);
    v.window_corner_radius = CornerRadius::same(RADIUS_FLOAT);
    v.menu_corner_radius = CornerRadius::same(RADIUS_CARD);
    v.window_shadow = float_shadow(t);
    v.popup_shadow = float_shadow(t);
    v.text_cursor =
        TextCursorStyle { stroke: Stroke::new(1.5, t.accent), blink: false, ..TextCursorStyle::default() };
    v.striped = false;
    v.indent_has_left_vline = true;
    v.slider_trailing_fill = true;
    v.disabled_alpha = 0.45;
    v
}

/// The shadow of everything that floats; nothing else has one.
fn float_shadow(t: &Tokens) -> Shadow {
    Shadow { offset: [0, 6], blur: 22, spread: 0, color: t.shadow }
}

fn widgets(t: &Tokens) -> Widgets {
    let rest = if t.theme == Theme::Light { t.canvas } else { t.raised };
    let visuals = |fill: Color32, stroke: Color32, text: Color32| WidgetVisuals {
        bg_fill: fill,
        weak_bg_fill: fill,
        bg_stroke: Stroke::new(1.0, stroke),
        corner_radius: CornerRadius::same(RADIUS_CONTROL),
        fg_stroke: Stroke::new(1.0, text),
        expansion: 0.0,
    };
    Widgets {
        noninteractive: visuals(t.panel, t.line, t.text2),
        inactive: visuals(rest, t.control, t.text),
        hovered: visuals(t.active, t.line_strong, t.text),
        active: visuals(t.active, t.accent, t.text),
        open: visuals(t.active, t.line_strong, t.text),
    }
}
