//! Owns the words for what went wrong: a request that failed, a store that is damaged, a directory that is gone. Plain data.

use std::ops::Range;

use causeway::store::Finding;

/// Why something did not work, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What kind of failure it is.
    pub class: FailureClass,
    /// What happened and where, one sentence.
    pub message: String,
    /// What helps, one sentence; may be empty.
    pub advice: String,
    /// The field of the append form that it is about.
    pub field: Option<FormField>,
}

/// A field of the append form.
#[allow(missing_docs, reason = "each variant is named as the field is")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormField {
    Entity,
    Scope,
    Kind,
    Expected,
    Payload,
}

impl FormField {
    /// Every field.
    pub const ALL: [Self; 5] = [Self::Entity, Self::Scope, Self::Kind, Self::Expected, Self::Payload];
}

/// Classes of failures that look and help differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Nothing is there, or not a directory, or no store in it.
    NotAStore,
    /// The operating system refuses.
    Permission,
    /// Another process holds the writer's lock.
    Locked,
    /// Written by a newer version of the format.
    Newer,
    /// Bytes are damaged.
    Damaged,
    /// A value that the user gave is refused.
    Refused,
    /// Stopped by the user.
    Cancelled,
    /// Anything else.
    Other,
}

/// Why the store that is shown may not be the one that its path names now, or may not go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lost {
    /// The directory was removed or cannot be reached: what the system says.
    Directory(String),
    /// Another directory has its path now.
    Replaced,
    /// The process that wrote it does not write any more: process id and program.
    Writer(u32, Option<String>),
}

/// What is wrong with the open store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damage {
    /// What is damaged or odd.
    pub findings: Vec<Finding>,
    /// Places at which nothing can be read, ascending; a row each.
    pub holes: Vec<Range<u64>>,
    /// True if there are more than are listed.
    pub holes_cut: bool,
}
