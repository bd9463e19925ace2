//! Owns what a user can do: plain commands, which the palette lists and keys trigger, and actions, which carry a value.
//!
//! Both travel through one queue; widgets and panels change nothing else.

use std::cell::RefCell;
use std::path::PathBuf;

use causeway::event::EventKind;

use crate::state::query::Query;
use crate::state::route::{DetailTab, View};
use crate::worker::protocol::{Draft, FoldKind, FoldSource, OpenMode, Target, TimeAxis};

/// What can be done without saying more, in the order of the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Command {
    /// Ask for a directory and open it.
    OpenDialog,
    /// Close the store and show the welcome screen.
    CloseStore,
    /// Open the same store for writing, or go back to reading.
    ToggleWriting,
    /// Follow new events, or stay where the user reads.
    ToggleFollow,
    /// Put the cursor into the filter line.
    FocusFilter,
    /// Remove the filter.
    ClearFilter,
    /// Ask for a sequence or an id and go there.
    JumpDialog,
    /// Go to the first event.
    GoFirst,
    /// Go to the last event and follow.
    GoLast,
    /// Select the next row.
    NextRow,
    /// Select the row before.
    PreviousRow,
    /// Select the event that caused the selected one.
    GoToCause,
    /// Select the first event that the selected one caused.
    GoToEffect,
    /// Select the previous event of the same stream.
    PreviousInStream,
    /// Select the next event of the same stream.
    NextInStream,
    /// Go back to what was selected before.
    Back,
    /// Undo `Back`.
    Forward,
    /// Show the event table.
    ShowEvents,
    /// Show causes and effects of the selected event.
    ShowGraph,
    /// Show the projections.
    ShowProjections,
    /// Show the form that appends an event.
    ShowAppend,
    /// Append an event as a reaction to the selected one.
    AppendReaction,
    /// Copy the selected event's id.
    CopyId,
    /// Copy the selected event's payload as JSON.
    CopyPayload,
    /// Check all hashes of the store.
    Verify,
    /// Stop what is running.
    Cancel,
    /// Times in the local zone or in UTC.
    ToggleUtc,
    /// Dark, light, high contrast.
    CycleTheme,
    /// Name kinds by hand.
    NameKinds,
    /// List the keys.
    ShowKeys,
    /// List the commands.
    ShowPalette,
    /// Leave the program.
    Quit,
}

/// What can be done with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// A plain command.
    Run(Command),
    /// Look at a directory before opening it.
    Preview(PathBuf),
    /// Open a directory.
    Open(PathBuf, OpenMode),
    /// Forget a recent directory, or all of them.
    ForgetRecent(Option<PathBuf>),
    /// Select an event by its place in the commit order, and bring it into view.
    Select(u64),
    /// Go to an event.
    Jump(Target),
    /// Filter by what the line says.
    Filter(String),
    /// Filter by a query that was put together by clicking.
    Refine(Query),
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
