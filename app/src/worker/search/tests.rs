//! Searches over real stores in temporary directories: what is found is what looking at every event finds.

use std::collections::HashMap;
use std::fmt::Write as _;

use causeway::coordinate::Coordinate;
use causeway::event::EventKind;
use causeway::id::{CausationId, CorrelationId};
use causeway::store::{AppendOptions, Open, Store, StoreConfig};
use serde_json::json;

use super::*;
use crate::state::query::{Query, Vocabulary};
use crate::state::zone::Zone;
use crate::worker::protocol::OpenMode;

/// What a test knows of an event that it wrote: nothing here comes from the search.
#[derive(Clone, Debug)]
struct Written {
    entity: String,
    scope: &'static str,
    kind: u16,
    total: u64,
    note: &'static str,
    cause: Option<u64>,
    id: u128,
    correlation: u128,
    time_us: i64,
    bytes: u64,
}

const KINDS: [(u16, &str); 4] = [(0x1001, "Placed"), (0x1002, "Paid"), (0x2001, "Sent"), (0x2002, "Lost")];
const SCOPES: [&str; 3] = ["shop", "audit", "EU shop"];
const NOTES: [&str; 4] = ["late", "Grüße", "gift card", ""];

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }
}

fn names() -> HashMap<EventKind, String> {
    KINDS.map(|(raw, name)| (EventKind::from_raw_u16(raw), name.to_owned())).into()
}

fn query(line: &str) -> Query {
    let names = names();
    let vocabulary = Vocabulary { names: &names, zone: &Zone::UTC, now_us: 0 };
    Query::parse(line, &vocabulary).unwrap_or_else(|error| panic!("{line}: {error:?}"))
}

/// Appends events and keeps what was written; places that the store wrote itself stay empty.
fn fill(store: &Store<Open>, count: usize) -> Vec<Option<Written>> {
    let mut dice = Dice(0x5EED_CAFE);
    let mut written: Vec<Option<Written>> = Vec::new();
    for _ in 0..count {
        let entity = format!("{}:{}", ["order", "payment", "parcel"][dice.roll(3)], dice.roll(5));
        let (scope, (kind, _), note) = (SCOPES[dice.roll(3)], KINDS[dice.roll(4)], NOTES[dice.roll(4)]);
        let total = dice.roll(40) as u64;
        let known: Vec<(u64, Written)> = written
            .iter()
            .enumerate()
            .filter_map(|(sequence, event)| Some((sequence as u64, event.clone()?)))
            .collect();
        let cause = (dice.roll(3) == 0 && !known.is_empty()).then(|| known[dice.roll(known.len())].clone());
        let mut options = AppendOptions::new();
        if let Some((_, cause)) = &cause {
            options = options
                .with_causation(CausationId::from(cause.id))
                .with_correlation(CorrelationId::from(cause.correlation));
        }
        let payload = json!({"total": total, "note": note, "deep": {"n": total % 7}});
        let coordinate = Coordinate::new(&entity, scope).unwrap();
        let kind_of = EventKind::from_raw_u16(kind);
        let receipt = store.append_with_options(&coordinate, kind_of, &payload, options).unwrap();
        let header = store.event_at(receipt.sequence).unwrap().raw.header;
        written.resize(receipt.sequence as usize, None);
        written.push(Some(Written {
            entity,
            scope,
            kind,
            total,
            note,
            cause: cause.map(|(sequence, _)| sequence),
            id: header.event_id.into(),
            correlation: header.correlation_id.into(),
            time_us: header.timestamp_us,
            bytes: u64::from(header.payload_size),
        }));
    }
    written
}

/// Whether an event at a place meets a demand.
type Takes = Box<dyn Fn(u64, &Written) -> bool>;

/// A demand as a line writes it, and who meets it.
struct Demand {
    line: String,
    takes: Takes,
}

fn term(dice: &mut Dice, written: &[Option<Written>]) -> Demand {
    let event = loop {
        let at = dice.roll(written.len());
        if let Some(event) = &written[at] {
            break (at as u64, event.clone());
        }
    };
    let (at, event) = event;
    let demand = |line: String, takes: Takes| Demand { line, takes };
    match dice.roll(14) {
        0 => {
            let space = event.entity.split(':').next().unwrap().to_owned();
            let below = format!("{space}:");
            demand(format!("entity:{space}"), Box::new(move |_, e| e.entity.starts_with(&below)))
        }
        1 => demand(format!("entity:{}", event.entity), Box::new(move |_, e| e.entity == event.entity)),
        2 => {
            let line = format!("entity:{}*", &event.entity[..event.entity.len() - 1]);
            let head = event.entity[..event.entity.len() - 1].to_owned();
            demand(line, Box::new(move |_, e| e.entity.starts_with(&head)))
        }
        3 => demand(format!("kind:0x{:04x}", event.kind), Box::new(move |_, e| e.kind == event.kind)),
        4 => demand("kind:P*,Sent".to_owned(), Box::new(|_, e| e.kind != 0x2002)),
        5 => demand(format!("scope:\"{}\"", event.scope), Box::new(move |_, e| e.scope == event.scope)),
        6 => {
            let digits = format!("{:032x}", event.correlation);
            let from = [0, 24][dice.roll(2)];
            let line = format!("corr:{}", &digits[from..]);
            let digits = digits[from..].to_owned();
            demand(line, Box::new(move |_, e| format!("{:032x}", e.correlation).ends_with(&digits)))
        }
        7 => demand(format!("cause:#{at}"), Box::new(move |_, e| e.cause == Some(at))),
        8 => demand(format!("id:#{at},{:032x}", event.id), Box::new(move |place, _| place == at)),
        9 => demand(format!("after:#{at}"), Box::new(move |place, _| place > at)),
        10 => {
            let time = jiff::Timestamp::from_microsecond(event.time_us).unwrap();
            demand(format!("before:{time}"), Box::new(move |_, e| e.time_us < event.time_us))
        }
        11 => demand(format!("payload.total>={}", event.total), Box::new(move |_, e| e.total >= event.total)),
        12 => demand(format!("size:>{}", event.bytes), Box::new(move |_, e| e.bytes > event.bytes)),
        _ => demand("\"GIFT c\"".to_owned(), Box::new(|_, e| e.note == "gift card")),
    }
}

fn expression(dice: &mut Dice, written: &[Option<Written>], depth: usize) -> Demand {
    match if depth == 0 { 0 } else { dice.roll(5) } {
        0 | 1 => term(dice, written),
        2 => {
            let inner = expression(dice, written, depth - 1);
            Demand { line: format!("-({})", inner.line), takes: Box::new(move |at, e| !(inner.takes)(at, e)) }
        }
        sort => {
            let (a, b) = (expression(dice, written, depth - 1), expression(dice, written, depth - 1));
            let mut line = String::new();
            let joined = if sort == 3 { "and" } else { "or" };
            write!(line, "({}) {joined} ({})", a.line, b.line).unwrap();
            let takes = move |at: u64, e: &Written| match sort {
                3 => (a.takes)(at, e) && (b.takes)(at, e),
                _ => (a.takes)(at, e) || (b.takes)(at, e),
            };
            Demand { line, takes: Box::new(takes) }
        }
    }
}

/// Searches until all is searched.
fn found(handle: &Handle, line: &str) -> (Vec<u64>, Matched) {
    let mut holes = Holes::default();
    while !holes.extend(handle).unwrap() {}
    let mut search = Search::new(RequestId(1), &query(line), handle, 0);
    while !search.is_complete(handle) {
        search.step(handle, &holes).unwrap();
    }
    let matched = search.matched(handle, &holes);
    let places = search.sequences(0..u64::MAX, &holes);
    for (row, place) in places.iter().enumerate().step_by(7) {
        assert_eq!(search.row_of(*place, &holes), Some(row as u64));
    }
    (places, matched)
}

#[test]
fn every_expression_finds_what_looking_at_every_event_finds() {
    let directory = tempfile::tempdir().unwrap();
    let config = StoreConfig::new(directory.path()).with_segment_max_bytes(64 * 1024);
    let store = Store::open(config).unwrap();
    let written = fill(&store, 900);
    store.close().unwrap();
    let handle =
        Handle::open(directory.path(), OpenMode::ReadOnly, &mut |_, _| std::ops::ControlFlow::Continue(()))
            .unwrap();
    let mut some_found = 0;
    for seed in 1..=400_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let demand = expression(&mut dice, &written, 3);
        let (places, matched) = found(&handle, &demand.line);
        // What the store wrote itself is not what the test knows: only its own events are compared.
        let own = |place: &u64| written.get(*place as usize).is_some_and(Option::is_some);
        let places: Vec<u64> = places.into_iter().filter(own).collect();
        let expected: Vec<u64> = (0_u64..)
            .zip(&written)
            .filter(|(place, event)| event.as_ref().is_some_and(|event| (demand.takes)(*place, event)))
            .map(|(place, _)| place)
            .collect();
        assert_eq!(places, expected, "seed {seed}: {} ({})", demand.line, matched.served_by);
        assert!(matched.complete && matched.searched == matched.total);
        some_found += usize::from(!expected.is_empty());
    }
    assert!(some_found > 150, "{some_found} of 400 expressions found something");
}

#[test]
fn what_the_index_answers_is_not_scanned_for_and_it_is_said_what_answered() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(directory.path())).unwrap();
    fill(&store, 40);
    store.close().unwrap();
    let handle =
        Handle::open(directory.path(), OpenMode::ReadOnly, &mut |_, _| std::ops::ControlFlow::Continue(()))
            .unwrap();
    for (line, served_by, reads) in [
        ("", "commit order", false),
        ("after:#3", "commit order", false),
        ("entity:order", "entity index", false),
        ("-kind:Paid", "kind index", false),
        ("entity:order kind:Paid or scope:shop", "indices", false),
        ("after:2026-01-01", "time index", false),
        ("cause:#2", "cause index", false),
        ("corr:ab", "scan", true),
        ("late", "scan", true),
        ("entity:order late", "index, then scan", true),
        ("kind:Paid or late", "scan", true),
        ("flag:removed", "index", false),
    ] {
        let search = Search::new(RequestId(1), &query(line), &handle, 0);
        assert_eq!((search.plan.served_by, search.scans()), (served_by, reads), "{line}");
    }
}

#[test]
fn what_a_result_consists_of_is_counted_and_paths_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(directory.path())).unwrap();
    let written = fill(&store, 300);
    store.close().unwrap();
    let handle =
        Handle::open(directory.path(), OpenMode::ReadOnly, &mut |_, _| std::ops::ControlFlow::Continue(()))
            .unwrap();
    let mut holes = Holes::default();
    while !holes.extend(&handle).unwrap() {}
    let mut search = Search::new(RequestId(1), &query("scope:shop"), &handle, 0);
    while !search.is_complete(&handle) {
        search.step(&handle, &holes).unwrap();
    }
    let facets = search.facets(&handle, &holes);
    let of_shop = || written.iter().flatten().filter(|event| event.scope == "shop");
    let paid = of_shop().filter(|event| event.kind == 0x1002).count() as u64;
    assert!(facets.is_exact && facets.kinds.contains(&(EventKind::from_raw_u16(0x1002), paid)));
    assert_eq!(facets.scopes, [("shop".into(), of_shop().count() as u64)]);
    let paths: Vec<&str> = facets.paths.iter().map(|(path, _)| path.as_str()).collect();
    assert!(["total", "note", "deep.n"].iter().all(|path| paths.contains(path)), "{paths:?}");
}

#[test]
fn places_that_cannot_be_read_match_what_their_number_and_their_damage_decide() {
    let damaged = query("flag:damaged after:#5");
    assert_eq!((takes_hole(&damaged, 5), takes_hole(&damaged, 6)), (Some(false), Some(true)));
    assert_eq!(takes_hole(&query("flag:damaged kind:Paid"), 6), None);
    assert_eq!(takes_hole(&query("flag:damaged or kind:Paid"), 6), Some(true));
    assert_eq!(takes_hole(&query("-flag:damaged"), 6), Some(false));
    assert_eq!(takes_hole(&query("after:#5"), 6), None);
}
