//! Owns selections: which events are asked for by what the index knows, and answering that within one part.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};
use std::ops::Range;

use crate::disk::segment::SegmentName;
use crate::memory::files::Sourced;
use crate::memory::live::{BLOCK_LEN, LivePart};
use crate::memory::postings::{Order, Postings, Union, present, present_back};
use crate::memory::rows::{Rows, SealedSections};
use crate::memory::sealed::{Names, SealedPart, Tag};
use crate::words::error::StoreError;
use crate::words::id::{CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::region::{KindFilter, Region};
use crate::words::sync::Arc;

/// Rows that are tested one by one, for each wanted, before the postings of a large namespace are merged: one look at a row is cheap,
/// and a namespace may have as many postings as the store has entities.
const TESTED_PER_WANTED: usize = 16;
/// Fewest and most rows that are tested one by one.
const TESTED: (usize, usize) = (1_024, 65_536);
/// Most streams of a namespace whose postings are merged right away.
const FEW_STREAMS: usize = 64;

/// Which events are asked for. All parts must hold; the default takes every event.
///
/// ```
/// use causeway::coordinate::Region;
/// use causeway::store::Selection;
///
/// // What happened to orders in one hour.
/// let hour = Selection::region(Region::entity("order")).between(1_700_000_000_000_000..1_700_003_600_000_000);
/// assert_eq!(hour.time_us, Some(1_700_000_000_000_000..1_700_003_600_000_000));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Entity namespace, scope, kind filter and places in the stream. Only frames tell places, so a range of them makes every event that
    /// the rest takes be read; of a single stream just the range is.
    pub region: Region,
    /// Exactly this entity, without those below it.
    pub stream: Option<String>,
    /// Any of these kinds; empty means every kind.
    pub kinds: Vec<EventKind>,
    /// Members of this conversation, the event that began it included.
    pub correlation: Option<CorrelationId>,
    /// Events that this event caused.
    pub cause: Option<EventId>,
    /// Events whose time, in microseconds since 1970 as the clock told it, lies in this range. A clock may step back, so that they need
    /// not follow each other.
    pub time_us: Option<Range<i64>>,
    /// Also events that the program that wrote them hides (batpak directories only).
    pub hidden: bool,
    /// Also what retention removed, as events of kind [`EventKind::TOMBSTONE`] without scope and payload. Nothing but their entity and
    /// id is known, so that a demand for anything else takes none of them.
    pub removed: bool,
}

impl Selection {
    /// The events of a region.
    pub fn region(region: Region) -> Self {
        Self { region, ..Self::default() }
    }

    /// The events of exactly one entity.
    pub fn stream(entity: impl Into<String>) -> Self {
        Self { stream: Some(entity.into()), ..Self::default() }
    }

    /// The members of a conversation, the event that began it included.
    pub fn correlation(id: CorrelationId) -> Self {
        Self { correlation: Some(id), ..Self::default() }
    }

    /// The events that an event caused.
    pub fn effects_of(id: EventId) -> Self {
        Self { cause: Some(id), ..Self::default() }
    }

    /// Keeps only the events whose time lies in a range, in microseconds since 1970.
    #[must_use]
    pub fn between(mut self, time_us: Range<i64>) -> Self {
        self.time_us = Some(time_us);
        self
    }

    /// True if the index can only propose events, and each must be compared.
    pub(crate) fn needs_confirmation(&self) -> bool {
        self.correlation.is_some() || self.cause.is_some() || self.region.clock_range().is_some()
    }

    /// False for an event that the index proposed and that says something else, for a hidden one and for one that retention removed.
    pub(crate) fn confirms(&self, found: &Sourced) -> bool {
        let header = &found.event.header;
        let cause = header.causation_id.map(u128::from);
        (self.hidden || !found.hidden)
            && (self.removed || !found.is_passed_over())
            && self.correlation.is_none_or(|id| header.correlation_id == id)
            && self.cause.is_none_or(|id| cause == Some(id.into()))
            && self.region.takes_clock(header.position.sequence())
    }

    pub(super) fn takes_kind(&self, kind: u16) -> bool {
        let kind = EventKind::from_raw_u16(kind);
        self.region.fact().is_none_or(|filter| filter.matches(kind))
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }

    pub(super) fn asks_for_kinds(&self) -> bool {
        !self.kinds.is_empty() || self.region.fact().is_some_and(|filter| *filter != KindFilter::Any)
    }

    /// False if no event whose time lies in `times`, both ends included, is asked for.
    fn may_lie_in(&self, times: (i64, i64)) -> bool {
        self.time_us.as_ref().is_none_or(|range| range.start <= times.1 && times.0 < range.end)
    }
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: SegmentName,
    pub(crate) offset: u32,
    /// Most bytes that the frame takes if the index is right; 0 if it does not know. A hint for how much to read at once.
    pub(crate) room: u32,
}

/// Ordinals `from..end`, at most `limit` of them in this order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) end: u32,
    pub(crate) limit: usize,
    pub(crate) order: Order,
}

impl Span {
    fn len(&self) -> usize {
        self.end.saturating_sub(self.from) as usize
    }

    /// The first `rows` of the span in its order, and the rest.
    fn split(self, rows: usize) -> (Self, Self) {
        let rows = rows.min(self.len()) as u32;
        match self.order {
            Order::Ascending => {
                let middle = self.from + rows;
                (Self { end: middle, ..self }, Self { from: middle, ..self })
            }
            Order::Descending => {
                let middle = self.end - rows;
                (Self { from: middle, ..self }, Self { end: middle, ..self })
            }
        }
    }
}

/// One demand of a selection within a part: any of these postings.
type Demand<'a> = Vec<Postings<'a>>;

/// What a selection asks of one part.
struct Question<'a> {
    rows: Rows<'a>,
    /// Demands that a search in postings tests.
    listed: Vec<Demand<'a>>,
    /// Postings of the kinds that are asked for; columns test them.
    kinds: Option<Demand<'a>>,
    /// Rows that are in no postings and are not wanted all the same.
    left_out: Postings<'a>,
    by_time: bool,
}

impl<'a> Question<'a> {
    /// Appends the ordinals that the selection takes. `namespace` gives the postings of the entities that are asked for, if entities are
    /// and there are not too many. Returns how many rows and postings were looked at.
    fn answer(
        self,
        span: Span,
        namespace: Option<impl Fn(usize) -> Option<Demand<'a>>>,
        out: &mut Vec<u32>,
    ) -> u64 {
        let demands = self.listed.iter().chain(&self.kinds).cloned();
        let few = namespace.as_ref().and_then(|postings| postings(FEW_STREAMS));
        let smallest = demands.chain(few).min_by_key(total);
        if namespace.is_none() && !self.by_time && smallest.is_none() {
            return everything(self.left_out, span, out);
        }
        let in_time = self.rows.in_time();
        let (from, end) = (span.from.max(in_time.start), span.end.min(in_time.end));
        let span = Span { from, end: end.max(from), ..span };
        if let Some(demand) = smallest {
            return self.merge(demand, span, out);
        }
        let Some(namespace) = namespace else { return self.scan(span, out) };
        let tested = span.limit.saturating_mul(TESTED_PER_WANTED).clamp(TESTED.0, TESTED.1);
        let (first, rest) = span.split(tested);
        let before = out.len();
        let looks = self.scan(first, out);
        let rest = Span { limit: rest.limit - (out.len() - before), ..rest };
        if rest.len() == 0 || rest.limit == 0 {
            return looks;
        }
        looks + namespace(usize::MAX).map_or(0, |demand| self.merge(demand, rest, out))
    }

    fn takes(&self, ordinal: u32) -> bool {
        self.rows.pass(ordinal)
            && self.listed.iter().all(|demand| demand.iter().any(|list| list.contains(ordinal)))
    }

    /// Tests each row, block by block.
    fn scan(&self, span: Span, out: &mut Vec<u32>) -> u64 {
        let (mut looks, wanted) = (0, out.len().saturating_add(span.limit));
        let mut left = span.from..span.end;
        while !left.is_empty() && out.len() < wanted {
            let next = match span.order {
                Order::Ascending => left.start,
                Order::Descending => left.end - 1,
            };
            let block = next as usize / BLOCK_LEN;
            let rows = (block * BLOCK_LEN) as u32..((block + 1) * BLOCK_LEN) as u32;
            let rows = rows.start.max(left.start)..rows.end.min(left.end);
            match span.order {
                Order::Ascending => left.start = rows.end,
                Order::Descending => left.end = rows.start,
            }
            looks += 1;
            if !self.rows.may_hold(block) {
                continue;
            }
            let mut test = |ordinal: u32| {
                looks += 1;
                if self.takes(ordinal) {
                    out.push(ordinal);
                }
                out.len() < wanted
            };
            // The last test decides whether the block's rest is needed.
            let _all = match span.order {
                Order::Ascending => rows.clone().all(&mut test),
                Order::Descending => rows.clone().rev().all(&mut test),
            };
        }
        looks
    }

    /// Goes through the postings of one demand and tests the others.
    fn merge(&self, demand: Demand<'a>, span: Span, out: &mut Vec<u32>) -> u64 {
        let mut looks = demand.len() as u64;
        let in_span = |ordinal: &u32| match span.order {
            Order::Ascending => *ordinal < span.end,
            Order::Descending => *ordinal >= span.from,
        };
        let union = Union::new(demand, &(span.from..span.end), span.order).take_while(in_span);
        out.extend(union.inspect(|_| looks += 1).filter(|ordinal| self.takes(*ordinal)).take(span.limit));
        looks
    }
}

fn total(demand: &Demand<'_>) -> usize {
    demand.iter().map(Postings::len).sum()
}

fn everything(left_out: Postings<'_>, span: Span, out: &mut Vec<u32>) -> u64 {
    let before = out.len();
    match span.order {
        Order::Ascending => out.extend(present(left_out, span.from..span.end).take(span.limit)),
        Order::Descending => out.extend(present_back(left_out, span.from..span.end).take(span.limit)),
    }
    (out.len() - before) as u64
}

/// Answers a selection from the growing index. Returns how many rows and postings were looked at.
pub(crate) fn select_live(part: &LivePart, selection: &Selection, span: Span, out: &mut Vec<u32>) -> u64 {
    if !selection.may_lie_in((part.smallest_time, part.largest_time)) {
        return 1;
    }
    let tables = || [&part.streams].into_iter().chain(selection.removed.then_some(&part.removed_streams));
    let namespace = selection.region.entity_prefix().map(|prefix| {
        move |most: usize| {
            let found = tables().flat_map(|table| namespace_in(table, prefix)).take(most.saturating_add(1));
            let found: Demand<'_> = found.collect();
            (found.len() <= most).then_some(found)
        }
    });
    let mut listed: Vec<Demand<'_>> = Vec::new();
    if let Some(entity) = &selection.stream {
        let lists = tables().filter_map(|streams| streams.get(&**entity));
        listed.push(lists.map(|ordinals| Postings::Slice(ordinals)).collect());
    }
    // Columns do not know the streams of what was removed.
    let namespace = match namespace {
        Some(postings) if selection.removed => {
            listed.extend(postings(usize::MAX));
            None
        }
        namespace => namespace,
    };
    if let Some(scope) = selection.region.scope_value() {
        listed.push(part.scopes.get(scope).map(|ordinals| Postings::Slice(ordinals)).into_iter().collect());
    }
    if let Some(id) = selection.correlation {
        let id = u128::from(id);
        listed.push(vec![LivePart::candidates(&part.ids, id), LivePart::candidates(&part.correlations, id)]);
    }
    if let Some(id) = selection.cause {
        listed.push(vec![LivePart::candidates(&part.causations, id.into())]);
    }
    let kinds = selection.asks_for_kinds().then(|| {
        let kinds = part.by_kind.iter().filter(|(kind, _)| selection.takes_kind(**kind));
        kinds.map(|(_, ordinals)| Postings::Slice(ordinals)).collect()
    });
    let left_out = Postings::Slice(if selection.removed { &[] } else { &part.removed });
    let by_time = selection.time_us.is_some();
    Question { rows: Rows::live(part, selection), listed, kinds, left_out, by_time }
        .answer(span, namespace, out)
}

/// Postings of the names in a namespace.
fn namespace_in<'a>(
    table: &'a BTreeMap<Arc<str>, Vec<u32>>,
    prefix: &str,
) -> impl Iterator<Item = Postings<'a>> {
    let (own, below) = (table.get(prefix), format!("{prefix}:"));
    let names = table.range::<str, _>((Included(below.as_str()), Unbounded));
    let below = names.take_while(move |(name, _)| name.starts_with(&below)).map(|(_, ordinals)| ordinals);
    own.into_iter().chain(below).map(|ordinals| Postings::Slice(ordinals))
}

/// Answers a selection from a sealed index. Returns how many rows and postings were looked at.
pub(crate) fn select_sealed(
    part: &SealedPart,
    selection: &Selection,
    span: Span,
    out: &mut Vec<u32>,
) -> Result<u64, StoreError> {
    if !selection.may_lie_in(part.header.times) {
        return Ok(1);
    }
    let sections = SealedSections::load(part, selection)?;
    let asks_streams = selection.stream.is_some() || selection.region.entity_prefix().is_some();
    let streams = asks_streams.then(|| part.names(Tag::Streams)).transpose()?;
    let removed_streams = if asks_streams && selection.removed { part.removed_streams()? } else { None };
    let tables: Vec<Names> = streams.into_iter().chain(removed_streams).collect();
    let removed = part.removed()?.filter(|_| !selection.removed);
    let scopes = selection.region.scope_value().map(|_| part.names(Tag::Scopes)).transpose()?;
    let kinds = selection.asks_for_kinds().then(|| part.kind_rows()).transpose()?;
    let id_candidates = |tag, id: Option<u128>| id.map(|id| part.candidates(tag, id)).transpose();
    let correlation = selection.correlation.map(u128::from);
    let own = id_candidates(Tag::Ids, correlation)?;
    let members = id_candidates(Tag::Correlations, correlation)?;
    let effects = id_candidates(Tag::Causations, selection.cause.map(u128::from))?;

    let mut listed: Vec<Demand<'_>> = Vec::new();
    if let Some(entity) = &selection.stream {
        listed.push(tables.iter().filter_map(|names| names.find(entity)).collect());
    }
    if let (Some(names), Some(scope)) = (&scopes, selection.region.scope_value()) {
        listed.push(names.find(scope).into_iter().collect());
    }
    if let (Some(own), Some(members)) = (&own, &members) {
        listed.push(vec![Postings::Slice(own), Postings::Slice(members)]);
    }
    if let Some(effects) = &effects {
        listed.push(vec![Postings::Slice(effects)]);
    }
    let kinds = kinds.as_ref().map(|(bytes, rows)| {
        let taken = rows.iter().filter(|(kind, ..)| selection.takes_kind(*kind));
        taken.map(|(_, first, count)| SealedPart::kind_postings(bytes, rows.len(), *first, *count)).collect()
    });
    let namespace =
        selection.region.entity_prefix().map(|prefix| |most: usize| postings_below(&tables, prefix, most));
    // Columns do not know the streams of what was removed.
    let namespace = match namespace {
        Some(postings) if selection.removed => {
            listed.extend(postings(usize::MAX));
            None
        }
        namespace => namespace,
    };
    let rows = Rows::sealed(&sections, selection);
    let left_out = Postings::Bytes(removed.as_deref().unwrap_or_default());
    let by_time = selection.time_us.is_some();
    Ok(Question { rows, listed, kinds, left_out, by_time }.answer(span, namespace, out))
}

fn postings_below<'a>(tables: &'a [Names], prefix: &str, most: usize) -> Option<Demand<'a>> {
    let mut found = Demand::new();
    for names in tables {
        let (own, below) = names.namespace(prefix);
        if found.len() + below.len() + usize::from(own.is_some()) > most {
            return None;
        }
        found.extend(own.into_iter().chain(below).filter_map(|at| Some(names.get(at)?.1)));
    }
    Some(found)
}
