//! Owns where the user is: the screen, the view in the middle, the tab of the detail.

use serde::{Deserialize, Serialize};

/// What fills the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    /// No store is open.
    #[default]
    Welcome,
    /// A directory was looked at and waits to be opened.
    Preview,
    /// A store is being opened.
    Opening,
    /// A store could not be opened.
    Error,
    /// A store is open.
    Store,
}

/// The enum of views and what is known of each, from one line a view, in the order of the tabs.
macro_rules! views {
    ($($name:ident: $title:literal, $place:ident, [$($dock:ident)*], $does:literal;)*) => {
        /// What fills a tile in the middle of an open store.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum View {
            #[default]
            $(#[doc = $does] $name,)*
        }

        impl View {
            /// All views, in the order of the tabs.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Its name on its tab.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            fn place(self) -> Place {
                match self { $(Self::$name => Place::$place,)* }
            }

            /// What usually stands beside it.
            pub fn docks(self) -> Docks {
                match self { $(Self::$name => Docks::of(&[$(Dock::$dock),*]),)* }
            }
        }
    };
}

/// A panel beside the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dock {
    Explorer,
    Inspector,
    Timeline,
}

/// Where a view can lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// In the middle, from the start.
    Tab,
    /// In the middle, once it is opened.
    Closed,
    /// In the middle from the start, or in the drawer.
    TabOrDrawer,
    /// In the drawer, or in the middle once it is opened.
    Drawer,
}

// name: title, place, [docks beside it], what it is; then a command that shows it, and an arm that draws it in `panels/centre.rs`.
views! {
    Events: "Events", Tab, [Explorer Inspector Timeline], "The event table.";
    Graph: "Causal graph", Tab, [Inspector], "Causes and effects of the selected event.";
    Projections: "Projections", Tab, [], "Projections.";
    Append: "Append", TabOrDrawer, [], "The form that appends an event.";
    Findings: "Findings", Tab, [], "What is wrong with the store.";
    Timeline: "Timeline", Closed, [Inspector], "The whole store over time.";
    Tasks: "Tasks", Drawer, [], "What runs now.";
    Memory: "Memory", Drawer, [], "What the interface holds.";
}

impl View {
    /// True if it lies in the middle unless it was closed.
    pub fn is_usual(self) -> bool {
        matches!(self.place(), Place::Tab | Place::TabOrDrawer)
    }

    /// True if it can lie in the drawer.
    pub fn is_drawn_in_drawer(self) -> bool {
        matches!(self.place(), Place::TabOrDrawer | Place::Drawer)
    }
}

/// What stands beside the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Docks {
    /// Entities, kinds and scopes, at the left.
    pub explorer: bool,
    /// The selected event, at the right.
    pub inspector: bool,
    /// The timeline, below.
    pub timeline: bool,
}

impl Docks {
    /// Nothing.
    pub const NONE: Self = Self { explorer: false, inspector: false, timeline: false };

    fn of(docks: &[Dock]) -> Self {
        Self {
            explorer: docks.contains(&Dock::Explorer),
            inspector: docks.contains(&Dock::Inspector),
            timeline: docks.contains(&Dock::Timeline),
        }
    }

    /// What either has.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            explorer: self.explorer || other.explorer,
            inspector: self.inspector || other.inspector,
            timeline: self.timeline || other.timeline,
        }
    }
}

impl Default for Docks {
    fn default() -> Self {
        Self { explorer: true, inspector: true, timeline: true }
    }
}

/// What the detail shows of the selected event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DetailTab {
    /// Header, payload as a tree, links.
    #[default]
    Event,
    /// The stored bytes as text.
    Raw,
    /// The stored bytes in hexadecimal.
    Hex,
    /// Hashes, what they cover, and what can be proven.
    #[serde(alias = "Chain")]
    Proof,
    /// The bookmark and what somebody wrote.
    Notes,
}
