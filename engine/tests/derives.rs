//! Behaviour of the derives, seen from a crate that uses the store.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use causeway::coordinate::DagPosition;
use causeway::encoding;
use causeway::event::{Event, EventHeader, EventKind, JsonValueInput, RawMsgpackInput, TypedDecodeError};
use causeway::{EventPayload, EventSourced};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 0xFFF, version = 2)]
#[causeway(from_version = 1, upcast = Ordered::without_lines)]
struct Ordered {
    r#type: String,
    lines: Vec<Option<(u32, [u8; 4])>>,
}

impl Ordered {
    fn without_lines(r#type: String) -> Self {
        Self { r#type, lines: Vec::new() }
    }
}

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 0xF, type_id = 0)]
struct Moved(i64, BTreeMap<String, Box<[u8]>>);

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(type_id = 2, category = 1)]
struct Cleared;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 3)]
enum Paid {
    Cash,
    Card(String, u8),
    Transfer { iban: String, cents: u64 },
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 4)]
struct Wrapped<T> {
    inner: T,
}

fn fields<T: EventPayload>() -> Vec<(String, String)> {
    let description = T::description().unwrap();
    description.fields.into_iter().map(|field| (field.name, field.type_name)).collect()
}

fn pairs<const COUNT: usize>(pairs: [(&str, &str); COUNT]) -> Vec<(String, String)> {
    pairs.map(|(name, type_name)| (name.to_owned(), type_name.to_owned())).to_vec()
}

#[test]
fn a_payload_has_the_kind_and_version_of_its_attribute() {
    assert_eq!((Ordered::KIND, Ordered::PAYLOAD_VERSION), (EventKind::custom(1, 0xFFF), 2));
    assert_eq!((Moved::KIND, Moved::PAYLOAD_VERSION), (EventKind::custom(0xF, 0), 1));
    assert_eq!(Cleared::KIND, EventKind::custom(1, 2));
    assert_eq!(Wrapped::<u8>::KIND, Wrapped::<String>::KIND);
}

#[test]
fn a_payload_describes_itself_as_the_source_spells_it() {
    let description = Ordered::description().unwrap();
    assert_eq!(
        (description.kind, description.version, description.name.as_str()),
        (Ordered::KIND, 2, "Ordered")
    );
    assert_eq!(fields::<Ordered>(), pairs([("type", "String"), ("lines", "Vec<Option<(u32, [u8; 4])>>")]));
    assert_eq!(fields::<Moved>(), pairs([("0", "i64"), ("1", "BTreeMap<String, Box<[u8]>>")]));
    assert_eq!(fields::<Cleared>(), []);
    assert_eq!(
        fields::<Paid>(),
        pairs([("Cash", "()"), ("Card", "(String, u8)"), ("Transfer", "{ iban: String, cents: u64 }")])
    );
    assert_eq!(fields::<Wrapped<u8>>(), pairs([("inner", "T")]));
}

mod doors {
    use super::{Deserialize, EventPayload, Serialize};

    #[derive(Serialize, Deserialize, EventPayload)]
    #[causeway(category = 1, type_id = 5)]
    pub(super) struct Turned<T: Clone, const LOCKS: usize>
    where
        T: Default,
    {
        pub(super) keys: Vec<T>,
    }
}

/// A fold need not be a struct, nor its events' types have short names.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = doors::Turned<u8, 2>, handler = turn)]
enum Door {
    #[default]
    Shut,
    Open {
        keys: usize,
    },
}

impl Door {
    fn turn(&mut self, event: &doors::Turned<u8, 2>) {
        *self = Self::Open { keys: event.keys.len() };
    }
}

#[test]
fn folds_and_payloads_of_any_shape_are_derived() {
    let turned = event(doors::Turned::<u8, 2>::KIND, json!({"keys": [1, 2]}));
    assert_eq!(Door::from_events(&[turned]), Some(Door::Open { keys: 2 }));
    assert_eq!(fields::<doors::Turned<u8, 2>>(), pairs([("keys", "Vec<T>")]));
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 2, type_id = 1)]
struct Deposited {
    cents: i64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 2, type_id = 2)]
struct Withdrawn(i64);

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput, cache_version = 7)]
#[causeway(event = Deposited, handler = deposit)]
#[batpak(event = Withdrawn, handler = withdraw)]
struct Account {
    cents: i64,
    steps: u32,
}

impl Account {
    fn deposit(&mut self, event: &Deposited) {
        self.cents += event.cents;
        self.steps += 1;
    }

    fn withdraw(&mut self, event: &Withdrawn) {
        self.cents -= event.0;
        self.steps += 1;
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = RawMsgpackInput, incremental = false)]
#[causeway(event = Wrapped<T>, handler = add)]
#[serde(bound = "")]
struct Latest<T: Serialize + DeserializeOwned + Clone>(Option<T>);

impl<T: Serialize + DeserializeOwned + Clone> Latest<T> {
    fn add(&mut self, event: &Wrapped<T>) {
        self.0 = Some(event.inner.clone());
    }
}

/// Declares a projection whose handler has the name that it is given.
macro_rules! projection {
    ($name:ident, $handler:ident) => {
        #[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
        #[causeway(input = JsonValueInput)]
        #[causeway(event = Deposited, handler = $handler)]
        struct $name(i64);

        impl $name {
            fn $handler(&mut self, event: &Deposited) {
                self.0 = event.cents;
            }
        }
    };
}

projection!(LastDeposit, remember);

#[derive(Default, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Deposited, handler = count)]
struct Forgetful {
    #[serde(skip)]
    count: u32,
}

impl Forgetful {
    fn count(&mut self, _: &Deposited) {
        self.count += 1;
    }
}

fn event<P>(kind: EventKind, payload: P) -> Event<P> {
    Event::new(EventHeader::new(1, 1, None, 0, DagPosition::root(), 0, kind), payload)
}

fn deposited(cents: i64) -> Event<Value> {
    event(Deposited::KIND, json!({ "cents": cents }))
}

#[test]
fn a_derived_fold_says_what_it_reads_and_how() {
    assert_eq!(Account::relevant_event_kinds(), [Deposited::KIND, Withdrawn::KIND]);
    assert_eq!((Account::schema_version(), Latest::<u8>::schema_version()), (7, 0));
    assert!(Account::supports_incremental_apply());
    assert!(!Latest::<u8>::supports_incremental_apply());
}

#[test]
fn a_fold_whose_serialised_form_is_not_its_whole_state_is_not_applied_incrementally() {
    assert!(!Forgetful::supports_incremental_apply());
    assert_eq!(Forgetful::from_events(&[deposited(1), deposited(2)]).unwrap().count, 2);
}

#[test]
fn a_derived_fold_starts_at_default_and_hands_each_event_to_its_handler() {
    let events =
        [deposited(5), event(Withdrawn::KIND, json!(2)), event(EventKind::DATA, json!({"cents": 99}))];
    assert_eq!(Account::from_events(&events), Some(Account { cents: 3, steps: 2 }));
}

#[test]
fn a_macro_may_declare_a_projection() {
    assert_eq!(LastDeposit::from_events(&[deposited(1), deposited(2)]), Some(LastDeposit(2)));
}

#[test]
fn events_of_other_kinds_only_make_no_state() {
    assert_eq!(Account::from_events(&[]), None);
    assert_eq!(Account::from_events(&[event(EventKind::DATA, Value::Null)]), None);
}

#[test]
fn the_raw_lane_decodes_stored_bytes() {
    let stored = encoding::to_bytes(&Wrapped { inner: "a".to_owned() }).unwrap();
    let state = Latest::<String>::from_events(&[event(Wrapped::<String>::KIND, stored)]);
    assert_eq!(state, Some(Latest(Some("a".to_owned()))));
}

#[test]
fn a_payload_that_does_not_decode_is_an_error_and_leaves_the_state_alone() {
    let broken = || event(Deposited::KIND, json!("not a deposit"));
    let failure = Account::try_from_events(&[deposited(1), broken()]).unwrap_err();
    assert!(matches!(failure, TypedDecodeError::DecodeFailure { kind, .. } if kind == Deposited::KIND));

    let mut account = Account { cents: 1, steps: 1 };
    assert!(account.try_apply_event(&broken()).is_err());
    account.apply_event(&broken());
    assert_eq!(account, Account { cents: 1, steps: 1 });
}
