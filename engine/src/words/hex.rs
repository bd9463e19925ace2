//! Owns bytes as hexadecimal digits. It must never read what it would not write, but for the case of the letters.

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
}

/// The bytes that hexadecimal digits tell; `None` if they tell none.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |character: char| character.to_digit(16).map(|digit| digit as u8);
    let digits: Vec<u8> = text.chars().map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

/// The array of `N` bytes that hexadecimal digits tell; `None` if they tell no such thing.
pub(crate) fn from_hex_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    from_hex(text)?.try_into().ok()
}

/// Serialises an array of bytes as hexadecimal digits.
pub(crate) mod array {
    use serde::{Deserialize, Deserializer, Serializer, de};

    use super::{from_hex_array, to_hex};

    pub(crate) fn serialize<S: Serializer, const N: usize>(
        bytes: &[u8; N],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&to_hex(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, const N: usize>(
        deserializer: D,
    ) -> Result<[u8; N], D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = || de::Error::custom(format!("{text:?} is not {} hexadecimal digits", 2 * N));
        from_hex_array(&text).ok_or_else(wanted)
    }
}

/// Serialises arrays of bytes as a list of hexadecimal digits.
pub(crate) mod arrays {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct Text(#[serde(with = "super::array")] [u8; 32]);

    pub(crate) fn serialize<S: Serializer>(list: &[[u8; 32]], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(list.iter().copied().map(Text))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<[u8; 32]>, D::Error> {
        let list = Vec::<Text>::deserialize(deserializer)?;
        Ok(list.into_iter().map(|text| text.0).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_digits_read_back_and_nothing_else_does() {
        let bytes: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(to_hex(&[0x0a, 0xf0]), "0af0");
        assert_eq!(from_hex(&to_hex(&bytes)), Some(bytes));
        for text in ["0", "0g", "+1", "ä0"] {
            assert_eq!(from_hex(text), None, "{text}");
        }
    }
}
