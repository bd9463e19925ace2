//! Owns the events of the benchmark: the same for every engine, and the same again for the same seed.
//!
//! Entities follow Zipf's law, so that one of them is hot; five events in a row make a flow, each the cause of the next.

use causeway_tests::random::Random;
use serde::{Deserialize, Serialize};

/// Different entities.
pub(crate) const ENTITIES: usize = 10_000;
/// Different scopes.
pub(crate) const SCOPES: usize = 16;
/// Different kinds.
pub(crate) const KINDS: u16 = 8;
/// Events of one flow.
pub(crate) const FLOW: usize = 5;
/// Size of each encoded payload in bytes.
pub(crate) const PAYLOAD_BYTES: usize = 195;

/// A payload: a little order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) number: u64,
    pub(crate) cents: u32,
    pub(crate) note: String,
}

/// One event to append.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Index of the entity; 0 is the hottest.
    pub(crate) entity: usize,
    /// Type within the kind's category.
    pub(crate) kind: u16,
    /// Correlation of the flow that the event belongs to.
    pub(crate) flow: u128,
    pub(crate) order: Order,
}

/// Everything that is appended.
#[derive(Debug)]
pub(crate) struct Workload {
    pub(crate) events: Vec<Planned>,
}

impl Workload {
    pub(crate) fn new(seed: u64, events: usize) -> Self {
        let mut random = Random::new(seed);
        let zipf = cumulative_zipf();
        let mut flow = 0;
        let event = |place: usize| {
            if place.is_multiple_of(FLOW) {
                flow = (u128::from(random.number()) << 64) | u128::from(random.number());
            }
            let point = random.fraction() * zipf[ENTITIES - 1];
            Planned {
                entity: zipf.partition_point(|sum| *sum < point).min(ENTITIES - 1),
                kind: (random.below(u64::from(KINDS)) + 1) as u16,
                flow,
                order: order(&mut random),
            }
        };
        Self { events: (0..events).map(event).collect() }
    }

    /// Name of an entity.
    pub(crate) fn entity(index: usize) -> String {
        format!("order:{index:05}")
    }

    /// Name of the scope that an entity's events belong to.
    pub(crate) fn scope(index: usize) -> String {
        format!("shop-{:02}", index % SCOPES)
    }
}

/// Fields of fixed size, so that every payload is as long as the others.
fn order(random: &mut Random) -> Order {
    let number = u64::MAX / 2 + random.below(u64::MAX / 2);
    let cents = 100_000 + random.below(900_000) as u32;
    let letter = |random: &mut Random| char::from(b'a' + random.below(26) as u8);
    Order { number, cents, note: (0..160).map(|_| letter(random)).collect() }
}

fn cumulative_zipf() -> Vec<f64> {
    let mut sum = 0.0;
    let next = |rank: usize| {
        sum += 1.0 / rank as f64;
        sum
    };
    (1..=ENTITIES).map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_events() {
        let events = |seed| format!("{:?}", Workload::new(seed, 500).events);
        assert_eq!(events(7), events(7));
        assert_ne!(events(7), events(8));
    }

    #[test]
    fn the_hottest_entity_has_a_tenth_of_the_events_and_flows_have_five() {
        let workload = Workload::new(1, 20_000);
        let hot = workload.events.iter().filter(|event| event.entity == 0).count();
        assert!((1_800..2_300).contains(&hot), "{hot}");
        for flow in workload.events.chunks(FLOW) {
            assert!(flow.iter().all(|event| event.flow == flow[0].flow));
        }
        assert_ne!(workload.events[0].flow, workload.events[FLOW].flow);
    }
}
