//! Owns comparing what is derived from a log, or stands beside it, with the log: indexes, saved positions, what is in quarantine.
//!
//! Nothing here costs an event: a derived file may be deleted at any time.

use crate::care::verify::{Subject, VerifyReport};
use crate::commit::recovery::QUARANTINE;
use crate::derive::checkpoint;
use crate::disk::frame::MarkPurpose;
use crate::disk::storage::File;
use crate::memory::live::LivePart;
use crate::memory::sealed::{CheckedIndex, SealedHeader, check_index as check_bytes, encode};
use crate::memory::survey::{Segment, header_of, missing_events};
use crate::memory::walk::Tail;
use crate::words::error::StoreError;
use crate::words::finding::{Finding, FindingClass};
use crate::words::sync::Arc;

/// Bytes that are compared at once.
const PIECE_BYTES: usize = 256 * 1024;

/// The index of a segment as it stands in its file.
pub(super) struct StoredIndex {
    file: Arc<dyn File>,
    name: String,
    header: SealedHeader,
    pub(super) largest_before: Option<i64>,
}

/// The stored index of a segment, if it has one whose bytes are good.
pub(super) fn stored_index(
    subject: &Subject<'_>,
    segment: &Segment,
    report: &mut VerifyReport,
) -> Option<StoredIndex> {
    let name = segment.name.index_name();
    // An index may be missing.
    let file = subject.directory.open(&name).ok()?;
    match check_bytes(&*file) {
        Ok(CheckedIndex { header, largest_before }) => {
            Some(StoredIndex { file, name, header, largest_before })
        }
        Err(error) => {
            report.add(Finding::new(FindingClass::Derived, error.to_string()).in_file(name));
            None
        }
    }
}

/// Compares an index with the frames of its segment, byte for byte; `spots` of those were bad, and `next` begins the next segment.
pub(super) fn check_index(
    segment: &Segment,
    index: &StoredIndex,
    (tail, live): (&Tail, &LivePart),
    (spots, next): (u64, Option<u64>),
    report: &mut VerifyReport,
) -> Result<(), StoreError> {
    let header = &index.header;
    let about = |message: &str| Finding::new(FindingClass::Derived, message).in_file(&index.name);
    let is_of_segment = (header.first, header.generation) == (segment.name.first, segment.name.generation)
        && header.store_id == segment.header.store_id;
    if !is_of_segment {
        let of = format!("{:020}-{} of store {}", header.first, header.generation, header.store_id);
        let own = format!(
            "{:020}-{} of store {}",
            segment.name.first, segment.name.generation, segment.header.store_id
        );
        report.add(about("the index is that of another segment").at(8).compared(own, of));
        return Ok(());
    }
    if header.end > live.end() {
        let gap = missing_events(&(live.end()..header.end));
        report.add(gap.in_file(segment.name).at(tail.end_bytes));
        return Ok(());
    }
    let is_stale = header.segment_bytes != segment.len_bytes;
    // What damage took of a segment its index may still know, and the newest segment may have grown since its index was stored.
    if spots > 0
        || segment.guessed
        || (is_stale && next.is_none())
        || live.len() < (header.end - header.first) as usize
    {
        return Ok(());
    }
    if is_stale {
        let finding = about("the index does not cover its segment").at(40);
        report.add(finding.compared(segment.len_bytes, header.segment_bytes));
        return Ok(());
    }
    // Several answers fit how the segment ended, and of one without an event the index knows the last event before it.
    let made = header_of(segment, live, tail);
    let last = if live.len() == 0 {
        (header.last_hash, header.last_clock)
    } else {
        (made.last_hash, made.last_clock)
    };
    let expected =
        encode(&SealedHeader { ending: header.ending, last_hash: last.0, last_clock: last.1, ..made }, live);
    if let Some(offset) = first_difference(&*index.file, &expected)? {
        report.add(about("the index does not agree with the frames of its segment").at(offset));
    }
    let is_closed = tail.ends_with == Some(MarkPurpose::Closed);
    if header.ending.is_clean() && !is_closed {
        report.add(about("the index says that the segment was closed cleanly, and it was not").at(124));
    }
    Ok(())
}

/// The first place at which a file does not hold these bytes.
fn first_difference(file: &dyn File, expected: &[u8]) -> Result<Option<u64>, StoreError> {
    let mut at = 0;
    for wanted in expected.chunks(PIECE_BYTES) {
        let mut piece = vec![0; wanted.len()];
        let read = file.read_at(&mut piece, at)?;
        piece.truncate(read);
        if piece != wanted {
            let same = piece.iter().zip(wanted).take_while(|(found, wanted)| found == wanted).count();
            return Ok(Some(at + same as u64));
        }
        at += read as u64;
    }
    Ok((file.len()? != at).then_some(at))
}

/// Every saved position can be read, and lies inside the log.
pub(super) fn check_cursors(subject: &Subject<'_>, report: &mut VerifyReport) -> Result<(), StoreError> {
    for (name, saved) in checkpoint::saved_in(subject.directory)? {
        let about = |message: &str| Finding::new(FindingClass::Cursor, message).in_file(&name);
        let end = subject.reader.visible();
        match saved {
            Err(reason) => report.add(about(&format!("the saved position cannot be read: {reason}"))),
            // A consumer of a log that somebody else writes may be further than what is visible here.
            Ok(saved) if saved.started && saved.position >= end && !subject.is_written => {
                // A crash may have taken the event that was delivered last.
                let message =
                    "the saved position lies behind the end of the log: its cursor goes on from the end";
                let finding = Finding::new(FindingClass::Note, message).in_file(&name);
                report.add(finding.compared(format!("less than {end}"), saved.position));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Each file in quarantine still holds the bytes that its name was made of.
pub(super) fn check_quarantine(subject: &Subject<'_>, report: &mut VerifyReport) -> Result<(), StoreError> {
    let Some(directory) = subject.directory.subdirectory(QUARANTINE)? else { return Ok(()) };
    for entry in directory.list()? {
        let stem = entry.name.strip_suffix(".bin").and_then(|stem| stem.rsplit_once('-'));
        let Some((_, expected)) = stem.filter(|(_, hash)| hash.len() == 64) else { continue };
        let found = hash_of(&*directory.open(&entry.name)?)?;
        if found != expected {
            // A crash may have left a part of them; the recovery after it writes them anew.
            let message = "the file does not hold the bytes that were moved to quarantine";
            let finding =
                Finding::new(FindingClass::Note, message).in_file(format!("{QUARANTINE}/{}", entry.name));
            report.add(finding.compared(expected, found));
        }
    }
    Ok(())
}

fn hash_of(file: &dyn File) -> Result<String, StoreError> {
    let (mut hasher, mut at) = (blake3::Hasher::new(), 0);
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let read = file.read_at(&mut piece, at)?;
        if read == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(piece.get(..read).unwrap_or_default());
        at += read as u64;
    }
}
