//! Owns the way of threads into a store that they do not keep open: one batch at a time. Starts no thread.
//!
//! Invariants:
//! - a thread holds the store only while it is a guest, so that an idle one never stands in the way of closing or dropping it;
//! - whoever closes a shared store waits until the last guest let go of it, and no other comes in.

use std::convert::Infallible;
use std::ops::Deref;

use crossbeam_channel::{Receiver, RecvError, Sender, bounded};

use crate::store::Store;
use crate::words::sync::{Arc, Mutex, Weak};

/// Who is in a store at the moment.
#[derive(Debug)]
pub(crate) struct Guests {
    /// Each guest holds a copy, and nobody ever sends: when the last copy is gone, the other end tells.
    entrance: Mutex<Option<Sender<Infallible>>>,
    gone: Receiver<Infallible>,
}

impl Default for Guests {
    fn default() -> Self {
        let (pass, gone) = bounded(0);
        Self { entrance: Mutex::new(Some(pass)), gone }
    }
}

impl Guests {
    /// Lets nobody in any more and waits until everybody left.
    pub(crate) fn see_off(&self) {
        self.entrance.lock().take();
        let Err(RecvError) = self.gone.recv();
    }
}

/// Where a thread comes in.
#[derive(Debug)]
pub(super) struct Door {
    store: Weak<Store>,
    guests: Arc<Guests>,
}

impl Door {
    pub(super) fn of(store: &Arc<Store>) -> Self {
        Self { store: Arc::downgrade(store), guests: Arc::clone(&store.half.guests) }
    }

    /// The store, as long as it is open.
    pub(super) fn enter(&self) -> Option<Guest> {
        // The pass first: otherwise somebody who waits for the guests would not know of this one.
        let pass = self.guests.entrance.lock().clone()?;
        Some(Guest { store: self.store.upgrade()?, _pass: pass })
    }
}

/// A thread that is in the store. The store goes first when it leaves, then the pass that says so.
#[derive(Debug)]
pub(super) struct Guest {
    store: Arc<Store>,
    _pass: Sender<Infallible>,
}

impl Deref for Guest {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}
