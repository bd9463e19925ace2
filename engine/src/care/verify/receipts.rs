//! Owns checking receipts that somebody kept: each must speak of an event of the log as it stands there.

use crate::care::receipts::verify_claim;
use crate::care::verify::VerifyReport;
use crate::commit::claim::{ReceiptClaim, ReceiptVerificationError};
use crate::read::reader::Reader;
use crate::words::finding::{Finding, FindingClass};

/// Checks each claim. One whose event a recovery cut was true: that is told, and is no contradiction.
pub(super) fn check(
    reader: &Reader,
    claims: &mut dyn Iterator<Item = ReceiptClaim>,
    report: &mut VerifyReport,
) {
    for claim in claims {
        report.receipts += 1;
        if let Some(error) = verify_claim(reader, &claim).error() {
            let class = match error {
                ReceiptVerificationError::LostInRecovery { .. } => FindingClass::Recovered,
                _ => FindingClass::Receipt,
            };
            let message = format!("the receipt for event {} does not hold: {error}", claim.event_id);
            report.add(Finding::new(class, message).of_event(claim.sequence));
        }
    }
}
