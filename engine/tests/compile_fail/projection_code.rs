//! What only the compiler can know: traits, methods and the values of kinds.

use causeway::event::JsonValueInput;
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Counted;

#[derive(EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
struct NoDefault;

impl NoDefault {
    fn tally(&mut self, _: &Counted) {}
}

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
struct NoSuchMethod;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
struct OtherParameter;

impl OtherParameter {
    fn tally(&mut self, _: &u8) {}
}

fn main() {}
