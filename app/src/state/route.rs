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

/// What fills the middle of an open store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum View {
    /// The event table.
    #[default]
    Events,
    /// Causes and effects of the selected event.
    Graph,
    /// Projections.
    Projections,
    /// The form that appends an event.
    Append,
    /// What is wrong with the store.
    Findings,
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
