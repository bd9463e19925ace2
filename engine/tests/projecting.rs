//! Projecting the past, regions and with evidence.
#![allow(clippy::unwrap_used)]

use causeway::coordinate::{Coordinate, Region};
use causeway::event::{EventKind, JsonValueInput, ProjectionEvent, RawMsgpackInput};
use causeway::store::{
    Freshness, ProjectionEvidenceRegistry, ProjectionRunCacheStatus, ProjectionRunEvidenceReport,
    ProjectionRunFinding, ProjectionRunFreshnessStatus, ProjectionRunInputFrontier, ProjectionRunOutputHash,
    ProjectionRunReportError, ProjectionRunRequestedFreshness, ProjectionSource, ProjectionSourceRef,
    ReadOnly, Store, StoreConfig, StoreError,
};
use causeway::{EventPayload, EventSourced, encoding};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Added {
    amount: u64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 2)]
struct Noted;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Added, handler = add)]
struct Sum {
    total: u64,
}

impl Sum {
    fn add(&mut self, event: &Added) {
        self.total += event.amount;
    }
}

/// The amounts in the order in which they were folded.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Added, handler = add)]
struct Order(Vec<u64>);

impl Order {
    fn add(&mut self, event: &Added) {
        self.0.push(event.amount);
    }
}

/// Makes no state of whatever events.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Nothing;

impl EventSourced for Nothing {
    type Input = JsonValueInput;

    fn from_events(_: &[ProjectionEvent<Self>]) -> Option<Self> {
        None
    }

    fn apply_event(&mut self, _: &ProjectionEvent<Self>) {}

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }
}

struct Fixture {
    dir: TempDir,
    store: Store,
}

fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig::new(dir.path()).with_clock_fn(|| 1_700_000_000_000_000);
    Fixture { store: Store::open(config).unwrap(), dir }
}

impl Fixture {
    /// Appends an amount and returns its global sequence.
    fn add(&self, entity: &str, amount: u64) -> u64 {
        self.store.append_typed(&at(entity), &Added { amount }).unwrap().sequence
    }

    fn note(&self, entity: &str) {
        self.store.append_typed(&at(entity), &Noted).unwrap();
    }

    fn report(&self, freshness: Freshness) -> ProjectionRunEvidenceReport {
        self.store.project_run_evidence::<Sum>("a", &freshness).unwrap().1
    }
}

fn at(entity: &str) -> Coordinate {
    Coordinate::new(entity, "test").unwrap()
}

#[test]
fn the_state_at_a_sequence_holds_exactly_the_events_up_to_it() {
    let f = fixture();
    let mut expected = vec![None; f.store.visible() as usize];
    let mut total = 0;
    for amount in 1..30 {
        match amount % 3 {
            0 => f.note("a"),
            1 => assert!(f.add("b", 1_000) > 0),
            _ => {
                total += amount;
                f.add("a", amount);
            }
        }
        expected.push((total > 0).then_some(Sum { total }));
    }
    for (sequence, state) in expected.iter().enumerate() {
        let found = f.store.project_at::<Sum>("a", sequence as u64).unwrap();
        assert_eq!((found.state, found.frontier), (state.clone(), sequence as u64 + 1));
    }
    let now = f.store.projection::<Sum>("a", &Freshness::Consistent).unwrap();
    let beyond = f.store.project_at::<Sum>("a", u64::MAX).unwrap();
    assert_eq!((beyond.state, beyond.generation), (now.state, now.generation));
    assert_eq!(beyond.frontier, f.store.visible());
}

#[test]
fn the_state_at_a_generation_is_the_one_that_was_delivered_with_it() {
    let f = fixture();
    let mut watcher = f.store.watch_projection::<Sum>("a", Freshness::Consistent);
    let mut delivered = vec![(0, None)];
    for amount in 1..20 {
        f.add("b", 1);
        if amount % 4 == 0 {
            f.note("a");
        } else {
            f.add("a", amount);
        }
        delivered.push(watcher.recv().unwrap());
    }
    for (generation, state) in delivered {
        let found = f.store.project_at_generation::<Sum>("a", generation).unwrap();
        assert_eq!((found.generation, found.state), (generation, state));
    }
    for too_many in [20, u64::from(u32::MAX), u64::MAX] {
        assert_eq!(f.store.project_at_generation::<Sum>("a", too_many).unwrap().generation, 19);
    }
    assert_eq!(f.store.project_at_generation::<Sum>("unknown", 3).unwrap().generation, 0);
}

#[test]
fn asking_for_the_past_does_not_change_what_the_present_goes_on_from() {
    let f = fixture();
    for amount in 0..10 {
        f.add("a", amount);
    }
    f.store.project::<Sum>("a", &Freshness::Consistent).unwrap();
    f.store.project_at::<Sum>("a", 3).unwrap();
    let now = f.store.projection::<Sum>("a", &Freshness::Consistent).unwrap();
    assert_eq!((now.source, now.events_folded), (ProjectionSource::Remembered, 0));
}

#[test]
fn a_state_of_the_past_goes_on_from_a_kept_state_that_is_older_and_reads_only_what_it_folds() {
    let f = fixture();
    let last = (0..10).map(|amount| f.add("a", amount)).last().unwrap();
    f.store.project::<Sum>("a", &Freshness::Consistent).unwrap();
    f.add("a", 1);
    let found = f.store.project_at::<Sum>("a", last).unwrap();
    assert_eq!((found.source, found.events_folded), (ProjectionSource::Remembered, 0));
    let first = f.store.project_at::<Sum>("a", 2).unwrap();
    assert_eq!((first.source, first.events_folded), (ProjectionSource::Replayed, 2));
}

#[test]
fn a_region_is_folded_in_commit_order_across_entities_and_reopening() {
    let f = fixture();
    f.add("a", 1);
    f.add("b", 2);
    f.note("b");
    f.add("a:c", 3);
    f.add("ab", 4);
    f.add("a", 5);
    let check = |store: &Store, expected: [u64; 3], region: &Region| {
        let found = store.project_region::<Order>(region).unwrap();
        assert_eq!((found.state, found.generation), (Some(Order(expected.to_vec())), 3));
        assert_eq!((found.events_folded, found.source), (3, ProjectionSource::Replayed));
        assert_eq!(found.applied_sequence, Some(6));
    };
    check(&f.store, [1, 3, 5], &Region::entity("a"));
    let Fixture { dir, store } = f;
    store.close().unwrap();
    let store = Store::open(StoreConfig::new(dir.path())).unwrap();
    check(&store, [1, 3, 5], &Region::entity("a"));
    let all = store.project_region::<Order>(&Region::scope("test")).unwrap();
    assert_eq!((all.state, all.generation), (Some(Order(vec![1, 2, 3, 4, 5])), 6));
}

#[test]
fn a_region_without_events_that_the_fold_takes_has_no_state() {
    let f = fixture();
    f.note("a");
    let found = f.store.project_region::<Sum>(&Region::entity("a")).unwrap();
    assert_eq!((found.state, found.generation, found.applied_sequence), (None, 1, None));
    assert_eq!(found.freshness, ProjectionRunFreshnessStatus::NotApplicable);
}

#[test]
fn only_frames_of_kinds_that_the_fold_takes_are_read() {
    let f = fixture();
    for _ in 0..50 {
        f.note("a");
        f.add("b", 1);
    }
    f.add("c", 1);
    let frames = |project: &dyn Fn()| {
        let before = f.store.frames_read();
        project();
        f.store.frames_read() - before
    };
    let entity = frames(&|| drop(f.store.project_at::<Sum>("a", u64::MAX).unwrap()));
    let region = frames(&|| drop(f.store.project_region::<Sum>(&Region::entity("a")).unwrap()));
    let one = frames(&|| drop(f.store.project_region::<Sum>(&Region::entity("c")).unwrap()));
    assert_eq!((entity, region, one), (0, 0, 1));
}

#[test]
fn the_places_in_streams_that_a_region_asks_for_are_all_that_is_folded() {
    let f = fixture();
    for amount in [1, 10, 100, 1_000] {
        f.add("a", amount);
        f.add("b", amount);
    }
    let found = f.store.project_region::<Sum>(&Region::scope("test").with_clock_range((1, 2))).unwrap();
    assert_eq!((found.state, found.generation), (Some(Sum { total: 220 }), 4));
}

#[test]
fn a_report_says_what_was_read_what_came_of_it_and_nothing_that_changes_by_itself() {
    let f = fixture();
    f.note("a");
    f.add("a", 1);
    let newest = f.add("a", 2);
    f.note("a");
    let (state, report) = f.store.project_run_evidence::<Sum>("a", &Freshness::Consistent).unwrap();
    assert_eq!(state, Some(Sum { total: 3 }));
    let body = &report.body;
    assert_eq!(body.projection_id, format!("{}:a", std::any::type_name::<Sum>()));
    let entity = ProjectionSourceRef::Entity { entity: "a".to_owned() };
    assert_eq!(body.source_refs, [entity, ProjectionSourceRef::RelevantKind { category: 1, type_id: 1 }]);
    let frontier = body.input_frontier.unwrap();
    assert_eq!((frontier.global_sequence, frontier.wall_ms), (newest, 1_700_000_000_000));
    assert_eq!(body.observed_freshness, ProjectionRunFreshnessStatus::Fresh);
    assert_eq!(body.cache_status, ProjectionRunCacheStatus::Bypassed);
    assert_eq!(body.findings, [ProjectionRunFinding::PartialVisibilityNotApplicable]);
    let hash = |bytes: Vec<u8>| <[u8; 32]>::from(blake3::hash(&bytes));
    assert_eq!(body.output_hash, ProjectionRunOutputHash::Known(hash(encoding::to_bytes(&state).unwrap())));
    assert_eq!(report.body_hash, hash(encoding::to_bytes(body).unwrap()));
    assert_eq!((report.generated_at_unix_ms, &report.batpak_version), (None, &None));

    assert_eq!(f.report(Freshness::Consistent), report, "a run from a kept state is the same run");
    let Fixture { dir, store } = f;
    store.close().unwrap();
    let store = Store::open(StoreConfig::new(dir.path())).unwrap();
    let (_, again) = store.project_run_evidence::<Sum>("a", &Freshness::Consistent).unwrap();
    assert_eq!(again, report, "and so is one over the reopened log");
}

#[test]
fn a_report_has_the_bytes_and_the_hash_that_batpak_gives_it() {
    // What batpak 0.8.2 reported of a run over an unknown entity, and what it hashed that to.
    let theirs = r#"{"schema_version":1,"projection_id":"causeway_peer::Sum:a","source_refs":[{"Entity":{"entity":"a"}},
        {"RelevantKind":{"category":1,"type_id":1}}],"replay_mode":"Current","requested_freshness":"Consistent",
        "observed_freshness":"NotApplicable","input_frontier":null,"output_hash":"NotApplicable","cache_status":"Bypassed",
        "checkpoint_ref":"NotApplicable","findings":["PartialVisibilityNotApplicable"]}"#;
    let hash = [
        169, 152, 94, 164, 110, 175, 86, 107, 64, 46, 66, 154, 184, 21, 22, 84, 4, 223, 152, 93, 128, 90,
        139, 77, 220, 157, 11, 233, 8, 238, 194, 136,
    ];
    let theirs: causeway::store::ProjectionRunReportBody = serde_json::from_str(theirs).unwrap();
    assert_eq!(<[u8; 32]>::from(blake3::hash(&encoding::to_bytes(&theirs).unwrap())), hash);
    let mut ours = fixture().report(Freshness::Consistent).body;
    ours.projection_id = "causeway_peer::Sum:a".to_owned();
    assert_eq!(ours, theirs);
}

#[test]
fn a_report_tells_of_a_stale_state_and_how_far_that_one_reached() {
    let f = fixture();
    let first = f.add("a", 1);
    let stale = Freshness::MaybeStale { max_stale_ms: u64::MAX };
    f.report(stale);
    f.add("a", 1);
    let body = f.report(stale).body;
    assert_eq!(
        body.requested_freshness,
        ProjectionRunRequestedFreshness::MaybeStale { max_stale_ms: u64::MAX }
    );
    assert_eq!(body.observed_freshness, ProjectionRunFreshnessStatus::StaleAllowed);
    assert_eq!(
        body.input_frontier.map(|frontier: ProjectionRunInputFrontier| frontier.global_sequence),
        Some(first)
    );
    assert!(body.findings.contains(&ProjectionRunFinding::StaleUsed));
}

#[test]
fn a_fold_that_makes_no_state_has_no_output_to_hash() {
    let f = fixture();
    f.add("a", 1);
    let (state, report) = f.store.project_run_evidence::<Nothing>("a", &Freshness::Consistent).unwrap();
    assert_eq!((state, report.body.output_hash), (None, ProjectionRunOutputHash::NotApplicable));
    assert_eq!(report.body.observed_freshness, ProjectionRunFreshnessStatus::Fresh);
}

#[test]
fn a_run_that_fails_has_a_report_with_its_words_outside_the_body() {
    let f = fixture();
    f.store.append(&at("a"), Added::KIND, &"nonsense").unwrap();
    let failed = f.store.project_run_evidence::<Sum>("a", &Freshness::Consistent);
    let Err(ProjectionRunReportError::ProjectionFailed { source, report }) = failed else {
        panic!("{failed:?}");
    };
    assert!(matches!(source, StoreError::Serialization(_)));
    assert_eq!(report.diagnostics, [source.to_string()]);
    assert_eq!(
        report.body.findings,
        [
            ProjectionRunFinding::ObservedFreshnessUnavailable,
            ProjectionRunFinding::InputFrontierUnknown,
            ProjectionRunFinding::OutputHashUnavailable,
            ProjectionRunFinding::CacheStatusUnavailable,
            ProjectionRunFinding::PartialVisibilityNotApplicable,
            ProjectionRunFinding::ProjectionFailed,
        ]
    );
    let reason = "projection_failed".to_owned();
    assert_eq!(report.body.output_hash, ProjectionRunOutputHash::Unavailable { reason });
}

#[test]
fn a_registry_runs_projections_by_name_in_stores_of_either_state() {
    let f = fixture();
    f.add("a", 1);
    let mut registry = ProjectionEvidenceRegistry::new();
    registry.register::<Order>("sum");
    registry.register::<Sum>("sum");
    registry.register::<Order>("order");
    assert_eq!(registry.projection_ids().collect::<Vec<_>>(), ["order", "sum"]);
    assert!(registry.contains("sum") && !registry.contains("other"));
    assert!(registry.run("other", &f.store, "a", &Freshness::Consistent).is_none());
    let report = registry.run("sum", &f.store, "a", &Freshness::Consistent).unwrap().unwrap();
    assert_eq!(report, f.report(Freshness::Consistent));

    let reader = Store::<ReadOnly>::open_read_only(StoreConfig::new(f.dir.path())).unwrap();
    let mut registry = ProjectionEvidenceRegistry::<ReadOnly>::default();
    registry.register::<Sum>("sum");
    let read = registry.run("sum", &reader, "a", &Freshness::Consistent).unwrap().unwrap();
    assert_eq!(read, report);
}
