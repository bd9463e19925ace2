//! Owns the description of a kind that travels in the log: its name, version and fields, for people to read.

use serde::{Deserialize, Serialize};

use crate::words::kind::EventKind;

/// Greatest number of fields that a description lists.
pub(crate) const MAX_CATALOGUE_FIELDS: usize = 1024;

/// What a kind is called and which fields its payload has. For display only: no proof covers it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KindDescription {
    /// The kind.
    pub kind: EventKind,
    /// Version of the payload type.
    pub version: u16,
    /// Name of the payload type.
    pub name: String,
    /// Its fields in order of declaration.
    pub fields: Vec<FieldDescription>,
}

/// Name and type of one field, as the source code spells them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldDescription {
    /// Name of the field; its number for a tuple.
    pub name: String,
    /// Its type.
    pub type_name: String,
}
