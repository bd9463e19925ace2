//! Owns how a hash is written and read: 64 lower-case hexadecimal digits.

/// Lower-case hexadecimal digits of a hash.
pub(crate) fn hash_text(hash: &[u8; 32]) -> String {
    let (high, low) = hash.split_at(16);
    [high, low]
        .map(|half| {
            format!("{:032x}", half.iter().fold(0_u128, |digits, byte| digits << 8 | u128::from(*byte)))
        })
        .concat()
}

/// The 32 bytes that hexadecimal digits tell; `None` if they tell no such thing.
pub(crate) fn hash_of(text: &str) -> Option<[u8; 32]> {
    let (high, low) = text.split_at_checked(32)?;
    let half = |digits: &str| {
        let is_plain = digits.len() == 32 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_plain.then(|| u128::from_str_radix(digits, 16).ok())?.map(u128::to_be_bytes)
    };
    [half(high)?, half(low)?].concat().try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_written_in_full_and_read_back() {
        assert_eq!(hash_text(&[0xab; 32]), "ab".repeat(32));
        let bytes = std::array::from_fn(|at| at as u8);
        assert_eq!(hash_of(&hash_text(&bytes)), Some(bytes));
        for text in ["", "ab", &"ab".repeat(33), &"+b".repeat(32), &"ä".repeat(32)] {
            assert_eq!(hash_of(text), None, "{text}");
        }
    }
}
