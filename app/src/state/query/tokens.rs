//! Owns the smallest parts of a line: fields, words, quotes. Where a part ends is decided here and nowhere else.

/// What a word before a colon asks about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `kind:`
    Kind,
    /// `entity:`
    Entity,
    /// `scope:`
    Scope,
    /// `corr:`
    Correlation,
    /// `cause:`
    Cause,
    /// `id:`
    Id,
    /// `after:`
    After,
    /// `before:`
    Before,
    /// `lane:`
    Lane,
    /// `flag:`
    Flag,
    /// `size:`
    Size,
}

impl Field {
    /// Every field with its word, and what its values look like.
    pub const ALL: [(Self, &'static str, &'static str); 11] = [
        (Self::Kind, "kind:", "kinds by name, number or pattern: OrderPlaced, 0x1001, Order*"),
        (Self::Entity, "entity:", "an entity and those below it: order, order:42"),
        (Self::Scope, "scope:", "the context: shop"),
        (Self::Correlation, "corr:", "a conversation, by the end of its id: a7f3"),
        (Self::Cause, "cause:", "what an event caused: #123, or its id"),
        (Self::Id, "id:", "one event: #123, or its id"),
        (Self::After, "after:", "#123, 2026-11-24, 10:30, -1h"),
        (Self::Before, "before:", "#123, 2026-11-24T10:00, -2d"),
        (Self::Lane, "lane:", "a branch: 0"),
        (Self::Flag, "flag:", "what is unusual: removed, hidden, undecoded, damaged"),
        (Self::Size, "size:", "bytes of the payload: >10kB"),
    ];

    /// Its word with the colon.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(field, ..)| *field == self).map_or("", |(_, word, _)| word)
    }

    /// What its values look like.
    pub fn about(self) -> &'static str {
        Self::ALL.iter().find(|(field, ..)| *field == self).map_or("", |(.., about)| about)
    }

    /// The field that a text begins with, case ignored.
    pub(super) fn at_start(text: &str) -> Option<Self> {
        let begins = |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        Self::ALL.iter().find(|(_, word, _)| begins(word)).map(|(field, ..)| *field)
    }
}

/// What begins a path into the payload.
pub(super) const PAYLOAD: &str = "payload.";

/// Words that join or negate.
pub(super) const KEYWORDS: [&str; 3] = ["and", "or", "not"];

/// Where a word of text ends: at a blank or a parenthesis.
pub(super) fn word_end(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(text.len())
}

/// Where a value ends that is not in quotes: also at a comma and at a quote.
pub(super) fn value_end(text: &str) -> usize {
    text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | '"')).unwrap_or(text.len())
}

/// Where a step of a path ends: also at a full stop and at a sign that compares.
pub(super) fn step_end(text: &str) -> usize {
    let ends = |c: char| c.is_whitespace() || "(),\".=!<>~".contains(c);
    text.find(ends).unwrap_or(text.len())
}

/// The keyword that a text begins with, as a whole word.
pub(super) fn keyword(text: &str) -> Option<&'static str> {
    let word = &text[..word_end(text)];
    KEYWORDS.into_iter().find(|keyword| word.eq_ignore_ascii_case(keyword))
}

/// The text up to the closing quote, and how many bytes it took with that quote. `inside` begins behind the opening one.
pub(super) fn unquote(inside: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, at + 1)),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(c),
        }
    }
    None
}
