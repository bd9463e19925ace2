//! Owns tickets: where the answer to a request goes, and how whoever asked gets hold of it.
//!
//! Invariant: nobody depends on another thread for an answer. Whoever waits enters the commit section, and finds the request answered
//! or commits it; only what a visibility fence holds back waits for the fence.

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::commit::committer::Answer;
use crate::commit::receipt::AppendReceipt;
use crate::commit::writer::Writer;
use crate::words::error::StoreError;
use crate::words::sync::{Arc, Mutex, Weak};

/// Answer to a request for one event.
pub(crate) type OneAnswer = Result<AppendReceipt, StoreError>;

/// Where somebody who is about to enter the commit section looks for the answer.
pub(crate) type Slot = Mutex<Option<Answer>>;

/// Where the answer to a request goes.
#[derive(Debug)]
pub(crate) enum Reply {
    /// To a thread that is about to enter the commit section.
    Slot(Arc<Slot>),
    /// To the ticket of one event.
    One(Sender<OneAnswer>),
    /// To the ticket of a batch.
    Batch(Sender<Answer>),
}

impl Reply {
    /// Gives the answer; a ticket that nobody holds any more is passed over.
    pub(crate) fn send(self, answer: Answer) {
        match self {
            Self::Slot(slot) => *slot.lock() = Some(answer),
            Self::One(sender) => {
                let _ = sender.send(answer.and_then(only));
            }
            Self::Batch(sender) => {
                let _ = sender.send(answer);
            }
        }
    }
}

/// The receipt of a request for one event.
pub(crate) fn only(receipts: Vec<AppendReceipt>) -> OneAnswer {
    receipts.into_iter().next().ok_or(StoreError::WriterCrashed)
}

/// The answer to an append that was submitted, as soon as there is one.
///
/// Dropping a ticket takes nothing back: the event is committed all the same.
#[derive(Debug)]
pub struct AppendTicket {
    waiting: Waiting<AppendReceipt>,
}

/// The answer to a batch that was submitted, as soon as there is one.
///
/// Dropping a ticket takes nothing back: the batch is committed all the same.
#[derive(Debug)]
pub struct BatchAppendTicket {
    waiting: Waiting<Vec<AppendReceipt>>,
}

impl AppendTicket {
    /// A ticket and where its answer goes.
    pub(crate) fn issue(writer: &Arc<Writer>) -> (Self, Reply) {
        let (waiting, sender) = Waiting::new(writer);
        (Self { waiting }, Reply::One(sender))
    }

    /// Waits for the answer, committing what is queued if nobody else does. The ticket of a fence waits for its end.
    ///
    /// # Errors
    /// Those of the append; [`StoreError::VisibilityFenceCancelled`] if it was submitted to a fence that was not committed,
    /// [`StoreError::Closed`] if the store was closed before its turn came.
    pub fn wait(self) -> Result<AppendReceipt, StoreError> {
        self.waiting.wait()
    }

    /// The answer if it is there. It is given once: afterwards the answer is [`StoreError::WriterCrashed`].
    pub fn try_check(&self) -> Option<Result<AppendReceipt, StoreError>> {
        self.waiting.try_check()
    }

    /// Where the answer arrives, to be waited for together with other channels. It is crossbeam's receiver; batpak's was flume's, with
    /// the same `recv`, `try_recv`, `recv_timeout` and `recv_deadline`.
    pub fn receiver(&self) -> &Receiver<Result<AppendReceipt, StoreError>> {
        &self.waiting.receiver
    }
}

impl BatchAppendTicket {
    /// A ticket and where its answer goes.
    pub(crate) fn issue(writer: &Arc<Writer>) -> (Self, Reply) {
        let (waiting, sender) = Waiting::new(writer);
        (Self { waiting }, Reply::Batch(sender))
    }

    /// Waits for the receipts in the order of the items, committing what is queued if nobody else does. The ticket of a fence waits
    /// for its end.
    ///
    /// # Errors
    /// Those of the batch; [`StoreError::VisibilityFenceCancelled`] if it was submitted to a fence that was not committed,
    /// [`StoreError::Closed`] if the store was closed before its turn came.
    pub fn wait(self) -> Result<Vec<AppendReceipt>, StoreError> {
        self.waiting.wait()
    }

    /// The answer if it is there. It is given once: afterwards the answer is [`StoreError::WriterCrashed`].
    pub fn try_check(&self) -> Option<Result<Vec<AppendReceipt>, StoreError>> {
        self.waiting.try_check()
    }

    /// Where the answer arrives, to be waited for together with other channels. It is crossbeam's receiver; batpak's was flume's, with
    /// the same `recv`, `try_recv`, `recv_timeout` and `recv_deadline`.
    pub fn receiver(&self) -> &Receiver<Result<Vec<AppendReceipt>, StoreError>> {
        &self.waiting.receiver
    }
}

/// What both kinds of tickets are.
#[derive(Debug)]
struct Waiting<T> {
    receiver: Receiver<Result<T, StoreError>>,
    /// A ticket does not keep its store open.
    writer: Weak<Writer>,
}

impl<T> Waiting<T> {
    fn new(writer: &Arc<Writer>) -> (Self, Sender<Result<T, StoreError>>) {
        let (sender, receiver) = bounded(1);
        (Self { receiver, writer: Arc::downgrade(writer) }, sender)
    }

    fn wait(self) -> Result<T, StoreError> {
        if let Some(answer) = self.try_check() {
            return answer;
        }
        if let Some(writer) = self.writer.upgrade() {
            writer.commit_queued();
        }
        self.receiver.recv().unwrap_or(Err(StoreError::WriterCrashed))
    }

    fn try_check(&self) -> Option<Result<T, StoreError>> {
        match self.receiver.try_recv() {
            Ok(answer) => Some(answer),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err(StoreError::WriterCrashed)),
        }
    }
}
