//! A key is known, given once, and has a value of its sort.

use causeway::EventPayload;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1, colour = 7)]
struct UnknownKey;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1, category = 2)]
struct KeyTwice;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = "one", type_id = 1)]
struct Text;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = true)]
struct Truth;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = -1)]
struct Negative;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id)]
struct NoValue;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway]
struct NoKeys;

fn main() {}
