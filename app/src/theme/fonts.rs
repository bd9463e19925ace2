//! The embedded fonts and the families made of them.
//!
//! Never asks the system for a font: text looks the same on every machine.

use std::sync::Arc;

use egui::epaint::text::{FontTweak, VariationCoords};
use egui::{FontData, FontDefinitions, FontFamily};

/// Family name of the medium text weight.
pub const MEDIUM: &str = "m";
/// Family name of the bold text weight.
pub const BOLD: &str = "b";
/// Family name of the bold monospaced face.
pub const MONO_BOLD: &str = "mb";
/// Family name of the icon face on its own, whose row box is the icon's box.
pub const ICONS: &str = "icons";

static TEXT: &[u8] = include_bytes!("../../../assets/fonts/Text-var.ttf");
static MONO: &[u8] = include_bytes!("../../../assets/fonts/Mono-var.ttf");
static ICON: &[u8] = include_bytes!("../../../assets/fonts/Icons.ttf");
static CJK: &[u8] = include_bytes!("../../../assets/fonts/CJK-jis0208.otf");

/// All faces and families; every family falls back to the icons and then to the Japanese face.
pub(super) fn definitions() -> FontDefinitions {
    let mut fonts = FontDefinitions::empty();
    // The same variable font is registered once a weight: egui has no synthetic bold.
    let faces = [
        (FontFamily::Proportional, "text 400", TEXT, 400.0),
        (FontFamily::Name(MEDIUM.into()), "text 500", TEXT, 500.0),
        (FontFamily::Name(BOLD.into()), "text 600", TEXT, 600.0),
        (FontFamily::Monospace, "mono 400", MONO, 400.0),
        (FontFamily::Name(MONO_BOLD.into()), "mono 600", MONO, 600.0),
    ];
    for (family, name, bytes, weight) in faces {
        let tweak = FontTweak { coords: VariationCoords::new([(b"wght", weight)]), ..Default::default() };
        fonts.font_data.insert(name.into(), Arc::new(FontData::from_static(bytes).tweak(tweak)));
        fonts.families.insert(family, vec![name.into(), "icon".into(), "cjk".into()]);
    }
    // Icons are drawn on whole pixels: one stroke must not be sharp here and soft there.
    let tweak = FontTweak { hinting: Some(false), subpixel_binning: Some(false), ..Default::default() };
    fonts.font_data.insert("icon".into(), Arc::new(FontData::from_static(ICON).tweak(tweak)));
    // Japanese glyphs are larger and lower than the Latin ones beside them.
    let tweak = FontTweak { scale: 0.96, y_offset_factor: -0.05, ..Default::default() };
    fonts.font_data.insert("cjk".into(), Arc::new(FontData::from_static(CJK).tweak(tweak)));
    fonts.families.insert(FontFamily::Name(ICONS.into()), vec!["icon".into()]);
    fonts
}
