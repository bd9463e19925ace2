//! Owns the canal: what subscriptions and cursors have in common, pulling the next events, and what the threads that do so have in common.
//! Adds no promise of its own.

use std::time::Duration;

use thiserror::Error;

use crate::memory::hub::Notification;
use crate::read::entry::IndexEntry;
use crate::words::error::StoreError;

/// A source of events that is pulled from. What it promises of order and completeness is its own matter.
pub trait Canal: Send {
    /// What it yields.
    type Item: CanalItem + Send;
    /// Why it can yield no more.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Pulls up to `max` items and waits no longer than `deadline` for the first. Returns as soon as there is one.
    ///
    /// # Errors
    /// Only when no item can come any more, or reading failed; no item is lost by it.
    fn pull_batch(&mut self, max: usize, deadline: Duration) -> Result<CanalBatch<Self::Item>, Self::Error>;
}

/// What one pull brought.
#[derive(Debug)]
pub enum CanalBatch<I> {
    /// Nothing came in time.
    Empty,
    /// One item; no allocation is made for it.
    One(I),
    /// Several items, oldest first.
    Many(Vec<I>),
}

impl<I> CanalBatch<I> {
    /// True if nothing came.
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }
}

impl<I> FromIterator<I> for CanalBatch<I> {
    fn from_iter<T: IntoIterator<Item = I>>(items: T) -> Self {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return Self::Empty };
        match items.next() {
            None => Self::One(first),
            Some(second) => Self::Many([first, second].into_iter().chain(items).collect()),
        }
    }
}

/// Names the event that an item stands for.
pub trait CanalItem {
    /// Id of the event.
    fn event_id(&self) -> u128;
}

impl CanalItem for Notification {
    fn event_id(&self) -> u128 {
        self.event_id
    }
}

impl CanalItem for IndexEntry {
    fn event_id(&self) -> u128 {
        Self::event_id(self)
    }
}

/// The canal is closed: no item can come any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the canal is closed")]
pub struct CanalClosed;

/// Where a reactor gets its events from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReactorCanal {
    /// A cursor: every event, in order, from the first on, at least once.
    #[default]
    CursorGuaranteed,
    /// A subscription: what is appended from now on, as far as the reactor keeps up. Nothing is saved, and nothing comes again.
    LossySubscription,
}

/// A thread that pulls from a canal.
pub trait CanalHandle: Send {
    /// Asks it to stop, and does not wait for it.
    fn stop(&self);

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// What ended it, if that was a failure.
    fn join(self: Box<Self>) -> Result<(), StoreError>;

    /// Stops it and waits until it ended. The same errors as [`CanalHandle::join`].
    fn stop_and_join(self: Box<Self>) -> Result<(), StoreError>;
}
