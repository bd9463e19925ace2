//! Owns what a user can do: plain commands, which the palette lists and keys trigger, and actions, which carry a value.
//!
//! Both travel through one queue; widgets and panels change nothing else.

use std::cell::RefCell;
use std::path::PathBuf;

use causeway::event::EventKind;
use egui::{Key, KeyboardShortcut, Modifiers};

use crate::state::query::Query;
use crate::state::route::{DetailTab, View};
use crate::theme::icons;
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
    /// Select the row a page below.
    NextPage,
    /// Select the row a page above.
    PreviousPage,
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
    /// Show what is wrong with the store.
    ShowFindings,
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

impl Command {
    /// All commands, in the order of the palette.
    pub const ALL: [Self; 35] = [
        Self::OpenDialog,
        Self::CloseStore,
        Self::ToggleWriting,
        Self::ToggleFollow,
        Self::FocusFilter,
        Self::ClearFilter,
        Self::JumpDialog,
        Self::GoFirst,
        Self::GoLast,
        Self::NextRow,
        Self::PreviousRow,
        Self::NextPage,
        Self::PreviousPage,
        Self::GoToCause,
        Self::GoToEffect,
        Self::PreviousInStream,
        Self::NextInStream,
        Self::Back,
        Self::Forward,
        Self::ShowEvents,
        Self::ShowGraph,
        Self::ShowProjections,
        Self::ShowAppend,
        Self::ShowFindings,
        Self::AppendReaction,
        Self::CopyId,
        Self::CopyPayload,
        Self::Verify,
        Self::Cancel,
        Self::ToggleUtc,
        Self::CycleTheme,
        Self::NameKinds,
        Self::ShowKeys,
        Self::ShowPalette,
        Self::Quit,
    ];

    /// Its name in menus and in the palette, and what it does in one sentence.
    pub fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::OpenDialog => ("Open store…", "Choose a directory and look at it before it is opened"),
            Self::CloseStore => ("Close store", "Close the store and go back to the welcome screen"),
            Self::ToggleWriting => {
                ("Switch writing on or off", "Open the same store for writing, or go back to reading")
            }
            Self::ToggleFollow => ("Follow new events", "Stay at the newest event while events arrive"),
            Self::FocusFilter => ("Filter events", "Put the cursor into the filter line"),
            Self::ClearFilter => ("Clear filter", "Show every event again"),
            Self::JumpDialog => ("Go to event…", "Go to an event by its sequence or its id"),
            Self::GoFirst => ("Go to first event", "Select the first event of the result"),
            Self::GoLast => ("Go to last event", "Select the last event of the result and follow"),
            Self::NextRow => ("Next event", "Select the row below"),
            Self::PreviousRow => ("Previous event", "Select the row above"),
            Self::NextPage => ("Next page", "Select the row a page below"),
            Self::PreviousPage => ("Previous page", "Select the row a page above"),
            Self::GoToCause => ("Go to cause", "Select the event that caused this one"),
            Self::GoToEffect => ("Go to first effect", "Select the first event that this one caused"),
            Self::PreviousInStream => ("Previous in stream", "Select the event before in the same stream"),
            Self::NextInStream => ("Next in stream", "Select the event after in the same stream"),
            Self::Back => ("Back", "Select what was selected before"),
            Self::Forward => ("Forward", "Undo going back"),
            Self::ShowEvents => ("Show events", "Show the event table"),
            Self::ShowGraph => ("Show causal graph", "Show causes and effects of the selected event"),
            Self::ShowProjections => ("Show projections", "Show what state follows from the events"),
            Self::ShowAppend => ("Show append form", "Write an event"),
            Self::ShowFindings => ("Show findings", "What is wrong with the store, and what was verified"),
            Self::AppendReaction => ("Append a reaction…", "Write an event that the selected one caused"),
            Self::CopyId => ("Copy event id", "Copy the id of the selected event"),
            Self::CopyPayload => ("Copy payload", "Copy the payload of the selected event as JSON"),
            Self::Verify => ("Verify whole store", "Compute all hashes anew and compare them"),
            Self::Cancel => ("Cancel", "Stop what is running"),
            Self::ToggleUtc => ("Local time or UTC", "Show times in the local zone or in UTC"),
            Self::CycleTheme => ("Next theme", "Dark, light, high contrast"),
            Self::NameKinds => ("Name kinds…", "Give kinds the names that the store does not know"),
            Self::ShowKeys => ("Keyboard shortcuts", "List all keys"),
            Self::ShowPalette => ("Commands", "Find a command by its name"),
            Self::Quit => ("Quit", "Leave the program"),
        }
    }

    /// The icon that stands for it.
    pub fn icon(self) -> char {
        match self {
            Self::OpenDialog => icons::FOLDER_OPEN,
            Self::CloseStore => icons::X,
            Self::ToggleWriting => icons::PENCIL_SIMPLE,
            Self::ToggleFollow => icons::BROADCAST,
            Self::FocusFilter => icons::MAGNIFYING_GLASS,
            Self::ClearFilter => icons::FUNNEL_SIMPLE,
            Self::JumpDialog => icons::HASH,
            Self::GoFirst => icons::SKIP_BACK,
            Self::GoLast => icons::SKIP_FORWARD,
            Self::NextRow | Self::NextPage => icons::ARROW_DOWN,
            Self::PreviousRow | Self::PreviousPage => icons::ARROW_UP,
            Self::GoToCause | Self::Back => icons::ARROW_LEFT,
            Self::GoToEffect | Self::Forward => icons::ARROW_RIGHT,
            Self::PreviousInStream => icons::CARET_LEFT,
            Self::NextInStream => icons::CARET_RIGHT,
            Self::ShowEvents => icons::ROWS,
            Self::ShowGraph => icons::TREE_STRUCTURE,
            Self::ShowProjections => icons::FUNCTION,
            Self::ShowAppend => icons::NOTE_PENCIL,
            Self::ShowFindings => icons::SHIELD_WARNING,
            Self::AppendReaction => icons::ARROW_BEND_DOWN_RIGHT,
            Self::CopyId => icons::COPY_SIMPLE,
            Self::CopyPayload => icons::COPY,
            Self::Verify => icons::SHIELD_CHECK,
            Self::Cancel => icons::STOP,
            Self::ToggleUtc => icons::CLOCK,
            Self::CycleTheme => icons::SWAP,
            Self::NameKinds => icons::TAG,
            Self::ShowKeys => icons::KEYBOARD,
            Self::ShowPalette => icons::COMMAND,
            Self::Quit => icons::ARROW_SQUARE_OUT,
        }
    }

    /// The keys that trigger it. Keys without Ctrl or Alt act only while no text field has the focus.
    pub fn shortcut(self) -> Option<KeyboardShortcut> {
        let (modifiers, key) = match self {
            Self::OpenDialog => (Modifiers::COMMAND, Key::O),
            Self::CloseStore => (Modifiers::COMMAND, Key::W),
            Self::ToggleFollow => (Modifiers::NONE, Key::L),
            Self::FocusFilter => (Modifiers::NONE, Key::Slash),
            Self::ClearFilter => (Modifiers::COMMAND, Key::Backspace),
            Self::JumpDialog => (Modifiers::COMMAND, Key::G),
            Self::GoFirst => (Modifiers::NONE, Key::Home),
            Self::GoLast => (Modifiers::NONE, Key::End),
            Self::NextRow => (Modifiers::NONE, Key::ArrowDown),
            Self::PreviousRow => (Modifiers::NONE, Key::ArrowUp),
            Self::NextPage => (Modifiers::NONE, Key::PageDown),
            Self::PreviousPage => (Modifiers::NONE, Key::PageUp),
            Self::GoToCause => (Modifiers::NONE, Key::OpenBracket),
            Self::GoToEffect => (Modifiers::NONE, Key::CloseBracket),
            Self::PreviousInStream => (Modifiers::NONE, Key::Comma),
            Self::NextInStream => (Modifiers::NONE, Key::Period),
            Self::Back => (Modifiers::ALT, Key::ArrowLeft),
            Self::Forward => (Modifiers::ALT, Key::ArrowRight),
            Self::ShowEvents => (Modifiers::COMMAND, Key::Num1),
            Self::ShowGraph => (Modifiers::COMMAND, Key::Num2),
            Self::ShowProjections => (Modifiers::COMMAND, Key::Num3),
            Self::ShowAppend => (Modifiers::COMMAND, Key::Num4),
            Self::ShowFindings => (Modifiers::COMMAND, Key::Num5),
            Self::AppendReaction => (Modifiers::NONE, Key::N),
            Self::CopyId => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::I),
            Self::CopyPayload => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::P),
            Self::Verify => (Modifiers::NONE, Key::V),
            Self::Cancel => (Modifiers::NONE, Key::Escape),
            Self::ToggleUtc => (Modifiers::NONE, Key::U),
            Self::CycleTheme => (Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::T),
            Self::ShowKeys => (Modifiers::NONE, Key::Questionmark),
            Self::ShowPalette => (Modifiers::COMMAND, Key::K),
            Self::Quit => (Modifiers::COMMAND, Key::Q),
            Self::ToggleWriting | Self::NameKinds => return None,
        };
        Some(KeyboardShortcut::new(modifiers, key))
    }

    /// The keys as they are shown, joined by `+`; empty if there are none.
    pub fn keys(self) -> String {
        self.shortcut().map(keys_text).unwrap_or_default()
    }
}

/// Keys as they are printed on a keyboard, joined by `+`.
fn keys_text(shortcut: KeyboardShortcut) -> String {
    let modifiers = shortcut.modifiers;
    let mut keys: Vec<&str> = Vec::with_capacity(4);
    keys.extend((modifiers.command || modifiers.ctrl).then_some("Ctrl"));
    keys.extend(modifiers.alt.then_some("Alt"));
    keys.extend(modifiers.shift.then_some("Shift"));
    keys.push(match shortcut.logical_key {
        Key::Escape => "Esc",
        Key::Slash => "/",
        Key::OpenBracket => "[",
        Key::CloseBracket => "]",
        Key::Comma => ",",
        Key::Period => ".",
        Key::Questionmark => "?",
        Key::ArrowUp => "Up",
        Key::ArrowDown => "Down",
        Key::ArrowLeft => "Left",
        Key::ArrowRight => "Right",
        Key::PageDown => "Page Down",
        Key::PageUp => "Page Up",
        key => key.name(),
    });
    keys.join("+")
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_commands_share_a_name_or_a_key() {
        let names: HashSet<&str> = Command::ALL.iter().map(|command| command.text().0).collect();
        assert_eq!(names.len(), Command::ALL.len());
        let keys: Vec<String> =
            Command::ALL.iter().map(|command| command.keys()).filter(|keys| !keys.is_empty()).collect();
        assert_eq!(keys.iter().collect::<HashSet<_>>().len(), keys.len());
    }

    #[test]
    fn keys_are_shown_as_they_are_printed_on_a_keyboard() {
        assert_eq!(Command::CopyId.keys(), "Ctrl+Shift+I");
        assert_eq!(Command::GoToCause.keys(), "[");
        assert_eq!(Command::NameKinds.keys(), "");
    }
}
