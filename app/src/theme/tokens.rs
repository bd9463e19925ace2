//! The colour tokens of the three themes: the only place in the program where a colour is written as a number.
//!
//! Never decides where a colour is used; a panel names the token, not the value.

#![expect(clippy::unreadable_literal, reason = "colours are read as RRGGBB")]

use egui::Color32;

use super::{KindClass, Theme};

/// The three colours of one kind class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindColors {
    /// The mark in rows, lanes and nodes, at least 3:1 on canvas, panel and selection.
    pub mark: Color32,
    /// The kind's name on its tint.
    pub text: Color32,
    /// The fill of a kind chip.
    pub tint: Color32,
}

/// Every colour of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tokens {
    /// The theme these colours belong to.
    pub theme: Theme,
    /// Where data lies: tables, graph, lanes.
    pub canvas: Color32,
    /// Where controls lie: bars, explorer, inspector.
    pub panel: Color32,
    /// Graph nodes and secondary buttons.
    pub raised: Color32,
    /// Tooltips, menus, toasts, the palette.
    pub overlay: Color32,
    /// Panel edges and section rules.
    pub line: Color32,
    /// Row rules and gridlines.
    pub line_soft: Color32,
    /// Outlines of nodes, chips, keys and floats; rails.
    pub line_strong: Color32,
    /// Borders of inputs, checkboxes and switches, at least 3:1.
    pub control: Color32,
    /// Fill under the pointer.
    pub hover: Color32,
    /// Fill of what is pressed or open; token chips.
    pub active: Color32,
    /// Fill of inputs.
    pub input: Color32,
    /// Primary text.
    pub text: Color32,
    /// Secondary text.
    pub text2: Color32,
    /// Captions, counts and hints.
    pub text3: Color32,
    /// Text that must recede, below 3:1 on purpose.
    pub disabled: Color32,
    /// Selection, focus and causal path.
    pub accent: Color32,
    /// Links.
    pub accent_text: Color32,
    /// Primary buttons and checked boxes.
    pub accent_solid: Color32,
    /// Text and ticks on `accent_solid`.
    pub on_accent: Color32,
    /// Selected row.
    pub sel: Color32,
    /// Rows of the same causal flow.
    pub sel_weak: Color32,
    /// Keyboard focus ring.
    pub focus: Color32,
    /// Marks of what failed.
    pub red: Color32,
    /// Words of what failed.
    pub red_text: Color32,
    /// Tint behind what failed.
    pub red_bg: Color32,
    /// Marks of what is pending or being written.
    pub amber: Color32,
    /// Words of what is pending.
    pub amber_text: Color32,
    /// Tint behind what is pending.
    pub amber_bg: Color32,
    /// Marks of what is verified.
    pub green: Color32,
    /// Words of what is verified.
    pub green_text: Color32,
    /// Tint behind what is verified.
    pub green_bg: Color32,
    /// The veil behind the palette.
    pub veil: Color32,
    /// The shadow of floats; transparent where a theme has none.
    pub shadow: Color32,
    kinds: [KindColors; KindClass::COUNT],
}

impl Tokens {
    /// Mark, text and tint of a kind class.
    pub fn kind(&self, class: KindClass) -> KindColors {
        self.kinds[class as usize]
    }

    /// Whether light text lies on dark ground.
    pub fn is_dark(&self) -> bool {
        self.theme != Theme::Light
    }

    /// Numbers in payloads and code.
    pub fn json_number(&self) -> Color32 {
        self.kind(KindClass::Teal).text
    }

    /// `true`, `false`, `null` and keywords in payloads and code.
    pub fn json_keyword(&self) -> Color32 {
        self.kind(KindClass::Violet).text
    }
}

const fn rgb(hex: u32) -> Color32 {
    let [_, r, g, b] = hex.to_be_bytes();
    Color32::from_rgb(r, g, b)
}

const fn kind(mark: u32, text: u32, tint: u32) -> KindColors {
    KindColors { mark: rgb(mark), text: rgb(text), tint: rgb(tint) }
}

/// Light text on dark ground, the default.
pub const DARK: Tokens = Tokens {
    theme: Theme::Dark,
    canvas: rgb(0x101114),
    panel: rgb(0x17191c),
    raised: rgb(0x1f2125),
    overlay: rgb(0x23252a),
    line: rgb(0x282a2f),
    line_soft: rgb(0x1c1e21),
    line_strong: rgb(0x3f4249),
    control: rgb(0x61656c),
    hover: rgb(0x1f2125),
    active: rgb(0x2b2e34),
    input: rgb(0x0d0e11),
    text: rgb(0xe8e9ec),
    text2: rgb(0xb0b3b9),
    text3: rgb(0x91959c),
    disabled: rgb(0x585b61),
    accent: rgb(0x61a1f0),
    accent_text: rgb(0x8cbefd),
    accent_solid: rgb(0x2a71d6),
    on_accent: rgb(0xffffff),
    sel: rgb(0x162d4c),
    sel_weak: rgb(0x131b28),
    focus: rgb(0x65a7fa),
    red: rgb(0xf55f5e),
    red_text: rgb(0xfb8c8a),
    red_bg: rgb(0x3a1919),
    amber: rgb(0xefb146),
    amber_text: rgb(0xf0c36f),
    amber_bg: rgb(0x2e2212),
    green: rgb(0x59c47c),
    green_text: rgb(0x7fd497),
    green_bg: rgb(0x142b1d),
    veil: Color32::from_black_alpha(110),
    shadow: Color32::from_black_alpha(130),
    kinds: [
        kind(0x27d1cb, 0x78d0cb, 0x0e2b2a),
        kind(0xd0aafc, 0xcbb1eb, 0x2a2234),
        kind(0x878c05, 0xbfc483, 0x262813),
        kind(0xffcaa2, 0xfcc499, 0x332214),
        kind(0x797aea, 0xb2b8f4, 0x222437),
        kind(0xcf709c, 0xe9a7c3, 0x331f28),
        kind(0xb3defb, 0xacd8f4, 0x142935),
        kind(0x9b9ea6, 0xbabec6, 0x23262c),
    ],
};

/// Dark text on white ground.
pub const LIGHT: Tokens = Tokens {
    theme: Theme::Light,
    canvas: rgb(0xffffff),
    panel: rgb(0xf5f6f8),
    raised: rgb(0xffffff),
    overlay: rgb(0xffffff),
    line: rgb(0xdcdde1),
    line_soft: rgb(0xebedef),
    line_strong: rgb(0xbbbec3),
    control: rgb(0x898c93),
    hover: rgb(0xeef0f4),
    active: rgb(0xe0e3e8),
    input: rgb(0xffffff),
    text: rgb(0x1b1e24),
    text2: rgb(0x4c5058),
    text3: rgb(0x636870),
    disabled: rgb(0x9b9ea5),
    accent: rgb(0x2c78dc),
    accent_text: rgb(0x145ec1),
    accent_solid: rgb(0x1f6dd8),
    on_accent: rgb(0xffffff),
    sel: rgb(0xdcebff),
    sel_weak: rgb(0xf0f6ff),
    focus: rgb(0x2c78dc),
    red: rgb(0xd73434),
    red_text: rgb(0xb51f1f),
    red_bg: rgb(0xffebea),
    amber: rgb(0xc6790f),
    amber_text: rgb(0x8d5406),
    amber_bg: rgb(0xfdf1d9),
    green: rgb(0x21914e),
    green_text: rgb(0x186f3b),
    green_bg: rgb(0xe2f8e8),
    veil: Color32::from_black_alpha(50),
    shadow: Color32::from_black_alpha(36),
    kinds: [
        kind(0x05675a, 0x05675a, 0xe3f6f1),
        kind(0x5b3e84, 0x5b3e84, 0xf3eefd),
        kind(0x6f7301, 0x5a5d00, 0xf1f2e3),
        kind(0x8a3a01, 0x893b07, 0xfdede6),
        kind(0x7f73e7, 0x534b97, 0xefeffe),
        kind(0xb46d8f, 0x803e60, 0xfcecf3),
        kind(0x2875a0, 0x055f89, 0xe5f3fd),
        kind(0x6e7279, 0x55585f, 0xedf1f9),
    ],
};

/// White on black with a yellow accent.
pub const HIGH_CONTRAST: Tokens = Tokens {
    theme: Theme::HighContrast,
    canvas: rgb(0x000000),
    panel: rgb(0x000000),
    raised: rgb(0x161616),
    overlay: rgb(0x0d0d0d),
    line: rgb(0x868686),
    line_soft: rgb(0x484848),
    line_strong: rgb(0xffffff),
    control: rgb(0xffffff),
    hover: rgb(0x292929),
    active: rgb(0x3d3d3d),
    input: rgb(0x000000),
    text: rgb(0xffffff),
    text2: rgb(0xe8e8e8),
    text3: rgb(0xd1d1d1),
    disabled: rgb(0x8f8f8f),
    accent: rgb(0xfbf74f),
    accent_text: rgb(0xfaf489),
    accent_solid: rgb(0xfbf74f),
    on_accent: rgb(0x000000),
    sel: rgb(0x123b75),
    sel_weak: rgb(0x0c2345),
    focus: rgb(0xfbf74f),
    red: rgb(0xfe8a88),
    red_text: rgb(0xffafae),
    red_bg: rgb(0x460a0b),
    amber: rgb(0xffa752),
    amber_text: rgb(0xfec48a),
    amber_bg: rgb(0x372503),
    green: rgb(0x6af18f),
    green_text: rgb(0x96f8ac),
    green_bg: rgb(0x0a2f17),
    veil: Color32::from_black_alpha(110),
    shadow: Color32::from_black_alpha(0),
    kinds: [
        kind(0x47e4de, 0x91e2dd, 0x002524),
        kind(0xdec4fe, 0xddc5fc, 0x251932),
        kind(0x999e22, 0xd2d79a, 0x202102),
        kind(0xffddc4, 0xffddc4, 0x301904),
        kind(0x8a8dff, 0xc7cdff, 0x1b1c36),
        kind(0xe482af, 0xfbbcd6, 0x311422),
        kind(0xcaeaff, 0xcaeaff, 0x022234),
        kind(0xadb1b9, 0xcdd1d9, 0x1c1f25),
    ],
};
