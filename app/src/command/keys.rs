//! Owns how keys are written: as they are printed on a keyboard.

use egui::{Key, KeyboardShortcut, Modifiers};

/// Ctrl, or Command on a Mac.
pub(super) const CTRL: Modifiers = Modifiers::COMMAND;
/// Ctrl and Shift.
pub(super) const CTRL_SHIFT: Modifiers = Modifiers::COMMAND.plus(Modifiers::SHIFT);
/// Alt.
pub(super) const ALT: Modifiers = Modifiers::ALT;
/// Shift.
pub(super) const SHIFT: Modifiers = Modifiers::SHIFT;
/// The key alone.
pub(super) const NONE: Modifiers = Modifiers::NONE;

/// Keys as they are printed on a keyboard, joined by `+`.
pub(super) fn keys_text(shortcut: KeyboardShortcut) -> String {
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
