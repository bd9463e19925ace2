//! Roots and proofs against the definition in RFC 6962 and RFC 9162, word for word, for all small trees.

use std::convert::Infallible;

use super::*;

/// Trees of up to so many leaves are compared.
const MOST: usize = 64;

fn leaves() -> Vec<TreeHash> {
    (0..130_u8).map(|leaf| [leaf; 32]).collect()
}

/// The largest power of two that is smaller than the number of leaves.
fn k(leaves: usize) -> usize {
    (leaves.next_power_of_two() / 2).min(leaves - 1)
}

/// MTH.
fn defined(leaves: &[[u8; 32]]) -> TreeHash {
    match leaves {
        [] => empty_root(),
        [only] => leaf(only),
        _ => {
            let (left, right) = leaves.split_at(k(leaves.len()));
            node(&defined(left), &defined(right))
        }
    }
}

/// PATH(m, D[n]).
fn defined_path(m: usize, leaves: &[[u8; 32]]) -> Vec<TreeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = k(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m < k {
        [defined_path(m, left), vec![defined(right)]].concat()
    } else {
        [defined_path(m - k, right), vec![defined(left)]].concat()
    }
}

/// SUBPROOF(m, D[n], b).
fn defined_subproof(m: usize, leaves: &[[u8; 32]], is_whole: bool) -> Vec<TreeHash> {
    if m == leaves.len() {
        return if is_whole { Vec::new() } else { vec![defined(leaves)] };
    }
    let k = k(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m <= k {
        [defined_subproof(m, left, is_whole), vec![defined(right)]].concat()
    } else {
        [defined_subproof(m - k, right, false), vec![defined(left)]].concat()
    }
}

/// Full subtrees, each checked to be one.
fn full(leaves: &[[u8; 32]]) -> impl FnMut(u64, u32) -> Result<TreeHash, Infallible> {
    |first, level| {
        let (first, len) = (first as usize, 1 << level);
        assert!(first.is_multiple_of(len) && first + len <= leaves.len(), "{first} {len}");
        Ok(defined(&leaves[first..first + len]))
    }
}

fn inclusion(leaves: &[[u8; 32]], at: usize, size: usize) -> InclusionProof {
    let Ok(path) = inclusion_path(at as u64, size as u64, &mut full(leaves));
    InclusionProof { sequence: at as u64, event_hash: leaves[at], size: size as u64, path }
}

fn consistency(leaves: &[[u8; 32]], old: usize, new: usize) -> ConsistencyProof {
    let Ok(path) = consistency_path(old as u64, new as u64, &mut full(leaves));
    ConsistencyProof { old_size: old as u64, new_size: new as u64, path }
}

#[test]
fn the_root_is_the_one_that_the_definition_gives_for_every_size() {
    let leaves = leaves();
    let mut tree = MerkleTree::default();
    for size in 0..leaves.len() {
        assert_eq!((tree.size(), tree.root()), (size as u64, defined(&leaves[..size])));
        let Ok(root) = root_over(0..size as u64, &mut full(&leaves));
        assert_eq!(root, tree.root(), "{size} leaves");
        tree.push(&leaves[size]);
    }
}

#[test]
fn every_path_is_the_one_that_the_definition_gives_and_is_verified() {
    let leaves = leaves();
    for size in 1..=MOST {
        let root = defined(&leaves[..size]);
        for at in 0..size {
            let proof = inclusion(&leaves, at, size);
            assert_eq!(proof.path, defined_path(at, &leaves[..size]), "{at} of {size}");
            assert_eq!(proof.check(size as u64, &root), Ok(()), "{at} of {size}");
        }
        for old in 0..=size {
            let proof = consistency(&leaves, old, size);
            if old > 0 {
                assert_eq!(proof.path, defined_subproof(old, &leaves[..size], true), "{old} of {size}");
            }
            assert_eq!(proof.check(&defined(&leaves[..old]), &root), Ok(()), "{old} of {size}");
        }
    }
}

#[test]
fn an_inclusion_proof_holds_for_no_other_place_size_event_root_or_path() {
    let leaves = leaves();
    for size in 1..=MOST {
        let root = defined(&leaves[..size]);
        for at in 0..size {
            let proof = inclusion(&leaves, at, size);
            let refused = |proof: &InclusionProof| proof.check(proof.size, &root).is_err();
            for other in (0..=MOST as u64 + 1).filter(|other| *other != at as u64) {
                assert!(refused(&InclusionProof { sequence: other, ..proof.clone() }), "{at} {size} {other}");
            }
            assert!(refused(&InclusionProof { event_hash: [0xFF; 32], ..proof.clone() }));
            assert!(proof.check(size as u64, &[0; 32]).is_err());
            let expected = ProofError::Size { expected: size as u64 + 1, found: size as u64 };
            assert_eq!(proof.check(size as u64 + 1, &root), Err(expected));
            for broken in broken_paths(&proof.path) {
                assert!(refused(&InclusionProof { path: broken, ..proof.clone() }), "{at} of {size}");
            }
        }
    }
}

#[test]
fn a_consistency_proof_holds_for_no_other_sizes_roots_or_path() {
    let leaves = leaves();
    for new in 1..=MOST {
        let new_root = defined(&leaves[..new]);
        for old in 0..=new {
            let (proof, old_root) = (consistency(&leaves, old, new), defined(&leaves[..old]));
            assert!(proof.check(&[0; 32], &new_root).is_err(), "{old} {new}");
            assert!(old == 0 || proof.check(&old_root, &[0; 32]).is_err(), "{old} {new}");
            for broken in broken_paths(&proof.path) {
                let broken = ConsistencyProof { path: broken, ..proof.clone() };
                assert!(broken.check(&old_root, &new_root).is_err(), "{old} {new}");
            }
            let swapped = ConsistencyProof { old_size: new as u64, new_size: old as u64, ..proof.clone() };
            assert!(old == new || swapped.check(&old_root, &new_root).is_err(), "{old} {new}");
            // The roots do not tell their sizes; a path of another shape does not lead to them.
            for other in (1..new).filter(|other| *other != old && old != 0) {
                let other_root = defined(&leaves[..other]);
                assert!(proof.check(&other_root, &new_root).is_err(), "{old} {new} {other}");
            }
        }
    }
}

/// A path with a hash changed, one too few, one too many, and two swapped.
fn broken_paths(path: &[TreeHash]) -> Vec<Vec<TreeHash>> {
    let mut broken = vec![[path, &[[7; 32]]].concat(), [&[[7; 32]], path].concat()];
    for at in 0..path.len() {
        let mut changed = path.to_vec();
        changed[at][31] ^= 1;
        broken.push(changed);
        let mut shorter = path.to_vec();
        shorter.remove(at);
        broken.push(shorter);
        if at > 0 {
            let mut swapped = path.to_vec();
            swapped.swap(at - 1, at);
            broken.push(swapped);
        }
    }
    broken
}

#[test]
fn proofs_of_the_greatest_sizes_are_refused_and_not_computed() {
    let proof = InclusionProof {
        sequence: u64::MAX - 1,
        event_hash: [0; 32],
        size: u64::MAX,
        path: vec![[0; 32]; 70],
    };
    assert_eq!(proof.check(u64::MAX, &[0; 32]), Err(ProofError::Malformed));
    let proof = ConsistencyProof { old_size: u64::MAX - 1, new_size: u64::MAX, path: vec![[0; 32]; 200] };
    assert_eq!(proof.check(&[0; 32], &[0; 32]), Err(ProofError::Malformed));
}

#[test]
fn proofs_are_written_in_hexadecimal_digits_and_read_back() {
    let leaves = leaves();
    let proof = inclusion(&leaves, 3, 7);
    let text = serde_json::to_string(&proof).unwrap();
    assert!(text.contains(r#""sequence":3,"event_hash":"0303"#), "{text}");
    assert_eq!(serde_json::from_str::<InclusionProof>(&text).unwrap(), proof);
    let proof = consistency(&leaves, 3, 7);
    let text = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<ConsistencyProof>(&text).unwrap(), proof);
    let short = text.replace('[', r#"["00","#);
    let refused = serde_json::from_str::<ConsistencyProof>(&short).unwrap_err().to_string();
    assert!(refused.contains("is not 64 hexadecimal digits"), "{refused}");
}
