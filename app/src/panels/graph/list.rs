//! Owns the graph as a list: the same nodes in words, each below what it hangs under.

use egui::{Role, Sense, Ui, WidgetInfo, pos2};

use crate::command::Action;
use crate::context::StoreContext;
use crate::state::graph::GraphAction;
use crate::theme::metrics::{INDENT, MARK, TREE_ROW};
use crate::theme::type_roles;
use crate::view::graph::{CardLook, Sheet, tree_lines};
use crate::widgets::row_scroller::{RowScroller, Rows};
use crate::widgets::{kind_mark, paint};

/// Deeper lines are not indented further.
const DEPTH_MAX: usize = 16;

/// Private state: how far it is scrolled.
#[derive(Clone, Debug, Default)]
pub(super) struct GraphList {
    scroller: RowScroller,
}

impl GraphList {
    /// Draws the list; a click selects the event, or unfolds several.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, sheet: &Sheet) {
        let t = ctx.view.tokens;
        let lines = tree_lines(sheet);
        let rows =
            Rows { label: "causal graph as a list", count: lines.len() as u64, height: TREE_ROW, keys: true };
        self.scroller.show(ui, rows, |ui, row, rect| {
            let line = &lines[row as usize];
            let card = &sheet.cards[line.card];
            let response = ui.interact(rect, ui.scope_id().with(row), Sense::click());
            let name = format!("{}{}", line.relation, card.name);
            response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, card.selected, &name));
            let p = ui.painter();
            if card.selected {
                p.rect_filled(rect, 0, t.sel);
            } else if response.hovered() {
                p.rect_filled(rect, 0, t.hover);
            }
            let left = rect.left() + 16.0 + INDENT * line.depth.min(DEPTH_MAX) as f32;
            let y = rect.center().y;
            if card.failed {
                kind_mark::failed(p, pos2(left, y), 5.0, t);
            } else {
                kind_mark::paint(p, pos2(left, y), MARK, card.mark, t);
            }
            let color = if card.failed { t.red_text } else { t.text };
            let room = (rect.right() - 8.0 - left - 12.0).max(0.0);
            let words = paint::line(p, &name, type_roles::body(), color, room);
            paint::put(p, egui::Align2::LEFT_CENTER, pos2(left + 12.0, y), words);
            if response.clicked() {
                let action = match card.look {
                    CardLook::Stack | CardLook::Pill => Action::Graph(GraphAction::Unfold(card.sequence)),
                    _ => Action::Select(card.sequence),
                };
                ctx.view.commands.send(action);
            }
        });
    }
}
