//! A reactor has one input, one error, and one handler for each of its events.

use causeway::event::{JsonValueInput, StoredEvent};
use causeway::store::{AtLeastOnce, ReactionBatch, StoreError};
use causeway::{EventPayload, MultiEventReactor};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct Counted;

#[derive(Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 1)]
struct CountedToo;

#[derive(MultiEventReactor)]
#[causeway(event = Counted, handler = tally)]
struct NoSettings;

#[derive(MultiEventReactor)]
#[causeway(error = StoreError)]
#[causeway(event = Counted, handler = tally)]
struct NoInput;

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput)]
#[causeway(event = Counted, handler = tally)]
struct NoError;

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput, error = StoreError)]
struct NoEvent;

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput, error = StoreError)]
#[causeway(event = Counted, handler = tally)]
struct NoSuchMethod;

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput, error = StoreError)]
#[causeway(event = Counted, handler = tally)]
#[causeway(event = CountedToo, handler = tally_too)]
struct OneKindTwice;

impl OneKindTwice {
    fn tally(
        &mut self,
        _: &StoredEvent<Counted>,
        _: &mut ReactionBatch,
        _: Option<&AtLeastOnce>,
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn tally_too(
        &mut self,
        _: &StoredEvent<CountedToo>,
        _: &mut ReactionBatch,
        _: Option<&AtLeastOnce>,
    ) -> Result<(), StoreError> {
        Ok(())
    }
}

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput, error = StoreError)]
#[causeway(event = Counted, handler = tally)]
struct OtherParameter;

impl OtherParameter {
    fn tally(&mut self, _: &Counted, _: &mut ReactionBatch, _: Option<&AtLeastOnce>) -> Result<(), StoreError> {
        Ok(())
    }
}

#[derive(MultiEventReactor)]
#[causeway(input = JsonValueInput, error = StoreError)]
#[causeway(event = Counted, handler = tally)]
struct OtherError;

impl OtherError {
    fn tally(
        &mut self,
        _: &StoredEvent<Counted>,
        _: &mut ReactionBatch,
        _: Option<&AtLeastOnce>,
    ) -> Result<(), String> {
        Ok(())
    }
}

fn main() {}
