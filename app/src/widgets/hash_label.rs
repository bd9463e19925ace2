//! A hash, short enough to compare by eye and whole when it matters.
//!
//! Never says whether the hash is right; that is a badge beside it.

use egui::{Align2, Color32, CursorIcon, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::{focus, paint};
use crate::theme::metrics::RADIUS_CHIP;
use crate::theme::{Tokens, type_roles};

/// `9f0c41d2…7b16` as `9f0c 41d2 … 7b16`; what is short enough stays whole, in groups of four.
pub fn short(hex: &str) -> String {
    if hex.len() <= 16 || !hex.is_ascii() {
        return grouped(hex);
    }
    format!("{} … {}", grouped(&hex[..8]), &hex[hex.len() - 4..])
}

/// The whole hash in groups of four digits.
pub fn grouped(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// The short form in `color`; hovering shows the whole, clicking copies it.
pub fn hash_label(ui: &mut Ui, name: &str, hex: &str, color: Color32) -> Response {
    let words = paint::whole_line(ui.painter(), &short(hex), type_roles::mono(), color);
    let (rect, response) = paint::allocate(ui, vec2(words.size().x, 18.0), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name} {hex}")));
    if response.hovered() {
        ui.painter().rect_filled(rect.expand2(vec2(4.0, 0.0)), RADIUS_CHIP, Tokens::of(ui).hover);
    }
    paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), words);
    focus::ring(ui, &response, rect, RADIUS_CHIP);
    if response.clicked() {
        ui.ctx().copy_text(hex.to_owned());
    }
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_ui(|ui| {
        let t = Tokens::of(ui);
        ui.label(type_roles::rich(grouped(hex), type_roles::mono()).color(t.text));
        ui.label(type_roles::rich("Click to copy", type_roles::small()).color(t.text3));
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_hash_keeps_its_first_eight_and_last_four_digits() {
        assert_eq!(short(&format!("9f0c41d2{}7b16", "0".repeat(52))), "9f0c 41d2 … 7b16");
        assert_eq!(short("9f0c41d2"), "9f0c 41d2");
        assert_eq!(short(""), "");
    }
}
