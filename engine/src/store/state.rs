//! Owns what a store is open for, and what runs in the background meanwhile.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use crate::batpak::BatpakStore;
use crate::batpak::source::BatpakFollower;
use crate::commit::background::Background;
use crate::commit::committer::Committer;
use crate::commit::options::{AppendOptions, CausationRef};
use crate::commit::poison::Poison;
use crate::commit::recovery::{Recovered, recover};
use crate::commit::request::{Item, Request};
use crate::commit::writer::{Writer, WriterPressure};
use crate::derive::remembered::ProjectionMemory;
use crate::disk::frame::MarkPurpose;
use crate::disk::real::RealDirectory;
use crate::disk::segment::{FORK_NAME, FORMAT_VERSION, INDEX_SUFFIX, SEGMENT_SUFFIX, TEMPORARY_SUFFIX};
use crate::disk::storage::{Directory, LOCK_NAME};
use crate::memory::cache::SectionCache;
use crate::memory::files::SegmentFiles;
use crate::memory::hub::Notification;
use crate::memory::live::Head;
use crate::memory::sealed::Ending;
use crate::memory::selection::Selection;
use crate::memory::shared::Shared;
use crate::read::follow::{Followed, Follower};
use crate::read::reader::Reader;
use crate::read::streams::readable;
use crate::store::About;
use crate::store::react::guests::Guests;
use crate::words::config::StoreConfig;
use crate::words::coordinate::Coordinate;
use crate::words::encoding;
use crate::words::error::{StoreError, StoreLockMode};
use crate::words::finding::{Finding, FindingClass};
use crate::words::format::{Progress, StoreFormat};
use crate::words::kind::EventKind;
use crate::words::registry;
use crate::words::report::OpenReport;
use crate::words::sync::channel::{RecvTimeoutError, Sender, bounded};
use crate::words::sync::{Arc, JoinHandle, Mutex, spawn};

const LIFECYCLE_ENTITY: &str = "batpak:store";
const LIFECYCLE_SCOPE: &str = "batpak:lifecycle";

/// A store that is open for writing.
#[derive(Clone, Copy, Debug)]
pub struct Open;

/// A store that is open for reading.
#[derive(Clone, Copy, Debug)]
pub struct ReadOnly;

/// A store that was closed cleanly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed;

/// What a store can be open for.
pub trait StoreState: sealed::Sealed {
    #[doc(hidden)]
    type Half: Half;
}

impl StoreState for Open {
    type Half = WritingHalf;
}

impl StoreState for ReadOnly {
    type Half = FollowingHalf;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Open {}
    impl Sealed for super::ReadOnly {}
}

/// What both halves tell about the directory.
#[doc(hidden)]
pub trait Half: fmt::Debug + Send + Sync {
    #[doc(hidden)]
    fn size_bytes(&self) -> Result<u64, StoreError>;
    #[doc(hidden)]
    fn findings(&self) -> Vec<Finding>;
    /// True unless the path is known to lead elsewhere.
    #[doc(hidden)]
    fn stands_at(&self, path: &Path) -> bool;
    #[doc(hidden)]
    fn pressure(&self) -> WriterPressure;
    /// Takes in what others wrote; true if somebody may write while the files are checked.
    #[doc(hidden)]
    fn settle_for_check(&self) -> Result<bool, StoreError>;
}

/// The lock, the writer and the threads behind it.
#[derive(Debug)]
pub struct WritingHalf {
    pub(crate) writer: Arc<Writer>,
    pub(crate) shared: Arc<Shared>,
    directory: Arc<dyn Directory>,
    syncing: Option<Background>,
    /// Started with the first append that is submitted.
    pub(super) committing: Mutex<Option<Background>>,
    lifecycle: Lifecycle,
    closed: bool,
    /// Threads that work in the store at the moment.
    pub(crate) guests: Arc<Guests>,
}

impl Half for WritingHalf {
    fn size_bytes(&self) -> Result<u64, StoreError> {
        segment_bytes(&*self.directory, SEGMENT_SUFFIX)
    }

    fn findings(&self) -> Vec<Finding> {
        self.shared.findings.lock().clone()
    }

    fn stands_at(&self, path: &Path) -> bool {
        self.directory.stands_at(path).unwrap_or(true)
    }

    fn pressure(&self) -> WriterPressure {
        self.writer.pressure()
    }

    fn settle_for_check(&self) -> Result<bool, StoreError> {
        Ok(true)
    }
}

fn segment_bytes(directory: &dyn Directory, suffix: &str) -> Result<u64, StoreError> {
    let segments = directory.list()?.into_iter().filter(|entry| entry.name.ends_with(suffix));
    Ok(segments.map(|entry| entry.len_bytes).sum())
}

/// Opens a directory for writing.
pub(crate) fn open_for_writing(config: StoreConfig) -> Result<(Reader, WritingHalf, About), StoreError> {
    config.validate()?;
    let directory = RealDirectory::create(config.data_dir())?;
    let path = config.data_dir().to_path_buf();
    open_in(directory, &path, config, Lifecycle::Told)
}

/// Whether opening and closing become events of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lifecycle {
    /// As for every store that an application opens. The event of the opening is durable before anything else is committed: a log that
    /// ends with a clean close has lost nothing.
    Told,
    /// The log is new, and to hold nothing but what is imported.
    Silent,
}

/// Opens a store for writing in any storage.
pub(crate) fn open_in(
    directory: Arc<dyn Directory>,
    path: &Path,
    config: StoreConfig,
    lifecycle: Lifecycle,
) -> Result<(Reader, WritingHalf, About), StoreError> {
    let collisions = registry::findings(config.event_payload_validation())?;
    refuse_foreign(&*directory, path)?;
    let locked = || StoreError::StoreLocked { path: path.to_path_buf(), mode: StoreLockMode::Mutable };
    let lock = directory.lock(LOCK_NAME)?.ok_or_else(locked)?;
    lock.annotate(&format!("process {}\n", std::process::id()))?;
    let cache = Arc::new(SectionCache::new(config.index_cache_bytes()));
    let poison: Arc<Poison> = Arc::default();
    let recovered = recover(&*directory, path, &config, &cache, &poison)?;
    let Recovered { index, active, next_sequence, largest_time, last, closed_by_event, lineage, mut report } =
        recovered;
    report.findings.extend(collisions);
    let files = SegmentFiles::new(Arc::clone(&directory), config.fd_budget());
    files.count_frames(report.frames_read);
    let every = config.sync().every;
    let (written, raised) = (Some(Arc::clone(&directory)), Arc::clone(&poison.raised));
    let shared = Arc::new(Shared::new(config, index, Box::new(files), written, next_sequence, raised));
    *shared.lineage.lock() = lineage;
    shared.findings.lock().extend(report.findings.iter().cloned());
    let about = About {
        path: path.to_path_buf(),
        directory: Arc::clone(&directory),
        identity: active.header.store_id.to_string(),
        format: StoreFormat::Causeway { version: FORMAT_VERSION },
        report,
    };
    let mut committer = Committer {
        shared: Arc::clone(&shared),
        directory: Arc::clone(&directory),
        cache,
        active,
        lock: Some(lock),
        next_sequence,
        largest_time,
        last,
        known_head: None,
        poison,
        fence: None,
    };
    if closed_by_event {
        // The last event is the newest of the lifecycle stream, which need not be read then.
        let head = Head { clock: last.1, event_hash: last.0 };
        committer.known_head = Some((LIFECYCLE_ENTITY.into(), head));
    }
    shared.config.observe(&about.report);
    let writer = Writer::new(committer);
    if lifecycle == Lifecycle::Told {
        writer.submit(lifecycle_event(EventKind::SYSTEM_OPEN_COMPLETED, &opened_payload(&about.report))?)?;
    }
    shared.watermarks.begin_applied(shared.visible());
    let syncing = Some(Background::syncing(&writer, every)?);
    let half = WritingHalf {
        writer,
        shared: Arc::clone(&shared),
        directory,
        syncing,
        committing: Mutex::default(),
        lifecycle,
        closed: false,
        guests: Arc::default(),
    };
    Ok((Reader::new(shared), half, about))
}

/// A directory that holds something else is left alone.
fn refuse_foreign(directory: &dyn Directory, path: &Path) -> Result<(), StoreError> {
    if BatpakStore::detect(directory)? {
        return Err(StoreError::DataDirMalformed {
            path: path.to_path_buf(),
            reason: "is a batpak directory, which is only read; import it into a store of its own".to_owned(),
        });
    }
    let entries = directory.list()?;
    let ours = |name: &str| {
        [LOCK_NAME, FORK_NAME].contains(&name)
            || [SEGMENT_SUFFIX, INDEX_SUFFIX, TEMPORARY_SUFFIX].iter().any(|suffix| name.ends_with(suffix))
    };
    match entries.iter().find(|entry| !ours(&entry.name)) {
        Some(entry) if !entries.iter().any(|entry| entry.name.ends_with(SEGMENT_SUFFIX)) => {
            Err(StoreError::DataDirMalformed {
                path: path.to_path_buf(),
                reason: format!("holds other files, such as {:?}, and no segments of a store", entry.name),
            })
        }
        Some(_) | None => Ok(()),
    }
}

fn opened_payload(report: &OpenReport) -> serde_json::Value {
    serde_json::json!({
        "clean": report.clean,
        "events": report.events,
        "frames_read": report.frames_read,
        "cut_bytes": report.cut_bytes,
        "damaged_events": report.damaged_events,
    })
}

fn lifecycle_event(kind: EventKind, payload: &serde_json::Value) -> Result<Request, StoreError> {
    let coordinate = Coordinate::new(LIFECYCLE_ENTITY, LIFECYCLE_SCOPE)?;
    let bytes = encoding::to_bytes(payload)?;
    let item = Item::untyped(coordinate, kind, bytes, AppendOptions::default(), CausationRef::None);
    Ok(Request::lifecycle(item))
}

impl WritingHalf {
    /// Ends the log with a mark, and stores its index, so that the next opening examines nothing.
    pub(crate) fn close(mut self) -> Result<Closed, StoreError> {
        self.settle();
        self.closed = true;
        if self.lifecycle == Lifecycle::Told {
            let last = self.shared.visible().saturating_sub(1);
            let wall_ms = self.shared.clock.0.now_us() / 1_000;
            let payload = serde_json::json!({ "wall_ms": wall_ms, "global_sequence": last });
            self.writer.submit(lifecycle_event(EventKind::SYSTEM_CLOSE_COMPLETED, &payload)?)?;
        }
        self.writer.with_committer(|committer| {
            committer.poison.check()?;
            committer.finish_active(MarkPurpose::Closed)?;
            let ending = match self.lifecycle {
                Lifecycle::Told => Ending::ClosedByEvent,
                Lifecycle::Silent => Ending::Closed,
            };
            committer.seal(ending).map(drop)
        })?;
        Ok(Closed)
    }

    /// Ends the threads behind the writer and commits what is queued.
    fn settle(&mut self) {
        self.syncing.take();
        self.committing.get_mut().take();
        self.writer.drain();
    }
}

impl Drop for WritingHalf {
    /// A store that is dropped without being closed is synced, as far as that works; nobody is there to be told of a failure.
    fn drop(&mut self) {
        if !self.closed {
            self.settle();
            let _ = self.writer.sync();
        }
        self.writer.end();
        // Last, so that subscribers still get the closing event.
        self.shared.hub.close();
    }
}

/// What follows the files: our own format, or batpak's.
#[derive(Debug)]
enum Following {
    Ours(Box<Follower>),
    Batpak(BatpakFollower),
}

/// The follower and the thread that runs it.
#[derive(Debug)]
pub struct FollowingHalf {
    shared: Arc<Shared>,
    directory: Arc<dyn Directory>,
    following: Arc<Mutex<Steps>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Steps {
    following: Following,
    memory: Arc<ProjectionMemory>,
    rolled_back_to: Option<u64>,
    failed: Option<String>,
}

impl Steps {
    fn step(&mut self, shared: &Shared) -> Result<Followed, StoreError> {
        let followed = match &mut self.following {
            Following::Ours(follower) => follower.step(shared)?,
            Following::Batpak(follower) => follower.step(shared)?,
        };
        if followed.read_anew_from.is_some() {
            self.memory.clear();
        }
        if let Some(sequence) = followed.rolled_back_to {
            let earliest = self.rolled_back_to.map_or(sequence, |earlier| earlier.min(sequence));
            self.rolled_back_to = Some(earliest);
        }
        Ok(followed)
    }

    /// The next step looks at the directory too.
    fn look_around(&mut self) {
        if let Following::Ours(follower) = &mut self.following {
            follower.look_around();
        }
    }
}

/// Makes a step, then tells subscribers of what was read anew: that reads events, which may ask for a step of their own.
fn step(steps: &Mutex<Steps>, shared: &Arc<Shared>, at_once: bool) -> Result<bool, StoreError> {
    let followed = {
        let mut steps = steps.lock();
        if at_once {
            steps.look_around();
        }
        steps.step(shared)?
    };
    if let Some(sequence) = followed.read_anew_from {
        tell_anew(shared, sequence);
    }
    Ok(followed.moved)
}

/// Tells subscribers of the events that took the place of those the view went back over, or that came with what was read anew.
fn tell_anew(shared: &Arc<Shared>, from: u64) {
    if shared.hub.is_empty() {
        return;
    }
    let entries = Reader::new(Arc::clone(shared)).entries(Selection::default(), from..u64::MAX);
    for entry in readable(entries).filter_map(Result::ok) {
        shared.hub.publish(&Notification::new(entry.global_sequence(), entry.coord(), entry.header()));
    }
}

/// Opens a directory for reading.
pub(crate) fn open_for_reading(
    config: StoreConfig,
    memory: &Arc<ProjectionMemory>,
    progress: Progress<'_>,
) -> Result<(Reader, FollowingHalf, About), StoreError> {
    config.validate()?;
    let path = config.data_dir().to_path_buf();
    let directory = RealDirectory::open(&path)?;
    follow_in(directory, &path, config, memory, progress)
}

/// Opens a store for reading in any storage.
pub(crate) fn follow_in(
    directory: Arc<dyn Directory>,
    path: &Path,
    config: StoreConfig,
    memory: &Arc<ProjectionMemory>,
    progress: &mut dyn FnMut(u64, u64) -> ControlFlow<()>,
) -> Result<(Reader, FollowingHalf, About), StoreError> {
    let collisions = registry::findings(config.event_payload_validation())?;
    let interval = config.follow_interval();
    let (shared, following, identity, format) = if BatpakStore::detect(&*directory)? {
        let (shared, follower) = BatpakFollower::open(Arc::clone(&directory), config, progress)?;
        (shared, Following::Batpak(follower), path.display().to_string(), StoreFormat::Batpak)
    } else {
        let (shared, follower) = Follower::open(Arc::clone(&directory), config, path)?;
        let identity = follower.header().store_id.to_string();
        let format = StoreFormat::Causeway { version: FORMAT_VERSION };
        (shared, Following::Ours(Box::new(follower)), identity, format)
    };
    shared.findings.lock().extend(collisions);
    let report = OpenReport {
        events: shared.visible(),
        frames_read: shared.source.frames_read(),
        findings: shared.findings.lock().clone(),
        ..OpenReport::default()
    };
    let about =
        About { path: path.to_path_buf(), directory: Arc::clone(&directory), identity, format, report };
    let steps = Arc::new(Mutex::new(Steps {
        following,
        memory: Arc::clone(memory),
        rolled_back_to: None,
        failed: None,
    }));
    let half = FollowingHalf::start(Arc::clone(&shared), directory, steps, interval)?;
    Ok((Reader::new(shared), half, about))
}

impl FollowingHalf {
    fn start(
        shared: Arc<Shared>,
        directory: Arc<dyn Directory>,
        following: Arc<Mutex<Steps>>,
        interval: Duration,
    ) -> Result<Self, StoreError> {
        let (stop, stopped) = bounded(0);
        let (steps, followed) = (Arc::downgrade(&following), Arc::downgrade(&shared));
        shared.when_files_are_gone(move || {
            if let (Some(steps), Some(followed)) = (steps.upgrade(), followed.upgrade()) {
                // A step that fails leaves the read that asked for it with the error it has.
                let _ = step(&steps, &followed, true);
            }
        });
        let (steps, followed) = (Arc::clone(&following), Arc::clone(&shared));
        let thread = spawn("follow", move || {
            while stopped.recv_timeout(interval) == Err(RecvTimeoutError::Timeout) {
                if let Err(error) = step(&steps, &followed, false) {
                    let message = format!("following failed: {error}");
                    let mut steps = steps.lock();
                    if steps.failed.as_ref() != Some(&message) {
                        followed.note(Finding::new(FindingClass::Note, message.clone()));
                        steps.failed = Some(message);
                    }
                }
            }
        })?;
        Ok(Self { shared, directory, following, stop: Some(stop), thread: Some(thread) })
    }

    pub(crate) fn step(&self) -> Result<bool, StoreError> {
        step(&self.following, &self.shared, false)
    }

    pub(crate) fn take_rollback(&self) -> Option<u64> {
        self.following.lock().rolled_back_to.take()
    }
}

impl Half for FollowingHalf {
    fn size_bytes(&self) -> Result<u64, StoreError> {
        let suffix = match self.following.lock().following {
            Following::Ours(_) => SEGMENT_SUFFIX,
            Following::Batpak(_) => ".fbat",
        };
        segment_bytes(&*self.directory, suffix)
    }

    fn findings(&self) -> Vec<Finding> {
        let mut findings = self.shared.findings.lock().clone();
        if let Following::Batpak(follower) = &self.following.lock().following {
            findings.extend(follower.findings());
        }
        findings
    }

    fn stands_at(&self, path: &Path) -> bool {
        self.directory.stands_at(path).unwrap_or(true)
    }

    /// Nothing waits to be committed where nobody commits.
    fn pressure(&self) -> WriterPressure {
        WriterPressure { queue_len: 0, capacity: self.shared.config.writer().channel_capacity }
    }

    fn settle_for_check(&self) -> Result<bool, StoreError> {
        let is_written = self.directory.lock_holder(LOCK_NAME)?.is_some();
        step(&self.following, &self.shared, true)?;
        Ok(is_written)
    }
}

impl Drop for FollowingHalf {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic in the thread was reported by its own hook; the store is going away.
            let _ = thread.join();
        }
        self.shared.hub.close();
    }
}
