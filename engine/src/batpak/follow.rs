//! Owns bringing a store up to date with its directory, the first time and every later one; must never read again what is settled.
//!
//! Floor 6. A segment that grew is read on from its mark; one that shrank or was replaced is read anew, and so is all behind it.

use std::io;
use std::ops::ControlFlow;

use crate::batpak::BatpakStore;
use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::intake::Intake;
use crate::batpak::row::{Row, Segment};
use crate::batpak::sidecar::{self, HiddenRanges, PlannedSegment};
use crate::batpak::walk::{Ending, Walk};
use crate::batpak::window::Window;
use crate::words::error::StoreError;
use crate::words::sync::Arc;

/// An end that was found unfinished and unchanged this often counts as torn.
const CHECKS_UNTIL_SETTLED: u8 = 2;

/// What a refresh brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Refresh {
    /// Events that are new or changed, all at the end.
    pub(crate) new_events: u64,
    /// The first place whose event changed or went away, if one did.
    pub(crate) rolled_back_to: Option<u64>,
}

/// What to do about the first segment that is not as it was.
struct Start {
    place: usize,
    /// True if it can be read on from its mark.
    resumes: bool,
}

/// Told the bytes read and the bytes in all.
type StoreProgress<'a> = &'a mut dyn FnMut(u64, u64) -> ControlFlow<()>;

impl BatpakStore {
    /// Reads what changed in the directory.
    pub(super) fn update(&mut self, progress: StoreProgress<'_>) -> Result<Refresh, StoreError> {
        let dir = Arc::clone(&self.dir);
        let entries = dir.list()?;
        let plan = sidecar::plan(&*dir, &entries)?;
        let (hidden, hidden_finding) = HiddenRanges::read(&*dir, &entries)?;
        self.store_findings = plan.findings;
        self.store_findings.extend(hidden_finding);

        let start = self.first_change(&plan.segments)?;
        let old_len = self.rows.len();
        let place = start.place;
        let first_row = self.segments.get(place).map_or(old_len, |segment| segment.first_row);
        let kept = match self.segments.get(place) {
            Some(segment) if start.resumes => segment.mark.rows,
            _ => first_row,
        };
        let old = self.rows.split_off(kept.min(old_len));
        self.segments.truncate(place + usize::from(start.resumes));
        self.files.lock().retain(|open, _| (*open as usize) < self.segments.len());

        if let Err(error) = self.read_from(place, &plan.segments, progress) {
            self.segments.truncate(place);
            self.rows.truncate(first_row);
            let rollback = if old_len > first_row { Some(first_row as u64) } else { None };
            self.unreported_rollback = self.unreported_rollback.into_iter().chain(rollback).min();
            self.collect_findings();
            return Err(error);
        }
        let renumber_from = if hidden == self.hidden { place } else { 0 };
        self.hidden = hidden;
        let first_renumbered = self.number(renumber_from);
        self.collect_findings();
        Ok(self.difference(kept, &old, first_renumbered))
    }

    /// Compares what is shown with what was: rows before `kept` are the same but for their numbers.
    fn difference(&mut self, kept: usize, old: &[Row], first_renumbered: usize) -> Refresh {
        let new = self.rows.get(kept..).unwrap_or_default();
        let same = new.iter().zip(old).take_while(|(new, old)| new == old).count();
        let compared = if same == old.len() { None } else { Some(kept + same) };
        let renumbered = (first_renumbered < kept).then_some(first_renumbered);
        let rolled_back_to = compared
            .into_iter()
            .chain(renumbered)
            .map(|index| index as u64)
            .chain(self.unreported_rollback.take())
            .min();
        let unchanged = rolled_back_to.unwrap_or((kept + old.len()) as u64);
        Refresh { new_events: self.len().saturating_sub(unchanged), rolled_back_to }
    }

    /// The first segment that must be read, on or anew.
    fn first_change(&mut self, planned: &[PlannedSegment]) -> Result<Start, StoreError> {
        let last = planned.len().saturating_sub(1);
        for (place, plan) in planned.iter().enumerate() {
            let Some(known) = self.segments.get_mut(place) else {
                return Ok(Start { place, resumes: false });
            };
            let file = self.dir.open(&plan.name);
            let (identity, len_bytes) = match &file {
                Ok(file) => (Some(file.identity()?), file.len()?),
                Err(_) => (None, 0),
            };
            if known.id != plan.id || known.name != plan.name || known.identity != identity {
                return Ok(Start { place, resumes: false });
            }
            if known.len_bytes != len_bytes {
                let resumes = len_bytes > known.len_bytes && known.footer.is_none();
                known.checks = 0;
                return Ok(Start { place, resumes });
            }
            let is_last = place == last;
            if known.has_unfinished_end() && known.settled_as_last != Some(is_last) {
                known.checks = known.checks.saturating_add(1);
                return Ok(Start { place, resumes: true });
            }
        }
        Ok(Start { place: planned.len(), resumes: false })
    }

    /// Reads the segments from `place` on; those that are known already are read on.
    fn read_from(
        &mut self,
        place: usize,
        planned: &[PlannedSegment],
        progress: StoreProgress<'_>,
    ) -> Result<(), StoreError> {
        let todo = planned.get(place..).unwrap_or_default();
        let total = todo.iter().map(|plan| plan.len_bytes).fold(0, u64::saturating_add);
        let mut done = 0_u64;
        for (offset, plan) in todo.iter().enumerate() {
            let is_last_segment = offset + 1 == todo.len();
            let mut told = |at: u64| progress(done.saturating_add(at).min(total), total);
            if told(0).is_break() {
                return Err(StoreError::Io(io::ErrorKind::Interrupted.into()));
            }
            self.read_segment(place + offset, plan, is_last_segment, &mut told)?;
            done = done.saturating_add(plan.len_bytes);
        }
        let _ = progress(total, total);
        Ok(())
    }

    fn read_segment(
        &mut self,
        place: usize,
        plan: &PlannedSegment,
        is_last_segment: bool,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        if self.segments.len() == place {
            self.segments.push(Segment::new(plan.id, plan.name.clone(), self.rows.len()));
        }
        let Some(segment) = self.segments.get_mut(place) else { return Ok(()) };
        let file = match self.dir.open(&plan.name) {
            Ok(file) => file,
            Err(error) => {
                let damage = Damage::SegmentUnreadable { reason: error.to_string() };
                segment.findings.push(Damaged::of_segment(plan.id, damage));
                return Ok(());
            }
        };
        segment.identity = Some(file.identity()?);
        segment.len_bytes = file.len()?;
        let is_settled = !is_last_segment || segment.checks >= CHECKS_UNTIL_SETTLED;
        segment.settled_as_last = is_settled.then_some(is_last_segment);
        let mut window = Window::new(file, segment.len_bytes);
        let intake = Intake {
            segment,
            place: place as u32,
            rows: &mut self.rows,
            names: &mut self.names,
            batch: None,
        };
        let ending = Ending { is_last_segment, is_settled };
        Walk { window: &mut window, intake, ending, progress }.run()
    }

    fn collect_findings(&mut self) {
        let of_segments =
            self.segments.iter().flat_map(|segment| segment.number_findings.iter().chain(&segment.findings));
        self.findings = self.store_findings.iter().chain(of_segments).cloned().collect();
    }
}
