//! Owns how an open store is laid out: which views lie where in the middle, which panels stand beside them, what the drawer holds.
//!
//! Invariants:
//! - a view lies in one place: in the middle or in the drawer, never twice;
//! - the middle is never empty;
//! - whatever was saved gives a layout: what is not understood is left out.

use serde::{Deserialize, Serialize};

use super::lenient::{known, lenient};
use super::route::{Docks, View};

/// Splits within splits that are kept; deeper ones become tabs.
const DEPTH_MAX: usize = 6;
/// The smallest share of a split that is kept, of the whole of it.
const SHARE_MIN: f32 = 0.05;

/// A part of the middle.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Node {
    /// Views behind each other.
    Tabs {
        /// From left to right; never empty.
        #[serde(deserialize_with = "known")]
        views: Vec<View>,
        /// The one in front.
        #[serde(deserialize_with = "lenient")]
        front: View,
    },
    /// Parts beside or below each other.
    Split {
        /// True if they lie below each other.
        below: bool,
        /// Each with its share of the room; at least two.
        #[serde(deserialize_with = "known")]
        parts: Vec<(f32, Node)>,
    },
}

/// Where a new part of a split lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Right of what is there.
    Right,
    /// Below what is there.
    Below,
}

/// An arrangement for a purpose, chosen by a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// The table with everything beside it.
    Browse,
    /// The table and the graph of what is selected.
    Trace,
    /// Findings beside the table, and the chain in the inspector.
    Audit,
    /// The newest events and what follows from them.
    Live,
}

/// How the user arranges what lies where.
#[derive(Clone, Debug, PartialEq)]
pub enum Arrange {
    /// What is drawn of the middle was dragged, split or resized.
    Drawn(Node),
    /// A view is closed.
    Close(View),
    /// A view is shown in the drawer.
    Drawer(View),
}

/// The layout of an open store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layout {
    /// The middle.
    #[serde(deserialize_with = "lenient")]
    pub middle: Node,
    /// True if the view that has the focus fills the window.
    pub maximised: bool,
    /// What stands beside a view, where that is not the usual.
    #[serde(deserialize_with = "known")]
    pub beside: Vec<(View, Docks)>,
    /// True if the drawer is open.
    pub drawer_open: bool,
    /// What the drawer shows.
    #[serde(deserialize_with = "lenient")]
    pub drawer: View,
}

impl Default for Node {
    fn default() -> Self {
        let views: Vec<View> = View::ALL.iter().copied().filter(|view| view.is_usual()).collect();
        Self::Tabs { views, front: View::Events }
    }
}

impl Default for Layout {
    fn default() -> Self {
        Self {
            middle: Node::default(),
            maximised: false,
            beside: Vec::new(),
            drawer_open: false,
            drawer: View::Tasks,
        }
    }
}

impl Layout {
    /// A layout for a purpose, and the view that it is about.
    pub fn of_preset(preset: Preset) -> (Self, View) {
        let usual = Self::default();
        let (focus, more): (View, &[(View, View, Side)]) = match preset {
            Preset::Browse => (View::Events, &[]),
            Preset::Trace => (View::Events, &[(View::Events, View::Graph, Side::Below)]),
            Preset::Audit => (View::Findings, &[(View::Events, View::Findings, Side::Below)]),
            Preset::Live => (
                View::Events,
                &[
                    (View::Events, View::Projections, Side::Right),
                    (View::Projections, View::Timeline, Side::Below),
                ],
            ),
        };
        let mut layout = usual;
        for (from, view, side) in more {
            layout.middle.split(*from, *view, *side);
        }
        layout.middle.bring_to_front(View::Events);
        layout.middle.bring_to_front(focus);
        if preset == Preset::Live {
            // What arrives needs the room; the selected event is one key away.
            layout.beside.extend([(View::Events, Docks::NONE), (View::Timeline, Docks::NONE)]);
        }
        (layout, focus)
    }

    /// The same layout after reading it from a file that anybody may have written.
    #[must_use]
    pub fn mended(mut self) -> Self {
        let mut seen = Vec::new();
        self.middle = self.middle.mended(&mut seen, DEPTH_MAX).unwrap_or_default();
        if !self.drawer.is_drawn_in_drawer() || self.middle.contains(self.drawer) {
            self.drawer = View::Tasks;
        }
        self.middle.remove(self.drawer);
        self
    }

    /// Opens a view in the middle, or brings it to the front; beside `focus` if it is new.
    pub fn open(&mut self, view: View, focus: View) {
        if !self.middle.bring_to_front(view) {
            if self.drawer == view {
                self.drawer = if view == View::Tasks { View::Memory } else { View::Tasks };
            }
            self.middle.add(view, focus);
        }
    }

    /// Takes a view out of the middle; false if it is the last one, which stays.
    pub fn close(&mut self, view: View) -> bool {
        self.middle.views().len() > 1 && self.middle.remove(view)
    }

    /// Puts a view into a part of its own beside the part it lay in; a view that lies there alone gets a companion.
    pub fn split(&mut self, view: View, side: Side) {
        let alone = self.middle.tabs_of(view).is_some_and(|views| views.len() == 1);
        let closed =
            View::ALL.iter().copied().find(|other| other.is_usual() && !self.middle.contains(*other));
        match (alone, closed) {
            (true, Some(companion)) => self.middle.split(view, companion, side),
            (true, None) => {}
            (false, _) => {
                let rest = self.middle.tabs_of(view).unwrap_or_default();
                if let Some(neighbour) = rest.iter().copied().find(|other| *other != view) {
                    self.middle.split(neighbour, view, side);
                }
            }
        }
        self.maximised = false;
    }

    /// Shows a view in the drawer; it leaves the middle, unless it is the last one there.
    pub fn show_in_drawer(&mut self, view: View) {
        if self.middle.contains(view) && !self.close(view) {
            return;
        }
        self.drawer = view;
        self.drawer_open = true;
    }

    /// The views in front, from left to right and from top to bottom; only `focus` while it is maximised.
    pub fn in_front(&self, focus: View) -> Vec<View> {
        if self.maximised {
            return vec![focus];
        }
        let mut front = Vec::new();
        self.middle.fronts(&mut front);
        front
    }

    /// True if a view can be seen.
    pub fn shows(&self, view: View, focus: View) -> bool {
        self.in_front(focus).contains(&view) || (self.drawer_open && !self.maximised && self.drawer == view)
    }

    /// What stands beside the views in front: what any of them wants. A timeline in the middle needs none below.
    pub fn docks(&self, focus: View) -> Docks {
        let front = self.in_front(focus);
        let mut docks = Docks::NONE;
        if !self.maximised {
            for view in &front {
                docks = docks.and(self.docks_of(*view));
            }
        }
        Docks { timeline: docks.timeline && !front.contains(&View::Timeline), ..docks }
    }

    /// Changes what stands beside the views in front: `change` gets the docks of each.
    pub fn change_docks(&mut self, focus: View, change: impl Fn(&mut Docks)) {
        for view in self.in_front(focus) {
            let mut docks = self.docks_of(view);
            change(&mut docks);
            self.beside.retain(|(other, _)| *other != view);
            if docks != view.docks() {
                self.beside.push((view, docks));
            }
        }
    }

    fn docks_of(&self, view: View) -> Docks {
        self.beside.iter().find(|(other, _)| *other == view).map_or(view.docks(), |(_, docks)| *docks)
    }

    /// The part that is drawn: the whole middle, or the part with `focus` while it is maximised.
    pub fn drawn(&self, focus: View) -> Node {
        match self.middle.tabs_of(focus) {
            Some(views) if self.maximised => Node::Tabs { views, front: focus },
            _ => self.middle.clone(),
        }
    }

    /// Takes over how the user arranged what was drawn.
    pub fn arrange(&mut self, drawn: Node, focus: View) {
        if self.maximised {
            if let Node::Tabs { views, front } = drawn {
                self.middle.replace_tabs(focus, &views, front);
            }
        } else if let Some(middle) = drawn.mended(&mut Vec::new(), DEPTH_MAX) {
            self.middle = middle;
        }
    }
}

impl Node {
    /// One view.
    pub fn of(view: View) -> Self {
        Self::Tabs { views: vec![view], front: view }
    }

    /// All views, from left to right and from top to bottom.
    pub fn views(&self) -> Vec<View> {
        match self {
            Self::Tabs { views, .. } => views.clone(),
            Self::Split { parts, .. } => parts.iter().flat_map(|(_, part)| part.views()).collect(),
        }
    }

    /// True if a view lies here.
    pub fn contains(&self, view: View) -> bool {
        self.views().contains(&view)
    }

    /// The views that lie in the same tabs as this one.
    pub fn tabs_of(&self, view: View) -> Option<Vec<View>> {
        match self {
            Self::Tabs { views, .. } => views.contains(&view).then(|| views.clone()),
            Self::Split { parts, .. } => parts.iter().find_map(|(_, part)| part.tabs_of(view)),
        }
    }

    fn fronts(&self, into: &mut Vec<View>) {
        match self {
            Self::Tabs { front, .. } => into.push(*front),
            Self::Split { parts, .. } => parts.iter().for_each(|(_, part)| part.fronts(into)),
        }
    }

    fn tabs_mut(&mut self, view: View) -> Option<&mut Self> {
        match self {
            Self::Tabs { views, .. } => views.contains(&view).then_some(self),
            Self::Split { parts, .. } => parts.iter_mut().find_map(|(_, part)| part.tabs_mut(view)),
        }
    }

    fn bring_to_front(&mut self, view: View) -> bool {
        let Some(Self::Tabs { front, .. }) = self.tabs_mut(view) else { return false };
        *front = view;
        true
    }

    /// Adds a view to the tabs of another one, or to the first ones.
    fn add(&mut self, view: View, beside: View) {
        let beside = if self.contains(beside) { Some(beside) } else { self.views().first().copied() };
        match beside.and_then(|beside| self.tabs_mut(beside)) {
            Some(Self::Tabs { views, front }) => {
                views.push(view);
                *front = view;
            }
            _ => *self = Self::of(view),
        }
    }

    /// Puts more views before and behind those that lie in the same tabs as this one.
    pub fn surround(&mut self, view: View, before: &[View], after: &[View]) {
        if let Some(Self::Tabs { views, .. }) = self.tabs_mut(view) {
            *views = [before, views, after].concat();
        }
    }

    fn replace_tabs(&mut self, view: View, new: &[View], new_front: View) {
        if let Some(Self::Tabs { views, front }) = self.tabs_mut(view) {
            new.clone_into(views);
            *front = new_front;
        }
    }

    /// Takes a view away; true if it was there. The last view stays.
    fn remove(&mut self, view: View) -> bool {
        let was = self.contains(view);
        if was && self.views().len() > 1 {
            let taken = std::mem::take(self);
            *self = taken.without(view).unwrap_or_default();
        }
        was
    }

    fn without(self, view: View) -> Option<Self> {
        match self {
            Self::Tabs { mut views, front } => {
                let at = views.iter().position(|other| *other == view);
                views.retain(|other| *other != view);
                let next = at.unwrap_or(0).saturating_sub(1);
                let front = if front == view { *views.get(next)? } else { front };
                (!views.is_empty()).then_some(Self::Tabs { views, front })
            }
            Self::Split { below, parts } => {
                let parts = parts.into_iter().filter_map(|(share, part)| Some((share, part.without(view)?)));
                Self::joined(below, parts.collect())
            }
        }
    }

    /// A split of these parts; a single part stands alone, and parts that are split the same way join.
    fn joined(below: bool, parts: Vec<(f32, Self)>) -> Option<Self> {
        let mut flat = Vec::new();
        for (share, part) in parts {
            match part {
                Self::Split { below: same, parts } if same == below => {
                    let whole: f32 = parts.iter().map(|(share, _)| share).sum();
                    flat.extend(
                        parts.into_iter().map(|(inner, part)| (share * inner / whole.max(SHARE_MIN), part)),
                    );
                }
                part => flat.push((share, part)),
            }
        }
        match flat.len() {
            0 => None,
            1 => flat.pop().map(|(_, part)| part),
            _ => {
                let whole: f32 = flat.iter().map(|(share, _)| share).sum();
                for (share, _) in &mut flat {
                    *share = (*share / whole).max(SHARE_MIN);
                }
                Some(Self::Split { below, parts: flat })
            }
        }
    }

    /// Puts `view`, wherever it lies, into a part of its own beside the tabs of `beside`.
    fn split(&mut self, beside: View, view: View, side: Side) {
        let taken = std::mem::take(self);
        let rest = taken.clone().without(view).unwrap_or(taken);
        let below = side == Side::Below;
        *self = rest.split_at(beside, &Self::of(view), below);
    }

    fn split_at(self, beside: View, new: &Self, below: bool) -> Self {
        match self {
            Self::Tabs { ref views, .. } if views.contains(&beside) => {
                Self::Split { below, parts: vec![(0.5, self), (0.5, new.clone())] }
            }
            Self::Tabs { .. } => self,
            Self::Split { below: other, parts } => {
                let parts = parts.into_iter().map(|(share, part)| (share, part.split_at(beside, new, below)));
                Self::joined(other, parts.collect()).unwrap_or_default()
            }
        }
    }

    /// What of it can be shown: each view once, shares that are numbers, no more splits within splits than `depth`.
    fn mended(self, seen: &mut Vec<View>, depth: usize) -> Option<Self> {
        match self {
            Self::Tabs { mut views, front } => {
                views.retain(|view| {
                    let new = !seen.contains(view);
                    seen.extend(new.then_some(*view));
                    new
                });
                let front = if views.contains(&front) { front } else { *views.first()? };
                Some(Self::Tabs { views, front })
            }
            Self::Split { .. } if depth == 0 => {
                Self::Tabs { front: View::default(), views: self.views() }.mended(seen, depth)
            }
            Self::Split { below, parts } => {
                let parts = parts.into_iter().filter_map(|(share, part)| {
                    let share = if share.is_finite() { share.clamp(SHARE_MIN, 100.0) } else { 1.0 };
                    Some((share, part.mended(seen, depth - 1)?))
                });
                Self::joined(below, parts.collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split_in_two() -> Layout {
        let mut layout = Layout::default();
        layout.split(View::Graph, Side::Right);
        layout
    }

    #[test]
    fn a_view_that_is_split_off_lies_beside_the_others_and_in_one_place_only() {
        let layout = split_in_two();
        assert_eq!(layout.in_front(View::Events), [View::Events, View::Graph]);
        let mut views = layout.middle.views();
        assert_eq!(views.len(), Layout::default().middle.views().len());
        views.dedup();
        assert_eq!(views.len(), Layout::default().middle.views().len());
    }

    #[test]
    fn closing_the_only_view_of_a_part_closes_the_part_and_the_last_view_stays() {
        let mut layout = split_in_two();
        assert!(layout.close(View::Graph));
        assert!(matches!(&layout.middle, Node::Tabs { views, .. } if !views.contains(&View::Graph)));
        for view in View::ALL {
            layout.close(*view);
        }
        assert_eq!(layout.middle.views().len(), 1);
        let last = layout.middle.views()[0];
        assert!(!layout.close(last));
    }

    #[test]
    fn a_view_that_was_closed_opens_again_beside_the_focus() {
        let mut layout = split_in_two();
        layout.close(View::Findings);
        layout.open(View::Findings, View::Graph);
        assert_eq!(layout.middle.tabs_of(View::Graph), Some(vec![View::Graph, View::Findings]));
        assert_eq!(layout.in_front(View::Events), [View::Events, View::Findings]);
    }

    #[test]
    fn a_view_in_the_drawer_is_not_in_the_middle() {
        let mut layout = Layout::default();
        layout.show_in_drawer(View::Append);
        assert!(layout.drawer_open && !layout.middle.contains(View::Append));
        assert!(layout.shows(View::Append, View::Events));
        layout.open(View::Append, View::Events);
        assert_eq!(layout.drawer, View::Tasks);
        assert!(layout.middle.contains(View::Append));
    }

    #[test]
    fn a_maximised_view_is_alone_and_its_tabs_are_rearranged_without_touching_the_others() {
        let mut layout = split_in_two();
        layout.maximised = true;
        assert_eq!(layout.in_front(View::Graph), [View::Graph]);
        assert_eq!(layout.docks(View::Graph), Docks::NONE);
        assert_eq!(layout.drawn(View::Graph), Node::of(View::Graph));
        let events = layout.drawn(View::Events);
        layout.arrange(events, View::Events);
        layout.maximised = false;
        assert_eq!(layout, split_in_two());
    }

    #[test]
    fn docks_are_those_that_any_view_in_front_wants_and_a_command_changes_them_for_what_is_seen() {
        let mut layout = Layout::default();
        assert!(layout.docks(View::Events).explorer && layout.docks(View::Events).timeline);
        layout.change_docks(View::Events, |docks| docks.explorer = false);
        assert!(!layout.docks(View::Events).explorer);
        layout.open(View::Projections, View::Events);
        assert_eq!(layout.docks(View::Projections), Docks::NONE);
        layout.open(View::Timeline, View::Events);
        assert!(!layout.docks(View::Timeline).timeline, "one timeline is enough");
    }

    #[test]
    fn what_a_newer_program_saved_loses_only_what_is_unknown() {
        let saved = r#"{"middle": {"Split": {"below": false, "parts": [
            [1.0, {"Tabs": {"views": ["Events", "Hologram", "Events"], "front": "Hologram"}}],
            [null, {"Tabs": {"views": ["Hologram"], "front": "Hologram"}}],
            [1e30, {"Tabs": {"views": ["Graph", "Events"], "front": "Graph"}}]]}},
            "beside": [["Hologram", {}], ["Events", {"explorer": false}]], "drawer": "Hologram", "new": 1}"#;
        let layout = serde_json::from_str::<Layout>(saved).unwrap().mended();
        assert_eq!(layout.in_front(View::Events), [View::Events, View::Graph]);
        assert_eq!(layout.middle.views(), [View::Events, View::Graph]);
        assert!(!layout.docks(View::Events).explorer);
        for spoiled in [r#"{"middle": 7}"#, r#"{"middle": {"Tabs": {"views": [], "front": "Events"}}}"#] {
            let layout = serde_json::from_str::<Layout>(spoiled).unwrap().mended();
            assert_eq!(layout.middle, Node::default(), "{spoiled}");
        }
    }

    #[test]
    fn a_layout_that_was_saved_is_read_back() {
        for preset in [Preset::Browse, Preset::Trace, Preset::Audit, Preset::Live] {
            let (layout, focus) = Layout::of_preset(preset);
            assert!(layout.shows(focus, focus));
            let text = serde_json::to_string(&layout).unwrap();
            assert_eq!(serde_json::from_str::<Layout>(&text).unwrap().mended(), layout, "{preset:?}");
        }
    }
}
