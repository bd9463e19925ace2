//! Owns which lanes a timeline has, and keeps what is known of those that were asked for last.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

use causeway::coordinate::Region;
use causeway::store::{Selection, StoreError};

use crate::worker::handle::Handle;
use crate::worker::protocol::{Lane, LaneBy, LaneKey, TimeAxis, TimelineQuestion, Window};
use crate::worker::timeline::blocks::{Blocks, Log};
use crate::worker::timeline::postings::Postings;

/// Lanes that are kept though nobody asks for them at this moment.
const KEPT_MAX: usize = 96;
/// Lanes that are ranked.
const RANKED_MAX: usize = 1_000;
/// Newest events whose conversations are lanes.
const NEWEST: usize = 512;
/// Events of a conversation whose entities are lanes.
const MEMBERS_MAX: usize = 512;

/// The lanes that were asked for last.
#[derive(Default)]
pub(super) struct Lanes {
    /// What the ranks are of.
    ranked: Option<(LaneBy, Option<u64>)>,
    ranks: Vec<LaneKey>,
    /// How many events there were when the lanes were ranked.
    ranked_at: u64,
    count: usize,
    known: HashMap<LaneKey, Postings>,
    clock: u64,
}

impl Lanes {
    /// Ranks the lanes, unless they are. The order stays while events arrive, so that no lane moves under the pointer.
    pub(super) fn rank(&mut self, handle: &Handle, question: &TimelineQuestion) -> Result<(), StoreError> {
        let wanted = (question.lanes, question.focus.filter(|_| question.lanes == LaneBy::Flow));
        let visible = handle.visible();
        let is_short = self.ranks.len() < question.ranks.end && self.ranked_at != visible;
        // An order that was found when there was hardly anything says little.
        let is_old = visible / 2 > self.ranked_at;
        if self.ranked == Some(wanted) && !is_short && !is_old {
            return Ok(());
        }
        self.ranks = match question.lanes {
            LaneBy::Entity => most(handle.entities()?, &mut self.count, LaneKey::Entity),
            LaneBy::Kind => most(handle.kinds()?, &mut self.count, LaneKey::Kind),
            LaneBy::Scope => most(handle.scopes()?, &mut self.count, LaneKey::Scope),
            LaneBy::Correlation => conversations(handle)?,
            LaneBy::Flow => wanted.1.map_or(Ok(Vec::new()), |focus| flow(handle, focus))?,
        };
        if matches!(question.lanes, LaneBy::Correlation | LaneBy::Flow) {
            self.count = self.ranks.len();
        }
        self.ranked = Some(wanted);
        self.ranked_at = visible;
        Ok(())
    }

    /// How many lanes there are in all.
    pub(super) fn count(&self) -> usize {
        self.count.min(self.ranks.len())
    }

    /// Goes on with the lanes of these ranks until `deadline`. True if nothing is left.
    pub(super) fn advance(
        &mut self,
        log: Log<'_>,
        blocks: &mut Blocks,
        (ranks, marked): (&Range<usize>, (TimeAxis, Window, &Range<u64>)),
        deadline: Instant,
    ) -> Result<bool, StoreError> {
        self.clock += 1;
        let end = ranks.end.min(self.ranks.len());
        for key in self.ranks.get(ranks.start.min(end)..end).unwrap_or_default() {
            let lane =
                self.known.entry(key.clone()).or_insert_with(|| Postings::new(key.clone(), selection(key)));
            lane.used = self.clock;
            let is_done = lane.extend(log, deadline)? && lane.mark(log, blocks, marked, deadline)?;
            if !is_done || Instant::now() >= deadline {
                // The deadline may have come with the last lane; the next step finds that out at no cost.
                return Ok(false);
            }
        }
        self.forget_far();
        Ok(true)
    }

    /// The lanes of these ranks, as far as they are known.
    pub(super) fn lanes(&self, ranks: &Range<usize>) -> Vec<Lane> {
        let end = ranks.end.min(self.ranks.len());
        let keys = self.ranks.get(ranks.start.min(end)..end).unwrap_or_default();
        keys.iter()
            .map(|key| match self.known.get(key) {
                Some(postings) => postings.lane(),
                None => Postings::new(key.clone(), Selection::default()).lane(),
            })
            .collect()
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(super) fn rewind(&mut self, end: u64) {
        self.ranked = None;
        self.known.values_mut().for_each(|lane| lane.rewind(end));
    }

    /// Forgets what was not asked for lately; what is shown now stays, however much it is.
    fn forget_far(&mut self) {
        while self.known.len() > KEPT_MAX {
            let idle = self.known.values().filter(|lane| lane.used < self.clock);
            let Some(oldest) = idle.min_by_key(|lane| lane.used).map(|lane| lane.key.clone()) else { return };
            self.known.remove(&oldest);
        }
    }
}

/// Those with most events, in a stable order.
fn most<T: Ord + Clone>(
    mut counted: Vec<(T, u64)>,
    count: &mut usize,
    key: impl Fn(T) -> LaneKey,
) -> Vec<LaneKey> {
    *count = counted.len();
    let before = |a: &(T, u64), b: &(T, u64)| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0));
    if counted.len() > RANKED_MAX {
        counted.select_nth_unstable_by(RANKED_MAX, before);
        counted.truncate(RANKED_MAX);
    }
    counted.sort_unstable_by(before);
    counted.into_iter().map(|(name, _)| key(name)).collect()
}

/// The conversations of the newest events, the newest first.
fn conversations(handle: &Handle) -> Result<Vec<LaneKey>, StoreError> {
    let mut found = Vec::new();
    let everything = Selection { hidden: true, ..Selection::default() };
    for sequence in handle.select_before(&everything, handle.visible(), NEWEST)? {
        let Ok(event) = handle.event_at(sequence) else { continue };
        let key = LaneKey::Correlation(event.raw.header.correlation_id);
        if !found.contains(&key) {
            found.push(key);
        }
    }
    Ok(found)
}

/// The entities of an event's conversation in the order in which they join it.
fn flow(handle: &Handle, focus: u64) -> Result<Vec<LaneKey>, StoreError> {
    let Ok(event) = handle.event_at(focus) else { return Ok(Vec::new()) };
    let conversation = Selection::correlation(event.raw.header.correlation_id);
    let mut found = Vec::new();
    for sequence in handle.select(&conversation, 0, MEMBERS_MAX)?.into_iter().chain([focus]) {
        let Ok(event) = handle.event_at(sequence) else { continue };
        let key = LaneKey::Entity(event.raw.coordinate.entity().into());
        if !found.contains(&key) {
            found.push(key);
        }
    }
    Ok(found)
}

fn selection(key: &LaneKey) -> Selection {
    let everything = Selection { hidden: true, ..Selection::default() };
    match key {
        LaneKey::Entity(entity) => Selection { stream: Some(entity.to_string()), ..everything },
        LaneKey::Kind(kind) => Selection { kinds: vec![*kind], ..everything },
        LaneKey::Scope(scope) => Selection { region: Region::all().with_scope(scope), ..everything },
        LaneKey::Correlation(id) => Selection { correlation: Some(*id), ..everything },
    }
}
