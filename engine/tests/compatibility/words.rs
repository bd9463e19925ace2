//! Coordinates, regions, kinds, ids, positions, headers and hashes.

use crate::batpak::coordinate::{Coordinate, CoordinateError, DagPosition, KindFilter, Region};
use crate::batpak::event::hash::{compute_hash, verify_chain};
use crate::batpak::event::header::{FLAG_REPLAY, FLAG_REQUIRES_ACK, FLAG_TRANSACTIONAL};
use crate::batpak::event::{Event, EventHeader, EventKind, EventKindError, HashChain, StoredEvent};
use crate::batpak::event::{EventPayloadRegistryError, validate_event_payload_registry};
use crate::batpak::id::{CausationId, CorrelationId, EntityIdType, EventId, IdempotencyKey};
use crate::batpak::id::{generate_v7_id, generate_v7_id_with_clock};
use crate::batpak::store::{Clock, SystemClock};
use crate::batpak::{define_entity_id, wire};
use serde::{Deserialize, Serialize};

define_entity_id!(CustomerId, "customer");

const LOGGED_IN: EventKind = EventKind::custom(0x3, 0x010);

#[test]
fn a_coordinate_is_two_checked_texts() -> Result<(), CoordinateError> {
    let coordinate = Coordinate::new("customer:7", "crm")?;
    assert_eq!((coordinate.entity(), coordinate.scope()), ("customer:7", "crm"));
    assert_eq!(coordinate.to_string(), "customer:7@crm");
    coordinate.validate()?;
    let refused = |entity: &str| match Coordinate::new(entity, "crm") {
        Ok(_) => "nothing",
        Err(CoordinateError::NulByte) => "nul",
        Err(CoordinateError::ControlChar) => "control",
        Err(CoordinateError::PathTraversal) => "path",
        Err(_) => "something else",
    };
    assert_eq!(
        (refused("a\0b"), refused("a\nb"), refused("../b"), refused("")),
        ("nul", "control", "path", "something else")
    );
    Ok(())
}

#[test]
fn a_region_says_what_it_selects() {
    let region = Region::entity("customer:7").with_scope("crm").with_fact(KindFilter::Exact(LOGGED_IN));
    assert!(region.matches_event("customer:7", "crm", LOGGED_IN));
    assert!(region.matches_event("customer:7:mail", "crm", LOGGED_IN));
    assert!(!region.matches_event("customer:70", "crm", LOGGED_IN));
    assert_eq!((region.entity_prefix(), region.scope_value()), (Some("customer:7"), Some("crm")));
    assert!(matches!(region.fact(), Some(KindFilter::Exact(kind)) if *kind == LOGGED_IN));
    let region = Region::scope("crm").with_fact_category(3).with_clock_range((2, 5));
    assert_eq!(region.clock_range(), Some((2, 5)));
    assert!(matches!(region.fact(), Some(KindFilter::Category(3))));
    assert!(Region::all().with_fact(KindFilter::Any).matches_event("x", "y", EventKind::DATA));
}

#[test]
fn a_kind_is_a_category_and_a_type() {
    assert_eq!((LOGGED_IN.category(), LOGGED_IN.type_id(), LOGGED_IN.as_raw_u16()), (3, 0x10, 0x3010));
    assert!(!LOGGED_IN.is_system() && !LOGGED_IN.is_effect());
    let refused = |category, type_id| match EventKind::try_custom(category, type_id) {
        Ok(_) => "nothing".to_owned(),
        Err(EventKindError::CategoryOutOfRange { category, .. }) => format!("category {category}"),
        Err(EventKindError::TypeIdOutOfRange { type_id, .. }) => format!("type {type_id}"),
        Err(EventKindError::ReservedSystemCategory) => "system".to_owned(),
        Err(EventKindError::ReservedEffectCategory) => "effect".to_owned(),
        Err(_) => "something else".to_owned(),
    };
    assert_eq!(
        [refused(16, 0), refused(1, 4096), refused(0, 1), refused(0xD, 1)],
        ["category 16", "type 4096", "system", "effect"]
    );
}

#[test]
fn the_stores_own_kinds_have_their_numbers() {
    let system = [
        EventKind::SYSTEM_INIT,
        EventKind::SYSTEM_SHUTDOWN,
        EventKind::SYSTEM_HEARTBEAT,
        EventKind::SYSTEM_CONFIG_CHANGE,
        EventKind::SYSTEM_CHECKPOINT,
        EventKind::SYSTEM_BATCH_BEGIN,
        EventKind::SYSTEM_BATCH_COMMIT,
        EventKind::SYSTEM_OPEN_COMPLETED,
        EventKind::SYSTEM_CLOSE_COMPLETED,
        EventKind::SYSTEM_DENIAL,
        EventKind::TOMBSTONE,
    ];
    let numbers = system.map(EventKind::as_raw_u16);
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 0xFFE]);
    let effects = [
        EventKind::EFFECT_ERROR,
        EventKind::EFFECT_RETRY,
        EventKind::EFFECT_ACK,
        EventKind::EFFECT_BACKPRESSURE,
        EventKind::EFFECT_CANCEL,
        EventKind::EFFECT_CONFLICT,
    ];
    assert!(effects.iter().all(|kind| kind.is_effect()) && system.iter().all(|kind| kind.is_system()));
    assert_eq!(effects.map(EventKind::type_id), [1, 2, 4, 5, 6, 7]);
}

#[test]
fn no_two_payloads_of_a_program_claim_one_kind() {
    let checked: Result<(), EventPayloadRegistryError> = validate_event_payload_registry();
    assert!(checked.is_ok());
}

/// A clock that stands still.
struct Noon;

impl Clock for Noon {
    fn now_us(&self) -> i64 {
        43_200_000_000
    }

    fn now_wall_ns(&self) -> i64 {
        43_200_000_000_000
    }

    fn now_mono_ns(&self) -> i64 {
        1
    }

    fn process_boot_ns(&self) -> u64 {
        1
    }
}

#[test]
fn ids_are_numbers_with_a_name() {
    let customer = CustomerId::new(7);
    assert_eq!(customer.to_string(), format!("{}:{:032x}", CustomerId::ENTITY_NAME, 7));
    assert_eq!(customer.to_string().parse::<CustomerId>().unwrap().as_u128(), 7);
    assert_eq!(EventId::nil().as_u128(), 0);
    assert_ne!(EventId::now_v7(), EventId::now_v7());
    let noon_ms = 43_200_000;
    assert_eq!(generate_v7_id_with_clock(&Noon) >> 80, noon_ms);
    assert_eq!(IdempotencyKey::now_v7_with_clock(&Noon).as_u128() >> 80, noon_ms);
    assert!(generate_v7_id() >> 80 > noon_ms);
    assert!(SystemClock::new().now_us() > 43_200_000_000);
    assert_eq!(u128::from(CausationId::from(5)), CorrelationId::new(5).as_u128());
}

#[test]
fn positions_are_comparable_on_one_lane_and_depth() {
    let root = DagPosition::root();
    assert!(root.is_root() && !DagPosition::new(0, 1, 0).is_root() && !DagPosition::child(1).is_root());
    assert!(root.is_ancestor_of(&DagPosition::child(3)));
    let later = DagPosition::child_at(3, 1_000, 2);
    assert_eq!((later.wall_ms(), later.counter(), later.sequence()), (1_000, 2, 3));
    let branch = DagPosition::fork(later.depth(), 7);
    assert_eq!((branch.depth(), branch.lane(), branch.sequence()), (1, 7, 0));
    assert!(!root.is_ancestor_of(&branch) && root.partial_cmp(&branch).is_none());
    assert_eq!(DagPosition::with_hlc(5, 1, 2, 3, 4).to_string(), "2:3:4@5.1");
}

fn header(flags: u8) -> EventHeader {
    let id = EventId::new(1);
    EventHeader::new_typed(
        id,
        CorrelationId::new(1),
        Some(CausationId::new(2)),
        1_000,
        DagPosition::root(),
        3,
        LOGGED_IN,
    )
    .with_flags(flags)
}

#[test]
fn a_header_has_flags_that_the_store_does_not_interpret() {
    let raw = EventHeader::new(1, 1, Some(2), 1_000, DagPosition::root(), 3, LOGGED_IN);
    assert_eq!(raw, header(0));
    let all = header(FLAG_REPLAY | FLAG_REQUIRES_ACK | FLAG_TRANSACTIONAL);
    assert!(all.is_replay() && all.requires_ack() && all.is_transactional());
    assert!(!raw.is_replay() && !raw.requires_ack() && !raw.is_transactional() && raw.flags == 0);
    assert_eq!((all.age_us(5_000), all.age_us(0)), (4_000, 0));
    assert_eq!((all.timestamp_us, all.event_kind, all.position.depth()), (1_000, LOGGED_IN, 0));
    assert_eq!((all.event_id, all.correlation_id, all.causation_id), (1.into(), 1.into(), Some(2.into())));
}

#[test]
fn an_event_is_a_header_and_a_payload_and_may_be_linked() {
    let event = Event::new(header(0), "in".to_owned());
    assert!(event.is_genesis() && event.hash_chain.is_none());
    let chain = HashChain { prev_hash: [1; 32], event_hash: compute_hash(b"in") };
    let event = event.with_hash_chain(chain).map_payload(|text| text.len());
    assert_eq!((event.payload, event.event_kind(), event.event_id()), (2, LOGGED_IN, EventId::new(1)));
    assert!(!event.is_genesis() && event.position().is_root());
    assert_eq!(event.header.payload_size, 3);
    let stored = StoredEvent { coordinate: Coordinate::new("a", "b").unwrap(), event };
    assert_eq!((stored.coordinate.entity(), stored.event.payload), ("a", 2));
}

#[test]
fn a_chain_over_payloads_is_checked_link_by_link() {
    let first = HashChain { prev_hash: HashChain::default().event_hash, event_hash: compute_hash(b"a") };
    let second = HashChain { prev_hash: first.event_hash, event_hash: compute_hash(b"b") };
    assert!(verify_chain(b"a", &first, &[0; 32]) && verify_chain(b"b", &second, &first.event_hash));
    assert!(!verify_chain(b"x", &second, &first.event_hash) && !verify_chain(b"b", &second, &[0; 32]));
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Numbers {
    #[serde(with = "wire::u128_bytes")]
    one: u128,
    #[serde(with = "wire::option_u128_bytes")]
    maybe: Option<u128>,
    #[serde(with = "wire::vec_u128_bytes")]
    many: Vec<u128>,
}

#[test]
fn large_numbers_have_a_form_in_a_payload() {
    let numbers = Numbers { one: 1, maybe: Some(2), many: vec![3, u128::MAX] };
    let bytes = crate::batpak::encoding::to_bytes(&numbers).unwrap();
    assert_eq!(bytes.len(), 107);
    assert_eq!(crate::batpak::canonical::from_bytes::<Numbers>(&bytes).unwrap(), numbers);
}
