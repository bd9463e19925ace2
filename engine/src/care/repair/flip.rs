//! Owns finding the one bit of a frame or a header that was flipped, by the checksum that stands beside it.
//!
//! Invariants:
//! - what it proposes fits the checksum; whether it is what was written, the hashes of the event must say;
//! - it looks at each bit once: the work grows with the length of the frame, not with its square.

use crate::disk::frame::{MAX_FRAME_LEN, MIN_FRAME_LEN};

/// CRC-32/ISO-HDLC, reflected.
const POLYNOMIAL: u32 = 0xEDB8_8320;
const LENGTH_BYTES: usize = 4;
const CRC_END: usize = 8;

/// One bit of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Flip {
    /// Which byte.
    pub(super) at: usize,
    /// Which bit of it: the only one that is set.
    pub(super) mask: u8,
}

/// The bits that may have been flipped in the frame that begins `bytes`, each with the length that the frame has without it.
///
/// `bytes` reach to where the frame may end at most.
pub(super) fn candidates(bytes: &[u8]) -> Vec<(Flip, usize)> {
    let mut found = Vec::new();
    let Some(word) = bytes.first_chunk::<LENGTH_BYTES>() else { return found };
    let told = u32::from_le_bytes(*word);
    if let Some(frame) = within(told, bytes) {
        found.extend(beside_the_length(frame).into_iter().map(|flip| (flip, frame.len())));
    }
    for bit in 0..u32::BITS {
        let length = told ^ (1 << bit);
        let Some(frame) = within(length, bytes) else { continue };
        if stored(frame) == Some(computed(length.to_le_bytes(), frame)) {
            let flip = Flip { at: bit as usize / 8, mask: 1 << (bit % 8) };
            found.push((flip, frame.len()));
        }
    }
    found
}

/// The first bytes, as many as a length word says, if there are so many.
fn within(length: u32, bytes: &[u8]) -> Option<&[u8]> {
    (MIN_FRAME_LEN..=MAX_FRAME_LEN).contains(&length).then(|| bytes.get(..length as usize)).flatten()
}

fn stored(frame: &[u8]) -> Option<u32> {
    Some(u32::from_le_bytes(*frame.get(LENGTH_BYTES..)?.first_chunk()?))
}

fn computed(length: [u8; LENGTH_BYTES], frame: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&length);
    hasher.update(frame.get(CRC_END..).unwrap_or_default());
    hasher.finalize()
}

/// The flipped bits that explain the checksum of a frame whose length is what it was.
fn beside_the_length(frame: &[u8]) -> Vec<Flip> {
    let mut found = Vec::new();
    let (Some(stored), Some(length)) = (stored(frame), frame.first_chunk()) else { return found };
    let difference = stored ^ computed(*length, frame);
    if difference.is_power_of_two() {
        let bit = difference.trailing_zeros();
        found.push(Flip { at: LENGTH_BYTES + bit as usize / 8, mask: 1 << (bit % 8) });
    }
    // What a flip changes in the checksum does not depend on the other bits. One bit further from the end it is one step further.
    let mut change = POLYNOMIAL;
    for bit in (CRC_END * 8..frame.len() * 8).rev() {
        if change == difference {
            found.push(Flip { at: bit / 8, mask: 1 << (bit % 8) });
            break;
        }
        change = (change >> 1) ^ if change & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::frame::{Mark, MarkPurpose};

    #[test]
    fn whichever_bit_of_a_frame_is_flipped_it_is_found() {
        let mut frame = Vec::new();
        Mark { synced_through: 0x1234_5678, purpose: MarkPurpose::Sealed }.encode(&mut frame);
        let mut behind = frame.clone();
        behind.extend_from_slice(&[0xAB; 40]);
        for whole in [&frame, &behind] {
            for bit in 0..frame.len() * 8 {
                let flip = Flip { at: bit / 8, mask: 1 << (bit % 8) };
                let mut damaged = whole.clone();
                damaged[flip.at] ^= flip.mask;
                assert!(candidates(&damaged).contains(&(flip, frame.len())), "bit {bit}");
            }
        }
    }

    #[test]
    fn two_flipped_bits_are_no_flipped_bit() {
        let mut frame = Vec::new();
        Mark { synced_through: 7, purpose: MarkPurpose::Closed }.encode(&mut frame);
        for one in 0..frame.len() * 8 {
            for other in 0..one {
                let mut damaged = frame.clone();
                damaged[one / 8] ^= 1 << (one % 8);
                damaged[other / 8] ^= 1 << (other % 8);
                assert_eq!(candidates(&damaged), [], "bits {one} and {other}");
            }
        }
    }
}
