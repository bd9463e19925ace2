//! Owns making the plan of a repair: what is wrong with a directory, what mends it, and what nothing mends.
//!
//! Invariant: it only reads; it takes no lock and writes nothing, so that anybody may ask for it at any time.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::batpak::BatpakStore;
use crate::care::repair::beside::Beside;
use crate::care::repair::examine::{Look, as_planned, look, mend, with_ends};
use crate::care::repair::headers::{Around, flipped_bit, in_place, proven};
use crate::care::repair::planned::{Patch, Planned};
use crate::care::repair::strays::{held, part, rename};
use crate::care::repair::tree::{Tree, digest_of, is_half_made, list};
use crate::care::repair::{Remake, RepairAction, RepairPlan, RepairStep, journal};
use crate::disk::segment::{FORK_NAME, FORMAT_VERSION, SegmentError, SegmentHeader, SegmentName};
use crate::disk::storage::{DirEntry, Directory, File};
use crate::memory::sealed::{SealedHeader, largest_time_before, says_the_same};
use crate::memory::survey::{Segment, Survey, missing_events, no_store, survey};
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::format::Progress;
use crate::words::hex::to_hex;
use crate::words::sync::Arc;

/// How often a directory is looked at anew because somebody writes it meanwhile.
const MOST_LOOKS: u32 = 3;

/// Plans the repair of the store in `directory`; tells bytes read and bytes in all. `Break` ends it.
pub(crate) fn plan(
    directory: &Arc<dyn Directory>,
    path: &Path,
    progress: Progress<'_>,
) -> Result<RepairPlan, StoreError> {
    if BatpakStore::detect(&**directory)? {
        let reason = "is a batpak directory, which is never written: repair it into a copy, or import it";
        return Err(StoreError::DataDirMalformed { path: path.to_owned(), reason: reason.to_owned() });
    }
    for _ in 0..MOST_LOOKS {
        let before = listed(directory)?;
        let mut draft = Draft::new(directory, path);
        draft.examine()?;
        let total = before.iter().map(|(_, len_bytes)| len_bytes).sum();
        let (mut done, mut is_cancelled) = (0, false);
        let tree = Tree::read(directory, &mut |len_bytes| {
            done += len_bytes;
            is_cancelled |= progress(done, total).is_break();
        })?;
        if is_cancelled {
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        let plan = draft.finish(&tree)?;
        // What was examined and what was hashed must be the same.
        if listed(directory)? == before {
            return Ok(plan);
        }
    }
    let reason = "is being written: a repair can be planned when its writer has closed it".to_owned();
    Err(StoreError::DataDirMalformed { path: path.to_owned(), reason })
}

fn listed(directory: &Arc<dyn Directory>) -> io::Result<Vec<(String, u64)>> {
    let mut listed = list(directory)?;
    listed.sort_unstable();
    Ok(listed)
}

/// A plan that is being made.
struct Draft<'a> {
    path: &'a Path,
    planned: Planned,
    steps: Vec<RepairStep>,
    remains: Vec<Finding>,
    /// What asks for the patches of each file, and the events that they bring back.
    mended: BTreeMap<String, (Vec<Finding>, u64)>,
    lost_events: u64,
    /// Exclusive end of the log.
    end: u64,
}

/// What a look at a segment left, without its index.
struct Seen {
    look: Look,
    /// The step that its index needs.
    index: Option<RepairStep>,
}

impl<'a> Draft<'a> {
    fn new(directory: &Arc<dyn Directory>, path: &'a Path) -> Self {
        Self {
            path,
            planned: Planned::new(Arc::clone(directory)),
            steps: Vec::new(),
            remains: Vec::new(),
            mended: BTreeMap::new(),
            lost_events: 0,
            end: 0,
        }
    }

    fn examine(&mut self) -> Result<(), StoreError> {
        let listed = self.planned.directory.list()?;
        if !listed.iter().any(|entry| SegmentName::parse(&entry.name).is_some()) {
            return Err(no_store(self.path));
        }
        self.headers(&listed)?;
        let held = held(&self.planned, &listed);
        let renamed = rename(&mut self.planned, &held)?;
        let parted = part(&mut self.planned, &held, self.path);
        self.steps.extend(renamed.into_iter().chain(parted));
        match survey(&self.planned, self.path) {
            Ok(survey) => self.log(survey)?,
            Err(StoreError::DataDirMalformed { reason, .. }) => {
                let message = format!("the directory {reason}");
                self.remains.push(Finding::new(FindingClass::File, message));
            }
            Err(error) => return Err(error),
        }
        let beside = Beside { directory: &self.planned.directory, end: self.end };
        let told = beside.look(&listed, &held, &self.planned)?;
        self.steps.extend(told.steps);
        self.remains.extend(told.remains);
        Ok(())
    }

    /// Plans headers for segments that have none that can be read.
    fn headers(&mut self, listed: &[DirEntry]) -> Result<(), StoreError> {
        let mut names: Vec<SegmentName> =
            listed.iter().filter_map(|entry| SegmentName::parse(&entry.name)).collect();
        names.sort_unstable();
        let mut known: BTreeMap<SegmentName, SegmentHeader> = BTreeMap::new();
        let mut unknown = Vec::new();
        for name in names {
            let file = self.planned.directory.open(&name.to_string())?;
            match SegmentHeader::read(&*file) {
                Ok((header, _)) => drop(known.insert(name, header)),
                Err(SegmentError::NewerFormat { found }) => {
                    let path = self.path.join(name.to_string());
                    return Err(StoreError::NewerFormat { path, found, supported: FORMAT_VERSION });
                }
                Err(SegmentError::Io(error)) => return Err(error.into()),
                Err(error) => unknown.push((name, file, error.to_string())),
            }
        }
        let fork = self.planned.directory.open(FORK_NAME).ok();
        let fork = fork.and_then(|file| SegmentHeader::read(&*file).ok()).map(|(header, _)| header);
        for (name, file, reason) in unknown {
            let around = Around {
                before: known.range(..name).next_back().map(|(_, header)| header),
                behind: known.range(name..).next().map(|(_, header)| header),
            };
            let store = around.before.or(around.behind).map(|header| header.store_id);
            let told = fork.as_ref().filter(|fork| fork.name() == name);
            let patch = match (flipped_bit(&file, name, told.map(|fork| fork.store_id).or(store))?, told) {
                (Some(patch), _) => Some(patch),
                (None, Some(header)) => in_place(&*file, header)?,
                (None, None) => proven(&*self.planned.directory, &*file, name, &around)?,
            };
            let finding = Finding::new(FindingClass::Header, format!("the header is damaged: {reason}"));
            let finding = finding.in_file(name).at(0).of_event(name.first);
            match patch {
                Some(patch) => self.mend(&name.to_string(), patch, finding),
                None => self.remains.push(finding),
            }
        }
        Ok(())
    }

    fn mend(&mut self, file: &str, patch: Patch, finding: Finding) {
        self.planned.patch(file, [patch]);
        self.mended.entry(file.to_owned()).or_default().0.push(finding);
    }

    /// Looks through the segments that count, mends their frames, and plans what goes.
    fn log(&mut self, survey: Survey) -> Result<(), StoreError> {
        let Survey { mut segments, superseded, leftovers, .. } = survey;
        let mut seen = self.look_through(&segments)?;
        if seen.iter().any(|seen| !seen.look.gaps.is_empty()) {
            let before = self.planned.patches.clone();
            let events = mend(&segments, &mut self.planned)?;
            self.note_mended(&segments, &before, &events);
            segments = as_planned(&segments, &self.planned)?;
            seen = self.look_through(&segments)?;
        }
        self.note_damage(&segments, &seen);
        self.steps.extend(seen.into_iter().filter_map(|seen| seen.index));
        for name in superseded {
            let message = "a newer generation of the segment counts in its place";
            self.set_aside(&name.to_string(), Finding::new(FindingClass::Note, message).of_event(name.first));
        }
        for name in leftovers.into_iter().filter(|name| !is_half_made(name)) {
            let message = if name.ends_with(crate::disk::segment::TEMPORARY_SUFFIX) {
                "the file was never finished"
            } else {
                "the index belongs to no segment that counts"
            };
            self.set_aside(&name, Finding::new(FindingClass::Note, message));
        }
        Ok(())
    }

    fn set_aside(&mut self, file: &str, finding: Finding) {
        self.planned.aside.insert(file.to_owned());
        self.steps.push(RepairStep::new(file, RepairAction::SetAside, finding.in_file(file)));
    }

    fn look_through(&self, segments: &[Segment]) -> Result<Vec<Seen>, StoreError> {
        let mut largest_time = i64::MIN;
        let mut all = Vec::new();
        for (segment, end) in with_ends(segments) {
            let stored = match self.planned.open(&segment.name.index_name()) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                opened => Some(opened?),
            };
            // What came before when the index was made may be removed or damaged by now: it is believed as to that.
            let before = stored.as_ref().and_then(|stored| largest_time_before(&**stored));
            let mut seen = look(segment, end, before.unwrap_or(largest_time), &mut |_, _| {})?;
            let made = std::mem::take(&mut seen.index);
            let remake = end.map(|end| Remake { largest_time, end });
            let index = match odd_index(stored.as_deref(), segment, &seen, (&made, remake.is_some()))? {
                Some(message) => self.index_step(segment, message, remake)?,
                None => None,
            };
            largest_time = largest_time.max(seen.largest_time);
            all.push(Seen { look: seen, index });
        }
        Ok(all)
    }

    /// Plans an index anew. That of the newest segment is made when the store is closed, and only taken away here.
    fn index_step(
        &self,
        segment: &Segment,
        message: &str,
        remake: Option<Remake>,
    ) -> Result<Option<RepairStep>, StoreError> {
        let name = segment.name.index_name();
        let finding = Finding::new(FindingClass::Derived, message).in_file(&name);
        let Some(Remake { largest_time, end }) = remake.filter(|_| !segment.guessed) else {
            let is_there = self.planned.open(&name).is_ok();
            return Ok(is_there.then(|| RepairStep::new(name, RepairAction::SetAside, finding)));
        };
        let made = look(segment, Some(end), largest_time, &mut |_, _| {})?.index;
        let after = Some(to_hex(blake3::hash(&made).as_bytes()));
        Ok(Some(RepairStep { after, remake, ..RepairStep::new(name, RepairAction::Rebuild, finding) }))
    }

    /// Says of each bit that was put right where it is.
    fn note_mended(&mut self, segments: &[Segment], before: &BTreeMap<String, Vec<Patch>>, events: &[u64]) {
        for (segment, events) in segments.iter().zip(events) {
            let name = segment.name.to_string();
            let known = before.get(&name).map_or(0, Vec::len);
            let patches = self.planned.patches.get(&name).into_iter().flatten().skip(known);
            let message = "a bit of a frame was flipped, as its checksum and the hashes of its event prove";
            let finding = |patch: &Patch| {
                let finding = Finding::new(FindingClass::Frame, message).in_file(&name).at(patch.offset);
                finding.compared(to_hex(&patch.becomes), to_hex(&patch.was))
            };
            let findings: Vec<Finding> = patches.map(finding).collect();
            if !findings.is_empty() {
                let entry = self.mended.entry(name).or_default();
                entry.0.extend(findings);
                entry.1 += events;
            }
        }
    }

    /// Says what nothing brings back.
    fn note_damage(&mut self, segments: &[Segment], seen: &[Seen]) {
        for ((segment, end), Seen { look, .. }) in with_ends(segments).zip(seen) {
            let places = look.end.saturating_sub(segment.name.first);
            for gap in &look.gaps {
                let bytes = gap.bytes.end - gap.bytes.start;
                let is_torn = end.is_none()
                    && gap.bytes.end == segment.len_bytes
                    && look.synced_through <= gap.sequences.start;
                let (class, message) = if is_torn {
                    (
                        FindingClass::Note,
                        format!(
                            "a crash left the last {bytes} bytes unfinished; opening the store for writing moves them to quarantine"
                        ),
                    )
                } else {
                    (
                        FindingClass::Frame,
                        format!("{bytes} bytes are no frame, and nothing here says what they were"),
                    )
                };
                let finding = Finding::new(class, message).in_file(segment.name).at(gap.bytes.start);
                self.remains.push(finding.of_event(gap.sequences.start));
            }
            self.lost_events += places.saturating_sub(look.readable);
            if let Some(end) = end.filter(|end| *end > look.end) {
                self.lost_events += end - look.end;
                self.remains.push(missing_events(&(look.end..end)));
            }
            self.end = look.end;
        }
        if let Some(first) = segments.first().map(|segment| segment.name.first).filter(|first| *first > 0) {
            self.lost_events += first;
            self.remains.push(missing_events(&(0..first)));
        }
    }

    fn finish(mut self, tree: &Tree) -> Result<RepairPlan, StoreError> {
        let mended_files = std::mem::take(&mut self.mended);
        let mut steps = Vec::new();
        for (file, (findings, events)) in mended_files {
            let patches = self.planned.patches.get(&file).cloned().unwrap_or_default();
            let after = Some(digest_of(&*self.planned.open(&file)?)?);
            let action = RepairAction::Mend { patches, events };
            steps.push(RepairStep { file, action, findings, before: None, after, remake: None });
        }
        let mended_events = steps.iter().map(|step| match step.action {
            RepairAction::Mend { events, .. } => events,
            _ => 0,
        });
        let mended_events = mended_events.sum();
        // Whatever is used comes before whatever goes.
        self.steps.sort_by_key(|step| matches!(step.action, RepairAction::SetAside));
        steps.extend(self.steps);
        for step in &mut steps {
            step.before = tree.file(&step.file).map(|file| file.blake3.clone());
            if matches!(step.action, RepairAction::Rename { .. }) {
                step.after = step.before.clone();
            }
        }
        Ok(RepairPlan {
            path: self.path.to_owned(),
            digest: tree.digest(),
            steps,
            remains: self.remains,
            mended_events,
            lost_events: self.lost_events,
            files: tree.0.len() as u64,
            bytes: tree.bytes(),
            unfinished: journal::unfinished(&self.planned.directory)?,
        })
    }
}

/// What is wrong with the stored index of a segment, of which one was just made anew.
fn odd_index(
    stored: Option<&dyn File>,
    segment: &Segment,
    look: &Look,
    (made, is_sealed): (&[u8], bool),
) -> Result<Option<&'static str>, StoreError> {
    let Some(stored) = stored else {
        return Ok(
            is_sealed.then_some("the index of a segment is missing: whoever opens the store makes it anew")
        );
    };
    let Some(header) = SealedHeader::read(stored) else {
        return Ok(Some("the index of a segment cannot be read"));
    };
    let is_apt = fits(&header, segment);
    // A store that goes on in its newest segment leaves the index of before as it is, and an index may know more than damaged frames.
    let is_left = if is_apt { !look.gaps.is_empty() } else { !is_sealed };
    let is_good = is_left || is_apt && says_the_same(stored, made)?;
    Ok((!is_good).then_some("the index of a segment does not agree with its frames"))
}

/// True if an index describes just this segment.
fn fits(stored: &SealedHeader, segment: &Segment) -> bool {
    stored.store_id == segment.header.store_id
        && (stored.first, stored.generation) == (segment.name.first, segment.name.generation)
        && stored.segment_bytes == segment.len_bytes
}
