//! Owns the envelope of a report: a body, its hash, and what is said besides. Equal bodies have equal hashes, whoever reports.

use serde::{Deserialize, Serialize};

use crate::words::chain::compute_hash;
use crate::words::encoding;

/// A report's body with its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceReport<Body> {
    /// What is reported.
    pub body: Body,
    /// BLAKE3 of the body's MessagePack form.
    pub body_hash: [u8; 32],
    /// When the report was made, in milliseconds since 1970; not hashed, and left to those who pass the report on.
    pub generated_at_unix_ms: Option<u64>,
    /// Which version made it; not hashed, and left to those who pass the report on.
    pub batpak_version: Option<String>,
    /// What else is worth knowing, a sentence each; not hashed.
    pub diagnostics: Vec<String>,
}

impl<Body: Serialize> EvidenceReport<Body> {
    /// Puts the hash beside a body whose findings are in order.
    pub(crate) fn seal(body: Body, diagnostics: Vec<String>) -> Result<Self, rmp_serde::encode::Error> {
        let body_hash = compute_hash(&encoding::to_bytes(&body)?);
        Ok(Self { body, body_hash, generated_at_unix_ms: None, batpak_version: None, diagnostics })
    }
}
