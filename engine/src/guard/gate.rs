//! Owns gates and their evaluation in order.
//!
//! Invariant: a denial that an evaluation returns names the gate of the set that refused, so that its trace tells who was asked.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::guard::denial::{Denial, DenialPayload, GATE_DEFECT, GateEvaluation, GateId, Verdict};
use crate::guard::pipeline::Proposal;
use crate::guard::receipt::Receipt;
use crate::words::kind::EventKind;

/// Name in a denial's context under which another gate stands that the refusing one spoke for.
const RAISED_BY: &str = "raised_by";

/// A condition that must hold before something is committed. It judges `Ctx` and changes nothing.
pub trait Gate<Ctx>: Send + Sync {
    /// What it is called; unlike the other gates of its set.
    fn name(&self) -> &'static str;

    /// Permits, or says why not.
    ///
    /// # Errors
    /// The refusal.
    fn evaluate(&self, ctx: &Ctx) -> Result<(), Denial>;

    /// What it demands, in words.
    fn description(&self) -> &'static str {
        ""
    }
}

/// Gates in the order in which they are asked.
///
/// ```
/// use causeway::guard::{Denial, Gate, GateSet};
/// use causeway::pipeline::Proposal;
///
/// struct WithinLimit;
///
/// impl Gate<u64> for WithinLimit {
///     fn name(&self) -> &'static str {
///         "within_limit"
///     }
///
///     fn evaluate(&self, limit: &u64) -> Result<(), Denial> {
///         if *limit >= 100 {
///             return Ok(());
///         }
///         Err(Denial::new(self.name(), "the limit is too low").with_context("limit", limit.to_string()))
///     }
/// }
///
/// let mut gates = GateSet::new();
/// gates.push(WithinLimit);
/// let receipt = gates.evaluate(&500, Proposal::new("buy")).expect("the limit is high enough");
/// assert_eq!(receipt.into_parts(), ("buy", vec!["within_limit"]));
/// assert_eq!(gates.evaluate(&5, Proposal::new("buy")).err().map(|denial| denial.gate), Some("within_limit"));
/// ```
pub struct GateSet<Ctx> {
    gates: Vec<Box<dyn Gate<Ctx>>>,
}

impl<Ctx> Default for GateSet<Ctx> {
    fn default() -> Self {
        Self { gates: Vec::new() }
    }
}

impl<Ctx> GateSet<Ctx> {
    /// No gates: everything passes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a gate behind the others.
    pub fn push(&mut self, gate: impl Gate<Ctx> + 'static) {
        self.gates.push(Box::new(gate));
    }

    /// Asks gate after gate until one refuses.
    ///
    /// # Errors
    /// The first refusal. It names the gate of this set; if that gate passes on the refusal of another, the other stands in the
    /// context under `raised_by`.
    pub fn evaluate<T>(&self, ctx: &Ctx, proposal: Proposal<T>) -> Result<Receipt<T>, Denial> {
        for gate in &self.gates {
            ask(&**gate, ctx)?;
        }
        Ok(Receipt::new(proposal.into_payload(), self.names()))
    }

    /// Asks all gates, whatever they answer, and returns all refusals. A gate that panics refuses with the code `GATE_DEFECT`.
    pub fn evaluate_all(&self, ctx: &Ctx) -> Vec<Denial> {
        let answer = |gate: &dyn Gate<Ctx>| {
            catch_unwind(AssertUnwindSafe(|| ask(gate, ctx))).unwrap_or_else(|panic| {
                Err(Denial::new(gate.name(), panic_message(&*panic)).with_code(GATE_DEFECT))
            })
        };
        self.gates.iter().filter_map(|gate| answer(&**gate).err()).collect()
    }

    /// What an evaluation that ended with `failing` did, gate by gate. Of gates with the same name the first is meant.
    ///
    /// A denial that names none of the gates was made behind them: all permitted.
    pub fn trace_denial(
        &self,
        failing: &Denial,
        proposed_kind: EventKind,
        proposed_content_hash: Option<[u8; 32]>,
        pipeline_id: Option<String>,
    ) -> DenialPayload {
        let names = self.names();
        let asked = names.iter().position(|name| *name == failing.gate).unwrap_or(names.len());
        let told = |name: &&'static str, verdict| GateEvaluation::new(GateId::of_gate(name), verdict, None);
        let permitted = names.iter().take(asked).map(|name| told(name, Verdict::Permit));
        let skipped = names.iter().skip(asked + 1).map(|name| told(name, Verdict::Skipped));
        let denied = told(&failing.gate, failing.into());
        let evaluations = permitted.chain([denied]).chain(skipped).collect();
        DenialPayload { evaluations, pipeline_id, proposed_kind, proposed_content_hash }
    }

    /// Number of gates.
    pub fn len(&self) -> usize {
        self.gates.len()
    }

    /// True if there is no gate.
    pub fn is_empty(&self) -> bool {
        self.gates.is_empty()
    }

    /// What the gates are called, in their order.
    pub fn names(&self) -> Vec<&'static str> {
        self.gates.iter().map(|gate| gate.name()).collect()
    }
}

/// The answer of one gate, with its own name on a refusal.
fn ask<Ctx>(gate: &dyn Gate<Ctx>, ctx: &Ctx) -> Result<(), Denial> {
    gate.evaluate(ctx).map_err(|denial| match denial.gate {
        raised_by if raised_by == gate.name() => denial,
        raised_by => Denial { gate: gate.name(), ..denial }.with_context(RAISED_BY, raised_by),
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the gate panicked")
        .to_owned()
}
