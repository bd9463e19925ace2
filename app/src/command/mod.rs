//! Owns what a user can do without saying more: one table that the palette, the menus, the keys and the tests read.
//!
//! A command's id never changes its meaning: settings and scripts name commands by it. Commands and actions, which carry a value,
//! travel through one queue.

mod action;
mod change;
mod keymap;
mod keys;
mod trust;

use egui::{Key, KeyboardShortcut};

use crate::state::route::View;
use crate::theme::icons;

pub use crate::command::action::{Action, Commands};
pub use crate::command::change::Change;
pub use crate::command::keymap::{KeyMap, OwnKeys, Recording, shortcut_of_press};
pub use crate::command::trust::TrustAction;

/// The enum of commands and what is known of each, from one line a command, in the order of the palette.
macro_rules! commands {
    ($($name:ident: $id:literal, $title:literal, $does:literal, $icon:ident, [$($modifiers:ident $key:ident),*];)*) => {
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

            /// The keys that trigger it unless the user chose others, the first of which is shown.
            pub fn usual_keys(self) -> &'static [KeyboardShortcut] {
                match self { $(Self::$name => const { &[$(KeyboardShortcut::new(keys::$modifiers, Key::$key)),*] },)* }
            }
        }
    };
}

commands! {
    OpenDialog: "store.open", "Open store…", "Choose a directory and look at it before it is opened", FOLDER_OPEN, [CTRL O];
    CloseStore: "store.close", "Close store", "Close the store and go back to the welcome screen", X, [CTRL W];
    ToggleWriting: "store.writing", "Switch writing on or off", "Open the same store for writing, or go back to reading", PENCIL_SIMPLE, [];
    ToggleFollow: "table.follow", "Follow new events", "Stay at the newest event while events arrive", BROADCAST, [NONE L];
    ChooseColumns: "table.columns", "Choose columns…", "Choose the columns of the event table, their order, and how times are told", COLUMNS, [ALT C];
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
    NextEffect: "go.next-effect", "Go to next effect", "Select the next event that the same cause had", ARROW_DOWN, [ALT CloseBracket];
    PreviousInStream: "go.previous-in-stream", "Previous in stream", "Select the event before in the same stream", CARET_LEFT, [NONE Comma, NONE OpenCurlyBracket];
    NextInStream: "go.next-in-stream", "Next in stream", "Select the event after in the same stream", CARET_RIGHT, [NONE Period, NONE CloseCurlyBracket];
    CursorHere: "cursor.here", "Look back to this event", "Show the store as of the selected event in every panel", CLOCK, [NONE C];
    CursorLive: "cursor.live", "Return to now", "Show the store as it is now", BROADCAST, [SHIFT C];
    Back: "go.back", "Back", "Go back to the event and the view before", ARROW_LEFT, [ALT ArrowLeft, CTRL OpenBracket];
    Forward: "go.forward", "Forward", "Undo going back", ARROW_RIGHT, [ALT ArrowRight, CTRL CloseBracket];
    ShowEvents: "view.events", "Show events", "Show the event table", ROWS, [CTRL Num1];
    ShowGraph: "view.graph", "Show causal graph", "Show causes and effects of the selected event", TREE_STRUCTURE, [CTRL Num2];
    GraphSelection: "graph.selection", "Show selection in graph", "Show causes and effects of the selected event, and begin with it", CROSSHAIR_SIMPLE, [NONE G];
    GraphZoomIn: "graph.zoom-in", "Zoom in", "Magnify the causal graph", MAGNIFYING_GLASS_PLUS, [NONE Plus];
    GraphZoomOut: "graph.zoom-out", "Zoom out", "Show more of the causal graph", MAGNIFYING_GLASS_MINUS, [NONE Minus];
    GraphFit: "graph.fit", "Fit the graph", "Show all of the causal graph", CORNERS_OUT, [NONE Num0];
    GraphGroups: "graph.aggregate", "Graph: flow or aggregate", "Show single events, or groups of them", STACK, [];
    GraphOver: "graph.over", "Graph: conversation or result", "Group the events of the conversation, or those of the current result", FUNNEL_SIMPLE, [];
    GraphBy: "graph.by", "Graph: group by entity or scope", "What the events of a group have in common besides their kind", TAG, [];
    GraphReach: "graph.reach", "Graph: causes, both or effects", "Which way from the selected event the graph goes", SWAP, [];
    GraphAxis: "graph.axis", "Graph: depth or time", "What the horizontal axis of the causal graph means", CLOCK, [];
    GraphChain: "graph.chain", "Graph: hash chain", "Show or hide the links of the hash chain", LINK_SIMPLE, [];
    GraphCritical: "graph.critical", "Graph: critical path", "Show or hide the path that took longest", TIMER, [];
    GraphList: "graph.list", "Graph: as a list", "Show the graph as a list, or as a picture", LIST, [];
    GraphFold: "graph.fold", "Graph: fold everything again", "Fold again what was unfolded", STACK, [];
    GraphSvg: "graph.export-svg", "Save graph as SVG…", "Write the causal graph into a picture", EXPORT, [];
    GraphDot: "graph.export-dot", "Save graph as DOT…", "Write the causal graph in the language of Graphviz", EXPORT, [];
    GraphMermaid: "graph.export-mermaid", "Save graph as Mermaid…", "Write the causal graph in the language of Mermaid", EXPORT, [];
    GraphText: "graph.export-text", "Save graph as text…", "Write the causal graph as an indented list", EXPORT, [];
    ShowProjections: "view.projections", "Show projections", "Show what state follows from the events", FUNCTION, [CTRL Num3];
    ShowAppend: "view.append", "Show append form", "Write an event", NOTE_PENCIL, [CTRL Num4];
    ShowTimeline: "view.timeline", "Show timeline as a view", "Show the whole store over time in the middle", CHART_BAR, [CTRL Num6];
    ShowTasks: "view.tasks", "Show tasks", "What runs now and how far it is", PULSE, [];
    ShowMemory: "view.memory", "Show memory", "How much memory the interface holds", HARD_DRIVES, [];
    SplitRight: "view.split-right", "Split right", "Move the view into a tile of its own at the right", COLUMNS, [CTRL Backslash];
    SplitBelow: "view.split-below", "Split below", "Move the view into a tile of its own below", ROWS, [CTRL_SHIFT Backslash];
    ToggleMaximised: "view.maximise", "Maximise or restore", "Give the view the whole window, or its place back", CORNERS_OUT, [CTRL M];
    CloseView: "view.close", "Close view", "Close the tab; Show opens it again", X, [CTRL_SHIFT W];
    NextTab: "view.next", "Next tab", "Show the tab at the right", CARET_RIGHT, [CTRL Tab];
    PreviousTab: "view.previous", "Previous tab", "Show the tab at the left", CARET_LEFT, [CTRL_SHIFT Tab];
    LayoutBrowse: "layout.browse", "Layout: browse", "The table with everything beside it, as at the first start", SQUARES_FOUR, [ALT Num1];
    LayoutTrace: "layout.trace", "Layout: trace a flow", "The table above, the causal graph of the selection below", SQUARES_FOUR, [ALT Num2];
    LayoutAudit: "layout.audit", "Layout: audit", "The table above, findings below, the chain in the inspector", SQUARES_FOUR, [ALT Num3];
    LayoutLive: "layout.live", "Layout: live watch", "Follow the newest events beside projections and timeline", SQUARES_FOUR, [ALT Num4];
    ToggleExplorer: "panel.explorer", "Explorer", "Show or hide entities, kinds and scopes", SIDEBAR_SIMPLE, [CTRL B];
    ToggleInspector: "panel.inspector", "Inspector", "Show or hide the selected event", SIDEBAR_SIMPLE, [CTRL I];
    ToggleTimeline: "panel.timeline", "Timeline", "Show or hide the timeline below", CHART_BAR, [CTRL T];
    ToggleDrawer: "panel.drawer", "Drawer", "Show or hide the drawer with form, tasks and memory", CARET_UP, [NONE Q];
    NextPanel: "panel.next", "Next panel", "Give the keyboard to the next panel", ARROW_RIGHT, [NONE F6];
    PreviousPanel: "panel.previous", "Previous panel", "Give the keyboard to the panel before", ARROW_LEFT, [SHIFT F6];
    ShowFindings: "view.findings", "Show findings", "What is wrong with the store, and what was verified", SHIELD_WARNING, [CTRL Num5];
    TimelineZoomIn: "timeline.zoom-in", "Zoom into the timeline", "Show a shorter part of the timeline in more detail", MAGNIFYING_GLASS_PLUS, [NONE W];
    TimelineZoomOut: "timeline.zoom-out", "Zoom out of the timeline", "Show a longer part of the timeline", MAGNIFYING_GLASS_MINUS, [NONE S];
    TimelinePanLeft: "timeline.pan-left", "Timeline to the left", "Show what is before in the timeline", CARET_LEFT, [NONE A];
    TimelinePanRight: "timeline.pan-right", "Timeline to the right", "Show what is after in the timeline", CARET_RIGHT, [NONE D];
    TimelineFit: "timeline.fit", "Whole store in the timeline", "Show the timeline from the first event to the last", ARROWS_CLOCKWISE, [SHIFT F];
    TimelineCentre: "timeline.centre", "Selection in the timeline", "Bring the selected event into the middle of the timeline; once more, all that it belongs to", CROSSHAIR_SIMPLE, [NONE F];
    TimelineAxis: "timeline.axis", "Time or sequence", "Let the timeline count wall time or places in the commit order", SWAP, [];
    TimelineFoldGaps: "timeline.fold-gaps", "Fold gaps of the timeline", "Let times without events take little room, or show them as long as they are", SLIDERS_HORIZONTAL, [];
    TimelineLogScale: "timeline.log-scale", "Logarithmic timeline", "Let bars grow with the logarithm of the count, or with the count", SLIDERS_HORIZONTAL, [];
    TimelineLanes: "timeline.lanes", "Next lanes of the timeline", "Lanes by entity, kind, scope, conversation, or of the flow", ROWS, [];
    TimelineLanesDown: "timeline.lanes-down", "Timeline lanes further down", "Show the next lane of the timeline", ARROW_DOWN, [];
    TimelineLanesUp: "timeline.lanes-up", "Timeline lanes further up", "Show the lane before in the timeline", ARROW_UP, [];
    TimelinePin: "timeline.pin", "Pin event", "Measure from the selected event, and then to the selected event", PUSH_PIN, [NONE X];
    AppendReaction: "append.reaction", "Append a reaction…", "Write an event that the selected one caused", ARROW_BEND_DOWN_RIGHT, [NONE N];
    FindInPayload: "detail.find", "Find in payload", "Look for a text in the keys and values of the selected event", MAGNIFYING_GLASS, [CTRL F];
    AppendInDrawer: "append.drawer", "Append in the drawer", "Move the append form into the drawer, so that the table stays in view", NOTE_PENCIL, [];
    CopyId: "copy.id", "Copy event id", "Copy the id of the selected event", COPY_SIMPLE, [CTRL_SHIFT I];
    CopyPayload: "copy.payload", "Copy payload", "Copy the payload of the selected event as JSON", COPY, [CTRL_SHIFT P];
    Verify: "verify.store", "Verify whole store", "Compute all hashes anew and compare them", SHIELD_CHECK, [NONE V];
    VerifyStream: "verify.stream", "Verify stream", "Check every event of the selected event's stream", SHIELD_CHECK, [SHIFT V];
    PauseVerifying: "verify.pause", "Pause or resume verifying", "Let the check that runs rest, or go on with it", PAUSE, [];
    StopVerifying: "verify.stop", "Stop verifying", "End the check that runs; nothing is verified by itself until the next one", STOP, [];
    ToggleVerifying: "settings.verify", "Verify by itself or on demand", "Check each store a moment after it was opened, or only when asked to", SHIELD_CHECK, [];
    GoToBroken: "go.broken", "Go to first broken", "Select the first event that does not fit its hashes, or the first that cannot be read", SHIELD_WARNING, [SHIFT G];
    TakeHead: "head.take", "Take head", "Keep one line that stands for everything in the store, to compare it with later", SEAL_CHECK, [];
    CompareHeads: "head.compare", "Compare with kept heads", "Find out whether history was rewritten since heads were kept", SEAL_CHECK, [];
    EvidenceReport: "report.evidence", "Evidence report…", "Write what was checked and found into a page for others", SHIELD_CHECK, [];
    ToggleBookmark: "note.bookmark", "Bookmark", "Mark the selected event, or take its mark away", BOOKMARK_SIMPLE, [NONE M];
    EditNote: "note.edit", "Edit note", "Write a note to the selected event", NOTE_PENCIL, [SHIFT M];
    NextBookmark: "note.next", "Next bookmark", "Select the next event that has a bookmark or a note", BOOKMARK_SIMPLE, [ALT PageDown];
    PreviousBookmark: "note.previous", "Previous bookmark", "Select the event before that has a bookmark or a note", BOOKMARK_SIMPLE, [ALT PageUp];
    Cancel: "app.cancel", "Cancel", "Stop what is running", STOP, [NONE Escape];
    ToggleUtc: "settings.utc", "Local time or UTC", "Show times in the local zone or in UTC", CLOCK, [NONE U];
    ShowSettings: "settings.open", "Settings…", "Colours, density, times, scale and keys", GEAR_SIX, [CTRL Comma];
    CycleDensity: "settings.density", "Next row height", "Compact, normal or comfortable rows", ROWS, [];
    ToggleMotion: "settings.motion", "Reduce motion", "Let nothing move or fade by itself, or let it again", TIMER, [];
    ScaleUp: "settings.scale-up", "Larger", "Make everything larger", MAGNIFYING_GLASS_PLUS, [CTRL Plus, CTRL Equals];
    ScaleDown: "settings.scale-down", "Smaller", "Make everything smaller", MAGNIFYING_GLASS_MINUS, [CTRL Minus];
    ScaleReset: "settings.scale-reset", "Usual size", "Show everything as large as the desktop asks for", MAGNIFYING_GLASS, [CTRL Num0];
    CycleTheme: "settings.theme", "Next theme", "Dark, light, high contrast", SWAP, [CTRL_SHIFT T];
    NameKinds: "kinds.name", "Name kinds…", "Give kinds the names that the store does not know", TAG, [];
    ShowKeys: "app.keys", "Keyboard shortcuts", "List all keys", KEYBOARD, [NONE Questionmark];
    ShowPalette: "app.commands", "Commands", "Find a command by its name", COMMAND, [CTRL K, CTRL P];
    Quit: "app.quit", "Quit", "Leave the program", ARROW_SQUARE_OUT, [CTRL Q];
}

/// Where a command stands in the menus and in the list of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Opening, closing, writing.
    Store,
    /// Views, panels, layouts, colours.
    View,
    /// Selecting and going about.
    Go,
    /// What is done with events.
    Tools,
    /// The program itself.
    Help,
}

impl Group {
    /// All groups, in the order of the menus.
    pub const ALL: [Self; 5] = [Self::Store, Self::View, Self::Go, Self::Tools, Self::Help];

    /// Its name in the menu.
    pub fn title(self) -> &'static str {
        match self {
            Self::Store => "Store",
            Self::View => "View",
            Self::Go => "Go",
            Self::Tools => "Tools",
            Self::Help => "Help",
        }
    }

    /// Its commands, in the order of the table.
    pub fn commands(self) -> impl Iterator<Item = Command> {
        Command::ALL.iter().copied().filter(move |command| command.group() == self)
    }
}

impl Command {
    /// The command with this id.
    pub fn of_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|command| command.id() == id)
    }

    /// Its usual keys as they are shown, joined by `+`; empty if there are none.
    pub fn keys(self) -> String {
        self.usual_keys().first().map(|shortcut| keys::text(*shortcut)).unwrap_or_default()
    }

    /// Where it stands in the menus: what its id begins with says it.
    pub fn group(self) -> Group {
        match self.id().split('.').next().unwrap_or_default() {
            "store" => Group::Store,
            "view" | "layout" | "panel" | "settings" | "table" => Group::View,
            "go" | "cursor" => Group::Go,
            "app" => Group::Help,
            _ => Group::Tools,
        }
    }

    /// The command that shows a view.
    pub fn that_shows(view: View) -> Self {
        match view {
            View::Events => Self::ShowEvents,
            View::Graph => Self::ShowGraph,
            View::Projections => Self::ShowProjections,
            View::Append => Self::ShowAppend,
            View::Findings => Self::ShowFindings,
            View::Timeline => Self::ShowTimeline,
            View::Tasks => Self::ShowTasks,
            View::Memory => Self::ShowMemory,
        }
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
        let mut seen = HashSet::new();
        for command in Command::ALL {
            for shortcut in command.usual_keys() {
                assert!(seen.insert(*shortcut), "{}: {}", command.id(), keys::text(*shortcut));
            }
        }
    }

    #[test]
    fn keys_are_shown_as_they_are_printed_on_a_keyboard() {
        assert_eq!(Command::CopyId.keys(), "Ctrl+Shift+I");
        assert_eq!(Command::GoToCause.keys(), "[");
        assert_eq!(Command::NameKinds.keys(), "");
    }

    #[test]
    fn every_command_stands_in_one_menu_and_every_view_has_its_command() {
        let listed: usize = Group::ALL.iter().map(|group| group.commands().count()).sum();
        assert_eq!(listed, Command::ALL.len());
        let shows: HashSet<Command> = View::ALL.iter().map(|view| Command::that_shows(*view)).collect();
        assert_eq!(shows.len(), View::ALL.len());
    }
}
