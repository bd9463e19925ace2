//! Typed payloads over the years: versions and upcasts, and the registry of kinds.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::{Arc, mpsc};

use causeway::coordinate::{Coordinate, Region};
use causeway::event::{
    DecodeTyped, EventKind, EventPayloadValidation, JsonValueInput, RawMsgpackInput, StoredEvent,
    TypedDecodeError, TypedReactive, validate_event_payload_registry,
};
use causeway::prelude::revalidate_event_payload_registry;
use causeway::store::{
    AppendReceipt, AtLeastOnce, Freshness, Open, OpenReport, ReactionBatch, ReactorConfig, Store,
    StoreConfig, StoreError,
};
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A deposit as it is today.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1, version = 3)]
#[causeway(from_version = 2, upcast = Deposited::with_reference)]
#[causeway(from_version = 1, try_upcast = cents_from_euros)]
struct Deposited {
    cents: u64,
    reference: u128,
    notes: BTreeMap<u32, Note>,
}

/// A byte string, which JSON lacks.
#[derive(Debug, PartialEq)]
struct Note(Vec<u8>);

impl Serialize for Note {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Note {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;

        impl<'de> serde::de::Visitor<'de> for Bytes {
            type Value = Note;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Note, E> {
                Ok(Note(bytes.to_vec()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Note, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = items.next_element()? {
                    bytes.push(byte);
                }
                Ok(Note(bytes))
            }
        }

        deserializer.deserialize_bytes(Bytes)
    }
}

/// What version 1 stored.
#[derive(Serialize, Deserialize)]
struct DepositedEuros {
    euros: u64,
    notes: BTreeMap<u32, Note>,
}

/// What version 2 stored.
#[derive(Serialize, Deserialize)]
struct DepositedCents {
    cents: u64,
    notes: BTreeMap<u32, Note>,
}

fn cents_from_euros(old: DepositedEuros) -> Result<DepositedCents, String> {
    let cents = old.euros.checked_mul(100).ok_or_else(|| format!("{} euros are too many", old.euros))?;
    Ok(DepositedCents { cents, notes: old.notes })
}

impl Deposited {
    fn with_reference(old: DepositedCents) -> Self {
        Self { cents: old.cents, reference: 0, notes: old.notes }
    }
}

/// The types as the programs of then had them: known to no registry, because that program is not this one.
macro_rules! formerly {
    ($($type:ty: $version:literal),*) => {
        $(impl EventPayload for $type {
            const KIND: EventKind = EventKind::custom(1, 1);
            const PAYLOAD_VERSION: u16 = $version;
        })*
    };
}

formerly! { DepositedEuros: 1, DepositedCents: 2, DepositedLater: 4 }

/// What a program of tomorrow stores.
#[derive(Serialize, Deserialize)]
struct DepositedLater;

fn notes() -> BTreeMap<u32, Note> {
    BTreeMap::from([(7, Note(vec![0, 255]))])
}

struct Fixture {
    store: Store<Open>,
    account: Coordinate,
    _directory: TempDir,
}

impl Fixture {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(StoreConfig::new(directory.path())).unwrap();
        let account = Coordinate::new("account:1", "bank").unwrap();
        Self { store, account, _directory: directory }
    }

    fn append<T: EventPayload>(&self, payload: &T) -> AppendReceipt {
        self.store.append_typed(&self.account, payload).unwrap()
    }

    /// The event decoded from the JSON view and from the stored bytes.
    fn decoded<T: EventPayload>(&self, receipt: &AppendReceipt) -> [Result<T, TypedDecodeError>; 2] {
        let view = self.store.get(receipt.event_id).unwrap();
        let stored: StoredEvent<Vec<u8>> = self.store.read_raw(receipt.event_id).unwrap();
        [view.event.decode_typed(), stored.event.decode_typed()]
    }

    fn balance<T>(&self) -> Result<Option<u64>, StoreError>
    where
        T: causeway::store::projection::Projection + Into<u64>,
    {
        let state = self.store.project::<T>(self.account.entity(), &Freshness::Consistent)?;
        Ok(state.map(Into::into))
    }
}

/// A balance on the lane of the given input.
macro_rules! balance {
    ($name:ident: $input:ident) => {
        #[derive(Default, Serialize, Deserialize, EventSourced)]
        #[causeway(input = $input)]
        #[causeway(event = Deposited, handler = deposit)]
        struct $name(u64);

        impl $name {
            fn deposit(&mut self, event: &Deposited) {
                self.0 += event.cents;
            }
        }

        impl From<$name> for u64 {
            fn from(balance: $name) -> Self {
                balance.0
            }
        }
    };
}

balance!(FromView: JsonValueInput);
balance!(FromBytes: RawMsgpackInput);

#[test]
fn events_of_every_version_decode_as_the_type_of_today_with_all_that_they_hold() {
    let fixture = Fixture::new();
    let first = fixture.append(&DepositedEuros { euros: 3, notes: notes() });
    let second = fixture.append(&DepositedCents { cents: 50, notes: notes() });
    for (receipt, cents) in [(first, 300), (second, 50)] {
        for decoded in fixture.decoded::<Deposited>(&receipt) {
            assert_eq!(decoded.unwrap(), Deposited { cents, reference: 0, notes: notes() });
        }
    }
}

#[test]
fn an_upcast_sees_what_the_stored_bytes_hold_and_not_what_json_can_say_of_them() {
    /// An upcast that is given a number of 128 bits, which the JSON view shows as bytes.
    #[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
    #[causeway(category = 1, type_id = 2, version = 2)]
    #[causeway(from_version = 1, upcast = Wide::of)]
    struct Wide {
        number: u128,
        ratio: f64,
    }

    impl Wide {
        fn of((number, ratio): (u128, f64)) -> Self {
            Self { number, ratio }
        }
    }

    #[derive(Serialize, Deserialize)]
    struct Former(u128, f64);

    impl EventPayload for Former {
        const KIND: EventKind = Wide::KIND;
    }

    let fixture = Fixture::new();
    let receipt = fixture.append(&Former(u128::MAX, f64::INFINITY));
    let [_, stored] = fixture.decoded::<Wide>(&receipt);
    assert_eq!(stored.unwrap(), Wide { number: u128::MAX, ratio: f64::INFINITY });
}

#[test]
fn a_projection_folds_events_of_every_version() {
    let fixture = Fixture::new();
    fixture.append(&DepositedEuros { euros: 3, notes: notes() });
    fixture.append(&DepositedCents { cents: 50, notes: notes() });
    fixture.append(&Deposited { cents: 1, reference: 9, notes: notes() });
    assert_eq!(fixture.balance::<FromBytes>().unwrap(), Some(351));
}

/// Tells what it is shown.
struct Told(mpsc::Sender<u64>);

impl TypedReactive<Deposited> for Told {
    type Error = mpsc::SendError<u64>;

    fn react(
        &mut self,
        event: &StoredEvent<Deposited>,
        _: &mut ReactionBatch,
        _: Option<&AtLeastOnce>,
    ) -> Result<(), Self::Error> {
        self.0.send(event.event.payload.cents)
    }
}

#[test]
fn a_reactor_is_shown_events_of_every_version() {
    let fixture = Fixture::new();
    fixture.append(&DepositedEuros { euros: 3, notes: notes() });
    fixture.append(&DepositedCents { cents: 50, notes: notes() });
    let (told, heard) = mpsc::channel();
    let (store, region) = (Arc::new(fixture.store), Region::entity("account:1"));
    let reactor = store.react_loop_typed(&region, ReactorConfig::default(), Told(told)).unwrap();
    assert_eq!((heard.recv(), heard.recv()), (Ok(300), Ok(50)));
    reactor.stop_and_join().unwrap();
}

#[test]
fn an_untyped_event_is_decoded_as_it_stands() {
    let fixture = Fixture::new();
    let payload = json!({"cents": 5, "reference": 1, "notes": {}});
    let receipt = fixture.store.append(&fixture.account, Deposited::KIND, &payload).unwrap();
    for decoded in fixture.decoded::<Deposited>(&receipt) {
        assert_eq!(decoded.unwrap(), Deposited { cents: 5, reference: 1, notes: BTreeMap::new() });
    }
    let old = json!({"euros": 5, "notes": {}});
    let receipt = fixture.store.append(&fixture.account, Deposited::KIND, &old).unwrap();
    for decoded in fixture.decoded::<Deposited>(&receipt) {
        assert!(matches!(decoded, Err(TypedDecodeError::DecodeFailure { .. })));
    }
}

#[test]
fn an_event_of_a_newer_version_is_refused_and_fails_the_projections_that_need_it() {
    let fixture = Fixture::new();
    let receipt = fixture.append(&DepositedLater);
    for decoded in fixture.decoded::<Deposited>(&receipt) {
        assert!(matches!(decoded, Err(TypedDecodeError::FutureVersion { stored: 4, known: 3, .. })));
    }
    for balance in [fixture.balance::<FromView>(), fixture.balance::<FromBytes>()] {
        let message = balance.unwrap_err().to_string();
        assert!(message.contains("payload of kind 0x1001 has version 4"), "{message}");
    }
}

#[test]
fn a_step_that_refuses_is_named_with_its_reason() {
    let fixture = Fixture::new();
    let receipt = fixture.append(&DepositedEuros { euros: u64::MAX, notes: notes() });
    for decoded in fixture.decoded::<Deposited>(&receipt) {
        assert_eq!(
            decoded.unwrap_err().to_string(),
            "payload of kind 0x1001 cannot be brought from version 1 to the next: 18446744073709551615 euros are too many"
        );
    }
}

#[test]
fn a_type_that_is_implemented_by_hand_refuses_old_versions_unless_it_knows_how() {
    let fixture = Fixture::new();
    let receipt = fixture.append(&DepositedEuros { euros: 1, notes: notes() });
    for decoded in fixture.decoded::<DepositedCents>(&receipt) {
        assert!(matches!(decoded, Err(TypedDecodeError::NoUpcast { stored: 1, known: 2, .. })));
    }
}

#[test]
fn an_upcast_may_work_on_json_values() {
    #[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
    #[causeway(category = 1, type_id = 3, version = 2)]
    #[causeway(from_version = 1, try_upcast = rename)]
    struct Renamed {
        name: String,
    }

    fn rename(mut old: Value) -> serde_json::Result<Renamed> {
        old["name"] = old["title"].take();
        serde_json::from_value(old)
    }

    #[derive(Serialize, Deserialize)]
    struct Former {
        title: String,
    }

    impl EventPayload for Former {
        const KIND: EventKind = Renamed::KIND;
    }

    let fixture = Fixture::new();
    let receipt = fixture.append(&Former { title: "a".to_owned() });
    for decoded in fixture.decoded::<Renamed>(&receipt) {
        assert_eq!(decoded.unwrap(), Renamed { name: "a".to_owned() });
    }
}

/// Two types that claim one kind, and a generic one with no rival.
mod claims {
    use super::{Deserialize, EventPayload, Serialize};

    pub(super) mod shop {
        #[derive(super::Serialize, super::Deserialize, super::EventPayload)]
        #[causeway(category = 2, type_id = 1)]
        pub(crate) struct Shipped;
    }

    #[derive(Serialize, Deserialize, EventPayload)]
    #[causeway(category = 2, type_id = 1)]
    pub(super) struct Sailed;

    #[derive(Serialize, Deserialize, EventPayload)]
    #[causeway(category = 2, type_id = 2)]
    pub(super) struct Wrapped<T>(T);
}

const COLLISION: &str =
    "kind 0x2001 is claimed by typing::claims::Sailed and by typing::claims::shop::Shipped";

#[test]
fn two_types_of_one_kind_are_a_collision_and_a_generic_type_counts_once() {
    assert_eq!(claims::Sailed::KIND, claims::shop::Shipped::KIND);
    assert_eq!(claims::Wrapped::<u8>::KIND, claims::Wrapped::<u16>::KIND);
    let error = validate_event_payload_registry().unwrap_err();
    let [collision] = error.collisions() else { panic!("{error}") };
    assert_eq!((collision.category, collision.type_id), (2, 1));
    assert_eq!(collision.first_type_name, "typing::claims::Sailed");
    assert_eq!(collision.second_type_name, "typing::claims::shop::Shipped");
    assert_eq!(error.to_string(), COLLISION);
    assert_eq!(revalidate_event_payload_registry(), Err(error));
}

#[test]
fn opening_tells_of_a_collision_refuses_it_or_says_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let config = |validation| {
        StoreConfig::new(directory.path().join("store")).with_event_payload_validation(validation)
    };
    for (validation, expected) in
        [(EventPayloadValidation::Warn, &[COLLISION][..]), (EventPayloadValidation::Silent, &[])]
    {
        let store = Store::open(config(validation)).unwrap();
        let told = |report: &OpenReport| report.findings.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(told(store.open_report()), expected);
        let reader = Store::open_read_only(config(validation)).unwrap();
        assert_eq!(told(reader.open_report()), expected);
        store.close().unwrap();
    }
    let refused = |result: Result<(), StoreError>| match result {
        Err(StoreError::EventPayloadRegistry(error)) => assert_eq!(error.to_string(), COLLISION),
        other => panic!("{other:?}"),
    };
    refused(Store::open(config(EventPayloadValidation::FailFast)).map(drop));
    refused(Store::open_read_only(config(EventPayloadValidation::FailFast)).map(drop));
}
