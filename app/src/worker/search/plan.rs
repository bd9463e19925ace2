//! Owns what of a query the index answers: every part of it that can be asked of the engine is, and as few events as possible are left to be
//! read one by one.

use std::ops::Range;

use causeway::coordinate::Region;
use causeway::event::EventKind;
use causeway::id::{CorrelationId, EventId};
use causeway::store::Selection;

use crate::state::query::{EventWord, Flag, Name, Query, Term};
use crate::worker::handle::Handle;
use crate::worker::search::nodes::{Node, Stream};
use crate::worker::search::test::Test;

/// Hexadecimal digits of a whole correlation id.
const ID_DIGITS: usize = 32;

/// How a query is answered.
pub(super) struct Plan {
    /// Places that may match.
    pub(super) may: Node,
    /// Places that match for certain, if there are such among those that may.
    pub(super) must: Option<Node>,
    /// What each place that may match is asked, if the index does not tell.
    pub(super) test: Option<Test>,
    /// What answers, in a few words.
    pub(super) served_by: &'static str,
}

/// What a query asks of the index in one question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Ask {
    entity: Option<String>,
    scope: Option<String>,
    kinds: Option<Vec<EventKind>>,
    correlation: Option<u128>,
    cause: Option<u128>,
    time_us: Option<Range<i64>>,
    removed: bool,
}

/// What the index says of a query: places, and whether these are all and only those that match.
enum Reach {
    /// Exactly these.
    One(Ask),
    /// Exactly these.
    Exact(Node),
    /// No others than these.
    AtMost(Node),
    /// The index knows nothing.
    Unknown,
}

impl Plan {
    /// How a query is answered at a moment.
    pub(super) fn of(query: &Query, handle: &Handle, now_us: i64) -> Self {
        let planner = Planner { handle, now_us };
        let (may, is_exact) = planner.bound(query, false, true);
        let used = planner.indices(query);
        let served_by = match (used.as_slice(), is_exact) {
            ([], true) => "commit order",
            ([one], true) => one,
            (_, true) => "indices",
            _ if matches!(may, Node::Every) => "scan",
            _ => "index, then scan",
        };
        if is_exact {
            return Self { may, must: None, test: None, served_by };
        }
        let (must, _) = planner.bound(query, false, false);
        let must = (!matches!(must, Node::Nothing)).then_some(must);
        Self { may, must, test: Some(Test::of(query, &|word| planner.id_of(word), now_us)), served_by }
    }
}

struct Planner<'a> {
    handle: &'a Handle,
    now_us: i64,
}

impl Planner<'_> {
    /// Places that a query, or what it does not take, reaches at most (`upper`) or at least, and whether that is exact.
    fn bound(&self, query: &Query, negated: bool, upper: bool) -> (Node, bool) {
        match (query, negated) {
            (Query::Is(term), _) => self.term(term, negated, upper),
            (Query::Not(inner), _) => self.bound(inner, !negated, upper),
            (Query::All(parts), false) => self.all(parts, upper),
            (Query::Any(parts), true) => self.both(parts.iter().map(|part| self.bound(part, true, upper))),
            (Query::Any(parts), false) => either(parts.iter().map(|part| self.bound(part, false, upper))),
            (Query::All(parts), true) => either(parts.iter().map(|part| self.bound(part, true, upper))),
        }
    }

    fn term(&self, term: &Term, negated: bool, upper: bool) -> (Node, bool) {
        let unknown = || if upper { Node::Every } else { Node::Nothing };
        match (self.reach(term), negated) {
            (Reach::One(ask), _) => (inverted(ask.node(), negated), true),
            (Reach::Exact(node), _) => (inverted(node, negated), true),
            (Reach::AtMost(node), false) if upper => (node, false),
            (Reach::AtMost(node), true) if !upper => (inverted(node, true), false),
            (Reach::AtMost(_) | Reach::Unknown, _) => (unknown(), false),
        }
    }

    /// Parts that the engine can combine are asked in one question.
    fn all(&self, parts: &[Query], upper: bool) -> (Node, bool) {
        let mut asks: Vec<Ask> = Vec::new();
        let mut rest: Vec<(Node, bool)> = Vec::new();
        for part in parts {
            match part {
                Query::Is(term) => match self.reach(term) {
                    Reach::One(ask) if asks.iter_mut().any(|other| other.merge(&ask)) => {}
                    Reach::One(ask) => asks.push(ask),
                    _ => rest.push(self.bound(part, false, upper)),
                },
                other => rest.push(self.bound(other, false, upper)),
            }
        }
        self.both(asks.into_iter().map(|ask| (ask.node(), true)).chain(rest))
    }

    #[expect(clippy::unused_self, reason = "the counterpart of `all`")]
    fn both(&self, parts: impl Iterator<Item = (Node, bool)>) -> (Node, bool) {
        let (mut nodes, mut is_exact) = (Vec::new(), true);
        for (node, exact) in parts {
            is_exact &= exact;
            match node {
                Node::Every => {}
                Node::Nothing => return (Node::Nothing, is_exact),
                node => nodes.push(node),
            }
        }
        // What costs least to ask and leaves out most comes first.
        nodes.sort_by_key(|node| matches!(node, Node::Outside(_)));
        match nodes.len() {
            0 => (Node::Every, is_exact),
            1 => (nodes.remove(0), is_exact),
            _ => (Node::Both(nodes), is_exact),
        }
    }

    /// What the index says of a term.
    fn reach(&self, term: &Term) -> Reach {
        match term {
            Term::Entity(names) => entities(names),
            Term::Scope(names) => scopes(names),
            Term::Kind(_) => match term.kinds() {
                kinds if kinds.is_empty() => Reach::Exact(Node::Nothing),
                kinds => Reach::One(Ask { kinds: Some(kinds), ..Ask::default() }),
            },
            Term::Correlation(ends) => correlations(ends),
            Term::Cause(words) => {
                let ids = words.iter().filter_map(|word| self.id_of(*word));
                one_or_more(ids.map(|id| Ask { cause: Some(id), ..Ask::default() }))
            }
            Term::Id(words) => {
                let places = words.iter().filter_map(|word| self.place_of(*word));
                Reach::Exact(either(places.map(|place| (Node::Run(place..place + 1), true))).0)
            }
            Term::After(moment) => match (moment, moment.time_us(self.now_us)) {
                (_, Some(us)) => Reach::One(Ask { time_us: Some(us..i64::MAX), ..Ask::default() }),
                (crate::state::query::Moment::Sequence(place), None) => {
                    Reach::Exact(Node::Run(place.saturating_add(1)..u64::MAX))
                }
                (_, None) => Reach::Unknown,
            },
            Term::Before(moment) => match (moment, moment.time_us(self.now_us)) {
                (_, Some(us)) => Reach::One(Ask { time_us: Some(i64::MIN..us), ..Ask::default() }),
                (crate::state::query::Moment::Sequence(place), None) => Reach::Exact(Node::Run(0..*place)),
                (_, None) => Reach::Unknown,
            },
            Term::Flag(flags) => flag_reach(flags),
            Term::Lane(_) | Term::Size(..) | Term::Payload(..) | Term::Text(_) => Reach::Unknown,
        }
    }

    fn id_of(&self, word: EventWord) -> Option<u128> {
        match word {
            EventWord::Id(id) => Some(id),
            EventWord::Sequence(sequence) => {
                self.handle.event_at(sequence).ok().map(|event| event.raw.header.event_id.into())
            }
        }
    }

    fn place_of(&self, word: EventWord) -> Option<u64> {
        match word {
            EventWord::Sequence(sequence) => Some(sequence),
            EventWord::Id(id) => self.handle.sequence_of(EventId::from(id)).ok().flatten(),
        }
    }

    /// The indices that a query makes use of.
    fn indices(&self, query: &Query) -> Vec<&'static str> {
        let mut used: Vec<&'static str> = Vec::new();
        for term in query.terms() {
            let name = match (term, self.reach(term)) {
                (_, Reach::Unknown) => continue,
                (Term::Entity(_), _) => "entity index",
                (Term::Kind(_), _) => "kind index",
                (Term::Scope(_), _) => "scope index",
                (Term::Correlation(_), _) => "correlation index",
                (Term::Cause(_), _) => "cause index",
                (Term::After(_) | Term::Before(_), Reach::One(_)) => "time index",
                (Term::Flag(_), _) => "index",
                _ => continue,
            };
            if !used.contains(&name) {
                used.push(name);
            }
        }
        used
    }
}

fn inverted(node: Node, negated: bool) -> Node {
    match node {
        node if !negated => node,
        Node::Nothing => Node::Every,
        Node::Every => Node::Nothing,
        node => Node::Outside(Box::new(node)),
    }
}

fn either(parts: impl Iterator<Item = (Node, bool)>) -> (Node, bool) {
    let (mut nodes, mut is_exact, mut every) = (Vec::new(), true, false);
    for (node, exact) in parts {
        is_exact &= exact;
        match node {
            Node::Nothing => {}
            Node::Every => every = true,
            node => nodes.push(node),
        }
    }
    match nodes.len() {
        _ if every => (Node::Every, is_exact),
        0 => (Node::Nothing, is_exact),
        1 => (nodes.remove(0), is_exact),
        _ => (Node::Either(nodes), is_exact),
    }
}

fn one_or_more(asks: impl Iterator<Item = Ask>) -> Reach {
    let mut asks: Vec<Ask> = asks.collect();
    match asks.len() {
        1 => Reach::One(asks.remove(0)),
        _ => Reach::Exact(either(asks.into_iter().map(|ask| (ask.node(), true))).0),
    }
}

/// A pattern is looked for within the namespace that it begins with.
fn entities(names: &[Name]) -> Reach {
    let ask = |entity: &str| Ask { entity: Some(entity.to_owned()), ..Ask::default() };
    if names.iter().all(|name| !name.is_pattern) {
        return one_or_more(names.iter().map(|name| ask(&name.text)));
    }
    let spaces = names.iter().map(|name| {
        if name.is_pattern {
            let head = name.text.split('*').next()?;
            head.rsplit_once(':').map(|(space, _)| space)
        } else {
            Some(name.text.as_str())
        }
    });
    let spaces: Option<Vec<&str>> = spaces.collect();
    spaces.map_or(Reach::Unknown, |spaces| {
        Reach::AtMost(either(spaces.into_iter().map(|space| (ask(space).node(), true))).0)
    })
}

fn scopes(names: &[Name]) -> Reach {
    if names.iter().any(|name| name.is_pattern) {
        return Reach::Unknown;
    }
    one_or_more(names.iter().map(|name| Ask { scope: Some(name.text.clone()), ..Ask::default() }))
}

/// Only whole ids are in the index.
fn correlations(ends: &[String]) -> Reach {
    let whole = |end: &String| (end.len() == ID_DIGITS).then(|| u128::from_str_radix(end, 16).ok()).flatten();
    let ids: Option<Vec<u128>> = ends.iter().map(whole).collect();
    ids.map_or(Reach::Unknown, |ids| {
        one_or_more(ids.into_iter().map(|id| Ask { correlation: Some(id), ..Ask::default() }))
    })
}

fn flag_reach(flags: &[Flag]) -> Reach {
    match flags {
        [Flag::Removed] => {
            let kinds = Some(vec![EventKind::TOMBSTONE]);
            Reach::One(Ask { removed: true, kinds, ..Ask::default() })
        }
        [Flag::Hidden] => {
            let shown = Selection::default();
            Reach::Exact(Node::Outside(Box::new(Node::Index(Box::new(Stream::of(shown))))))
        }
        _ => Reach::Unknown,
    }
}

impl Ask {
    fn node(self) -> Node {
        let mut region = self.entity.as_ref().map_or_else(Region::all, Region::entity);
        if let Some(scope) = &self.scope {
            region = region.with_scope(scope);
        }
        if self.kinds.as_ref().is_some_and(Vec::is_empty)
            || self.time_us.as_ref().is_some_and(Range::is_empty)
        {
            return Node::Nothing;
        }
        Node::Index(Box::new(Stream::of(Selection {
            region,
            kinds: self.kinds.unwrap_or_default(),
            correlation: self.correlation.map(CorrelationId::from),
            cause: self.cause.map(EventId::from),
            time_us: self.time_us,
            hidden: true,
            removed: self.removed,
            ..Selection::default()
        })))
    }

    /// Asks for what both ask for, if one question can.
    fn merge(&mut self, other: &Self) -> bool {
        fn conflict<T>(own: Option<&T>, other: Option<&T>) -> bool {
            own.is_some() && other.is_some()
        }
        if conflict(self.entity.as_ref(), other.entity.as_ref())
            || conflict(self.scope.as_ref(), other.scope.as_ref())
            || conflict(self.correlation.as_ref(), other.correlation.as_ref())
            || conflict(self.cause.as_ref(), other.cause.as_ref())
        {
            return false;
        }
        self.entity = self.entity.take().or_else(|| other.entity.clone());
        self.scope = self.scope.take().or_else(|| other.scope.clone());
        self.correlation = self.correlation.or(other.correlation);
        self.cause = self.cause.or(other.cause);
        self.removed |= other.removed;
        self.kinds = match (self.kinds.take(), &other.kinds) {
            (Some(own), Some(kinds)) => Some(own.into_iter().filter(|kind| kinds.contains(kind)).collect()),
            (own, kinds) => own.or_else(|| kinds.clone()),
        };
        self.time_us = match (self.time_us.take(), &other.time_us) {
            (Some(own), Some(time)) => Some(own.start.max(time.start)..own.end.min(time.end)),
            (own, time) => own.or_else(|| time.clone()),
        };
        true
    }
}
