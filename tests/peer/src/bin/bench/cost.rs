//! Owns the cost of a piece of work: time on the wall, and processor time of all threads of this process.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// What something cost.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
}

impl Cost {
    /// Does the work and says what it cost.
    pub(crate) fn of<R>(work: impl FnOnce() -> R) -> (Self, R) {
        let (wall, cpu) = (Instant::now(), cpu_time());
        let result = work();
        (Self { wall: wall.elapsed(), cpu: cpu_time().saturating_sub(cpu) }, result)
    }

    /// The cost of one of so many equal parts.
    pub(crate) fn each(self, parts: usize) -> Self {
        let parts = parts.max(1) as f64;
        Self { wall: self.wall.div_f64(parts), cpu: self.cpu.div_f64(parts) }
    }
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}
