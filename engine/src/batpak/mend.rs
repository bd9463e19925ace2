//! Owns a copy of a batpak directory without what keeps the published crate from reading it; must never write where it reads.
//!
//! Floor 6. Invariants:
//! - the copy holds every event that is shown of the original, byte for byte as its frame stands there, and no other;
//! - where that would change what the directory says (numbers that hidden ranges mean, events that the published crate refuses), there is
//!   no copy: importing is the way then.

use std::ops::Range;

use crate::batpak::BatpakStore;
use crate::batpak::finding::{Damage, Damaged};
use crate::batpak::row::Segment;
use crate::disk::storage::{Directory, File};
use crate::words::config::SyncMode;
use crate::words::error::StoreError;
use crate::words::finding::Finding;
use crate::words::format::Progress;
use crate::words::sync::Arc;

const HIDDEN_FILE: &str = "visibility_ranges.fbv";
const KEYS_FILE: &str = "index.idemp";
/// Bytes that are copied at a time.
const PIECE_BYTES: u64 = 1 << 20;
/// Refreshes that find an end unchanged before it counts as torn.
const SETTLING: u32 = 2;

/// What a copy of a directory would be.
#[derive(Debug)]
pub(crate) struct Mending {
    store: BatpakStore,
    /// What is wrong with the directory.
    pub(crate) findings: Vec<Finding>,
    /// True if the published crate does not read the directory as it is shown.
    pub(crate) is_needed: bool,
    /// Why no copy can be made that the published crate reads.
    pub(crate) obstacle: Option<String>,
    /// Frames only: their footers would say something else.
    is_rebuilt: bool,
}

impl Mending {
    /// Looks at a directory. Nothing is written.
    pub(crate) fn plan(directory: Arc<dyn Directory>, progress: Progress<'_>) -> Result<Self, StoreError> {
        let mut store = BatpakStore::open(directory, progress)?;
        for _ in 0..SETTLING {
            store.refresh()?;
        }
        let damages = || store.findings.iter().map(|damaged| &damaged.damage);
        let is_rebuilt = damages().any(changes_frames);
        let obstacle = damages().find_map(obstacle).or_else(|| store.numbers_would_move(is_rebuilt));
        let is_needed = damages().any(Damage::is_misread_0_8);
        let told = |damaged: &Damaged| {
            let file = damaged.segment_id.map(|id| store.file_name(id));
            damaged.finding(file.as_deref())
        };
        let findings = store.findings.iter().map(told).collect();
        Ok(Self { store, findings, is_needed, obstacle, is_rebuilt })
    }

    /// Events that the copy holds.
    pub(crate) fn events(&self) -> u64 {
        self.store.len()
    }

    /// Makes the copy in an empty directory and compares it with the original, event by event.
    pub(crate) fn copy(&self, to: &Arc<dyn Directory>) -> Result<(), StoreError> {
        if let Some(obstacle) = &self.obstacle {
            return Err(StoreError::Configuration(format!("{obstacle}: import the directory instead")));
        }
        for (place, segment) in self.store.segments.iter().enumerate() {
            if segment.identity.is_some() {
                self.copy_segment(place as u32, segment, &**to)?;
            }
        }
        let is_damaged = |damaged: &Damaged| matches!(damaged.damage, Damage::HiddenRanges { .. });
        let without_hidden = self.store.findings.iter().any(is_damaged);
        for name in [HIDDEN_FILE, KEYS_FILE] {
            let is_kept = name != HIDDEN_FILE || !without_hidden;
            let is_there = self.store.dir.list()?.iter().any(|entry| entry.name == name);
            if is_kept && is_there {
                let from = self.store.dir.open(name)?;
                let target = to.create(name)?;
                append(&*from, 0..from.len()?, &*target, &mut 0)?;
                target.sync(SyncMode::SyncAll)?;
            }
        }
        to.sync()?;
        self.compare(to)
    }

    fn copy_segment(&self, place: u32, segment: &Segment, to: &dyn Directory) -> Result<(), StoreError> {
        let from = self.store.file(place, segment)?;
        let target = to.create(&format!("{:06}.fbat", segment.id))?;
        let mut at = 0;
        if self.is_rebuilt {
            if segment.created_ns.is_some() {
                append(&*from, 0..segment.start.offset, &*target, &mut at)?;
            } else {
                let header = header(segment.id);
                target.write_at(&header, 0)?;
                at = header.len() as u64;
            }
            for range in self.store.kept(place, segment) {
                append(&*from, range, &*target, &mut at)?;
            }
        } else {
            append(&*from, 0..segment.len_bytes, &*target, &mut at)?;
        }
        Ok(target.sync(SyncMode::SyncAll)?)
    }

    /// Fails unless the copy shows just what the original does.
    fn compare(&self, to: &Arc<dyn Directory>) -> Result<(), StoreError> {
        let mut proceed = |_, _| std::ops::ControlFlow::Continue(());
        let copy = BatpakStore::open(Arc::clone(to), &mut proceed)?;
        for index in 0..self.store.len().max(copy.len()) {
            let (before, after) = (self.store.read(index)?.event, copy.read(index)?.event);
            let is_same = before.header == after.header
                && before.payload == after.payload
                && before.event_hash == after.event_hash
                && before.coordinate == after.coordinate
                && before.extensions == after.extensions;
            if !is_same {
                let detail = format!("event {index} of the copy is another one");
                return Err(StoreError::CorruptSegment { segment_id: 0, detail });
            }
        }
        Ok(())
    }
}

impl BatpakStore {
    /// Why leaving the footers out would change which events are hidden.
    fn numbers_would_move(&self, is_rebuilt: bool) -> Option<String> {
        let hides = self.rows.iter().any(|row| row.hidden);
        let is_dense = self.rows.iter().zip(0..).all(|(row, place)| row.global_sequence == place);
        let moves = is_rebuilt && hides && !is_dense;
        moves.then(|| {
            "without the damaged parts events would get other numbers, and other ones would be hidden"
                .to_owned()
        })
    }

    /// The bytes of a segment that go into a copy without footers, in order. Where frames are damaged it is the shown events alone: the
    /// published crate would hide what is left of a batch whose beginning announces more.
    fn kept(&self, place: u32, segment: &Segment) -> Vec<Range<u64>> {
        let is_damaged = |damaged: &Damaged| damaged.bytes.is_some() && changes_frames(&damaged.damage);
        if !segment.findings.iter().any(is_damaged) {
            return std::iter::once(segment.start.offset..segment.frames_end).collect();
        }
        let shown = self.rows.get(segment.first_row..).unwrap_or_default();
        shown.iter().take_while(|row| row.segment == place).map(|row| row.offset..row.end()).collect()
    }
}

/// True if the frames are not copied as they stand, or their footer cannot be believed.
fn changes_frames(damage: &Damage) -> bool {
    matches!(
        damage,
        Damage::Header
            | Damage::Footer { .. }
            | Damage::FooterDiffers { .. }
            | Damage::FooterSequence { .. }
            | Damage::Checksum { .. }
            | Damage::NotAFrame
            | Damage::NoEvent { .. }
            | Damage::TornTail { .. }
            | Damage::ZeroTail
            | Damage::UnfinishedBatch { .. }
            | Damage::BatchEndDamaged { .. }
    )
}

/// What no copy changes, and the published crate refuses.
fn obstacle(damage: &Damage) -> Option<String> {
    let is_obstacle = matches!(
        damage,
        Damage::ChainMissing
            | Damage::Coordinate { .. }
            | Damage::Extensions
            | Damage::SegmentVersion { .. }
            | Damage::HiddenRangesVersion { .. }
    );
    is_obstacle.then(|| damage.to_string())
}

/// The header of a segment, as the published crate writes it; when it was created is not known.
fn header(segment_id: u64) -> Vec<u8> {
    let mut body = vec![0x84];
    for (key, value) in [("version", 1), ("flags", 0), ("created_ns", 0), ("segment_id", segment_id)] {
        body.push(0xA0 | key.len() as u8);
        body.extend_from_slice(key.as_bytes());
        body.push(0xCF);
        body.extend_from_slice(&value.to_be_bytes());
    }
    let mut header = b"FBAT".to_vec();
    header.extend_from_slice(&(body.len() as u32).to_be_bytes());
    header.extend_from_slice(&body);
    header
}

/// Copies some bytes of a file behind those that another one has.
fn append(from: &dyn File, range: Range<u64>, to: &dyn File, at: &mut u64) -> Result<(), StoreError> {
    let mut read_at = range.start;
    while read_at < range.end {
        let mut piece = vec![0; PIECE_BYTES.min(range.end - read_at) as usize];
        let read = from.read_at(&mut piece, read_at)?;
        if read < piece.len() {
            return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
        }
        to.write_at(&piece, *at)?;
        (read_at, *at) = (read_at + read as u64, *at + read as u64);
    }
    Ok(())
}
