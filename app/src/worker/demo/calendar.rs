//! Owns when the past of the demonstration happened: a shop that is busy by day and rests at night.

/// From one event to the next on average, microseconds.
const PACE_US: i64 = 15_000_000;
/// Events of a day: fifteen hours of them, then the shop is closed.
const DAY_EVENTS: i64 = 3_600;
/// From the first event of a day to that of the next, microseconds.
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// The times of so many events, ascending.
pub(super) struct Calendar {
    first_us: i64,
}

impl Calendar {
    /// The last of `events` events happens at `now_us` or shortly before.
    pub(super) fn ending_at(now_us: i64, events: u32) -> Self {
        Self { first_us: now_us - since_first_us(events) }
    }

    /// When the event with this number happened, microseconds since 1970.
    pub(super) fn time_us(&self, event: u32) -> i64 {
        self.first_us + since_first_us(event)
    }
}

fn since_first_us(event: u32) -> i64 {
    let event = i64::from(event);
    // Some come close together and some apart, the same ones in every story.
    let jitter_us = event.wrapping_mul(7_919) % 13 * (PACE_US / 13);
    event / DAY_EVENTS * DAY_US + event % DAY_EVENTS * PACE_US + jitter_us
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_rise_and_the_nights_are_quiet() {
        let calendar = Calendar::ending_at(1_000_000_000_000_000, 9_000);
        let times: Vec<i64> = (0..9_000).map(|event| calendar.time_us(event)).collect();
        assert!(times.is_sorted() && times.last().is_some_and(|last| *last <= 1_000_000_000_000_000));
        let nights = times.windows(2).filter(|pair| pair[1] - pair[0] > 8 * 3600 * 1_000_000).count();
        assert_eq!(nights, 2);
    }
}
