//! What an event says of itself when the pointer rests on it.
//!
//! Never as wide as it may; the width comes from the words.

use egui::{Align2, Frame, Margin, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{kind_mark, paint};
use crate::theme::metrics::MARK_LANE;
use crate::theme::{KindMark, Tokens, type_roles};

/// Two lines: what it is, and its facts.
#[derive(Clone, Copy, Debug)]
pub struct Tip<'a> {
    /// Before the title.
    pub mark: Option<KindMark>,
    /// What it is.
    pub title: &'a str,
    /// What it belongs to.
    pub subject: &'a str,
    /// The second line.
    pub facts: &'a str,
}

impl Tip<'_> {
    /// Shows the tip while `response` is hovered.
    pub fn show(&self, response: &Response) {
        response.clone().on_hover_ui(|ui| self.body(ui));
    }

    /// The contents, for those who place the float themselves.
    pub fn body(&self, ui: &mut Ui) {
        let t = Tokens::of(ui);
        let lead = if self.mark.is_some() { 16.0 } else { 0.0 };
        let title = paint::whole_line(ui.painter(), self.title, type_roles::section(), t.text);
        let subject = paint::whole_line(ui.painter(), self.subject, type_roles::table(), t.text2);
        let facts = paint::whole_line(ui.painter(), self.facts, type_roles::small(), t.text2);
        let first = lead + title.size().x + 8.0 + subject.size().x;
        // The float's own margin is four points; eight more make twelve.
        Frame::NONE.inner_margin(Margin::symmetric(8, 6)).show(ui, |ui| {
            let size = vec2(first.max(facts.size().x), 36.0);
            let (rect, response) = paint::allocate(ui, size, Sense::hover());
            let name = format!("{} {} {}", self.title, self.subject, self.facts);
            response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &name));
            let y = rect.top() + 8.0;
            if let Some(mark) = self.mark {
                kind_mark::paint(ui.painter(), pos2(rect.left() + 5.0, y), MARK_LANE, mark, t);
            }
            let at = paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left() + lead, y), title);
            paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(at.right() + 8.0, y), subject);
            paint::put(ui.painter(), Align2::LEFT_CENTER, pos2(rect.left(), y + 20.0), facts);
        });
    }
}

/// Shows one line while `response` is hovered: what an icon does, what an elided name is in full.
pub fn hint(response: Response, text: &str) -> Response {
    response.on_hover_ui(|ui| {
        let t = Tokens::of(ui);
        Frame::NONE.inner_margin(Margin::symmetric(4, 1)).show(ui, |ui| {
            ui.label(type_roles::rich(text, type_roles::table()).color(t.text));
        });
    })
}

/// The ground every float of ours stands on.
pub fn float_frame(ui: &Ui) -> Frame {
    Frame::popup(ui.style()).inner_margin(Margin::same(4))
}
