//! Owns the proof that a proposal passed its gates.
//!
//! Invariant: only an evaluation makes one; nobody else can, and nobody can copy one.

/// A payload that passed all gates, in one piece with the proof of it: it cannot be changed any more, only taken out.
#[derive(Debug)]
#[must_use = "what passed the gates is not committed yet"]
pub struct Receipt<T> {
    payload: T,
    gates_passed: Vec<&'static str>,
}

impl<T> Receipt<T> {
    pub(super) fn new(payload: T, gates_passed: Vec<&'static str>) -> Self {
        Self { payload, gates_passed }
    }

    /// The payload.
    pub fn payload(&self) -> &T {
        &self.payload
    }

    /// The gates it passed, in their order.
    pub fn gates_passed(&self) -> &[&'static str] {
        &self.gates_passed
    }

    /// Payload and gates; the proof is used up.
    pub fn into_parts(self) -> (T, Vec<&'static str>) {
        (self.payload, self.gates_passed)
    }
}
