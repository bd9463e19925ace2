//! Owns the two files beside the segments that change what is shown: hidden ranges and the note of a running compaction.
//!
//! Floor 6. Must never hide an event on the word of a file whose checksum does not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Range;

use serde::Deserialize;

use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::pack::{PackError, PackReader};
use crate::disk::storage::{DirEntry, Directory};

const HIDDEN_FILE: &str = "visibility_ranges.fbv";
const HIDDEN_MAGIC: &[u8; 6] = b"FBATVR";
const COMPACTION_FILE: &str = "compaction.pending.json";
const SEGMENT_SUFFIX: &str = ".fbat";
const ASIDE_SUFFIX: &str = ".fbat.compact-src";
/// Of a longer list of hidden ranges, and of a longer note, the beginning is read, which then does not fit.
const MAX_HIDDEN_BYTES: u64 = 64 << 20;
const MAX_NOTE_BYTES: u64 = 1 << 20;
/// Missing sources of a compaction that are told one by one.
const MOST_MISSING: usize = 1_000;

/// Global sequences that a cancelled fence took out of sight.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HiddenRanges {
    /// Sorted, and none touches the next.
    ranges: Vec<Range<u64>>,
    /// By lane.
    lanes: BTreeMap<u32, Vec<Range<u64>>>,
}

/// The segments that count, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub(crate) segments: Vec<PlannedSegment>,
    pub(crate) findings: Vec<Damaged>,
}

/// A segment and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PlannedSegment {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) len_bytes: u64,
}

#[derive(Deserialize)]
struct CompactionNote {
    merged_id: u64,
    source_segment_ids: BTreeSet<u64>,
}

impl HiddenRanges {
    /// The ranges, for people: half-open, of all lanes.
    #[cfg(test)]
    pub(crate) fn ranges(&self) -> &[Range<u64>] {
        &self.ranges
    }

    /// The ranges that concern one lane only.
    #[cfg(test)]
    pub(crate) fn lanes(&self) -> &BTreeMap<u32, Vec<Range<u64>>> {
        &self.lanes
    }

    pub(crate) fn hides(&self, global_sequence: u64, lane: u32) -> bool {
        let holds = |ranges: &[Range<u64>]| {
            let after = ranges.partition_point(|range| range.start <= global_sequence);
            after
                .checked_sub(1)
                .and_then(|at| ranges.get(at))
                .is_some_and(|range| global_sequence < range.end)
        };
        holds(&self.ranges) || self.lanes.get(&lane).is_some_and(|ranges| holds(ranges))
    }

    /// Reads the list, if there is one.
    pub(crate) fn read(dir: &dyn Directory, entries: &[DirEntry]) -> io::Result<(Self, Option<Damaged>)> {
        let Some(bytes) = read_whole(dir, entries, (HIDDEN_FILE, MAX_HIDDEN_BYTES))? else {
            return Ok((Self::default(), None));
        };
        Ok(match decode_hidden(&bytes) {
            Ok((ranges, ..=2)) => (ranges, None),
            Ok((ranges, found)) => (ranges, Some(Damaged::of_store(Damage::HiddenRangesVersion { found }))),
            Err(reason) => (Self::default(), Some(Damaged::of_store(Damage::HiddenRanges { reason }))),
        })
    }
}

fn decode_hidden(bytes: &[u8]) -> Result<(HiddenRanges, u16), &'static str> {
    let Some((head, body)) = bytes.split_first_chunk::<12>() else { return Err("it is too short") };
    let [m0, m1, m2, m3, m4, m5, v0, v1, c0, c1, c2, c3] = *head;
    if &[m0, m1, m2, m3, m4, m5] != HIDDEN_MAGIC {
        return Err("it begins with something else");
    }
    if crc32fast::hash(body) != u32::from_le_bytes([c0, c1, c2, c3]) {
        return Err("its checksum does not fit");
    }
    let mut reader = PackReader::new(body);
    let HiddenRanges { ranges, lanes } =
        read_hidden_body(&mut reader).map_err(|_| "its contents cannot be read")?;
    let lanes = lanes.into_iter().map(|(lane, ranges)| (lane, apart(ranges))).collect();
    Ok((HiddenRanges { ranges: apart(ranges), lanes }, u16::from_le_bytes([v0, v1])))
}

fn read_hidden_body(reader: &mut PackReader<'_>) -> Result<HiddenRanges, PackError> {
    let mut hidden = HiddenRanges::default();
    let mut fields = reader.fields(&["ranges", "lane_ranges"])?;
    while let Some(place) = reader.next_field(&mut fields)? {
        if place == 0 {
            hidden.ranges = read_ranges(reader)?;
            continue;
        }
        for _ in 0..reader.array_length()? {
            let mut lane_fields = reader.fields(&["lane", "ranges"])?;
            let (mut lane, mut ranges) = (0, Vec::new());
            while let Some(place) = reader.next_field(&mut lane_fields)? {
                match place {
                    0 => lane = reader.number()?,
                    _ => ranges = read_ranges(reader)?,
                }
            }
            hidden.lanes.entry(lane).or_default().extend(ranges);
        }
    }
    Ok(hidden)
}

fn read_ranges(reader: &mut PackReader<'_>) -> Result<Vec<Range<u64>>, PackError> {
    let mut ranges = Vec::new();
    for _ in 0..reader.array_length()? {
        let mut fields = reader.fields(&["start", "end"])?;
        let mut range = 0..0;
        while let Some(place) = reader.next_field(&mut fields)? {
            match place {
                0 => range.start = reader.unsigned()?,
                _ => range.end = reader.unsigned()?,
            }
        }
        ranges.push(range);
    }
    Ok(ranges)
}

/// The same numbers in ranges that are sorted and apart from each other.
fn apart(mut ranges: Vec<Range<u64>>) -> Vec<Range<u64>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut apart: Vec<Range<u64>> = Vec::new();
    for range in ranges.into_iter().filter(|range| !range.is_empty()) {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// True if a directory holds a segment, or one that a compaction put aside.
pub(crate) fn holds_segments(entries: &[DirEntry]) -> bool {
    entries.iter().any(|entry| {
        numbered(&entry.name, SEGMENT_SUFFIX).is_some() || numbered(&entry.name, ASIDE_SUFFIX).is_some()
    })
}

/// Decides which files are the store.
pub(crate) fn plan(dir: &dyn Directory, entries: &[DirEntry]) -> io::Result<Plan> {
    let mut plan = Plan::default();
    for entry in entries {
        if let Some(id) = numbered(&entry.name, SEGMENT_SUFFIX) {
            plan.segments.push(planned(id, entry));
        }
    }
    plan.segments.sort_by(|a, b| (a.id, !a.is_canonical(), &a.name).cmp(&(b.id, !b.is_canonical(), &b.name)));
    let mut seen = None;
    let findings = &mut plan.findings;
    plan.segments.retain(|segment| {
        let is_new = seen.replace(segment.id) != Some(segment.id);
        if !is_new {
            let damage = Damage::SegmentTwice { name: segment.name.clone() };
            findings.push(Damaged::of_segment(segment.id, damage));
        } else if !segment.is_canonical() {
            findings.push(Damaged::of_segment(segment.id, Damage::FileName));
        }
        is_new
    });
    apply_compaction(&mut plan, dir, entries)?;
    plan.segments.sort_by_key(|segment| segment.id);
    Ok(plan)
}

/// While a compaction runs, its sources count until the merged segment exists, and not afterwards.
fn apply_compaction(plan: &mut Plan, dir: &dyn Directory, entries: &[DirEntry]) -> io::Result<()> {
    let present: BTreeSet<u64> = plan.segments.iter().map(|segment| segment.id).collect();
    let note = read_whole(dir, entries, (COMPACTION_FILE, MAX_NOTE_BYTES))?
        .map(|bytes| serde_json::from_slice(&bytes));
    let note: Option<CompactionNote> = match note {
        None => None,
        Some(Ok(note)) => Some(note),
        Some(Err(_)) => {
            plan.findings.push(Damaged::of_store(Damage::CompactionMarker));
            None
        }
    };
    if let Some(note) = &note {
        plan.findings.push(Damaged::of_segment(note.merged_id, Damage::CompactionPending));
        if present.contains(&note.merged_id) {
            let is_replaced = |id: u64| id != note.merged_id && note.source_segment_ids.contains(&id);
            plan.segments.retain(|segment| !is_replaced(segment.id));
            return Ok(());
        }
        let missing =
            note.source_segment_ids.iter().filter(|id| **id != note.merged_id && !present.contains(id));
        for id in missing.take(MOST_MISSING) {
            let damage = Damage::CompactionSource { name: format!("{id:06}{SEGMENT_SUFFIX}") };
            plan.findings.push(Damaged::of_segment(*id, damage));
        }
    }
    for entry in entries {
        let Some(id) = numbered(&entry.name, ASIDE_SUFFIX).filter(|id| !present.contains(id)) else {
            continue;
        };
        if note.as_ref().is_none_or(|note| note.merged_id != id) {
            let damage = Damage::CompactionStandIn { name: entry.name.clone() };
            plan.findings.push(Damaged::of_segment(id, damage));
        }
        plan.segments.push(planned(id, entry));
    }
    Ok(())
}

impl PlannedSegment {
    fn is_canonical(&self) -> bool {
        self.name == format!("{:06}{SEGMENT_SUFFIX}", self.id)
    }
}

fn planned(id: u64, entry: &DirEntry) -> PlannedSegment {
    PlannedSegment { id, name: entry.name.clone(), len_bytes: entry.len_bytes }
}

fn numbered(name: &str, suffix: &str) -> Option<u64> {
    let digits = name.strip_suffix(suffix)?;
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

fn read_whole(
    dir: &dyn Directory,
    entries: &[DirEntry],
    (name, max_bytes): (&str, u64),
) -> io::Result<Option<Vec<u8>>> {
    let Some(entry) = entries.iter().find(|entry| entry.name == name) else { return Ok(None) };
    let file = match dir.open(&entry.name) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let len = file.len()?.min(max_bytes);
    let mut bytes = vec![0; usize::try_from(len).unwrap_or_default()];
    let read = file.read_at(&mut bytes, 0)?;
    bytes.truncate(read);
    Ok(Some(bytes))
}
