//! Owns the tabs that show the stored bytes, as text and in hexadecimal.

use egui::{Align2, Sense, Ui, pos2, vec2};

use crate::context::StoreContext;
use crate::theme::metrics::{PADDING, PAYLOAD_ROW};
use crate::theme::type_roles;
use crate::view::{rows, text};
use crate::widgets::escape;
use crate::widgets::hex_view::{HexView, hex_pairs};
use crate::widgets::row_scroller::{RowScroller, Rows};
use crate::widgets::{button, paint};
use crate::worker::protocol::{Decoded, Detail};

/// Characters in a line of text.
const LINE_CHARS: usize = 40;

/// Private state: scrolling, and the lines of the last event.
#[derive(Debug, Default)]
pub(super) struct BytesTab {
    hex: HexView,
    lines: Vec<String>,
    scroller: RowScroller,
    shown: Option<u64>,
    /// Whose bytes can be chosen from.
    dumped: Option<u64>,
}

impl BytesTab {
    /// The stored payload as JSON text, or as the text it may contain.
    pub(super) fn text_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
        let t = ctx.view.tokens;
        if self.shown != Some(detail.row.sequence) {
            self.shown = Some(detail.row.sequence);
            self.lines = lines(detail);
            self.scroller = RowScroller::default();
        }
        head_ui(ctx, ui, detail, "as text");
        let list =
            Rows { label: "raw payload", count: self.lines.len() as u64, height: PAYLOAD_ROW, keys: true };
        let lines = &self.lines;
        self.scroller.show(ui, list, |ui, row, rect| {
            let at = pos2(rect.left() + PADDING, rect.center().y);
            let words = paint::line(
                ui.painter(),
                &lines[row as usize],
                type_roles::mono(),
                t.text2,
                rect.width() - PADDING,
            );
            paint::put(ui.painter(), Align2::LEFT_CENTER, at, words);
        });
    }

    /// The stored payload in hexadecimal.
    pub(super) fn hex_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail) {
        if self.dumped != Some(detail.row.sequence) {
            self.dumped = Some(detail.row.sequence);
            self.hex = HexView::default();
        }
        let chosen = self.hex.chosen();
        let bytes = detail.payload_head.get(chosen.clone()).unwrap_or_default();
        if bytes.is_empty() {
            head_ui(ctx, ui, detail, "as stored");
        } else {
            chosen_ui(ctx, ui, chosen.start, bytes);
        }
        self.hex.show(ui, "stored bytes", &detail.payload_head, 0);
    }
}

/// Which bytes are chosen, and a button that copies them.
fn chosen_ui(ctx: StoreContext<'_>, ui: &mut Ui, start: usize, bytes: &[u8]) {
    let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), 34.0), Sense::hover());
    let last = start + bytes.len() - 1;
    let words = format!("{} · 0x{start:x} to 0x{last:x}", text::counted(bytes.len() as u64, "byte"));
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &words));
    let at = pos2(rect.left() + PADDING, rect.center().y);
    paint::text(ui.painter(), Align2::LEFT_CENTER, at, &words, type_roles::caption(), ctx.view.tokens.text2);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    super::super::inside(ui, rect.with_max_x(rect.right() - 10.0), layout, |ui| {
        if button::small_icon(ui, crate::theme::icons::COPY, "Copy chosen bytes").clicked() {
            ctx.view.commands.send(crate::command::Action::Copy(hex_pairs(bytes), "bytes"));
        }
    });
}

/// How much is shown, and a button that copies it as digits.
fn head_ui(ctx: StoreContext<'_>, ui: &mut Ui, detail: &Detail, what: &str) {
    let shown = detail.payload_head.len() as u64;
    let (rect, _) = paint::allocate(ui, vec2(ui.available_width(), 34.0), Sense::hover());
    let whole = rows::event_of(&detail.row).map_or(shown, |event| u64::from(event.payload_bytes));
    let words = if whole > shown {
        format!("The first 64 KiB of {} {what}", text::bytes(whole))
    } else {
        format!("{} {what}", text::bytes(shown))
    };
    let at = pos2(rect.left() + PADDING, rect.center().y);
    paint::text(ui.painter(), Align2::LEFT_CENTER, at, &words, type_roles::caption(), ctx.view.tokens.text3);
    let room = rect.with_max_x(rect.right() - 10.0);
    let layout = egui::Layout::right_to_left(egui::Align::Center);
    super::super::inside(ui, room, layout, |ui| {
        if button::small_icon(ui, crate::theme::icons::COPY, "Copy bytes as hexadecimal").clicked() {
            ctx.view.commands.send(crate::command::Action::CopyBytes);
        }
    });
}

fn lines(detail: &Detail) -> Vec<String> {
    let whole = match &detail.payload {
        Ok(Decoded { value: serde_json::Value::String(text), decoder: "Text", .. }) => text.clone(),
        Ok(decoded) => serde_json::to_string_pretty(&decoded.value).unwrap_or_default(),
        Err(_) => {
            detail.payload_head.split(|byte| *byte == b'\n').map(escape::bytes).collect::<Vec<_>>().join("\n")
        }
    };
    let mut out = Vec::new();
    for line in whole.lines() {
        let chars: Vec<char> = line.chars().collect();
        if chars.is_empty() {
            out.push(String::new());
        }
        for part in chars.chunks(LINE_CHARS) {
            out.push(escape::visible(&part.iter().collect::<String>()).into_owned());
        }
    }
    out
}
