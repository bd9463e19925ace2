//! A payload type that changes after events were stored: raise its version, keep the old shape, write one function.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use serde::{Deserialize, Serialize};

/// The program as it was.
mod last_year {
    use super::{Deserialize, EventKind, EventPayload, Serialize};

    /// Written out instead of derived, because two derived types of one kind in one program are a collision, and rightly so.
    #[derive(Serialize, Deserialize)]
    pub(super) struct Measured {
        pub(super) fahrenheit: f64,
    }

    impl EventPayload for Measured {
        const KIND: EventKind = EventKind::custom(0xC, 1);
    }
}

/// The type as it is today. A version above 1 without a way up from each version before it does not compile.
#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 0xC, type_id = 1, version = 2)]
#[causeway(from_version = 1, upcast = Measured::from_fahrenheit)]
struct Measured {
    celsius: f64,
    place: Option<String>,
}

/// The old shape: what version 1 stored. It is only read.
#[derive(Deserialize)]
struct MeasuredFahrenheit {
    fahrenheit: f64,
}

impl Measured {
    fn from_fahrenheit(MeasuredFahrenheit { fahrenheit }: MeasuredFahrenheit) -> Self {
        Self { celsius: (fahrenheit - 32.0) / 1.8, place: None }
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Measured, handler = measured)]
struct Hottest {
    celsius: f64,
}

impl Hottest {
    fn measured(&mut self, event: &Measured) {
        self.celsius = self.celsius.max(event.celsius);
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let sensor = Coordinate::new("sensor:1", "roof")?;
    let old = store.append_typed(&sensor, &last_year::Measured { fahrenheit: 86.0 })?;
    store.append_typed(&sensor, &Measured { celsius: 21.0, place: Some("roof".to_owned()) })?;

    // Stored events stay as they are; each is brought up when it is decoded.
    let stored = store.get(old.event_id)?;
    println!("version {} stored {}", stored.event.header.payload_version, stored.event.payload);
    let measured: Measured = stored.event.decode_typed()?;
    println!("today that is {measured:?}");
    assert_eq!(measured, Measured { celsius: 30.0, place: None });

    // Projections do not notice.
    let hottest = store.project::<Hottest>("sensor:1", &Freshness::Consistent)?;
    assert_eq!(hottest, Some(Hottest { celsius: 30.0 }));

    // A program that is older than an event says so, and guesses nothing.
    let newest = store.get(EventId::from(store.by_entity("sensor:1")[1].event_id()))?;
    let Err(error) = newest.event.decode_typed::<last_year::Measured>() else {
        return Err("the old program cannot know version 2".into());
    };
    println!("the program of last year: {error}");
    assert!(matches!(error, TypedDecodeError::FutureVersion { stored: 2, known: 1, .. }));
    Ok(())
}
