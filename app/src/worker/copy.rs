//! Owns the whole payload of an event as text that can be copied: exactly what is stored, however much of it the screen shows.

use causeway::store::StoreError;
use serde_json::Value;

use crate::worker::decode::decode;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::protocol::{CopyForm, Failure};

/// A clipboard is no place for more.
const COPIED_BYTES_MAX: usize = 16 * 1024 * 1024;

/// The payload of the event at `sequence`, and what the copy is called.
pub(crate) fn payload(
    handle: &Handle,
    sequence: u64,
    form: CopyForm,
) -> Result<(String, &'static str), Failure> {
    let event = handle.event_at(sequence).map_err(|error: StoreError| failure::of(&error))?;
    let payload = &event.raw.payload;
    if payload.len() > COPIED_BYTES_MAX {
        let size = payload.len();
        let mut refused = failure::refused(format!("{size} bytes are too much for the clipboard."));
        "`causeway dump` prints it, with every other event, into a file.".clone_into(&mut refused.advice);
        return Err(refused);
    }
    match form {
        CopyForm::Hex => Ok((digits(payload), "bytes")),
        CopyForm::Text => match decode(event.raw.payload_form, payload, usize::MAX) {
            Ok(decoded) => Ok((spelled(decoded.decoder, decoded.value), "payload")),
            Err(_) => Err(failure::refused("No decoder understands the payload; its bytes can be copied.")),
        },
    }
}

fn digits(bytes: &[u8]) -> String {
    let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// A text is copied as it is, any other value as JSON.
fn spelled(decoder: &str, value: Value) -> String {
    match value {
        Value::String(text) if decoder == "Text" => text,
        value => serde_json::to_string_pretty(&value).unwrap_or_else(|_| value.to_string()),
    }
}
