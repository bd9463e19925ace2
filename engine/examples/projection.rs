//! A state derived from events: the balance of an account, folded by handlers, asked for again only when something happened.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use causeway::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x4, type_id = 1)]
struct Deposited {
    cents: i64,
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0x4, type_id = 2)]
struct Withdrawn {
    cents: i64,
}

/// The fold starts at `Default` and hands each event to the handler of its payload type. Events of other kinds are not even read.
#[derive(Debug, Default, PartialEq, Serialize, Deserialize, EventSourced)]
#[causeway(input = RawMsgpackInput)]
#[causeway(event = Deposited, handler = deposited)]
#[causeway(event = Withdrawn, handler = withdrawn)]
struct Account {
    cents: i64,
    movements: u32,
}

impl Account {
    fn deposited(&mut self, event: &Deposited) {
        self.move_by(event.cents);
    }

    fn withdrawn(&mut self, event: &Withdrawn) {
        self.move_by(-event.cents);
    }

    fn move_by(&mut self, cents: i64) {
        self.cents += cents;
        self.movements += 1;
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = tempfile::tempdir()?;
    let store = Store::open(StoreConfig::new(directory.path()))?;
    let account = Coordinate::new("account:1", "bank")?;
    store.append_typed(&account, &Deposited { cents: 1_000 })?;
    store.append_typed(&account, &Withdrawn { cents: 250 })?;

    // The store remembers the state: the next call folds only what came since.
    let state = store.project::<Account>("account:1", &Freshness::Consistent)?;
    println!("{state:?}");
    assert_eq!(state, Some(Account { cents: 750, movements: 2 }));

    // No events, no state. That is something else than an empty one.
    assert_eq!(store.project::<Account>("account:2", &Freshness::Consistent)?, None);

    // Poll by generation: the number of events of the entity. Nothing is folded while it stays the same.
    let consistent = Freshness::Consistent;
    let Some((generation, _)) = store.project_if_changed::<Account>("account:1", 0, &consistent)? else {
        return Err("two events came since generation 0".into());
    };
    assert_eq!(generation, 2);
    assert_eq!(store.project_if_changed::<Account>("account:1", generation, &consistent)?, None);
    store.append_typed(&account, &Deposited { cents: 1 })?;
    let changed = store.project_if_changed::<Account>("account:1", generation, &consistent)?;
    println!("since generation {generation}: {changed:?}");
    assert_eq!(changed, Some((3, Some(Account { cents: 751, movements: 3 }))));
    Ok(())
}
