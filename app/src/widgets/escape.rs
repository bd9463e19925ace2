//! Makes characters visible that a reader would not see, or that would change what they see.
//!
//! Never shortens and never drops anything: every hidden character becomes an escape.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a character would be invisible, reorder its neighbours or pass for one of our icons.
///
/// Controls (C0, C1), bidirectional marks and overrides, zero-width and filler characters, tags, variation
/// selectors, line separators, private use (where the icon font lives) and non-characters.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x2028..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
            | 0x1D173..=0x1D17A | 0xE000..=0xF8FF | 0xE_0000..=0xE_0FFF | 0xF_0000..=0x10_FFFF)
        || u32::from(c) & 0xFFFE == 0xFFFE
}

/// `text` with every hidden character written as `\n`, `\t`, `\r` or `\u{202e}`.
///
/// A backslash stays as it is; where an escape must not be mistaken for the real thing use [`quoted`].
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Bytes as text: what is no UTF-8 as `\xff`, hidden characters as [`visible`] does.
pub fn bytes(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push(&mut out, c));
        for byte in chunk.invalid() {
            write!(out, "\\x{byte:02x}").expect("writing to a string succeeds");
        }
    }
    out
}

/// `text` in double quotes; quotes and backslashes of its own are escaped too, so that two different texts never
/// look the same for the sake of an escape.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            out.push('\\');
        }
        push(&mut out, c);
    }
    out.push('"');
    out
}

fn push(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c if is_hidden(c) => {
            write!(out, "\\u{{{:x}}}", u32::from(c)).expect("writing to a string succeeds");
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bidirectional_overrides_are_shown() {
        assert_eq!(visible("user\u{202e}gnp.exe"), "user\\u{202e}gnp.exe");
        for c in
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{2066}\u{2067}\u{2068}\u{2069}".chars()
        {
            assert!(is_hidden(c), "{:x}", u32::from(c));
        }
    }

    #[test]
    fn zero_width_and_filler_characters_are_shown() {
        for c in "\u{200b}\u{200c}\u{200d}\u{2060}\u{feff}\u{ad}\u{3164}\u{e0041}\u{fe0f}".chars() {
            assert_eq!(visible(&c.to_string()), format!("\\u{{{:x}}}", u32::from(c)));
        }
    }

    #[test]
    fn controls_of_both_blocks_are_shown() {
        for code in (0..0x20).chain(0x7F..0xA0) {
            let c = char::from_u32(code).expect("controls are characters");
            let shown = visible(&c.to_string()).into_owned();
            assert!(shown.starts_with('\\') && !shown.contains(c), "{code:x} became {shown}");
        }
        assert_eq!(visible("a\tb\nc\r\u{1b}[31m"), "a\\tb\\nc\\r\\u{1b}[31m");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_by_their_digits() {
        assert_eq!(bytes(b"a\xffb\n\xe2\x80\xae\xc3"), "a\\xffb\\n\\u{202e}\\xc3");
    }

    #[test]
    fn letters_of_every_script_stay_as_they_are() {
        let text = "Öß 急須「常滑焼」コンビニ払い שלום Привет \\u{202e} \"quoted\"";
        assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
    }

    #[test]
    fn a_payload_cannot_show_an_icon_of_ours() {
        assert_eq!(visible("\u{e40c} verified"), "\\u{e40c} verified");
    }

    #[test]
    fn a_written_escape_and_a_hidden_character_look_different_in_quotes() {
        assert_eq!(quoted("\u{202e}"), "\"\\u{202e}\"");
        assert_eq!(quoted("\\u{202e}"), "\"\\\\u{202e}\"");
        assert_eq!(quoted("say \"x\""), "\"say \\\"x\\\"\"");
    }
}
