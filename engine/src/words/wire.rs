//! Owns the wire form of 128-bit numbers: 16 big-endian bytes, as `#[serde(with = "..")]` modules.
//!
//! Invariant: what one of the modules wrote it reads back, and it reads nothing else.

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A `u128` as 16 big-endian bytes.
pub mod u128_bytes {
    use super::{BytesVisitor, Deserializer, Serializer};

    /// Writes the number.
    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&value.to_be_bytes())
    }

    /// Reads the number.
    ///
    /// # Errors
    /// Anything but 16 bytes is refused.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        deserializer.deserialize_bytes(BytesVisitor)
    }
}

/// An `Option<u128>` as nothing or 16 big-endian bytes.
pub mod option_u128_bytes {
    use super::{Deserialize, Deserializer, Number, Serialize, Serializer};

    /// Writes the number, or that there is none.
    pub fn serialize<S: Serializer>(value: &Option<u128>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Number).serialize(serializer)
    }

    /// Reads the number, or that there is none.
    ///
    /// # Errors
    /// Anything but nothing or 16 bytes is refused.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u128>, D::Error> {
        Ok(Option::<Number>::deserialize(deserializer)?.map(|number| number.0))
    }
}

/// A `Vec<u128>` as a sequence of arrays of 16 big-endian bytes.
pub mod vec_u128_bytes {
    use super::{Deserialize, Deserializer, Number, Serializer};

    /// Writes the numbers.
    pub fn serialize<S: Serializer>(values: &[u128], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| value.to_be_bytes()))
    }

    /// Reads the numbers.
    ///
    /// # Errors
    /// Anything but a sequence of 16 bytes each is refused.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u128>, D::Error> {
        Ok(Vec::<Number>::deserialize(deserializer)?.into_iter().map(|number| number.0).collect())
    }
}

/// A number that has the wire form wherever serde expects a value.
#[derive(Serialize, Deserialize)]
struct Number(#[serde(with = "u128_bytes")] u128);

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

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use serde_json::json;

    use crate::words::encoding::{from_bytes, to_bytes, to_json};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Ids {
        #[serde(with = "super::u128_bytes")]
        one: u128,
        #[serde(with = "super::option_u128_bytes")]
        maybe: Option<u128>,
        #[serde(with = "super::vec_u128_bytes")]
        many: Vec<u128>,
    }

    #[test]
    fn numbers_read_back_from_messagepack_and_from_json() {
        for maybe in [None, Some(0), Some(u128::MAX)] {
            let ids = Ids { one: 1 << 100, maybe, many: vec![0, 1, u128::MAX] };
            assert_eq!(from_bytes::<Ids>(&to_bytes(&ids).unwrap()).unwrap(), ids);
            let text = serde_json::to_string(&ids).unwrap();
            assert_eq!(serde_json::from_str::<Ids>(&text).unwrap(), ids);
        }
    }

    #[test]
    fn a_number_is_sixteen_bytes_and_the_most_significant_comes_first() {
        let bytes = to_bytes(&Ids { one: 1, maybe: None, many: vec![2] }).unwrap();
        let number = |last: u8| (0..15).map(|_| 0).chain([last]).collect::<Vec<u8>>();
        assert_eq!(to_json(&bytes).unwrap(), json!({"one": number(1), "maybe": null, "many": [number(2)]}));
    }

    #[test]
    fn bytes_of_another_length_are_refused() {
        for len in [0, 15, 17] {
            let ids = json!({"one": vec![0; len], "maybe": null, "many": []});
            assert!(from_bytes::<Ids>(&to_bytes(&ids).unwrap()).is_err(), "{len}");
            let ids = json!({"one": vec![0; 16], "maybe": vec![0; len], "many": []});
            assert!(from_bytes::<Ids>(&to_bytes(&ids).unwrap()).is_err(), "{len}");
            let ids = json!({"one": vec![0; 16], "maybe": null, "many": [vec![0; len]]});
            assert!(from_bytes::<Ids>(&to_bytes(&ids).unwrap()).is_err(), "{len}");
        }
    }
}
