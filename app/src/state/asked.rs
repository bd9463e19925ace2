//! Owns what was asked of the worker and not answered yet, so that a late answer can be told from a current one.

use std::ops::Range;
use std::path::PathBuf;

use crate::worker::protocol::{GraphAsk, RequestId, TimelineQuestion};

/// The newest question of each kind. Written when a question is sent; lives as long as the program.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    last: RequestId,
    /// The directory that is being looked at.
    pub preview: Option<(RequestId, PathBuf)>,
    /// The query whose result is shown; rows that were asked for before it are not.
    pub filter: RequestId,
    /// True once the query was answered for the first time.
    pub filter_answered: bool,
    /// Rows that were asked for before it say what kinds said then.
    pub rows_since: RequestId,
    /// Rows on their way.
    pub rows: Vec<(RequestId, Range<u64>)>,
    /// Rows that the table shows; far from them rows are dropped.
    pub view: Range<u64>,
    /// A row that is to be selected as soon as it arrives.
    pub row_to_select: Option<u64>,
    /// The event whose detail is on its way or shown, and how many events there were then.
    pub detail: Option<(RequestId, u64, u64)>,
    /// The newest question where an event is.
    pub locate: RequestId,
    /// What was asked about the selected event's row: event, query, whether the result was complete.
    pub located: Option<(u64, RequestId, bool)>,
    /// The newest question for a graph, what it was, and how many events there were then.
    pub graph: Option<(RequestId, GraphAsk, u64)>,
    /// When it was asked, microseconds since 1970.
    pub graph_us: i64,
    /// The newest question for a timeline, and whether it is answered for good.
    pub timeline: Option<(RequestId, TimelineQuestion, bool)>,
    /// The append on its way.
    pub append: Option<RequestId>,
    /// The payload to be copied that is on its way.
    pub copy: Option<RequestId>,
}

impl Asked {
    /// A number that no question had.
    pub fn number(&mut self) -> RequestId {
        self.last.0 += 1;
        self.last
    }

    /// A new query: answers to rows of the old one are late from now on.
    pub fn next_filter(&mut self) -> RequestId {
        self.filter = self.number();
        self.filter_answered = false;
        self.rows.clear();
        self.row_to_select = None;
        self.filter
    }

    /// Kinds say something else from now on: answers to rows that were asked for before are late.
    pub fn forget_rows(&mut self) {
        self.rows_since = self.number();
        self.rows.clear();
    }

    /// Forgets what was asked about a store, because another one takes its place.
    pub fn forget_store(&mut self) {
        let last = self.last;
        *self = Self { last, preview: self.preview.take(), ..Self::default() };
        self.next_filter();
    }
}
