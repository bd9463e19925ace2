//! Owns the payload encoding: MessagePack with named fields, and a bounded decoder of it into JSON values.
//!
//! Invariants:
//! - decoding uses an explicit stack and a budget: no input makes it recurse, loop or allocate more than its own size suggests;
//! - whatever MessagePack can hold, the JSON view shows: integer keys as text, byte strings as arrays of numbers.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Number, Value};
use thiserror::Error;

use rmp::Marker;

/// Deepest nesting that the decoder follows.
pub const MAX_DEPTH: usize = 128;
/// Most values that one payload may hold.
pub const MAX_NODES: usize = 1_000_000;

/// Why bytes are not a payload that can be shown as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The bytes end inside a value.
    #[error("the payload ends inside a value at byte {offset}")]
    Truncated {
        /// Where the value begins.
        offset: usize,
    },
    /// A byte that begins no MessagePack value.
    #[error("byte {offset} does not begin a MessagePack value")]
    Marker {
        /// Where the byte lies.
        offset: usize,
    },
    /// A text that is not UTF-8.
    #[error("the text at byte {offset} is not UTF-8")]
    Utf8 {
        /// Where the text begins.
        offset: usize,
    },
    /// A map key that is a map or an array.
    #[error("the map key at byte {offset} is not a text or a number")]
    Key {
        /// Where the key begins.
        offset: usize,
    },
    /// More than [`MAX_DEPTH`] levels or [`MAX_NODES`] values.
    #[error("the payload is deeper than {MAX_DEPTH} levels or has more than {MAX_NODES} values")]
    TooComplex,
    /// Bytes after the value.
    #[error("{count} bytes follow the payload's value")]
    Trailing {
        /// How many.
        count: usize,
    },
}

/// Encodes a value as MessagePack with named fields: the bytes that the store keeps and hashes.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, rmp_serde::encode::Error> {
    rmp_serde::to_vec_named(value)
}

/// Decodes a value from MessagePack.
pub fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, rmp_serde::decode::Error> {
    rmp_serde::from_slice(bytes)
}

/// Shows MessagePack bytes as a JSON value.
///
/// Integer and boolean keys become text, byte strings arrays of numbers, numbers that JSON lacks (NaN, infinities) `null`, and
/// extension values `{"$ext": type, "$bytes": [..]}`.
pub fn to_json(bytes: &[u8]) -> Result<Value, DecodeError> {
    to_json_head(bytes, usize::MAX).map(|(value, _)| value)
}

/// Shows the first `most_bytes` of a payload as a JSON value, and says whether that is all of it: containers end there, and a text is
/// cut at a character. What follows is not looked at.
///
/// ```
/// use causeway::encoding::{to_bytes, to_json_head};
/// let bytes = to_bytes(&serde_json::json!(["a", "b", "ccccc"])).unwrap();
/// assert_eq!(to_json_head(&bytes, 5), Ok((serde_json::json!(["a", "b"]), false)));
/// ```
pub fn to_json_head(bytes: &[u8], most_bytes: usize) -> Result<(Value, bool), DecodeError> {
    let mut decoder = Decoder { bytes, at: 0, nodes: 0, most_bytes, cut: false };
    let value = decoder.value()?;
    match bytes.len() - decoder.at {
        0 => Ok((value, !decoder.cut)),
        _ if decoder.cut => Ok((value, false)),
        count => Err(DecodeError::Trailing { count }),
    }
}

struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
    nodes: usize,
    /// Nothing that begins behind so many bytes is decoded.
    most_bytes: usize,
    /// Something was left out.
    cut: bool,
}

/// A container that is being filled.
enum Frame {
    Array { items: Vec<Value>, left: usize },
    Map { entries: Map<String, Value>, key: Option<String>, left: usize },
}

/// One step of the decoder: a finished value, or a container to fill.
enum Step {
    Value(Value),
    Open(Frame),
}

impl<'a> Decoder<'a> {
    fn value(&mut self) -> Result<Value, DecodeError> {
        let mut stack: Vec<Frame> = Vec::new();
        loop {
            if let Some(Frame::Map { key, .. }) = stack.last_mut() {
                *key = Some(self.read_key()?);
            }
            let mut done = match self.step()? {
                Step::Value(value) => value,
                Step::Open(frame) if frame.left() == 0 => frame.finish(),
                Step::Open(frame) => {
                    if stack.len() >= MAX_DEPTH {
                        return Err(DecodeError::TooComplex);
                    }
                    stack.push(frame);
                    continue;
                }
            };
            loop {
                let Some(mut parent) = stack.pop() else { return Ok(done) };
                parent.take(done);
                let room = self.at < self.most_bytes;
                self.cut |= parent.left() > 0 && !room;
                if parent.left() > 0 && room {
                    stack.push(parent);
                    break;
                }
                done = parent.finish();
            }
        }
    }

    /// Reads the key that stands before the next value of a map.
    fn read_key(&mut self) -> Result<String, DecodeError> {
        let offset = self.at;
        match self.step()? {
            Step::Value(Value::String(text)) => Ok(text),
            Step::Value(Value::Number(number)) => Ok(number.to_string()),
            Step::Value(Value::Bool(flag)) => Ok(flag.to_string()),
            Step::Value(Value::Null | Value::Array(_) | Value::Object(_)) | Step::Open(_) => {
                Err(DecodeError::Key { offset })
            }
        }
    }

    fn step(&mut self) -> Result<Step, DecodeError> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(DecodeError::TooComplex);
        }
        let offset = self.at;
        let marker = Marker::from_u8(self.take(1)?.first().copied().unwrap_or_default());
        let value = match marker {
            Marker::Null => Value::Null,
            Marker::True => Value::Bool(true),
            Marker::False => Value::Bool(false),
            Marker::FixPos(number) => number.into(),
            Marker::FixNeg(number) => number.into(),
            Marker::U8 => self.unsigned(1)?.into(),
            Marker::U16 => self.unsigned(2)?.into(),
            Marker::U32 => self.unsigned(4)?.into(),
            Marker::U64 => self.unsigned(8)?.into(),
            Marker::I8 => (self.unsigned(1)? as u8).cast_signed().into(),
            Marker::I16 => (self.unsigned(2)? as u16).cast_signed().into(),
            Marker::I32 => (self.unsigned(4)? as u32).cast_signed().into(),
            Marker::I64 => self.unsigned(8)?.cast_signed().into(),
            Marker::F32 => number(f64::from(f32::from_bits(self.unsigned(4)? as u32))),
            Marker::F64 => number(f64::from_bits(self.unsigned(8)?)),
            Marker::FixStr(len) => self.text(offset, usize::from(len))?,
            Marker::Str8 => self.sized_text(offset, 1)?,
            Marker::Str16 => self.sized_text(offset, 2)?,
            Marker::Str32 => self.sized_text(offset, 4)?,
            Marker::Bin8 => self.sized_binary(1)?,
            Marker::Bin16 => self.sized_binary(2)?,
            Marker::Bin32 => self.sized_binary(4)?,
            Marker::FixArray(len) => return self.array(usize::from(len)),
            Marker::Array16 => return self.sized_array(2),
            Marker::Array32 => return self.sized_array(4),
            Marker::FixMap(len) => return self.map(usize::from(len)),
            Marker::Map16 => return self.sized_map(2),
            Marker::Map32 => return self.sized_map(4),
            Marker::FixExt1 => self.extension(1)?,
            Marker::FixExt2 => self.extension(2)?,
            Marker::FixExt4 => self.extension(4)?,
            Marker::FixExt8 => self.extension(8)?,
            Marker::FixExt16 => self.extension(16)?,
            Marker::Ext8 => self.sized_extension(1)?,
            Marker::Ext16 => self.sized_extension(2)?,
            Marker::Ext32 => self.sized_extension(4)?,
            Marker::Reserved => return Err(DecodeError::Marker { offset }),
        };
        Ok(Step::Value(value))
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(len).ok_or(DecodeError::Truncated { offset: self.at })?;
        let taken = self.bytes.get(self.at..end).ok_or(DecodeError::Truncated { offset: self.at })?;
        self.at = end;
        Ok(taken)
    }

    /// A big-endian number of `len` bytes.
    fn unsigned(&mut self, len: usize) -> Result<u64, DecodeError> {
        Ok(self.take(len)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn length(&mut self, len: usize) -> Result<usize, DecodeError> {
        Ok(self.unsigned(len)? as usize)
    }

    fn text(&mut self, offset: usize, len: usize) -> Result<Value, DecodeError> {
        let text = self.take(len)?;
        let shown = text.get(..self.most_bytes.saturating_sub(offset)).unwrap_or(text);
        self.cut |= shown.len() < text.len();
        let shown = match std::str::from_utf8(shown) {
            Ok(shown) => shown,
            // The cut may lie within a character.
            Err(error) if error.error_len().is_none() && shown.len() < text.len() => {
                std::str::from_utf8(&shown[..error.valid_up_to()])
                    .map_err(|_| DecodeError::Utf8 { offset })?
            }
            Err(_) => return Err(DecodeError::Utf8 { offset }),
        };
        Ok(Value::String(shown.to_owned()))
    }

    fn sized_text(&mut self, offset: usize, size: usize) -> Result<Value, DecodeError> {
        let len = self.length(size)?;
        self.text(offset, len)
    }

    fn binary(&mut self, len: usize) -> Result<Value, DecodeError> {
        let whole = self.take(len)?;
        let bytes = whole.get(..self.most_bytes.saturating_sub(self.at - len)).unwrap_or(whole);
        self.cut |= bytes.len() < whole.len();
        self.nodes += bytes.len();
        if self.nodes > MAX_NODES {
            return Err(DecodeError::TooComplex);
        }
        Ok(bytes.iter().copied().map(Value::from).collect())
    }

    fn sized_binary(&mut self, size: usize) -> Result<Value, DecodeError> {
        let len = self.length(size)?;
        self.binary(len)
    }

    fn extension(&mut self, len: usize) -> Result<Value, DecodeError> {
        let type_id = (self.unsigned(1)? as u8).cast_signed();
        let bytes = self.binary(len)?;
        Ok(Value::Object(Map::from_iter([("$ext".to_owned(), type_id.into()), ("$bytes".to_owned(), bytes)])))
    }

    fn sized_extension(&mut self, size: usize) -> Result<Value, DecodeError> {
        let len = self.length(size)?;
        self.extension(len)
    }

    fn array(&self, len: usize) -> Result<Step, DecodeError> {
        self.check_room(len)?;
        Ok(Step::Open(Frame::Array { items: Vec::new(), left: len }))
    }

    fn sized_array(&mut self, size: usize) -> Result<Step, DecodeError> {
        let len = self.length(size)?;
        self.array(len)
    }

    fn map(&self, len: usize) -> Result<Step, DecodeError> {
        self.check_room(len.saturating_mul(2))?;
        Ok(Step::Open(Frame::Map { entries: Map::new(), key: None, left: len }))
    }

    fn sized_map(&mut self, size: usize) -> Result<Step, DecodeError> {
        let len = self.length(size)?;
        self.map(len)
    }

    /// Every value takes at least a byte, so a length that exceeds the rest lies.
    fn check_room(&self, values: usize) -> Result<(), DecodeError> {
        if values > self.bytes.len() - self.at {
            return Err(DecodeError::Truncated { offset: self.at });
        }
        Ok(())
    }
}

impl Frame {
    fn left(&self) -> usize {
        match self {
            Self::Array { left, .. } | Self::Map { left, .. } => *left,
        }
    }

    fn take(&mut self, value: Value) {
        match self {
            Self::Array { items, left } => {
                items.push(value);
                *left -= 1;
            }
            Self::Map { entries, key, left } => {
                entries.insert(key.take().unwrap_or_default(), value);
                *left -= 1;
            }
        }
    }

    fn finish(self) -> Value {
        match self {
            Self::Array { items, .. } => Value::Array(items),
            Self::Map { entries, .. } => Value::Object(entries),
        }
    }
}

fn number(value: f64) -> Value {
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(bytes: &[u8], expected: &Result<Value, DecodeError>) {
        assert_eq!(&to_json(bytes), expected, "{bytes:02x?}");
    }

    #[test]
    fn every_json_value_survives_encoding_and_decoding() {
        for value in [
            json!(null),
            json!([]),
            json!({}),
            json!({"a": [1, -1, 1.5, true, null, "ß", {"b": []}], "z": {"y": {}}}),
            json!([u64::MAX, i64::MIN, -33, 128, 65_536]),
        ] {
            check(&to_bytes(&value).expect("JSON encodes"), &Ok(value));
        }
    }

    #[test]
    fn the_head_of_a_payload_is_cut_at_a_character_and_between_the_values_of_a_container() {
        let head = |value: &Value, most| to_json_head(&to_bytes(value).expect("JSON encodes"), most);
        assert_eq!(head(&json!({"a": "ßßß", "b": 1}), 6), Ok((json!({"a": "ß"}), false)));
        assert_eq!(head(&json!([[1, 2], 3]), 3), Ok((json!([[1]]), false)));
        assert_eq!(head(&json!([[1, 2], 3]), 100), Ok((json!([[1, 2], 3]), true)));
        let large = json!((0..100_000).collect::<Vec<u32>>());
        let (value, all) = head(&large, 1_000).expect("the beginning is good");
        assert!(!all && value.as_array().is_some_and(|items| items.len() < 1_000));
        assert_eq!(to_json_head(&[0xc4, 3, 1, 2, 3], 3), Ok((json!([1]), false)));
        assert_eq!(to_json_head(&[0xa2, 0xff, 0xff], 2), Err(DecodeError::Utf8 { offset: 0 }));
    }

    #[test]
    fn what_json_lacks_is_shown_and_not_refused() {
        check(&[0x81, 0x07, 0xc4, 0x02, 0x00, 0xff], &Ok(json!({"7": [0, 255]})));
        check(&[0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], &Ok(Value::Null));
        check(&[0xd4, 0xff, 0x05], &Ok(json!({"$ext": -1, "$bytes": [5]})));
    }

    #[test]
    fn hostile_bytes_end_in_an_error() {
        check(&[], &Err(DecodeError::Truncated { offset: 0 }));
        check(&[0xc1], &Err(DecodeError::Marker { offset: 0 }));
        check(&[0xdd, 0xff, 0xff, 0xff, 0xff], &Err(DecodeError::Truncated { offset: 5 }));
        check(&[0xa1, 0xff], &Err(DecodeError::Utf8 { offset: 0 }));
        check(&[0x81, 0x90, 0x01], &Err(DecodeError::Key { offset: 1 }));
        check(&[0x01, 0x02], &Err(DecodeError::Trailing { count: 1 }));
        let mut deep = vec![0x91; 100_000];
        deep.push(0xc0);
        check(&deep, &Err(DecodeError::TooComplex));
    }
}
