//! The verbs that tell how far a store has come, and wait until it has come further.

use std::time::Duration;

use crate::store::{Open, Store, StoreState};
use crate::words::error::StoreError;
use crate::words::position::HlcPoint;
use crate::words::watermark::{FrontierView, WatermarkKind};

impl<State: StoreState> Store<State> {
    /// How far the store has come: every watermark at one moment.
    pub fn frontier(&self) -> FrontierView {
        self.reader.shared().frontier()
    }
}

impl Store<Open> {
    /// Returns when the event at `point`, and all before it, are on stable storage. Has them synced at once: one sync serves all who
    /// wait, and appends go on meanwhile.
    ///
    /// ```
    /// # use causeway::{coordinate::Coordinate, event::EventKind};
    /// use std::time::Duration;
    /// use causeway::store::{Store, StoreConfig};
    ///
    /// # let directory = tempfile::tempdir()?;
    /// # let store = Store::open(StoreConfig::new(directory.path()))?;
    /// store.append(&Coordinate::new("order:42", "shop")?, EventKind::custom(1, 1), &"placed")?;
    /// let point = store.frontier().visible_hlc;
    /// store.wait_for_durable(point, Duration::from_secs(10))?;
    /// assert!(store.frontier().durable_hlc >= point);
    /// # Ok::<(), causeway::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    /// [`StoreError::WaitTimeout`] if that took longer; [`StoreError::Poisoned`] as soon as a sync has failed.
    pub fn wait_for_durable(&self, point: HlcPoint, timeout: Duration) -> Result<(), StoreError> {
        self.half.writer.wait(WatermarkKind::Durable, point, timeout)
    }

    /// Returns when every projection that this process keeps has taken in the event at `point`. One that lags holds up the wait; where
    /// there is none, only what was there at the opening is taken in.
    ///
    /// # Errors
    /// [`StoreError::WaitTimeout`] if that took longer; [`StoreError::Poisoned`] as soon as a write or a sync has failed.
    pub fn wait_for_applied(&self, point: HlcPoint, timeout: Duration) -> Result<(), StoreError> {
        self.half.writer.wait(WatermarkKind::Applied, point, timeout)
    }

    /// Returns when the event at `point` may be read.
    ///
    /// # Errors
    /// [`StoreError::WaitTimeout`] if that took longer; [`StoreError::Poisoned`] as soon as a write or a sync has failed.
    pub fn wait_for_visible(&self, point: HlcPoint, timeout: Duration) -> Result<(), StoreError> {
        self.half.writer.wait(WatermarkKind::Visible, point, timeout)
    }
}
