//! Owns what a user can do without saying more: one table that the palette, the menus, the keys and the tests read.
//!
//! A command's id never changes its meaning: settings and scripts name commands by it. Commands and actions, which carry a value,
//! travel through one queue.

mod action;
mod keys;

use egui::{Key, KeyboardShortcut};

use crate::theme::icons;

pub use crate::command::action::{Action, Commands};

/// The enum of commands and what is known of each, from one line a command, in the order of the palette.
macro_rules! commands {
    ($($name:ident: $id:literal, $title:literal, $does:literal, $icon:ident, [$($modifiers:ident $key:ident)?];)*) => {
        /// What can be done without saying more.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Command {
            $(#[doc = $does] $name,)*
        }

        impl Command {
            /// All commands, in the order of the palette.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Names it in settings, on the command line and in tests.
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Its name in menus and in the palette, and what it does in one sentence.
            pub fn text(self) -> (&'static str, &'static str) {
                match self { $(Self::$name => ($title, $does),)* }
            }

            /// The icon that stands for it.
            pub fn icon(self) -> char {
                match self { $(Self::$name => icons::$icon,)* }
            }

            /// The keys that trigger it. Keys without Ctrl or Alt act only while no text field has the focus.
            pub fn shortcut(self) -> Option<KeyboardShortcut> {
                match self { $(Self::$name => commands!(@keys $($modifiers $key)?),)* }
            }
        }
    };
    (@keys) => { None };
    (@keys $modifiers:ident $key:ident) => { Some(KeyboardShortcut::new(keys::$modifiers, Key::$key)) };
}

commands! {
    OpenDialog: "store.open", "Open store…", "Choose a directory and look at it before it is opened", FOLDER_OPEN, [CTRL O];
    CloseStore: "store.close", "Close store", "Close the store and go back to the welcome screen", X, [CTRL W];
    ToggleWriting: "store.writing", "Switch writing on or off", "Open the same store for writing, or go back to reading", PENCIL_SIMPLE, [];
    ToggleFollow: "table.follow", "Follow new events", "Stay at the newest event while events arrive", BROADCAST, [NONE L];
    FocusFilter: "query.focus", "Filter events", "Put the cursor into the filter line", MAGNIFYING_GLASS, [NONE Slash];
    ClearFilter: "query.clear", "Clear filter", "Show every event again", FUNNEL_SIMPLE, [CTRL Backspace];
    SaveQuery: "query.save", "Save query…", "Keep the query under a name", BOOKMARK_SIMPLE, [CTRL D];
    CopyAsCli: "query.copy-cli", "Copy as command line", "Copy the command that asks the same in a terminal", TERMINAL, [CTRL_SHIFT C];
    ExportResult: "query.export", "Export result…", "Write the events of the result into a file", EXPORT, [CTRL E];
    JumpDialog: "go.to", "Go to event…", "Go to an event by its sequence or its id", HASH, [CTRL G];
    GoFirst: "go.first", "Go to first event", "Select the first event of the result", SKIP_BACK, [NONE Home];
    GoLast: "go.last", "Go to last event", "Select the last event of the result and follow", SKIP_FORWARD, [NONE End];
    NextRow: "go.next-row", "Next event", "Select the row below", ARROW_DOWN, [NONE ArrowDown];
    PreviousRow: "go.previous-row", "Previous event", "Select the row above", ARROW_UP, [NONE ArrowUp];
    NextPage: "go.next-page", "Next page", "Select the row a page below", ARROW_DOWN, [NONE PageDown];
    PreviousPage: "go.previous-page", "Previous page", "Select the row a page above", ARROW_UP, [NONE PageUp];
    GoToCause: "go.cause", "Go to cause", "Select the event that caused this one", ARROW_LEFT, [NONE OpenBracket];
    GoToEffect: "go.effect", "Go to first effect", "Select the first event that this one caused", ARROW_RIGHT, [NONE CloseBracket];
    PreviousInStream: "go.previous-in-stream", "Previous in stream", "Select the event before in the same stream", CARET_LEFT, [NONE Comma];
    NextInStream: "go.next-in-stream", "Next in stream", "Select the event after in the same stream", CARET_RIGHT, [NONE Period];
    Back: "go.back", "Back", "Select what was selected before", ARROW_LEFT, [ALT ArrowLeft];
    Forward: "go.forward", "Forward", "Undo going back", ARROW_RIGHT, [ALT ArrowRight];
    ShowEvents: "view.events", "Show events", "Show the event table", ROWS, [CTRL Num1];
    ShowGraph: "view.graph", "Show causal graph", "Show causes and effects of the selected event", TREE_STRUCTURE, [CTRL Num2];
    ShowProjections: "view.projections", "Show projections", "Show what state follows from the events", FUNCTION, [CTRL Num3];
    ShowAppend: "view.append", "Show append form", "Write an event", NOTE_PENCIL, [CTRL Num4];
    ShowFindings: "view.findings", "Show findings", "What is wrong with the store, and what was verified", SHIELD_WARNING, [CTRL Num5];
    AppendReaction: "append.reaction", "Append a reaction…", "Write an event that the selected one caused", ARROW_BEND_DOWN_RIGHT, [NONE N];
    CopyId: "copy.id", "Copy event id", "Copy the id of the selected event", COPY_SIMPLE, [CTRL_SHIFT I];
    CopyPayload: "copy.payload", "Copy payload", "Copy the payload of the selected event as JSON", COPY, [CTRL_SHIFT P];
    Verify: "verify.store", "Verify whole store", "Compute all hashes anew and compare them", SHIELD_CHECK, [NONE V];
    Cancel: "app.cancel", "Cancel", "Stop what is running", STOP, [NONE Escape];
    ToggleUtc: "settings.utc", "Local time or UTC", "Show times in the local zone or in UTC", CLOCK, [NONE U];
    CycleTheme: "settings.theme", "Next theme", "Dark, light, high contrast", SWAP, [CTRL_SHIFT T];
    NameKinds: "kinds.name", "Name kinds…", "Give kinds the names that the store does not know", TAG, [];
    ShowKeys: "app.keys", "Keyboard shortcuts", "List all keys", KEYBOARD, [NONE Questionmark];
    ShowPalette: "app.commands", "Commands", "Find a command by its name", COMMAND, [CTRL K];
    Quit: "app.quit", "Quit", "Leave the program", ARROW_SQUARE_OUT, [CTRL Q];
}

impl Command {
    /// The command with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|command| command.id() == id)
    }

    /// The keys as they are shown, joined by `+`; empty if there are none.
    pub fn keys(self) -> String {
        self.shortcut().map(keys::keys_text).unwrap_or_default()
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
        assert!(
            Command::ALL.iter().all(|command| Command::of_id(command.id()) == Some(*command)),
            "ids are unique"
        );
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
