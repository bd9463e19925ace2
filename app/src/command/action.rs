//! Owns what can be done with a value, and the queue of a frame: widgets and panels change nothing else.

use std::cell::RefCell;
use std::path::PathBuf;

use causeway::event::EventKind;

use crate::command::Command;
use crate::state::queries::QueryAction;
use crate::state::query::Query;
use crate::state::route::{DetailTab, View};
use crate::worker::protocol::{Draft, FoldKind, FoldSource, OpenMode, Target, TimeAxis};

/// What can be done with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A plain command.
    Run(Command),
    /// Look at a directory before opening it.
    Preview(PathBuf),
    /// Open a directory.
    Open(PathBuf, OpenMode),
    /// Open a store of demonstration events that this program feeds.
    OpenDemo,
    /// Forget a recent directory, or all of them.
    ForgetRecent(Option<PathBuf>),
    /// Select an event by its place in the commit order, and bring it into view.
    Select(u64),
    /// Select the row so many rows below the selected one; above it if negative.
    Step(i64),
    /// Go to an event.
    Jump(Target),
    /// Filter by what the line says.
    Filter(String),
    /// Filter by a query that was put together by clicking.
    Refine(Query),
    /// Keep a query, ask one that is kept, or forget it.
    Query(QueryAction),
    /// Show a view in the middle.
    Show(View),
    /// Show a tab of the detail.
    ShowDetail(DetailTab),
    /// Ask for rows that are about to be seen: first row, number of rows.
    NeedRows(u64, u64),
    /// Ask for the timeline in so many bins.
    NeedTimeline(TimeAxis, usize),
    /// Ask for causes and effects of an event.
    NeedGraph(u64),
    /// Append an event.
    Append(Draft),
    /// Start a projection.
    Watch(FoldKind, FoldSource),
    /// Stop a projection.
    Unwatch(u64),
    /// Give a kind a name, or take it away.
    NameKind(EventKind, Option<String>),
    /// Read names of kinds from a JSON file.
    LoadKindNames(PathBuf),
    /// Pause or resume the demonstration feed; events a second.
    Feed(bool, f64),
    /// Put a text on the clipboard and say what it is.
    Copy(String, &'static str),
    /// Put the stored bytes of the selected event on the clipboard, in hexadecimal digits.
    CopyBytes,
    /// Take a message away.
    Dismiss(u64),
}

/// The queue of a frame. Panels push, the program runs it before the next frame.
#[derive(Debug, Default)]
pub struct Commands(RefCell<Vec<Action>>);

impl Commands {
    /// Queues an action.
    pub fn send(&self, action: Action) {
        self.0.borrow_mut().push(action);
    }

    /// Queues a plain command.
    pub fn run(&self, command: Command) {
        self.send(Action::Run(command));
    }

    /// Takes everything that was queued.
    pub fn drain(&self) -> Vec<Action> {
        self.0.take()
    }
}
