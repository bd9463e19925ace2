//! Owns from where the graph is looked at, and how it moves when it changes: what the user looks at stays where it is.

use std::collections::HashMap;

use egui::{Pos2, Rect, Ui, Vec2, pos2, vec2};

use super::half_node;
use crate::view::graph::{Card, Sheet};

/// Smallest and largest magnification.
const ZOOM: std::ops::RangeInclusive<f32> = 0.02..=2.0;
/// Between the graph and the edge of the view, points.
const MARGIN: f32 = 16.0;
/// Height of the legend with its margin, points.
pub(super) const LEGEND: f32 = 56.0;
/// Text of nodes can be read from this magnification on.
const READABLE: f32 = 0.9;
/// How long nodes take to their new places, seconds.
const MOVING: f64 = 0.15;

/// From where the graph is looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Camera {
    /// Where the graph's upper left corner is in the view, and how large a point of it is drawn.
    at: Option<(Vec2, f32)>,
    /// What is to be brought into view.
    wish: Wish,
    /// The user moved it: a view of another size leaves it alone.
    by_hand: bool,
    view: Vec2,
    /// Where nodes come from, and since when they move.
    moving: Option<(f64, HashMap<u64, Pos2>)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wish {
    /// As large as it can be read, around the event in question.
    #[default]
    Focus,
    /// All of it.
    All,
    /// As it is.
    Nothing,
}

/// What is drawn, and from where it is looked at.
pub(super) struct Scene<'a> {
    pub(super) sheet: &'a Sheet,
    /// Where each node is at this moment, in the graph.
    places: Vec<Pos2>,
    /// Where the graph's upper left corner is on the screen.
    pub(super) origin: Pos2,
    pub(super) zoom: f32,
}

impl Scene<'_> {
    /// Where a node is on the screen.
    pub(super) fn rect(&self, index: usize) -> Rect {
        let [.., width, height] = self.sheet.cards[index].place;
        Rect::from_min_size(self.on_screen(self.places[index]), self.zoom * vec2(width, height))
    }

    /// A point of the graph on the screen.
    pub(super) fn on_screen(&self, at: Pos2) -> Pos2 {
        self.origin + self.zoom * at.to_vec2()
    }

    /// A point of the screen in the graph.
    pub(super) fn in_graph(&self, at: Pos2) -> Pos2 {
        ((at - self.origin) / self.zoom).to_pos2()
    }
}

fn corner(card: &Card) -> Pos2 {
    pos2(card.place[0], card.place[1])
}

impl Camera {
    /// How large a point of the graph is drawn.
    pub(super) fn magnification(&self) -> f32 {
        self.at.map_or(1.0, |(_, zoom)| zoom)
    }

    /// All of the graph.
    pub(super) fn look_at_all(&mut self) {
        (self.wish, self.by_hand) = (Wish::All, false);
    }

    /// The event in question, large enough to be read.
    pub(super) fn look_at_focus(&mut self) {
        (self.wish, self.by_hand) = (Wish::Focus, false);
    }

    /// Magnifies around a place in the view, or around its middle.
    pub(super) fn zoom(&mut self, factor: f32, around: Option<Vec2>) {
        let Some((offset, zoom)) = self.at else { return };
        let around = around.unwrap_or(self.view / 2.0);
        let wanted = (zoom * factor).clamp(*ZOOM.start(), *ZOOM.end());
        self.at = Some((around - (around - offset) * (wanted / zoom), wanted));
        (self.wish, self.by_hand) = (Wish::Nothing, true);
    }

    /// Brings a point of the graph into the middle of the view.
    pub(super) fn centre_on(&mut self, at: Pos2, view: Vec2) {
        let zoom = self.magnification();
        self.at = Some((view / 2.0 - zoom * at.to_vec2(), zoom));
        (self.wish, self.by_hand) = (Wish::Nothing, true);
    }

    /// The graph changed. Another one is looked at anew; of the same one the selected node stays where it is, and nodes that were
    /// there before move from there, if anything moves at all.
    pub(super) fn take_over(&mut self, old: &Sheet, new: &Sheet, turned: bool, now: Option<f64>) {
        if turned {
            (self.wish, self.by_hand, self.moving) = (Wish::Focus, false, None);
            return;
        }
        let before: HashMap<u64, Pos2> = old.cards.iter().map(|card| (card.sequence, corner(card))).collect();
        let anchor = new.cards.iter().find(|card| card.selected).or(new.cards.first());
        let anchored = anchor.and_then(|card| Some((corner(card), before.get(&card.sequence)?)));
        if let (Some((to, from)), Some((offset, zoom))) = (anchored, self.at) {
            let by = to - *from;
            self.at = Some((offset - zoom * by, zoom));
            // The view moved with the anchor, so that whoever stays beside it does not move on the screen.
            let from = before.into_iter().map(|(sequence, at)| (sequence, at + by)).collect();
            self.moving = now.map(|now| (now, from));
        }
    }

    /// The graph as it is seen now; `focus` is the node in question.
    pub(super) fn scene<'a>(
        &mut self,
        ui: &Ui,
        sheet: &'a Sheet,
        focus: Option<usize>,
        area: Rect,
    ) -> Scene<'a> {
        let resized = self.view != area.size();
        self.view = area.size();
        if self.at.is_none() || (resized && !self.by_hand) || self.wish != Wish::Nothing {
            self.at = Some(match self.wish {
                Wish::All => whole(sheet, self.view),
                Wish::Focus | Wish::Nothing => around(sheet, focus, self.view),
            });
            self.wish = Wish::Nothing;
        }
        let (offset, zoom) = self.at.unwrap_or((Vec2::ZERO, 1.0));
        Scene { sheet, places: self.places(ui, sheet), origin: area.min + offset, zoom }
    }

    /// Where each node is at this moment.
    fn places(&mut self, ui: &Ui, sheet: &Sheet) -> Vec<Pos2> {
        let passed =
            self.moving.as_ref().map_or(1.0, |(since, _)| (ui.input(|input| input.time) - since) / MOVING);
        if passed >= 1.0 {
            self.moving = None;
        }
        let Some((_, from)) = &self.moving else { return sheet.cards.iter().map(corner).collect() };
        ui.ctx().request_repaint();
        let rest = (1.0 - passed.max(0.0)) as f32;
        let share = 1.0 - rest * rest * rest;
        let place =
            |card: &Card| from.get(&card.sequence).map_or(corner(card), |at| at.lerp(corner(card), share));
        sheet.cards.iter().map(place).collect()
    }

    /// Dragging and scrolling move the graph, Ctrl with the wheel magnifies it around the pointer.
    pub(super) fn move_by_hand(&mut self, ui: &Ui, response: &egui::Response) {
        let Some((offset, zoom)) = self.at else { return };
        let mut by = response.drag_delta();
        if let Some(pointer) = response.hover_pos() {
            let (scroll, factor) = ui.input(|input| (input.smooth_scroll_delta, input.zoom_delta()));
            by += scroll;
            if (factor - 1.0).abs() > f32::EPSILON {
                self.zoom(factor, Some(pointer - response.rect.min));
                return;
            }
        }
        if by != Vec2::ZERO {
            self.at = Some((offset + by, zoom));
            (self.wish, self.by_hand) = (Wish::Nothing, true);
        }
    }
}

/// The room for the graph: the view without its margin and without the legend.
fn room(view: Vec2) -> Vec2 {
    (view - Vec2::splat(2.0 * MARGIN) - vec2(0.0, LEGEND)).max(Vec2::splat(1.0))
}

/// Where to stand to see the whole graph, never larger than life.
fn whole(sheet: &Sheet, view: Vec2) -> (Vec2, f32) {
    let room = room(view);
    let zoom = (room.x / sheet.width.max(1.0)).min(room.y / sheet.height.max(1.0)).clamp(*ZOOM.start(), 1.0);
    let spare = room - zoom * vec2(sheet.width, sheet.height);
    let offset = Vec2::splat(MARGIN) + vec2((spare.x / 2.0).clamp(0.0, 48.0), 0.0);
    (offset.round(), zoom)
}

/// The whole graph if its text can be read then; else life size, with the node in question in the middle.
fn around(sheet: &Sheet, focus: Option<usize>, view: Vec2) -> (Vec2, f32) {
    let all = whole(sheet, view);
    if all.1 >= READABLE {
        return all;
    }
    let centre = focus.map_or(Vec2::ZERO, |focus| corner(&sheet.cards[focus]).to_vec2()) + half_node();
    let room = room(view);
    // No emptier than need be: the graph starts at the margin if it does not fill the room.
    let along = |centre: f32, length: f32, room: f32| {
        if length <= room { 0.0 } else { (room / 2.0 - centre).clamp(room - length, 0.0) }
    };
    let offset = vec2(along(centre.x, sheet.width, room.x), along(centre.y, sheet.height, room.y));
    ((Vec2::splat(MARGIN) + offset).round(), 1.0)
}
