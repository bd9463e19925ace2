//! Owns segments that stand in the wrong place: under a name that is not theirs, or among those of another store.

use std::path::Path;

use crate::care::repair::examine::look;
use crate::care::repair::planned::Planned;
use crate::care::repair::{RepairAction, RepairStep};
use crate::disk::segment::{FORK_NAME, INDEX_SUFFIX, SegmentHeader, SegmentName, StoreId, TEMPORARY_SUFFIX};
use crate::disk::storage::{DirEntry, Directory, LOCK_NAME};
use crate::memory::survey::{Segment, survey};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};

/// A file that holds a segment, whatever its name.
#[derive(Debug)]
pub(super) struct Held {
    pub(super) file: String,
    /// What its name says, if it is one of a segment.
    pub(super) name: Option<SegmentName>,
    pub(super) header: SegmentHeader,
    pub(super) frames_at: u64,
    pub(super) len_bytes: u64,
}

/// True if a file has a name that the store gives.
pub(super) fn is_ours(name: &str) -> bool {
    [LOCK_NAME, FORK_NAME].contains(&name)
        || SegmentName::parse(name).is_some()
        || name.ends_with(INDEX_SUFFIX)
        || name.ends_with(TEMPORARY_SUFFIX)
}

/// The files of a directory whose beginning is that of a segment.
pub(super) fn held(planned: &Planned, listed: &[DirEntry]) -> Vec<Held> {
    let mut found = Vec::new();
    for DirEntry { name: file, len_bytes } in listed {
        let name = SegmentName::parse(file);
        if name.is_none() && is_ours(file) {
            continue;
        }
        // What cannot be opened is told where it is needed.
        let Ok(opened) = planned.open(file) else { continue };
        if let Ok((header, frames_at)) = SegmentHeader::read(&*opened) {
            let (file, len_bytes) = (file.clone(), *len_bytes);
            found.push(Held { file, name, header, frames_at, len_bytes });
        }
    }
    found
}

/// Plans a name for each segment that fills just the hole at the place that its header names.
pub(super) fn rename(planned: &mut Planned, held: &[Held]) -> Result<Vec<RepairStep>, StoreError> {
    let mut steps = Vec::new();
    for stray in held.iter().filter(|held| held.name != Some(held.header.name())) {
        let to = stray.header.name();
        if !fills_a_hole(planned, held, stray)? {
            continue;
        }
        let message = "a segment has another name than its header says";
        let finding = Finding::new(FindingClass::Header, message).in_file(&stray.file).of_event(to.first);
        let finding = finding.compared(to, &stray.file);
        planned.rename(&stray.file, &to.to_string());
        steps.push(RepairStep::new(&stray.file, RepairAction::Rename { to: to.to_string() }, finding));
    }
    Ok(steps)
}

/// True if a segment lies between two others of its store, where nothing is, and its events are all that is missing there.
fn fills_a_hole(planned: &Planned, held: &[Held], stray: &Held) -> Result<bool, StoreError> {
    let to = stray.header.name();
    let placed = || held.iter().filter(|other| other.name == Some(other.header.name()));
    let before = placed().filter(|other| other.header.first_sequence < to.first);
    let before = before.max_by_key(|other| other.header.name());
    let behind = placed().filter(|other| other.header.first_sequence >= to.first);
    let behind = behind.min_by_key(|other| other.header.name());
    let (Some(before), Some(behind)) = (before, behind) else { return Ok(false) };
    let store = stray.header.store_id;
    let is_free = behind.header.first_sequence > to.first && !planned.renamed.contains_key(&to.to_string());
    if !is_free || to.generation != 0 || [before, behind].iter().any(|other| other.header.store_id != store) {
        return Ok(false);
    }
    let whole_until = |held: &Held, end: Option<u64>| -> Result<Option<u64>, StoreError> {
        let segment = segment(planned, held)?;
        let look = look(&segment, end, i64::MIN, &mut |_, _| {})?;
        Ok(look.gaps.is_empty().then_some(look.end))
    };
    let until = behind.header.first_sequence;
    Ok(whole_until(before, None)? == Some(to.first) && whole_until(stray, Some(until))? == Some(until))
}

fn segment(planned: &Planned, held: &Held) -> Result<Segment, StoreError> {
    Ok(Segment {
        name: held.header.name(),
        file: planned.open(&held.file)?,
        len_bytes: held.len_bytes,
        header: held.header.clone(),
        frames_at: held.frames_at,
        guessed: false,
    })
}

/// Plans that segments of other stores go, if without them the directory is one store: that of most segments.
pub(super) fn part(planned: &mut Planned, held: &[Held], path: &Path) -> Vec<RepairStep> {
    let Err(StoreError::DataDirMalformed { .. }) = survey(&*planned, path) else { return Vec::new() };
    let placed: Vec<&Held> = held.iter().filter(|held| held.name.is_some()).collect();
    let count = |id: StoreId| placed.iter().filter(|held| held.header.store_id == id).count();
    let most = placed.iter().map(|held| held.header.store_id).max_by_key(|id| count(*id));
    let Some(most) = most.filter(|most| 2 * count(*most) > placed.len()) else { return Vec::new() };
    let others: Vec<&Held> = placed.into_iter().filter(|held| held.header.store_id != most).collect();
    for other in &others {
        planned.aside.insert(other.file.clone());
    }
    if survey(&*planned, path).is_err() {
        for other in &others {
            planned.aside.remove(&other.file);
        }
        return Vec::new();
    }
    let step = |other: &&Held| {
        let finding = Finding::new(FindingClass::File, "a segment belongs to another store");
        let finding = finding.in_file(&other.file).compared(most, other.header.store_id);
        RepairStep::new(&other.file, RepairAction::SetAside, finding)
    };
    others.iter().map(step).collect()
}
