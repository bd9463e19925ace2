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
