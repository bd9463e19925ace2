//! Owns what can be done with a value, and the queue of a frame: widgets and panels change nothing else.

use std::cell::RefCell;
use std::path::PathBuf;

use causeway::event::EventKind;

use crate::command::{Change, Command, TrustAction};
use crate::state::graph::GraphAction;
use crate::state::layout::Arrange;
use crate::state::query::Query;
use crate::state::route::{DetailTab, View};
use crate::state::table::TableAction;
use crate::state::timeline::TimelineAction;
use crate::worker::protocol::{Draft, FoldKind, FoldSource, OpenMode, Target};

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
    /// Open a store of demonstration events that is damaged on purpose.
    OpenDamagedDemo,
    /// Forget a recent directory, or all of them.
    ForgetRecent(Option<PathBuf>),
    /// Select an event by its place in the commit order, and bring it into view.
    Select(u64),
    /// Select the row so many rows below the selected one; above it if negative.
    Step(i64),
    /// Go to an event.
    Jump(Target),
    /// The pointer rests on an event in some panel, in this frame; `None` is no wish. To be sent anew in each frame.
    Hover(Option<u64>),
    /// Look at the store as of an event, or as it is now.
    SetCursor(Option<u64>),
    /// Filter by what the line says.
    Filter(String),
    /// Filter by a query that was put together by clicking.
    Refine(Query),
    /// Show a view where it lies, in the middle if it lies nowhere, and give it the focus.
    Show(View),
    /// Arrange views.
    Arrange(Arrange),
    /// Change the settings.
    Change(Change),
    /// Show a tab of the detail.
    ShowDetail(DetailTab),
    /// Arrange the event table.
    Table(TableAction),
    /// Ask for rows that are about to be seen: first row, number of rows.
    NeedRows(u64, u64),
    /// Look at the timeline in another way, or ask for what it shows.
    Timeline(TimelineAction),
    /// Do something with the causal graph.
    Graph(GraphAction),
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
    /// Something about the trust that the store deserves.
    Trust(TrustAction),
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

    /// The event that the pointer was found to rest on since the queue was emptied.
    pub fn hovered(&self) -> Option<u64> {
        let queue = self.0.borrow();
        queue
            .iter()
            .rev()
            .find_map(|action| if let Action::Hover(hovered) = action { *hovered } else { None })
    }

    /// Takes everything that was queued.
    pub fn drain(&self) -> Vec<Action> {
        self.0.take()
    }
}
