//! Owns which keys trigger which command: the usual ones, unless the user chose others.

use std::collections::{BTreeMap, HashMap};

use egui::{Event, Key, KeyboardShortcut, Modifiers};

use super::{Command, keys};

/// What the user chose, as it is saved: for the id of a command its keys; none if the list is empty.
pub type OwnKeys = BTreeMap<String, Vec<String>>;

/// The keys of every command.
#[derive(Clone, Debug)]
pub struct KeyMap(HashMap<Command, Vec<KeyboardShortcut>>);

impl Default for KeyMap {
    fn default() -> Self {
        Self::of(&OwnKeys::new())
    }
}

impl KeyMap {
    /// The usual keys, and those that the user chose. What is not understood is left out.
    pub fn of(own: &OwnKeys) -> Self {
        let keys_of = |command: &Command| match own.get(command.id()) {
            Some(chosen) => chosen.iter().filter_map(|words| keys::parse(words)).collect(),
            None => command.usual_keys().to_vec(),
        };
        let mut map: HashMap<Command, Vec<KeyboardShortcut>> =
            Command::ALL.iter().map(|command| (*command, keys_of(command))).collect();
        // What the user chose wins over what is usual elsewhere.
        let chosen: Vec<(Command, KeyboardShortcut)> = map
            .iter()
            .filter(|(command, _)| own.contains_key(command.id()))
            .flat_map(|(command, keys)| keys.iter().map(|shortcut| (*command, *shortcut)))
            .collect();
        for (command, keys) in &mut map {
            keys.retain(|shortcut| chosen.iter().all(|(other, taken)| other == command || taken != shortcut));
        }
        Self(map)
    }

    /// All keys of a command.
    pub fn of_command(&self, command: Command) -> &[KeyboardShortcut] {
        self.0.get(&command).map(Vec::as_slice).unwrap_or_default()
    }

    /// The keys of a command as they are shown, joined by `+`; empty if it has none.
    pub fn text(&self, command: Command) -> String {
        self.of_command(command).first().map(|shortcut| keys::text(*shortcut)).unwrap_or_default()
    }

    /// The command that has these keys.
    pub fn holder(&self, shortcut: KeyboardShortcut) -> Option<Command> {
        Command::ALL.iter().copied().find(|command| self.of_command(*command).contains(&shortcut))
    }

    /// All keys with their commands, those with most modifiers first: egui takes a further Shift for nothing.
    pub fn by_modifiers(&self) -> Vec<(Command, KeyboardShortcut)> {
        let all = Command::ALL
            .iter()
            .flat_map(|command| self.of_command(*command).iter().map(|shortcut| (*command, *shortcut)));
        let mut all: Vec<_> = all.collect();
        all.sort_by_key(|(_, shortcut)| {
            let Modifiers { alt, ctrl, shift, command, .. } = shortcut.modifiers;
            std::cmp::Reverse([alt, shift, ctrl || command].into_iter().map(u32::from).sum::<u32>())
        });
        all
    }

    /// Keys as they are shown and saved.
    pub fn words(shortcut: KeyboardShortcut) -> String {
        keys::text(shortcut)
    }
}

/// A command that waits for keys to be pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recording {
    /// The command.
    pub command: Command,
    /// Keys that were pressed, and the command that has them: pressed once more, they are taken from it.
    pub taken: Option<(KeyboardShortcut, Command)>,
}

/// The keys that were just pressed together, as a command can have them. Shift that only makes another sign is no part of it.
pub fn shortcut_of_press(events: &[Event]) -> Option<KeyboardShortcut> {
    events.iter().find_map(|event| match event {
        Event::Key { key, pressed: true, repeat: false, modifiers, .. } => {
            let mut wanted = Modifiers::NONE;
            wanted.alt = modifiers.alt;
            wanted.command = modifiers.command || modifiers.ctrl;
            wanted.shift = modifiers.shift && !is_sign(*key);
            Some(KeyboardShortcut::new(wanted, *key))
        }
        _ => None,
    })
}

fn is_sign(key: Key) -> bool {
    matches!(
        key,
        Key::Questionmark
            | Key::Exclamationmark
            | Key::Colon
            | Key::Plus
            | Key::Pipe
            | Key::Quote
            | Key::OpenCurlyBracket
            | Key::CloseCurlyBracket
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chosen_keys_replace_the_usual_ones_and_win_over_those_of_other_commands() {
        let own = OwnKeys::from([
            (Command::Verify.id().to_owned(), vec!["Ctrl+K".to_owned(), "nonsense".to_owned()]),
            (Command::Quit.id().to_owned(), Vec::new()),
            ("gone.command".to_owned(), vec!["Ctrl+O".to_owned()]),
        ]);
        let keys = KeyMap::of(&own);
        assert_eq!(keys.text(Command::Verify), "Ctrl+K");
        assert_eq!(keys.text(Command::ShowPalette), "Ctrl+P", "one of two stays");
        assert_eq!(
            (keys.text(Command::Quit), keys.text(Command::OpenDialog)),
            (String::new(), "Ctrl+O".to_owned())
        );
        let shortcut = keys.of_command(Command::Verify)[0];
        assert_eq!(keys.holder(shortcut), Some(Command::Verify));
    }
}
