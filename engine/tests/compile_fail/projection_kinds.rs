//! Two events of one kind would reach both handlers.

use causeway::event::JsonValueInput;
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Counted;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct CountedToo;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
#[causeway(event = CountedToo, handler = tally_too)]
struct Count;

impl Count {
    fn tally(&mut self, _: &Counted) {}

    fn tally_too(&mut self, _: &CountedToo) {}
}

fn main() {}
