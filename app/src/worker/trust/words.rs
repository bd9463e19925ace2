//! Owns the words that pass between the interface and the threads that check whether a store can be trusted. Plain data.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use causeway::store::{Finding, Head, VerifyLevel};

use crate::state::notes::{Note, Notebook};
use crate::worker::protocol::{Failure, RequestId, VerifyView};

/// What the interface asks about the trust that the open store deserves.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug, PartialEq)]
pub enum TrustRequest {
    /// Check a part of the store, in place of what is being checked.
    Verify { id: RequestId, check: Check },
    /// Let the check rest, or go on with it.
    Pause(bool),
    /// End the check.
    Stop,
    /// Prove that an event is in the log, and that the log continues the heads that were kept.
    Prove { id: RequestId, sequence: u64, kept: Vec<Head> },
    /// Take the head of the log as it is now.
    TakeHead { id: RequestId },
    /// Say how the log stands to heads that were kept.
    CompareHeads { id: RequestId, kept: Vec<Head> },
    /// Read the heads in a file, one a line.
    ReadHeads { id: RequestId, path: PathBuf },
    /// Append a head to a file of heads.
    WriteHead { id: RequestId, head: Box<Head>, path: PathBuf },
    /// Say whether a receipt holds: its JSON, or the path of a file with it.
    CheckReceipt { id: RequestId, text: String },
    /// Write a report.
    Report { id: RequestId, wish: Box<ReportWish> },
    /// Read the notes of this store below this directory, and find their events.
    ReadNotes { id: RequestId, home: PathBuf },
    /// Replace the notes of this store below this directory.
    WriteNotes { home: PathBuf, notebook: Notebook },
}

/// What is to be checked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// How thoroughly.
    pub level: VerifyLevel,
    /// Which events.
    pub part: Part,
    /// Nobody asked for it: it takes half of the time at most, so that it disturbs nobody.
    pub by_itself: bool,
}

/// Which events are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// The segments that hold these places of the commit order; all of them to `u64::MAX`.
    Places(Range<u64>),
    /// The stream of one entity.
    Stream(Arc<str>),
}

impl Part {
    /// The whole store.
    pub const WHOLE: Self = Self::Places(0..u64::MAX);
}

/// What the threads tell the interface.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug)]
pub enum TrustUpdate {
    /// How far a check has come.
    Verifying { id: RequestId, reached: Reached },
    /// A check ended.
    Verified { id: RequestId, report: Result<VerifyView, Failure> },
    /// What could be proven of an event.
    Proven { id: RequestId, sequence: u64, proof: Result<ProofView, Failure> },
    /// The head of the log as it is now.
    HeadTaken { id: RequestId, head: Result<Head, Failure> },
    /// How the log stands to each head, in their order.
    HeadsCompared { id: RequestId, compared: Result<Vec<Compared>, Failure> },
    /// The heads of a file.
    HeadsRead { id: RequestId, heads: Result<Vec<Head>, Failure> },
    /// A file was written: what it is called, and where it is.
    Written { id: RequestId, written: Result<(&'static str, PathBuf), Failure> },
    /// What came of checking a receipt.
    ReceiptChecked { id: RequestId, verdict: Result<Verdict, Failure> },
    /// The notes of the store: those whose event is there, by its place, and those whose event is gone.
    Notes { id: RequestId, notes: Result<Found, Failure> },
}

/// What could be proven of an event.
#[derive(Clone, Debug, PartialEq)]
pub struct ProofView {
    /// The head that the proof is for.
    pub head: Head,
    /// Hashes on the way from the event to the head's root.
    pub steps: usize,
    /// The proof, as `causeway prove` prints it.
    pub json: String,
    /// Why the proof does not lead to the head; `None` if it does.
    pub wrong: Option<String>,
    /// For each head that was kept whether this log continues it.
    pub kept: Vec<Continued>,
}

/// Whether the log continues a head that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Continued {
    /// Events that the head covers.
    pub size: u64,
    /// When it was taken, microseconds since 1970.
    pub time_us: i64,
    /// The proof, as `causeway prove` prints it; or why there is none.
    pub proof: Result<String, String>,
}

/// How the log stands to a head that was kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The head.
    pub head: Head,
    /// What does not hold; `None` if the log continues it.
    pub finding: Option<Finding>,
}

/// What came of checking a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It holds.
    pub holds: bool,
    /// In sentences.
    pub words: String,
    /// The place that it names.
    pub sequence: u64,
}

/// The notes of a store.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// With the place at which the event stands.
    pub notes: Vec<(u64, Note)>,
    /// Those whose event is not in the store.
    pub gone: Vec<Note>,
}

/// What a report is to say.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportWish {
    /// Where it goes; a name that ends in `.json` makes it JSON, anything else a page.
    pub out: PathBuf,
    /// How thoroughly the store is checked for it.
    pub level: VerifyLevel,
    /// Which places are checked.
    pub places: Range<u64>,
    /// Heads that the store is compared with.
    pub kept: Vec<Head>,
    /// Notes that it repeats.
    pub notes: Found,
    /// When it is made, microseconds since 1970.
    pub now_us: i64,
}

/// How far a check has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// How much was read, of `total`.
    pub done: u64,
    /// How much there is to read.
    pub total: u64,
    /// The places that were checked so far.
    pub checked: Range<u64>,
    /// What was found so far.
    pub findings: Arc<Vec<Finding>>,
}
