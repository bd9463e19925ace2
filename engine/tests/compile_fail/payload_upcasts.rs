//! One function leads on from each version, and only from those that there are.

use causeway::EventPayload;
use serde::{Deserialize, Serialize};

fn keep(text: String) -> String {
    text
}

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1, version = 2)]
struct NoUpcast;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 2, version = 3)]
#[causeway(from_version = 1, upcast = keep)]
struct Hole;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 3, version = 2)]
#[causeway(from_version = 1, upcast = keep)]
#[causeway(from_version = 1, upcast = keep)]
struct TwoOfOneStep;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 4, version = 2)]
#[causeway(from_version = 2, upcast = keep)]
struct FromItself;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 5, version = 2)]
#[causeway(upcast = keep)]
struct FromNowhere;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 6, version = 2)]
#[causeway(from_version = 1, upcast = 3)]
struct NoFunction;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 7, version = 2)]
#[causeway(from_version = 1, upcast = keep)]
struct AnotherType;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 8, version = 2)]
#[causeway(from_version = 1, try_upcast = keep)]
struct NoResult;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 9, version = 2)]
#[causeway(from_version = 1, upcast = keep, try_upcast = keep)]
struct TwoFunctions;

fn main() {}
