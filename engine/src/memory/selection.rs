//! Owns selections: which events are asked for by what the index knows, and answering that within one part.

use std::collections::BTreeMap;
use std::ops::Bound::{Included, Unbounded};

use crate::disk::segment::SegmentName;
use crate::memory::live::LivePart;
use crate::memory::postings::{Postings, Union, present};
use crate::memory::sealed::{Names, SealedPart, Tag};
use crate::words::error::StoreError;
use crate::words::id::{CorrelationId, EventId};
use crate::words::kind::EventKind;
use crate::words::region::{KindFilter, Region, in_namespace};

/// Which events are asked for. All parts must hold; the default takes every event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// Entity namespace, scope, kind filter. The clock range is not looked at.
    pub region: Region,
    /// Exactly this entity, without those below it.
    pub stream: Option<String>,
    /// Any of these kinds; empty means every kind.
    pub kinds: Vec<EventKind>,
    /// Members of this conversation, the event that began it included.
    pub correlation: Option<CorrelationId>,
    /// Events that this event caused.
    pub cause: Option<EventId>,
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

    /// True if the index can only propose events, and each must be compared.
    pub(crate) fn needs_confirmation(&self) -> bool {
        self.correlation.is_some() || self.cause.is_some()
    }

    fn takes_kind(&self, kind: u16) -> bool {
        let kind = EventKind::from_raw_u16(kind);
        self.region.fact().is_none_or(|filter| filter.matches(kind))
            && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }

    fn asks_for_kinds(&self) -> bool {
        !self.kinds.is_empty() || self.region.fact().is_some_and(|filter| *filter != KindFilter::Any)
    }
}

/// Where a frame lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: SegmentName,
    pub(crate) offset: u32,
}

/// Ordinals `from..end`, at most `limit` of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: u32,
    pub(crate) end: u32,
    pub(crate) limit: usize,
}

/// One demand of a selection within a part: any of these postings.
type Demand<'a> = Vec<Postings<'a>>;

/// Appends the ordinals of a span that meet every demand. Without a demand all do that are not in `removed`.
fn intersect(mut demands: Vec<Demand<'_>>, removed: Postings<'_>, span: Span, out: &mut Vec<u32>) {
    demands.sort_by_key(|demand| demand.iter().map(Postings::len).sum::<usize>());
    let Some((driver, others)) = demands.split_first() else {
        out.extend(present(removed, span.from..span.end).take(span.limit));
        return;
    };
    let meets = |ordinal: &u32| others.iter().all(|demand| demand.iter().any(|list| list.contains(*ordinal)));
    out.extend(
        Union::new(driver.clone(), span.from)
            .take_while(|ordinal| *ordinal < span.end)
            .filter(meets)
            .take(span.limit),
    );
}

/// Answers a selection from the growing index.
pub(crate) fn select_live(part: &LivePart, selection: &Selection, span: Span, out: &mut Vec<u32>) {
    let mut demands: Vec<Demand<'_>> = Vec::new();
    let removed = selection.removed.then_some(&part.removed_streams);
    let streams = || [&part.streams].into_iter().chain(removed);
    if let Some(entity) = &selection.stream {
        let lists = streams().filter_map(|streams| streams.get(&**entity));
        demands.push(lists.map(|ordinals| Postings::Slice(ordinals)).collect());
    }
    if let Some(prefix) = selection.region.entity_prefix() {
        let from = |streams| BTreeMap::range::<str, _>(streams, (Included(prefix), Unbounded));
        let names =
            streams().flat_map(|streams| from(streams).take_while(|(name, _)| name.starts_with(prefix)));
        let below = names.filter(|(name, _)| in_namespace(prefix, name));
        demands.push(below.map(|(_, ordinals)| Postings::Slice(ordinals)).collect());
    }
    if let Some(scope) = selection.region.scope_value() {
        demands.push(part.scopes.get(scope).map(|ordinals| Postings::Slice(ordinals)).into_iter().collect());
    }
    if selection.asks_for_kinds() {
        let kinds = part.by_kind.iter().filter(|(kind, _)| selection.takes_kind(**kind));
        demands.push(kinds.map(|(_, ordinals)| Postings::Slice(ordinals)).collect());
    }
    if let Some(id) = selection.correlation {
        let id = u128::from(id);
        demands.push(vec![LivePart::candidates(&part.ids, id), LivePart::candidates(&part.correlations, id)]);
    }
    if let Some(id) = selection.cause {
        demands.push(vec![LivePart::candidates(&part.causations, id.into())]);
    }
    let left_out: &[u32] = if selection.removed { &[] } else { &part.removed };
    intersect(demands, Postings::Slice(left_out), span, out);
}

/// Answers a selection from a sealed index.
pub(crate) fn select_sealed(
    part: &SealedPart,
    selection: &Selection,
    span: Span,
    out: &mut Vec<u32>,
) -> Result<(), StoreError> {
    let asks_streams = selection.stream.is_some() || selection.region.entity_prefix().is_some();
    let streams = asks_streams.then(|| part.names(Tag::Streams)).transpose()?;
    let removed_streams = if asks_streams && selection.removed { part.removed_streams()? } else { None };
    let streams: Vec<Names> = streams.into_iter().chain(removed_streams).collect();
    let scopes = selection.region.scope_value().map(|_| part.names(Tag::Scopes)).transpose()?;
    let kinds = selection.asks_for_kinds().then(|| part.kind_rows()).transpose()?;
    let id_candidates = |tag, id: Option<u128>| id.map(|id| part.candidates(tag, id)).transpose();
    let correlation = selection.correlation.map(u128::from);
    let own = id_candidates(Tag::Ids, correlation)?;
    let members = id_candidates(Tag::Correlations, correlation)?;
    let effects = id_candidates(Tag::Causations, selection.cause.map(u128::from))?;

    let mut demands: Vec<Demand<'_>> = Vec::new();
    if let Some(entity) = &selection.stream {
        demands.push(streams.iter().filter_map(|names| names.find(entity)).collect());
    }
    if let Some(prefix) = selection.region.entity_prefix() {
        demands.push(streams.iter().flat_map(|names| names.below(prefix)).collect());
    }
    if let (Some(names), Some(scope)) = (&scopes, selection.region.scope_value()) {
        demands.push(names.find(scope).into_iter().collect());
    }
    if let Some((bytes, rows)) = &kinds {
        let taken = rows.iter().filter(|(kind, ..)| selection.takes_kind(*kind));
        let postings = |(_, first, count): &(u16, u32, u32)| {
            SealedPart::kind_postings(bytes, rows.len(), *first, *count)
        };
        demands.push(taken.map(postings).collect());
    }
    if let (Some(own), Some(members)) = (&own, &members) {
        demands.push(vec![Postings::Slice(own), Postings::Slice(members)]);
    }
    if let Some(effects) = &effects {
        demands.push(vec![Postings::Slice(effects)]);
    }
    let left_out = if selection.removed { None } else { part.removed()? };
    intersect(demands, Postings::Bytes(left_out.as_deref().unwrap_or_default()), span, out);
    Ok(())
}
