//! Owns what can be written next: fields, names with counts, flags, paths into payloads. Never changes a line; the caller puts a choice in
//! the place that is named.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use causeway::event::EventKind;

use crate::state::query::tokens::{Field, PAYLOAD};
use crate::state::query::{Flag, Name, Term};
use crate::worker::protocol::Facets;

/// Choices that are offered at once.
const CHOICES_MAX: usize = 10;

/// Lines that show what can be asked, and what each asks for.
pub const EXAMPLES: [(&str, &str); 6] = [
    ("kind:Order*", "kinds whose name begins with Order"),
    ("entity:order:42", "one entity and those below it"),
    ("after:-1h -kind:Heartbeat", "the last hour without heartbeats"),
    ("payload.total>100", "a number inside the payload"),
    ("scope:shop (refund or \"gift card\")", "either text in a scope"),
    ("flag:damaged or flag:removed", "what cannot be read as it was written"),
];

/// What can be named.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Names of kinds.
    pub names: &'a HashMap<EventKind, String>,
    /// Entities, kinds and scopes with counts.
    pub facets: &'a Facets,
    /// Paths that payloads of the current result have, with the number of payloads.
    pub paths: &'a [(String, u64)],
}

/// Something that can stand in the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What is written.
    pub insert: String,
    /// What is behind it: a count, or what it means.
    pub about: String,
    /// How many events it stands for, if that is known.
    pub count: Option<u64>,
    /// The kind that it names.
    pub kind: Option<EventKind>,
}

/// What can stand in place of some bytes of the line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completion {
    /// The bytes that are replaced.
    pub range: Range<usize>,
    /// The likeliest first.
    pub choices: Vec<Choice>,
}

/// What can be written at a byte of a line.
pub fn complete(line: &str, cursor: usize, sources: Sources<'_>) -> Completion {
    let before = line.get(..cursor).unwrap_or(line);
    let start = token_start(before);
    let token = &before[start..];
    let start = start + usize::from(token.starts_with('-'));
    let token = &before[start..];
    if let Some(field) = Field::at_start(token) {
        let value = &token[field.word().len()..];
        let skipped = value.rfind(',').map_or(0, |comma| comma + 1);
        let at = start + field.word().len() + skipped;
        let wanted = value[skipped..].trim_start_matches('"').to_lowercase();
        return Completion { range: at..before.len(), choices: values(field, &wanted, sources) };
    }
    let wanted = token.trim_start_matches('"').to_lowercase();
    let range = start..before.len();
    if token.starts_with('"') {
        return Completion { range, choices: Vec::new() };
    }
    if wanted.starts_with(PAYLOAD) {
        return Completion { range, choices: paths(&wanted, sources) };
    }
    Completion { range, choices: anything(&wanted, sources) }
}

/// Where the part of the line that is being written begins: behind a blank or a parenthesis that does not stand in quotes.
fn token_start(before: &str) -> usize {
    let (mut start, mut is_quoted, mut is_escaped) = (0, false, false);
    for (at, c) in before.char_indices() {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            c if !is_quoted && (c.is_whitespace() || matches!(c, '(' | ')')) => start = at + c.len_utf8(),
            _ => {}
        }
    }
    start
}

fn plain(insert: &str, about: &str) -> Choice {
    Choice { insert: insert.to_owned(), about: about.to_owned(), count: None, kind: None }
}

/// Fields, and names that contain what was written.
fn anything(wanted: &str, sources: Sources<'_>) -> Vec<Choice> {
    let begins = |word: &&str| word.starts_with(wanted);
    let fields = Field::ALL.iter().filter(|(_, word, _)| begins(word));
    let mut choices: Vec<Choice> = fields.map(|(_, word, about)| plain(word, about)).collect();
    if begins(&PAYLOAD) {
        choices.push(plain(PAYLOAD, "a value inside the payload: payload.total>10"));
    }
    if !wanted.is_empty() {
        for field in [Field::Kind, Field::Entity, Field::Scope] {
            let found = values(field, wanted, sources).into_iter().take(4);
            let whole =
                |choice: Choice| Choice { insert: format!("{}{}", field.word(), choice.insert), ..choice };
            choices.extend(found.map(whole));
        }
    }
    choices.truncate(CHOICES_MAX + 2);
    choices
}

fn values(field: Field, wanted: &str, sources: Sources<'_>) -> Vec<Choice> {
    match field {
        Field::Kind => kinds(wanted, sources),
        Field::Entity => entities(wanted, &sources.facets.entities),
        Field::Scope => best(sources.facets.scopes.iter().map(|(name, count)| (&**name, *count)), wanted),
        Field::Flag => {
            let flags = Flag::ALL.iter().filter(|(_, word, _)| word.starts_with(wanted));
            flags.map(|(_, word, about)| plain(word, about)).collect()
        }
        Field::After | Field::Before if wanted.is_empty() => {
            vec![plain("-1h", "an hour ago"), plain("-1d", "a day ago"), plain("-1w", "a week ago")]
        }
        _ => Vec::new(),
    }
}

fn kinds(wanted: &str, sources: Sources<'_>) -> Vec<Choice> {
    let mut choices: Vec<Choice> = Vec::new();
    for (kind, count) in &sources.facets.kinds {
        let word = Term::kind(*kind, sources.names);
        let Term::Kind(words) = &word else { continue };
        let Some(name) = words.first().map(|word| &word.name) else { continue };
        if name.text.to_lowercase().contains(wanted) {
            let about = if name.text == kind.to_string() { String::new() } else { kind.to_string() };
            choices.push(Choice { insert: name.written(), about, count: Some(*count), kind: Some(*kind) });
        }
    }
    ranked(choices, wanted)
}

/// Namespaces, which stand for all that is below them, before their entities.
fn entities(wanted: &str, entities: &[(std::sync::Arc<str>, u64)]) -> Vec<Choice> {
    let mut spaces: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in entities {
        let space = name.split_once(':').map(|(space, _)| space).filter(|_| !wanted.contains(':'));
        *spaces.entry(space.unwrap_or(name)).or_default() += count;
    }
    best(spaces.into_iter(), wanted)
}

fn best<'a>(names: impl Iterator<Item = (&'a str, u64)>, wanted: &str) -> Vec<Choice> {
    let found = names.filter(|(name, _)| wanted.is_empty() || name.to_lowercase().contains(wanted));
    let choice = |(name, count): (&str, u64)| Choice {
        insert: Name::exact(name).written(),
        about: String::new(),
        count: Some(count),
        kind: None,
    };
    ranked(found.map(choice).collect(), wanted)
}

/// Those that begin with what was written first, then the most frequent.
fn ranked(mut choices: Vec<Choice>, wanted: &str) -> Vec<Choice> {
    choices.sort_by_key(|choice| {
        let begins = choice.insert.trim_start_matches('"').to_lowercase().starts_with(wanted);
        (!begins, std::cmp::Reverse(choice.count))
    });
    choices.truncate(CHOICES_MAX);
    choices
}

fn paths(wanted: &str, sources: Sources<'_>) -> Vec<Choice> {
    let path_end = PAYLOAD.len()
        + wanted.get(PAYLOAD.len()..).map_or(0, |path| {
            path.find(|c: char| "=!<>~".contains(c) || c.is_whitespace()).unwrap_or(path.len())
        });
    if path_end < wanted.len() {
        return Vec::new();
    }
    let written = |(path, count): &(String, u64)| Choice {
        insert: format!("{PAYLOAD}{path}"),
        about: String::new(),
        count: Some(*count),
        kind: None,
    };
    let found = sources.paths.iter().map(written);
    ranked(found.filter(|choice| choice.insert.to_lowercase().contains(wanted)).collect(), wanted)
}
