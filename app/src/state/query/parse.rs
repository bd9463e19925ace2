//! Owns how a line becomes a query, and what is said of one that does not.

use std::ops::Range;

use causeway::event::EventKind;

use crate::state::query::moment::Moment;
use crate::state::query::nearest::nearest;
use crate::state::query::tokens::{self, Field, PAYLOAD, keyword};
use crate::state::query::{
    Compare, EventWord, Flag, KindWord, Literal, Name, Query, QueryError, Term, Vocabulary, fits, named,
    number,
};

/// Parentheses and negations within each other.
const DEPTH_MAX: usize = 48;
/// Hexadecimal digits of a whole id.
const ID_DIGITS: usize = 32;
/// Names of units of sizes, in small letters, and their bytes.
const SIZES: [(&str, f64); 8] = [
    ("kib", 1_024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("b", 1.0),
    ("", 1.0),
];

impl Query {
    /// Reads a line.
    ///
    /// # Errors
    /// Names the first place that cannot be understood.
    pub fn parse(line: &str, vocabulary: &Vocabulary<'_>) -> Result<Self, QueryError> {
        let mut parser = Parser { line, at: 0, depth: 0, vocabulary };
        parser.skip_blanks();
        if parser.rest().is_empty() {
            return Ok(Self::default());
        }
        let query = parser.any()?;
        if parser.rest().is_empty() {
            Ok(query)
        } else {
            parser.wrong(parser.at..parser.at + 1, "this parenthesis closes nothing")
        }
    }
}

/// A value of a field and where it stands.
struct Word {
    text: String,
    was_quoted: bool,
    range: Range<usize>,
}

struct Parser<'a> {
    line: &'a str,
    at: usize,
    depth: usize,
    vocabulary: &'a Vocabulary<'a>,
}

type Parsed<T> = Result<T, QueryError>;

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        self.line.get(self.at..).unwrap_or_default()
    }

    fn skip_blanks(&mut self) {
        self.at = self.line.len() - self.rest().trim_start().len();
    }

    #[expect(clippy::unused_self, reason = "reads well where it is called")]
    fn wrong<T>(&self, range: Range<usize>, message: impl Into<String>) -> Parsed<T> {
        Err(QueryError { range, message: message.into(), fix: None })
    }

    /// Parts joined by `or`.
    fn any(&mut self) -> Parsed<Query> {
        let mut parts = vec![self.all()?];
        while keyword(self.rest()) == Some("or") {
            self.at += "or".len();
            self.skip_blanks();
            parts.push(self.all()?);
        }
        Ok(Query::any(parts))
    }

    /// Parts joined by blanks or `and`.
    fn all(&mut self) -> Parsed<Query> {
        let mut parts = vec![self.one()?];
        loop {
            match keyword(self.rest()) {
                Some("or") => break,
                Some("and") => {
                    self.at += "and".len();
                    self.skip_blanks();
                }
                _ if self.rest().is_empty() || self.rest().starts_with(')') => break,
                _ => {}
            }
            parts.push(self.one()?);
        }
        Ok(Query::all(parts))
    }

    fn one(&mut self) -> Parsed<Query> {
        let rest = self.rest();
        match keyword(rest) {
            Some("not") => {
                let start = self.at;
                self.at += "not".len();
                self.skip_blanks();
                return self.deeper(start, |parser| parser.one().map(Query::negated));
            }
            Some(word) => {
                let message = format!("{word} needs something before it; in quotes it is looked for as text");
                return self.wrong(self.at..self.at + word.len(), message);
            }
            None => {}
        }
        if rest.starts_with('-') && !rest[1..].is_empty() && !rest[1..].starts_with(char::is_whitespace) {
            let start = self.at;
            self.at += 1;
            return self.deeper(start, |parser| parser.one().map(Query::negated));
        }
        if rest.starts_with('(') {
            return self.group();
        }
        if rest.is_empty() || rest.starts_with(')') {
            let end = (self.at + 1).min(self.line.len());
            return self.wrong(self.at.min(end.saturating_sub(1))..end, "something is missing here");
        }
        let term = self.term()?;
        self.skip_blanks();
        Ok(Query::Is(term))
    }

    fn group(&mut self) -> Parsed<Query> {
        let start = self.at;
        self.at += 1;
        self.skip_blanks();
        let query = self.deeper(start, Self::any)?;
        if !self.rest().starts_with(')') {
            return self.wrong(start..start + 1, "the closing parenthesis is missing");
        }
        self.at += 1;
        self.skip_blanks();
        Ok(query)
    }

    fn deeper(&mut self, start: usize, read: impl FnOnce(&mut Self) -> Parsed<Query>) -> Parsed<Query> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.wrong(start..start + 1, "there are too many parentheses within each other");
        }
        let query = read(self)?;
        self.depth -= 1;
        Ok(query)
    }

    fn term(&mut self) -> Parsed<Term> {
        let rest = self.rest();
        if rest.starts_with('"') {
            return Ok(Term::Text(self.quoted()?.text));
        }
        if let Some(field) = Field::at_start(rest) {
            return self.field(field);
        }
        if rest.get(..PAYLOAD.len()).is_some_and(|head| head.eq_ignore_ascii_case(PAYLOAD)) {
            return self.payload();
        }
        let word = &rest[..tokens::word_end(rest)];
        self.refuse_misspelt_field(word)?;
        self.at += word.len();
        Ok(Term::Text(word.to_owned()))
    }

    /// A word with a colon is text, unless it is nearly a field.
    fn refuse_misspelt_field(&self, word: &str) -> Parsed<()> {
        let Some((head, _)) = word.split_once(':') else { return Ok(()) };
        let fields = Field::ALL.iter().map(|(_, word, _)| word.trim_end_matches(':'));
        let is_long = head.chars().count() >= 3;
        let Some(near) = nearest(head, fields).filter(|_| is_long) else { return Ok(()) };
        Err(QueryError {
            range: self.at..self.at + head.len() + 1,
            message: format!("there is no field {head}: - did you mean {near}:? In quotes it is text"),
            fix: Some(format!("{near}:")),
        })
    }

    fn quoted(&mut self) -> Parsed<Word> {
        let start = self.at;
        let Some((text, length)) = tokens::unquote(&self.rest()[1..]) else {
            return self.wrong(start..self.line.len(), "the closing quote is missing");
        };
        self.at += 1 + length;
        Ok(Word { text, was_quoted: true, range: start..self.at })
    }

    /// A value behind `after`, which ends at `before`.
    fn value(&mut self, start: usize, after: &str) -> Parsed<Word> {
        let rest = self.rest();
        if rest.starts_with('"') {
            return self.quoted();
        }
        let text = rest[..tokens::value_end(rest)].to_owned();
        if text.is_empty() {
            return self.wrong(start..self.at, format!("a value is missing after {after}"));
        }
        let range = self.at..self.at + text.len();
        self.at = range.end;
        Ok(Word { text, was_quoted: false, range })
    }

    fn field(&mut self, field: Field) -> Parsed<Term> {
        let start = self.at;
        self.at += field.word().len();
        let mut words = vec![self.value(start, field.word())?];
        while self.rest().starts_with(',') {
            self.at += 1;
            words.push(self.value(start, field.word())?);
        }
        match field {
            Field::Entity => Ok(Term::Entity(words.into_iter().map(name).collect())),
            Field::Scope => Ok(Term::Scope(words.into_iter().map(name).collect())),
            Field::Kind => Ok(Term::Kind(words.into_iter().map(|word| self.kind(word)).collect())),
            Field::Correlation => each(&words, digits).map(Term::Correlation),
            Field::Cause => each(&words, event).map(Term::Cause),
            Field::Id => each(&words, event).map(Term::Id),
            Field::Lane => each(&words, lane).map(Term::Lane),
            Field::Flag => each(&words, flag).map(Term::Flag),
            Field::After => self.moment(&words).map(Term::After),
            Field::Before => self.moment(&words).map(Term::Before),
            Field::Size => self.size(&words),
        }
    }

    fn kind(&self, word: Word) -> KindWord {
        let names = self.vocabulary.names;
        let name = name(word);
        let numbered = number(&name.text).map(|kind| vec![kind]);
        let mut kinds = match numbered {
            Some(kinds) => kinds,
            None if name.is_pattern => {
                let pattern = name.text.to_lowercase();
                let fitting = names.iter().filter(|(_, name)| fits(&pattern, &name.to_lowercase()));
                fitting.map(|(kind, _)| *kind).collect()
            }
            None => named(&name.text, names),
        };
        kinds.sort_unstable();
        // Whatever was written, one kind is called by one name.
        let canonical: Option<EventKind> = (kinds.len() == 1 && !name.is_pattern).then(|| kinds[0]);
        match canonical.map(|kind| Term::kind(kind, names)) {
            Some(Term::Kind(mut words)) if words.len() == 1 => words.remove(0),
            _ => KindWord { name, kinds },
        }
    }

    fn only<'w>(&self, words: &'w [Word]) -> Parsed<&'w Word> {
        match words {
            [one] => Ok(one),
            [_, second, ..] => self.wrong(second.range.clone(), "only one value can stand here"),
            [] => self.wrong(self.at..self.at, "a value is missing"),
        }
    }

    fn moment(&self, words: &[Word]) -> Parsed<Moment> {
        let word = self.only(words)?;
        Moment::parse(&word.text, self.vocabulary).map_or_else(
            || {
                let message =
                    format!("{} is no place or time such as #123, 2026-11-24T10:00 or -1h", word.text);
                self.wrong(word.range.clone(), message)
            },
            Ok,
        )
    }

    fn size(&self, words: &[Word]) -> Parsed<Term> {
        let word = self.only(words)?;
        let sign = Compare::ALL.iter().find(|(sign, _)| word.text.starts_with(sign));
        let (sign, compare) = sign.copied().unwrap_or(("", Compare::Equal));
        if let Some(bytes) = bytes(&word.text[sign.len()..]).filter(|_| compare != Compare::Contains) {
            Ok(Term::Size(compare, bytes))
        } else {
            let message = format!("{} is no size such as >10kB or <=512", word.text);
            self.wrong(word.range.clone(), message)
        }
    }

    /// `payload.order.total > 10`, blanks around the sign allowed; without a sign the value must be there.
    fn payload(&mut self) -> Parsed<Term> {
        let start = self.at;
        self.at += PAYLOAD.len();
        let mut path = vec![self.step(start)?];
        while self.rest().starts_with('.') {
            self.at += 1;
            path.push(self.step(start)?);
        }
        let end = self.at;
        self.skip_blanks();
        let sign = Compare::ALL.iter().find(|(sign, _)| self.rest().starts_with(sign));
        let Some((sign, compare)) = sign else {
            let is_over = self.at > end || self.rest().is_empty() || self.rest().starts_with(')');
            if !is_over {
                let message = "a path is followed by one of = != < <= > >= ~ and a value, or by a blank";
                return self.wrong(start..end, message);
            }
            return Ok(Term::Payload(path, None));
        };
        self.at += sign.len();
        self.skip_blanks();
        let word = self.value(start, sign)?;
        let literal = if word.was_quoted { Literal::Text(word.text) } else { Literal::Bare(word.text) };
        Ok(Term::Payload(path, Some((*compare, literal))))
    }

    fn step(&mut self, start: usize) -> Parsed<String> {
        let rest = self.rest();
        if rest.starts_with('"') {
            return Ok(self.quoted()?.text);
        }
        let step = rest[..tokens::step_end(rest)].to_owned();
        if step.is_empty() {
            return self.wrong(start..self.at, "a field is missing after the full stop");
        }
        self.at += step.len();
        Ok(step)
    }
}

fn each<T>(words: &[Word], read: impl Fn(&Word) -> Parsed<T>) -> Parsed<Vec<T>> {
    words.iter().map(read).collect()
}

fn refused<T>(word: &Word, message: impl Into<String>) -> Parsed<T> {
    Err(QueryError { range: word.range.clone(), message: message.into(), fix: None })
}

fn name(word: Word) -> Name {
    Name { is_pattern: !word.was_quoted && word.text.contains('*'), text: word.text }
}

fn digits(word: &Word) -> Parsed<String> {
    let digits = word.text.to_ascii_lowercase();
    let is_plain = !digits.is_empty()
        && digits.len() <= ID_DIGITS
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_plain {
        Ok(digits)
    } else {
        refused(word, "a correlation is written as up to 32 hexadecimal digits")
    }
}

fn event(word: &Word) -> Parsed<EventWord> {
    if let Some(sequence) = word.text.strip_prefix('#').and_then(|digits| digits.parse().ok()) {
        return Ok(EventWord::Sequence(sequence));
    }
    let is_id = word.text.len() == ID_DIGITS && word.text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let id = is_id.then(|| u128::from_str_radix(&word.text, 16).ok()).flatten();
    id.map_or_else(
        || refused(word, "an event is written as #123, or as its id of 32 hexadecimal digits"),
        |id| Ok(EventWord::Id(id)),
    )
}

fn lane(word: &Word) -> Parsed<u32> {
    word.text.parse().or_else(|_| refused(word, "a lane is a number"))
}

fn flag(word: &Word) -> Parsed<Flag> {
    let found = Flag::ALL.iter().find(|(_, name, _)| word.text.eq_ignore_ascii_case(name));
    if let Some((flag, ..)) = found {
        return Ok(*flag);
    }
    let words = || Flag::ALL.iter().map(|(_, name, _)| *name);
    let near = nearest(&word.text, words());
    let advice = match near {
        Some(near) => format!("did you mean {near}?"),
        None => format!("there are {}", words().collect::<Vec<_>>().join(", ")),
    };
    Err(QueryError {
        range: word.range.clone(),
        message: format!("there is no flag {}; {advice}", word.text),
        fix: near.map(str::to_owned),
    })
}

fn bytes(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (unit, factor) = SIZES.iter().find(|(unit, _)| lower.ends_with(unit))?;
    let digits = lower.strip_suffix(unit)?;
    if *factor <= 1.0 {
        return digits.parse().ok();
    }
    if let Ok(whole) = digits.parse::<u64>() {
        whole.checked_mul(*factor as u64)
    } else {
        let size = digits.parse::<f64>().ok()? * factor;
        (size.is_finite() && (0.0..1e18).contains(&size)).then_some(size as u64)
    }
}
