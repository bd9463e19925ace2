//! Floor 4: what an application demands before it appends. Gates only judge, and the store asks none of them by itself.

pub(crate) mod bypass;
pub mod denial;
pub(crate) mod gate;
pub(crate) mod pipeline;
pub mod receipt;

pub use crate::guard::denial::{Denial, DenialPayload, GateEvaluation, GateId, GateIdError, Verdict};
pub use crate::guard::gate::{Gate, GateSet};
pub use crate::guard::receipt::Receipt;
