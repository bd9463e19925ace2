//! A projection has one input, and one handler for each of its events.
#![allow(unused_imports, reason = "the derive, which refuses, would use it")]

use causeway::event::JsonValueInput;
use causeway::{EventPayload, EventSourced};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Counted;

#[derive(Default, EventSourced)]
#[causeway(event = Counted, handler = tally)]
struct NoAttribute;

#[derive(Default, EventSourced)]
#[causeway(cache_version = 1)]
#[causeway(event = Counted, handler = tally)]
struct NoInput;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
struct TwoInputs;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
struct NoEvent;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted)]
struct NoHandler;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(handler = tally)]
struct HandlerWithoutEvent;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
#[causeway(event = Counted, handler = again)]
struct EventTwice;

#[derive(Default, EventSourced)]
#[causeway(input = JsonValueInput, colour = 1)]
#[causeway(event = Counted, handler = tally)]
struct UnknownKey;

fn main() {}
