//! Owns where an axis has its marks and what they say: a calendar ladder for time, 1-2-5 for sequences. Never measures text.

use jiff::{ToSpan, ZonedDateTime};

use super::{text, times};
use crate::state::zone::Zone;
use crate::worker::protocol::TimeAxis;

/// Marks of an axis are never more than this.
const TICKS_MAX: usize = 64;

/// One mark of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Where on the axis.
    pub at: i64,
    /// What it says.
    pub label: String,
}

/// The marks of an axis over `span`, at least `step_min` apart.
pub fn ticks(axis: TimeAxis, span: (i64, i64), step_min: u64, zone: &Zone) -> Vec<Tick> {
    let step_min = step_min.max(span.1.abs_diff(span.0).div_ceil(TICKS_MAX as u64)).max(1);
    match axis {
        TimeAxis::Sequence => sequence_ticks(span, step_min),
        TimeAxis::Time => time_ticks(span, step_min, zone).unwrap_or_default(),
    }
}

/// The smallest of 1, 2, 5, 10, 20, 50 … that is at least `least`.
fn one_two_five(least: u64) -> u64 {
    let mut decade = 1u64;
    loop {
        for factor in [1, 2, 5] {
            match decade.checked_mul(factor) {
                Some(step) if step < least => {}
                Some(step) => return step,
                None => return u64::MAX,
            }
        }
        match decade.checked_mul(10) {
            Some(next) => decade = next,
            None => return u64::MAX,
        }
    }
}

fn sequence_ticks(span: (i64, i64), step_min: u64) -> Vec<Tick> {
    let step = i64::try_from(one_two_five(step_min)).unwrap_or(i64::MAX);
    let mut out = Vec::new();
    let mut value = span.0.div_euclid(step).saturating_mul(step);
    while value <= span.1 && out.len() < TICKS_MAX {
        if value >= span.0.max(0) {
            out.push(Tick { at: value, label: text::sequence(value.unsigned_abs()) });
        }
        let Some(next) = value.checked_add(step) else { break };
        value = next;
    }
    out
}

/// Steps of less than a day, in microseconds.
const CLOCK_STEPS: [u64; 22] = {
    const MS: u64 = 1_000;
    const S: u64 = 1_000 * MS;
    const MIN: u64 = 60 * S;
    const H: u64 = 60 * MIN;
    [
        MS,
        2 * MS,
        5 * MS,
        10 * MS,
        20 * MS,
        50 * MS,
        100 * MS,
        200 * MS,
        500 * MS,
        S,
        2 * S,
        5 * S,
        10 * S,
        30 * S,
        MIN,
        5 * MIN,
        15 * MIN,
        30 * MIN,
        H,
        3 * H,
        6 * H,
        12 * H,
    ]
};
/// A day in microseconds.
const DAY: u64 = 86_400_000_000;

fn time_ticks(span: (i64, i64), step_min: u64, zone: &Zone) -> Option<Vec<Tick>> {
    if let Some(step) = CLOCK_STEPS.into_iter().find(|step| *step >= step_min) {
        return clock_ticks(span, step, zone);
    }
    let start = times::zoned(span.0, zone)?;
    let days = step_min.div_ceil(DAY);
    let (first, step, format) = match days {
        0..=7 => (start.start_of_day().ok()?, i64::try_from(days).ok()?.days(), "%-d %b"),
        8..=31 => (start.first_of_month().ok()?.start_of_day().ok()?, 1.month(), "%b %Y"),
        32..=92 => (start.first_of_year().ok()?.start_of_day().ok()?, 3.months(), "%b %Y"),
        _ => {
            let years =
                jiff::Span::new().try_years(i64::try_from(one_two_five(days.div_ceil(366))).ok()?).ok()?;
            (start.first_of_year().ok()?.start_of_day().ok()?, years, "%Y")
        }
    };
    let mut out = Vec::new();
    let mut moment = first;
    while out.len() < TICKS_MAX {
        let us = moment.timestamp().as_microsecond();
        if us > span.1 {
            break;
        }
        if us >= span.0 {
            out.push(Tick { at: us, label: moment.strftime(format).to_string() });
        }
        let Ok(next) = moment.checked_add(step) else { break };
        moment = next;
    }
    Some(out)
}

/// Marks at whole steps since midnight. The first of each day, hour or minute says the larger unit, the others the smaller.
fn clock_ticks(span: (i64, i64), step: u64, zone: &Zone) -> Option<Vec<Tick>> {
    let start = times::zoned(span.0, zone)?;
    let midnight = start.start_of_day().ok()?.timestamp().as_microsecond();
    let step = i64::try_from(step).ok()?;
    let mut us = midnight + (span.0 - midnight).div_euclid(step) * step;
    let mut out: Vec<Tick> = Vec::new();
    let mut above: Option<ZonedDateTime> = None;
    while us <= span.1 && out.len() < TICKS_MAX {
        if us >= span.0 {
            let moment = times::zoned(us, zone)?;
            let label = clock_label(&moment, above.as_ref(), step);
            out.push(Tick { at: us, label });
            above = Some(moment);
        }
        us = us.checked_add(step)?;
    }
    Some(out)
}

fn clock_label(moment: &ZonedDateTime, above: Option<&ZonedDateTime>, step: i64) -> String {
    let whole = if step < 1_000_000 {
        "%H:%M:%S%.3f"
    } else if step < 60_000_000 {
        "%H:%M:%S"
    } else {
        "%H:%M"
    };
    let format = match above {
        Some(above) if above.date() != moment.date() => "%-d %b",
        Some(above) if step < 60_000_000 && minute(above) == minute(moment) => {
            if step < 1_000_000 {
                "%S%.3f"
            } else {
                ":%S"
            }
        }
        _ => whole,
    };
    moment.strftime(format).to_string()
}

/// What two moments of one minute share.
fn minute(moment: &ZonedDateTime) -> (jiff::civil::Date, i8, i8) {
    (moment.date(), moment.hour(), moment.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 13:32:06 UTC.
    const MOMENT: i64 = 1_795_440_726_000_000;

    fn labels(axis: TimeAxis, span: (i64, i64)) -> Vec<String> {
        ticks(axis, span, span.1.abs_diff(span.0).div_ceil(8), &Zone::UTC)
            .into_iter()
            .map(|tick| tick.label)
            .collect()
    }

    #[test]
    fn sequences_are_marked_at_round_numbers() {
        assert_eq!(labels(TimeAxis::Sequence, (0, 100)), ["#0", "#20", "#40", "#60", "#80", "#100"]);
        assert_eq!(
            labels(TimeAxis::Sequence, (9_811_981, 9_812_004)).first().map(String::as_str),
            Some("#9,811,985")
        );
    }

    #[test]
    fn a_few_seconds_are_marked_in_seconds_and_the_first_mark_says_the_hour() {
        let found = labels(TimeAxis::Time, (MOMENT, MOMENT + 10_000_000));
        assert_eq!(found, ["13:32:06", ":08", ":10", ":12", ":14", ":16"]);
    }

    #[test]
    fn weeks_are_marked_by_days_and_years_by_years() {
        let day = 86_400_000_000;
        let found = labels(TimeAxis::Time, (MOMENT, MOMENT + 7 * day));
        assert_eq!(found.first().map(String::as_str), Some("24 Nov"));
        let found = labels(TimeAxis::Time, (MOMENT, MOMENT + 20 * 366 * day));
        assert_eq!(found.first().map(String::as_str), Some("2031"));
    }

    #[test]
    fn no_span_makes_endless_or_unordered_marks() {
        for span in [(0, 0), (5, 5), (i64::MIN, i64::MAX), (0, i64::MAX), (i64::MIN, 0), (0, 1), (-5, 5)] {
            for axis in [TimeAxis::Time, TimeAxis::Sequence] {
                let found = ticks(axis, span, span.1.abs_diff(span.0).div_ceil(12), &Zone::UTC);
                assert!(found.len() <= TICKS_MAX);
                assert!(found.windows(2).all(|pair| pair[0].at < pair[1].at), "{span:?}");
                assert!(found.iter().all(|tick| (span.0..=span.1).contains(&tick.at)), "{span:?}");
            }
        }
    }
}
