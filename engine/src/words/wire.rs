//! Owns the wire form of 128-bit numbers: 16 big-endian bytes, as `#[serde(with = "..")]` modules.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

/// A `u128` as 16 big-endian bytes.
pub mod u128_bytes {
    use super::{BytesVisitor, Deserializer, Serializer};

    /// Writes the number.
    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&value.to_be_bytes())
    }

    /// Reads the number.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

struct BytesVisitor;

impl<'de> Visitor<'de> for BytesVisitor {
    type Value = u128;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("16 bytes")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<u128, E> {
        let bytes: [u8; 16] = bytes.try_into().map_err(|_| E::invalid_length(bytes.len(), &self))?;
        Ok(u128::from_be_bytes(bytes))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u128, A::Error> {
        let mut bytes = [0_u8; 16];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = seq.next_element()?.ok_or_else(|| A::Error::invalid_length(at, &self))?;
        }
        if seq.next_element::<u8>()?.is_some() {
            return Err(A::Error::invalid_length(17, &self));
        }
        Ok(u128::from_be_bytes(bytes))
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// The bytes that hexadecimal digits of either case tell; `None` if they tell none.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_read_back_and_nothing_else_does() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
        assert_eq!(to_hex(&[0x0a, 0xf0]), "0af0");
        for text in ["0", "0g", "+1", "ä0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}
