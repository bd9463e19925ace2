//! Owns going past the gates: why, who said so, and how that stays visible after the commit.

/// Why gates may be passed by. Declared once, as a value that lives as long as the program.
pub trait BypassReason: Send + Sync {
    /// The reason in short.
    fn name(&self) -> &'static str;

    /// The reason in full.
    fn justification(&self) -> &'static str;
}

/// What is told of a commit that went past the gates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BypassAudit {
    /// The reason in short.
    pub reason: String,
    /// The reason in full.
    pub justification: String,
    /// Who allowed it, if that was said.
    pub approved_by: Option<String>,
}

impl BypassAudit {
    /// A reason that nobody in particular allowed.
    pub fn new(reason: impl Into<String>, justification: impl Into<String>) -> Self {
        Self { reason: reason.into(), justification: justification.into(), approved_by: None }
    }

    /// Says who allowed it.
    #[must_use]
    pub fn with_approved_by(self, approver: impl Into<String>) -> Self {
        Self { approved_by: Some(approver.into()), ..self }
    }
}

/// A payload that goes past the gates, with the reason.
#[must_use = "what went past the gates is not committed yet"]
pub struct BypassReceipt<T> {
    payload: T,
    reason: &'static dyn BypassReason,
    approved_by: Option<String>,
}

impl<T> BypassReceipt<T> {
    pub(super) fn new(payload: T, reason: &'static dyn BypassReason) -> Self {
        Self { payload, reason, approved_by: None }
    }

    /// The payload.
    pub fn payload(&self) -> &T {
        &self.payload
    }

    /// The reason in short.
    pub fn reason(&self) -> &'static str {
        self.reason.name()
    }

    /// The reason in full.
    pub fn justification(&self) -> &'static str {
        self.reason.justification()
    }

    /// Who allowed it.
    pub fn approved_by(&self) -> Option<&str> {
        self.approved_by.as_deref()
    }

    /// Says who allowed it.
    pub fn with_approved_by(self, approver: impl Into<String>) -> Self {
        Self { approved_by: Some(approver.into()), ..self }
    }

    /// The payload alone.
    pub fn into_payload(self) -> T {
        self.payload
    }

    pub(super) fn into_audited(self) -> (T, BypassAudit) {
        let audit = BypassAudit::new(self.reason(), self.justification());
        (self.payload, BypassAudit { approved_by: self.approved_by, ..audit })
    }
}
