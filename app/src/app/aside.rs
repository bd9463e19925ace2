//! Owns short jobs beside the drawing thread: the system's dialogs, writing a file, and reading a file of kind names.
//!
//! Invariant: the thread of a dialog is never waited for, because a desktop may never answer.

use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{fs, thread};

use causeway::event::EventKind;
use crossbeam_channel::{Receiver, Sender, bounded};
use egui::Context;

use crate::state::kind_names;
use crate::worker::small_file;

/// A dialog that says no within this time was never shown.
const NO_DIALOG: Duration = Duration::from_millis(100);
/// Outcomes that wait to be taken.
const OUTCOMES_MAX: usize = 16;

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// What the user chose, if anything.
    Folder(Option<PathBuf>),
    /// This desktop has no dialog.
    NoDialog,
    /// The file that the user chose, or why there is none: `None` if there is no dialog.
    SaveTo(Option<PathBuf>),
    /// What became of a text that was to be saved.
    Saved(Saved),
    /// What a file of kind names says.
    KindNames(Result<Vec<(EventKind, String)>, String>),
}

/// What became of a text that was to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Saved {
    /// It is in this file.
    In(PathBuf),
    /// The user chose no file.
    Nowhere,
    /// This desktop has no dialog: the text itself.
    NoDialog(String),
    /// Why it could not be written.
    Failed(String),
}

/// What a dialog for a new file says.
pub(super) struct FileKind {
    /// Its title.
    pub(super) title: &'static str,
    /// The name that it proposes.
    pub(super) name: String,
}

/// Jobs on their way.
pub(super) struct Aside {
    done: Sender<Outcome>,
    outcomes: Receiver<Outcome>,
}

impl Default for Aside {
    fn default() -> Self {
        let (done, outcomes) = bounded(OUTCOMES_MAX);
        Self { done, outcomes }
    }
}

impl Aside {
    /// The next outcome, if there is one.
    pub(super) fn take(&self) -> Option<Outcome> {
        self.outcomes.try_recv().ok()
    }

    /// Shows the system's dialog for a folder.
    pub(super) fn choose_folder(&self, ctx: &Context) {
        self.spawn("causeway-dialog", ctx, || {
            let asked = Instant::now();
            match rfd::FileDialog::new().set_title("Open store").pick_folder() {
                None if asked.elapsed() < NO_DIALOG => Outcome::NoDialog,
                chosen => Outcome::Folder(chosen),
            }
        });
    }

    /// Shows the system's dialog for the file that a result is written into.
    pub(super) fn choose_file(&self, name: String, ctx: &Context) {
        self.spawn("causeway-dialog", ctx, move || {
            let asked = Instant::now();
            let dialog = rfd::FileDialog::new()
                .set_title("Export events")
                .set_file_name(name)
                .add_filter("Lines of JSON", &["jsonl"])
                .add_filter("Comma-separated values", &["csv"]);
            match dialog.save_file() {
                None if asked.elapsed() < NO_DIALOG => Outcome::SaveTo(None),
                None => Outcome::Folder(None),
                chosen => Outcome::SaveTo(chosen),
            }
        });
    }

    /// Asks for the name of a file and writes a text into it.
    pub(super) fn save_text(&self, kind: FileKind, text: String, ctx: &Context) {
        self.spawn("causeway-save", ctx, move || {
            let asked = Instant::now();
            let chosen = rfd::FileDialog::new().set_title(kind.title).set_file_name(kind.name).save_file();
            Outcome::Saved(match chosen {
                Some(path) => match fs::write(&path, text) {
                    Ok(()) => Saved::In(path),
                    Err(error) => Saved::Failed(format!("{}: {error}", path.display())),
                },
                None if asked.elapsed() < NO_DIALOG => Saved::NoDialog(text),
                None => Saved::Nowhere,
            })
        });
    }

    /// Reads names of kinds from a file.
    pub(super) fn read_kind_names(&self, path: PathBuf, ctx: &Context) {
        self.spawn("causeway-names", ctx, move || {
            let names = small_file::read(&path)
                .map_err(|error| error.to_string())
                .and_then(|text| kind_names::parse_json(&text));
            Outcome::KindNames(names.map_err(|problem| format!("{}: {problem}", path.display())))
        });
    }

    fn spawn(&self, name: &str, ctx: &Context, job: impl FnOnce() -> Outcome + Send + 'static) {
        let (done, ctx) = (self.done.clone(), ctx.clone());
        let run = move || {
            // A full channel means that nobody looks at outcomes any more.
            let _ = done.try_send(job());
            ctx.request_repaint();
        };
        if thread::Builder::new().name(name.to_owned()).spawn(run).is_err() {
            let _ = self.done.try_send(Outcome::NoDialog);
        }
    }
}
