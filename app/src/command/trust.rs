//! Owns what can be done about the trust that a store deserves.

use causeway::store::VerifyLevel;

use crate::worker::protocol::Part;

/// What can be done about the trust that a store deserves.
#[derive(Clone, Debug, PartialEq)]
pub enum TrustAction {
    /// Check so thoroughly from now on.
    SetLevel(VerifyLevel),
    /// Check a part of the store.
    Verify(Part),
}
