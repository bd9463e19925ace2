//! Owns what can be done about the trust that a store deserves.

use std::path::PathBuf;

use causeway::store::{Head, VerifyLevel};

use crate::worker::protocol::Part;

/// What can be done about the trust that a store deserves.
#[derive(Clone, Debug, PartialEq)]
pub enum TrustAction {
    /// Check so thoroughly from now on.
    SetLevel(VerifyLevel),
    /// Check a part of the store.
    Verify(Part),
    /// Prove that the event at this place is in the log.
    Prove(u64),
    /// Keep the heads in this file.
    ImportHeads(PathBuf),
    /// Append a head that was kept to this file.
    SaveHead(Head, PathBuf),
    /// Forget a head that was kept.
    ForgetHead(Head),
    /// Check a receipt: its JSON, or the path of a file with it.
    CheckReceipt(String),
    /// Write the evidence report into this file.
    Report(PathBuf),
    /// Write a note to the event at this place; without words it is a bookmark.
    Note(u64, String),
    /// Take the bookmark and the note of this event away.
    RemoveNote(u64),
}
