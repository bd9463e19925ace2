//! Reactors of several payload types, and their derive.

use std::fmt::Debug;

use causeway::event::{EventKind, JsonValueInput, MultiDispatchError, MultiReactive, RawMsgpackInput};

use super::*;

#[derive(Debug, PartialEq, Serialize, Deserialize, EventPayload)]
#[causeway(category = 1, type_id = 3)]
struct Shouted(String);

/// Takes payloads as JSON.
#[derive(MultiEventReactor)]
#[batpak(input = JsonValueInput, error = NoAnswer)]
#[batpak(event = Asked, handler = on_asked)]
#[batpak(event = Shouted, handler = on_shouted)]
struct Json {
    heard: Sender<String>,
}

/// Takes payloads as they are stored.
#[derive(MultiEventReactor)]
#[causeway(input = RawMsgpackInput, error = NoAnswer)]
#[causeway(event = Shouted, handler = on_shouted)]
#[causeway(event = Asked, handler = on_asked)]
struct Raw<T: Clone + Into<String>>(Sender<String>, T);

impl Json {
    fn on_asked(
        &mut self,
        event: &StoredEvent<Asked>,
        out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), NoAnswer> {
        hear(&self.heard, &event.event.payload, at_least_once);
        match event.event.payload.n {
            0 => Err(NoAnswer(0)),
            n => {
                answer(out, n);
                Ok(())
            }
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "handlers may fail")]
    fn on_shouted(
        &mut self,
        event: &StoredEvent<Shouted>,
        _out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), NoAnswer> {
        hear(&self.heard, &event.event.payload, at_least_once);
        Ok(())
    }
}

#[expect(clippy::unnecessary_wraps, reason = "handlers may fail")]
impl<T: Clone + Into<String>> Raw<T> {
    fn on_asked(
        &mut self,
        event: &StoredEvent<Asked>,
        _out: &mut ReactionBatch,
        at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), NoAnswer> {
        hear(&self.0, &event.event.payload, at_least_once);
        Ok(())
    }

    fn on_shouted(
        &mut self,
        event: &StoredEvent<Shouted>,
        _out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), NoAnswer> {
        self.0
            .send(format!("{} at {}: {:?}", self.1.clone().into(), event.coordinate, event.event.payload))
            .unwrap();
        Ok(())
    }
}

fn hear(heard: &Sender<String>, payload: &impl Debug, at_least_once: Option<&AtLeastOnce>) {
    let id = at_least_once.map(|witness| witness.checkpoint_id().as_str());
    heard.send(format!("{payload:?} for {id:?}")).unwrap();
}

fn ask_and_shout(f: &Fixture) {
    f.ask(1);
    f.store.append_typed(&at("a"), &Answered { n: 2 }).unwrap();
    f.store.append_typed(&at("a"), &Shouted("hello".to_owned())).unwrap();
}

#[test]
fn each_event_reaches_the_handler_of_its_type_and_others_reach_none() {
    let f = fixture();
    ask_and_shout(&f);
    let (heard, told) = channel();
    let config = ReactorConfig { checkpoint_id: Some(checkpoint("r")), ..ReactorConfig::default() };
    let reactor = f.store.react_loop_multi(&Region::entity("a"), config, Json { heard }).unwrap();
    assert_eq!(told.recv_timeout(LONG).unwrap(), "Asked { n: 1 } for Some(\"r\")");
    assert_eq!(told.recv_timeout(LONG).unwrap(), "Shouted(\"hello\") for Some(\"r\")");
    let answer = f.answers().next();
    assert_eq!((answer.event_kind(), answer.is_root_cause()), (Answered::KIND, false));
    reactor.stop_and_join().unwrap();
    assert!(told.recv().is_err());
}

#[test]
fn a_reactor_of_stored_bytes_sees_the_same_events() {
    let f = fixture();
    ask_and_shout(&f);
    let (heard, told) = channel();
    let reactor = Raw(heard, "she");
    let reactor =
        f.store.react_loop_multi_raw(&Region::entity("a"), ReactorConfig::default(), reactor).unwrap();
    assert_eq!(told.recv_timeout(LONG).unwrap(), "Asked { n: 1 } for None");
    assert_eq!(told.recv_timeout(LONG).unwrap(), "she at a@questions: Shouted(\"hello\")");
    reactor.stop_and_join().unwrap();
}

#[test]
fn the_kinds_of_a_derived_reactor_are_those_of_its_events() {
    assert_eq!(Json::relevant_event_kinds(), [Asked::KIND, Shouted::KIND]);
    assert_eq!(Raw::<String>::relevant_event_kinds(), [Shouted::KIND, Asked::KIND]);
}

#[test]
fn errors_of_handlers_and_of_decoding_end_a_reactor_of_several_types() {
    let f = fixture();
    let run = || {
        let (heard, _told) = channel();
        let config = ReactorConfig { checkpoint_id: Some(checkpoint("r")), ..ReactorConfig::default() };
        f.store.react_loop_multi(&Region::entity("a"), config, Json { heard }).unwrap().join()
    };
    f.ask_nonsense();
    assert!(matches!(run(), Err(ReactorError::Decode(_))));
    let f = fixture();
    f.ask(0);
    let (heard, _told) = channel();
    let reactor = f.store.react_loop_multi(&Region::entity("a"), ReactorConfig::default(), Json { heard });
    assert!(matches!(reactor.unwrap().join(), Err(ReactorError::User(NoAnswer(0)))));
}

#[test]
fn an_event_that_no_method_takes_is_passed_over() {
    let f = fixture();
    let receipt = f.store.append_typed(&at("a"), &Answered { n: 1 }).unwrap();
    let (heard, told) = channel();
    let (mut reactor, mut out) = (Json { heard }, ReactionBatch::default());
    reactor.dispatch(&f.store.get(receipt.event_id).unwrap(), &mut out, None).unwrap();
    drop(reactor);
    assert!(out.is_empty() && told.recv().is_err());
}

/// Declares a reactor whose handler has the name that it is given.
macro_rules! reactor {
    ($name:ident, $handler:ident) => {
        #[derive(MultiEventReactor)]
        #[causeway(input = JsonValueInput, error = NoAnswer)]
        #[causeway(event = Asked, handler = $handler)]
        struct $name;

        impl $name {
            fn $handler(
                &mut self,
                event: &StoredEvent<Asked>,
                _out: &mut ReactionBatch,
                _at_least_once: Option<&AtLeastOnce>,
            ) -> Result<(), NoAnswer> {
                Err(NoAnswer(event.event.payload.n))
            }
        }
    };
}

reactor!(Silent, refuse);

#[test]
fn a_macro_may_declare_a_reactor() {
    let f = fixture();
    f.ask(5);
    let reactor = f.store.react_loop_multi(&Region::entity("a"), ReactorConfig::default(), Silent).unwrap();
    assert!(matches!(reactor.join(), Err(ReactorError::User(NoAnswer(5)))));
}

/// Written by hand; takes every kind.
struct Any(Sender<EventKind>);

impl MultiReactive<RawMsgpackInput> for Any {
    type Error = NoAnswer;

    fn relevant_event_kinds() -> &'static [EventKind] {
        &[]
    }

    fn dispatch(
        &mut self,
        event: &StoredEvent<Vec<u8>>,
        _out: &mut ReactionBatch,
        _at_least_once: Option<&AtLeastOnce>,
    ) -> Result<(), MultiDispatchError<NoAnswer>> {
        self.0.send(event.event.event_kind()).unwrap();
        Ok(())
    }
}

#[test]
fn a_reactor_that_names_no_kind_gets_every_kind() {
    let f = fixture();
    ask_and_shout(&f);
    let (heard, told) = channel();
    let reactor = f.store.react_loop_multi_raw(&Region::all(), ReactorConfig::default(), Any(heard)).unwrap();
    let kinds: Vec<_> = (0..4).map(|_| told.recv_timeout(LONG).unwrap()).collect();
    assert_eq!(kinds, [EventKind::SYSTEM_OPEN_COMPLETED, Asked::KIND, Answered::KIND, Shouted::KIND]);
    reactor.stop_and_join().unwrap();
}
