//! Owns how fast events arrive: counts a second over the last half minute.

/// Seconds that are shown.
const SECONDS: usize = 30;

/// Counts arrivals into seconds. Times are seconds of the interface's clock.
#[derive(Clone, Debug, Default)]
pub struct RateMeter {
    second: u64,
    arrived: u64,
}

impl RateMeter {
    /// Counts events that arrived now.
    pub fn add(&mut self, events: u64, now: f64, rate: &mut Vec<f32>) {
        self.advance(now, rate);
        self.arrived += events;
    }

    /// Moves full seconds into `rate`, oldest first.
    pub fn advance(&mut self, now: f64, rate: &mut Vec<f32>) {
        let second = now.max(0.0) as u64;
        if second <= self.second {
            return;
        }
        rate.push(self.arrived as f32);
        let silent = (second - self.second - 1).min(SECONDS as u64) as usize;
        rate.extend(std::iter::repeat_n(0.0, silent));
        rate.drain(..rate.len().saturating_sub(SECONDS));
        *self = Self { second, arrived: 0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_counted_by_second_and_silence_is_zero() {
        let (mut meter, mut rate) = (RateMeter::default(), Vec::new());
        meter.add(3, 0.1, &mut rate);
        meter.add(4, 0.9, &mut rate);
        meter.add(5, 3.5, &mut rate);
        meter.advance(4.0, &mut rate);
        assert_eq!(rate, [7.0, 0.0, 0.0, 5.0]);
        meter.advance(1000.0, &mut rate);
        assert_eq!(rate, [0.0; SECONDS]);
    }
}
