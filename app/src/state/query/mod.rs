//! Owns the query: which events are wanted, as an expression that clicks build and that a line of text means.
//!
//! Invariants:
//! - an expression is flat: no list holds one part only or a list of its own sort, and nothing is negated twice;
//! - what a line says is resolved when it is read: whoever searches needs no names and no zone, only the present time.

mod advice;
mod complete;
mod moment;
mod nearest;
mod parse;
mod print;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::HashMap;
use std::ops::Range;

use causeway::event::EventKind;

use crate::state::zone::Zone;

pub use advice::{Advice, why_empty};
pub use complete::{Choice, Completion, EXAMPLES, Sources, complete};
pub use moment::Moment;
pub use print::path_text;
pub use tokens::Field;

/// Which events are wanted. The default takes every event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// What one term takes.
    Is(Term),
    /// What a query does not take.
    Not(Box<Self>),
    /// What all of these take; every event if there are none.
    All(Vec<Self>),
    /// What any of these takes.
    Any(Vec<Self>),
}

/// One demand. Where a field takes several values, any of them will do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Term {
    /// Entities with all that is below them: `order` takes `order` and `order:42`. A pattern takes what fits as a whole.
    Entity(Vec<Name>),
    /// Kinds.
    Kind(Vec<KindWord>),
    /// Scopes.
    Scope(Vec<Name>),
    /// Conversations, by the last hexadecimal digits of their ids or all of them.
    Correlation(Vec<String>),
    /// Events that one of these caused.
    Cause(Vec<EventWord>),
    /// These events.
    Id(Vec<EventWord>),
    /// Events after a place, or from a time on.
    After(Moment),
    /// Events before a place or a time.
    Before(Moment),
    /// Branches.
    Lane(Vec<u32>),
    /// What is unusual about an event.
    Flag(Vec<Flag>),
    /// How long the stored payload is, in bytes.
    Size(Compare, u64),
    /// A value inside the payload; without a test it must be there.
    Payload(Vec<String>, Option<(Compare, Literal)>),
    /// Text in the payload, case ignored.
    Text(String),
}

/// A name, or a pattern with `*` for any characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// As it is written.
    pub text: String,
    /// True if `*` stands for any characters.
    pub is_pattern: bool,
}

/// How kinds are called, and which ones these are; none if nothing is called so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindWord {
    /// A name, a number such as `0x1001`, or a pattern.
    pub name: Name,
    /// The kinds that are meant.
    pub kinds: Vec<EventKind>,
}

/// How an event is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventWord {
    /// By its place in the commit order.
    Sequence(u64),
    /// By its id.
    Id(u128),
}

/// What can be unusual about an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flag {
    /// Its payload was removed on purpose.
    Removed,
    /// The program that wrote it hides it.
    Hidden,
    /// No decoder understands its payload.
    Undecoded,
    /// Something is damaged or odd about it.
    Damaged,
    /// It is part of a transaction of its application.
    Transaction,
    /// It was written by a replay.
    Replay,
    /// Its producer asks for an acknowledgement.
    Ack,
}

impl Flag {
    /// All flags with the words that name them and what they mean.
    pub const ALL: [(Self, &'static str, &'static str); 7] = [
        (Self::Removed, "removed", "the payload was removed on purpose"),
        (Self::Hidden, "hidden", "the program that wrote it hides it"),
        (Self::Undecoded, "undecoded", "no decoder understands the payload"),
        (Self::Damaged, "damaged", "something is damaged or odd"),
        (Self::Transaction, "transaction", "part of a transaction of the application"),
        (Self::Replay, "replay", "written by a replay"),
        (Self::Ack, "ack", "the producer asks for an acknowledgement"),
    ];

    /// The word that names it.
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(flag, ..)| *flag == self).map_or("", |(_, word, _)| word)
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compare {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    AtMost,
    /// `>`
    More,
    /// `>=`
    AtLeast,
    /// `~`: contains, case ignored.
    Contains,
}

impl Compare {
    /// All signs, longer ones before those that they begin with.
    pub const ALL: [(&'static str, Self); 7] = [
        ("!=", Self::Unequal),
        ("<=", Self::AtMost),
        (">=", Self::AtLeast),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::More),
        ("~", Self::Contains),
    ];

    /// Its sign.
    pub fn sign(self) -> &'static str {
        Self::ALL.iter().find(|(_, compare)| *compare == self).map_or("", |(sign, _)| sign)
    }
}

/// What a value inside a payload is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A number, `true`, `false`, `null`, or a word.
    Bare(String),
    /// A text, whatever it looks like.
    Text(String),
}

/// What a line is read and written with.
#[derive(Clone, Copy, Debug)]
pub struct Vocabulary<'a> {
    /// Names of kinds.
    pub names: &'a HashMap<EventKind, String>,
    /// The zone of times without one.
    pub zone: &'a Zone,
    /// The present, microseconds since 1970: a time of day means today.
    pub now_us: i64,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Which bytes of the line.
    pub range: Range<usize>,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// What probably was meant in place of these bytes.
    pub fix: Option<String>,
}

impl Default for Query {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

impl From<Term> for Query {
    fn from(term: Term) -> Self {
        Self::Is(term)
    }
}

impl Query {
    /// What all parts take.
    pub fn all(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::All(flat) }
    }

    /// What any of the parts takes.
    pub fn any(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut flat = Vec::new();
        for part in parts {
            match part {
                Self::Any(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Self::Any(flat) }
    }

    /// What this one does not take.
    #[must_use]
    pub fn negated(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// True if every event is taken.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// The parts that must all hold.
    pub fn parts(&self) -> &[Self] {
        match self {
            Self::All(parts) => parts,
            one => std::slice::from_ref(one),
        }
    }

    /// Asks for a term, in place of what asked for the same field.
    #[must_use]
    pub fn with(&self, term: Term) -> Self {
        let replaced = |part: &Self| match part {
            Self::Is(other) => other.replaces(&term),
            Self::Not(inner) => **inner == Self::Is(term.clone()),
            _ => false,
        };
        let kept: Vec<Self> = self.parts().iter().filter(|part| !replaced(part)).cloned().collect();
        Self::all(kept.into_iter().chain([Self::Is(term)]))
    }

    /// No longer asks for a term, and no longer excludes it.
    #[must_use]
    pub fn without(&self, term: &Term) -> Self {
        let names = |part: &&Self| match part {
            Self::Is(other) => other == term,
            Self::Not(inner) => **inner == Self::Is(term.clone()),
            _ => false,
        };
        Self::all(self.parts().iter().filter(|part| !names(part)).cloned())
    }

    /// Leaves out what a term takes.
    #[must_use]
    pub fn exclude(&self, term: Term) -> Self {
        let rest = self.without(&term);
        Self::all([rest, Self::Is(term).negated()])
    }

    /// Asks for a term, or no longer if it did.
    #[must_use]
    pub fn toggled(&self, term: Term) -> Self {
        if self.has(&term) { self.without(&term) } else { self.with(term) }
    }

    /// Asks for one value more of the term's field, or for one less if it did.
    #[must_use]
    pub fn also(&self, term: Term) -> Self {
        let of_field = self.parts().iter().find_map(|part| match part {
            Self::Is(other) if other.replaces(&term) => Some(other),
            _ => None,
        });
        match of_field.and_then(|other| other.merged(&term)) {
            Some(Some(merged)) => self.with(merged),
            Some(None) => of_field.map_or_else(Self::default, |other| self.without(other)),
            None => self.with(term),
        }
    }

    /// True if it asks for just this term, or for what the term asks for among others.
    pub fn has(&self, term: &Term) -> bool {
        self.parts().iter().any(|part| matches!(part, Self::Is(other) if other.contains(term)))
    }

    /// True if it leaves out what just this term takes.
    pub fn excludes(&self, term: &Term) -> bool {
        let excludes = |part: &Self| matches!(part, Self::Not(inner) if **inner == Self::Is(term.clone()));
        self.parts().iter().any(excludes)
    }

    /// Without one of its parts.
    #[must_use]
    pub fn without_part(&self, index: usize) -> Self {
        let kept = self.parts().iter().enumerate().filter(|(at, _)| *at != index);
        Self::all(kept.map(|(_, part)| part.clone()))
    }

    /// Every term, wherever it stands.
    pub fn terms(&self) -> Vec<&Term> {
        match self {
            Self::Is(term) => vec![term],
            Self::Not(inner) => inner.terms(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::terms).collect(),
        }
    }
}

impl Term {
    /// An entity and those below it.
    pub fn entity(name: impl Into<String>) -> Self {
        Self::Entity(vec![Name::exact(name)])
    }

    /// A scope.
    pub fn scope(name: impl Into<String>) -> Self {
        Self::Scope(vec![Name::exact(name)])
    }

    /// A kind, by its name if just this kind has it.
    pub fn kind(kind: EventKind, names: &HashMap<EventKind, String>) -> Self {
        let unique = names.get(&kind).filter(|name| number(name).is_none() && named(name, names) == [kind]);
        let text = unique.map_or_else(|| kind.to_string(), Clone::clone);
        Self::Kind(vec![KindWord { name: Name::exact(text), kinds: vec![kind] }])
    }

    /// A conversation.
    pub fn correlation(digits: impl Into<String>) -> Self {
        Self::Correlation(vec![digits.into()])
    }

    /// True if asking for `other` takes the place of this.
    fn replaces(&self, other: &Self) -> bool {
        let one_answer = !matches!(self, Self::Text(_) | Self::Payload(..) | Self::Size(..) | Self::Flag(_));
        self == other || (one_answer && self.field() == other.field())
    }

    /// True if every value of `other` is among those of this.
    fn contains(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Entity(own), Self::Entity(asked)) | (Self::Scope(own), Self::Scope(asked)) => {
                asked.iter().all(|name| own.contains(name))
            }
            (Self::Kind(own), Self::Kind(asked)) => asked.iter().all(|word| own.contains(word)),
            (Self::Correlation(own), Self::Correlation(asked)) => asked.iter().all(|end| own.contains(end)),
            _ => self == other,
        }
    }

    /// The values of both; those that both have are taken away, and `None` inside is left if nothing is. `None` if they do not go
    /// together.
    #[allow(clippy::option_option, reason = "the two mean different things")]
    fn merged(&self, other: &Self) -> Option<Option<Self>> {
        fn merge<T: Clone + PartialEq>(own: &[T], asked: &[T]) -> Option<Vec<T>> {
            let kept = own.iter().filter(|value| !asked.contains(value));
            let new = asked.iter().filter(|value| !own.contains(value));
            let values: Vec<T> = kept.chain(new).cloned().collect();
            (!values.is_empty()).then_some(values)
        }
        match (self, other) {
            (Self::Entity(own), Self::Entity(asked)) => Some(merge(own, asked).map(Self::Entity)),
            (Self::Scope(own), Self::Scope(asked)) => Some(merge(own, asked).map(Self::Scope)),
            (Self::Kind(own), Self::Kind(asked)) => Some(merge(own, asked).map(Self::Kind)),
            (Self::Correlation(own), Self::Correlation(asked)) => {
                Some(merge(own, asked).map(Self::Correlation))
            }
            _ => None,
        }
    }

    /// The kinds that it asks for.
    pub fn kinds(&self) -> Vec<EventKind> {
        match self {
            Self::Kind(words) => words.iter().flat_map(|word| word.kinds.iter().copied()).collect(),
            _ => Vec::new(),
        }
    }

    /// The field that it asks about; `None` for text and for the payload's own fields.
    pub fn field(&self) -> Option<Field> {
        Some(match self {
            Self::Entity(_) => Field::Entity,
            Self::Kind(_) => Field::Kind,
            Self::Scope(_) => Field::Scope,
            Self::Correlation(_) => Field::Correlation,
            Self::Cause(_) => Field::Cause,
            Self::Id(_) => Field::Id,
            Self::After(_) => Field::After,
            Self::Before(_) => Field::Before,
            Self::Lane(_) => Field::Lane,
            Self::Flag(_) => Field::Flag,
            Self::Size(..) => Field::Size,
            Self::Payload(..) | Self::Text(_) => return None,
        })
    }
}

impl Name {
    /// Just this name.
    pub fn exact(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_pattern: false }
    }

    /// True if a name fits as a whole.
    pub fn fits(&self, name: &str) -> bool {
        if self.is_pattern { fits(&self.text, name) } else { self.text == name }
    }
}

/// True if a text is what a pattern says, in which `*` stands for any characters.
fn fits(pattern: &str, text: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut text) = text.strip_prefix(head) else { return false };
    let mut pieces = rest.split('*').peekable();
    while let Some(piece) = pieces.next() {
        if pieces.peek().is_none() {
            return text.ends_with(piece);
        }
        let Some(at) = text.find(piece) else { return false };
        text = &text[at + piece.len()..];
    }
    true
}

/// The kind that a word such as `0x1001` writes.
pub fn number(word: &str) -> Option<EventKind> {
    let digits = word.strip_prefix("0x").or_else(|| word.strip_prefix("0X"))?;
    let plain = (1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten().map(EventKind::from_raw_u16)
}

/// The kinds with this name, case ignored.
fn named(name: &str, names: &HashMap<EventKind, String>) -> Vec<EventKind> {
    let wanted = name.to_lowercase();
    let mut kinds: Vec<_> =
        names.iter().filter(|(_, name)| name.to_lowercase() == wanted).map(|(kind, _)| *kind).collect();
    kinds.sort_unstable();
    kinds
}
