//! Owns the words that pass between the interface and the threads that hold a store: requests in, updates out.
//!
//! Invariants:
//! - plain data: no store, no file and no egui type passes through;
//! - each request that is answered carries a number of its own, and the answer repeats it, so that a late answer can be told
//!   from a current one;
//! - `row` counts within the filtered result, `sequence` within the store.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use causeway::event::{EventKind, HashChain};
use causeway::id::{CausationId, CorrelationId, EventId};
use causeway::store::{Finding, VerifyLevel};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::query::Query;
use crate::state::template::Template;

pub use crate::worker::graph::{
    CausalGraph, GraphAsk, GraphNode, GraphPicture, GraphView, Group, GroupBy, GroupEdge, GroupGraph, Over,
};
pub use crate::worker::timeline::words::{
    Bucket, Jump, Lane, LaneBy, LaneEvent, LaneKey, LaneMarks, TimeAxis, Timeline, TimelineQuestion, Window,
};
pub use crate::worker::trouble::{Damage, Failure, FailureClass, FormField, Lost};
pub use crate::worker::trust::words::{
    Check, Compared, Continued, Found, Part, ProofView, Reached, ReportWish, TrustRequest, TrustUpdate,
    Verdict,
};

/// Numbers requests in the order in which they were made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(pub u64);

/// What the interface asks of the worker.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug)]
pub enum Request {
    /// Look at a directory without opening it.
    Preview { id: RequestId, path: PathBuf },
    /// Open a directory, in place of what is open.
    Open { path: PathBuf, mode: OpenMode },
    /// Open a store of demonstration events, in place of what is open, and feed it; it is created if it is not there.
    OpenDemo { path: PathBuf },
    /// Open a demonstration store that is damaged on purpose, in place of what is open; it is created if it is not there.
    OpenDamagedDemo { path: PathBuf },
    /// Close what is open.
    Close,
    /// Stop what takes long: opening, filtering.
    Cancel,
    /// Make this query the current result.
    Filter { id: RequestId, query: Query },
    /// Some rows of the current result.
    Rows { id: RequestId, rows: Range<u64> },
    /// Everything about one event.
    Detail { id: RequestId, sequence: u64 },
    /// Where an event is: in the store and in the current result.
    Locate { id: RequestId, target: Target },
    /// Causes and effects.
    Graph { id: RequestId, ask: GraphAsk },
    /// The whole store in equal parts, and lanes over a window of it. Takes the place of such a question that is not answered yet.
    Timeline { id: RequestId, question: TimelineQuestion },
    /// Run a projection from now on.
    Watch(ProjectionSpec),
    /// Stop a projection.
    Unwatch(u64),
    /// What kinds say in one line from now on, by the name of the kind in a file.
    Summaries(BTreeMap<String, Template>),
    /// The whole payload of an event as text.
    Copy { id: RequestId, sequence: u64, form: CopyForm },
    /// Append an event.
    Append { id: RequestId, draft: Draft },
    /// Something about the trust that the store deserves.
    Trust(TrustRequest),
    /// Pause or resume the demo feed, and set its rate in events a second.
    Feed { paused: bool, per_second: f64 },
}

/// How a directory is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpenMode {
    /// Nothing is written; another process may write meanwhile.
    ReadOnly,
    /// This program holds the writer's lock.
    Writable,
}

/// What a jump goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A place in the commit order.
    Sequence(u64),
    /// An event by its id.
    Id(EventId),
    /// The first event at a moment or after it, microseconds since 1970.
    Time(i64),
}

/// What the worker tells the interface.
#[allow(missing_docs, reason = "each variant says what its fields are")]
#[derive(Clone, Debug)]
pub enum Update {
    /// What a directory holds.
    Previewed { id: RequestId, preview: Result<Preview, Failure> },
    /// How far an opening or a filter has come.
    Progress { what: Task, done: u64, total: u64 },
    /// A store is open.
    Opened(Summary),
    /// A store could not be opened.
    OpenFailed { path: PathBuf, mode: OpenMode, failure: Failure },
    /// The store was closed.
    Closed,
    /// Counts and positions of the open store, as they are now.
    Position(Position),
    /// What is wrong with the open store, as far as opening, following and reading it told.
    Damage(Arc<Damage>),
    /// Entities, kinds and scopes with counts.
    Facets(Arc<Facets>),
    /// How a query stands. Sent again as the result grows.
    Matched { id: RequestId, matched: Matched },
    /// Rows of the current result.
    Rows { id: RequestId, first: u64, rows: Vec<EventRow> },
    /// Everything about one event.
    Detail { id: RequestId, detail: Result<Box<Detail>, Failure> },
    /// Where an event is.
    Located { id: RequestId, located: Result<Located, Failure> },
    /// Causes and effects.
    Graph { id: RequestId, graph: Result<Arc<GraphPicture>, Failure> },
    /// The whole store in equal parts, and lanes; sent again while more of it is counted.
    Timeline { id: RequestId, timeline: Result<Arc<Timeline>, Failure> },
    /// The whole payload of an event, and what it is called.
    Copied { id: RequestId, copied: Result<(String, &'static str), Failure> },
    /// A projection moved.
    Projection(ProjectionState),
    /// An append was committed or refused.
    Appended { id: RequestId, receipt: Result<ReceiptView, Failure> },
    /// Something about the trust that the store deserves.
    Trust(Box<TrustUpdate>),
    /// Something failed that no single request asked for.
    Failed(Failure),
}

/// What takes long enough to show its progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Opening; counts bytes.
    Open,
    /// Filtering by text; counts events.
    Filter,
}

/// Which program wrote a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFormat {
    /// Our own format.
    Causeway {
        /// Its version.
        version: u16,
    },
    /// A batpak directory; always read-only.
    Batpak,
}

/// What a directory holds, seen before it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The directory.
    pub path: PathBuf,
    /// Who wrote it.
    pub format: StoreFormat,
    /// Size of its segments in bytes.
    pub bytes: u64,
    /// Number of segments.
    pub segments: u64,
    /// Number of events, if it can be told cheaply.
    pub events: Option<u64>,
    /// Times of the first and the last event, microseconds since 1970, if they can be told cheaply.
    pub span_us: Option<(i64, i64)>,
    /// Who writes it now: process id and program.
    pub holder: Option<(u32, Option<String>)>,
    /// What is damaged or odd.
    pub findings: Vec<Finding>,
}

/// The open store.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The directory.
    pub path: PathBuf,
    /// Names the store whatever its path: 32 hexadecimal digits, or the path for a batpak directory.
    pub identity: String,
    /// Who wrote it.
    pub format: StoreFormat,
    /// How it is open.
    pub mode: OpenMode,
    /// True if this program feeds it with demonstration events.
    pub demo: bool,
    /// Names of kinds that the store itself or its directory gives.
    pub kind_names: Vec<(EventKind, String)>,
    /// Where it stands.
    pub position: Position,
}

/// Where the open store stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Position {
    /// Events that can be read.
    pub events: u64,
    /// Events that are known to be on stable storage; for a batpak directory all.
    pub durable: u64,
    /// Time of the newest event, microseconds since 1970.
    pub last_us: Option<i64>,
    /// Size of the segments in bytes.
    pub bytes: u64,
    /// Who writes it, if another process does: process id and program.
    pub holder: Option<(u32, Option<String>)>,
    /// Set when the followed files shrank or were replaced: the sequence that the view went back to.
    pub rolled_back_to: Option<u64>,
    /// Why it may not go on as it did.
    pub lost: Option<Lost>,
}

/// How a whole payload is copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CopyForm {
    /// As JSON, or as the text that it is.
    Text,
    /// The stored bytes in hexadecimal digits.
    Hex,
}

/// Entities, kinds and scopes with the number of their events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facets {
    /// Sorted by name.
    pub entities: Vec<(Arc<str>, u64)>,
    /// Sorted by number.
    pub kinds: Vec<(EventKind, u64)>,
    /// Sorted by name.
    pub scopes: Vec<(Arc<str>, u64)>,
    /// True if there are more entities than are listed.
    pub entities_cut: bool,
}

/// How a query stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matched {
    /// Events that match so far; without a filter all places of the commit order.
    pub matched: u64,
    /// Rows of the table: a run of places at which nothing can be read is one.
    pub rows: u64,
    /// Places that may match and cannot be read. 0 without a filter: there they are rows.
    pub unreadable: u64,
    /// Events of the store that were looked at or answered by an index.
    pub searched: u64,
    /// Events of the store.
    pub total: u64,
    /// True when the whole store was searched.
    pub complete: bool,
    /// How long it took so far, in microseconds.
    pub elapsed_us: u64,
    /// Which index answered, or "scan".
    pub served_by: &'static str,
}

/// One row of the event table.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRow {
    /// Place in the commit order.
    pub sequence: u64,
    /// What stands there.
    pub cell: RowCell,
}

/// What stands at a place of the commit order.
#[derive(Clone, Debug, PartialEq)]
pub enum RowCell {
    /// An event.
    Event(Box<EventCell>),
    /// A place whose event was removed on purpose.
    Removed,
    /// Places that cannot be read: how many from here on, and why.
    Damaged {
        /// How many, at least one.
        places: u64,
        /// Why.
        reason: String,
    },
}

/// The event of a row.
#[derive(Clone, Debug, PartialEq)]
pub struct EventCell {
    /// Names the event.
    pub event_id: EventId,
    /// Microseconds since 1970.
    pub time_us: i64,
    /// Whose stream it extends.
    pub entity: Arc<str>,
    /// The context it happened in.
    pub scope: Arc<str>,
    /// Type tag.
    pub kind: EventKind,
    /// Place in the stream.
    pub clock: u32,
    /// Conversation.
    pub correlation: CorrelationId,
    /// Cause.
    pub causation: Option<CausationId>,
    /// Sequence of the cause, if it is in the store.
    pub cause_sequence: Option<u64>,
    /// Stored payload in bytes.
    pub payload_bytes: u32,
    /// Flags of the header.
    pub flags: u8,
    /// Version of the payload type, 0 = untyped.
    pub payload_version: u16,
    /// The payload in one line, at most 200 characters.
    pub summary: String,
    /// Anything unusual.
    pub note: RowNote,
}

/// What is unusual about an event that can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowNote {
    /// Nothing.
    #[default]
    None,
    /// Written, not yet known to be on stable storage.
    Pending,
    /// No decoder understands the payload.
    Undecoded,
    /// The program that wrote the directory hides this event.
    Hidden,
    /// The directory is odd here: see the detail.
    Finding,
}

/// Everything about one event.
#[derive(Clone, Debug, PartialEq)]
pub struct Detail {
    /// The row.
    pub row: EventRow,
    /// Flags of the header.
    pub flags: u8,
    /// Branch.
    pub lane: u32,
    /// Depth of the branch.
    pub depth: u32,
    /// Version of the payload type, 0 = untyped.
    pub payload_version: u16,
    /// The payload as a value, or why each decoder gave up.
    pub payload: Result<Decoded, Vec<Undecoded>>,
    /// The stored payload, at most the first 64 KiB.
    pub payload_head: Vec<u8>,
    /// Extensions.
    pub extensions: Vec<(String, Vec<u8>)>,
    /// BLAKE3 of the payload, as stored.
    pub content_hash: [u8; 32],
    /// BLAKE3 of the payload, computed anew; `None` where there is no payload any more.
    pub content_computed: Option<[u8; 32]>,
    /// Links, as stored or filled in.
    pub chain: HashChain,
    /// The event hash, computed anew from what the event says and the event before it in its stream; `None` where the format does not
    /// allow it.
    pub event_computed: Option<[u8; 32]>,
    /// Sequence of the event before in the same stream.
    pub previous_in_stream: Option<u64>,
    /// Sequence of the event after in the same stream.
    pub next_in_stream: Option<u64>,
    /// Segment file, offset and length of the frame.
    pub place: (String, u64, u32),
    /// The event that caused this one.
    pub cause: Option<EventRow>,
    /// The first of the events that this one caused.
    pub effects: Vec<EventRow>,
    /// How many it caused in all.
    pub effect_count: u64,
    /// Members of its conversation.
    pub correlation_count: u64,
    /// What is damaged or odd.
    pub findings: Vec<Finding>,
}

impl Detail {
    /// Whether the hashes that were computed anew fit; `None` where the format does not allow it.
    pub fn chain_holds(&self) -> Option<bool> {
        let content = self.content_computed.map(|computed| computed == self.content_hash);
        let event = self.event_computed.map(|computed| computed == self.chain.event_hash);
        match (content, event) {
            (Some(false), _) | (_, Some(false)) => Some(false),
            (_, Some(true)) => Some(true),
            _ => None,
        }
    }
}

/// A payload as a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoded {
    /// The value, or the beginning of it.
    pub value: Value,
    /// Which decoder understood it.
    pub decoder: &'static str,
    /// False if only the beginning is shown.
    pub complete: bool,
    /// The decoders that were asked before and gave up.
    pub tried: Vec<Undecoded>,
}

/// Why a decoder gave up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecoded {
    /// Which one.
    pub decoder: &'static str,
    /// Why, without a full stop.
    pub reason: String,
}

/// Where an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Located {
    /// Place in the commit order; within places that cannot be read the first of them.
    pub sequence: u64,
    /// Row in the current result, if it is part of it.
    pub row: Option<u64>,
}

/// A projection that runs on a thread of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProjectionSpec {
    /// Names it.
    pub id: u64,
    /// What it computes.
    pub fold: FoldKind,
    /// Over which events.
    pub source: FoldSource,
}

/// What a projection computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FoldKind {
    /// The payloads' fields, merged, later ones winning.
    LatestFields,
    /// Number of events by kind.
    CountByKind,
}

/// Over which events a projection runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FoldSource {
    /// The stream of one entity.
    Entity(String),
    /// The events of one scope.
    Scope(String),
}

/// Where a projection stands.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectionState {
    /// Which one.
    pub spec: ProjectionSpec,
    /// How it is.
    pub status: FoldStatus,
    /// Generation of its source: the number of events folded, relevant or not.
    pub generation: u64,
    /// Its state; `None` before the first event.
    pub state: Option<Arc<Value>>,
    /// States delivered since it was started.
    pub deliveries: u64,
}

/// How a projection is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FoldStatus {
    /// It waits for the next event.
    Live,
    /// It reads what is there already.
    CatchingUp,
    /// It failed; it tries again with the next event.
    Failed(String),
    /// It was stopped, or its store was closed.
    Stopped,
}

/// An event that is to be appended.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Whose stream it extends.
    pub entity: String,
    /// The context.
    pub scope: String,
    /// Type tag.
    pub kind: EventKind,
    /// Payload.
    pub payload: Value,
    /// The event it reacts to: its cause, and the source of its correlation.
    pub reaction_to: Option<(EventId, CorrelationId)>,
    /// How many events the stream must have; anything goes without.
    pub expected: Option<u64>,
}

/// What an append returned.
#[derive(Clone, Debug, PartialEq)]
pub struct ReceiptView {
    /// Names the event.
    pub event_id: EventId,
    /// Place in the commit order.
    pub sequence: u64,
    /// Place in the stream.
    pub clock: u32,
    /// BLAKE3 of the payload.
    pub content_hash: [u8; 32],
    /// True if it was on stable storage when the append returned.
    pub durable: bool,
    /// How long the append took, in microseconds.
    pub elapsed_us: u64,
}

/// What a verification found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyView {
    /// Events that were checked.
    pub events: u64,
    /// From the first of them to behind the last.
    pub checked: Range<u64>,
    /// How many of them compaction removed: of these the links were checked, and nothing else can be.
    pub removed: u64,
    /// What does not hold; the first of it.
    pub findings: Vec<Finding>,
    /// How many findings there are; no more than a thousand are listed.
    pub finding_count: u64,
    /// How many of them say that something does not hold.
    pub damage_count: u64,
    /// How thoroughly it was checked; `None` for a batpak directory, whose hashes cover payloads alone.
    pub level: Option<VerifyLevel>,
}
