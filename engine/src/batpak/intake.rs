//! Owns turning whole frames into rows: batches become visible with their end; must never show an item of a batch that has none.
//!
//! Floor 6. A batch ends with its segment at the latest, so a dead one hides only itself.

use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::frame::{Frame, Marker};
use crate::batpak::row::{Mark, Names, Row, Segment, invalid_name};
use crate::batpak::segment::Footer;

/// The rows of one segment, while they are being read.
pub(crate) struct Intake<'a> {
    pub(crate) segment: &'a mut Segment,
    /// Place of the segment in the store.
    pub(crate) place: u32,
    pub(crate) rows: &'a mut Vec<Row>,
    pub(crate) names: &'a mut Names,
    pub(crate) batch: Option<Batch>,
}

/// A batch whose end was not seen yet.
pub(crate) struct Batch {
    /// Where its beginning stands.
    pub(crate) mark: Mark,
    /// Number of items that its beginning announces.
    expected: u64,
    seen: u64,
    /// True if damage lies within it: then its end may be there and unreadable.
    is_damaged: bool,
}

impl Batch {
    /// True if only its end is missing.
    pub(crate) fn has_all_items(&self) -> bool {
        self.seen == self.expected
    }
}

impl Intake<'_> {
    /// Takes a whole frame; `footer` is the one that the segment seems to have.
    pub(crate) fn frame(&mut self, offset: u64, length: u32, frame: &Frame<'_>, footer: Option<&Footer>) {
        let end = offset.saturating_add(u64::from(length));
        match frame.marker() {
            Some(Marker::Begin(items)) => {
                self.end_batch(offset, footer);
                let mark = self.segment.mark_at(offset, self.rows.len());
                self.batch = Some(Batch { mark, expected: u64::from(items), seen: 0, is_damaged: false });
            }
            Some(Marker::Commit) => {
                if self.batch.take().is_none() {
                    self.report(offset..end, Damage::BatchBeginMissing);
                }
            }
            None => {
                if self.batch.as_ref().is_some_and(Batch::has_all_items) {
                    self.end_batch(offset, footer);
                }
                if let Some(batch) = &mut self.batch {
                    batch.seen += 1;
                }
                self.event(offset, length, frame);
            }
        }
        self.segment.frames += 1;
        self.segment.frames_end = end;
    }

    fn event(&mut self, offset: u64, length: u32, frame: &Frame<'_>) {
        let range = offset..offset.saturating_add(u64::from(length));
        if frame.chain.is_none() {
            self.report(range.clone(), Damage::ChainMissing);
        }
        let names = &self.names;
        let is_known =
            names.entities.number(frame.entity).is_some() && names.scopes.number(frame.scope).is_some();
        if !is_known && let Some(text) = invalid_name(frame.entity, frame.scope) {
            self.report(range, Damage::Coordinate { text: text.to_owned() });
        }
        self.rows.push(Row::new(self.place, offset, length, frame, self.names));
    }

    /// Takes a frame that is damaged, and says whether it was an event with a number of its own.
    pub(crate) fn damaged_frame(&mut self, range: std::ops::Range<u64>, damage: Damage, was_event: bool) {
        self.damaged_bytes(range, damage);
        if was_event {
            self.segment.lost.push(self.rows.len());
        }
    }

    /// Takes bytes that are no frame.
    pub(crate) fn damaged_bytes(&mut self, range: std::ops::Range<u64>, damage: Damage) {
        if let Some(batch) = &mut self.batch {
            batch.is_damaged = true;
        }
        self.segment.frames_end = range.end;
        self.report(range, damage);
    }

    /// Decides about a batch whose end does not come: dropped, unless its end may have been damaged or the footer lists its items.
    pub(crate) fn end_batch(&mut self, at: u64, footer: Option<&Footer>) {
        let Some(batch) = self.batch.take() else { return };
        let range = batch.mark.offset..at;
        let items = self.rows.len().saturating_sub(batch.mark.rows) as u64;
        if batch.is_damaged {
            self.report(range, Damage::BatchEndDamaged { items });
            return;
        }
        let staged = self.rows.split_off(batch.mark.rows);
        self.rows.extend(
            staged.into_iter().filter(|row| footer.is_some_and(|footer| footer.row_at(row.offset).is_some())),
        );
        let kept = self.rows.len().saturating_sub(batch.mark.rows) as u64;
        self.report(range, Damage::UnfinishedBatch { items: items - kept });
    }

    fn report(&mut self, range: std::ops::Range<u64>, damage: Damage) {
        self.segment.findings.push(Damaged::of_bytes(self.segment.id, range, damage));
    }
}
