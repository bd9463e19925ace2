//! Owns the refusal of a proposal: what a gate says, and the trace of all gates as it stands in the log.
//!
//! Invariant: a trace can be made of every denial, whatever the gates are called.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::words::kind::EventKind;

/// Code of a denial that stands for a gate which panicked.
pub(crate) const GATE_DEFECT: &str = "GATE_DEFECT";
/// What a gate without a name is called in a trace.
const UNNAMED: &str = "unnamed";

/// Why a gate refused a proposal. The store keeps none of them unless it is told to, by `append_denial`.
#[derive(Clone, Debug, PartialEq, Serialize, Error)]
#[error("[{gate}] {message}")]
pub struct Denial {
    /// The gate that refused.
    pub gate: &'static str,
    /// Why, for programs.
    pub code: String,
    /// Why, for people.
    pub message: String,
    /// What else is known, as names and values.
    pub context: Vec<(String, String)>,
}

impl Denial {
    /// A denial without a code and without context.
    pub fn new(gate: &'static str, message: impl Into<String>) -> Self {
        Self { gate, code: String::new(), message: message.into(), context: Vec::new() }
    }

    /// Sets the code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = code.into();
        self
    }

    /// Adds a name and a value.
    #[must_use]
    pub fn with_context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.context.push((key.into(), value.into()));
        self
    }
}

/// Names a gate in a trace: ASCII, not empty.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GateId(String);

/// Why a text names no gate.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GateIdError {
    /// There is no text.
    #[error("a gate id is empty")]
    Empty,
    /// The text has other characters than ASCII.
    #[error("a gate id is not ASCII")]
    NonAscii,
}

impl GateId {
    /// Checks the text.
    pub fn new(value: impl Into<String>) -> Result<Self, GateIdError> {
        let text = value.into();
        if text.is_empty() {
            return Err(GateIdError::Empty);
        }
        if text.is_ascii() { Ok(Self(text)) } else { Err(GateIdError::NonAscii) }
    }

    /// The id of a gate with any name: what is not ASCII stands as `\u{..}`, and no name at all as `unnamed`.
    pub(crate) fn of_gate(name: &str) -> Self {
        if name.is_empty() {
            return Self(UNNAMED.to_owned());
        }
        let escaped = |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
        Self(name.chars().map(escaped).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for GateId {
    type Error = GateIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(text)
    }
}

impl From<GateId> for String {
    fn from(id: GateId) -> Self {
        id.0
    }
}

/// What became of a gate in an evaluation that ended with a denial.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Verdict {
    /// It was asked and permitted.
    Permit,
    /// It was asked and refused.
    Deny {
        /// Why, for programs.
        code: String,
        /// Why, for people.
        message: String,
        /// What else is known, as names and values.
        context: Vec<(String, String)>,
    },
    /// It was not asked, because one before it refused.
    Skipped,
}

impl From<&Denial> for Verdict {
    fn from(denial: &Denial) -> Self {
        let Denial { gate: _, code, message, context } = denial.clone();
        Self::Deny { code, message, context }
    }
}

/// A gate and its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateEvaluation {
    gate_id: GateId,
    verdict: Verdict,
    evidence_hash: Option<[u8; 32]>,
}

impl GateEvaluation {
    /// A gate, its verdict, and the hash of what it judged by, if there is one.
    pub fn new(gate_id: GateId, verdict: Verdict, evidence_hash: Option<[u8; 32]>) -> Self {
        Self { gate_id, verdict, evidence_hash }
    }

    /// The gate.
    pub fn gate_id(&self) -> &GateId {
        &self.gate_id
    }

    /// Its verdict.
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Hash of what it judged by.
    pub fn evidence_hash(&self) -> Option<[u8; 32]> {
        self.evidence_hash
    }
}

/// Payload of a `SYSTEM_DENIAL` event: what was proposed, and what each gate said to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DenialPayload {
    pub(super) evaluations: Vec<GateEvaluation>,
    pub(super) pipeline_id: Option<String>,
    pub(super) proposed_kind: EventKind,
    pub(super) proposed_content_hash: Option<[u8; 32]>,
}

impl DenialPayload {
    /// The gates in their order, with their verdicts.
    pub fn evaluations(&self) -> &[GateEvaluation] {
        &self.evaluations
    }

    /// Where they stood, if that has a name.
    pub fn pipeline_id(&self) -> Option<&str> {
        self.pipeline_id.as_deref()
    }

    /// Kind of the event that was proposed.
    pub fn proposed_kind(&self) -> EventKind {
        self.proposed_kind
    }

    /// Content hash of the event that was proposed.
    pub fn proposed_content_hash(&self) -> Option<[u8; 32]> {
        self.proposed_content_hash
    }
}
