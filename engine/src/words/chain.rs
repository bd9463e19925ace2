//! Owns the two hashes of an event: what it says, and where and after what it was said.

use crate::words::event::{EventHeader, Extensions, HashChain};

const EVENT_CONTEXT: &str = "causeway event 1";

/// BLAKE3 of the stored payload.
pub fn compute_hash(payload: &[u8]) -> [u8; 32] {
    *blake3::hash(payload).as_bytes()
}

/// True if `chain` is the link of an event that says just `content_bytes`, after an event with the hash `expected_prev`.
///
/// It proves what batpak's chains can: nobody changed the payload, or took an event before it away, as long as the hash that is
/// compared with the next `expected_prev` is believed. It fits the events of batpak directories and chains that an application
/// keeps over payloads of its own. It is false for the events of a store of ours: their hash covers header, coordinate and
/// extensions besides the payload, none of which is told here. `LogEvent::computed_hash` and `Store::verify` check those.
pub fn verify_chain(content_bytes: &[u8], chain: &HashChain, expected_prev: &[u8; 32]) -> bool {
    chain.prev_hash == *expected_prev && chain.event_hash == compute_hash(content_bytes)
}

/// Everything that an event hash covers, by value.
pub(crate) struct Link<'a> {
    pub(crate) prev_hash: &'a [u8; 32],
    pub(crate) global_sequence: u64,
    pub(crate) header: &'a EventHeader,
    pub(crate) payload_form: u8,
    pub(crate) entity: &'a str,
    pub(crate) scope: &'a str,
    pub(crate) extensions: &'a Extensions,
}

impl Link<'_> {
    /// The event hash, as FORMAT.md section 4 defines it.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let header = self.header;
        let mut fixed = Vec::with_capacity(160 + self.entity.len() + self.scope.len());
        fixed.extend_from_slice(self.prev_hash);
        fixed.extend_from_slice(&self.global_sequence.to_le_bytes());
        fixed.extend_from_slice(&header.position.sequence().to_le_bytes());
        fixed.extend_from_slice(&u128::from(header.event_id).to_le_bytes());
        fixed.extend_from_slice(&header.timestamp_us.to_le_bytes());
        fixed.extend_from_slice(&header.event_kind.as_raw_u16().to_le_bytes());
        fixed.push(header.flags);
        fixed.extend_from_slice(&header.payload_version.to_le_bytes());
        fixed.push(self.payload_form);
        fixed.extend_from_slice(&u128::from(header.correlation_id).to_le_bytes());
        fixed.extend_from_slice(&header.causation_id.map_or(0, u128::from).to_le_bytes());
        fixed.extend_from_slice(&header.position.lane().to_le_bytes());
        fixed.extend_from_slice(&header.position.depth().to_le_bytes());
        push_short(&mut fixed, self.entity.as_bytes());
        push_short(&mut fixed, self.scope.as_bytes());
        fixed.extend_from_slice(&(self.extensions.len() as u16).to_le_bytes());
        for (key, value) in self.extensions {
            push_short(&mut fixed, key.as_str().as_bytes());
            fixed.extend_from_slice(&(value.len() as u32).to_le_bytes());
            fixed.extend_from_slice(value);
        }
        fixed.extend_from_slice(&header.content_hash);
        *blake3::Hasher::new_derive_key(EVENT_CONTEXT).update(&fixed).finalize().as_bytes()
    }
}

fn push_short(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u16).to_le_bytes());
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_over_payloads_breaks_when_one_is_changed_lost_or_moved() {
        let payloads: [&[u8]; 3] = [b"a", b"b", b"c"];
        let hashes = payloads.map(compute_hash);
        let befores = [[0; 32], hashes[0], hashes[1]];
        let links = [0, 1, 2].map(|at| HashChain { prev_hash: befores[at], event_hash: hashes[at] });
        assert!((0..3).all(|at| verify_chain(payloads[at], &links[at], &befores[at])));
        assert!(!verify_chain(b"B", &links[1], &befores[1]), "changed");
        assert!(!verify_chain(payloads[2], &links[2], &hashes[0]), "the one before it is lost");
        assert!(!verify_chain(payloads[1], &links[1], &[0; 32]), "moved to the front");
    }
}
