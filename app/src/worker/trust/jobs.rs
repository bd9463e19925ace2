//! Owns what is asked beside a check: proofs, heads, receipts, reports and notes. Each on a short-lived thread, because a first head reads
//! the whole log.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::ops::ControlFlow;
use std::path::Path;

use causeway::store::{Head, ReceiptClaim, ReceiptVerification, StoreError};

use crate::worker::failure;
use crate::worker::handle::{Handle, ask};
use crate::worker::protocol::{Failure, RequestId};
use crate::worker::small_file;
use crate::worker::trust::words::{Compared, Continued, ProofView, TrustRequest, TrustUpdate, Verdict};
use crate::worker::trust::{control::Control, evidence, notebook};

/// Does what is asked for; `None` for what needs no answer.
pub(super) fn answer(request: TrustRequest, handle: &Handle, control: &Control) -> Option<TrustUpdate> {
    Some(match request {
        TrustRequest::Prove { id, sequence, kept } => {
            let proof = prove(handle, sequence, &kept).map_err(|error| failure::of(&error));
            TrustUpdate::Proven { id, sequence, proof }
        }
        TrustRequest::TakeHead { id } => {
            let head = ask!(handle, store => store.head()).map_err(|error| failure::of(&error));
            TrustUpdate::HeadTaken { id, head }
        }
        TrustRequest::CompareHeads { id, kept } => {
            TrustUpdate::HeadsCompared { id, compared: compare(handle, &kept, control) }
        }
        TrustRequest::ReadHeads { id, path } => {
            let text = small_file::read(&path).map_err(|error| refused(&path, &error.to_string()));
            TrustUpdate::HeadsRead { id, heads: text.and_then(|text| heads_of(&path, &text)) }
        }
        TrustRequest::WriteHead { id, head, path } => {
            let written = append_line(&path, &head.to_string()).map(|()| ("head", path));
            TrustUpdate::Written { id, written }
        }
        TrustRequest::CheckReceipt { id, text } => {
            TrustUpdate::ReceiptChecked { id, verdict: check_receipt(handle, &text) }
        }
        TrustRequest::Report { id, wish } => {
            let written = evidence::write(handle, &wish, control).map(|()| ("report", wish.out.clone()));
            TrustUpdate::Written { id, written }
        }
        TrustRequest::ReadNotes { id, home } => {
            TrustUpdate::Notes { id, notes: notebook::read(handle, &home) }
        }
        TrustRequest::WriteNotes { home, notebook: book } => {
            let failed = notebook::write(handle, &home, &book).err()?;
            TrustUpdate::Notes { id: RequestId::default(), notes: Err(failed) }
        }
        // A check has a thread of its own.
        TrustRequest::Verify { .. } | TrustRequest::Pause(_) | TrustRequest::Stop => return None,
    })
}

fn prove(handle: &Handle, sequence: u64, kept: &[Head]) -> Result<ProofView, StoreError> {
    let head = ask!(handle, store => store.head())?;
    let proof = ask!(handle, store => store.prove_inclusion(sequence, head.size))?;
    let wrong = head.verify_inclusion(&proof).err().map(|error| error.to_string());
    let json = serde_json::to_string(&proof).unwrap_or_default();
    let kept = kept.iter().map(|older| Continued {
        size: older.size,
        time_us: older.time_us,
        proof: continues(handle, older, &head),
    });
    Ok(ProofView { steps: proof.path.len(), json, wrong, kept: kept.collect(), head })
}

/// The proof that the log whose head is given continues an older one, or why it does not.
fn continues(handle: &Handle, older: &Head, head: &Head) -> Result<String, String> {
    if older.size > head.size {
        return Err(format!("the head covers {} events, and the log has {}", older.size, head.size));
    }
    let proof = ask!(handle, store => store.prove_consistency(older.size, head.size))
        .map_err(|error| error.to_string())?;
    head.verify_consistency(older, &proof).map_err(|error| error.to_string())?;
    serde_json::to_string(&proof).map_err(|error| error.to_string())
}

/// How the log stands to heads that were kept.
pub(super) fn compare(handle: &Handle, kept: &[Head], control: &Control) -> Result<Vec<Compared>, Failure> {
    let mut progress =
        |_, _| if control.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
    let checks =
        ask!(handle, store => store.check_heads(kept, &mut progress)).map_err(|error| failure::of(&error))?;
    let compared = kept
        .iter()
        .zip(checks)
        .map(|(head, check)| Compared { head: head.clone(), finding: check.finding(head.size) });
    Ok(compared.collect())
}

/// What a file is refused for.
fn refused(path: &Path, what: &str) -> Failure {
    failure::refused(format!("{}: {what}", path.display()))
}

/// The heads in the text of a file, one on each line.
///
/// # Errors
/// When a line is no head, or none is.
pub(crate) fn heads_of(path: &Path, text: &str) -> Result<Vec<Head>, Failure> {
    let named = |what: String| refused(path, &what);
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let head = |(at, line): (usize, &str)| {
        line.parse()
            .map_err(|error: causeway::store::HeadParseError| named(format!("line {}: {error}", at + 1)))
    };
    let heads: Vec<Head> = lines.map(head).collect::<Result<_, _>>()?;
    if heads.is_empty() { Err(named("holds no head".to_owned())) } else { Ok(heads) }
}

fn append_line(path: &Path, line: &str) -> Result<(), Failure> {
    let append = || {
        let mut file = OpenOptions::new().append(true).create(true).open(path)?;
        writeln!(file, "{line}")?;
        file.sync_all()
    };
    append().map_err(|error: std::io::Error| refused(path, &error.to_string()))
}

fn check_receipt(handle: &Handle, text: &str) -> Result<Verdict, Failure> {
    let text = text.trim();
    let from_file;
    let json = if text.starts_with('{') {
        text
    } else {
        let path = Path::new(text);
        from_file = small_file::read(path).map_err(|error| refused(path, &error.to_string()))?;
        from_file.trim()
    };
    let claim: ReceiptClaim = serde_json::from_str(json)
        .map_err(|error| failure::refused(format!("This is no receipt: {error}.")))?;
    let checked = ask!(handle, store => store.verify_receipt_claim(&claim));
    let words = match &checked {
        ReceiptVerification::Signed => "It holds, and a known key signed it.".to_owned(),
        ReceiptVerification::UnsignedAccepted => {
            "It holds. Nobody signed it: it shows what the log says, not who said so.".to_owned()
        }
        ReceiptVerification::Invalid(error) => format!("It does not hold: {error}."),
    };
    Ok(Verdict { holds: checked.is_valid(), words, sequence: claim.sequence })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_heads_says_which_line_is_none() {
        let refused = |text| heads_of(Path::new("heads"), text).unwrap_err().message;
        assert!(refused("\n  \nno head\n").contains("heads: line 3"));
        assert!(refused("\n").contains("holds no head"));
    }
}
