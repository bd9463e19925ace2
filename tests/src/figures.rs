//! Owns how much a test does and how it tells, and how measured times are summed up. Never decides whether they are good.

use std::env;
use std::fmt;
use std::io::{self, Write};
use std::time::Duration;

/// Median, 99th percentile and maximum of some times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// How many were measured.
    pub count: usize,
    /// Half of them were no longer.
    pub p50: Duration,
    /// Ninety-nine of a hundred were no longer.
    pub p99: Duration,
    /// The longest.
    pub max: Duration,
}

impl Percentiles {
    /// Sums up; `None` for no times at all.
    pub fn of(mut times: Vec<Duration>) -> Option<Self> {
        times.sort_unstable();
        let at = |percent: usize| times[(times.len() - 1) * percent / 100];
        let max = *times.last()?;
        Some(Self { count: times.len(), p50: at(50), p99: at(99), max })
    }
}

impl fmt::Display for Percentiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let (p50, p99, max) = (ms(self.p50), ms(self.p99), ms(self.max));
        write!(f, "p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms of {}", self.count)
    }
}

/// What the gate does, or what is done when `CAUSEWAY_DEEP=1` asks for the deep figures, which take hours rather than minutes.
pub fn share<T>(gate: T, deep: T) -> T {
    if env::var_os("CAUSEWAY_DEEP").is_some_and(|value| value == "1") { deep } else { gate }
}

/// Prints how many cases of a goal were executed.
///
/// # Panics
/// When they are fewer than they must be: a proof that runs nothing proves nothing.
pub fn tell(goal: &str, what: &str, cases: u64, least: u64) {
    // Past the capture of test output, so that every run tells. Nobody is left to be told if that fails.
    let _ = writeln!(io::stderr(), "{goal} {what}: {cases}, at least {least}");
    assert!(cases >= least, "{goal}: only {cases} {what}, not {least}");
}
