//! Owns what tells that a log has lost something at its end: frames that call events synced, and indexes that know more than their
//! segments. An index never adds or takes an event: it is evidence only.

use crate::disk::segment::{INDEX_SUFFIX, SEGMENT_SUFFIX, SegmentName};
use crate::disk::storage::Directory;
use crate::memory::live::LivePart;
use crate::memory::sealed::SealedHeader;
use crate::memory::survey::{Segment, missing_events};
use crate::memory::walk::{Tail, walk_past_damage};
use crate::words::error::StoreError;
use crate::words::finding::Finding;

/// Says that the newest segment ends before its index does, which was stored when all of its events were on stable storage.
pub(crate) fn cut_short(directory: &dyn Directory, segment: &Segment, end: u64) -> Option<Finding> {
    let index = directory.open(&segment.name.index_name()).ok()?;
    let header = SealedHeader::read(&*index)?;
    let is_of_segment = header.store_id == segment.header.store_id
        && (header.first, header.generation) == (segment.name.first, segment.name.generation);
    (is_of_segment && header.end > end).then(|| missing_events(&(end..header.end)).in_file(segment.name))
}

/// Says that the segments of these indexes are gone, as far as they stood behind the newest that is there: only what lies before it is
/// ever replaced.
pub(crate) fn gone<'a>(
    directory: &dyn Directory,
    indexes: impl Iterator<Item = &'a String>,
    newest: Option<SegmentName>,
) -> Vec<Finding> {
    let told = |name: &String| {
        let stem = name.strip_suffix(INDEX_SUFFIX)?;
        let segment = SegmentName::parse(&format!("{stem}{SEGMENT_SUFFIX}"))?;
        let header = SealedHeader::read(&*directory.open(name).ok()?)?;
        let is_behind = newest.is_none_or(|newest| segment.first > newest.first);
        let is_lost = is_behind && header.end > segment.first;
        is_lost.then(|| missing_events(&(segment.first..header.end)).in_file(segment))
    };
    indexes.filter_map(told).collect()
}

/// Greatest sequence that any readable frame, also behind the bad spot, calls synced.
pub(crate) fn floor_behind(segment: &Segment, tail: &Tail) -> Result<u64, StoreError> {
    let mut beyond = tail.clone();
    let mut scratch = LivePart::new(segment.name, tail.next_sequence, i64::MIN);
    walk_past_damage(segment, &mut beyond, &mut scratch, None, &mut |_, _, _| {})?;
    Ok(beyond.synced_through)
}
