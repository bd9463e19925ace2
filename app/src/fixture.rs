//! A model filled by hand with a small shop and its agents, so that every panel can be drawn and tested without a worker and without
//! a clock.
//!
//! Never used by the program itself.

mod graph;
mod timeline;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use causeway::event::{EventKind, HashChain};
use causeway::id::{CausationId, CorrelationId, EventId};
use causeway::store::{Finding, FindingClass, VerifyLevel};
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};

pub use self::graph::{large_graph, lonely_graph};
use crate::state::model::{Message, Model, OpenFailure, Recent, StoreModel};
use crate::state::queries::{Queries, SavedQuery};
use crate::state::query::{Query, Term};
use crate::state::route::{Screen, View};
use crate::state::table::TableView;
use crate::state::trust::Trust;
use crate::state::vouched::Vouched;
use crate::state::zone::Zone;
use crate::worker::protocol::{
    Damage, Decoded, Detail, EventCell, EventRow, Facets, Failure, FailureClass, FoldKind, FoldSource,
    FoldStatus, Matched, OpenMode, Position, Preview, ProjectionSpec, ProjectionState, ReceiptView, RowCell,
    RowNote, StoreFormat, Summary, Task, VerifyView,
};

/// 2026-11-23 13:32:04.871 UTC, the moment of the first row of the story.
const START_US: i64 = 1_795_440_724_871_000;
/// Sequence of the first row.
const FIRST: u64 = 9_811_945;
/// Events of the store.
const TOTAL: u64 = 9_812_005;

const KINDS: [(u8, u16, &str, u64); 18] = [
    (1, 1, "OrderPlaced", 412_380),
    (1, 2, "OrderPaid", 391_007),
    (2, 1, "PaymentRequested", 431_902),
    (2, 2, "PaymentAuthorised", 402_118),
    (2, 3, "PaymentCaptured", 390_871),
    (2, 4, "PaymentExpired", 8_214),
    (3, 1, "ParcelPacked", 388_014),
    (3, 2, "LabelPrinted", 387_990),
    (3, 3, "ParcelHandedOver", 387_552),
    (4, 1, "StockReserved", 1_040_112),
    (5, 1, "RunStarted", 1_204),
    (6, 1, "ToolCalled", 64_201),
    (6, 2, "ToolReturned", 62_316),
    (6, 3, "ToolFailed", 1_877),
    (7, 1, "PromptSent", 22_410),
    (7, 2, "ReplyDrafted", 20_544),
    (7, 3, "MailQueued", 377_120),
    (8, 1, "NoteSealed", 312),
];

/// A line of the story: milliseconds since its start, entity, scope, kind, summary, how many lines above its cause stands.
type Line = (i64, &'static str, &'static str, &'static str, &'static str, Option<usize>);

const STORY: [Line; 24] = [
    (0, "order:8841", "shop", "OrderPlaced", "3 items · 129.90 EUR · Lieferung nach Köln", None),
    (3, "stock:sku-4410", "shop", "StockReserved", "Thermoskanne 0,75 l × 1 · 41 left", Some(1)),
    (4, "stock:sku-0917", "shop", "StockReserved", "急須「常滑焼」× 1 · 残り 6", Some(2)),
    (31, "payment:p-77120", "shop", "PaymentRequested", "129.90 EUR · Lastschrift", Some(3)),
    (239, "agent:run-317", "agents", "RunStarted", "Answer ticket T-2291 „Wo bleibt mein Paket?“", None),
    (293, "agent:run-317", "agents", "PromptSent", "1,204 tokens · system v14 · 3 tools", Some(1)),
    (871, "payment:p-77120", "shop", "PaymentAuthorised", "auth 4F-20931 · 840 ms", Some(3)),
    (1_147, "agent:run-317", "agents", "ToolCalled", "parcel.lookup { tracking: \"T7Q-0146\" }", Some(2)),
    (1_362, "order:8842", "shop", "OrderPlaced", "1 item · 4,980 JPY · 配送先 京都市中京区", None),
    (1_369, "payment:p-77121", "shop", "PaymentRequested", "4,980 JPY · コンビニ払い", Some(1)),
    (1_559, "agent:run-317", "agents", "ToolReturned", "parcel.lookup → 3 scans · 412 ms", Some(3)),
    (1_784, "payment:p-77120", "shop", "PaymentCaptured", "129.90 EUR · settled", Some(5)),
    (1_790, "order:8841", "shop", "OrderPaid", "open → paid", Some(1)),
    (1_831, "agent:run-317", "agents", "ToolCalled", "orders.get { id: 8790 }", Some(8)),
    (6_833, "agent:run-317", "agents", "ToolFailed", "orders.get → timeout after 5,000 ms", Some(1)),
    (6_849, "parcel:DE-5521", "shop", "ParcelPacked", "0.84 kg · Lager Nord, Regal C-12", Some(3)),
    (6_860, "agent:run-317", "agents", "ToolCalled", "orders.get { id: 8790 } · retry 1", Some(2)),
    (6_931, "parcel:DE-5521", "shop", "LabelPrinted", "A6 · Zone 2 · 品名: 茶器", Some(2)),
    (6_956, "agent:run-317", "agents", "ToolReturned", "orders.get → 200 · 96 ms", Some(2)),
    (
        8_069,
        "agent:run-317",
        "agents",
        "ReplyDrafted",
        "„Ihr Paket ist heute in Zustellung …“ · 188 tokens",
        Some(1),
    ),
    (8_090, "mail:m-90233", "shop", "MailQueued", "Versandbestätigung · de-DE", Some(8)),
    (8_133, "customer:k-3017", "audit", "NoteSealed", "", None),
    (8_506, "payment:p-77121", "shop", "PaymentExpired", "コンビニ払い 期限切れ", Some(13)),
    (8_519, "parcel:DE-5521", "shop", "ParcelHandedOver", "Tour 14 · Scan 06:12", Some(6)),
];

fn kind(name: &str) -> EventKind {
    let found = KINDS.iter().find(|kind| kind.2 == name).expect("the story only uses kinds of the table");
    EventKind::custom(found.0, found.1)
}

/// Ids that look like ids and are always the same.
fn id(number: u64) -> u128 {
    let mixed = u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    (0x019A_B0D4_u128 << 96) | (mixed >> 32)
}

/// The rows of the story: shortened runs of it first, the whole of it last.
fn rows() -> Vec<EventRow> {
    let mut out: Vec<EventRow> = Vec::new();
    for (run, lines) in (0i64..).zip([12usize, 12, 12, 24]) {
        let shift = (run - 3) * 9_400_000;
        let first = out.len();
        for (i, line) in STORY[..lines].iter().enumerate() {
            let at = first + i;
            let head = head(i);
            let note = if run == 3 && i > 18 { RowNote::Pending } else { RowNote::None };
            let note = if line.3 == "NoteSealed" { RowNote::Undecoded } else { note };
            let cell = EventCell {
                event_id: EventId::from_u128(id(FIRST + at as u64)),
                time_us: START_US + shift + line.0 * 1_000,
                entity: Arc::from(line.1),
                scope: Arc::from(line.2),
                kind: kind(line.3),
                clock: i as u32,
                correlation: CorrelationId::from_u128(id(FIRST + (first + head) as u64)),
                causation: line.5.map(|up| CausationId::from_u128(id(FIRST + (at - up) as u64))),
                cause_sequence: line.5.map(|up| FIRST + (at - up) as u64),
                payload_bytes: 96 + 31 * i as u32 % 317,
                flags: 0,
                payload_version: 0,
                summary: line.4.to_owned(),
                note,
            };
            out.push(EventRow { sequence: FIRST + at as u64, cell: RowCell::Event(Box::new(cell)) });
        }
    }
    out
}

/// The line that a line of the story goes back to.
fn head(mut line: usize) -> usize {
    while let Some(up) = STORY[line].5 {
        line -= up;
    }
    line
}

fn facets() -> Facets {
    let names = |prefix: &str, first: u32, counts: &[u64]| -> Vec<(Arc<str>, u64)> {
        counts
            .iter()
            .zip(first..)
            .map(|(count, number)| (Arc::from(format!("{prefix}{number}")), *count))
            .collect()
    };
    let mut entities = names("agent:run-", 312, &[148, 204, 91, 402, 211, 148]);
    entities.extend(names("customer:k-", 3_015, &[7_012, 6_208, 5_000]));
    entities.extend(names("order:", 8_841, &[9, 4, 12, 412_355]));
    entities.extend(names("parcel:DE-", 5_519, &[193_009, 195_000, 5]));
    entities.extend(names("payment:p-", 77_119, &[431_895, 4, 3]));
    entities.extend(names("stock:sku-", 917, &[1_204, 911]));
    Facets {
        entities,
        kinds: {
            let mut kinds: Vec<(EventKind, u64)> =
                KINDS.iter().map(|kind| (EventKind::custom(kind.0, kind.1), kind.3)).collect();
            kinds.sort_by_key(|kind| std::cmp::Reverse(kind.1));
            kinds
        },
        scopes: vec![
            (Arc::from("agents"), 842_031),
            (Arc::from("audit"), 31_204),
            (Arc::from("shop"), 8_938_770),
        ],
        entities_cut: false,
    }
}

fn payload() -> Value {
    json!({
        "payment_id": "p-77120", "order_id": "8841",
        "amount": {"value": 129.90, "currency": "EUR"},
        "payer": {"name": "Testkunde Öß", "city": "Köln"},
        "lines": [{"sku": "4410", "count": 1}, {"sku": "0917", "count": 1}, {"sku": "2203", "count": 1}],
        "settled": true
    })
}

fn detail(rows: &[EventRow], at: usize) -> Detail {
    let row = rows[at].clone();
    let caused_by = |row: &EventRow| match &row.cell {
        RowCell::Event(event) => event.cause_sequence,
        RowCell::Removed | RowCell::Damaged { .. } => None,
    };
    let effects: Vec<EventRow> =
        rows.iter().filter(|other| caused_by(other) == Some(row.sequence)).cloned().collect();
    let cause = caused_by(&row).and_then(|cause| rows.iter().find(|other| other.sequence == cause).cloned());
    let bytes = causeway::encoding::to_bytes(&payload()).unwrap_or_default();
    Detail {
        cause,
        effect_count: effects.len() as u64,
        effects,
        flags: 0,
        lane: 0,
        depth: 0,
        payload_version: 2,
        payload: Ok(Decoded { value: payload(), decoder: "MessagePack", complete: true, tried: Vec::new() }),
        payload_head: bytes,
        extensions: vec![("inspector.origin".to_owned(), b"shop-server".to_vec())],
        content_hash: hash(3),
        content_computed: Some(hash(3)),
        chain: HashChain { prev_hash: hash(1), event_hash: hash(2) },
        event_computed: Some(hash(2)),
        previous_in_stream: Some(row.sequence - 5),
        next_in_stream: None,
        place: ("000412.seg".to_owned(), 41_203_712, 412),
        correlation_count: 12,
        findings: Vec::new(),
        row,
    }
}

fn hash(seed: u8) -> [u8; 32] {
    std::array::from_fn(|i| (i as u8).wrapping_mul(37).wrapping_add(seed.wrapping_mul(101)) ^ 0x5A)
}

fn summary() -> Summary {
    Summary {
        path: PathBuf::from("/home/mara/data/shop-and-agents.store"),
        identity: format!("{:032x}", id(1)),
        format: StoreFormat::Causeway { version: 1 },
        mode: OpenMode::ReadOnly,
        demo: false,
        kind_names: Vec::new(),
        position: Position {
            events: TOTAL,
            durable: TOTAL - 5,
            last_us: Some(START_US + 8_519_000),
            bytes: 4_118_220_411,
            holder: Some((41_127, Some("shop-server".to_owned()))),
            rolled_back_to: None,
            lost: None,
        },
    }
}

fn queries() -> Queries {
    let saved = [
        ("Failed tools today", "kind:ToolFailed after:-1d"),
        ("Paid, not packed", "kind:OrderPaid -kind:ParcelPacked"),
    ];
    Queries {
        saved: saved.map(|(name, line)| SavedQuery { name: name.to_owned(), line: line.to_owned() }).into(),
        recent: vec!["entity:order:8841".to_owned()],
    }
}

fn store_model() -> StoreModel {
    let rows = rows();
    let selected = rows[47].sequence;
    StoreModel {
        summary: summary(),
        damage: Arc::default(),
        spots: Vec::new(),
        facets: Arc::new(facets()),
        kind_names: KINDS.iter().map(|kind| (EventKind::custom(kind.0, kind.1), kind.2.to_owned())).collect(),
        filter_text: "corr:a7f3 kind:* total".to_owned(),
        filter_error: None,
        queries: queries(),
        query: Query::default(),
        consists_of: Arc::default(),
        table: TableView::default(),
        matched: Matched {
            matched: rows.len() as u64,
            rows: rows.len() as u64,
            unreadable: 0,
            searched: TOTAL,
            total: TOTAL,
            complete: true,
            elapsed_us: 18_400,
            served_by: "correlation index",
        },
        selected: Some(selected),
        selected_row: Some(47),
        reveal_row: Some(59),
        detail: Some(Arc::new(detail(&rows, 47))),
        detail_failure: None,
        graph: graph::of_rows(&rows[36..], selected),
        timeline: timeline::story(&rows),
        projections: projections_of_the_shop(),
        receipt: None,
        verified: Some(Ok(verified(Vec::new()))),
        trust: Trust { ranges: std::iter::once(0..TOTAL).collect(), ..Trust::default() },
        vouched: Vouched::default(),
        notes: BTreeMap::new(),
        follow: true,
        unseen: 0,
        rate: (0..60u8)
            .map(|i| 12_000.0 + 900.0 * (f32::from(i) * 0.7).sin() + 700.0 * (f32::from(i) * 2.3).cos())
            .collect(),
        feed: None,
        rows: rows.into_iter().enumerate().map(|(i, row)| (i as u64, row)).collect::<BTreeMap<_, _>>(),
    }
}

fn verified(findings: Vec<Finding>) -> VerifyView {
    let finding_count = findings.len() as u64;
    VerifyView {
        events: TOTAL,
        checked: 0..TOTAL,
        removed: 0,
        findings,
        finding_count,
        damage_count: finding_count,
        level: Some(VerifyLevel::Chain),
    }
}

fn projections_of_the_shop() -> Vec<ProjectionState> {
    let projection = |id, fold, source, status, state: Option<Value>, deliveries| ProjectionState {
        spec: ProjectionSpec { id, fold, source },
        status,
        generation: TOTAL,
        state: state.map(Arc::new),
        deliveries,
    };
    let order = FoldSource::Entity("order:8841".to_owned());
    let fields = json!({"order": "8841", "status": "paid", "total": 129.90, "paid": 129.90,
        "lines": ["4410", "0917", "2203"], "address": {"city": "Köln", "street": "Aachener Str. 12"}});
    let counts = json!({"0x1001": 412_380, "0x2003": 390_871, "0x4001": 1_040_112});
    let waiting = ProjectionState {
        generation: 9_790_112,
        ..projection(
            3,
            FoldKind::CountByKind,
            FoldSource::Scope("agents".to_owned()),
            FoldStatus::CatchingUp,
            None,
            0,
        )
    };
    let failed = FoldStatus::Failed("payload of #9,408,552 is not an object".to_owned());
    vec![
        projection(1, FoldKind::LatestFields, order, FoldStatus::Live, Some(fields), 9),
        projection(
            2,
            FoldKind::CountByKind,
            FoldSource::Scope("shop".to_owned()),
            FoldStatus::Live,
            Some(counts),
            1_204,
        ),
        waiting,
        projection(
            4,
            FoldKind::LatestFields,
            FoldSource::Entity("account:open-items".to_owned()),
            failed,
            None,
            17,
        ),
    ]
}

/// No store is open; five were.
pub fn welcome() -> Model {
    let recent = |path: &str, events, bytes, days: i64, batpak| Recent {
        path: PathBuf::from(path),
        events,
        bytes,
        opened_us: START_US - days * 86_400_000_000 - 60_000_000,
        batpak,
    };
    Model {
        recents: vec![
            recent("/home/mara/data/shop-and-agents.store", TOTAL, 4_118_220_411, 0, false),
            recent("/srv/lager/ereignisse.store", 1_204_118, 610_000_000, 1, false),
            recent("/home/mara/runs/2026-11-22.batpak", 64_201, 88_112_000, 1, true),
            recent("/mnt/backup/受注ログ.store", 402_118, 215_000_000, 4, false),
            recent(
                "/a/very/long/path/that/nobody/would/type/by/hand/but/that/exists\u{202e}erots",
                7,
                1_204,
                400,
                false,
            ),
        ],
        local_zone: Zone(TimeZone::fixed(Offset::constant(1))),
        now_us: START_US + 9_000_000,
        ..Model::default()
    }
}

/// A directory was looked at and waits to be opened.
pub fn preview() -> Model {
    let preview = Preview {
        path: PathBuf::from("/home/mara/data/shop-and-agents.store"),
        format: StoreFormat::Causeway { version: 1 },
        bytes: 4_118_220_411,
        segments: 412,
        events: Some(TOTAL),
        span_us: Some((START_US - 7 * 86_400_000_000, START_US + 8_519_000)),
        holder: Some((41_127, Some("shop-server".to_owned()))),
        findings: vec![
            Finding::new(FindingClass::Note, "the segment has no index; opening reads it once")
                .in_file("000207.seg"),
        ],
    };
    Model { screen: Screen::Preview, preview: Some(Ok(preview)), ..welcome() }
}

/// A store is being opened.
pub fn opening() -> Model {
    Model {
        screen: Screen::Opening,
        progress: Some((Task::Open, 2_610_000_000, 4_118_220_411)),
        opening: PathBuf::from("/home/mara/data/shop-and-agents.store"),
        ..welcome()
    }
}

/// A store could not be opened for writing.
pub fn error() -> Model {
    let failure = Failure {
        class: FailureClass::Locked,
        message: "another process holds the writer's lock: shop-server, process 41127".to_owned(),
        advice: "Reading needs no lock: open it read-only and follow what the other process writes"
            .to_owned(),
        field: None,
    };
    let path = PathBuf::from("/srv/shop/shop-and-agents.store");
    let open_failure = Some(OpenFailure { path, mode: OpenMode::Writable, failure });
    Model { screen: Screen::Error, open_failure, ..welcome() }
}

/// An open store with a filter that found sixty events, one of which is selected.
pub fn store() -> Model {
    let mut store = store_model();
    store.query =
        Query::all([Query::Is(Term::correlation("a7f3")), Query::Is(Term::Text("total".to_owned()))]);
    "corr:a7f3 total".clone_into(&mut store.filter_text);
    Model { screen: Screen::Store, store: Some(store), ..welcome() }
}

/// The same store with another view in the middle.
pub fn store_showing(view: View) -> Model {
    Model { view, ..store() }
}

/// The same store open for writing, with the form in the middle and a receipt.
pub fn writing() -> Model {
    let mut model = store_showing(View::Append);
    if let Some(store) = &mut model.store {
        store.summary.mode = OpenMode::Writable;
        store.summary.position.holder = None;
        store.query = Query::default();
        store.filter_text.clear();
        store.receipt = Some(Ok(ReceiptView {
            event_id: EventId::from_u128(id(77)),
            sequence: TOTAL - 1,
            clock: 4,
            content_hash: hash(9),
            durable: true,
            elapsed_us: 3_214,
        }));
    }
    model
}

/// A result without a single event.
pub fn nothing_found() -> Model {
    let mut model = store();
    if let Some(store) = &mut model.store {
        store.rows.clear();
        store.query = Query::Is(Term::Text("OrderPlcaed".to_owned()));
        "OrderPlcaed".clone_into(&mut store.filter_text);
        store.matched = Matched { matched: 0, rows: 0, served_by: "scan", ..store.matched.clone() };
        (store.selected, store.selected_row, store.reveal_row, store.detail) = (None, None, None, None);
        store.graph.picture = None;
        store.projections.clear();
    }
    model
}

/// Names, payloads and places that mean harm.
pub fn hostile() -> Model {
    let mut model = store();
    if let Some(store) = &mut model.store {
        let kind = EventKind::custom(9, 0xFFF);
        store
            .kind_names
            .insert(kind, "Ki\u{202e}nd with a name that is much longer than any column can hold".to_owned());
        for (row, text) in [
            (40, "line one\nline two\t\u{0}"),
            (45, "\u{202e}desrever \u{200b}zero width"),
            (52, "e\u{301}\u{302}\u{303} glyphs \u{7f}"),
        ] {
            if let Some(RowCell::Event(event)) = store.rows.get_mut(&row).map(|row| &mut row.cell) {
                text.clone_into(&mut event.summary);
                event.entity = Arc::from(format!("order:{}\u{202e}{}", "x".repeat(400), row));
                event.kind = kind;
            }
        }
        for row in [43, 44] {
            if let Some(row) = store.rows.get_mut(&row) {
                let reason = "checksum of 000412.seg at byte 41,203,712 does not hold".to_owned();
                row.cell = RowCell::Damaged { places: 1, reason };
            }
        }
        store.summary.path = PathBuf::from(format!("/tmp/{}\u{202e}.store", "long-name-".repeat(20)));
        let damaged = Finding::new(FindingClass::Frame, "a frame is damaged; 2 events cannot be read");
        store.damage = Arc::new(Damage {
            findings: vec![damaged.in_file("000412.seg").at(41_203_712).of_event(FIRST + 43)],
            holes: std::iter::once(FIRST + 43..FIRST + 45).collect(),
            holes_cut: false,
        });
        let link = Finding::new(FindingClass::Link, "the link of order:8841 does not fit");
        let link = link.of_event(FIRST + 46).compared("9f0c41d2", "c3aa08e1");
        store.verified = Some(Ok(verified(vec![link])));
        store.gather_spots();
        store.follow = false;
        store.unseen = 1_234;
    }
    model.messages = vec![
        Message { id: 1, text: "Payload copied".to_owned(), is_error: false, at: 0.0 },
        Message { id: 2, text: "Segment 000412.seg could not be read".to_owned(), is_error: true, at: 0.0 },
    ];
    model
}
