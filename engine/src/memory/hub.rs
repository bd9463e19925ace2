//! Owns the subscribers: who is to be woken when something becomes visible.
//!
//! Invariants:
//! - telling a subscriber never waits: what does not fit its buffer is counted as lagged and dropped;
//! - a subscriber is removed only when its receiver is gone or the store is closed.

use crate::words::coordinate::Coordinate;
use crate::words::event::EventHeader;
use crate::words::kind::EventKind;
use crate::words::position::DagPosition;
use crate::words::region::Region;
use crate::words::sync::channel::{Receiver, Sender, TrySendError, bounded};
use crate::words::sync::{Arc, AtomicBool, AtomicU64, Mutex, Ordering};

/// Tells a subscriber that an event became visible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Names the event.
    pub event_id: u128,
    /// Its conversation.
    pub correlation_id: u128,
    /// The event that caused it.
    pub causation_id: Option<u128>,
    /// Entity and scope.
    pub coord: Coordinate,
    /// Type tag.
    pub kind: EventKind,
    /// Place in the commit order.
    pub sequence: u64,
    /// Place in the stream.
    pub position: DagPosition,
}

impl Notification {
    pub(crate) fn new(sequence: u64, coord: &Coordinate, header: &EventHeader) -> Self {
        Self {
            event_id: header.event_id.into(),
            correlation_id: header.correlation_id.into(),
            causation_id: header.causation_id.map(u128::from),
            coord: coord.clone(),
            kind: header.event_kind,
            sequence,
            position: header.position,
        }
    }
}

/// The receiving end of a subscription.
#[derive(Clone, Debug)]
pub(crate) struct Inbox {
    pub(crate) receiver: Receiver<Notification>,
    /// Notifications that were dropped because the buffer was full.
    pub(crate) lagged: Arc<AtomicU64>,
}

#[derive(Debug)]
struct Subscriber {
    region: Region,
    sender: Sender<Notification>,
    lagged: Arc<AtomicU64>,
}

/// Everybody who is to be told.
#[derive(Debug, Default)]
pub(crate) struct Hub {
    subscribers: Mutex<Vec<Subscriber>>,
    closed: AtomicBool,
}

impl Hub {
    /// Adds a subscriber for what becomes visible in `region` from now on. After `close` its receiver is disconnected at once.
    pub(crate) fn subscribe(&self, region: &Region, capacity: usize) -> Inbox {
        let (sender, receiver) = bounded(capacity.max(1));
        let lagged = Arc::new(AtomicU64::new(0));
        let mut subscribers = self.subscribers.lock();
        // Whose inbox is gone holds its count no more; on a quiet region no send would ever find that out.
        subscribers.retain(|subscriber| Arc::strong_count(&subscriber.lagged) > 1);
        if !self.closed.load(Ordering::Acquire) {
            subscribers.push(Subscriber { region: region.clone(), sender, lagged: Arc::clone(&lagged) });
        }
        Inbox { receiver, lagged }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.subscribers.lock().is_empty()
    }

    /// Tells everybody whose region takes the event.
    pub(crate) fn publish(&self, notification: &Notification) {
        self.subscribers.lock().retain(|subscriber| {
            let (entity, scope) = (notification.coord.entity(), notification.coord.scope());
            if !subscriber.region.matches_event(entity, scope, notification.kind) {
                return true;
            }
            match subscriber.sender.try_send(notification.clone()) {
                Ok(()) => true,
                Err(TrySendError::Full(_)) => {
                    subscriber.lagged.fetch_add(1, Ordering::Relaxed);
                    true
                }
                Err(TrySendError::Disconnected(_)) => false,
            }
        });
    }

    /// Ends every subscription: receivers still get what they hold, then see the end.
    pub(crate) fn close(&self) {
        let mut subscribers = self.subscribers.lock();
        self.closed.store(true, Ordering::Release);
        subscribers.clear();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }
}
