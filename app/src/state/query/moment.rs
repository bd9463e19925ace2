//! Owns the places and times that bound a query, and how they are read and written.

use jiff::civil::{DateTime, Time};
use jiff::{Timestamp, ZonedDateTime};

use crate::state::query::Vocabulary;
use crate::state::zone::Zone;

/// Where a query begins or ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A place in the commit order.
    Sequence(u64),
    /// A time, microseconds since 1970.
    Time(i64),
    /// So many seconds before the present.
    Ago(u64),
}

/// Letters of lengths of time, the longest first, and their seconds.
const UNITS: [(char, u64); 5] = [('w', 604_800), ('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// The longest way back: a thousand years.
const AGO_MAX: u64 = 31_557_600_000;

impl Moment {
    /// Reads a moment as a line writes it.
    pub(super) fn parse(text: &str, vocabulary: &Vocabulary<'_>) -> Option<Self> {
        if let Some(digits) = text.strip_prefix('#') {
            return digits.parse().ok().map(Self::Sequence);
        }
        if let Some(length) = text.strip_prefix('-') {
            return ago(length).map(Self::Ago);
        }
        time(text, vocabulary).map(Self::Time)
    }

    /// Writes it so that it is read back the same.
    pub(super) fn text(self, zone: &Zone) -> String {
        match self {
            Self::Sequence(sequence) => format!("#{sequence}"),
            Self::Ago(seconds) => {
                let unit = UNITS.iter().find(|(_, unit)| seconds.is_multiple_of(*unit) && seconds > 0);
                let (letter, unit) = unit.copied().unwrap_or(('s', 1));
                format!("-{}{letter}", seconds / unit)
            }
            Self::Time(us) => time_text(us, zone),
        }
    }

    /// The first microsecond that is not before it; `None` for a place.
    pub fn time_us(self, now_us: i64) -> Option<i64> {
        match self {
            Self::Sequence(_) => None,
            Self::Time(us) => Some(us),
            Self::Ago(seconds) => Some(now_us.saturating_sub_unsigned(seconds.saturating_mul(1_000_000))),
        }
    }
}

fn ago(text: &str) -> Option<u64> {
    let letter = text.chars().last()?;
    let (_, unit) = UNITS.iter().find(|(name, _)| *name == letter)?;
    let seconds = text.strip_suffix(letter)?.parse::<u64>().ok()?.checked_mul(*unit)?;
    (seconds <= AGO_MAX).then_some(seconds)
}

fn time(text: &str, vocabulary: &Vocabulary<'_>) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_microsecond());
    }
    let zone = &vocabulary.zone.0;
    let civil = if text.contains('-') {
        text.parse::<DateTime>().ok()?
    } else {
        let now = Timestamp::from_microsecond(vocabulary.now_us).ok()?;
        let today = ZonedDateTime::new(now, zone.clone()).date();
        today.to_datetime(text.parse::<Time>().ok()?)
    };
    Some(zone.to_timestamp(civil).ok()?.as_microsecond())
}

/// As short as it can be; with the offset from UTC where the clock was put back and one reading means two times.
fn time_text(us: i64, zone: &Zone) -> String {
    let Ok(moment) = Timestamp::from_microsecond(us) else { return format!("{us}") };
    let zoned = ZonedDateTime::new(moment, zone.0.clone());
    let civil = zoned.datetime();
    let format = match (civil.hour(), civil.minute(), civil.second(), civil.subsec_nanosecond()) {
        (0, 0, 0, 0) => "%Y-%m-%d",
        (_, _, 0, 0) => "%Y-%m-%dT%H:%M",
        (_, _, _, 0) => "%Y-%m-%dT%H:%M:%S",
        _ => "%Y-%m-%dT%H:%M:%S%.6f",
    };
    let names = std::collections::HashMap::new();
    let vocabulary = Vocabulary { names: &names, zone, now_us: us };
    let short = civil.strftime(format).to_string();
    if time(&short, &vocabulary) == Some(us) { short } else { moment.to_string() }
}
