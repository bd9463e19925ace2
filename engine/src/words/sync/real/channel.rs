//! Owns waiting for several channels; the channels themselves are crossbeam's.

use std::time::Instant;

use crossbeam_channel::Select;
pub(crate) use crossbeam_channel::{
    Receiver, RecvError, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded,
};

/// A channel that is waited for together with others.
pub(crate) trait Awaited {
    /// Takes part in a wait.
    fn join<'a>(&'a self, wait: &mut Select<'a>);
}

impl<T> Awaited for Receiver<T> {
    fn join<'a>(&'a self, wait: &mut Select<'a>) {
        wait.recv(self);
    }
}

/// Returns true when one of the channels may hold something or has lost its last sender, false at the deadline; `None` is never.
///
/// Nothing is taken out: whoever waits looks at the channels again, in an order of its own, and waits again if there is nothing.
pub(crate) fn ready(channels: &[&dyn Awaited], deadline: Option<Instant>) -> bool {
    let mut wait = Select::new();
    for channel in channels {
        channel.join(&mut wait);
    }
    match deadline {
        None => wait.ready() < channels.len(),
        Some(deadline) => wait.ready_deadline(deadline).is_ok(),
    }
}
