//! Owns the header of the graph: how much is shown and how much is not, what is chosen, and what can be done.

use egui::{Popup, Rect, Response, Sense, Ui, vec2};

use super::{GraphPanel, from_left, from_right, inside};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::graph::{GraphAction, GraphOptions};
use crate::theme::metrics::{PADDING, RESULT_HEADER};
use crate::theme::{icons, type_roles};
use crate::view::graph::{Axis, Critical, GraphLayout, Reach};
use crate::view::text;
use crate::widgets::segmented::segmented;
use crate::widgets::select::menu_row;
use crate::widgets::{button, hairline, paint};
use crate::worker::protocol::{CausalGraph, GraphPicture, GroupBy, GroupGraph, Over};

/// A narrower header has a second row for its choices, points.
const ONE_ROW: f32 = 1_080.0;

impl GraphPanel {
    pub(super) fn header_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui, picture: &GraphPicture) {
        let rows = if ui.available_width() >= ONE_ROW { 1.0 } else { 2.0 };
        let size = vec2(ui.available_width(), RESULT_HEADER * rows);
        let (bar, _) = paint::allocate(ui, size, Sense::hover());
        hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, ctx.view.tokens.line);
        let row = |number: f32| {
            let top = bar.top() + number * RESULT_HEADER;
            let row = Rect::from_min_size(egui::pos2(bar.left(), top), vec2(bar.width(), RESULT_HEADER));
            row.shrink2(vec2(PADDING - 2.0, 0.0))
        };
        let tools = inside(ui, row(0.0), from_right(), |ui| {
            self.tools_ui(ctx, ui);
            ui.min_rect()
        });
        let mut facts = row(0.0);
        facts.max.x = tools.left() - 12.0;
        if rows < 2.0 {
            let choices = inside(ui, facts, from_right(), |ui| {
                choices_ui(ctx, ui, true);
                ui.min_rect()
            });
            facts.max.x = choices.left() - 12.0;
        } else {
            inside(ui, row(0.82), from_left(), |ui| choices_ui(ctx, ui, false));
        }
        inside(ui, facts, from_left(), |ui| facts_ui(ctx, ui, picture, self.critical.as_ref()));
    }

    /// Magnification, what is drawn, and files.
    fn tools_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.x = 2.0;
        let files = button::small_icon(ui, icons::EXPORT, "Save the graph");
        files_menu(ctx, &files);
        let drawn = button::small_icon(ui, icons::SLIDERS_HORIZONTAL, "What is drawn");
        drawn_menu(ctx, &drawn);
        let tool = |ui: &mut Ui, command: Command| {
            if button::small_icon(ui, command.icon(), command.text().0).clicked() {
                ctx.view.commands.run(command);
            }
        };
        tool(ui, Command::GraphFit);
        tool(ui, Command::GraphZoomIn);
        tool(ui, Command::GraphZoomOut);
        ui.add_space(6.0);
        let percent = format!("{:.0} %", self.camera.magnification() * 100.0);
        ui.label(type_roles::rich(percent, type_roles::table()).color(ctx.view.tokens.text2));
    }
}

/// How much there is, how much of it is seen, and how long it took.
fn facts_ui(ctx: StoreContext<'_>, ui: &mut Ui, picture: &GraphPicture, critical: Option<&Critical>) {
    let t = ctx.view.tokens;
    let (loud, quiet) = match picture {
        GraphPicture::Flow(events, layout) => flow_facts(events, layout, critical),
        GraphPicture::Groups(groups, _) => group_facts(groups),
    };
    let p = ui.painter();
    let room = ui.available_rect_before_wrap();
    let words = paint::line(p, &loud, type_roles::table_medium(), t.text, room.width());
    let at = paint::put(p, egui::Align2::LEFT_CENTER, room.left_center(), words);
    let left = at.right() + 8.0;
    let more = paint::line(p, &quiet, type_roles::caption(), t.text3, (room.right() - left).max(0.0));
    paint::put(p, egui::Align2::LEFT_CENTER, egui::pos2(left, room.center().y), more);
    let response = ui.allocate_rect(room, Sense::hover());
    let all = format!("{loud} · {quiet}");
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, &all));
    crate::widgets::tooltip::hint(response, &all);
}

fn flow_facts(graph: &CausalGraph, layout: &GraphLayout, critical: Option<&Critical>) -> (String, String) {
    let events: u64 = layout.placed.iter().map(|node| node.place.members().len() as u64).sum();
    let not_shown = graph.hidden + graph.nodes.len() as u64 - events;
    let nodes = layout.placed.len() as u64;
    let mut facts =
        vec![format!("{} shown", text::grouped(nodes)), format!("{} folded", text::grouped(layout.folded))];
    if not_shown > 0 {
        facts.push(format!("{} not shown", text::grouped(not_shown)));
    }
    if let Some(critical) = critical {
        facts.push(format!("critical path {}", text::duration_us(critical.total_us.unsigned_abs())));
    }
    if layout.hulls.len() > 1 {
        facts.push(text::counted(layout.hulls.len() as u64, "correlation"));
    }
    facts.push(format!("depth {}", layout.depth));
    (text::counted(events + not_shown, "event"), facts.join(" · "))
}

fn group_facts(graph: &GroupGraph) -> (String, String) {
    let mut facts = vec![format!("{} shown", text::counted(graph.groups.len() as u64, "group"))];
    if graph.events < graph.total {
        let (seen, all) = (text::grouped(graph.events), text::grouped(graph.total));
        facts.push(format!("the newest {seen} of {all}"));
    }
    if graph.outside > 0 {
        facts.push(format!("{} caused from outside", text::grouped(graph.outside)));
    }
    if graph.unreadable > 0 {
        facts.push(format!("{} cannot be read", text::grouped(graph.unreadable)));
    }
    (text::counted(graph.events, "event"), facts.join(" · "))
}

/// Which view, and what it shows. From the right they come in the other order.
fn choices_ui(ctx: StoreContext<'_>, ui: &mut Ui, from_the_right: bool) {
    ui.spacing_mut().item_spacing.x = 10.0;
    let mut options = ctx.store.graph.options;
    let grouped = ctx.store.graph.is_grouped();
    let mut changed = false;
    let mut order = [0, 1, 2];
    if from_the_right {
        order.reverse();
    }
    for part in order {
        changed |= match (part, grouped) {
            (0, _) => view_ui(ui, &mut options, grouped),
            (1, false) => {
                let ways = [(Reach::Causes, "Causes"), (Reach::Both, "Both"), (Reach::Effects, "Effects")];
                segmented(ui, "Which way", &mut options.reach, &ways).changed()
            }
            (_, false) => {
                let axes = [(Axis::Depth, "Depth"), (Axis::Time, "Time")];
                segmented(ui, "Horizontal axis", &mut options.axis, &axes).changed()
            }
            (1, true) => {
                let over = [(Over::Conversation, "Conversation"), (Over::Result, "Result")];
                segmented(ui, "Which events", &mut options.over, &over).changed()
            }
            (_, true) => {
                let by = [(GroupBy::Entity, "Entity"), (GroupBy::Scope, "Scope")];
                segmented(ui, "Grouped by", &mut options.by, &by).changed()
            }
        };
    }
    if changed {
        if grouped && options.grouped.is_none() {
            options.grouped = Some(true);
        }
        ctx.view.commands.send(Action::Graph(GraphAction::Look(options)));
    }
}

fn view_ui(ui: &mut Ui, options: &mut GraphOptions, grouped: bool) -> bool {
    let mut now = grouped;
    let changed = segmented(ui, "View", &mut now, &[(false, "Flow"), (true, "Aggregate")]).changed();
    if changed {
        options.grouped = Some(now);
    }
    changed
}

fn files_menu(ctx: StoreContext<'_>, button: &Response) {
    Popup::menu(button).width(220.0).gap(4.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for command in [Command::GraphSvg, Command::GraphDot, Command::GraphMermaid, Command::GraphText] {
            if menu_row(ui, command.text().0, false).clicked() {
                ctx.view.commands.run(command);
            }
        }
    });
}

fn drawn_menu(ctx: StoreContext<'_>, button: &Response) {
    let options = ctx.store.graph.options;
    let send = |options| ctx.view.commands.send(Action::Graph(GraphAction::Look(options)));
    Popup::menu(button).width(220.0).gap(4.0).show(|ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        if menu_row(ui, "Hash chain", options.chain).clicked() {
            send(GraphOptions { chain: !options.chain, ..options });
        }
        if menu_row(ui, "Critical path", options.critical).clicked() {
            send(GraphOptions { critical: !options.critical, ..options });
        }
        if menu_row(ui, "As a list", options.list).clicked() {
            send(GraphOptions { list: !options.list, ..options });
        }
        let unfolded = !ctx.store.graph.unfolded.is_empty();
        if unfolded && menu_row(ui, "Fold everything again", false).clicked() {
            ctx.view.commands.send(Action::Graph(GraphAction::FoldAll));
        }
    });
}
