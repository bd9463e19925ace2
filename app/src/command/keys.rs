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

/// Keys whose name on a keyboard is another one than egui's.
const NAMES: [(Key, &str); 20] = [
    (Key::Escape, "Esc"),
    (Key::Slash, "/"),
    (Key::Backslash, "\\"),
    (Key::OpenBracket, "["),
    (Key::CloseBracket, "]"),
    (Key::OpenCurlyBracket, "{"),
    (Key::CloseCurlyBracket, "}"),
    (Key::Num0, "0"),
    (Key::Comma, ","),
    (Key::Period, "."),
    (Key::Questionmark, "?"),
    (Key::ArrowUp, "Up"),
    (Key::ArrowDown, "Down"),
    (Key::ArrowLeft, "Left"),
    (Key::ArrowRight, "Right"),
    (Key::PageDown, "Page Down"),
    (Key::PageUp, "Page Up"),
    (Key::Plus, "Plus"),
    (Key::Minus, "-"),
    (Key::Equals, "="),
];

/// Keys as they are printed on a keyboard, joined by `+`.
pub(super) fn text(shortcut: KeyboardShortcut) -> String {
    let modifiers = shortcut.modifiers;
    let mut keys: Vec<&str> = Vec::with_capacity(4);
    keys.extend((modifiers.command || modifiers.ctrl).then_some("Ctrl"));
    keys.extend(modifiers.alt.then_some("Alt"));
    keys.extend(modifiers.shift.then_some("Shift"));
    let key = shortcut.logical_key;
    let own = NAMES.iter().find(|(other, _)| *other == key).map(|(_, name)| *name);
    keys.push(own.unwrap_or(key.name()));
    keys.join("+")
}

/// The keys that a text stands for, written as `text` writes them; `None` if it stands for none.
pub(super) fn parse(words: &str) -> Option<KeyboardShortcut> {
    let (modifiers, key) = words.rsplit_once('+').unwrap_or(("", words));
    let mut shortcut = KeyboardShortcut::new(NONE, of_name(key)?);
    for modifier in modifiers.split('+').filter(|modifier| !modifier.is_empty()) {
        shortcut.modifiers |= match modifier {
            "Ctrl" => CTRL,
            "Alt" => ALT,
            "Shift" => SHIFT,
            _ => return None,
        };
    }
    Some(shortcut)
}

fn of_name(name: &str) -> Option<Key> {
    let shown = |key: &Key| text(KeyboardShortcut::new(NONE, *key)) == name;
    Key::ALL.iter().copied().find(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_any_keys_is_read_back() {
        for key in Key::ALL {
            for modifiers in [NONE, SHIFT, CTRL_SHIFT, CTRL | ALT] {
                let shortcut = KeyboardShortcut::new(modifiers, *key);
                assert_eq!(parse(&text(shortcut)), Some(shortcut), "{}", text(shortcut));
            }
        }
        for words in ["", "+", "Ctrl+", "Hyper+A", "Ctrl+Nothing"] {
            assert_eq!(parse(words), None, "{words}");
        }
    }
}
