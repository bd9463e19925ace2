//! A row of a tree: caret, icon or mark, name, and how many.
//!
//! Never knows its children; the caller indents and asks for them.

use egui::{Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{focus, kind_mark, paint};
use crate::theme::metrics::{INDENT, MARK, RADIUS_CHIP, TREE_ROW};
use crate::theme::{KindMark, Tokens, icons, type_roles};

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct TreeRow<'a> {
    /// What it is called.
    pub name: &'a str,
    /// On the right.
    pub count: &'a str,
    /// How deep it lies; the first level is 0.
    pub depth: u8,
    /// Whether its children are shown; `None` if it cannot have any.
    pub open: Option<bool>,
    /// A kind's mark before the name.
    pub mark: Option<KindMark>,
    /// An icon before the name.
    pub icon: Option<char>,
    /// Colour of the icon, if it is not the usual one.
    pub tint: Option<Color32>,
    /// Whether it is the selected one.
    pub selected: bool,
}

/// What happened to a row.
#[derive(Debug)]
pub struct TreeRowShown {
    /// The row itself.
    pub response: Response,
    /// Its caret was clicked.
    pub caret_clicked: bool,
}

impl<'a> TreeRow<'a> {
    /// A row without children, mark or icon.
    pub fn new(name: &'a str, count: &'a str) -> Self {
        Self { name, count, depth: 0, open: None, mark: None, icon: None, tint: None, selected: false }
    }

    /// Shows the row in the next 22 points.
    pub fn show(&self, ui: &mut Ui) -> TreeRowShown {
        let (rect, response) = paint::allocate(ui, vec2(ui.available_width(), TREE_ROW), Sense::click());
        self.paint(ui, rect, response)
    }

    /// Shows the row in a place of the caller's, for virtual lists.
    pub fn show_at(&self, ui: &Ui, rect: Rect, id: egui::Id) -> TreeRowShown {
        let response = ui.interact(rect, id, Sense::click());
        self.paint(ui, rect, response)
    }

    fn paint(&self, ui: &Ui, rect: Rect, response: Response) -> TreeRowShown {
        let t = Tokens::of(ui);
        response.widget_info(|| {
            WidgetInfo::selected(Role::TreeItem, true, self.selected, format!("{} {}", self.name, self.count))
        });
        let p = ui.painter();
        let ground = rect.shrink2(vec2(6.0, 0.0));
        if self.selected {
            p.rect_filled(ground, RADIUS_CHIP, t.sel);
        } else if response.hovered() {
            p.rect_filled(ground, RADIUS_CHIP, t.hover);
        }
        let y = rect.center().y;
        let mut left = rect.left() + 12.0 + f32::from(self.depth) * INDENT;
        let caret = Rect::from_center_size(pos2(left + 5.0, y), vec2(18.0, TREE_ROW));
        let mut caret_clicked = false;
        if let Some(open) = self.open {
            let icon = if open { icons::CARET_DOWN } else { icons::CARET_RIGHT };
            paint::icon(p, caret.center(), icon, 10.0, t.text3);
            caret_clicked =
                response.clicked() && response.interact_pointer_pos().is_some_and(|pos| caret.contains(pos));
        }
        if self.open.is_some() || self.mark.is_none() && self.icon.is_none() {
            left += INDENT;
        }
        if let Some(mark) = self.mark {
            kind_mark::paint(p, pos2(left + 6.0, y), MARK, mark, t);
            left += 20.0;
        }
        if let Some(icon) = self.icon {
            paint::icon(p, pos2(left + 6.0, y), icon, 14.0, self.tint.unwrap_or(t.text2));
            left += 17.0;
        }
        let count = paint::whole_line(p, self.count, type_roles::caption(), t.text3);
        let count = paint::put(p, Align2::RIGHT_CENTER, pos2(rect.right() - 12.0, y), count);
        let room = (count.left() - 8.0 - left).max(0.0);
        let name = paint::line(p, self.name, type_roles::body(), t.text, room);
        paint::put(p, Align2::LEFT_CENTER, pos2(left, y), name);
        focus::ring(ui, &response, ground, RADIUS_CHIP);
        TreeRowShown { response, caret_clicked }
    }
}
