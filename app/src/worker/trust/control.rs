//! Owns how a check that runs is paused, slowed down and ended from outside.

use std::ops::ControlFlow;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A check that nobody asked for rests as long as it worked, but never longer.
const REST_MAX: Duration = Duration::from_millis(50);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    Go,
    Pause,
    Stop,
}

/// What the user wants of a check.
#[derive(Debug, Default)]
pub(crate) struct Control {
    wish: Mutex<Wish>,
    changed: Condvar,
}

impl Control {
    /// Lets it rest or go on. What was stopped stays so.
    pub(super) fn pause(&self, paused: bool) {
        let mut wish = self.wish.lock();
        if *wish != Wish::Stop {
            *wish = if paused { Wish::Pause } else { Wish::Go };
            self.changed.notify_all();
        }
    }

    /// Ends it.
    pub(super) fn stop(&self) {
        *self.wish.lock() = Wish::Stop;
        self.changed.notify_all();
    }

    /// True if it is to end.
    pub(super) fn is_stopped(&self) -> bool {
        *self.wish.lock() == Wish::Stop
    }

    /// Waits while it is paused; `Break` if it is to end.
    pub(super) fn pass(&self) -> ControlFlow<()> {
        let mut wish = self.wish.lock();
        while *wish == Wish::Pause {
            self.changed.wait(&mut wish);
        }
        if *wish == Wish::Stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Rests for as long as was worked since `since`, or until something changes.
    pub(super) fn rest(&self, since: Instant) {
        let mut wish = self.wish.lock();
        if *wish == Wish::Go {
            let _ = self.changed.wait_for(&mut wish, since.elapsed().min(REST_MAX));
        }
        drop(wish);
        thread::yield_now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_stopped_is_not_resumed_and_never_waits() {
        let control = Control::default();
        assert!(control.pass().is_continue());
        control.pause(true);
        control.stop();
        control.pause(false);
        assert!(control.pass().is_break());
        control.pause(true);
        assert!(control.pass().is_break());
    }

    #[test]
    fn a_paused_check_goes_on_when_it_is_resumed() {
        let control = Control::default();
        control.pause(true);
        thread::scope(|scope| {
            let passed = scope.spawn(|| control.pass());
            control.pause(false);
            assert!(passed.join().unwrap().is_continue());
        });
    }
}
