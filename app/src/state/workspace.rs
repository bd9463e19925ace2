//! Owns what outlives the program: settings, directories opened before, and how the user looked at each store.
//!
//! Invariants:
//! - the file is replaced as a whole: a crash leaves the old one or the new one;
//! - a file that cannot be read is kept aside and never keeps the program from starting;
//! - a store is known by its identity, not by its path.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{fs, io, thread};

use causeway::store::Head;
use crossbeam_channel::{Receiver, Sender, bounded};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::state::kind_names::GivenNames;
use crate::state::layout::Layout;
use crate::state::lenient::lenient;
use crate::state::model::Recent;
use crate::state::route::{DetailTab, View};
use crate::state::settings::Settings;
use crate::state::table::TableView;
use crate::state::timeline::TimelineLook;
use crate::worker::protocol::ProjectionSpec;

/// The version of the file that this program writes; it reads this one only.
const VERSION: u32 = 1;
const FILE_NAME: &str = "workspace.json";
/// Directories that are remembered.
const RECENTS_MAX: usize = 12;
/// Stores whose view is remembered.
const STORES_MAX: usize = 200;

/// Where the program keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Settings.
    pub config: PathBuf,
    /// Demonstration stores.
    pub data: PathBuf,
}

impl Home {
    /// `chosen` if it is given, and the platform's usual directories otherwise; `None` if the platform knows none.
    pub fn find(chosen: Option<PathBuf>) -> Option<Self> {
        if let Some(chosen) = chosen {
            return Some(Self { data: chosen.clone(), config: chosen });
        }
        let dirs = directories::ProjectDirs::from("io.github", "causeway", "Inspector")?;
        Some(Self { config: dirs.config_dir().to_owned(), data: dirs.data_dir().to_owned() })
    }
}

/// What is saved.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Workspace {
    version: u32,
    /// Settings of the user.
    pub settings: Settings,
    /// Directories opened before, newest first.
    pub recents: Vec<Recent>,
    /// How the user looked at each store, by the store's identity.
    pub stores: BTreeMap<String, StoreView>,
}

/// How the user looked at a store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreView {
    /// The view that had the focus.
    #[serde(deserialize_with = "lenient")]
    pub view: View,
    /// Which views lay where.
    #[serde(deserialize_with = "lenient")]
    pub layout: Layout,
    /// What the detail showed.
    #[serde(deserialize_with = "lenient")]
    pub detail_tab: DetailTab,
    /// The filter line.
    pub filter: String,
    /// Projections that ran.
    pub projections: Vec<ProjectionSpec>,
    /// How the event table was arranged.
    pub table: TableView,
    /// Names of kinds that a person gave.
    pub kind_names: GivenNames,
    /// How the timeline was looked at.
    pub timeline: TimelineLook,
    /// Heads that were kept of it.
    pub heads: Vec<Head>,
    /// When it was last looked at, microseconds since 1970.
    pub seen_us: i64,
}

impl Default for Workspace {
    fn default() -> Self {
        Self { version: VERSION, settings: Settings::default(), recents: Vec::new(), stores: BTreeMap::new() }
    }
}

impl Workspace {
    /// Reads what was saved in a directory. If that fails, the file is kept aside and a sentence says so.
    pub fn load(dir: &Path) -> (Self, Option<String>) {
        let path = dir.join(FILE_NAME);
        let problem = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return (Self::default(), None),
            Err(error) => error.to_string(),
            Ok(bytes) => match serde_json::from_slice::<Self>(&bytes) {
                Ok(workspace) if workspace.version == VERSION => return (workspace, None),
                Ok(workspace) => format!("it has version {}", workspace.version),
                Err(error) => error.to_string(),
            },
        };
        let kept = keep_aside(&path)
            .map_or_else(|_| String::new(), |kept| format!("; it is kept as {}", kept.display()));
        (Self::default(), Some(format!("settings in {} cannot be read: {problem}{kept}", path.display())))
    }

    /// Replaces what is saved in a directory.
    ///
    /// # Errors
    /// Those of the file system; what was saved before is then still there.
    pub fn save(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir_all(dir)?;
        let path = dir.join(FILE_NAME);
        let new = dir.join(format!("{FILE_NAME}.new"));
        let file = fs::File::create(&new)?;
        serde_json::to_writer_pretty(&file, self)?;
        file.sync_all()?;
        fs::rename(&new, &path)
    }

    /// Puts a directory at the head of those opened before.
    pub fn remember(&mut self, recent: Recent) {
        self.recents.retain(|known| known.path != recent.path);
        self.recents.insert(0, recent);
        self.recents.truncate(RECENTS_MAX);
    }

    /// How the user looks at a store, from now on remembered.
    pub fn view_mut(&mut self, identity: &str, now_us: i64) -> &mut StoreView {
        while self.stores.len() >= STORES_MAX && !self.stores.contains_key(identity) {
            let oldest =
                self.stores.iter().min_by_key(|(_, view)| view.seen_us).map(|(identity, _)| identity.clone());
            self.stores.remove(&oldest.unwrap_or_default());
        }
        let view = self.stores.entry(identity.to_owned()).or_default();
        view.seen_us = now_us;
        view
    }
}

/// Renames a file to a name that is free, so that the user can mend it.
fn keep_aside(path: &Path) -> io::Result<PathBuf> {
    let free = (1..1000).map(|number| path.with_extension(format!("unreadable-{number}.json")));
    let kept = free.into_iter().find(|kept| !kept.exists()).ok_or(io::ErrorKind::AlreadyExists)?;
    fs::rename(path, &kept)?;
    Ok(kept)
}

/// Saves on a thread of its own, so that drawing never waits for a disk. Dropping it waits until the newest state is saved.
#[derive(Debug)]
pub struct Saver {
    newest: Arc<Mutex<Option<Workspace>>>,
    wake: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Saver {
    /// A saver for a directory.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(dir: PathBuf) -> io::Result<Self> {
        let newest = Arc::new(Mutex::new(None));
        let (wake, woken) = bounded(1);
        let states = newest.clone();
        let thread = thread::Builder::new()
            .name("causeway-saver".to_owned())
            .spawn(move || save_newest(&woken, &states, &dir))?;
        Ok(Self { newest, wake: Some(wake), thread: Some(thread) })
    }

    /// Saves a state soon, in place of one that was not saved yet.
    pub fn save(&self, workspace: Workspace) {
        *self.newest.lock() = Some(workspace);
        if let Some(wake) = &self.wake {
            // A full channel means that the thread is about to look anyway.
            let _ = wake.try_send(());
        }
    }
}

fn save_newest(woken: &Receiver<()>, states: &Mutex<Option<Workspace>>, dir: &Path) {
    while woken.recv().is_ok() {
        let newest = states.lock().take();
        if let Some(newest) = newest {
            // Not being able to save settings must not disturb the user's work; the next change tries again.
            let _ = newest.save(dir);
        }
    }
}

impl Drop for Saver {
    fn drop(&mut self) {
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recent(path: &str) -> Recent {
        Recent { path: path.into(), events: 1, bytes: 2, opened_us: 3, batpak: false }
    }

    #[test]
    fn what_was_saved_is_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut workspace = Workspace::default();
        workspace.settings.utc = true;
        workspace.remember(recent("/a"));
        workspace.view_mut("id", 9).filter = "kind:x".to_owned();
        workspace.save(dir.path()).unwrap();
        assert_eq!(Workspace::load(dir.path()), (workspace, None));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_kept_aside_and_named() {
        for spoiled in ["{", r#"{"version":2,"settings":{},"recents":[],"stores":{}}"#] {
            let dir = tempfile::tempdir().unwrap();
            fs::write(dir.path().join(FILE_NAME), spoiled).unwrap();
            let (workspace, problem) = Workspace::load(dir.path());
            assert_eq!(workspace, Workspace::default());
            assert!(problem.unwrap().contains("kept as"));
            assert_eq!(fs::read_to_string(dir.path().join("workspace.unreadable-1.json")).unwrap(), spoiled);
            assert_eq!(Workspace::load(dir.path()), (Workspace::default(), None));
        }
    }

    #[test]
    fn dropping_the_saver_waits_for_the_newest_state() {
        let dir = tempfile::tempdir().unwrap();
        let saver = Saver::start(dir.path().join("new")).unwrap();
        let mut workspace = Workspace::default();
        for path in ["/a", "/b", "/c"] {
            workspace.remember(recent(path));
            saver.save(workspace.clone());
        }
        drop(saver);
        assert_eq!(Workspace::load(&dir.path().join("new")).0.recents.len(), 3);
    }

    #[test]
    fn the_same_directory_is_remembered_once_and_the_list_is_short() {
        let mut workspace = Workspace::default();
        (0..20).for_each(|number| workspace.remember(recent(&format!("/{number}"))));
        workspace.remember(recent("/15"));
        let paths: Vec<_> = workspace.recents.iter().take(2).map(|recent| recent.path.clone()).collect();
        assert_eq!(paths, [PathBuf::from("/15"), PathBuf::from("/19")]);
        assert_eq!(workspace.recents.len(), RECENTS_MAX);
        (0..205).for_each(|number| drop(workspace.view_mut(&number.to_string(), number).filter.clone()));
        assert_eq!(workspace.stores.len(), STORES_MAX);
        assert!(!workspace.stores.contains_key("0") && workspace.stores.contains_key("204"));
    }
}
