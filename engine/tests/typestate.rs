//! States that the compiler knows, and identifiers of an application's own, under the name by which the crate is known to its user.
#![allow(clippy::unwrap_used)]

use causeway as batpak;

use batpak::coordinate::Coordinate;
use batpak::event::{EventKind, EventPayload};
use batpak::id::{EntityIdType, EventId};
use batpak::store::{Store, StoreConfig};
use batpak::typestate::{StateMarker, Transition};
use batpak::{define_entity_id, define_state_machine, define_typestate};
use serde::{Deserialize, Serialize};
use serde_json::json;

define_state_machine!(lock_seal, LockState { Acquired, Released });
define_typestate!(Lock<S: LockState> { holder: String, attempts: u32 });
define_typestate!(Bare<S: LockState> {});
define_entity_id!(OrderId, "order");
define_entity_id!(
    /// Names a parcel.
    ParcelId,
    "parcel",
    serde
);

#[derive(Debug, PartialEq, Serialize, Deserialize, batpak::EventPayload)]
#[batpak(category = 2, type_id = 9)]
struct LockReleased {
    holder: String,
}

impl Lock<Acquired> {
    fn release(self) -> (Lock<Released>, Transition<Acquired, Released, LockReleased>) {
        let (holder, attempts) = self.into_data();
        (Lock::new(holder.clone(), attempts), Transition::from_payload(LockReleased { holder }))
    }
}

#[test]
fn a_value_keeps_its_parts_through_its_states() {
    let lock = Lock::<Acquired>::new("me".to_owned(), 3);
    assert_eq!(lock.data(), (&"me".to_owned(), &3));
    let (released, _) = lock.release();
    assert_eq!((released.holder().as_str(), *released.attempts()), ("me", 3));
    assert_eq!(Bare::<Acquired>::new().into_data(), ());
}

#[test]
fn a_transition_is_appended_with_the_kind_of_its_payload() {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(StoreConfig::new(directory.path())).unwrap();
    let (_, transition) = Lock::<Acquired>::new("me".to_owned(), 3).release();
    assert_eq!((transition.kind(), transition.payload().holder.as_str()), (LockReleased::KIND, "me"));
    let receipt = store.apply_transition(&Coordinate::new("lock:1", "house").unwrap(), transition).unwrap();
    let event = store.get(receipt.event_id).unwrap().event;
    assert_eq!((event.event_kind(), event.payload), (EventKind::custom(2, 9), json!({"holder": "me"})));
    let again = Transition::<Acquired, Released, _>::from_payload(LockReleased { holder: "you".to_owned() });
    assert_eq!(again.into_payload().holder, "you");
}

#[test]
fn every_state_of_a_machine_can_stand_in_a_transition() {
    fn change<From: LockState, To: LockState>() -> Transition<From, To, LockReleased> {
        Transition::from_payload(LockReleased { holder: String::new() })
    }
    fn is_state<State: StateMarker + Copy + Send + Sync + std::fmt::Debug + Eq>(_: State) {}
    is_state(Acquired);
    is_state(Released);
    assert_eq!(change::<Acquired, Released>().kind(), change::<Released, Acquired>().kind());
}

#[test]
fn a_machine_can_be_declared_inside_a_function() {
    define_state_machine!(inner_seal, Switch { On, Off });
    define_typestate!(Lamp<S: Switch> { watts: u8, });
    assert_eq!((Lamp::<On>::new(5).data(), Lamp::<Off>::new(5).data()), ((&5,), (&5,)));
    assert_eq!((On, Off), (On, Off));
}

#[test]
fn an_identifier_of_ones_own_reads_back_what_it_prints() {
    let order = OrderId::new(0xabc);
    assert_eq!(order.to_string(), "order:00000000000000000000000000000abc");
    assert_eq!(order.to_string().parse(), Ok(order));
    assert_eq!((OrderId::ENTITY_NAME, OrderId::nil().as_u128(), u128::from(order)), ("order", 0, 0xabc));
    assert_ne!(OrderId::now_v7(), OrderId::from(order.as_u128()));
    let refused: String = "parcel:1".parse::<OrderId>().unwrap_err().into();
    assert!(refused.contains("order"), "{refused}");
}

#[test]
fn an_identifier_that_is_stored_has_the_wire_form_of_the_stores_own() {
    let number = 0x0123_4567_89ab_cdef_u128;
    let (parcel, event) = (ParcelId::new(number), EventId::from_u128(number));
    let bytes = batpak::encoding::to_bytes(&parcel).unwrap();
    assert_eq!(bytes, batpak::encoding::to_bytes(&event).unwrap());
    assert_eq!(batpak::canonical::from_bytes::<ParcelId>(&bytes).unwrap(), parcel);
}
