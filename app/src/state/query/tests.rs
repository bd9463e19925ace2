//! The language: what lines mean, that each query reads back from its line, and what is said of lines that mean nothing.

use jiff::tz::{Offset, TimeZone};

use super::*;
use crate::worker::protocol::Facets;

const NOW: i64 = 1_795_512_000_000_000;

fn names() -> HashMap<EventKind, String> {
    [
        (0x1001, "OrderPlaced"),
        (0x1003, "OrderCompleted"),
        (0x2002, "PaymentCaptured"),
        (0x2003, "Two words"),
        (0x4001, "Twin"),
        (0x4002, "twin"),
    ]
    .map(|(raw, name)| (kind(raw), name.to_owned()))
    .into()
}

fn kind(raw: u16) -> EventKind {
    EventKind::from_raw_u16(raw)
}

fn zone() -> Zone {
    Zone(TimeZone::fixed(Offset::constant(1)))
}

fn parse(line: &str) -> Result<Query, QueryError> {
    let (names, zone) = (names(), zone());
    Query::parse(line, &Vocabulary { names: &names, zone: &zone, now_us: NOW })
}

fn print(query: &Query) -> String {
    let (names, zone) = (names(), zone());
    query.line(&Vocabulary { names: &names, zone: &zone, now_us: NOW })
}

fn printed(line: &str) -> String {
    print(&parse(line).unwrap_or_else(|error| panic!("{line}: {error:?}")))
}

fn text(text: &str) -> Query {
    Query::Is(Term::Text(text.to_owned()))
}

#[test]
fn words_ask_for_fields_and_the_rest_is_text() {
    let query =
        parse("  entity:order kind:orderplaced,0x2002  scope:\"EU shop\" corr:01AB free text ").unwrap();
    let expected = Query::all([
        Query::Is(Term::entity("order")),
        Query::Is(Term::Kind(vec![
            KindWord { name: Name::exact("OrderPlaced"), kinds: vec![kind(0x1001)] },
            KindWord { name: Name::exact("PaymentCaptured"), kinds: vec![kind(0x2002)] },
        ])),
        Query::Is(Term::scope("EU shop")),
        Query::Is(Term::correlation("01ab")),
        text("free"),
        text("text"),
    ]);
    assert_eq!(query, expected);
    assert_eq!(parse(" \t "), Ok(Query::default()));
    assert_eq!(parse("order:42"), Ok(text("order:42")));
}

#[test]
fn and_binds_tighter_than_or_and_blanks_mean_and() {
    let expected =
        Query::any([Query::all([text("a"), text("b")]), Query::all([text("c"), text("d").negated()])]);
    for line in ["a b or c not d", "a and b OR (c -d)", "(a b) or (c and -(d))"] {
        assert_eq!(parse(line), Ok(expected.clone()), "{line}");
    }
    assert_eq!(printed("(a or b) c"), "(a or b) c");
    assert_eq!(printed("not not a"), "a");
    assert_eq!(printed("-(a b)"), "-(a b)");
}

#[test]
fn places_times_sizes_and_paths_are_read_in_all_their_forms() {
    for (line, expected) in [
        ("after:#123 before:#9", "after:#123 before:#9"),
        ("after:2026-11-24", "after:2026-11-24"),
        (
            "after:2026-11-24T10:00 before:\"2026-11-24 10:00:05.5\"",
            "after:2026-11-24T10:00 before:2026-11-24T10:00:05.500000",
        ),
        ("after:2026-11-24T09:00:00Z", "after:2026-11-24T10:00"),
        ("after:10:30", "after:2026-11-24T10:30"),
        ("after:-90m before:-14d", "after:-90m before:-2w"),
        ("size:>10KB size:<=1.5MB size:512 size:=2KiB", "size:>10kB size:<=1500kB size:512 size:2048"),
        (
            "payload.order.total > 10 payload.\"odd key\".0 = \"10\"",
            "payload.order.total>10 payload.\"odd key\".0=\"10\"",
        ),
        ("payload.a payload.b~x payload.c!=null", "payload.a payload.b~x payload.c!=null"),
        (
            "cause:#7,0123456789abcdef0123456789abcdef id:#1",
            "cause:#7,0123456789abcdef0123456789abcdef id:#1",
        ),
        ("lane:0,2 flag:Removed,hidden", "lane:0,2 flag:removed,hidden"),
        ("kind:order* -kind:PaymentCaptured", "kind:order* -kind:PaymentCaptured"),
        ("entity:\"a*b\",a*b", "entity:\"a*b\",a*b"),
    ] {
        assert_eq!(printed(line), expected, "{line}");
    }
    assert_eq!(parse("kind:order*").unwrap().terms()[0].kinds(), [kind(0x1001), kind(0x1003)]);
    assert_eq!(Moment::Ago(3_600).time_us(NOW), Some(NOW - 3_600_000_000));
}

#[test]
fn what_cannot_be_understood_is_named_with_its_place() {
    for (line, range, message) in [
        ("x entity: y", 2..9, "a value is missing after entity:"),
        ("corr:xyz", 5..8, "a correlation is written as up to 32 hexadecimal digits"),
        ("ä scope:\"a b", 9..13, "the closing quote is missing"),
        ("(a or b", 0..1, "the closing parenthesis is missing"),
        ("a)", 1..2, "this parenthesis closes nothing"),
        ("a or", 3..4, "something is missing here"),
        ("or a", 0..2, "or needs something before it; in quotes it is looked for as text"),
        ("a ()", 3..4, "something is missing here"),
        ("after:soon", 6..10, "soon is no place or time such as #123, 2026-11-24T10:00 or -1h"),
        ("size:big", 5..8, "big is no size such as >10kB or <=512"),
        ("payload.a.", 0..10, "a field is missing after the full stop"),
        ("payload.a >", 0..11, "a value is missing after >"),
        ("after:-1h,-2h", 10..13, "only one value can stand here"),
        ("id:12", 3..5, "an event is written as #123, or as its id of 32 hexadecimal digits"),
        ("lane:x", 5..6, "a lane is a number"),
    ] {
        let wrong = parse(line).expect_err(line);
        assert_eq!((wrong.range, wrong.message.as_str()), (range, message), "{line}");
    }
    let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
    assert!(parse(&deep).unwrap_err().message.contains("too many parentheses"));
}

#[test]
fn a_slip_of_the_fingers_has_a_fix() {
    let field = parse("a knid:OrderPlaced").unwrap_err();
    assert_eq!((field.range, field.fix.as_deref()), (2..7, Some("kind:")));
    let flag = parse("flag:remvoed").unwrap_err();
    assert_eq!((flag.range, flag.fix.as_deref()), (5..12, Some("removed")));
    assert_eq!(flag.message, "there is no flag remvoed; did you mean removed?");
}

#[test]
fn a_name_that_two_kinds_share_means_both_and_a_click_on_one_writes_its_number() {
    assert_eq!(parse("kind:twin").unwrap().terms()[0].kinds(), [kind(0x4001), kind(0x4002)]);
    let one = Query::Is(Term::kind(kind(0x4002), &names()));
    assert_eq!(print(&one), "kind:0x4002");
    assert_eq!(parse("kind:0x4002"), Ok(one));
}

#[test]
fn clicks_replace_add_exclude_and_take_away() {
    let start = parse("entity:order refund").unwrap();
    assert_eq!(print(&start.with(Term::entity("payment"))), "refund entity:payment");
    assert_eq!(print(&start.also(Term::entity("payment"))), "refund entity:order,payment");
    assert_eq!(print(&start.also(Term::entity("order"))), "refund");
    assert_eq!(print(&start.toggled(Term::entity("order"))), "refund");
    assert_eq!(print(&start.exclude(Term::entity("order"))), "refund -entity:order");
    assert_eq!(print(&start.exclude(Term::scope("x")).with(Term::scope("x"))), "entity:order refund scope:x");
    assert_eq!(print(&start.without_part(1)), "entity:order");
    assert_eq!(print(&parse("a or b").unwrap().with(Term::scope("x"))), "(a or b) scope:x");
    assert!(start.has(&Term::entity("order")) && !start.has(&Term::entity("orders")));
    assert!(start.exclude(Term::scope("x")).excludes(&Term::scope("x")));
}

#[test]
fn a_pattern_fits_a_name_as_a_whole() {
    for (pattern, name, expected) in [
        ("Order*", "OrderPlaced", true),
        ("*Placed", "OrderPlaced", true),
        ("*er*ed", "OrderPlaced", true),
        ("Order*Paid", "OrderPlaced", false),
        ("*", "", true),
        ("a*a", "a", false),
        ("ab", "abc", false),
    ] {
        assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
    }
}

#[test]
fn what_can_be_written_next_is_offered_with_counts() {
    let names = names();
    let facets = Facets {
        kinds: vec![(kind(0x1001), 5), (kind(0x1003), 9), (kind(0x2002), 7)],
        entities: ["order:1", "order:2", "payment:1"].map(|name| (name.into(), 2)).into(),
        scopes: vec![("EU shop".into(), 4)],
        entities_cut: false,
    };
    let paths = [("total".to_owned(), 3), ("note".to_owned(), 4)];
    let sources = Sources { names: &names, facets: &facets, paths: &paths };
    let offered = |line: &str| -> (Range<usize>, Vec<String>) {
        let found = complete(line, line.len(), sources);
        (found.range, found.choices.into_iter().map(|choice| choice.insert).collect())
    };
    assert_eq!(offered("a -kind:ord"), (8..11, vec!["OrderCompleted".to_owned(), "OrderPlaced".to_owned()]));
    assert_eq!(offered("kind:OrderPlaced,pay"), (17..20, vec!["PaymentCaptured".to_owned()]));
    assert_eq!(offered("entity:").1, ["order", "payment"]);
    assert_eq!(offered("entity:order:").1, ["order:1", "order:2"]);
    assert_eq!(offered("scope:e").1, ["\"EU shop\""]);
    assert_eq!(offered("payload.t").1, ["payload.total"]);
    assert_eq!(offered("(fl").1, ["flag:"]);
    assert_eq!(offered("flag:re").1, ["removed", "replay"]);
    assert_eq!(offered("\"kin").1, [""; 0]);
    assert!(offered("").1.contains(&"kind:".to_owned()));
}

#[test]
fn a_name_that_names_nothing_is_the_reason_and_has_a_way_out() {
    let names = names();
    let facets = Facets {
        kinds: vec![(kind(0x1001), 41_203)],
        entities: vec![("order:1".into(), 3), ("order:2".into(), 4)],
        scopes: vec![("shop".into(), 7)],
        entities_cut: false,
    };
    let why = |line: &str| why_empty(&parse(line).unwrap(), &names, &facets);
    let kind = why("x kind:OrderPlcaed").unwrap();
    assert_eq!(kind.reason, "kind:OrderPlcaed matches no kind");
    let (name, count, query) = kind.instead.unwrap();
    assert_eq!((name.as_str(), count, print(&query).as_str()), ("OrderPlaced", 41_203, "x kind:OrderPlaced"));
    let entity = why("entity:oder").unwrap().instead.unwrap();
    assert_eq!((entity.0.as_str(), entity.1), ("order", 7));
    assert_eq!(why("scope:shp").unwrap().instead.unwrap().0, "shop");
    assert_eq!(why("entity:order:1 scope:shop x"), None);
}

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.roll(of.len())].clone()
    }

    fn word(&mut self) -> String {
        let letters = [
            "a", "B", "or", "not", "-", " ", "\"", "\\", "(", ")", ",", ":", "*", "ü", "payload.", "=",
            "kind:", "\t", ".", "9",
        ];
        (0..=self.roll(4)).map(|_| self.pick(&letters)).collect()
    }

    fn name(&mut self) -> Name {
        let text = self.word();
        let is_pattern = text.contains('*') && tokens::value_end(&text) == text.len();
        Name { text, is_pattern }
    }

    fn moment(&mut self) -> Moment {
        match self.roll(3) {
            0 => Moment::Sequence(self.0),
            1 => Moment::Ago(self.pick(&[0, 59, 60, 3_600, 90_000, 604_800])),
            _ => {
                Moment::Time(NOW - self.pick(&[0, 1, 1_000_000, 39_600_000_000, 86_400_000_000, 60_000_000]))
            }
        }
    }

    fn payload(&mut self) -> Term {
        let path = (0..=self.roll(3)).map(|_| self.word()).collect();
        let literal = match self.roll(2) {
            0 => Literal::Bare(self.pick(&["10", "-2.5", "true", "null", "x=y", "Köln"]).to_owned()),
            _ => Literal::Text(self.word()),
        };
        let compare = self.pick(&Compare::ALL).1;
        let test = (self.roll(3) > 0).then_some((compare, literal));
        Term::Payload(path, test)
    }

    fn term(&mut self) -> Term {
        match self.roll(12) {
            0 => Term::Entity(vec![self.name(), self.name()]),
            1 => Term::Scope(vec![self.name()]),
            2 => Term::kind(self.pick(&[kind(0x1001), kind(0x2003), kind(0x4002), kind(0xF00D)]), &names()),
            3 => Term::Correlation(vec!["a7f3".to_owned(), "0".to_owned()]),
            4 => Term::Cause(vec![EventWord::Sequence(self.0), EventWord::Id(u128::from(self.0))]),
            5 => Term::Id(vec![EventWord::Id(u128::MAX - u128::from(self.0))]),
            6 => Term::After(self.moment()),
            7 => Term::Before(self.moment()),
            8 => Term::Flag(vec![self.pick(&Flag::ALL).0]),
            9 => {
                let compare = self.pick(&Compare::ALL[..6]).1;
                Term::Size(compare, self.pick(&[0, 1, 999, 1_000, 1_500_000, u64::MAX]))
            }
            10 => self.payload(),
            _ => Term::Text(self.word()),
        }
    }

    fn query(&mut self, depth: usize) -> Query {
        let sort = if depth == 0 { 0 } else { self.roll(5) };
        match sort {
            0 | 1 => Query::Is(self.term()),
            2 => self.query(depth - 1).negated(),
            3 => Query::all((0..2 + self.roll(2)).map(|_| self.query(depth - 1))),
            _ => Query::any((0..2 + self.roll(2)).map(|_| self.query(depth - 1))),
        }
    }
}

#[test]
fn every_query_reads_back_from_its_line() {
    for seed in 1..=4_000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let query = dice.query(3);
        let line = print(&query);
        assert_eq!(parse(&line).as_ref(), Ok(&query), "seed {seed}: {line}");
    }
}

#[test]
fn no_line_ends_the_program() {
    let pieces = [
        "kind:", "payload.", "\"", "(", ")", "-", "or", "not", " ", ">", ",", "ä", "#", "after:", "*",
        "size:", "\\", ".",
    ];
    for seed in 1..=4_000_u64 {
        let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let line: String = (0..dice.roll(12)).map(|_| dice.pick(&pieces)).collect();
        if let Err(error) = parse(&line) {
            assert!(line.get(error.range.clone()).is_some(), "seed {seed}: {line:?} {error:?}");
        }
    }
}
