//! Owns the inputs that fuzzing begins with: small and deterministic, one of each shape that the decoders know.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::coordinate::{DagPosition, Region};
use crate::derive::checkpoint::region_identity;
use crate::derive::native_cache::NativeCache;
use crate::disk::frame::{CatalogueFrame, EventFrame, Mark, MarkPurpose, Stub};
use crate::disk::memory::MemoryDirectory;
use crate::disk::segment::{Parent, SegmentHeader, SegmentName, StoreId};
use crate::disk::storage::Directory;
use crate::event::RemovalReason;
use crate::event::{EventHeader, EventKind, FieldDescription, KindDescription};
use crate::id::{CausationId, CorrelationId, EventId};
use crate::memory::survey::{remade_index, survey};
use crate::store::{CacheMeta, CursorCheckpoint, ExtensionKey, Extensions, ProjectionCache};
use crate::words::chain::{Link, compute_hash};
use crate::words::encoding::to_bytes;
use crate::words::sync::Arc;

/// Key of the cached state.
pub(super) const CACHE_KEY: &[u8] = b"a\0projection";

/// Writes the bytes of a log without a store, so that they are the same each time.
pub(super) struct Log {
    pub(super) bytes: Vec<u8>,
    heads: BTreeMap<String, ([u8; 32], u32)>,
    sequence: u64,
}

impl Log {
    pub(super) fn new(first_sequence: u64, generation: u32) -> Self {
        let replaced = (generation > 0).then_some((first_sequence, first_sequence.saturating_add(24)));
        let parent = (first_sequence == 0 && generation == 0).then_some(Parent {
            store_id: StoreId([9; 16]),
            size: 0,
            root: [3; 32],
        });
        let header = SegmentHeader {
            store_id: StoreId([7; 16]),
            epoch: 1,
            first_sequence,
            generation,
            created_us: 1_700_000_000_000_000,
            replaced,
            parent,
            boot: None,
        };
        Self { bytes: header.encode(), heads: BTreeMap::new(), sequence: first_sequence }
    }

    /// Adds an event; `remaining` frames of its group follow it.
    pub(super) fn event(&mut self, remaining: u32, payload: &[u8]) -> &mut Self {
        let n = self.sequence;
        let (entity, scope) = (format!("order:{}", n % 3), ["shop", "web"][(n % 2) as usize]);
        let (prev_hash, clock) =
            self.heads.get(&entity).map_or(([0; 32], 0), |(hash, clock)| (*hash, clock + 1));
        let id = EventId::from_u128(u128::from(n) + 1);
        let (lane, depth) = if n % 5 == 4 { (1, 2) } else { (0, 0) };
        let position = DagPosition::with_hlc(0, 0, depth, lane, clock);
        let correlation = CorrelationId::from_u128(if n % 4 == 3 { 1 } else { u128::from(n) + 1 });
        let causation = (n % 4 == 3).then(|| CausationId::from_u128(u128::from(n)));
        let kind = EventKind::custom(1, 1 + (n % 3) as u16);
        let time_us = 1_700_000_000_000_000 + if n % 7 == 6 { 0 } else { n.cast_signed() * 1_000 };
        let mut header =
            EventHeader::new_typed(id, correlation, causation, time_us, position, payload.len() as u32, kind);
        header.content_hash = compute_hash(payload);
        let mut extensions = Extensions::new();
        if n % 6 == 5 {
            extensions.insert(ExtensionKey::from_log("a.b".to_owned()), vec![1, 2, 3]);
            extensions.insert(ExtensionKey::from_log("c.d".to_owned()), Vec::new());
        }
        let link = Link {
            prev_hash: &prev_hash,
            global_sequence: n,
            header: &header,
            payload_form: 0,
            entity: &entity,
            scope,
            extensions: &extensions,
        };
        let event_hash = link.hash();
        let frame = EventFrame {
            global_sequence: n,
            synced_through: n.saturating_sub(2),
            remaining,
            header: &header,
            payload_form: 0,
            event_hash: &event_hash,
            entity: &entity,
            scope,
            extensions: &extensions,
            payload,
        };
        frame.encode(&mut self.bytes);
        self.heads.insert(entity, (event_hash, clock));
        self.sequence += 1;
        self
    }

    fn events(&mut self, count: u64) -> &mut Self {
        for _ in 0..count {
            let payload = to_bytes(&json!({ "n": self.sequence })).unwrap();
            self.event(0, &payload);
        }
        self
    }

    fn group(&mut self, count: u32) -> &mut Self {
        for remaining in (0..count).rev() {
            self.event(remaining, &[0x80]);
        }
        self
    }

    fn stub(&mut self, reason: RemovalReason) -> &mut Self {
        let n = self.sequence;
        let entity = format!("order:{}", n % 3);
        let clock = self.heads.get(&entity).map_or(0, |(_, clock)| clock + 1);
        let stub = Stub {
            reason,
            global_sequence: n,
            stream_sequence: clock,
            event_id: EventId::from_u128(u128::from(n) + 1),
            kind: EventKind::custom(1, 1),
            content_hash: [1; 32],
            event_hash: [n as u8; 32],
            entity: entity.clone(),
        };
        stub.encode(&mut self.bytes);
        self.heads.insert(entity, ([n as u8; 32], clock));
        self.sequence += 1;
        self
    }

    fn catalogue(&mut self) -> &mut Self {
        let field = |name: &str| FieldDescription { name: name.to_owned(), type_name: "u64".to_owned() };
        let description = KindDescription {
            kind: EventKind::custom(1, 1),
            version: 1,
            name: "Ordered".to_owned(),
            fields: vec![field("n"), field("at")],
        };
        CatalogueFrame { synced_through: self.sequence, description: &description }.encode(&mut self.bytes);
        self
    }

    fn mark(&mut self, purpose: MarkPurpose) -> &mut Self {
        Mark { synced_through: self.sequence, purpose }.encode(&mut self.bytes);
        self
    }
}

/// A segment that was closed: everything a segment can hold, stubs in a compacted one.
pub(super) fn closed_segment(generation: u32) -> Vec<u8> {
    let mut log = Log::new(0, generation);
    log.catalogue().events(7).group(3);
    if generation > 0 {
        log.stub(RemovalReason::Retention).stub(RemovalReason::Retention).stub(RemovalReason::Tombstone);
    }
    log.events(5).mark(MarkPurpose::Closed);
    log.bytes
}

pub(super) fn frames() -> Vec<Vec<u8>> {
    let bodies: [fn(&mut Log) -> &mut Log; 6] = [
        |log| log.events(1),
        |log| log.event(3, b"payload"),
        |log| log.stub(RemovalReason::Retention),
        |log| log.stub(RemovalReason::Tombstone),
        Log::catalogue,
        |log| log.mark(MarkPurpose::Closed),
    ];
    let mut frames = Vec::new();
    for (first, body) in [0, 3, 4, 5, 35].into_iter().flat_map(|first| bodies.map(|body| (first, body))) {
        let mut log = Log::new(first, 0);
        let start = log.bytes.len();
        body(&mut log);
        frames.push(log.bytes.split_off(start));
    }
    frames
}

pub(super) fn segments() -> Vec<Vec<u8>> {
    let mut torn = Log::new(0, 0);
    torn.events(3).group(4);
    torn.bytes.truncate(torn.bytes.len() - 30);
    let mut zeros = Log::new(0, 0);
    zeros.events(4).bytes.extend([0; 300]);
    let mut damaged = Log::new(0, 0);
    damaged.events(9);
    let middle = damaged.bytes.len() / 2;
    damaged.bytes[middle] ^= 1;
    let mut forged = Log::new(0, 0);
    let inside = closed_segment(0);
    forged.events(2).event(0, &inside[140..]).events(2);
    let hit = forged.bytes.len() - inside.len();
    forged.bytes[hit] ^= 1;
    let header = Log::new(0, 0).bytes;
    let logs = [torn, zeros, damaged, forged].map(|log| log.bytes);
    logs.into_iter().chain([closed_segment(0), closed_segment(1), header, Vec::new()]).collect()
}

fn index_of(name: SegmentName, bytes: &[u8]) -> Vec<u8> {
    let directory = MemoryDirectory::new();
    directory.create(&name.to_string()).unwrap().write_at(bytes, 0).unwrap();
    let found = survey(&*directory, Path::new("memory")).unwrap();
    remade_index(&found.segments[0], i64::MIN, None, &mut Vec::new(), &mut |_, _, _| {}).unwrap().0
}

pub(super) fn indexes() -> Vec<Vec<u8>> {
    [0, 1]
        .map(|generation| index_of(SegmentName { first: 0, generation }, &closed_segment(generation)))
        .into()
}

fn directory(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, contents) in files {
        bytes.push(name.len() as u8);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&(contents.len() as u32).to_le_bytes());
        bytes.extend_from_slice(contents);
    }
    bytes
}

pub(super) fn directories() -> Vec<Vec<u8>> {
    let name = |first, generation| SegmentName { first, generation };
    let mut sealed = Log::new(0, 0);
    sealed.events(6).mark(MarkPurpose::Sealed);
    let mut next = Log { sequence: 6, heads: sealed.heads.clone(), ..Log::new(6, 0) };
    next.events(4).group(2);
    let two =
        vec![(name(0, 0).to_string(), sealed.bytes.clone()), (name(6, 0).to_string(), next.bytes.clone())];
    let mut three = two.clone();
    three.push((name(0, 0).index_name(), index_of(name(0, 0), &sealed.bytes)));
    three.push(("00000000000000000012-0.seg.tmp".to_owned(), b"CAUSEWAY".to_vec()));
    let mut overlapping = two.clone();
    overlapping.push((name(0, 1).to_string(), closed_segment(1)));
    let far = vec![(name(u64::MAX, 0).to_string(), Log::new(u64::MAX, 0).bytes), two[0].clone()];
    let hole = vec![two[0].clone(), (name(9, 0).to_string(), Log::new(9, 0).bytes)];
    let closed = closed_segment(0);
    let whole =
        vec![(name(0, 0).index_name(), index_of(name(0, 0), &closed)), (name(0, 0).to_string(), closed)];
    let empty = vec![(name(0, 0).to_string(), Vec::new()), ("lock".to_owned(), Vec::new())];
    [two, three, overlapping, far, hole, whole, empty].iter().map(|files| directory(files)).collect()
}

pub(super) fn payloads() -> Vec<Vec<u8>> {
    let values = [
        json!(null),
        json!({"a": [1, -1, 1.5, true, null, "ß", {"b": []}], "z": {"y": {}}}),
        json!([u64::MAX, i64::MIN, -33, 128, 65_536, 1e300]),
        json!({ "text": "x".repeat(300), "list": vec![0; 40] }),
    ];
    let mut payloads: Vec<Vec<u8>> = values.iter().map(|value| to_bytes(value).unwrap()).collect();
    payloads.push(vec![0x81, 0x07, 0xc4, 0x02, 0x00, 0xff]);
    payloads.push(vec![0xd4, 0xff, 0x05]);
    payloads.push(vec![0xc9, 0, 0, 0, 2, 1, 0, 0]);
    payloads.push([vec![0x91; 130], vec![0xc0]].concat());
    payloads.push(vec![0xdd, 0xff, 0xff, 0xff, 0xff]);
    payloads
}

fn line_of(payload: &Value) -> Value {
    let hash = "ab".repeat(32);
    json!({
        "sequence": 1, "id": "00000000000000000000000000000007", "entity": "order:1", "scope": "shop", "kind": "0x1001",
        "time_us": 1_700_000_000_000_000_i64, "clock": 0, "correlation": "00000000000000000000000000000007",
        "causation": null, "prev_hash": hash, "event_hash": hash, "content_hash": hash, "payload": payload,
        "flags": 1, "lane": 0, "depth": 0, "extensions": {"a.b": "00ff"},
    })
}

pub(super) fn lines() -> Vec<Vec<u8>> {
    let mut bytes = line_of(&json!(null));
    bytes["payload_bytes"] = json!("c0c1");
    bytes["payload_error"] = json!("no");
    let deep = "[".repeat(200);
    let lines = [line_of(&json!({"n": [1, {"a": 1.5}]})), line_of(&json!("x")), bytes];
    lines.iter().map(|line| line.to_string().into_bytes()).chain([deep.into_bytes()]).collect()
}

pub(super) fn claims() -> Vec<Vec<u8>> {
    let claim = json!({
        "store_id": "07".repeat(16), "epoch": 1, "event_id": "00000000-0000-0000-0000-000000000007", "sequence": 1,
        "content_hash": "ab".repeat(32), "event_hash": "cd".repeat(32),
    });
    let mut signed = claim.clone();
    signed["key_id"] = json!("11".repeat(32));
    signed["signature"] = json!("22".repeat(64));
    signed["extensions"] = json!({"a.b": "00"});
    let mut plain = claim.clone();
    plain["event_id"] = json!("00000000000000000000000000000007");
    [claim, signed, plain].map(|claim| claim.to_string().into_bytes()).into()
}

pub(super) fn checkpoints() -> Vec<Vec<u8>> {
    let region = |region: &Region| Some(region_identity(region));
    let all = CursorCheckpoint {
        position: 7,
        started: true,
        process_boot_ns: Some(u64::MAX),
        region_identity: region(&Region::all()),
    };
    let other = CursorCheckpoint { region_identity: region(&Region::entity("a")), ..all.clone() };
    let none = CursorCheckpoint { region_identity: None, process_boot_ns: None, ..all.clone() };
    [all, other, none].map(|position| position.to_file().unwrap()).into()
}

pub(super) fn caches() -> Vec<Vec<u8>> {
    let file = |value: &[u8], time: Option<i64>| {
        let directory = MemoryDirectory::new();
        let storage: Arc<dyn Directory> = Arc::<MemoryDirectory>::clone(&directory);
        let meta =
            CacheMeta { watermark: 9, cached_at_us: -1, cached_at_mono_ns: time, process_boot_ns: Some(1) };
        NativeCache::in_storage(storage).unwrap().put(CACHE_KEY, value, meta).unwrap();
        directory.files().into_values().next().unwrap()
    };
    vec![file(b"value", None), file(&[0; 100], Some(3)), file(b"", None)]
}

fn fixture(path: &str) -> Vec<u8> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/batpak");
    fs::read(fixtures.join(path)).unwrap_or_default()
}

pub(super) fn batpak_segments() -> Vec<Vec<u8>> {
    let segments = [
        "v010-single/store/000001.fbat",
        "v010-lanes/store/000001.fbat",
        "v010-rotated/store/000001.fbat",
        "v082-batches/store/000001.fbat",
        "v082-rotated/store/000001.fbat",
        "v082-fence/store/000001.fbat",
        "v082-damaged-torn_payload/store/000001.fbat",
    ];
    segments.iter().map(|path| fixture(path)).filter(|bytes| !bytes.is_empty()).collect()
}

/// A segment for directories in which something else is looked at.
pub(super) fn small_batpak_segment() -> &'static [u8] {
    static SEGMENT: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
    SEGMENT.get_or_init(|| fixture("v010-rotated/store/000001.fbat"))
}

pub(super) fn batpak_hidden() -> Vec<Vec<u8>> {
    let body = to_bytes(&json!({
        "ranges": [{"start": 0, "end": 3}, {"start": 7, "end": u64::MAX}],
        "lane_ranges": [{"lane": 1, "ranges": [{"start": 2, "end": 9}]}],
    }));
    let body = body.unwrap();
    let mut file = b"FBATVR\x01\x00".to_vec();
    file.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
    file.extend_from_slice(&body);
    vec![
        file,
        fixture("v082-fence/store/visibility_ranges.fbv"),
        fixture("v010-fence/store/visibility_ranges.fbv"),
    ]
}

pub(super) fn batpak_markers() -> Vec<Vec<u8>> {
    let note = |merged: u64, sources: &[u64]| {
        json!({"merged_id": merged, "source_segment_ids": sources}).to_string()
    };
    let notes = [note(9, &[1, 2]), note(1, &[1, 2, 3]), note(u64::MAX, &[2, u64::MAX]), "{".to_owned()];
    notes.into_iter().map(|note| [&[7], note.as_bytes()].concat()).collect()
}

pub(super) fn scripts() -> Vec<Vec<u8>> {
    let head = |image| [1, 1, 0, 0, 0, 40, 0, image];
    let steps: [&[u8]; 4] = [
        &[0, 1, 0, 2, 3, 2, 11, 0, 0, 1, 13, 0, 15, 0, 0, 3],
        &[2, 0, 4, 3, 5, 3, 6, 4, 7, 2, 8, 0, 0, 1, 14, 0, 15, 0],
        &[3, 4, 3, 4, 9, 0, 10, 1, 12, 0, 8, 0, 13, 0],
        &[0, 200, 0, 200, 0, 200, 9, 1, 0, 200, 14, 0, 15, 0, 8, 0],
    ];
    steps.iter().zip(0..).map(|(steps, image)| [&head(image), *steps].concat()).collect()
}
