//! Owns time: the only place that asks the operating system what time it is.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Tells the time. Tests and simulations inject their own.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970.
    fn now_us(&self) -> i64;

    /// Nanoseconds since 1970.
    fn now_wall_ns(&self) -> i64 {
        self.now_us().saturating_mul(1_000)
    }

    /// Nanoseconds since some moment of this process; never steps back.
    fn now_mono_ns(&self) -> i64 {
        monotonic_ns()
    }

    /// A number that differs between processes and stays the same within one.
    fn process_boot_ns(&self) -> u64 {
        process_start_ns()
    }
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The clock of the operating system.
    pub fn new() -> Self {
        Self
    }
}

impl Clock for SystemClock {
    fn now_us(&self) -> i64 {
        i64::try_from(since_epoch().as_micros()).unwrap_or(i64::MAX)
    }

    fn now_wall_ns(&self) -> i64 {
        i64::try_from(since_epoch().as_nanos()).unwrap_or(i64::MAX)
    }
}

/// A clock made of a function that tells microseconds since 1970.
pub(crate) struct FnClock<F>(pub(crate) F);

impl<F: Fn() -> i64 + Send + Sync> Clock for FnClock<F> {
    fn now_us(&self) -> i64 {
        (self.0)()
    }
}

fn since_epoch() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn start() -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    *START.get_or_init(Instant::now)
}

fn monotonic_ns() -> i64 {
    i64::try_from(start().elapsed().as_nanos()).unwrap_or(i64::MAX)
}

fn process_start_ns() -> u64 {
    static BOOT: OnceLock<u64> = OnceLock::new();
    *BOOT.get_or_init(|| u64::try_from(since_epoch().as_nanos()).unwrap_or(u64::MAX))
}
