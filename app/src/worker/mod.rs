//! The only place that holds a store: requests in, updates out, one thread for the open store, watchers that feed one channel.
//!
//! Invariants:
//! - the interface never waits for the worker: requests queue up on the interface's side while the channel is full;
//! - a thread that panics says so through the channel.

mod activity;
pub mod append;
pub mod caught;
mod cbor;
mod copy;
mod decode;
pub mod demo;
mod detail;
pub(crate) mod digits;
pub mod export;
pub(crate) mod facets;
pub mod failure;
mod folds;
pub mod graph;
pub(crate) mod handle;
pub(crate) mod holes;
pub(crate) mod open;
mod outbox;
pub mod protocol;
mod rows;
pub mod search;
mod session;
pub mod small_file;
mod source;
mod standing;
mod states;
#[cfg(test)]
mod tests;
mod timeline;
mod trouble;
pub mod trust;

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use std::{io, thread};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, never, select};

use crate::worker::activity::{Activity, Work};
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, OpenMode, Request, Summary, Task, Update};
use crate::worker::session::Session;

/// Requests that wait in the channel.
const REQUESTS_MAX: usize = 256;
/// Updates that wait in the channel; a worker that is faster than the interface waits.
const UPDATES_MAX: usize = 1024;
/// How long the worker sleeps while nothing is open.
const IDLE: Duration = Duration::from_hours(1);
/// Progress of an opening is told at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// The thread that holds the open store.
pub struct Worker {
    requests: Receiver<(Request, Work)>,
    outbox: Outbox,
    activity: Activity,
    session: Option<Session>,
    /// Openings that were begun.
    openings: u64,
    /// The user gave up the openings up to this one.
    given_up: Arc<AtomicU64>,
}

/// The interface's end of a worker. Dropping it closes the store and waits until it is closed.
pub struct WorkerHandle {
    requests: Option<Sender<(Request, Work)>>,
    /// Requests that found the channel full, oldest first.
    waiting: VecDeque<(Request, Work)>,
    updates: Option<Receiver<Update>>,
    activity: Activity,
    /// Openings that were asked for.
    openings: u64,
    /// The user gave up the openings up to this one: while the worker opens, it takes no request.
    given_up: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts a worker. `wake` is called after each update, from any thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(wake: impl Fn() + Send + Sync + 'static) -> io::Result<WorkerHandle> {
        let (requests, asked) = bounded(REQUESTS_MAX);
        let (told, updates) = bounded(UPDATES_MAX);
        let activity = Activity::default();
        let outbox = Outbox::new(told, Arc::new(wake));
        let given_up = Arc::<AtomicU64>::default();
        let mut worker = Self {
            requests: asked,
            outbox,
            activity: activity.clone(),
            session: None,
            openings: 0,
            given_up: given_up.clone(),
        };
        let thread = thread::Builder::new().name("causeway-store".to_owned()).spawn(move || {
            let outbox = worker.outbox.clone();
            // After a panic the session is gone and the next request opens a new one.
            while outbox.guard("the store's thread", || worker.run()).is_none() {
                worker.session = None;
            }
            worker.close();
        })?;
        Ok(WorkerHandle {
            requests: Some(requests),
            waiting: VecDeque::new(),
            updates: Some(updates),
            activity,
            openings: 0,
            given_up,
            thread: Some(thread),
        })
    }

    /// Serves until nobody asks any more.
    fn run(&mut self) {
        loop {
            let wait = self.session.as_mut().map_or(IDLE, Session::step);
            let nothing = never();
            let arrivals = self.session.as_ref().map_or(&nothing, Session::arrivals);
            select! {
                recv(self.requests) -> request => match request {
                    Ok((request, work)) => {
                        self.serve(request);
                        let mut works = vec![work];
                        // Whoever waits is answered before anything unfinished goes on.
                        while let Ok((request, work)) = self.requests.try_recv() {
                            self.serve(request);
                            works.push(work);
                        }
                        // The first step belongs to the requests: a filter that one slice answers is answered then.
                        self.session.as_mut().map(Session::step);
                        drop(works);
                    }
                    Err(_) => return,
                },
                // The notifications themselves are not looked at: the store is asked what is new.
                recv(arrivals) -> arrived => match arrived {
                    Ok(_) => arrivals.try_iter().for_each(drop),
                    Err(_) => thread::sleep(wait.min(Duration::from_millis(50))),
                },
                default(wait) => {}
            }
        }
    }

    fn serve(&mut self, request: Request) {
        match request {
            Request::Preview { id, path } => {
                let preview = open::preview(&path);
                self.outbox.send(Update::Previewed { id, preview });
            }
            Request::Open { path, mode } => self.open(path, mode),
            Request::OpenDemo { path } => self.open_demo(&path),
            Request::OpenDamagedDemo { path } => match demo::create_damaged(&path, demo::DEMO_EVENTS) {
                Ok(()) => self.open(path, OpenMode::ReadOnly),
                Err(error) => {
                    self.refuse(path.clone(), OpenMode::ReadOnly, failure::of_directory(&path, &error));
                }
            },
            Request::Close => {
                self.close();
                self.outbox.send(Update::Closed);
            }
            other => {
                if let Some(session) = &mut self.session {
                    session.answer(other);
                }
            }
        }
    }

    /// Opens a store in place of what is open. If that fails, what was open stays open.
    fn open(&mut self, path: PathBuf, mode: OpenMode) {
        // A lock of our own would refuse us.
        if mode == OpenMode::Writable && self.session.as_ref().is_some_and(|open| open.writes(&path)) {
            self.close();
            self.outbox.send(Update::Closed);
        }
        match self.open_with_progress(&path, mode) {
            Ok((handle, summary)) => {
                self.close();
                let (outbox, activity) = (self.outbox.clone(), self.activity.clone());
                self.session = Some(Session::new(handle, summary, None, outbox, activity));
            }
            Err(failure) => self.refuse(path, mode, failure),
        }
    }

    /// Opens a directory; tells how far it is, and ends when the user gives it up.
    fn open_with_progress(&mut self, path: &Path, mode: OpenMode) -> Result<(Handle, Summary), Failure> {
        self.openings += 1;
        let (number, given_up, outbox) = (self.openings, self.given_up.clone(), self.outbox.clone());
        let is_given_up = move || given_up.load(Ordering::Acquire) >= number;
        let mut told: Option<Instant> = None;
        let mut progress = |done, total| {
            if told.is_none_or(|at| at.elapsed() >= PROGRESS_INTERVAL) {
                told = Some(Instant::now());
                outbox.send(Update::Progress { what: Task::Open, done, total });
            }
            if is_given_up() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let opened = Handle::open(path, mode, &mut progress);
        if is_given_up() {
            return Err(failure::cancelled("Opening was stopped."));
        }
        open::summary(path, opened, false)
    }

    fn open_demo(&mut self, path: &Path) {
        self.openings += 1;
        if self.session.is_some() {
            self.close();
            self.outbox.send(Update::Closed);
        }
        let opened = demo::open(path, demo::DEMO_EVENTS)
            .map_err(|error| failure::of_directory(path, &error))
            .and_then(|(store, story)| {
                let (handle, summary) = open::summary(path, Ok(Handle::Writer(store.clone())), true)?;
                let feeder = demo::Feeder::start(store, story, self.outbox.clone())?;
                Ok((handle, summary, feeder))
            });
        match opened {
            Ok((handle, summary, feeder)) => {
                let (outbox, activity) = (self.outbox.clone(), self.activity.clone());
                self.session = Some(Session::new(handle, summary, Some(feeder), outbox, activity));
            }
            Err(failure) => self.refuse(path.to_owned(), OpenMode::Writable, failure),
        }
    }

    fn refuse(&self, path: PathBuf, mode: OpenMode, failure: Failure) {
        self.outbox.send(Update::OpenFailed { path, mode, failure });
    }

    fn close(&mut self) {
        if let Some(Err(error)) = self.session.take().map(Session::close) {
            self.outbox.send(Update::Failed(failure::of(&error)));
        }
    }
}

impl WorkerHandle {
    /// Asks something. Never waits.
    pub fn send(&mut self, request: Request) {
        match request {
            Request::Open { .. } | Request::OpenDemo { .. } | Request::OpenDamagedDemo { .. } => {
                self.openings += 1;
            }
            Request::Cancel => self.given_up.store(self.openings, Ordering::Release),
            _ => {}
        }
        self.waiting.push_back((request, self.activity.begin()));
        self.flush();
    }

    /// Sends what found the channel full before. Called once a frame.
    pub fn flush(&mut self) {
        let Some(requests) = &self.requests else { return };
        while let Some(request) = self.waiting.pop_front() {
            if let Err(TrySendError::Full(request) | TrySendError::Disconnected(request)) =
                requests.try_send(request)
            {
                self.waiting.push_front(request);
                return;
            }
        }
    }

    /// The next update, if one is there.
    pub fn try_recv(&self) -> Option<Update> {
        self.updates.as_ref()?.try_recv().ok()
    }

    /// The next update, if one comes in time.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<Update> {
        self.updates.as_ref()?.recv_timeout(timeout).ok()
    }

    /// True if everything that was asked is answered and every answer was taken.
    pub fn is_idle(&self) -> bool {
        self.activity.is_idle() && self.updates.as_ref().is_none_or(Receiver::is_empty)
    }
}

impl Drop for WorkerHandle {
    fn drop(&mut self) {
        // Without a receiver no update is waited for, without a sender no request is, and nothing is opened any more.
        self.given_up.store(u64::MAX, Ordering::Release);
        self.updates = None;
        self.requests = None;
        self.waiting.clear();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
