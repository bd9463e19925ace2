//! Bytes as hexadecimal digits and as the characters they might be.
//!
//! Never decodes; only rows in view are turned into text.

use std::fmt::Write as _;

use egui::{Align2, Ui, pos2};

use super::paint;
use super::row_scroller::{RowScroller, Rows, Shown};
use crate::theme::metrics::PAYLOAD_ROW;
use crate::theme::{Tokens, type_roles};

/// Bytes in a row.
const ROW_BYTES: usize = 16;
/// From one column of digits to the next, in characters: sixteen pairs, blanks, and one more in the middle.
const HEX_CHARS: f32 = 50.0;

/// Scroll state of a dump.
#[derive(Clone, Debug, Default)]
pub struct HexView {
    scroller: RowScroller,
}

impl HexView {
    /// Shows `bytes` in all the room there is; offsets count from `base`.
    pub fn show(&mut self, ui: &mut Ui, label: &str, bytes: &[u8], base: u64) -> Shown {
        let t = Tokens::of(ui);
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&type_roles::mono(), '0'));
        let rows =
            Rows { label, count: bytes.len().div_ceil(ROW_BYTES) as u64, height: PAYLOAD_ROW, keys: true };
        self.scroller.show(ui, rows, |ui, row, rect| {
            let start = row as usize * ROW_BYTES;
            let row_bytes = &bytes[start..bytes.len().min(start + ROW_BYTES)];
            let y = rect.center().y;
            let put = |chars: f32, text: &str, color| {
                let at = pos2(rect.left() + 12.0 + chars * glyph, y);
                paint::text(ui.painter(), Align2::LEFT_CENTER, at, text, type_roles::mono(), color);
            };
            put(0.0, &format!("{:08x}", base + start as u64), t.text3);
            put(10.0, &hex_digits(row_bytes), t.text2);
            put(11.0 + HEX_CHARS, &printable(row_bytes), t.text);
        })
    }

    /// Scrolls to the row that holds the byte at `offset`.
    pub fn scroll_to_byte(&mut self, offset: u64) {
        self.scroller.ensure_visible(offset / ROW_BYTES as u64);
    }
}

/// Pairs of digits, a blank between bytes and one more after the eighth.
fn hex_digits(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(3 * ROW_BYTES + 1);
    for (i, byte) in bytes.iter().enumerate() {
        let gap = match i {
            0 => "",
            8 => "  ",
            _ => " ",
        };
        write!(out, "{gap}{byte:02x}").expect("writing to a string succeeds");
    }
    out
}

/// What can be printed of ASCII; a dot for everything else.
fn printable(bytes: &[u8]) -> String {
    bytes.iter().map(|b| if b.is_ascii_graphic() || *b == b' ' { char::from(*b) } else { '·' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_come_in_two_groups_of_eight() {
        let bytes: Vec<u8> = (0..16).collect();
        assert_eq!(hex_digits(&bytes), "00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f");
        assert_eq!(hex_digits(&bytes[..3]), "00 01 02");
        assert_eq!(hex_digits(&[]), "");
    }

    #[test]
    fn only_printable_ascii_is_shown_as_itself() {
        assert_eq!(printable(b"ab \x00\x7f\xff~"), "ab ···~");
    }
}
