//! Owns the projections that run: each one is a watcher on a thread of its own, feeding the one channel of updates.
//!
//! Invariant: a projection ends when it is stopped or its store is closed, and says so.

use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use causeway::store::{WatchStop, WatcherError};

use crate::worker::activity::{Activity, Work};
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, FoldKind, FoldStatus, ProjectionSpec, ProjectionState, Update};
use crate::worker::source::Source;
use crate::worker::states::{CountByKind, Fold, LatestFields};

/// A busy stream is shown at most this often.
const DELIVERY_INTERVAL: Duration = Duration::from_millis(33);

/// The running projections of a store. Dropping it stops them and waits until they ended.
#[derive(Default)]
pub(crate) struct Folds {
    running: Vec<Running>,
}

struct Running {
    id: u64,
    stop: WatchStop,
    thread: JoinHandle<()>,
}

impl Folds {
    /// Starts a projection; one with the same id is stopped first.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn start(
        &mut self,
        handle: &Handle,
        spec: ProjectionSpec,
        outbox: &Outbox,
        activity: &Activity,
    ) -> Result<(), Failure> {
        self.stop(spec.id);
        let running = match spec.fold {
            FoldKind::LatestFields => run::<LatestFields>(handle, spec, outbox, activity.begin())?,
            FoldKind::CountByKind => run::<CountByKind>(handle, spec, outbox, activity.begin())?,
        };
        self.running.push(running);
        Ok(())
    }

    /// Stops a projection.
    pub(crate) fn stop(&mut self, id: u64) {
        for ended in self.running.extract_if(.., |running| running.id == id) {
            ended.end();
        }
    }
}

impl Running {
    fn end(self) {
        self.stop.stop();
        // A thread that panicked has said so.
        let _ = self.thread.join();
    }
}

impl Drop for Folds {
    fn drop(&mut self) {
        self.running.drain(..).for_each(Running::end);
    }
}

/// Watches a source on a thread of its own.
fn run<T: Fold>(
    handle: &Handle,
    spec: ProjectionSpec,
    outbox: &Outbox,
    catching_up: Work,
) -> Result<Running, Failure> {
    let source = Source::<T>::of(handle, &spec.source);
    let stop = source.stop_handle();
    let id = spec.id;
    let outbox = outbox.clone();
    let watch = move || {
        let state = ProjectionState {
            spec,
            status: FoldStatus::CatchingUp,
            generation: 0,
            state: None,
            deliveries: 0,
        };
        outbox
            .guard("a projection", || Watched { source, state, outbox: outbox.clone() }.follow(catching_up));
    };
    let thread = thread::Builder::new()
        .name(format!("causeway-fold-{id}"))
        .spawn(watch)
        .map_err(|error| failure::of(&error.into()))?;
    Ok(Running { id, stop, thread })
}

struct Watched<T: Fold> {
    source: Source<T>,
    state: ProjectionState,
    outbox: Outbox,
}

impl<T: Fold> Watched<T> {
    /// Delivers the state there is, then every later one, until the source ends.
    fn follow(&mut self, catching_up: Work) {
        let first = self.source.current();
        let mut goes_on = self.deliver(first);
        drop(catching_up);
        while goes_on {
            let next = self.source.recv();
            goes_on = self.deliver(next);
            // What arrives meanwhile becomes one delivery.
            thread::sleep(DELIVERY_INTERVAL);
        }
    }

    /// Sends a delivery. False if nothing can come any more.
    fn deliver(&mut self, delivery: Result<(u64, Option<T>), WatcherError>) -> bool {
        let state = &mut self.state;
        let mut goes_on = true;
        match delivery {
            Ok((generation, value)) => {
                state.status = FoldStatus::Live;
                state.generation = generation;
                state.deliveries += 1;
                state.state = value.and_then(|value| serde_json::to_value(value).ok()).map(Arc::new);
            }
            Err(WatcherError::Store(error)) => state.status = FoldStatus::Failed(error.to_string()),
            Err(_) => {
                state.status = FoldStatus::Stopped;
                goes_on = false;
            }
        }
        self.outbox.send(Update::Projection(state.clone())) && goes_on
    }
}
