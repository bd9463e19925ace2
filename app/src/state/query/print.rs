//! Owns the line that means a query: reading it gives the same query back.

use crate::state::query::tokens::{self, Field, KEYWORDS, PAYLOAD};
use crate::state::query::{Compare, EventWord, Flag, KindWord, Literal, Name, Query, Term, Vocabulary};

/// Units of sizes, the largest first.
const SIZES: [(&str, u64); 3] = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1_000)];

impl Query {
    /// The line that means this query: `parse` gives the same query back.
    pub fn line(&self, vocabulary: &Vocabulary<'_>) -> String {
        match self {
            Self::Is(term) => term.text(vocabulary),
            Self::Not(inner) => match &**inner {
                Self::Is(term) => format!("-{}", term.text(vocabulary)),
                group => format!("-({})", group.line(vocabulary)),
            },
            Self::All(parts) => {
                let part = |part: &Self| match part {
                    Self::Any(_) => format!("({})", part.line(vocabulary)),
                    part => part.line(vocabulary),
                };
                parts.iter().map(part).collect::<Vec<_>>().join(" ")
            }
            Self::Any(parts) => {
                parts.iter().map(|part| part.line(vocabulary)).collect::<Vec<_>>().join(" or ")
            }
        }
    }
}

impl Term {
    /// How a line writes the term.
    pub fn text(&self, vocabulary: &Vocabulary<'_>) -> String {
        format!("{}{}", self.key(), self.value(vocabulary))
    }

    /// What a line writes before the value: `kind:`, `payload.total>`; nothing for text.
    pub fn key(&self) -> String {
        match self {
            Self::Payload(path, test) => {
                let sign = test.as_ref().map_or("", |(compare, _)| compare.sign());
                format!("{PAYLOAD}{}{sign}", path_text(path))
            }
            term => term.field().map_or("", Field::word).to_owned(),
        }
    }

    /// What a line writes behind the key.
    pub fn value(&self, vocabulary: &Vocabulary<'_>) -> String {
        let words = |words: Vec<String>| words.join(",");
        match self {
            Self::Entity(names) | Self::Scope(names) => words(names.iter().map(Name::written).collect()),
            Self::Kind(kinds) => words(kinds.iter().map(|KindWord { name, .. }| name.written()).collect()),
            Self::Correlation(ends) => words(ends.clone()),
            Self::Cause(events) | Self::Id(events) => {
                words(events.iter().map(|word| word.written()).collect())
            }
            Self::After(moment) | Self::Before(moment) => moment.text(vocabulary.zone),
            Self::Lane(lanes) => words(lanes.iter().map(ToString::to_string).collect()),
            Self::Flag(flags) => words(flags.iter().map(|flag| Flag::word(*flag).to_owned()).collect()),
            Self::Size(compare, bytes) => size_text(*compare, *bytes),
            Self::Payload(_, test) => match test {
                None => String::new(),
                Some((_, Literal::Bare(word))) => word.clone(),
                Some((_, Literal::Text(text))) => in_quotes(text),
            },
            Self::Text(text) => text_written(text),
        }
    }
}

impl Name {
    /// As a line writes it.
    pub(super) fn written(&self) -> String {
        if self.is_pattern || !self.text.contains('*') { quoted(&self.text) } else { in_quotes(&self.text) }
    }
}

impl EventWord {
    fn written(self) -> String {
        match self {
            Self::Sequence(sequence) => format!("#{sequence}"),
            Self::Id(id) => format!("{id:032x}"),
        }
    }
}

fn size_text(compare: Compare, bytes: u64) -> String {
    let sign = if compare == Compare::Equal { "" } else { compare.sign() };
    match SIZES.iter().find(|(_, unit)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((name, unit)) => format!("{sign}{}{name}", bytes / unit),
        None => format!("{sign}{bytes}"),
    }
}

/// The value in quotes if a line would end it too early without.
fn quoted(value: &str) -> String {
    let plain = !value.is_empty() && tokens::value_end(value) == value.len();
    if plain { value.to_owned() } else { in_quotes(value) }
}

/// A path of fields as a line writes it, without what begins it.
pub fn path_text(path: &[String]) -> String {
    let step = |step: &String| {
        if !step.is_empty() && tokens::step_end(step) == step.len() { step.clone() } else { in_quotes(step) }
    };
    path.iter().map(step).collect::<Vec<_>>().join(".")
}

/// The text as a plain word where that reads back the same, and in quotes otherwise.
fn text_written(text: &str) -> String {
    let plain = !text.is_empty()
        && tokens::word_end(text) == text.len()
        && !text.contains(['"', ':'])
        && !text.starts_with('-')
        && !text.to_lowercase().starts_with(PAYLOAD)
        && !KEYWORDS.iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
    if plain { text.to_owned() } else { in_quotes(text) }
}

fn in_quotes(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
