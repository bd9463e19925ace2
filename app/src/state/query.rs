//! Owns the filter: what the user typed, and what it means.
//!
//! The line is a list of words. `entity:`, `kind:`, `scope:` and `corr:` ask for fields; everything else is text that the payload must
//! contain. Values with blanks stand in double quotes.

use causeway::event::EventKind;

/// What the current result is made of. All parts must hold; an empty query takes every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// Entity or namespace: `order` takes `order` and `order:42`.
    pub entity: Option<String>,
    /// Any of these kinds.
    pub kinds: Option<Vec<EventKind>>,
    /// The scope.
    pub scope: Option<String>,
    /// The conversation, as the last digits of its id or all of them.
    pub correlation: Option<String>,
    /// Text in the payload, case ignored.
    pub text: Option<String>,
}
