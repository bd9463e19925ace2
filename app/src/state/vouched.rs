//! Owns what vouches for a store beyond its own hashes: heads that were kept, proofs by them, receipts; and the answers about these.

use causeway::store::Finding;
use causeway::store::Head;

use crate::state::model::{Model, StoreModel};
use crate::state::notes::Note;
use crate::worker::protocol::{
    Compared, Failure, Found, ProofView, RequestId, TrustUpdate, Verdict, VerifyView,
};

/// Heads that are kept of one store at most; the oldest goes.
const KEPT_MAX: usize = 100;

/// The newest question of a kind and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer<T> {
    asked: Option<RequestId>,
    /// What came of it.
    pub said: Option<Result<T, Failure>>,
}

impl<T> Default for Answer<T> {
    fn default() -> Self {
        Self { asked: None, said: None }
    }
}

impl<T> Answer<T> {
    /// A question was asked; what was said before is about something else.
    pub fn ask(&mut self, id: RequestId) {
        *self = Self { asked: Some(id), said: None };
    }

    /// True while the answer is on its way.
    pub fn is_awaited(&self) -> bool {
        self.asked.is_some()
    }

    /// What was found out, if that worked.
    pub fn known(&self) -> Option<&T> {
        self.said.as_ref()?.as_ref().ok()
    }

    /// Takes an answer; false if it is not the one that is waited for.
    fn take(&mut self, id: RequestId, said: Result<T, Failure>) -> bool {
        let awaited = self.asked.take_if(|asked| *asked == id).is_some();
        if awaited {
            self.said = Some(said);
        }
        awaited
    }
}

/// What vouches for a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Vouched {
    /// Heads that were kept on this computer, oldest first. Saved.
    pub kept: Vec<Head>,
    /// The head that is being taken.
    pub taken: Answer<Head>,
    /// How the store stands to the heads that were kept.
    pub compared: Answer<Vec<Compared>>,
    /// The file of heads that is being read.
    pub read: Answer<Vec<Head>>,
    /// What could be proven of an event.
    pub proof: Answer<(u64, ProofView)>,
    /// What came of checking a receipt.
    pub verdict: Answer<Verdict>,
    /// The file that is being written.
    pub written: Answer<String>,
    /// The notes that are being read.
    pub noted: Answer<()>,
    /// Notes whose event is not in the store.
    pub gone: Vec<Note>,
}

impl Vouched {
    /// Keeps a head, once.
    pub fn keep(&mut self, head: Head) {
        if !self.kept.contains(&head) {
            self.kept.push(head);
            self.kept.sort_by_key(|head| (head.time_us, head.size));
            let extra = self.kept.len().saturating_sub(KEPT_MAX);
            self.kept.drain(..extra);
            self.compared = Answer::default();
        }
    }

    /// Forgets a head that was kept.
    pub fn forget(&mut self, head: &Head) {
        self.kept.retain(|kept| kept != head);
        self.compared = Answer::default();
    }

    /// What the log says otherwise than a head that it was compared with.
    pub fn contradiction(&self) -> Option<&Finding> {
        self.compared.known()?.iter().find_map(|compared| compared.finding.as_ref())
    }

    /// How many events the heads vouch for that were kept and compared; `None` if one of them does not hold.
    pub fn covered(&self) -> Option<u64> {
        let compared = self.compared.known()?;
        let hold = compared.iter().all(|compared| compared.finding.is_none());
        compared.iter().map(|compared| compared.head.size).max().filter(|_| hold)
    }
}

impl StoreModel {
    /// How many events are tamper-evident: those that kept heads cover, if everything up to there holds.
    pub fn tamper_evident(&self) -> Option<u64> {
        let holds = |view: &VerifyView| view.damage_count == 0;
        let verified = self.verified.as_ref()?.as_ref().ok().filter(|view| holds(view))?;
        self.vouched.covered().filter(|covered| *covered <= verified.checked.end)
    }
}

impl Model {
    /// Takes an answer about what vouches for the store.
    pub(super) fn vouched(&mut self, said: TrustUpdate, now: f64) {
        let Some(store) = &mut self.store else { return };
        let vouched = &mut store.vouched;
        let told: Option<(String, bool)> = match said {
            TrustUpdate::Proven { id, sequence, proof } => {
                vouched.proof.take(id, proof.map(|proof| (sequence, proof)));
                None
            }
            TrustUpdate::HeadTaken { id, head } => taken(vouched, id, head),
            TrustUpdate::HeadsCompared { id, compared } => {
                vouched.compared.take(id, compared);
                None
            }
            TrustUpdate::HeadsRead { id, heads } => imported(vouched, id, heads),
            TrustUpdate::Written { id, written } => {
                let words = written.map(|(what, path)| format!("{what} written to {}", path.display()));
                let told = match &words {
                    Ok(words) => (words.clone(), false),
                    Err(failure) => (failure.message.clone(), true),
                };
                vouched.written.take(id, words).then_some(told)
            }
            TrustUpdate::ReceiptChecked { id, verdict } => {
                vouched.verdict.take(id, verdict);
                None
            }
            TrustUpdate::Notes { id, notes } => noted(store, id, notes),
            TrustUpdate::Verifying { .. } | TrustUpdate::Verified { .. } => None,
        };
        if let Some((words, is_error)) = told {
            self.say(words, is_error, now);
        }
    }
}

fn taken(vouched: &mut Vouched, id: RequestId, head: Result<Head, Failure>) -> Option<(String, bool)> {
    if !vouched.taken.take(id, head) {
        return None;
    }
    Some(match vouched.taken.said.clone()? {
        Ok(head) => {
            let words = format!("kept the head of {} events", head.size);
            vouched.keep(head);
            (words, false)
        }
        Err(failure) => (failure.message, true),
    })
}

fn imported(
    vouched: &mut Vouched,
    id: RequestId,
    heads: Result<Vec<Head>, Failure>,
) -> Option<(String, bool)> {
    if !vouched.read.take(id, heads) {
        return None;
    }
    Some(match vouched.read.said.clone()? {
        Ok(heads) => {
            let words = format!("kept {} heads of the file", heads.len());
            for head in heads {
                vouched.keep(head);
            }
            (words, false)
        }
        Err(failure) => (failure.message, true),
    })
}

fn noted(store: &mut StoreModel, id: RequestId, notes: Result<Found, Failure>) -> Option<(String, bool)> {
    // Saving is answered only when it failed.
    if let (false, Err(failure)) = (store.vouched.noted.is_awaited(), &notes) {
        return Some((failure.message.clone(), true));
    }
    match notes {
        Ok(found) => {
            if store.vouched.noted.take(id, Ok(())) {
                store.notes = found.notes.into_iter().collect();
                store.vouched.gone = found.gone;
            }
            None
        }
        Err(failure) => {
            let words = failure.message.clone();
            store.vouched.noted.take(id, Err(failure)).then_some((words, true))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(size: u64, time_us: i64) -> Head {
        let line = format!(
            r#"{{"store_id":"{}","epoch":0,"size":{size},"root":"{}","time_us":{time_us}}}"#,
            "ab".repeat(16),
            "cd".repeat(32)
        );
        line.parse().unwrap()
    }

    #[test]
    fn a_head_is_kept_once_in_the_order_in_which_they_were_taken() {
        let mut vouched = Vouched::default();
        for taken in [head(9, 20), head(5, 10), head(9, 20)] {
            vouched.keep(taken);
        }
        assert_eq!(vouched.kept, [head(5, 10), head(9, 20)]);
        vouched.forget(&head(5, 10));
        assert_eq!(vouched.kept, [head(9, 20)]);
    }

    #[test]
    fn heads_vouch_only_if_every_one_of_them_holds() {
        let mut vouched = Vouched::default();
        let compared = |size, finding| Compared { head: head(size, 0), finding };
        let broken = causeway::store::Finding::new(causeway::store::FindingClass::Head, "rewritten");
        vouched.compared.ask(RequestId(1));
        assert!(!vouched.compared.take(RequestId(2), Ok(Vec::new())), "an answer to another question");
        assert!(vouched.compared.take(RequestId(1), Ok(vec![compared(5, None), compared(9, None)])));
        assert_eq!(vouched.covered(), Some(9));
        vouched.compared.ask(RequestId(3));
        vouched.compared.take(RequestId(3), Ok(vec![compared(5, None), compared(9, Some(broken))]));
        assert_eq!(vouched.covered(), None);
    }
}
