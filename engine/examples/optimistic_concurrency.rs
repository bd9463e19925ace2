//! Two writers, one stream: decide on what you read, append only if it still holds, decide anew if not. And retry without fear.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::id::{EntityIdType, IdempotencyKey};
use causeway::prelude::*;
use causeway::store::StreamState;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x2, type_id = 1)]
struct SeatReserved {
    guest: String,
}

#[derive(Default, Serialize, Deserialize, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = SeatReserved, handler = reserved)]
struct Hall {
    guests: Vec<String>,
}

impl Hall {
    const SEATS: usize = 2;

    fn reserved(&mut self, event: &SeatReserved) {
        self.guests.push(event.guest.clone());
    }
}

/// Reserves a seat if one is left. `None` if the hall is full.
///
/// The loop ends: each turn that fails means that somebody else came through.
fn reserve(
    store: &Store,
    hall: &Coordinate,
    guest: &str,
    mut before_append: impl FnMut() -> Result<(), StoreError>,
) -> Result<Option<AppendReceipt>, StoreError> {
    loop {
        // What was read, and up to where.
        let outcome = store.projection::<Hall>(hall.entity(), &Freshness::Consistent)?;
        let taken = outcome.state.map_or(0, |hall| hall.guests.len());
        if taken >= Hall::SEATS {
            return Ok(None);
        }
        let expected = match outcome.generation.checked_sub(1) {
            None => StreamState::NoStream,
            Some(last) => StreamState::Exactly(u32::try_from(last).unwrap_or(u32::MAX)),
        };
        before_append()?;
        let options = AppendOptions::new().with_expected_state(expected);
        let reserved = SeatReserved { guest: guest.to_owned() };
        match store.append_typed_with_options(hall, &reserved, options) {
            Ok(receipt) => return Ok(Some(receipt)),
            Err(StoreError::StreamStateMismatch { expected, actual, .. }) => {
                println!("{guest}: expected the stream {expected}, but it is at {actual:?}: once more");
            }
            Err(error) => return Err(error),
        }
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let hall = Coordinate::new("hall:1", "opera")?;

    // While Ada's program decides, Grace's reserves: Ada's append is refused, and its second turn sees Grace.
    let mut turns = 0;
    let ada = reserve(&store, &hall, "Ada", || {
        turns += 1;
        if turns == 1 {
            reserve(&store, &hall, "Grace", || Ok(()))?;
        }
        Ok(())
    })?;
    assert_eq!((turns, ada.map(|receipt| receipt.stream_sequence())), (2, Some(1)));
    assert!(reserve(&store, &hall, "Barbara", || Ok(()))?.is_none());

    // A retry after a lost answer: with a key, the same event twice is one event, and the second answer is the first.
    // Keys come before expectations, so that a retry of an append that succeeded is not refused for having succeeded.
    let order = Coordinate::new("hall:2", "opera")?;
    let once = AppendOptions::new()
        .with_expected_state(StreamState::NoStream)
        .with_idempotency(IdempotencyKey::now_v7());
    let reserved = SeatReserved { guest: "Ada".to_owned() };
    let first = store.append_typed_with_options(&order, &reserved, once.clone())?;
    let again = store.append_typed_with_options(&order, &reserved, once.clone())?;
    println!("appended once, answered twice: sequence {} and {}", first.sequence, again.sequence);
    assert_eq!((first.sequence, first.event_id), (again.sequence, again.event_id));
    assert_eq!(store.by_entity("hall:2").len(), 1);

    // The same key for something else is a mistake, and is told.
    let other = store.append_typed_with_options(&hall, &reserved, once);
    assert!(matches!(other, Err(StoreError::IdempotencyConflict { .. })));
    Ok(())
}
