//! Owns what changes of the settings mean, and how keys become those of a command.

use egui::{Context, Event, Key, KeyboardShortcut};

use super::App;
use crate::command::{Change, Command, KeyMap, Recording, shortcut_of_press};
use crate::state::model::Overlay;
use crate::state::settings::Density;
use crate::theme::Theme;

impl App {
    /// Changes the settings, and saves them.
    pub(super) fn change(&mut self, change: Change) {
        let settings = &mut self.model.settings;
        match change {
            Change::Theme(theme) => settings.theme = theme,
            Change::Density(density) => settings.density = density,
            Change::Utc(utc) => settings.utc = utc,
            Change::ReducedMotion(reduced) => settings.reduced_motion = reduced,
            Change::Scale(scale) => settings.scale = scale,
            Change::RecordKeys(command) => {
                self.model.recording = command.map(|command| Recording { command, taken: None });
                return;
            }
            Change::NoKeys(command) => drop(settings.keys.insert(command.id().to_owned(), Vec::new())),
            Change::UsualKeys(Some(command)) => drop(settings.keys.remove(command.id())),
            Change::UsualKeys(None) => settings.keys.clear(),
        }
        self.model.keys = KeyMap::of(&self.model.settings.keys);
        self.model.recording = None;
        self.save();
    }

    /// Does what a command means for the settings.
    pub(super) fn change_by(&mut self, command: Command) {
        let settings = &self.model.settings;
        let change = match command {
            Command::ToggleUtc => Change::Utc(!settings.utc),
            Command::ToggleMotion => Change::ReducedMotion(!settings.reduced_motion),
            Command::CycleTheme => Change::Theme(after(&Theme::ALL, settings.theme)),
            Command::CycleDensity => Change::Density(after(&Density::ALL, settings.density)),
            Command::ScaleUp => Change::Scale(settings.scale_beside(true)),
            Command::ScaleDown => Change::Scale(settings.scale_beside(false)),
            Command::ScaleReset => Change::Scale(100),
            _ => return,
        };
        self.change(change);
    }

    /// Takes the next keys for the command that waits for them. Keys of another command are taken when they are pressed twice.
    pub(super) fn record_keys(&mut self, ctx: &Context) {
        let Some(recording) = &mut self.model.recording else { return };
        if self.model.overlay != Overlay::Settings {
            self.model.recording = None;
            return;
        }
        let pressed = ctx.input(|input| shortcut_of_press(&input.events));
        // Whatever is pressed while keys are waited for is no command, not even when it is held down.
        ctx.input_mut(|input| input.events.retain(|event| !matches!(event, Event::Key { .. })));
        let Some(pressed) = pressed else { return };
        let command = recording.command;
        let taken = recording.taken;
        let holder = self.model.keys.holder(pressed).filter(|holder| *holder != command);
        match holder {
            _ if pressed == KeyboardShortcut::new(egui::Modifiers::NONE, Key::Escape) => {
                self.model.recording = None;
            }
            Some(holder) if taken != Some((pressed, holder)) => {
                self.model.recording = Some(Recording { command, taken: Some((pressed, holder)) });
            }
            holder => self.give_keys(command, pressed, holder),
        }
    }

    fn give_keys(&mut self, command: Command, pressed: KeyboardShortcut, holder: Option<Command>) {
        let keys = &mut self.model.settings.keys;
        if let Some(holder) = holder {
            let rest = self.model.keys.of_command(holder).iter().filter(|keys| **keys != pressed);
            keys.insert(holder.id().to_owned(), rest.map(|keys| KeyMap::words(*keys)).collect());
        }
        keys.insert(command.id().to_owned(), vec![KeyMap::words(pressed)]);
        self.model.keys = KeyMap::of(&self.model.settings.keys);
        self.model.recording = None;
        self.save();
    }
}

/// What comes after one of a few, the first after the last.
fn after<T: Copy + PartialEq, const N: usize>(all: &[T; N], one: T) -> T {
    let at = all.iter().position(|other| *other == one).unwrap_or_default();
    all[(at + 1) % N]
}
