//! Owns changing inputs at random, for the gate: libFuzzer has its own ways.

use crate::proof::random::Random;

/// Numbers at which decoders go wrong.
const EDGES: [u64; 14] = [
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0xFFFF,
    0x7FFF_FFFF,
    0x8000_0000,
    0xFFFF_FFFF,
    1 << 40,
    i64::MAX as u64,
    u64::MAX,
];

/// Longest input that is made.
const MAX_LEN: usize = 64 * 1024;

/// Changes an input in one to four places; `other` may lend a part of itself.
pub(super) fn mutate(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() as u64 + 1) as usize;
        let edge = EDGES[random.below(EDGES.len() as u64) as usize];
        match random.below(9) {
            0 => flip(bytes, at, random),
            1 => overwrite(bytes, at, &[random.below(256) as u8]),
            2 => overwrite(bytes, at, &edge.to_le_bytes()[..1 << random.below(4)]),
            3 => overwrite(bytes, at, &edge.to_be_bytes()[8 - (1 << random.below(4))..]),
            4 => nudge(bytes, at, random),
            5 => {
                let end = (at + random.below(64) as usize).min(bytes.len());
                bytes.drain(at.min(end)..end);
            }
            6 => {
                let end = (at + random.below(256) as usize).min(bytes.len());
                let again = bytes[at.min(end)..end].to_vec();
                insert(bytes, at, &again);
            }
            7 => {
                let from = random.below(other.len() as u64 + 1) as usize;
                let end = (from + random.below(512) as usize).min(other.len());
                let lent = &other[from..end];
                if random.below(2) == 0 { insert(bytes, at, lent) } else { overwrite(bytes, at, lent) }
            }
            _ => bytes.truncate(at),
        }
    }
}

fn flip(bytes: &mut [u8], at: usize, random: &mut Random) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << random.below(8);
    }
}

/// Adds a little to a number, or takes a little away.
fn nudge(bytes: &mut [u8], at: usize, random: &mut Random) {
    if let Some(word) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) {
        let change = random.below(33) as u32;
        *word = u32::from_le_bytes(*word).wrapping_add(change).wrapping_sub(16).to_le_bytes();
    }
}

fn overwrite(bytes: &mut [u8], at: usize, with: &[u8]) {
    let rest = bytes.get_mut(at..).unwrap_or_default();
    let len = rest.len().min(with.len());
    rest[..len].copy_from_slice(&with[..len]);
}

fn insert(bytes: &mut Vec<u8>, at: usize, with: &[u8]) {
    if bytes.len() + with.len() <= MAX_LEN {
        bytes.splice(at..at, with.iter().copied());
    }
}
