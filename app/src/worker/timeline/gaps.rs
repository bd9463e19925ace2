//! Owns where nothing happened for long: much longer than it usually takes until the next event, and long enough to be worth folding.

use std::ops::Range;

use causeway::store::StoreError;

use crate::worker::protocol::{TimeAxis, Window};
use crate::worker::timeline::blocks::{Blocks, Log};
use crate::worker::timeline::pyramid::Pyramid;

/// A gap is so many times longer than the usual time between two events.
const TIMES_USUAL: u64 = 20;
/// A gap is so many buckets long.
const BUCKETS_MIN: u64 = 20;
/// Gaps that are told.
const GAPS_MAX: usize = 512;

/// The gaps of the axis of time within a window.
pub(super) fn gaps(
    log: Log<'_>,
    blocks: &mut Blocks,
    pyramid: &Pyramid,
    window: Window,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let places = pyramid.places(TimeAxis::Time, &(window.from..window.to));
    let usual = usual_step_us(log, blocks, pyramid, &places)?;
    let least = usual.saturating_mul(TIMES_USUAL).max(window.bucket.saturating_mul(BUCKETS_MIN));
    let mut runs: Vec<Range<u64>> = Vec::new();
    pyramid.walk(|node, is_leaf| {
        // An idle time ends at the first event behind it, which may lie behind the window.
        let begins = node.min_us.saturating_sub_unsigned(node.idle_us);
        let meets = node.idle_us > least && node.max_us >= window.from && begins < window.to;
        if meets && is_leaf && runs.len() < GAPS_MAX {
            runs.push(node.first..node.end);
        }
        meets
    });
    runs.extend(pyramid.tail().first().map(|first| first.sequence..pyramid.next()));
    let mut gaps = Vec::new();
    for run in runs {
        let mut latest = pyramid.latest_before(run.start);
        blocks.each(log, run, |event| {
            let before = latest.unwrap_or(event.time_us);
            if event.time_us > before && event.time_us.abs_diff(before) > least {
                gaps.push((before, event.time_us));
            }
            latest = Some(before.max(event.time_us));
        })?;
    }
    gaps.retain(|(from, to)| *from < window.to && *to > window.from);
    if !pyramid.jumps().is_empty() {
        drop_filled(log, blocks, pyramid, &mut gaps)?;
    }
    gaps.truncate(GAPS_MAX);
    Ok(gaps)
}

/// A clock that went back may fill what looked idle before.
fn drop_filled(
    log: Log<'_>,
    blocks: &mut Blocks,
    pyramid: &Pyramid,
    gaps: &mut Vec<(i64, i64)>,
) -> Result<(), StoreError> {
    let mut kept = Vec::with_capacity(gaps.len());
    for (from, to) in gaps.drain(..) {
        let mut runs: Vec<Range<u64>> = Vec::new();
        let mut filled = false;
        pyramid.walk(|node, is_leaf| {
            let meets = !filled && node.min_us < to && node.max_us > from;
            filled |= meets && node.min_us > from && node.max_us < to;
            if meets && is_leaf {
                runs.push(node.first..node.end);
            }
            meets && !filled
        });
        filled |= pyramid.tail().iter().any(|event| event.time_us > from && event.time_us < to);
        for run in runs {
            if !filled {
                blocks.each(log, run, |event| filled |= event.time_us > from && event.time_us < to)?;
            }
        }
        if !filled {
            kept.push((from, to));
        }
    }
    *gaps = kept;
    Ok(())
}

/// The usual time between two events: that of the leaves, or that of the events where they are few.
fn usual_step_us(
    log: Log<'_>,
    blocks: &mut Blocks,
    pyramid: &Pyramid,
    places: &Range<u64>,
) -> Result<u64, StoreError> {
    const FEW: u64 = 4_096;
    if places.end.saturating_sub(places.start) > FEW {
        return Ok(pyramid.usual_step_us(places).unwrap_or(0));
    }
    let mut times: Vec<i64> = Vec::new();
    blocks.each(log, places.clone(), |event| times.push(event.time_us))?;
    let mut steps: Vec<u64> =
        times.windows(2).map(|pair| u64::try_from(pair[1].saturating_sub(pair[0])).unwrap_or(0)).collect();
    let middle = steps.len() / 2;
    Ok(if steps.is_empty() { 0 } else { *steps.select_nth_unstable(middle).1 })
}
