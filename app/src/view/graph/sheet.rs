//! Owns what a graph says: the text of each node, edge and hull, ready to be painted or exported. Never lays out.

use std::collections::HashMap;

use causeway::event::EventKind;

use super::groups::GroupLayout;
use super::{
    Critical, GraphLayout, HULL, Hull, Link, Moment, NODE_HEIGHT, NODE_WIDTH, Place, Placed, forest::Forest,
};
use crate::state::zone::Zone;
use crate::theme::KindMark;
use crate::view::rows::{self, KindText};
use crate::view::{text, times};
use crate::widgets::escape;
use crate::worker::protocol::{CausalGraph, EventCell, GraphNode, Group, GroupGraph, RowCell};

/// Size of the pill that a chain is folded into, points.
const PILL: (f32, f32) = (74.0, 22.0);

/// What names are taken from and what is emphasised.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    /// Names of kinds.
    pub names: &'a HashMap<EventKind, String>,
    /// The zone of times.
    pub zone: &'a Zone,
    /// The selected event.
    pub selected: Option<u64>,
    /// Whether the links of the hash chain are drawn.
    pub chain: bool,
    /// The path that took longest, if it is drawn.
    pub critical: Option<&'a Critical>,
}

/// A graph with its text.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sheet {
    /// The nodes.
    pub cards: Vec<Card>,
    /// The edges.
    pub lines: Vec<Line>,
    /// The conversations.
    pub hulls: Vec<HullTitle>,
    /// Named moments, if the axis means time.
    pub moments: Vec<(Moment, String)>,
    /// Width of the whole, points.
    pub width: f32,
    /// Height of the whole, points.
    pub height: f32,
}

/// How a node looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardLook {
    /// One event.
    Event,
    /// One place that cannot be read.
    Damaged,
    /// Several events of one kind: a second card stands behind.
    Stack,
    /// A chain of events.
    Pill,
    /// A group.
    Group,
}

/// What is to be known of an event's cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// It is drawn, or there is none.
    Plain,
    /// It is in the store, and not in the graph.
    NotShown,
    /// It is not in the store, or cannot be read.
    Lost,
}

/// A node with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Left and upper edge, width and height, points.
    pub place: [f32; 4],
    /// How it looks.
    pub look: CardLook,
    /// Before the title.
    pub mark: KindMark,
    /// First line.
    pub title: String,
    /// Second line.
    pub below: String,
    /// All of it in one sentence, for those who do not see it.
    pub name: String,
    /// True if it says that something failed.
    pub failed: bool,
    /// True if it is the selected event, or that is folded into it.
    pub selected: bool,
    /// True if it lies on the path of the selection.
    pub on_path: bool,
    /// What is to be known of its cause.
    pub cause: Cause,
    /// Effects that are not shown.
    pub more: u64,
    /// The event that it stands for, or the first of several: it names the node while the graph grows.
    pub sequence: u64,
    /// What it hangs under.
    pub parent: Option<usize>,
}

/// What an edge means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LineKind {
    /// One caused the other.
    Causation,
    /// Both belong to one conversation.
    Correlation,
    /// One follows the other in the hash chain of their stream.
    Chain,
    /// One caused the other, against the direction of the graph.
    Back,
    /// Events of one group caused events of the other; the width in points says how many.
    Flow(f32),
}

/// An edge with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Index of the card that it leaves.
    pub from: usize,
    /// Index of the card that it reaches.
    pub to: usize,
    /// What it means.
    pub kind: LineKind,
    /// True if it lies on the path of the selection.
    pub on_path: bool,
    /// True if it lies on the critical path.
    pub critical: bool,
    /// What stands beside it; often nothing.
    pub label: String,
}

/// A hull with its text.
#[derive(Clone, Debug, PartialEq)]
pub struct HullTitle {
    /// Left, upper, right and lower edge, points.
    pub edges: [f32; 4],
    /// The end of the conversation's id.
    pub id: String,
    /// How many events, and how long it took.
    pub facts: String,
}

/// The sheet of a graph of events.
pub fn flow_sheet(graph: &CausalGraph, layout: &GraphLayout, words: Words<'_>) -> Sheet {
    let forest = Forest::of(graph, &super::Shape::default());
    let selected = words.selected.and_then(|sequence| graph.index_of(sequence)).or(graph.focus_index());
    let path = selected.map_or_else(|| vec![false; graph.nodes.len()], |index| forest.path(index));
    let mut on_critical = vec![false; graph.nodes.len()];
    words.critical.into_iter().flat_map(|critical| &critical.events).for_each(|at| on_critical[*at] = true);
    let mut effects = vec![0; graph.nodes.len()];
    graph.nodes.iter().filter_map(|node| node.cause).for_each(|cause| effects[cause] += 1);
    let writer = Writer { graph, layout, words, path, on_critical, selected, effects };
    let mut sheet = Sheet {
        cards: layout.placed.iter().map(|node| writer.card(node)).collect(),
        lines: writer.lines(),
        hulls: layout.hulls.iter().map(hull_title).collect(),
        moments: layout
            .moments
            .iter()
            .map(|moment| (*moment, times::seconds(moment.us, words.zone)))
            .collect(),
        width: layout.width,
        height: layout.height,
    };
    if words.chain {
        sheet.lines.extend(writer.chain_lines());
    }
    sheet
}

fn hull_title(hull: &Hull) -> HullTitle {
    let id = hull.correlation.map_or_else(|| "unknown".to_owned(), text::id_tail);
    let mut facts = text::counted(hull.events, "event");
    if let Some((first, last)) = hull.span_us.filter(|(first, last)| first < last) {
        facts += " · ";
        facts += &text::duration_us(first.abs_diff(last));
    }
    HullTitle { edges: hull.edges, id, facts }
}

struct Writer<'a> {
    graph: &'a CausalGraph,
    layout: &'a GraphLayout,
    words: Words<'a>,
    path: Vec<bool>,
    on_critical: Vec<bool>,
    selected: Option<usize>,
    /// Effects of each event that are in the graph.
    effects: Vec<u64>,
}

impl Writer<'_> {
    fn node(&self, place: &Place) -> &GraphNode {
        &self.graph.nodes[place.first()]
    }

    fn card(&self, placed: &Placed) -> Card {
        let node = self.node(&placed.place);
        let members = placed.place.members();
        let (text, below, look) = self.text(placed, node);
        let (width, height) = if look == CardLook::Pill { PILL } else { (NODE_WIDTH, NODE_HEIGHT) };
        let mut card = Card {
            place: [placed.x, placed.y + (NODE_HEIGHT - height) / 2.0, width, height],
            look,
            mark: text.mark,
            failed: text.failed,
            title: text.name,
            below,
            name: String::new(),
            selected: self.selected.is_some_and(|selected| members.contains(&selected)),
            on_path: members.iter().any(|member| self.path[*member]),
            cause: cause(node),
            more: placed.more,
            sequence: node.row.sequence,
            parent: placed.parent.map(|(parent, _)| parent),
        };
        card.name = self.name(&card, placed, node);
        card
    }

    /// Kind, second line and look.
    fn text(&self, placed: &Placed, node: &GraphNode) -> (KindText, String, CardLook) {
        let plain = |name: String, failed| KindText { mark: KindMark::of_category(0), name, failed };
        match (&placed.place, &node.row.cell) {
            (Place::Siblings(kind, members), _) => {
                let count = text::counted(members.len() as u64, "event");
                (rows::kind_text(*kind, self.words.names), count, CardLook::Stack)
            }
            (Place::Chain(members), _) => {
                let pill = plain(format!("→ {} →", text::grouped(members.len() as u64)), false);
                (pill, String::new(), CardLook::Pill)
            }
            (_, RowCell::Event(cell)) => {
                (rows::kind_text(cell.kind, self.words.names), self.facts(placed, cell), CardLook::Event)
            }
            (_, RowCell::Removed) => (plain("Removed".to_owned(), false), String::new(), CardLook::Event),
            (_, RowCell::Damaged { reason, .. }) => {
                let reason = escape::visible(reason).into_owned();
                (plain("Damaged".to_owned(), true), reason, CardLook::Damaged)
            }
        }
    }

    /// Entity and time; on the path the time since the cause.
    fn facts(&self, placed: &Placed, cell: &EventCell) -> String {
        let entity = escape::visible(&cell.entity);
        let short = entity.rsplit(':').next().unwrap_or(&entity);
        let index = placed.place.first();
        let cause = self.graph.nodes[index].cause.and_then(|cause| self.graph.time_of(cause));
        let when = match cause.filter(|_| self.path[index] || self.on_critical[index]) {
            Some(cause) => text::delta_us(cause, cell.time_us),
            None => times::seconds(cell.time_us, self.words.zone),
        };
        format!("{short} · {when}")
    }

    fn name(&self, card: &Card, placed: &Placed, node: &GraphNode) -> String {
        let sequence = text::sequence(card.sequence);
        let mut parts = match (&placed.place, &node.row.cell) {
            (Place::Siblings(_, members), _) => {
                vec![card.title.clone(), format!("{} folded", text::counted(members.len() as u64, "event"))]
            }
            (Place::Chain(members), _) => {
                vec![format!("chain of {} folded", text::counted(members.len() as u64, "event"))]
            }
            (_, RowCell::Event(cell)) => {
                vec![card.title.clone(), escape::visible(&cell.entity).into_owned()]
            }
            (..) => vec![card.title.clone(), card.below.clone()],
        };
        parts.push(sequence);
        match (node.cause.map(|cause| &self.graph.nodes[cause]), card.cause) {
            (Some(cause), _) => parts.push(format!("caused by {}", text::sequence(cause.row.sequence))),
            (None, Cause::Lost) => parts.push("its cause is not in the store".to_owned()),
            (None, Cause::NotShown) => parts.push("its cause is not shown".to_owned()),
            (None, Cause::Plain) => {}
        }
        let effects = self.effects[placed.place.first()] + node.hidden_effects;
        if effects > 0 && card.look == CardLook::Event {
            parts.push(text::counted(effects, "effect"));
        }
        parts.retain(|part| !part.is_empty());
        parts.join(", ")
    }

    fn lines(&self) -> Vec<Line> {
        let ends = |place: &Place, on: &[bool]| place.members().iter().any(|member| on[*member]);
        let mut lines = Vec::with_capacity(self.layout.placed.len());
        for (to, node) in self.layout.placed.iter().enumerate() {
            let Some((from, link)) = node.parent else { continue };
            let cause = &self.layout.placed[from].place;
            let is_causation = link == Link::Causation;
            let both = |on: &[bool]| is_causation && ends(cause, on) && ends(&node.place, on);
            let critical = both(&self.on_critical);
            let kind = if is_causation { LineKind::Causation } else { LineKind::Correlation };
            let label = if critical { self.delay(cause, &node.place) } else { String::new() };
            lines.push(Line { from, to, kind, on_path: both(&self.path), critical, label });
        }
        lines.extend(self.layout.back.iter().map(|(from, to)| Line {
            from: *from,
            to: *to,
            kind: LineKind::Back,
            on_path: false,
            critical: false,
            label: "closes a ring".to_owned(),
        }));
        lines
    }

    /// How much later the end of a node was than the end of the one before.
    fn delay(&self, from: &Place, to: &Place) -> String {
        let end = |place: &Place| place.members().last().and_then(|member| self.graph.time_of(*member));
        match (end(from), end(to)) {
            (Some(from), Some(to)) => text::delta_us(from, to),
            _ => String::new(),
        }
    }

    /// Links of the hash chain between events that follow each other in their stream and both stand for themselves.
    fn chain_lines(&self) -> Vec<Line> {
        let mut at: HashMap<(&str, u32), usize> = HashMap::new();
        let mut cells = Vec::new();
        for (index, placed) in self.layout.placed.iter().enumerate() {
            let Place::Event(event) = placed.place else { continue };
            let Some(cell) = rows::event_of(&self.graph.nodes[event].row) else { continue };
            at.insert((&*cell.entity, cell.clock), index);
            cells.push((index, cell));
        }
        let before = |cell: &EventCell| Some(*at.get(&(&*cell.entity, cell.clock.checked_sub(1)?))?);
        let line = |from, to| Line {
            from,
            to,
            kind: LineKind::Chain,
            on_path: false,
            critical: false,
            label: String::new(),
        };
        cells.into_iter().filter_map(|(to, cell)| Some(line(before(cell)?, to))).collect()
    }
}

fn cause(node: &GraphNode) -> Cause {
    let is_elsewhere =
        node.cause.is_none() && rows::event_of(&node.row).is_some_and(|cell| cell.cause_sequence.is_some());
    match (node.lost_cause, is_elsewhere) {
        (true, _) => Cause::Lost,
        (false, true) => Cause::NotShown,
        (false, false) => Cause::Plain,
    }
}

/// The sheet of a graph of groups.
pub fn group_sheet(graph: &GroupGraph, layout: &GroupLayout, words: Words<'_>) -> Sheet {
    let effects_of = |index: usize| graph.edges.iter().filter(|edge| edge.from == index).count() as u64;
    let card = |(index, (group, at)): (usize, (&Group, &(f32, f32)))| {
        let kind = group.kind.map(|kind| rows::kind_text(kind, words.names));
        let name = escape::visible(&group.name).into_owned();
        let title = kind.as_ref().map_or_else(|| "everything else".to_owned(), |kind| kind.name.clone());
        let count = text::counted(group.events, "event");
        let below = if name.is_empty() { count.clone() } else { format!("{name} · {count}") };
        Card {
            place: [at.0 + HULL, at.1 + HULL, NODE_WIDTH, NODE_HEIGHT],
            look: CardLook::Group,
            mark: kind.as_ref().map_or(KindMark::of_category(0), |kind| kind.mark),
            name: format!("{title}, {below}, causes {}", text::counted(effects_of(index), "group")),
            failed: kind.is_some_and(|kind| kind.failed),
            title,
            below,
            selected: false,
            on_path: false,
            cause: Cause::Plain,
            more: 0,
            sequence: group.newest,
            parent: None,
        }
    };
    let line = |edge: &crate::worker::protocol::GroupEdge| Line {
        from: edge.from,
        to: edge.to,
        kind: LineKind::Flow(width_of(edge.count)),
        on_path: false,
        critical: false,
        label: format!("{} · {}", text::short_count(edge.count), delay(edge.median_us)),
    };
    Sheet {
        cards: graph.groups.iter().zip(&layout.at).enumerate().map(card).collect(),
        lines: graph.edges.iter().map(line).collect(),
        hulls: Vec::new(),
        moments: Vec::new(),
        width: layout.width + 2.0 * HULL,
        height: layout.height + 2.0 * HULL,
    }
}

fn delay(us: i64) -> String {
    text::delta_us(0, us)
}

/// One point for a single event, and another for each time three as many.
fn width_of(count: u64) -> f32 {
    (1.0 + (count.max(1) as f32).ln() / 3.0_f32.ln() * 0.6).min(9.0)
}
