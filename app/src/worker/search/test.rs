//! Owns what is asked of an event that was read: everything that a query can ask, the cheap questions first.

use std::cell::OnceCell;
use std::ops::Range;

use causeway::event::EventKind;
use causeway::event::header::{FLAG_REPLAY, FLAG_REQUIRES_ACK, FLAG_TRANSACTIONAL};
use causeway::store::LogEvent;
use serde_json::Value;

use crate::state::query::{Compare, EventWord, Flag, Moment, Name, Query, Term};
use crate::worker::decode::decode;
use crate::worker::search::needle::Needle;
use crate::worker::search::path::PathTest;

/// More of a payload is not decoded: it is what a frame can hold.
const DECODED_MAX: usize = usize::MAX;

/// A question.
#[derive(Debug)]
pub(super) enum Test {
    Entity(Vec<Name>),
    Kind(Vec<EventKind>),
    Scope(Vec<Name>),
    /// Digits of the end as a number, and which bits they are.
    Correlation(Vec<(u128, u128)>),
    Cause(Vec<u128>),
    Id(Vec<EventWord>),
    Time(Range<i64>),
    Run(Range<u64>),
    Lane(Vec<u32>),
    Flag(Vec<Flag>),
    Size(Compare, u64),
    Payload(Box<PathTest>),
    Text(Needle),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

/// An event, and its payload once it was decoded.
struct Subject<'a> {
    event: &'a LogEvent,
    payload: OnceCell<Option<Value>>,
}

impl Test {
    /// What a query asks. `id_of` gives the id of an event that is named by its place.
    pub(super) fn of(query: &Query, id_of: &dyn Fn(EventWord) -> Option<u128>, now_us: i64) -> Self {
        let of_parts = |parts: &[Query]| {
            let mut tests: Vec<Self> = parts.iter().map(|part| Self::of(part, id_of, now_us)).collect();
            tests.sort_by_key(Self::cost);
            tests
        };
        match query {
            Query::Is(term) => Self::of_term(term, id_of, now_us),
            Query::Not(inner) => Self::Not(Box::new(Self::of(inner, id_of, now_us))),
            Query::All(parts) => Self::All(of_parts(parts)),
            Query::Any(parts) => Self::Any(of_parts(parts)),
        }
    }

    fn of_term(term: &Term, id_of: &dyn Fn(EventWord) -> Option<u128>, now_us: i64) -> Self {
        let end = |end: &String| {
            let bits = 4 * end.len() as u32;
            let mask = if bits >= 128 { u128::MAX } else { (1 << bits) - 1 };
            (u128::from_str_radix(end, 16).unwrap_or_default(), mask)
        };
        match term {
            Term::Entity(names) => Self::Entity(names.clone()),
            Term::Kind(_) => Self::Kind(term.kinds()),
            Term::Scope(names) => Self::Scope(names.clone()),
            Term::Correlation(ends) => Self::Correlation(ends.iter().map(end).collect()),
            Term::Cause(words) => Self::Cause(words.iter().filter_map(|word| id_of(*word)).collect()),
            Term::Id(words) => Self::Id(words.clone()),
            Term::After(Moment::Sequence(place)) => Self::Run(place.saturating_add(1)..u64::MAX),
            Term::Before(Moment::Sequence(place)) => Self::Run(0..*place),
            Term::After(moment) => Self::Time(moment.time_us(now_us).unwrap_or(i64::MIN)..i64::MAX),
            Term::Before(moment) => Self::Time(i64::MIN..moment.time_us(now_us).unwrap_or(i64::MAX)),
            Term::Lane(lanes) => Self::Lane(lanes.clone()),
            Term::Flag(flags) => Self::Flag(flags.clone()),
            Term::Size(compare, bytes) => Self::Size(*compare, *bytes),
            Term::Payload(path, test) => Self::Payload(Box::new(PathTest::new(path, test.as_ref()))),
            Term::Text(text) => Self::Text(Needle::new(text)),
        }
    }

    /// How much a question costs: looking at the header, at the bytes of the payload, at its value.
    fn cost(&self) -> u8 {
        match self {
            Self::Payload(_) => 2,
            Self::Text(_) | Self::Flag(_) => 1,
            Self::Not(inner) => inner.cost(),
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::cost).max().unwrap_or_default(),
            _ => 0,
        }
    }

    /// True if the event is what the query asks for.
    pub(super) fn takes(&self, event: &LogEvent) -> bool {
        self.asks(&Subject { event, payload: OnceCell::new() })
    }

    fn asks(&self, subject: &Subject<'_>) -> bool {
        let raw = &subject.event.raw;
        let header = &raw.header;
        match self {
            Self::Entity(names) => names.iter().any(|name| takes_entity(name, raw.coordinate.entity())),
            Self::Kind(kinds) => kinds.contains(&header.event_kind),
            Self::Scope(names) => names.iter().any(|name| name.fits(raw.coordinate.scope())),
            Self::Correlation(ends) => {
                let id = u128::from(header.correlation_id);
                ends.iter().any(|(end, mask)| id & mask == *end)
            }
            Self::Cause(ids) => header.causation_id.is_some_and(|cause| ids.contains(&u128::from(cause))),
            Self::Id(words) => words.iter().any(|word| match word {
                EventWord::Sequence(sequence) => *sequence == raw.global_sequence,
                EventWord::Id(id) => *id == u128::from(header.event_id),
            }),
            Self::Time(times) => times.contains(&header.timestamp_us),
            Self::Run(run) => run.contains(&raw.global_sequence),
            Self::Lane(lanes) => lanes.contains(&header.position.lane()),
            Self::Flag(flags) => flags.iter().any(|flag| subject.has(*flag)),
            Self::Size(compare, bytes) => compares(*compare, (raw.payload.len() as u64).cmp(bytes)),
            Self::Payload(test) => {
                test.may_be_in(&raw.payload) && subject.value().is_some_and(|value| test.takes(value))
            }
            Self::Text(needle) => needle.is_in(&raw.payload),
            Self::Not(inner) => !inner.asks(subject),
            Self::All(parts) => parts.iter().all(|part| part.asks(subject)),
            Self::Any(parts) => parts.iter().any(|part| part.asks(subject)),
        }
    }
}

impl Subject<'_> {
    fn value(&self) -> Option<&Value> {
        let raw = &self.event.raw;
        let decoded =
            || decode(raw.payload_form, &raw.payload, DECODED_MAX).ok().map(|decoded| decoded.value);
        self.payload.get_or_init(decoded).as_ref()
    }

    fn has(&self, flag: Flag) -> bool {
        let flags = self.event.raw.header.flags;
        match flag {
            Flag::Removed => self.event.removed.is_some(),
            Flag::Hidden => self.event.hidden,
            Flag::Undecoded => self.event.removed.is_none() && self.value().is_none(),
            Flag::Damaged => !self.event.findings.is_empty(),
            Flag::Transaction => flags & FLAG_TRANSACTIONAL != 0,
            Flag::Replay => flags & FLAG_REPLAY != 0,
            Flag::Ack => flags & FLAG_REQUIRES_ACK != 0,
        }
    }
}

/// A name takes what is below it as well; a pattern takes what it fits.
fn takes_entity(name: &Name, entity: &str) -> bool {
    let below = || entity.strip_prefix(name.text.as_str()).is_some_and(|rest| rest.starts_with(':'));
    name.fits(entity) || (!name.is_pattern && below())
}

/// What a sign says of two values that stand like this.
pub(super) fn compares(compare: Compare, order: std::cmp::Ordering) -> bool {
    match compare {
        Compare::Equal => order.is_eq(),
        Compare::Unequal => order.is_ne(),
        Compare::Less => order.is_lt(),
        Compare::AtMost => order.is_le(),
        Compare::More => order.is_gt(),
        Compare::AtLeast => order.is_ge(),
        Compare::Contains => false,
    }
}
