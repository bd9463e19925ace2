//! Owns how stored bytes become a value that a person can read: one decoder after the other, and why each gave up.
//!
//! Never decodes more than was asked for: a payload may be as large as a frame can be.

use causeway::encoding::{self, DecodeError};
use serde_json::Value;

use crate::worker::caught::caught;
use crate::worker::cbor;
use crate::worker::protocol::{Decoded, Undecoded};

/// A decoder: its name, and how it turns the first bytes of a payload into a value, with whether that is all.
type Decoder = (&'static str, fn(&[u8], usize) -> Result<(Value, bool), String>);

/// Decoders, the likeliest first.
const DECODERS: [Decoder; 4] =
    [("MessagePack", message_pack), ("JSON", json), ("CBOR", cbor_whole), ("Text", text)];

/// The first `most_bytes` of a payload as a value, by the first decoder that understands it.
pub(crate) fn decode(form: u8, payload: &[u8], most_bytes: usize) -> Result<Decoded, Vec<Undecoded>> {
    if form != 0 {
        let reason = format!("the payload has form {form}, which this version does not know");
        return Err(vec![Undecoded { decoder: "Any", reason }]);
    }
    first_of(&DECODERS, payload, most_bytes)
}

/// A decoder that panics is one that gave up: no payload ends the program.
fn first_of(decoders: &[Decoder], payload: &[u8], most_bytes: usize) -> Result<Decoded, Vec<Undecoded>> {
    let mut tried = Vec::new();
    for &(decoder, decode) in decoders {
        let outcome = caught(|| decode(payload, most_bytes))
            .unwrap_or_else(|said| Err(format!("the decoder failed unexpectedly: {said}")));
        match outcome {
            Ok((value, complete)) => return Ok(Decoded { value, decoder, complete, tried }),
            Err(reason) => tried.push(Undecoded { decoder, reason }),
        }
    }
    Err(tried)
}

fn message_pack(payload: &[u8], most_bytes: usize) -> Result<(Value, bool), String> {
    encoding::to_json_head(payload, most_bytes).map_err(|error: DecodeError| error.to_string())
}

/// JSON is read as a whole or not at all: half of it is no value.
fn json(payload: &[u8], most_bytes: usize) -> Result<(Value, bool), String> {
    if payload.len() > most_bytes {
        return Err(format!("{} bytes are more than this decoder reads", payload.len()));
    }
    serde_json::from_slice(payload).map(|value| (value, true)).map_err(|error| error.to_string())
}

/// CBOR is read as a whole or not at all, as JSON is.
fn cbor_whole(payload: &[u8], most_bytes: usize) -> Result<(Value, bool), String> {
    if payload.len() > most_bytes {
        return Err(format!("{} bytes are more than this decoder reads", payload.len()));
    }
    cbor::decode(payload).map(|value| (value, true))
}

/// Text without control characters but those of lines; bytes that only happen to be UTF-8 have some.
fn text(payload: &[u8], most_bytes: usize) -> Result<(Value, bool), String> {
    let head = payload.get(..most_bytes).unwrap_or(payload);
    let complete = head.len() == payload.len();
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) if !complete && error.error_len().is_none() => {
            std::str::from_utf8(&head[..error.valid_up_to()]).map_err(|error| error.to_string())?
        }
        Err(error) => return Err(format!("byte {} is not UTF-8", error.valid_up_to())),
    };
    match valid.char_indices().find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Some((at, _)) => Err(format!("byte {at} is a control character")),
        None if valid.is_empty() => Err("there are no bytes".to_owned()),
        None => Ok((Value::String(valid.to_owned()), complete)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn decoder(payload: &[u8]) -> Option<&'static str> {
        decode(0, payload, 1 << 16).ok().map(|decoded| decoded.decoder)
    }

    #[test]
    fn the_first_decoder_that_understands_a_payload_is_named() {
        let packed = encoding::to_bytes(&json!({"a": 1})).unwrap();
        assert_eq!(decoder(&packed), Some("MessagePack"));
        assert_eq!(decoder(b"{\"a\": 1}"), Some("JSON"));
        assert_eq!(decoder(&[0xa1, 0x61, 0x61, 0x81, 0xf5]), Some("CBOR"));
        assert_eq!(decoder("Grüße,\nIhr Shop".as_bytes()), Some("Text"));
    }

    #[test]
    fn a_payload_that_nobody_understands_has_a_reason_from_each_decoder() {
        let tried = decode(0, &[0xc1, 0, 0xff], 1 << 16).unwrap_err();
        let said: Vec<_> = tried.iter().map(|tried| (tried.decoder, tried.reason.as_str())).collect();
        assert_eq!(
            said,
            [
                ("MessagePack", "byte 0 does not begin a MessagePack value"),
                ("JSON", "expected value at line 1 column 1"),
                ("CBOR", "it is neither a map nor an array"),
                ("Text", "byte 0 is not UTF-8"),
            ]
        );
        assert_eq!(decode(7, &[0x80], 1).unwrap_err()[0].decoder, "Any");
        assert!(decode(0, &[], 1).is_err());
    }

    #[test]
    fn a_decoder_that_panics_gave_up_and_the_next_one_is_asked() {
        let broken: Decoder = ("Broken", |payload, _| panic!("{} bytes are too many", payload.len()));
        assert_eq!(first_of(&[broken, ("Text", text)], b"abc", 10).unwrap().decoder, "Text");
        let tried = first_of(&[broken], b"abc", 10).unwrap_err();
        assert_eq!(tried[0].reason, "the decoder failed unexpectedly: 3 bytes are too many");
    }

    #[test]
    fn only_the_beginning_of_a_large_payload_is_decoded() {
        let packed = encoding::to_bytes(&json!({"text": "x".repeat(1_000_000)})).unwrap();
        let decoded = decode(0, &packed, 1_000).unwrap();
        assert!(!decoded.complete && decoded.value["text"].as_str().unwrap().len() < 1_000);
        let decoded = decode(0, "ß".repeat(1_000).as_bytes(), 101).unwrap();
        assert_eq!((decoded.complete, decoded.value), (false, json!("ß".repeat(50))));
    }
}
