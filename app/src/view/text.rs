//! Owns how numbers become words: counts, bytes, durations, ids. Never knows a zone or a screen.

use causeway::id::EntityIdType;

/// `9812004` as `9,812,004`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count in narrow room: whole below a million, then `1.04M`, `12.4M`, `3.10B`.
pub fn short_count(number: u64) -> String {
    match number {
        0..1_000_000 => grouped(number),
        1_000_000..1_000_000_000 => scaled(number as f64 / 1e6, "M"),
        _ => scaled(number as f64 / 1e9, "B"),
    }
}

/// `1 event`, `9,812,004 events`.
pub fn counted(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// A size: `412 B`, `88.0 kB`, `4.12 GB`.
pub fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = [" kB", " MB", " GB", " TB", " PB"];
    if number < 1000 {
        return format!("{number} B");
    }
    let mut value = number as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    scaled(value, UNITS[unit])
}

/// Three digits and a unit.
fn scaled(value: f64, unit: &str) -> String {
    let decimals = match value {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{unit}")
}

/// A length of time in microseconds: `840 µs`, `913 ms`, `5.07 s`, `3 min 12 s`, `8 h 32 min`, `3 d 4 h`.
pub fn duration_us(us: u64) -> String {
    let seconds = us / 1_000_000;
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", us / 1_000),
        1_000_000..60_000_000 => format!("{:.2} s", us as f64 / 1e6),
        _ if seconds < 3_600 => two_units(seconds / 60, "min", seconds % 60, "s"),
        _ if seconds < 86_400 => two_units(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two_units(seconds / 86_400, "d", seconds % 86_400 / 3_600, "h"),
    }
}

fn two_units(large: u64, large_unit: &str, small: u64, small_unit: &str) -> String {
    if small == 0 {
        format!("{large} {large_unit}")
    } else {
        format!("{large} {large_unit} {small} {small_unit}")
    }
}

/// How much later (`+6 ms`) or earlier (`−913 ms`) `to_us` is than `from_us`.
pub fn delta_us(from_us: i64, to_us: i64) -> String {
    let sign = if to_us < from_us { '−' } else { '+' };
    format!("{sign}{}", duration_us(from_us.abs_diff(to_us)))
}

/// Events a second: `0.4 ev/s`, `312 ev/s`, `12.4k ev/s`.
pub fn rate(per_second: f32) -> String {
    match per_second {
        value if value < 9.95 => format!("{value:.1} ev/s"),
        value if value < 999.5 => format!("{value:.0} ev/s"),
        value if value < 99_950.0 => format!("{:.1}k ev/s", value / 1e3),
        value => format!("{:.0}k ev/s", value / 1e3),
    }
}

/// A share in whole percent; never 100 before everything is done.
pub fn percent(done: u64, total: u64) -> String {
    if total == 0 {
        return "0 %".to_owned();
    }
    let whole = u128::from(done.min(total)) * 100 / u128::from(total);
    format!("{whole} %")
}

/// `#9,811,992`, how a place in the commit order is written.
pub fn sequence(sequence: u64) -> String {
    format!("#{}", grouped(sequence))
}

/// The last four hexadecimal digits of an id: enough to tell the conversations in view apart.
pub fn id_tail(id: impl EntityIdType) -> String {
    format!("{:04x}", id.as_u128() & 0xFFFF)
}

/// All 32 hexadecimal digits of an id.
pub fn id_digits(id: impl EntityIdType) -> String {
    format!("{:032x}", id.as_u128())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(out, "{byte:02x}").expect("writing to a string succeeds");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_by_three_from_the_right() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (9_812_004, "9,812,004")] {
            assert_eq!(grouped(number), text);
        }
        assert_eq!(grouped(u64::MAX), "18,446,744,073,709,551,615");
    }

    #[test]
    fn counts_and_sizes_keep_three_digits() {
        for (number, text) in
            [(412_380, "412,380"), (1_040_000, "1.04M"), (12_400_000, "12.4M"), (3_100_000_000, "3.10B")]
        {
            assert_eq!(short_count(number), text);
        }
        for (number, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.00 kB"),
            (88_400_000, "88.4 MB"),
            (999_999_999, "1.00 GB"),
            (u64::MAX, "18447 PB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn a_duration_is_said_in_at_most_two_units() {
        for (us, text) in [
            (0, "0 µs"),
            (913_000, "913 ms"),
            (5_070_000, "5.07 s"),
            (192_000_000, "3 min 12 s"),
            (3_600_000_000, "1 h"),
            (30_720_000_000, "8 h 32 min"),
            (273_600_000_000, "3 d 4 h"),
        ] {
            assert_eq!(duration_us(us), text);
        }
        assert_eq!(delta_us(2_000, 1_000), "−1 ms");
        assert_eq!(delta_us(i64::MIN, i64::MAX).chars().next(), Some('+'));
    }

    #[test]
    fn a_share_reaches_a_hundred_only_at_the_end() {
        assert_eq!(percent(999, 1_000), "99 %");
        assert_eq!(percent(1_000, 1_000), "100 %");
        assert_eq!(percent(0, 0), "0 %");
        assert_eq!(percent(u64::MAX, u64::MAX), "100 %");
    }

    #[test]
    fn rates_and_nouns_fit_their_number() {
        assert_eq!(rate(0.42), "0.4 ev/s");
        assert_eq!(rate(12_400.0), "12.4k ev/s");
        assert_eq!(counted(1, "event"), "1 event");
        assert_eq!(counted(0, "event"), "0 events");
    }
}
