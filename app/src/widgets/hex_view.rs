//! Bytes as hexadecimal digits and as the characters they might be.
//!
//! Never decodes; only rows in view are turned into text.

use std::fmt::Write as _;

use egui::{Align2, Ui, pos2};

use super::paint;
use super::row_scroller::{RowScroller, Rows, Shown};
use crate::theme::metrics::PAYLOAD_ROW;
use crate::theme::{Tokens, type_roles};

/// Bytes in a row where there is room for them.
const WIDE_BYTES: usize = 16;
/// Bytes in a row of a narrow panel.
const NARROW_BYTES: usize = 8;
/// Left of the offsets, points.
const MARGIN: f32 = 12.0;
/// Digits of an offset, at least.
const OFFSET_DIGITS: usize = 6;

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
        let digits = offset_digits(base.saturating_add(bytes.len() as u64));
        let wide = MARGIN + glyph * (ascii_column(digits, WIDE_BYTES) + WIDE_BYTES + 2) as f32;
        let row_bytes = if ui.available_width() < wide { NARROW_BYTES } else { WIDE_BYTES };
        let count = bytes.len().div_ceil(row_bytes) as u64;
        let rows = Rows { label, count, height: PAYLOAD_ROW, keys: true };
        self.scroller.show(ui, rows, |ui, row, rect| {
            let start = row as usize * row_bytes;
            let part = &bytes[start..bytes.len().min(start + row_bytes)];
            let y = rect.center().y;
            let put = |column: usize, text: &str, color| {
                let at = pos2(rect.left() + MARGIN + column as f32 * glyph, y);
                paint::text(ui.painter(), Align2::LEFT_CENTER, at, text, type_roles::mono(), color);
            };
            put(0, &format!("{:0digits$x}", base + start as u64), t.text3);
            put(digits + 2, &hex_digits(part), t.text2);
            put(ascii_column(digits, row_bytes), &printable(part), t.text);
        })
    }
}

/// How many digits the largest offset needs.
fn offset_digits(largest: u64) -> usize {
    format!("{largest:x}").len().max(OFFSET_DIGITS)
}

/// Where the characters start: behind the offset, the pairs with their blanks, the middle gap and a margin.
fn ascii_column(digits: usize, row_bytes: usize) -> usize {
    digits + 2 + 3 * row_bytes + usize::from(row_bytes > NARROW_BYTES) + 1
}

/// Pairs of digits, a blank between bytes and one more after the eighth.
fn hex_digits(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(3 * bytes.len() + 1);
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
    fn offsets_grow_with_the_bytes() {
        assert_eq!(offset_digits(4_000), 6);
        assert_eq!(offset_digits(0x1234_5678), 8);
        assert_eq!(offset_digits(u64::MAX), 16);
    }

    #[test]
    fn only_printable_ascii_is_shown_as_itself() {
        assert_eq!(printable(b"ab \x00\x7f\xff~"), "ab ···~");
    }
}
