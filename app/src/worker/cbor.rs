//! Owns reading CBOR (RFC 8949) as a value. Only maps and arrays are taken for CBOR: a lone number or text could be anything.
//!
//! Invariants: nothing recurses, nothing is allocated for a length that the bytes cannot hold, and every byte belongs to the value.

use serde_json::{Map, Number, Value};

/// Containers inside each other.
const DEPTH_MAX: usize = 128;

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

/// A container that is being filled; `left` is `None` where a break ends it.
enum Frame {
    Array { items: Vec<Value>, left: Option<u64> },
    Map { entries: Map<String, Value>, key: Option<String>, left: Option<u64> },
}

/// What a head began.
enum Step {
    Value(Value),
    Open(Frame),
    Break,
    /// A tag: what it stands before is the value.
    Tag,
}

/// A payload as a value.
///
/// # Errors
/// Why it is no CBOR, without a full stop.
pub(crate) fn decode(bytes: &[u8]) -> Result<Value, String> {
    let mut reader = Reader { bytes, at: 0 };
    let mut stack: Vec<Frame> = Vec::new();
    loop {
        let mut done = match reader.step()? {
            Step::Tag => continue,
            Step::Open(frame) if stack.len() < DEPTH_MAX => {
                stack.push(frame);
                None
            }
            Step::Open(_) => return Err(format!("more than {DEPTH_MAX} values lie inside each other")),
            Step::Break => Some(closed(stack.pop(), reader.at)?),
            Step::Value(_) if stack.is_empty() => return Err("it is neither a map nor an array".to_owned()),
            Step::Value(value) => Some(value),
        };
        // A value may end the container it lies in, and that the next one.
        loop {
            if let Some(value) = done.take() {
                match stack.last_mut() {
                    Some(frame) => frame.take(value, reader.at)?,
                    None => return reader.end(value),
                }
            }
            if !stack.last().is_some_and(Frame::is_full) {
                break;
            }
            done = stack.pop().map(Frame::into_value);
        }
    }
}

/// The value of a container that a break ends.
fn closed(frame: Option<Frame>, at: usize) -> Result<Value, String> {
    match frame {
        Some(frame @ (Frame::Array { left: None, .. } | Frame::Map { left: None, key: None, .. })) => {
            Ok(frame.into_value())
        }
        _ => Err(format!("the break before byte {at} ends nothing")),
    }
}

impl Frame {
    fn is_full(&self) -> bool {
        match self {
            Self::Array { left, .. } => *left == Some(0),
            Self::Map { left, key, .. } => *left == Some(0) && key.is_none(),
        }
    }

    fn take(&mut self, value: Value, at: usize) -> Result<(), String> {
        match self {
            Self::Array { items, left } => {
                items.push(value);
                *left = left.map(|left| left.saturating_sub(1));
            }
            Self::Map { entries, key, left } => match key.take() {
                Some(name) => {
                    if entries.insert(name, value).is_some() {
                        return Err(format!("a map before byte {at} has a key twice"));
                    }
                    *left = left.map(|left| left.saturating_sub(1));
                }
                None => {
                    *key = Some(match value {
                        Value::String(text) => text,
                        other => other.to_string(),
                    });
                }
            },
        }
        Ok(())
    }

    fn into_value(self) -> Value {
        match self {
            Self::Array { items, .. } => Value::Array(items),
            Self::Map { entries, .. } => Value::Object(entries),
        }
    }
}

impl Reader<'_> {
    fn take(&mut self, count: u64) -> Result<&[u8], String> {
        let rest = self.bytes.len() - self.at;
        let count = usize::try_from(count).ok().filter(|count| *count <= rest);
        let count = count.ok_or_else(|| format!("byte {} needs more than there is", self.at))?;
        let part = &self.bytes[self.at..self.at + count];
        self.at += count;
        Ok(part)
    }

    fn number(&mut self, bytes: u64) -> Result<u64, String> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The next head, with the number it holds; `None` for an indefinite length.
    fn head(&mut self) -> Result<(u8, u8, Option<u64>), String> {
        let first = self.number(1)? as u8;
        let (major, info) = (first >> 5, first & 31);
        let number = match info {
            0..24 => Some(u64::from(info)),
            24..28 => Some(self.number(1 << (info - 24))?),
            31 => None,
            _ => return Err(format!("byte {} does not begin a CBOR value", self.at - 1)),
        };
        Ok((major, info, number))
    }

    fn step(&mut self) -> Result<Step, String> {
        let (major, info, number) = self.head()?;
        let rest = (self.bytes.len() - self.at) as u64;
        let value = match (major, number) {
            (0, Some(number)) => Value::from(number),
            (1, Some(number)) => match i64::try_from(number) {
                Ok(number) => Value::from(-1 - number),
                // What no integer of ours holds is written out.
                Err(_) => Value::String((-1 - i128::from(number)).to_string()),
            },
            (2 | 3, number) => self.string(major, number)?,
            (4, left) if left.is_none_or(|left| left <= rest) => {
                return Ok(Step::Open(Frame::Array { items: Vec::new(), left }));
            }
            (5, left) if left.is_none_or(|left| left <= rest / 2) => {
                return Ok(Step::Open(Frame::Map { entries: Map::new(), key: None, left }));
            }
            (6, Some(_)) => return Ok(Step::Tag),
            (7, None) => return Ok(Step::Break),
            (7, Some(number)) => {
                simple(info, number).ok_or_else(|| format!("byte {} is no value", self.at - 1))?
            }
            _ => return Err(format!("byte {} needs more than there is", self.at - 1)),
        };
        Ok(Step::Value(value))
    }

    /// Bytes or a text; in chunks, if its length is not said.
    fn string(&mut self, major: u8, number: Option<u64>) -> Result<Value, String> {
        let mut whole = Vec::new();
        match number {
            Some(count) => whole.extend_from_slice(self.take(count)?),
            None => loop {
                match self.head()? {
                    (7, 31, None) => break,
                    (chunk, _, Some(count)) if chunk == major => whole.extend_from_slice(self.take(count)?),
                    _ => return Err(format!("byte {} is no part of a text", self.at - 1)),
                }
            },
        }
        if major == 2 {
            let digits: Vec<String> = whole.iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok(Value::String(format!("h'{}'", digits.concat())));
        }
        String::from_utf8(whole)
            .map(Value::String)
            .map_err(|_| format!("a text before byte {} is not UTF-8", self.at))
    }

    fn end(&self, value: Value) -> Result<Value, String> {
        match self.bytes.len() - self.at {
            0 => Ok(value),
            count => Err(format!("{count} bytes follow after the value")),
        }
    }
}

/// `true`, `false`, nothing, and fractions.
fn simple(info: u8, number: u64) -> Option<Value> {
    let fraction = |number: f64| {
        Some(Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number))
    };
    match (info, number) {
        (20, _) => Some(Value::Bool(false)),
        (21, _) => Some(Value::Bool(true)),
        (22 | 23, _) => Some(Value::Null),
        (25, number) => fraction(half(number as u16)),
        (26, number) => fraction(f64::from(f32::from_bits(number as u32))),
        (27, number) => fraction(f64::from_bits(number)),
        _ => None,
    }
}

/// A fraction of 16 bits.
fn half(bits: u16) -> f64 {
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, mantissa) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    sign * match exponent {
        0 => mantissa * 2.0_f64.powi(-24),
        31 if mantissa == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1024.0 + mantissa) * 2.0_f64.powi(exponent - 25),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_examples_of_the_standard_are_read() {
        let cases: [(&[u8], Value); 9] = [
            (&[0x80], json!([])),
            (&[0x83, 1, 0x82, 2, 3, 0x82, 4, 5], json!([1, [2, 3], [4, 5]])),
            (&[0xa2, 0x61, 0x61, 1, 0x61, 0x62, 0x82, 2, 3], json!({"a": 1, "b": [2, 3]})),
            (&[0xbf, 0x61, 0x61, 1, 0x61, 0x62, 0x9f, 2, 3, 0xff, 0xff], json!({"a": 1, "b": [2, 3]})),
            (&[0x81, 0x1b, 255, 255, 255, 255, 255, 255, 255, 255], json!([u64::MAX])),
            (&[0x81, 0x3b, 255, 255, 255, 255, 255, 255, 255, 255], json!(["-18446744073709551616"])),
            (&[0x83, 0xf9, 0x3e, 0, 0xf5, 0xf6], json!([1.5, true, null])),
            (&[0x81, 0x7f, 0x63, 0x73, 0x74, 0x72, 0x62, 0x65, 0x61, 0xff], json!(["strea"])),
            (&[0xd9, 0xd9, 0xf7, 0x81, 0x43, 1, 2, 255], json!(["h'0102ff'"])),
        ];
        for (bytes, value) in cases {
            assert_eq!(decode(bytes), Ok(value), "{bytes:02x?}");
        }
    }

    #[test]
    fn what_lies_about_its_length_or_nests_without_end_is_refused() {
        for bytes in [
            &[][..],
            &[0x01],
            &[0x81],
            &[0xff],
            &[0x80, 0x00],
            &[0x9b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0xbb, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0x81, 0x7b, 255, 255, 255, 255, 255, 255, 255, 255],
            &[0xa1, 0x61, 0x61, 0xff],
            &[0xbf, 0x61, 0x61, 0xff],
            &[0x81, 0x61, 0xff],
            &[0x81, 0xfc],
            &[0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2],
        ] {
            assert!(decode(bytes).is_err(), "{bytes:02x?}");
        }
        assert!(decode(&vec![0x81; 100_000]).is_err());
        assert!(decode(&vec![0xc0; 100_000]).is_err());
    }

    #[test]
    fn no_bytes_make_it_panic_and_what_it_reads_it_reads_whole() {
        let mut state = 0x5EED_u64;
        let mut read = 0;
        for round in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..round % 24 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                bytes.push((state >> 33) as u8);
            }
            // The first byte begins a map or an array: everything else is refused at once.
            if let Some(first) = bytes.first_mut() {
                *first = 0x80 | (*first & 0x27);
            }
            if decode(&bytes).is_ok() {
                read += 1;
                bytes.push(0);
                assert!(decode(&bytes).is_err(), "{bytes:02x?} from seed 0x5EED");
            }
        }
        assert!(read > 50, "only {read} of the byte strings were values");
    }
}
