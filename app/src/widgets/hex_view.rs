//! Bytes as hexadecimal digits and as the characters they might be.
//!
//! Never decodes; only rows in view are turned into text.

use std::fmt::Write as _;
use std::ops::Range;

use egui::{Align2, Event, Pos2, Rect, Sense, Ui, pos2, vec2};

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

/// Scroll state of a dump, and which of its bytes are chosen.
#[derive(Clone, Debug, Default)]
pub struct HexView {
    scroller: RowScroller,
    /// Where the choice began and where it ends, both included.
    chosen: Option<(usize, usize)>,
}

/// Where the digits and the characters of a row are.
#[derive(Clone, Copy, Debug)]
struct Grid {
    /// Width of a character.
    glyph: f32,
    /// Digits of an offset.
    digits: usize,
    row_bytes: usize,
}

impl Grid {
    /// Left end of the digits of a byte, points from the left of the dump.
    fn byte_left(self, column: usize) -> f32 {
        let gap = usize::from(column >= NARROW_BYTES);
        MARGIN + (self.digits + 2 + 3 * column + gap) as f32 * self.glyph
    }

    fn char_left(self, column: usize) -> f32 {
        MARGIN + (ascii_column(self.digits, self.row_bytes) + column) as f32 * self.glyph
    }

    /// The byte of a row under `x`, points from the left of the dump.
    fn column_at(self, x: f32) -> usize {
        let chars = self.char_left(0);
        let at = if x >= chars {
            ((x - chars) / self.glyph) as usize
        } else {
            (1..self.row_bytes).take_while(|column| self.byte_left(*column) - self.glyph / 2.0 <= x).count()
        };
        at.min(self.row_bytes - 1)
    }
}

impl HexView {
    /// Shows `bytes` in all the room there is; offsets count from `base`.
    pub fn show(&mut self, ui: &mut Ui, label: &str, bytes: &[u8], base: u64) -> Shown {
        let t = Tokens::of(ui);
        let glyph = ui.fonts_mut(|fonts| fonts.glyph_width(&type_roles::mono(), '0'));
        let digits = offset_digits(base.saturating_add(bytes.len() as u64));
        let wide = MARGIN + glyph * (ascii_column(digits, WIDE_BYTES) + WIDE_BYTES + 2) as f32;
        let row_bytes = if ui.available_width() < wide { NARROW_BYTES } else { WIDE_BYTES };
        let grid = Grid { glyph, digits, row_bytes };
        let count = bytes.len().div_ceil(row_bytes) as u64;
        let rows = Rows { label, count, height: PAYLOAD_ROW, keys: true };
        let chosen = self.chosen();
        let shown = self.scroller.show(ui, rows, |ui, row, rect| {
            let start = row as usize * row_bytes;
            let part = &bytes[start..bytes.len().min(start + row_bytes)];
            let y = rect.center().y;
            chosen_ui(ui, rect, grid, &chosen, start..start + part.len());
            let put = |column: usize, text: &str, color| {
                let at = pos2(rect.left() + MARGIN + column as f32 * glyph, y);
                paint::text(ui.painter(), Align2::LEFT_CENTER, at, text, type_roles::mono(), color);
            };
            put(0, &format!("{:0digits$x}", base + start as u64), t.text3);
            put(digits + 2, &hex_digits(part), t.text2);
            put(ascii_column(digits, row_bytes), &printable(part), t.text);
        });
        self.choose(ui, &shown, grid, bytes);
        shown
    }

    /// The bytes that are chosen; empty if there are none.
    pub fn chosen(&self) -> Range<usize> {
        self.chosen.map_or(0..0, |(from, to)| from.min(to)..from.max(to) + 1)
    }

    /// Chooses what the pointer is drawn over, and copies it with the keys that copy.
    fn choose(&mut self, ui: &Ui, shown: &Shown, grid: Grid, bytes: &[u8]) {
        let response = ui.interact(shown.body, shown.response.id.with("bytes"), Sense::click_and_drag());
        let first = self.scroller.position();
        let byte_at = |at: Pos2| {
            let down = (at.y - shown.body.top() + first.offset).max(0.0) / PAYLOAD_ROW;
            let row = first.first_row as usize + down as usize;
            let at = row * grid.row_bytes + grid.column_at(at.x - shown.body.left());
            at.min(bytes.len().saturating_sub(1))
        };
        if let Some(at) = response.interact_pointer_pos().filter(|_| !bytes.is_empty()).map(byte_at) {
            if response.drag_started() || (response.clicked() && !ui.input(|input| input.modifiers.shift)) {
                self.chosen = Some((at, at));
            } else if response.dragged() || response.clicked() {
                self.chosen = Some((self.chosen.map_or(at, |(from, _)| from), at));
            }
            shown.response.request_focus();
        }
        let chosen = self.chosen();
        let copies = shown.response.has_focus() && !chosen.is_empty();
        if copies && ui.input(|input| input.events.iter().any(|event| matches!(event, Event::Copy))) {
            ui.ctx().copy_text(hex_pairs(bytes.get(chosen).unwrap_or_default()));
        }
    }
}

/// The ground of the bytes of a row that are chosen, below their digits and below their characters.
fn chosen_ui(ui: &Ui, rect: Rect, grid: Grid, chosen: &Range<usize>, row: Range<usize>) {
    let (from, to) = (chosen.start.max(row.start), chosen.end.min(row.end));
    if from >= to {
        return;
    }
    let t = Tokens::of(ui);
    let (first, last) = (from - row.start, to - 1 - row.start);
    let fill = |left: f32, right: f32| {
        let ground = Rect::from_x_y_ranges(rect.left() + left..=rect.left() + right, rect.y_range());
        ui.painter().rect_filled(ground.shrink2(vec2(0.0, 1.0)), 0, t.sel);
    };
    fill(grid.byte_left(first), grid.byte_left(last) + 2.0 * grid.glyph);
    fill(grid.char_left(first), grid.char_left(last) + grid.glyph);
}

/// Bytes as digits with a blank between them.
pub fn hex_pairs(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
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
    fn every_byte_is_found_under_its_digits_and_under_its_character() {
        for row_bytes in [NARROW_BYTES, WIDE_BYTES] {
            let grid = Grid { glyph: 7.0, digits: 6, row_bytes };
            for column in 0..row_bytes {
                assert_eq!(grid.column_at(grid.byte_left(column) + 3.0), column);
                assert_eq!(grid.column_at(grid.byte_left(column) + 11.0), column);
                assert_eq!(grid.column_at(grid.char_left(column) + 3.0), column);
            }
            assert_eq!(grid.column_at(10_000.0), row_bytes - 1);
            assert_eq!(grid.column_at(-5.0), 0);
        }
        assert_eq!(hex_pairs(&[0, 255, 16]), "00 ff 10");
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
