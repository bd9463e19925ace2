//! A payload needs a kind, whole and free.

use causeway::EventPayload;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
struct NoKind;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(type_id = 1)]
struct NoCategory;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1)]
struct NoTypeId;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 0, type_id = 1)]
struct OfTheStore;

#[derive(Serialize, Deserialize, EventPayload)]
#[batpak(category = 0xD, type_id = 1)]
struct OfEffects;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 16, type_id = 1)]
struct CategoryTooLarge;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 0x1000)]
struct TypeIdTooLarge;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
#[batpak(category = 1, type_id = 1)]
struct TwoKinds;

fn main() {}
