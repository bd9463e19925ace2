//! Owns the lines that tell a test what happened in the window. Silent unless they were asked for.

use std::io::Write;

use crate::state::model::Model;
use crate::worker::protocol::{TrustUpdate, Update};

/// Where the lines go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Log {
    /// Nowhere.
    #[default]
    Silent,
    /// To the standard error output, one line each.
    Stderr,
}

impl Log {
    /// Tells something.
    pub fn line(self, text: &str) {
        if self == Self::Stderr {
            // Whoever closed the other end does not want to know.
            let _ = writeln!(std::io::stderr(), "{text}");
        }
    }

    /// Tells what an update means, before the model takes it over.
    pub fn update(self, update: &Update, model: &Model) {
        if self == Self::Silent {
            return;
        }
        match update {
            Update::Opened(summary) => self.line(&format!("opened events={}", summary.position.events)),
            Update::Matched { id, matched } if matched.complete && *id == model.asked.filter => {
                self.line(&format!("filter matched={} of={}", matched.matched, matched.total));
            }
            Update::Appended { receipt: Ok(receipt), .. } => {
                self.line(&format!("appended sequence={}", receipt.sequence));
            }
            Update::Projection(state) => {
                self.line(&format!("projection id={} generation={}", state.spec.id, state.generation));
            }
            Update::Timeline { timeline: Ok(timeline), .. } if timeline.complete => {
                self.line(&format!("timeline from={} to={}", timeline.window.from, timeline.window.to));
            }
            Update::Trust(said) => {
                if let TrustUpdate::Verified { report: Ok(report), .. } = &**said {
                    self.line(&format!("verified events={} damage={}", report.events, report.damage_count));
                }
            }
            Update::Failed(failure) | Update::OpenFailed { failure, .. } => {
                self.line(&format!("failed {}", failure.message));
            }
            _ => {}
        }
    }
}
