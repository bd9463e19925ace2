//! The worker from outside: requests in, updates out, over real stores in temporary directories.

use std::path::Path;
use std::time::{Duration, Instant};

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::id::{CausationId, CorrelationId};
use causeway::store::segment::CompactionOutcome;
use causeway::store::{
    AppendOptions, AppendReceipt, CompactionConfig, CompactionStrategy, Open, Store, StoreConfig, VerifyLevel,
};
use serde_json::{Value, json};

use super::*;
use crate::state::query::{Query, Term};
use crate::view::graph::GraphLayout;
use crate::worker::protocol::{
    CausalGraph, Check, Detail, Draft, EventRow, Facets, FailureClass, FoldKind, FoldSource, FoldStatus,
    GraphAsk, GraphPicture, GraphView, GroupBy, Lane, LaneBy, LaneMarks, Located, Matched, OpenMode, Over,
    Part, Position, ProjectionSpec, RequestId, RowCell, RowNote, StoreFormat, Summary, Target, TimeAxis,
    TimelineQuestion, TrustRequest, TrustUpdate,
};

/// Nothing that these tests wait for takes nearly as long.
const PATIENCE: Duration = Duration::from_secs(30);

const PLACED: EventKind = EventKind::custom(1, 1);
const PAID: EventKind = EventKind::custom(2, 1);

/// A worker and the numbers of its questions.
struct Asker {
    worker: WorkerHandle,
    last: u64,
}

impl Asker {
    fn new() -> Self {
        Self { worker: Worker::start(|| ()).expect("a thread starts"), last: 0 }
    }

    fn opened(dir: &Path, mode: OpenMode) -> (Self, Summary) {
        let mut asker = Self::new();
        asker.worker.send(Request::Open { path: dir.to_owned(), mode });
        let summary = asker.wait(|update| match update {
            Update::Opened(summary) => Some(summary),
            Update::OpenFailed { failure, .. } => panic!("{failure:?}"),
            _ => None,
        });
        (asker, summary)
    }

    /// Asks with a number of its own.
    fn ask(&mut self, request: impl FnOnce(RequestId) -> Request) -> RequestId {
        self.last += 1;
        let id = RequestId(self.last);
        self.worker.send(request(id));
        id
    }

    /// Waits for the update that is looked for.
    fn wait<T>(&mut self, mut find: impl FnMut(Update) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let update = self.worker.recv_timeout(left).expect("the update comes in time");
            if let Some(found) = find(update) {
                return found;
            }
        }
    }

    fn filter(&mut self, query: Query) -> Matched {
        let asked = self.ask(|id| Request::Filter { id, query });
        self.wait(|update| match update {
            Update::Matched { id, matched } if id == asked && matched.complete => Some(matched),
            _ => None,
        })
    }

    fn rows(&mut self, range: std::ops::Range<u64>) -> Vec<EventRow> {
        let asked = self.ask(|id| Request::Rows { id, rows: range });
        self.wait(|update| match update {
            Update::Rows { id, rows, .. } if id == asked => Some(rows),
            _ => None,
        })
    }

    fn detail(&mut self, sequence: u64) -> Detail {
        let asked = self.ask(|id| Request::Detail { id, sequence });
        let detail = self.wait(|update| match update {
            Update::Detail { id, detail } if id == asked => Some(detail),
            _ => None,
        });
        *detail.expect("the event is there")
    }
}

/// A store with orders, each one placed, paid by the placing, and one more event of order 0.
fn shop(dir: &Path, orders: u64) -> Store<Open> {
    let store = Store::open(StoreConfig::new(dir)).unwrap();
    for order in 0..orders {
        let placed = append(
            &store,
            &format!("order:{order}"),
            PLACED,
            &json!({"total": order, "note": "Grüße"}),
            None,
        );
        append(&store, &format!("payment:{order}"), PAID, &json!({"order": order}), Some(&placed));
    }
    append(&store, "order:0", PAID, &json!({"total": "changed", "late": true}), None);
    store
}

fn append(
    store: &Store<Open>,
    entity: &str,
    kind: EventKind,
    payload: &Value,
    cause: Option<&AppendReceipt>,
) -> AppendReceipt {
    let mut options = AppendOptions::new();
    if let Some(cause) = cause {
        options = options
            .with_causation(CausationId::from(cause.event_id))
            .with_correlation(CorrelationId::from(cause.event_id));
    }
    let coordinate = Coordinate::new(entity, "shop").unwrap();
    store.append_with_options(&coordinate, kind, payload, options).unwrap()
}

/// The events that a test appended: without those of the store itself.
fn written(query: &Query) -> Query {
    query.with(Term::scope("shop"))
}

fn of_kind(kind: EventKind) -> Query {
    Query::Is(Term::kind(kind, &std::collections::HashMap::new()))
}

fn sequences(rows: &[EventRow]) -> Vec<u64> {
    rows.iter().map(|row| row.sequence).collect()
}

#[test]
fn a_preview_tells_what_a_directory_holds_without_opening_it() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 3).close().unwrap();
    let mut asker = Asker::new();
    let asked = asker.ask(|id| Request::Preview { id, path: dir.path().to_owned() });
    let preview = asker.wait(|update| match update {
        Update::Previewed { id, preview } if id == asked => Some(preview.unwrap()),
        _ => None,
    });
    assert!(matches!(preview.format, StoreFormat::Causeway { .. }));
    assert!(preview.bytes > 0 && preview.segments > 0 && preview.holder.is_none());
}

#[test]
fn what_is_no_store_is_refused_with_its_path() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("holiday.jpg"), b"x").unwrap();
    for path in [dir.path().to_owned(), dir.path().join("missing")] {
        let mut asker = Asker::new();
        asker.worker.send(Request::Open { path: path.clone(), mode: OpenMode::ReadOnly });
        let failure = asker.wait(|update| match update {
            Update::OpenFailed { failure, .. } => Some(failure),
            _ => None,
        });
        assert_eq!(failure.class, FailureClass::NotAStore, "{failure:?}");
        assert!(failure.message.contains(&*path.to_string_lossy()), "{failure:?}");
    }
}

/// Three thousand events that batpak wrote.
fn batpak_directory() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak/shop-3k/store")
}

#[test]
fn an_opening_tells_its_progress_and_ends_when_the_user_gives_it_up() {
    let (go, gate) = bounded::<()>(0);
    // The worker stands still at its first word until the user has pressed cancel.
    let worker = Worker::start(move || {
        let _ = gate.recv();
    })
    .expect("a thread starts");
    let mut asker = Asker { worker, last: 0 };
    asker.worker.send(Request::Open { path: batpak_directory(), mode: OpenMode::ReadOnly });
    let (done, total) = asker.wait(|update| match update {
        Update::Progress { what: Task::Open, done, total } => Some((done, total)),
        other => panic!("{other:?}"),
    });
    assert!(done < total && total > 1_000_000, "{done} of {total}");
    asker.worker.send(Request::Cancel);
    drop(go);
    let failure = asker.wait(|update| match update {
        Update::OpenFailed { failure, .. } => Some(failure),
        Update::Opened(_) => panic!("nothing is opened"),
        _ => None,
    });
    assert_eq!(failure.class, FailureClass::Cancelled);
    asker.worker.send(Request::Open { path: batpak_directory(), mode: OpenMode::ReadOnly });
    let events = asker.wait(|update| match update {
        Update::Opened(summary) => Some(summary.position.events),
        _ => None,
    });
    assert!(events >= 3_000, "{events}");
}

#[test]
fn a_second_writer_is_told_that_the_store_is_locked_and_what_was_open_stays_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = shop(dir.path(), 1);
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    asker.worker.send(Request::Open { path: dir.path().to_owned(), mode: OpenMode::Writable });
    let failure = asker.wait(|update| match update {
        Update::OpenFailed { failure, .. } => Some(failure),
        _ => None,
    });
    assert_eq!(failure.class, FailureClass::Locked);
    assert_eq!(asker.filter(written(&Query::default())).matched, 3);
    drop(store);
}

#[test]
fn each_part_of_a_query_narrows_the_result() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 20).close().unwrap();
    let (mut asker, summary) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    assert_eq!(asker.filter(Query::default()).matched, summary.position.events);
    let text = |text: &str| Query::Is(Term::Text(text.to_owned()));
    let entity = |entity: &str| Query::Is(Term::entity(entity));
    for (query, expected) in [
        (written(&Query::default()), 41),
        (entity("order"), 21),
        (entity("order:1"), 1),
        (entity("ord"), 0),
        (written(&of_kind(PAID)), 21),
        (Query::all([of_kind(PLACED), entity("order:0")]), 1),
        (text("GRÜßE"), 20),
        (written(&text("late")), 1),
        (Query::all([of_kind(PAID), text("order")]), 20),
    ] {
        let matched = asker.filter(query.clone());
        assert_eq!((matched.matched, matched.searched), (expected, matched.total), "{query:?}");
    }
}

#[test]
fn a_conversation_is_found_by_its_id_and_by_its_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = shop(dir.path(), 4);
    let placed = store.event_at(1).unwrap().raw.header.correlation_id;
    store.close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let digits = format!("{:032x}", u128::from(placed));
    for part in [&digits[..], &digits[20..]] {
        let matched = asker.filter(Query::Is(Term::correlation(part)));
        assert_eq!(matched.matched, 2, "{part}");
        assert_eq!(sequences(&asker.rows(0..9)), [1, 2], "{part}");
    }
}

#[test]
fn the_result_grows_while_another_writer_appends() {
    let dir = tempfile::tempdir().unwrap();
    let store = shop(dir.path(), 2);
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let asked = asker.ask(|id| Request::Filter { id, query: Query::Is(Term::Text("needle".to_owned())) });
    for found in 0..3 {
        asker.wait(|update| match update {
            Update::Matched { id, matched } => {
                (id == asked && matched.complete && matched.matched == found).then_some(())
            }
            _ => None,
        });
        append(&store, "order:9", PLACED, &json!({"text": "a Needle"}), None);
        append(&store, "order:9", PLACED, &json!({"text": "hay"}), None);
    }
    let row = asker.rows(1..2).remove(0);
    assert!(matches!(row.cell, RowCell::Event(cell) if cell.summary == "text: a Needle"));
}

#[test]
fn the_detail_knows_neighbours_cause_effects_and_hashes() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 3).close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let placed = asker.detail(1);
    assert_eq!((placed.previous_in_stream, placed.next_in_stream), (None, Some(7)));
    assert_eq!(sequences(&placed.effects), [2]);
    assert_eq!(placed.chain_holds(), Some(true));
    assert_eq!((placed.effect_count, placed.correlation_count, placed.cause), (1, 2, None));
    assert_eq!(placed.payload.unwrap().value, json!({"total": 0, "note": "Grüße"}));
    let paid = asker.detail(2);
    assert_eq!(paid.cause.map(|cause| cause.sequence), Some(1));
    let late = asker.detail(7);
    assert_eq!((late.previous_in_stream, late.next_in_stream), (Some(1), None));
    assert_eq!(late.chain.prev_hash, placed.chain.event_hash);
}

#[test]
fn what_was_removed_on_purpose_is_no_damage() {
    let dir = tempfile::tempdir().unwrap();
    let store = shop(dir.path(), 3);
    store.close().unwrap();
    let store = Store::open(StoreConfig::new(dir.path()).with_segment_max_bytes(1)).unwrap();
    store.append(&Coordinate::new("order:9", "shop").unwrap(), PLACED, &json!({})).unwrap();
    for strategy in [
        CompactionStrategy::Retention(Box::new(|stored| stored.event.header.event_kind != PLACED)),
        CompactionStrategy::Tombstone(Box::new(|stored| stored.event.header.event_kind != PAID)),
    ] {
        let config = CompactionConfig { strategy, min_segments: 1 };
        assert_eq!(store.compact(&config).unwrap().0.outcome, CompactionOutcome::Performed);
    }
    store.close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let rows = asker.rows(1..3);
    assert_eq!(rows[0].cell, RowCell::Removed);
    assert!(matches!(&rows[1].cell, RowCell::Event(cell) if cell.note == RowNote::None), "{rows:?}");
    let detail = asker.detail(2);
    assert_eq!((detail.chain_holds(), detail.findings.len()), (None, 0));
}

#[test]
fn an_event_is_located_by_its_sequence_and_its_id_in_the_current_result() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 3).close().unwrap();
    let (mut asker, summary) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    asker.filter(of_kind(PAID));
    let paid = match asker.rows(1..2).remove(0).cell {
        RowCell::Event(cell) => cell.event_id,
        other => panic!("{other:?}"),
    };
    let mut locate = |target| {
        let asked = asker.ask(|id| Request::Locate { id, target });
        asker.wait(|update| match update {
            Update::Located { id, located } if id == asked => Some(located),
            _ => None,
        })
    };
    assert_eq!(locate(Target::Id(paid)), Ok(Located { sequence: 4, row: Some(1) }));
    assert_eq!(locate(Target::Sequence(3)), Ok(Located { sequence: 3, row: None }));
    let beyond = locate(Target::Sequence(summary.position.events)).unwrap_err();
    assert_eq!(beyond.class, FailureClass::Refused);
}

impl Asker {
    fn picture(&mut self, ask: GraphAsk) -> Arc<GraphPicture> {
        let asked = self.ask(|id| Request::Graph { id, ask });
        self.wait(|update| match update {
            Update::Graph { id, graph } if id == asked => Some(graph.unwrap()),
            _ => None,
        })
    }

    fn flow(&mut self, ask: GraphAsk) -> (Arc<CausalGraph>, GraphLayout) {
        match &*self.picture(ask) {
            GraphPicture::Flow(graph, layout) => (graph.clone(), layout.clone()),
            GraphPicture::Groups(..) => panic!("events were asked for"),
        }
    }
}

#[test]
fn the_graph_shows_the_way_to_the_root_counts_what_it_leaves_out_and_shows_more_when_it_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(dir.path())).unwrap();
    let root = append(&store, "a", PLACED, &json!({}), None);
    let middle = append(&store, "b", PLACED, &json!({}), Some(&root));
    for _ in 0..5_000 {
        append(&store, "c", PAID, &json!({}), Some(&middle));
    }
    let other = append(&store, "d", PAID, &json!({}), Some(&root));
    store.close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let ask = GraphAsk { focus: middle.sequence, ..GraphAsk::default() };
    let (graph, layout) = asker.flow(ask.clone());
    assert_eq!(graph.nodes.len(), graph::NODES_MAX);
    assert_eq!((graph.nodes[0].row.sequence, graph.nodes[1].row.sequence), (root.sequence, middle.sequence));
    assert_eq!((graph.nodes[0].cause, graph.nodes[1].cause, graph.nodes[2].cause), (None, Some(0), Some(1)));
    assert_eq!(graph.nodes[1].hidden_effects, 5_000 - 1_998);
    assert!(graph.index_of(other.sequence).is_none());
    assert_eq!(graph.nodes[0].hidden_effects, 1, "the other effect of the root found no room");
    assert_eq!((layout.placed.len(), layout.folded), (3, 1_998), "a fan of one kind is one node");
    let opened = [(root.sequence, 1), (middle.sequence, 1)].into();
    let (graph, _) = asker.flow(GraphAsk { opened, ..ask });
    assert!(graph.index_of(other.sequence).is_some() && graph.nodes[0].hidden_effects == 0);
    assert_eq!(graph.nodes[1].hidden_effects, 5_000 - 1_998 - 200);
}

#[test]
fn groups_count_what_caused_what_over_a_conversation_and_over_a_result() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 300).close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    asker.filter(Query::default());
    let mut groups = |over, by| {
        let view = GraphView::Groups(over, by);
        match &*asker.picture(GraphAsk { focus: 1, view, ..GraphAsk::default() }) {
            GraphPicture::Groups(groups, layout) => {
                assert_eq!(groups.groups.len(), layout.at.len());
                groups.clone()
            }
            GraphPicture::Flow(..) => panic!("groups were asked for"),
        }
    };
    let all = groups(Over::Result, GroupBy::Entity);
    // The store wrote two events of its own, when it was opened and when it was closed.
    assert_eq!((all.events, all.total, all.unreadable, all.outside), (603, 603, 0, 0));
    let counted: Vec<(&str, u64)> = all.groups.iter().map(|group| (&*group.name, group.events)).collect();
    assert_eq!(counted[..2], [("order", 300), ("payment", 300)]);
    assert!(counted[2..].contains(&("order", 1)) && counted.len() == 5, "{counted:?}");
    assert_eq!(
        all.edges.iter().map(|edge| (edge.from, edge.to, edge.count)).collect::<Vec<_>>(),
        [(0, 1, 300)]
    );
    let one = groups(Over::Conversation, GroupBy::Scope);
    assert_eq!((one.events, one.total), (2, 2));
}

#[test]
fn the_timeline_counts_every_event_once_on_both_axes_and_in_every_kind_of_lanes() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 400).close().unwrap();
    let (mut asker, summary) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let total = summary.position.events;
    let counted = |lane: &Lane| match &lane.marks {
        LaneMarks::Events(events) => events.len() as u64,
        LaneMarks::Buckets(buckets) => {
            buckets.iter().flat_map(|bucket| bucket.counts).map(u64::from).sum::<u64>()
        }
    };
    for axis in [TimeAxis::Time, TimeAxis::Sequence] {
        for lanes in [LaneBy::Entity, LaneBy::Kind, LaneBy::Scope, LaneBy::Correlation, LaneBy::Flow] {
            let focus = Some(5).filter(|_| lanes == LaneBy::Flow);
            let question = TimelineQuestion { axis, window: None, bins: 37, lanes, ranks: 0..1_000, focus };
            let asked = asker.ask(|id| Request::Timeline { id, question });
            let timeline = asker.wait(|update| match update {
                Update::Timeline { id, timeline } if id == asked => timeline.ok().filter(|it| it.complete),
                _ => None,
            });
            let sum: u64 = timeline.bins.iter().flatten().map(|count| u64::from(*count)).sum();
            assert_eq!((timeline.bins.len(), sum), (37, total), "{axis:?}");
            assert!(timeline.first_sequence.is_sorted());
            let sum: u64 = timeline.lanes.iter().map(counted).sum();
            match lanes {
                LaneBy::Entity | LaneBy::Kind | LaneBy::Scope => assert_eq!(sum, total, "{axis:?} {lanes:?}"),
                LaneBy::Correlation | LaneBy::Flow => assert!(sum > 0, "{axis:?} {lanes:?}"),
            }
            assert!(timeline.lanes.iter().all(|lane| counted(lane) == lane.total && lane.total > 0));
        }
    }
}

#[test]
fn facets_count_entities_kinds_and_scopes() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 3).close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let facets = asker.wait(|update| match update {
        Update::Facets(facets) => Some(facets),
        _ => None,
    });
    let Facets { entities, kinds, scopes, entities_cut } = facets.as_ref();
    assert!(!entities_cut && entities.is_sorted());
    assert!(entities.contains(&("order:0".into(), 2)) && entities.contains(&("payment:2".into(), 1)));
    assert!(kinds.contains(&(PLACED, 3)) && kinds.contains(&(PAID, 4)));
    assert!(scopes.contains(&("shop".into(), 7)));
}

#[test]
fn an_append_returns_its_receipt_and_a_reader_cannot_append() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 1).close().unwrap();
    let draft = |entity: &str| Draft {
        entity: entity.to_owned(),
        scope: "shop".to_owned(),
        kind: PLACED,
        payload: json!({"by": "hand"}),
        reaction_to: None,
        expected: None,
    };
    let (mut asker, summary) = Asker::opened(dir.path(), OpenMode::Writable);
    let appended = |asker: &mut Asker, draft| {
        let asked = asker.ask(|id| Request::Append { id, draft });
        asker.wait(|update| match update {
            Update::Appended { id, receipt } if id == asked => Some(receipt),
            _ => None,
        })
    };
    let receipt = appended(&mut asker, draft("order:0")).unwrap();
    assert_eq!((receipt.sequence, receipt.clock), (summary.position.events, 2));
    assert_eq!(appended(&mut asker, draft("../etc")).unwrap_err().class, FailureClass::Refused);
    drop(asker);
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    assert_eq!(appended(&mut asker, draft("order:0")).unwrap_err().class, FailureClass::Refused);
    assert_eq!(asker.detail(receipt.sequence).content_hash, receipt.content_hash);
}

#[test]
fn projections_of_an_entity_and_of_a_scope_follow_what_is_appended() {
    let dir = tempfile::tempdir().unwrap();
    let store = shop(dir.path(), 2);
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let watch = |id, fold, source| Request::Watch(ProjectionSpec { id, fold, source });
    asker.worker.send(watch(1, FoldKind::LatestFields, FoldSource::Entity("order:0".to_owned())));
    asker.worker.send(watch(2, FoldKind::CountByKind, FoldSource::Scope("shop".to_owned())));
    let mut state = |wanted_id: u64, wanted: Value| {
        asker.wait(|update| match update {
            Update::Projection(state) if state.spec.id == wanted_id => {
                (state.state.as_deref() == Some(&wanted)).then_some(state.status)
            }
            _ => None,
        })
    };
    let live = FoldStatus::Live;
    assert_eq!(state(1, json!({"total": "changed", "note": "Grüße", "late": true})), live);
    append(&store, "order:0", PAID, &json!({"total": 7}), None);
    assert_eq!(state(1, json!({"total": 7, "note": "Grüße", "late": true})), live);
    append(&store, "order:1", PLACED, &json!({}), None);
    assert_eq!(state(2, json!({"0x1001": 3, "0x2001": 4})), live);
    asker.worker.send(Request::Unwatch(2));
    asker.wait(|update| match update {
        Update::Projection(state) => {
            (state.spec.id == 2 && state.status == FoldStatus::Stopped).then_some(())
        }
        _ => None,
    });
}

#[test]
fn a_whole_store_is_verified_with_a_count() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 5).close().unwrap();
    let (mut asker, summary) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let check = Check { level: VerifyLevel::Chain, part: Part::WHOLE, by_itself: false };
    let asked = asker.ask(|id| Request::Trust(TrustRequest::Verify { id, check }));
    let report = asker.wait(|update| match update {
        Update::Trust(said) => match *said {
            TrustUpdate::Verified { id, report } if id == asked => Some(report.unwrap()),
            _ => None,
        },
        _ => None,
    });
    let events = summary.position.events;
    assert_eq!((report.events, report.checked, report.findings), (events, 0..events, Vec::new()));
}

#[test]
fn the_demonstration_tells_its_story_and_goes_on_until_it_is_paused() {
    let dir = tempfile::tempdir().unwrap();
    let mut asker = Asker::new();
    asker.worker.send(Request::OpenDemo { path: dir.path().to_owned() });
    let summary = asker.wait(|update| match update {
        Update::Opened(summary) => Some(summary),
        Update::OpenFailed { failure, .. } => panic!("{failure:?}"),
        _ => None,
    });
    assert!(summary.demo && summary.position.events >= u64::from(demo::DEMO_EVENTS));
    assert!(summary.kind_names.iter().any(|(_, name)| name == "OrderPlaced"));
    asker.worker.send(Request::Feed { paused: false, per_second: 500.0 });
    asker.wait(|update| match update {
        Update::Position(Position { events, .. }) => (events > summary.position.events + 10).then_some(()),
        _ => None,
    });
    drop(asker);
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let caused = Query::Is(Term::entity("parcel"));
    assert!(asker.filter(caused).matched > 0);
    let row = asker.rows(0..1).remove(0);
    assert!(matches!(row.cell, RowCell::Event(cell) if cell.cause_sequence.is_some()));
}

#[test]
fn closing_answers_and_frees_the_store_for_another_writer() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 1).close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::Writable);
    asker.worker.send(Request::Close);
    asker.wait(|update| matches!(update, Update::Closed).then_some(()));
    Store::open(StoreConfig::new(dir.path())).unwrap().close().unwrap();
}

#[test]
fn the_worker_is_idle_once_everything_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    shop(dir.path(), 2).close().unwrap();
    let (mut asker, _) = Asker::opened(dir.path(), OpenMode::ReadOnly);
    let asked = asker.ask(|id| Request::Filter { id, query: Query::default() });
    assert!(!asker.worker.is_idle());
    asker.wait(|update| matches!(update, Update::Matched { id, .. } if id == asked).then_some(()));
    let deadline = Instant::now() + PATIENCE;
    while !asker.worker.is_idle() {
        assert!(Instant::now() < deadline, "the worker comes to rest");
        let _ = asker.worker.recv_timeout(Duration::from_millis(1));
    }
}
