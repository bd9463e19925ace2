//! Owns what the two engines are told to do: plain values, drawn from a seed. Knows neither engine.
//!
//! What batpak does otherwise by a defect is not drawn; each such difference has a test of its own.

use causeway_tests::random::Random;

/// Entities, some below others.
pub(crate) const ENTITIES: [&str; 6] = ["shop", "shop:1", "shop:1:item", "shop:2", "shopping", "agent:7"];

/// Scopes.
pub(crate) const SCOPES: [&str; 3] = ["sales", "audit", "été"];

/// Where an event goes and what it holds.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) entity: usize,
    pub(crate) scope: usize,
    pub(crate) shape: Shape,
    /// Makes the payload differ from others.
    pub(crate) number: u64,
}

/// Which payload it has.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// A typed one that the folds take.
    Placed,
    /// Another.
    Paid,
    /// Text, numbers, lists and maps without a type.
    Untyped,
}

/// What else an append says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// The stream sequence that the entity is expected at.
    pub(crate) expected: Option<u32>,
    /// Stands for an idempotency key; the draft follows from it, so that the same key always comes with the same event.
    pub(crate) key: Option<u64>,
    /// Numbers of earlier events, counted over those that exist.
    pub(crate) correlation: Option<u64>,
    pub(crate) causation: Option<u64>,
    pub(crate) flags: u8,
    pub(crate) branch: Option<(u32, u32)>,
    pub(crate) extension: Option<u8>,
}

/// What an item of a batch is caused by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cause {
    None,
    Event(u64),
    Prior(usize),
}

/// Which events are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) prefix: Option<usize>,
    pub(crate) scope: Option<usize>,
    pub(crate) kind: Option<Kind>,
    pub(crate) clocks: Option<(u32, u32)>,
}

/// Which kinds are asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Exact(Shape),
    Category(u8),
    Any,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Append(Draft, Extras),
    AppendTyped(Draft),
    Reaction {
        draft: Draft,
        cause: u64,
    },
    Batch(Vec<(Draft, Cause)>),
    KeyedBatch(Vec<u64>),
    Submit(Draft),
    TrySubmit(Draft),
    SubmitBatch(Vec<(Draft, Cause)>),
    Outbox(Vec<Draft>),
    /// Events behind a fence: at most one of each entity, because batpak begins a stream anew behind it.
    Fence(Vec<Draft>),
    Ancestors {
        event: u64,
        limit: usize,
    },
    Get(u64),
    GetUnknown(u64),
    ReadRaw(u64),
    Query(Wanted),
    Page {
        wanted: Wanted,
        after: Option<u64>,
        limit: usize,
    },
    ByEntity(usize),
    ByScope(usize),
    ByKind(Shape),
    Generation(usize),
    Project(usize),
    ProjectRaw(usize),
    ProjectIfChanged {
        entity: usize,
        last: u64,
    },
    Watch(usize),
    WatchNext,
    Cursor(Wanted),
    CursorPoll(usize),
    Subscribe(Wanted),
    Receive,
    Stats,
    Sync,
    Reopen {
        close: bool,
    },
}

/// Draws so many operations.
pub(crate) fn operations(random: &mut Random, count: usize) -> Vec<Operation> {
    (0..count).map(|_| operation(random)).collect()
}

fn operation(random: &mut Random) -> Operation {
    match random.below(100) {
        0..=19 => append(random),
        20..=27 => Operation::AppendTyped(typed(random)),
        28..=31 => Operation::Reaction { draft: draft(random), cause: random.number() },
        32..=37 => Operation::Batch(batch(random)),
        38 => Operation::KeyedBatch(keys(random)),
        39 => submit(random),
        40..=42 => Operation::Get(random.number()),
        43 => Operation::Ancestors { event: random.number(), limit: random.below(8) as usize },
        44 => Operation::GetUnknown(random.number()),
        45..=46 => Operation::ReadRaw(random.number()),
        47..=50 => Operation::Query(wanted(random)),
        51..=56 => page(random),
        57..=60 => Operation::ByEntity(entity(random)),
        61 => Operation::ByScope(random.below(SCOPES.len() as u64) as usize),
        62 => Operation::ByKind(shape(random)),
        63..=65 => Operation::Generation(entity(random)),
        66..=69 => Operation::Project(entity(random)),
        70..=72 => Operation::ProjectRaw(entity(random)),
        73..=76 => Operation::ProjectIfChanged { entity: entity(random), last: random.below(12) },
        77 => Operation::Watch(entity(random)),
        78..=83 => Operation::WatchNext,
        84 => Operation::Cursor(wanted(random)),
        85..=88 => Operation::CursorPoll(random.below(9) as usize),
        89 => Operation::Subscribe(wanted(random)),
        90..=95 => Operation::Receive,
        96..=97 => Operation::Stats,
        98 => Operation::Sync,
        _ => Operation::Reopen { close: random.below(2) == 0 },
    }
}

fn append(random: &mut Random) -> Operation {
    let mut extras = Extras::default();
    match random.below(8) {
        0 => extras.expected = Some(random.below(6) as u32),
        1 => {
            let key = random.below(40);
            return Operation::Append(keyed(key), Extras { key: Some(key), ..extras });
        }
        2 => extras.correlation = Some(random.number()),
        3 => extras.causation = Some(random.number()),
        4 => extras.flags = random.below(16) as u8,
        5 => extras.branch = Some((random.below(3) as u32, random.below(3) as u32)),
        6 => extras.extension = Some(random.number() as u8),
        _ => {}
    }
    Operation::Append(draft(random), extras)
}

fn submit(random: &mut Random) -> Operation {
    match random.below(5) {
        0 => Operation::Submit(draft(random)),
        1 => Operation::TrySubmit(draft(random)),
        2 => Operation::SubmitBatch(batch(random)),
        3 => Operation::Outbox((0..random.below(4)).map(|_| draft(random)).collect()),
        _ => {
            let mut drafts: Vec<Draft> = (0..=random.below(3)).map(|_| draft(random)).collect();
            drafts.sort_by_key(|draft| draft.entity);
            drafts.dedup_by_key(|draft| draft.entity);
            Operation::Fence(drafts)
        }
    }
}

/// The draft that belongs to a key.
pub(crate) fn keyed(key: u64) -> Draft {
    draft(&mut Random::new(key))
}

fn keys(random: &mut Random) -> Vec<u64> {
    let from = random.below(40);
    (from..=from + random.below(3)).collect()
}

fn batch(random: &mut Random) -> Vec<(Draft, Cause)> {
    let count = random.below(6) as usize;
    let item = |index: usize, random: &mut Random| {
        let cause = match random.below(3) {
            0 if index > 0 => Cause::Prior(random.below(index as u64) as usize),
            1 => Cause::Event(random.number()),
            _ => Cause::None,
        };
        (draft(random), cause)
    };
    (0..count).map(|index| item(index, random)).collect()
}

fn page(random: &mut Random) -> Operation {
    let after = (random.below(3) > 0).then(|| random.below(400));
    Operation::Page { wanted: wanted(random), after, limit: random.below(20) as usize }
}

fn wanted(random: &mut Random) -> Wanted {
    let kind = match random.below(6) {
        0 | 1 => Some(Kind::Exact(shape(random))),
        2 => Some(Kind::Category(*random.choose(&[0, 1, 2, 9]))),
        3 => Some(Kind::Any),
        _ => None,
    };
    let clocks = (random.below(5) == 0).then(|| {
        let from = random.below(10) as u32;
        (from, from + random.below(10) as u32)
    });
    Wanted {
        prefix: (random.below(2) == 0).then(|| entity(random)),
        scope: (random.below(3) == 0).then(|| random.below(SCOPES.len() as u64) as usize),
        kind,
        clocks,
    }
}

fn draft(random: &mut Random) -> Draft {
    Draft {
        entity: entity(random),
        scope: random.below(SCOPES.len() as u64) as usize,
        shape: shape(random),
        number: random.number(),
    }
}

fn typed(random: &mut Random) -> Draft {
    let shape = *random.choose(&[Shape::Placed, Shape::Paid]);
    Draft { shape, ..draft(random) }
}

fn entity(random: &mut Random) -> usize {
    random.below(ENTITIES.len() as u64) as usize
}

fn shape(random: &mut Random) -> Shape {
    *random.choose(&[Shape::Placed, Shape::Paid, Shape::Untyped])
}
