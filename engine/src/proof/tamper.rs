//! Owns the proof that a held head finds what checksums and hashes cannot: stores that a forger rebuilt with every hash and checksum
//! right, so that they are consistent in themselves and say nothing wrong but what happened.

use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use serde_json::json;

use crate::coordinate::Coordinate;
use crate::disk::frame::{EventFrame, Mark, MarkPurpose};
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{Parent, SegmentHeader, StoreId};
use crate::disk::storage::Directory;
use crate::event::RawEvent;
use crate::id::EventId;
use crate::proof::figures::{share, tell};
use crate::proof::random::Random;
use crate::proof::script::{KIND, config, follow, open, stream_of};
use crate::store::{AppendOptions, ExtensionKey, Head, HeadCheck, ReadOnly, Selection, Store, VerifyLevel};
use crate::words::chain::{Link, compute_hash};
use crate::words::position::DagPosition;
use crate::words::sync::Arc;

/// Events of a segment that the forger writes.
const SEGMENT_LEN: usize = 7;
/// Events that the head covers.
const COVERED: usize = 24;

/// What a forger does to a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forgery {
    Payload,
    Time,
    Kind,
    Flags,
    Version,
    Entity,
    Scope,
    Extension,
    Id,
    Cause,
    Branch,
    Delete,
    Swap,
    Insert,
    Truncate,
    /// An older copy goes on by itself, as far as the head or further.
    Replay,
    /// The same events in a store of another identity.
    OtherStore,
    /// A fork that begins with what the head covers.
    Fork,
}

use Forgery::{
    Branch, Cause, Delete, Entity, Extension, Flags, Fork, Id, Insert, Kind, OtherStore, Payload, Replay,
    Scope, Swap, Time, Truncate, Version,
};

const FORGERIES: [Forgery; 18] = [
    Payload, Time, Kind, Flags, Version, Entity, Scope, Extension, Id, Cause, Branch, Delete, Swap, Insert,
    Truncate, Replay, OtherStore, Fork,
];

/// Whose a log is said to be.
#[derive(Clone, Copy)]
struct Identity {
    store_id: StoreId,
    epoch: u64,
}

/// A store that was honest, and what was kept of it elsewhere.
struct Victim {
    log: Vec<RawEvent>,
    identity: Identity,
    head: Head,
}

impl Victim {
    fn new() -> Self {
        let directory = MemoryDirectory::new();
        let store = open(&directory, config(1, 1_500)).unwrap();
        let append = |numbers: std::ops::Range<u64>| {
            for n in numbers {
                let trace = ExtensionKey::new("acme.trace").unwrap();
                let options = AppendOptions::new().with_extension(trace, vec![n as u8; 3]);
                store.append_with_options(&stream_of(n), KIND, &json!({ "n": n }), options).unwrap();
            }
        };
        append(1..COVERED as u64);
        let head = store.head().unwrap();
        assert_eq!(head.size, COVERED as u64);
        append(COVERED as u64..40);
        let everything = Selection { removed: true, ..Selection::default() };
        let log =
            store.read_selected(&everything, 0..u64::MAX).map(|(_, event)| event.unwrap().raw).collect();
        Self { log, identity: Identity { store_id: head.store_id, epoch: head.epoch }, head }
    }
}

/// A log in which something is not as it was.
fn forge(victim: &Victim, forgery: Forgery, random: &mut Random) -> Vec<RawEvent> {
    let mut log = victim.log.clone();
    let at = random.below(COVERED as u64) as usize;
    let other = (at + 1 + random.below(COVERED as u64 - 1) as usize) % COVERED;
    let fresh = u128::from(random.below(u64::MAX)) << 64 | u128::from(random.below(u64::MAX));
    let number = random.below(1_000_000);
    let event = &mut log[at];
    match forgery {
        Payload => event.payload = crate::encoding::to_bytes(&json!({ "forged": number })).unwrap(),
        Time => event.header.timestamp_us += 1 + number.cast_signed(),
        Kind => event.header.event_kind = crate::event::EventKind::custom(9, 1 + (number % 4_000) as u16),
        Flags => event.header.flags ^= 1 << random.below(8),
        Version => event.header.payload_version ^= 1 << random.below(16),
        Entity | Scope => {
            let (entity, scope) = (event.coordinate.entity().to_owned(), event.coordinate.scope().to_owned());
            let forged = format!("forged:{number}");
            let (entity, scope) = if forgery == Entity { (forged, scope) } else { (entity, forged) };
            event.coordinate = Coordinate::new(entity, scope).unwrap();
        }
        Extension => {
            let key = ExtensionKey::new("acme.trace").unwrap();
            event.extensions.insert(key, number.to_le_bytes().to_vec());
        }
        Id => event.header.event_id = EventId::from(fresh),
        Cause => event.header.causation_id = Some(fresh.into()),
        Branch => {
            let lane = 1 + number as u32;
            event.header.position = DagPosition::with_hlc(0, 0, 0, lane, 0);
        }
        Delete => drop(log.remove(at)),
        Swap => log.swap(at, other),
        Insert => log.insert(at, made_up(&log[other], fresh, number)),
        Truncate => log.truncate(at),
        Replay => {
            log.truncate(at);
            let instead = at + random.below(60) as usize;
            log.extend((at..instead).map(|n| made_up(&victim.log[other], fresh ^ n as u128, number)));
        }
        OtherStore | Fork => {}
    }
    log
}

/// An event that nobody appended.
fn made_up(like: &RawEvent, id: u128, number: u64) -> RawEvent {
    let mut event = like.clone();
    event.header.event_id = EventId::from(id);
    event.header.correlation_id = id.into();
    event.payload = crate::encoding::to_bytes(&json!({ "made up": number })).unwrap();
    event
}

/// Writes a log as the store would have: places, links, hashes, checksums and marks are all right.
fn rebuild(
    mut log: Vec<RawEvent>,
    identity: Identity,
    fork: Option<(StoreId, Parent)>,
) -> Arc<MemoryDirectory> {
    let mut streams: HashMap<String, (u32, [u8; 32])> = HashMap::new();
    for (sequence, event) in log.iter_mut().enumerate() {
        let (clock, before) = streams.get(event.coordinate.entity()).copied().unwrap_or_default();
        let old = event.header.position;
        event.global_sequence = sequence as u64;
        event.header.position = DagPosition::with_hlc(0, 0, old.depth(), old.lane(), clock);
        event.header.content_hash = compute_hash(&event.payload);
        let link = Link {
            prev_hash: &before,
            global_sequence: event.global_sequence,
            header: &event.header,
            payload_form: event.payload_form,
            entity: event.coordinate.entity(),
            scope: event.coordinate.scope(),
            extensions: &event.extensions,
        };
        event.event_hash = link.hash();
        streams.insert(event.coordinate.entity().to_owned(), (clock + 1, event.event_hash));
    }
    let directory = MemoryDirectory::new();
    let (shared, own) = log.split_at(fork.map_or(log.len(), |(_, parent)| parent.size as usize));
    let mut first = 0;
    let segments = shared.chunks(SEGMENT_LEN).map(|part| (identity.store_id, part, None));
    let tail = fork.map(|(store_id, parent)| (store_id, own, Some(parent)));
    for (store_id, part, parent) in segments.chain(tail) {
        let header = SegmentHeader {
            store_id,
            epoch: identity.epoch,
            first_sequence: first,
            generation: 0,
            created_us: 0,
            replaced: None,
            parent,
            boot: None,
        };
        first += part.len() as u64;
        let purpose = if first == log.len() as u64 { MarkPurpose::Closed } else { MarkPurpose::Sealed };
        write_segment(&directory, &header, part, Mark { synced_through: first, purpose });
    }
    directory
}

fn write_segment(directory: &MemoryDirectory, header: &SegmentHeader, events: &[RawEvent], mark: Mark) {
    let mut bytes = header.encode();
    for event in events {
        let frame = EventFrame {
            global_sequence: event.global_sequence,
            synced_through: event.global_sequence,
            remaining: 0,
            header: &event.header,
            payload_form: event.payload_form,
            event_hash: &event.event_hash,
            entity: event.coordinate.entity(),
            scope: event.coordinate.scope(),
            extensions: &event.extensions,
            payload: &event.payload,
        };
        frame.encode(&mut bytes);
    }
    mark.encode(&mut bytes);
    directory.create(&header.name().to_string()).unwrap().write_at(&bytes, 0).unwrap();
}

/// The store that the forger wants others to see.
fn forged_store(victim: &Victim, forgery: Forgery, random: &mut Random) -> Arc<MemoryDirectory> {
    let log = forge(victim, forgery, random);
    let other = StoreId::from_bytes(random.below(u64::MAX).to_le_bytes().repeat(2).try_into().unwrap());
    let Head { store_id, size, root, .. } = victim.head;
    match forgery {
        OtherStore => rebuild(log, Identity { store_id: other, ..victim.identity }, None),
        Fork => rebuild(log, victim.identity, Some((other, Parent { store_id, size, root }))),
        _ => rebuild(log, victim.identity, None),
    }
}

/// True if the store is consistent in itself: all that can be said without a head.
fn is_consistent(store: &Store<ReadOnly>) -> bool {
    store.verify(VerifyLevel::Chain, &mut |_, _| ControlFlow::Continue(())).unwrap().holds()
        && store.findings().is_empty()
}

/// True if the forger's own proof, from the held head to a head of today, convinces somebody who has nothing else.
fn convinces(store: &Store<ReadOnly>, held: &Head) -> bool {
    let today = store.head().unwrap();
    let proof = store.prove_consistency(held.size, today.size);
    proof.is_ok_and(|proof| today.verify_consistency(held, &proof).is_ok())
}

#[test]
fn the_forger_s_stores_are_right_in_every_hash_and_one_that_changes_nothing_holds() {
    let victim = Victim::new();
    let directory = rebuild(victim.log.clone(), victim.identity, None);
    let store = follow(&directory, config(1, 1_500)).unwrap();
    assert!(is_consistent(&store));
    assert_eq!(store.check_head(&victim.head).unwrap(), HeadCheck::Continues { signed: false });
    assert!(convinces(&store, &victim.head));
}

#[test]
fn history_that_was_rewritten_with_every_hash_right_is_found_by_a_held_head_and_by_nothing_else() {
    let (victim, mut random) = (Victim::new(), Random::new(0x6_0B5E_55ED));
    let (cases, mut by_forgery) = (share(1_800, 102_006), BTreeMap::new());
    for case in 0..cases {
        let forgery = FORGERIES[case % FORGERIES.len()];
        let directory = forged_store(&victim, forgery, &mut random);
        if directory.files().is_empty() {
            continue; // Cut to nothing: no store at all.
        }
        let store = follow(&directory, config(1, 1_500)).unwrap();
        let context = format!("case {case}, {forgery:?}");
        assert!(is_consistent(&store), "{context}: {:?}", store.findings());
        let check = store.check_head(&victim.head).unwrap();
        let as_expected = match forgery {
            Truncate => matches!(check, HeadCheck::RolledBack { .. }),
            Replay => matches!(check, HeadCheck::RolledBack { .. } | HeadCheck::Rewritten { .. }),
            OtherStore => matches!(check, HeadCheck::OtherStore { .. }),
            Fork => matches!(check, HeadCheck::Fork { shared } if shared == victim.head.size),
            _ => check == HeadCheck::Rewritten { between: 0..victim.head.size },
        };
        assert!(as_expected && check.finding(victim.head.size).is_some(), "{context}: {check:?}");
        assert!(!convinces(&store, &victim.head), "{context}: its proof convinces");
        *by_forgery.entry(format!("{forgery:?}")).or_insert(0_u64) += 1;
    }
    println!("{by_forgery:?}");
    tell("G16", "forged stores", by_forgery.values().sum(), share(1_000, 100_000));
}
