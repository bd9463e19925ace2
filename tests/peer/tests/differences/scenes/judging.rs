//! Scenes of gates, their traces, and outcomes.

use std::panic::catch_unwind;
use std::path::Path;

use super::KIND;
use super::engine::guard::{Denial, Gate, GateId, GateSet, Verdict};
use super::engine::outcome::{ErrorKind, Outcome, OutcomeError, join_any};
use super::engine::pipeline::Proposal;

/// A gate that permits, or refuses in the name of a gate.
struct Door(&'static str, Option<&'static str>);

impl Gate<()> for Door {
    fn name(&self) -> &'static str {
        self.0
    }

    fn evaluate(&self, (): &()) -> Result<(), Denial> {
        self.1.map_or(Ok(()), |gate| Err(Denial::new(gate, "closed")))
    }
}

/// What the trace says of each gate after an evaluation that was denied.
fn verdicts(doors: [Door; 3]) -> Vec<&'static str> {
    let mut gates = GateSet::new();
    for door in doors {
        gates.push(door);
    }
    let Err(denial) = gates.evaluate(&(), Proposal::new(1)) else { panic!("a gate refuses") };
    let trace = gates.trace_denial(&denial, KIND, None, None);
    let told = trace.evaluations().iter().map(|evaluation| match evaluation.verdict() {
        Verdict::Permit => "permit",
        Verdict::Deny { .. } => "deny",
        Verdict::Skipped => "skipped",
    });
    told.collect()
}

/// The trace of a denial that a gate passed on from another one.
pub(crate) fn denial_passed_on(_: &Path) -> Vec<&'static str> {
    verdicts([Door("first", None), Door("all of", Some("one of them")), Door("last", None)])
}

/// The trace of a denial by a gate whose name is not ASCII.
pub(crate) fn gate_of_any_name(_: &Path) -> Option<Vec<&'static str>> {
    catch_unwind(|| verdicts([Door("", None), Door("Tür", Some("Tür")), Door("last", None)])).ok()
}

/// Whether an empty gate id can be read.
pub(crate) fn empty_gate_id_read(_: &Path) -> bool {
    serde_json::from_str::<GateId>(r#""""#).is_ok()
}

/// Which error remains of one and of a batch of nothing.
pub(crate) fn error_beside_an_empty_batch(_: &Path) -> String {
    let error = Outcome::<u8>::err(OutcomeError::new(ErrorKind::NotFound, "not there"));
    let joined = join_any(vec![error, Outcome::Batch(Vec::new())]).into_result();
    format!("{:?}", joined.expect_err("there is no value").kind)
}
