//! Owns what the interface knows: what the worker told it, and what the user chose. `apply` is the only way in for the worker, `run`
//! (in `crate::app`) for the user.
//!
//! Each field says who writes it and how long it lives.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use causeway::event::EventKind;
use causeway::store::Finding;

use crate::command::{KeyMap, Recording};
use crate::state::asked::Asked;
use crate::state::damage::{self, Spot};
use crate::state::graph::GraphState;
use crate::state::layout::Layout;
use crate::state::notes::Note;
use crate::state::queries::Queries;
use crate::state::query::{Query, QueryError, Vocabulary};
use crate::state::rate::RateMeter;
use crate::state::route::{DetailTab, Screen, View};
use crate::state::settings::Settings;
use crate::state::table::TableView;
use crate::state::timeline::TimelineState;
use crate::state::trust::Trust;
use crate::state::vouched::Vouched;
use crate::state::zone::Zone;
use crate::worker::protocol::{
    Damage, Detail, EventRow, Facets, Failure, Matched, OpenMode, Preview, ProjectionState, ReceiptView,
    ResultFacets, Summary, Task, VerifyView,
};

/// Everything that a frame is drawn from.
#[derive(Debug, Default)]
pub struct Model {
    /// What fills the window. Written by `run` and `apply`.
    pub screen: Screen,
    /// What fills the middle. Written by `run`; saved.
    pub view: View,
    /// Which views lie where. Written by `run`; saved.
    pub layout: Layout,
    /// What the detail shows. Written by `run`; saved.
    pub detail_tab: DetailTab,
    /// The event that the pointer rests on in some panel; every panel shows it. Written by `run`, forgotten at each frame.
    pub hover: Option<u64>,
    /// Every panel shows the store as of this event; `None` is the newest one. Written by `run`; gone with the store.
    pub cursor: Option<u64>,
    /// Directories opened before, newest first. Written by `run`; saved.
    pub recents: Vec<Recent>,
    /// What the directory that waits to be opened holds. Written by `apply`.
    pub preview: Option<Result<Preview, (PathBuf, Failure)>>,
    /// The directory that is being opened. Written by `run`.
    pub opening: PathBuf,
    /// Why the last opening failed. Written by `apply`.
    pub open_failure: Option<OpenFailure>,
    /// The open store. Written by `apply`; replaced at the next opening.
    pub store: Option<StoreModel>,
    /// What takes long at this moment: done, total. Written by `apply`.
    pub progress: Option<(Task, u64, u64)>,
    /// Messages at the lower right, oldest first. Written by `apply` and `run`; short-lived.
    pub messages: Vec<Message>,
    /// Messages so far, which numbers them. Written with `messages`.
    pub said: u64,
    /// Settings of the user. Written by `run`; saved.
    pub settings: Settings,
    /// The keys of the commands, from the settings. Written with them.
    pub keys: KeyMap,
    /// The command that waits for keys to be pressed. Written by `run`.
    pub recording: Option<Recording>,
    /// Overlay that is open. Written by `run`.
    pub overlay: Overlay,
    /// What the worker was asked. Written by `run` and `apply`.
    pub asked: Asked,
    /// How fast events arrive. Written by `apply`.
    pub meter: RateMeter,
    /// The zone of this machine. Written once, at start.
    pub local_zone: Zone,
    /// Wall time of this frame, microseconds since 1970; 0 before the first. Written by the program.
    pub now_us: i64,
}

/// What `Model::zone` lends out.
static UTC: Zone = Zone::UTC;

impl Model {
    /// The zone that times are shown in.
    pub fn zone(&self) -> &Zone {
        if self.settings.utc { &UTC } else { &self.local_zone }
    }
}

/// What is known of the open store.
#[derive(Debug)]
pub struct StoreModel {
    /// Path, format, mode, positions.
    pub summary: Summary,
    /// What is wrong with it, as far as opening, following and reading it told.
    pub damage: Arc<Damage>,
    /// Places that something is wrong with, from `damage` and `verified`.
    pub spots: Vec<Spot>,
    /// Counts by entity, kind and scope.
    pub facets: Arc<Facets>,
    /// Names of kinds: from the log, a file or a person.
    pub kind_names: HashMap<EventKind, String>,
    /// What the filter line says.
    pub filter_text: String,
    /// Why the filter line cannot be understood.
    pub filter_error: Option<QueryError>,
    /// Queries that are kept. Saved.
    pub queries: Queries,
    /// The query of the current result.
    pub query: Query,
    /// How it stands.
    pub matched: Matched,
    /// What it consists of.
    pub consists_of: Arc<ResultFacets>,
    /// How the user arranged the table. Written by `run`; saved.
    pub table: TableView,
    /// Rows that were loaded, by row number. Bounded; far rows are dropped.
    pub rows: BTreeMap<u64, EventRow>,
    /// The selected event's place in the commit order.
    pub selected: Option<u64>,
    /// The selected event's row in the current result, if it is part of it.
    pub selected_row: Option<u64>,
    /// The row that the table should bring into view, once.
    pub reveal_row: Option<u64>,
    /// The selected event, once loaded.
    pub detail: Option<Arc<Detail>>,
    /// Why the selected event could not be loaded.
    pub detail_failure: Option<Failure>,
    /// Causes and effects of an event, and how they are looked at.
    pub graph: GraphState,
    /// The timeline, and how the user looks at it.
    pub timeline: TimelineState,
    /// Projections in the order in which they were started.
    pub projections: Vec<ProjectionState>,
    /// The last receipt, or why the last append was refused.
    pub receipt: Option<Result<ReceiptView, Failure>>,
    /// What was checked of the whole store, from its first event on.
    pub verified: Option<Result<VerifyView, Failure>>,
    /// How far it was checked. Written by `run` and `apply`.
    pub trust: Trust,
    /// What vouches for it beside its own hashes. Written by `run` and `apply`; the heads are saved.
    pub vouched: Vouched,
    /// Bookmarks and notes, by the place at which their event stands. Written by `run` and `apply`; saved.
    pub notes: BTreeMap<u64, Note>,
    /// True if the table stays at the newest event.
    pub follow: bool,
    /// Events that arrived below what the user reads since following was switched off.
    pub unseen: u64,
    /// Events a second over the last seconds, oldest first.
    pub rate: Vec<f32>,
    /// The demonstration feed: paused, events a second. `None` if there is none.
    pub feed: Option<(bool, f64)>,
}

/// A directory opened before.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Recent {
    /// The directory.
    pub path: PathBuf,
    /// Events when it was last open.
    pub events: u64,
    /// Size in bytes when it was last open.
    pub bytes: u64,
    /// When it was last open, microseconds since 1970.
    pub opened_us: i64,
    /// True if it was a batpak directory.
    pub batpak: bool,
}

/// Why an opening failed.
#[derive(Clone, Debug)]
pub struct OpenFailure {
    /// The directory.
    pub path: PathBuf,
    /// How it was to be opened.
    pub mode: OpenMode,
    /// What happened.
    pub failure: Failure,
}

/// A message at the lower right.
#[derive(Clone, Debug)]
pub struct Message {
    /// Names it.
    pub id: u64,
    /// What it says.
    pub text: String,
    /// True if something failed: it stays until it is taken away.
    pub is_error: bool,
    /// When it appeared, in seconds of the interface's clock.
    pub at: f64,
}

/// What lies over the screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    #[default]
    None,
    /// The list of commands.
    Palette,
    /// The list of keys.
    Keys,
    /// The settings.
    Settings,
    /// Names of kinds.
    KindNames,
    /// A path to open.
    OpenPath,
    /// A sequence or an id to go to.
    Jump,
}

impl StoreModel {
    /// What queries are read and written with.
    pub fn vocabulary<'a>(&'a self, zone: &'a Zone, now_us: i64) -> Vocabulary<'a> {
        Vocabulary { names: &self.kind_names, zone, now_us }
    }

    /// The first place whose event does not fit its hashes or the event before it, as far as that is known.
    pub fn broken_from(&self) -> Option<u64> {
        damage::broken_from(&self.spots)
    }

    /// The first break of the chain; without one the first place that cannot be read.
    pub fn first_wrong(&self) -> Option<u64> {
        self.broken_from().or(self.spots.first().map(|spot| spot.places.start))
    }

    /// What checks found, beside what the store told by itself.
    pub fn found_by_verifying(&self) -> &[Finding] {
        &self.trust.found
    }

    /// How many things were found, by the store itself and by verifying.
    pub fn finding_count(&self) -> u64 {
        let told = &self.damage.findings;
        let more = self.trust.found.iter().filter(|finding| !told.contains(finding)).count();
        (told.len() + more) as u64 + self.unlisted()
    }

    /// How many more findings a report counts than it lists.
    pub fn unlisted(&self) -> u64 {
        match &self.verified {
            Some(Ok(report)) => report.finding_count.saturating_sub(report.findings.len() as u64),
            _ => 0,
        }
    }

    /// Gathers anew which places something is wrong with. To be called when `damage`, `verified` or `trust` changed.
    pub fn gather_spots(&mut self) {
        self.gather_found();
        self.spots = damage::spots(&self.damage, &self.trust.found);
    }

    /// Name of a kind, or its number.
    pub fn kind_name(&self, kind: EventKind) -> String {
        self.kind_names.get(&kind).cloned().unwrap_or_else(|| kind.to_string())
    }
}
