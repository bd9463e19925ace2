//! Owns states that the compiler knows: markers of the states of a machine, values that are in one, and changes between two.
//!
//! Invariant: only [`define_state_machine!`](crate::define_state_machine) makes a [`StateMarker`], so that the states of a machine
//! stand in one place.

use std::marker::PhantomData;

use crate::words::kind::EventKind;
use crate::words::payload::EventPayload;

/// What keeps other types from being states.
#[doc(hidden)]
pub trait SealedState {}

/// A state of a machine. Implemented by [`define_state_machine!`](crate::define_state_machine) alone.
pub trait StateMarker: SealedState {}

/// A change from one state to another, and the payload that tells of it. Its kind is that of the payload's type.
///
/// ```
/// use causeway::coordinate::Coordinate;
/// use causeway::store::{Store, StoreConfig};
/// use causeway::typestate::Transition;
/// use causeway::{EventPayload, define_state_machine, define_typestate};
/// use serde::{Deserialize, Serialize};
///
/// define_state_machine!(door_seal, DoorState { Open, Shut });
/// define_typestate!(Door<S: DoorState> { number: u32 });
///
/// #[derive(Serialize, Deserialize, EventPayload)]
/// #[causeway(category = 1, type_id = 1)]
/// struct DoorShut {
///     number: u32,
/// }
///
/// impl Door<Open> {
///     fn shut(self) -> (Door<Shut>, Transition<Open, Shut, DoorShut>) {
///         let (number,) = self.into_data();
///         (Door::new(number), Transition::from_payload(DoorShut { number }))
///     }
/// }
///
/// let directory = tempfile::tempdir()?;
/// let store = Store::open(StoreConfig::new(directory.path()))?;
/// let (door, shut) = Door::<Open>::new(7).shut();
/// store.apply_transition(&Coordinate::new("door:7", "house")?, shut)?;
/// assert_eq!(*door.number(), 7); // and there is no `door.shut()` any more
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Transition<From: StateMarker, To: StateMarker, P: EventPayload> {
    payload: P,
    /// Functions, so that the change is as `Send` and `Sync` as its payload.
    states: PhantomData<fn(From) -> To>,
}

impl<From: StateMarker, To: StateMarker, P: EventPayload> Transition<From, To, P> {
    /// The change that this payload tells of.
    pub fn from_payload(payload: P) -> Self {
        Self { payload, states: PhantomData }
    }

    /// Kind of the event that it becomes.
    pub fn kind(&self) -> EventKind {
        P::KIND
    }

    /// The payload.
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// The payload alone.
    pub fn into_payload(self) -> P {
        self.payload
    }
}

/// Declares the states of a machine: `define_state_machine!(door_seal, DoorState { Open, Shut })`.
///
/// Makes a trait (`DoorState`) and an empty type for each state, which alone implement it; the first name is that of the module
/// which keeps other types out.
#[macro_export]
macro_rules! define_state_machine {
    ($seal_mod:ident, $trait_name:ident { $($state:ident),+ $(,)? }) => {
        mod $seal_mod {
            pub trait Sealed {}
        }

        #[doc = concat!("What the states of `", stringify!($trait_name), "` are.")]
        pub trait $trait_name: $seal_mod::Sealed + $crate::typestate::StateMarker {}

        $(
            #[doc = concat!("The state `", stringify!($state), "`.")]
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $state;

            impl $seal_mod::Sealed for $state {}
            impl $crate::__private::SealedState for $state {}
            impl $crate::typestate::StateMarker for $state {}
            impl $trait_name for $state {}
        )+
    };
}

/// Declares a value that is in a state: `define_typestate!(Door<S: DoorState> { number: u32 })`.
///
/// It has `new(number)`, `number(&self) -> &u32`, `data(&self) -> (&u32,)` and `into_data(self) -> (u32,)`. What it can do in which
/// state is said in `impl Door<Open>` and the like.
#[macro_export]
macro_rules! define_typestate {
    ($name:ident<$param:ident: $bound:ident> { $($field:ident: $ftype:ty),* $(,)? }) => {
        #[doc = concat!("A `", stringify!($name), "` in a state of `", stringify!($bound), "`.")]
        pub struct $name<$param: $bound> {
            $($field: $ftype,)*
            _state: ::core::marker::PhantomData<$param>,
        }

        #[allow(dead_code, clippy::too_many_arguments, clippy::unused_unit)]
        impl<$param: $bound> $name<$param> {
            /// A value in this state.
            pub fn new($($field: $ftype),*) -> Self {
                Self { $($field,)* _state: ::core::marker::PhantomData }
            }

            $(
                #[doc = concat!("Its `", stringify!($field), "`.")]
                pub fn $field(&self) -> &$ftype {
                    &self.$field
                }
            )*

            /// Its parts.
            pub fn data(&self) -> ($(&$ftype,)*) {
                ($(&self.$field,)*)
            }

            /// Its parts, without the state.
            pub fn into_data(self) -> ($($ftype,)*) {
                ($(self.$field,)*)
            }
        }
    };
}
