//! Owns the middle of an open store: draws the layout as tiles that can be dragged, split, resized and closed. Never keeps a layout of its
//! own: what the user arranges is sent, what the model says is drawn.

use egui::{Id, Painter, Rect, Response, Sense, Stroke, StrokeKind, Style, Ui, Visuals, WidgetText};
use egui_tiles::{
    Behavior, Container, Linear, LinearDir, ResizeState, SimplificationOptions, TabState, Tabs, Tile, TileId,
    Tiles, Tree, UiResponse,
};

use super::views::Views;
use super::{findings_ui, menus};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::layout::{Arrange, Node};
use crate::state::route::View;
use crate::theme::{metrics, type_roles};
use crate::view::text;
use crate::widgets::tabs::{Tab, TileTab, tile_tab};
use crate::widgets::{button, hairline};

/// Tiles of views are numbered from here, by the view; those of parts from 0.
const VIEW_TILES: u64 = 1_000;
/// A tile is never smaller, points.
const TILE_MIN: f32 = 120.0;

/// Private state: the tiles, and the layout that they were made of.
pub(super) struct Centre {
    tree: Tree<View>,
    made_of: Option<Node>,
}

impl Default for Centre {
    fn default() -> Self {
        Self { tree: Tree::empty(tree_id()), made_of: None }
    }
}

fn tree_id() -> Id {
    Id::unique("middle")
}

impl Centre {
    /// Draws the middle.
    pub(super) fn show(&mut self, views: &mut Views, ctx: StoreContext<'_>, ui: &mut Ui) {
        let model = ctx.view.model;
        let mut layout = model.layout.clone();
        if !layout.in_front(model.view).contains(&model.view) {
            layout.open(model.view, model.view);
        }
        let drawn = layout.drawn(model.view);
        if self.made_of.as_ref() != Some(&drawn) {
            self.tree = tree_of(&drawn);
            self.made_of = Some(drawn);
        }
        let first = layout.in_front(model.view).first().copied();
        let several = layout.middle.views().len() > 1;
        let mut tiles = Middle { views, ctx, first, several, is_maximised: layout.maximised, dropped: false };
        let dragged = self.tree.dragged_id(ui.ctx()).and_then(|tile| node_of(&self.tree.tiles, tile, &[]));
        let dragged = dragged.map(|dragged| dragged.views()).unwrap_or_default();
        self.tree.ui(&mut tiles, ui);
        let dropped = tiles.dropped;
        let now = self.tree.root().and_then(|root| node_of(&self.tree.tiles, root, &dragged));
        if let Some(now) = now.filter(|now| self.made_of.as_ref() != Some(now)) {
            // What was dropped may lie deeper than a layout can say: it is then drawn anew as the layout says it.
            self.made_of = (!dropped).then(|| now.clone());
            ctx.view.commands.send(Action::Arrange(Arrange::Drawn(now)));
        }
    }
}

fn tree_of(node: &Node) -> Tree<View> {
    let mut tiles = Tiles::default();
    let root = insert(&mut tiles, node);
    Tree::new(tree_id(), root, tiles)
}

fn tile_of(view: View) -> TileId {
    TileId::from_u64(VIEW_TILES + view as u64)
}

fn insert(tiles: &mut Tiles<View>, node: &Node) -> TileId {
    match node {
        Node::Tabs { views, front } => {
            for view in views {
                tiles.insert(tile_of(*view), Tile::Pane(*view));
            }
            let mut tabs = Tabs::new(views.iter().map(|view| tile_of(*view)).collect());
            tabs.set_active(tile_of(*front));
            tiles.insert_container(tabs)
        }
        Node::Split { below, parts } => {
            let children: Vec<TileId> = parts.iter().map(|(_, part)| insert(tiles, part)).collect();
            let dir = if *below { LinearDir::Vertical } else { LinearDir::Horizontal };
            let mut linear = Linear::new(dir, children.clone());
            for (child, (share, _)) in children.into_iter().zip(parts) {
                linear.shares.set_share(child, *share);
            }
            tiles.insert_container(linear)
        }
    }
}

/// What a layout says of the tiles; `dragged` are the views that were just dropped.
fn node_of(tiles: &Tiles<View>, id: TileId, dragged: &[View]) -> Option<Node> {
    match tiles.get(id)? {
        Tile::Pane(view) => Some(Node::of(*view)),
        Tile::Container(Container::Tabs(tabs)) => {
            let front =
                tabs.active.and_then(|active| tabs.children.iter().position(|child| *child == active));
            let parts = tabs.children.iter().filter_map(|child| node_of(tiles, *child, dragged)).collect();
            node_of_tabs(parts, front.unwrap_or(0), dragged)
        }
        Tile::Container(container) => {
            let below = matches!(container, Container::Linear(linear) if linear.dir == LinearDir::Vertical);
            let share = |child: TileId| match container {
                Container::Linear(linear) => linear.shares[child],
                _ => 1.0,
            };
            let parts: Vec<(f32, Node)> = container
                .children()
                .filter_map(|child| Some((share(*child), node_of(tiles, *child, dragged)?)))
                .collect();
            (!parts.is_empty()).then_some(Node::Split { below, parts })
        }
    }
}

/// Views behind each other. What was dropped on one of them split that one; a layout splits all of them off from it.
fn node_of_tabs(parts: Vec<Node>, front: usize, dragged: &[View]) -> Option<Node> {
    let at = parts.iter().position(|part| matches!(part, Node::Split { .. }));
    let views = |parts: &[Node]| parts.iter().flat_map(Node::views).collect::<Vec<View>>();
    let Some(at) = at else {
        let front = parts.get(front).or(parts.first())?.views().first().copied()?;
        return Some(Node::Tabs { views: views(&parts), front });
    };
    let (before, after) = (views(&parts[..at]), views(&parts[at + 1..]));
    let mut split = parts.into_iter().nth(at)?;
    let home = split.views().into_iter().find(|view| !dragged.contains(view))?;
    split.surround(home, &before, &after);
    Some(split)
}

/// Lets the arrows that scroll the tabs look like the other icons of the bar.
fn quiet_arrows(ui: &mut Ui) {
    let rest = &mut ui.visuals_mut().widgets.inactive;
    rest.weak_bg_fill = egui::Color32::TRANSPARENT;
    rest.bg_stroke = Stroke::NONE;
}

/// How the tiles look and what they do.
struct Middle<'a, 'c> {
    views: &'a mut Views,
    ctx: StoreContext<'c>,
    /// The first view in front, which the banner lies in.
    first: Option<View>,
    /// Whether there is more than one view, so that one can be closed.
    several: bool,
    is_maximised: bool,
    dropped: bool,
}

impl Middle<'_, '_> {
    fn focus(&self) -> View {
        self.ctx.view.model.view
    }

    fn arrange(&self, arrange: Arrange) {
        self.ctx.view.commands.send(Action::Arrange(arrange));
    }

    fn title(&self, view: View) -> String {
        match (view, self.ctx.store.finding_count()) {
            (View::Findings, count @ 1..) => format!("{} {}", view.title(), text::grouped(count)),
            _ => view.title().to_owned(),
        }
    }

    /// The menu of views that are not open, behind the last tab.
    fn more_ui(&self, ui: &mut Ui, beside: &[View]) {
        let model = self.ctx.view.model;
        let closed: Vec<View> =
            View::ALL.iter().copied().filter(|view| !model.layout.middle.contains(*view)).collect();
        if closed.is_empty() || !beside.contains(&self.focus()) {
            return;
        }
        ui.add_space(6.0);
        let more = button::small_icon(ui, crate::theme::icons::PLUS, "Open a view");
        menus::commands(self.ctx.view, &more, closed.iter().map(|view| Command::that_shows(*view)));
    }
}

impl Behavior<View> for Middle<'_, '_> {
    fn pane_ui(&mut self, ui: &mut Ui, _tile: TileId, view: &mut View) -> UiResponse {
        let (t, place) = (self.ctx.view.tokens, ui.max_rect());
        ui.painter().rect_filled(place, 0, t.canvas);
        let pressed = ui.input(|input| input.pointer.any_pressed());
        if pressed && *view != self.focus() && ui.rect_contains_pointer(place) {
            self.ctx.view.commands.send(Action::Show(*view));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        super::regions::region(ui, &format!("{} view", view.title()), place);
        if self.first == Some(*view) {
            findings_ui(self.ctx, ui);
        }
        self.views.show(*view, self.ctx, ui);
        UiResponse::None
    }

    fn tab_title_for_pane(&mut self, view: &View) -> WidgetText {
        self.title(*view).into()
    }

    fn tab_ui(
        &mut self,
        tiles: &mut Tiles<View>,
        ui: &mut Ui,
        id: Id,
        tile: TileId,
        state: &TabState,
    ) -> Response {
        let Some(view) = tiles.get_pane(&tile).copied() else {
            return ui.interact(Rect::NOTHING, id, Sense::click());
        };
        let title = self.title(view);
        let tab = Tab::new(&title).icon(Command::that_shows(view).icon());
        let focused = view == self.focus();
        let (response, closed) = tile_tab(
            ui,
            id,
            tab,
            TileTab { front: state.active, focused, closable: self.several && !state.is_being_dragged },
        );
        if closed {
            self.arrange(Arrange::Close(view));
        } else if response.clicked() && view != self.focus() {
            self.ctx.view.commands.send(Action::Show(view));
        }
        response
    }

    fn drag_ui(&mut self, tiles: &Tiles<View>, ui: &mut Ui, tile: TileId) {
        let words = tiles.get_pane(&tile).map_or("Views", |view| view.title());
        egui::Frame::popup(ui.style())
            .show(ui, |ui| ui.label(type_roles::rich(words, type_roles::body_medium())));
    }

    fn top_bar_right_ui(&mut self, tiles: &Tiles<View>, ui: &mut Ui, _: TileId, tabs: &Tabs, _: &mut f32) {
        quiet_arrows(ui);
        let has_focus = tabs.active.and_then(|tile| tiles.get_pane(&tile)) == Some(&self.focus());
        if !has_focus || ui.available_width() < 160.0 {
            return;
        }
        ui.spacing_mut().item_spacing.x = 2.0;
        ui.add_space(8.0);
        let fill = if self.is_maximised { "Restore" } else { "Maximise" };
        let named = [(Command::ToggleMaximised, fill), (Command::SplitRight, Command::SplitRight.text().0)];
        for (command, label) in named {
            if button::small_icon(ui, command.icon(), label).clicked() {
                self.ctx.view.commands.run(command);
            }
        }
    }

    fn tab_bar_left_ui(&mut self, tiles: &Tiles<View>, ui: &mut Ui, tile: TileId, _: &Tabs) {
        // Under the tabs, so that the active one is open to what lies below it.
        if let Some(place) = tiles.rect(tile) {
            let painter = ui.painter().with_clip_rect(place);
            let line = place.top() + metrics::TABS - 1.0;
            hairline::horizontal(&painter, place.x_range(), line, self.ctx.view.tokens.line);
        }
        ui.spacing_mut().item_spacing.x = 0.0;
        quiet_arrows(ui);
    }

    fn tab_bar_trailing_ui(&mut self, tiles: &Tiles<View>, ui: &mut Ui, _: TileId, tabs: &Tabs) {
        let views: Vec<View> =
            tabs.children.iter().filter_map(|tile| tiles.get_pane(tile).copied()).collect();
        self.more_ui(ui, &views);
    }

    fn tab_bar_height(&self, _: &Style) -> f32 {
        metrics::TABS
    }

    fn tab_bar_color(&self, _: &Visuals) -> egui::Color32 {
        self.ctx.view.tokens.panel
    }

    fn min_size(&self) -> f32 {
        TILE_MIN
    }

    fn resize_stroke(&self, _: &Style, state: ResizeState) -> Stroke {
        let t = self.ctx.view.tokens;
        match state {
            ResizeState::Idle => Stroke::new(1.0, t.line),
            ResizeState::Hovering => Stroke::new(2.0, t.line_strong),
            ResizeState::Dragging => Stroke::new(2.0, t.accent),
        }
    }

    fn paint_drag_preview(&self, _: &Visuals, painter: &Painter, _: Option<Rect>, preview: Rect) {
        let t = self.ctx.view.tokens;
        let stroke = Stroke::new(1.0, t.accent);
        painter.rect(preview, 0, t.accent.gamma_multiply(0.18), stroke, StrokeKind::Inside);
    }

    fn simplification_options(&self) -> SimplificationOptions {
        SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
    }

    /// The tabs have commands of their own.
    fn cycle_tabs_with_keyboard(&self) -> bool {
        false
    }

    fn on_edit(&mut self, edit: egui_tiles::EditAction) {
        self.dropped |= edit == egui_tiles::EditAction::TileDropped;
    }
}
