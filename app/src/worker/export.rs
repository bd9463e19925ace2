//! Owns writing events down as text: which columns there are, what stands in them, and a whole result written into a file on a thread of its
//! own.
//!
//! A file appears under its name when it is whole, never before.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use causeway::event::EventKind;
use causeway::store::{EventLine, LogEvent};

use crate::state::zone::Zone;
use crate::view::{text, times};
use crate::worker::activity::Work;
use crate::worker::decode::decode;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{Failure, RequestId, Task, Update};
use crate::worker::rows::one_line;
use crate::worker::search::{Found, Search};

/// Progress is told at most this often.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(100);

/// What is to be written, and where.
#[derive(Clone, Debug)]
pub struct Export {
    /// The file; its end decides the form.
    pub path: PathBuf,
    /// Names of kinds.
    pub names: HashMap<EventKind, String>,
    /// The zone of times.
    pub zone: Zone,
}

/// What an event says of itself, by columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Place in the commit order.
    Sequence,
    /// Wall time.
    Time,
    /// Entity.
    Entity,
    /// Name of the kind.
    Kind,
    /// Scope.
    Scope,
    /// Id.
    Id,
    /// Conversation.
    Correlation,
    /// Id of the cause.
    Cause,
    /// Place in the stream.
    Clock,
    /// Branch.
    Lane,
    /// Length of the payload.
    Size,
    /// The payload in one line.
    Summary,
    /// The payload as JSON.
    Payload,
}

impl Column {
    /// All columns and their names.
    pub const ALL: [(Self, &'static str); 13] = [
        (Self::Sequence, "sequence"),
        (Self::Time, "time"),
        (Self::Entity, "entity"),
        (Self::Kind, "kind"),
        (Self::Scope, "scope"),
        (Self::Id, "id"),
        (Self::Correlation, "correlation"),
        (Self::Cause, "cause"),
        (Self::Clock, "clock"),
        (Self::Lane, "lane"),
        (Self::Size, "size"),
        (Self::Summary, "summary"),
        (Self::Payload, "payload"),
    ];

    /// What fits on a screen.
    pub const SHORT: [Self; 5] = [Self::Sequence, Self::Time, Self::Entity, Self::Kind, Self::Summary];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(column, _)| *column == self).map_or("", |(_, name)| name)
    }

    /// What stands in it.
    pub fn cell(self, event: &LogEvent, names: &HashMap<EventKind, String>, zone: &Zone) -> String {
        let (raw, header) = (&event.raw, &event.raw.header);
        let value = || decode(raw.payload_form, &raw.payload, usize::MAX).ok().map(|decoded| decoded.value);
        match self {
            Self::Sequence => raw.global_sequence.to_string(),
            Self::Time => times::full(header.timestamp_us, zone),
            Self::Entity => raw.coordinate.entity().to_owned(),
            Self::Kind => {
                names.get(&header.event_kind).cloned().unwrap_or_else(|| header.event_kind.to_string())
            }
            Self::Scope => raw.coordinate.scope().to_owned(),
            Self::Id => text::id_digits(header.event_id),
            Self::Correlation => text::id_digits(header.correlation_id),
            Self::Cause => header.causation_id.map(text::id_digits).unwrap_or_default(),
            Self::Clock => header.position.sequence().to_string(),
            Self::Lane => header.position.lane().to_string(),
            Self::Size => raw.payload.len().to_string(),
            Self::Summary => value().as_ref().map(one_line).unwrap_or_default(),
            Self::Payload => value().map(|value| value.to_string()).unwrap_or_default(),
        }
    }
}

/// Writes a line of cells, in quotes where a comma, a quote or a line end stands in them.
pub fn write_csv<'a>(out: &mut impl Write, cells: impl Iterator<Item = Cow<'a, str>>) -> io::Result<()> {
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        if cell.contains([',', '"', '\n', '\r']) {
            write!(out, "\"{}\"", cell.replace('"', "\"\""))?;
        } else {
            out.write_all(cell.as_bytes())?;
        }
    }
    out.write_all(b"\r\n")
}

/// An export on its way.
#[derive(Default)]
pub(crate) struct Exporter {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Exporter {
    /// Begins to write what was found until now; the answer is an `Update::Exported`.
    pub(crate) fn start(
        &mut self,
        id: RequestId,
        export: Export,
        result: (&Search, &Handle, &Holes),
        outbox: &Outbox,
        work: Work,
    ) {
        self.stop();
        self.stop = Arc::default();
        let (search, handle, holes) = result;
        let places = search.found().cloned();
        let every = search.matched(handle, holes).searched;
        let job =
            Job { places, every, handle: handle.clone(), stop: self.stop.clone(), outbox: outbox.clone() };
        let told = outbox.clone();
        let run = move || {
            let written = job.outbox.clone().guard("exporting", || job.run(&export));
            drop(work);
            let exported = written.unwrap_or_else(|| Err(failure::cancelled("Exporting ended early.")));
            job.outbox.send(Update::Progress { what: Task::Export, done: 0, total: 0 });
            job.outbox.send(Update::Exported { id, exported });
        };
        match thread::Builder::new().name("causeway-export".to_owned()).spawn(run) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => {
                told.send(Update::Exported { id, exported: Err(failure::of(&error.into())) });
            }
        }
    }

    /// Stops what is being written; nothing is left of it.
    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A thread that panicked said so itself.
            let _ = thread.join();
        }
    }

    /// Asks it to stop, without waiting.
    pub(crate) fn cancel(&self) {
        self.stop.store(true, Ordering::Release);
    }
}

struct Job {
    /// `None` if every place is part of the result.
    places: Option<Found>,
    every: u64,
    handle: Handle,
    stop: Arc<AtomicBool>,
    outbox: Outbox,
}

impl Job {
    fn run(&self, export: &Export) -> Result<String, Failure> {
        let part = with_ending(&export.path, ".part");
        let written = self.write(&part, export);
        let moved = written.and_then(|count| {
            fs::rename(&part, &export.path).map_err(|error| failure::of(&error.into()))?;
            Ok(format!("{} written to {}", text::counted(count, "event"), export.path.display()))
        });
        if moved.is_err() {
            // What is only a part is of no use; if it cannot be removed, its name says what it is.
            let _ = fs::remove_file(&part);
        }
        moved
    }

    fn write(&self, part: &Path, export: &Export) -> Result<u64, Failure> {
        let failed = |error: io::Error| failure::of(&error.into());
        let is_csv = export.path.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
        let mut out = BufWriter::new(File::create(part).map_err(failed)?);
        if is_csv {
            let names = Column::ALL.iter().map(|(_, name)| Cow::Borrowed(*name));
            write_csv(&mut out, names).map_err(failed)?;
        }
        let (mut told, mut count) = (Instant::now(), 0);
        let total = self.places.as_ref().map_or(self.every, Found::len);
        let places: Box<dyn Iterator<Item = u64> + '_> = match &self.places {
            Some(found) => Box::new(found.rows(0..u64::MAX)),
            None => Box::new(0..self.every),
        };
        for (done, place) in (0..).zip(places) {
            if self.stop.load(Ordering::Acquire) {
                return Err(failure::cancelled("Exporting was stopped."));
            }
            if told.elapsed() >= PROGRESS_INTERVAL {
                told = Instant::now();
                self.outbox.send(Update::Progress { what: Task::Export, done, total });
            }
            // What cannot be read is shown by the view of findings; there is nothing of it to write.
            let Ok(event) = self.handle.event_at(place) else { continue };
            count += 1;
            if is_csv {
                let cells = Column::ALL
                    .iter()
                    .map(|(column, _)| Cow::Owned(column.cell(&event, &export.names, &export.zone)));
                write_csv(&mut out, cells).map_err(failed)?;
            } else {
                serde_json::to_writer(&mut out, &EventLine::from(&event))
                    .map_err(|error| failed(error.into()))?;
                out.write_all(b"\n").map_err(failed)?;
            }
        }
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        Ok(count)
    }
}

fn with_ending(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}
