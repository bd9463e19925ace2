//! Owns how moments become words in a zone. A moment is microseconds since 1970; one outside of what a calendar knows is shown as its
//! number. Never reads a clock.

use jiff::{Timestamp, ZonedDateTime, civil};

use super::text;
use crate::state::zone::Zone;

/// A moment in a zone, if the calendar knows it.
pub(super) fn zoned(us: i64, zone: &Zone) -> Option<ZonedDateTime> {
    Some(ZonedDateTime::new(Timestamp::from_microsecond(us).ok()?, zone.0.clone()))
}

fn formatted(us: i64, zone: &Zone, format: &str) -> String {
    zoned(us, zone).map_or_else(|| format!("{us} µs"), |moment| moment.strftime(format).to_string())
}

/// `2026-11-23 14:32:06.655 +01:00`.
pub fn full(us: i64, zone: &Zone) -> String {
    formatted(us, zone, "%Y-%m-%d %H:%M:%S%.3f %:z")
}

/// `2026-11-23 14:32:06`, for spans and lists.
pub fn date_time(us: i64, zone: &Zone) -> String {
    formatted(us, zone, "%Y-%m-%d %H:%M:%S")
}

/// `14:32:06.655`.
pub fn clock(us: i64, zone: &Zone) -> String {
    formatted(us, zone, "%H:%M:%S%.3f")
}

/// `06.655`, for a moment whose minute stands above.
pub fn seconds(us: i64, zone: &Zone) -> String {
    formatted(us, zone, "%S%.3f")
}

/// The time cell of a row below a row at `above_us`: whole where it starts or the minute changes, seconds else; with the date
/// where the day changes.
pub fn cell(us: i64, above_us: Option<i64>, zone: &Zone) -> String {
    let Some(above) = above_us else { return clock(us, zone) };
    if above.div_euclid(60_000_000) == us.div_euclid(60_000_000) {
        return seconds(us, zone);
    }
    let same_day = match (zoned(us, zone), zoned(above, zone)) {
        (Some(here), Some(above)) => here.date() == above.date(),
        _ => true,
    };
    if same_day { clock(us, zone) } else { formatted(us, zone, "%m-%d %H:%M:%S") }
}

/// `UTC`, `UTC+1`, `UTC−3:30`: what a zone is ahead by at a moment.
pub fn zone_name(us: i64, zone: &Zone) -> String {
    let seconds = zoned(us, zone).map_or(0, |moment| moment.offset().seconds());
    if seconds == 0 {
        return "UTC".to_owned();
    }
    let sign = if seconds < 0 { '−' } else { '+' };
    let (hours, minutes) = (seconds.abs() / 3600, seconds.abs() % 3600 / 60);
    if minutes == 0 { format!("UTC{sign}{hours}") } else { format!("UTC{sign}{hours}:{minutes:02}") }
}

/// A moment as a person writes it: `2026-11-24 10:00`, `2026-11-24`, `10:00` (today), `-1h` (before now), or with its zone.
pub fn typed(text: &str, now_us: i64, zone: &Zone) -> Option<i64> {
    let text = text.trim();
    if let Some(back) = text.strip_prefix(['-', '−']) {
        return now_us.checked_sub(length(back)?);
    }
    let today = || zoned(now_us, zone).map(|now| now.date());
    let civil = text.parse::<civil::DateTime>().ok().filter(|_| text.contains('-')).or_else(|| {
        Some(today()?.to_datetime(text.parse::<civil::Time>().ok().filter(|_| text.contains(':'))?))
    });
    // What names its zone itself is a moment already.
    let moment = text.parse::<Timestamp>().ok();
    let moment = moment.or_else(|| zone.0.to_timestamp(civil?).ok())?;
    Some(moment.as_microsecond())
}

/// `90s`, `5m`, `1h`, `2d` in microseconds; `1.5h` as well.
fn length(text: &str) -> Option<i64> {
    let text = text.trim();
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let seconds = match unit {
        "s" => 1.0,
        "m" | "min" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        "w" => 604_800.0,
        _ => return None,
    };
    let number: f64 = number.trim().parse().ok()?;
    let us = number * seconds * 1e6;
    (us.is_finite() && (0.0..9e18).contains(&us)).then_some(us as i64)
}

/// How long ago, or the date: `just now`, `2 minutes ago`, `yesterday`, `19 November`, `3 March 2024`.
pub fn ago(now_us: i64, then_us: i64, zone: &Zone) -> String {
    let past_seconds = now_us.saturating_sub(then_us) / 1_000_000;
    let past = u64::try_from(past_seconds).unwrap_or(0);
    match past {
        0..60 => return "just now".to_owned(),
        60..3_600 => return format!("{} ago", text::counted(past / 60, "minute")),
        _ => {}
    }
    let (Some(now), Some(then)) = (zoned(now_us, zone), zoned(then_us, zone)) else {
        return format!("{then_us} µs");
    };
    if now.date() == then.date() {
        format!("{} ago", text::counted(past / 3_600, "hour"))
    } else if now.date().yesterday().is_ok_and(|yesterday| yesterday == then.date()) {
        "yesterday".to_owned()
    } else if now.year() == then.year() {
        then.strftime("%-d %B").to_string()
    } else {
        then.strftime("%-d %B %Y").to_string()
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};

    use super::*;

    /// 2026-11-23 13:32:06.655 UTC.
    const MOMENT: i64 = 1_795_440_726_655_000;

    fn paris() -> Zone {
        Zone(TimeZone::fixed(Offset::constant(1)))
    }

    #[test]
    fn a_moment_is_shown_in_the_chosen_zone() {
        assert_eq!(full(MOMENT, &Zone::UTC), "2026-11-23 13:32:06.655 +00:00");
        assert_eq!(full(MOMENT, &paris()), "2026-11-23 14:32:06.655 +01:00");
        assert_eq!(zone_name(MOMENT, &paris()), "UTC+1");
        assert_eq!(zone_name(MOMENT, &Zone::UTC), "UTC");
    }

    #[test]
    fn a_row_repeats_the_hour_only_when_the_minute_changes() {
        let zone = paris();
        assert_eq!(cell(MOMENT, None, &zone), "14:32:06.655");
        assert_eq!(cell(MOMENT, Some(MOMENT - 1_000_000), &zone), "06.655");
        assert_eq!(cell(MOMENT, Some(MOMENT - 60_000_000), &zone), "14:32:06.655");
        assert_eq!(cell(MOMENT, Some(MOMENT - 86_400_000_000), &zone), "11-23 14:32:06");
    }

    #[test]
    fn a_moment_beyond_the_calendar_is_shown_as_its_number() {
        assert_eq!(full(i64::MAX, &Zone::UTC), format!("{} µs", i64::MAX));
        assert_eq!(zone_name(i64::MIN, &paris()), "UTC");
    }

    #[test]
    fn a_moment_is_typed_as_people_write_it() {
        let zone = paris();
        let shown = |text: &str| typed(text, MOMENT, &zone).map(|us| full(us, &zone));
        assert_eq!(shown("2026-11-24 10:00").as_deref(), Some("2026-11-24 10:00:00.000 +01:00"));
        assert_eq!(shown("2026-11-24T10:00:05.25").as_deref(), Some("2026-11-24 10:00:05.250 +01:00"));
        assert_eq!(shown(" 2026-11-24 ").as_deref(), Some("2026-11-24 00:00:00.000 +01:00"));
        assert_eq!(shown("2026-11-24T09:00Z").as_deref(), Some("2026-11-24 10:00:00.000 +01:00"));
        assert_eq!(shown("10:15").as_deref(), Some("2026-11-23 10:15:00.000 +01:00"));
        assert_eq!(typed("-1h", MOMENT, &zone), Some(MOMENT - 3_600_000_000));
        assert_eq!(typed("-1.5 d", MOMENT, &zone), Some(MOMENT - 129_600_000_000));
        for text in ["", "-", "-1", "-1y", "-1e300h", "12", "20261124", "2026-13-01", "yesterday", "-NaNh"] {
            assert_eq!(typed(text, MOMENT, &zone), None, "{text}");
        }
    }

    #[test]
    fn the_past_is_said_as_people_say_it() {
        let hours = |count: i64| ago(MOMENT, MOMENT - count * 3_600_000_000, &Zone::UTC);
        assert_eq!(ago(MOMENT, MOMENT - 120_000_000, &Zone::UTC), "2 minutes ago");
        assert_eq!(hours(1), "1 hour ago");
        assert_eq!(hours(14), "yesterday");
        assert_eq!(hours(24 * 4), "19 November");
        assert_eq!(hours(24 * 400), "19 October 2025");
        assert_eq!(ago(MOMENT, MOMENT + 5_000_000, &Zone::UTC), "just now");
    }
}
