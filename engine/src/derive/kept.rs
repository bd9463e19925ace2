//! Owns the states that projections may begin with: in memory, and behind it in the cache that the store was opened with. Never folds.
//!
//! Invariants:
//! - a cached state is bound to its fold, its store and its history: it counts only if the log holds, at the place where the state stands,
//!   the event that stood there when it was computed;
//! - a cache that fails or lies costs a replay: its failure is told and never returned.

use std::any::type_name;
use std::fmt;

use crate::derive::cache::{CacheMeta, ProjectionCache};
use crate::derive::fold::{ProjectionInput, ReplayLane};
use crate::derive::projection::Projection;
use crate::derive::remembered::{Covered, Era, ProjectionMemory, Remembered};
use crate::disk::bytes::{EndsEarly, Reader as Bytes};
use crate::read::entry::LogEvent;
use crate::read::reader::Reader;
use crate::words::kind::EventKind;
use crate::words::sync::Arc;

const CHECKSUM_CONTEXT: &str = "causeway cached projection state 1";

/// What one open store keeps of its projections.
pub(crate) struct KeptStates {
    pub(crate) memory: Arc<ProjectionMemory>,
    cache: Box<dyn ProjectionCache>,
    has_cache: bool,
    /// Whether new events may be folded into a cached state.
    continues: bool,
    /// Names the store.
    store: String,
}

impl fmt::Debug for KeptStates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptStates")
            .field("memory", &self.memory)
            .field("has_cache", &self.has_cache)
            .field("continues", &self.continues)
            .finish_non_exhaustive()
    }
}

/// Names a state in a cache: the entity, the store, and everything about the fold that makes another state of the same events.
#[derive(Debug)]
pub(super) struct CacheKey(Vec<u8>);

/// The event at which a state stands, as far as it tells one history from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    sequence: u64,
    event_id: u128,
    /// Covers everything in the stream up to here, in our own format.
    event_hash: [u8; 32],
    /// What compaction had made of the log.
    rewrites: u64,
}

/// A state as a cache keeps it.
struct Cached {
    binding: Binding,
    process_boot_ns: u64,
    state: Remembered,
}

impl KeptStates {
    pub(crate) fn new(
        reader: &Reader,
        store: &str,
        memory: Arc<ProjectionMemory>,
        cache: Box<dyn ProjectionCache>,
    ) -> Self {
        let has_cache = !cache.capabilities().is_noop;
        let continues = reader.shared().config.index().incremental_projection;
        Self { memory, cache, has_cache, continues, store: store.to_owned() }
    }

    pub(super) fn continues_cached(&self) -> bool {
        self.continues
    }

    pub(super) fn has_cache(&self) -> bool {
        self.has_cache
    }

    /// The key of a state of `T`; `None` if there is no cache, or nothing of `T` may be kept.
    pub(super) fn key<T: Projection>(&self, entity: &str, kinds: &[EventKind]) -> Option<CacheKey> {
        (self.has_cache && T::serialises_whole()).then(|| CacheKey::of::<T>(entity, &self.store, kinds))
    }

    /// The state of a key, if it still fits the log; `Err` says why the cache could not be asked.
    pub(super) fn find(
        &self,
        key: &CacheKey,
        reader: &Reader,
        entity: &str,
        frontier: u64,
    ) -> Result<Option<Remembered>, String> {
        let found = self.cache.get(&key.0).map_err(|error| error.to_string())?;
        let Some(cached) = found.and_then(|(value, _)| decode(key, &value)) else { return Ok(None) };
        let mut state = cached.state;
        let is_ours = cached.binding.sequence < frontier
            && bind(reader, entity, cached.binding.sequence)
                .is_some_and(|now| now == (cached.binding, state.covered.generation));
        if cached.process_boot_ns != reader.clock().process_boot_ns() {
            // The monotonic clocks of two processes have nothing in common.
            state.covered.computed_at_ns = None;
        }
        Ok(is_ours.then_some(state))
    }

    /// Keeps a state that was computed while the log held `binding`; `Err` says why the cache did not.
    pub(super) fn put(
        &self,
        key: &CacheKey,
        reader: &Reader,
        entity: &str,
        binding: Binding,
        state: &Remembered,
    ) -> Result<(), String> {
        // A follower may have gone back meanwhile: then nobody knows which history was folded.
        if bind(reader, entity, binding.sequence) != Some((binding, state.covered.generation)) {
            return Ok(());
        }
        let value = encode(key, &binding, reader.clock().process_boot_ns(), state);
        let told = meta(reader, binding.sequence, state.covered.computed_at_ns);
        self.cache.put(&key.0, &value, told).map_err(|error| error.to_string())
    }

    /// Tells the cache that the state of `T` will be asked for soon, if it wants to hear of it. A hint: no failure matters.
    pub(super) fn prefetch<T: Projection>(&self, reader: &Reader, entity: &str) {
        if !self.cache.capabilities().supports_prefetch {
            return;
        }
        if let Some(key) = self.key::<T>(entity, T::relevant_event_kinds()) {
            let newest = reader.visible().saturating_sub(1);
            let _ = self.cache.prefetch(&key.0, meta(reader, newest, None));
        }
    }

    /// Lets the cache write out what it holds back. States can be computed anew: no failure matters.
    pub(crate) fn sync(&self) {
        let _ = self.cache.sync();
    }
}

/// What is told to the cache about a state.
fn meta(reader: &Reader, watermark: u64, cached_at_mono_ns: Option<i64>) -> CacheMeta {
    let clock = reader.clock();
    let process_boot_ns = Some(clock.process_boot_ns());
    CacheMeta { watermark, cached_at_us: clock.now_us(), cached_at_mono_ns, process_boot_ns }
}

impl CacheKey {
    /// The name of the type and not its id, which each build of a program makes anew.
    fn of<T: Projection>(entity: &str, store: &str, kinds: &[EventKind]) -> Self {
        let mut key = Vec::new();
        for text in [entity, store, type_name::<T>()] {
            key.extend(text.as_bytes());
            key.push(0);
        }
        key.extend(T::schema_version().to_be_bytes());
        key.push(match T::Input::MODE {
            ReplayLane::Value => 0,
            ReplayLane::RawMsgpack => 1,
        });
        key.extend(kinds.iter().flat_map(|kind| kind.as_raw_u16().to_be_bytes()));
        Self(key)
    }
}

/// What a state that stands at `sequence` is bound to, and the generation there; `None` if no event of `entity` can be read there.
pub(super) fn bind(reader: &Reader, entity: &str, sequence: u64) -> Option<(Binding, u64)> {
    let event = reader.event_at(sequence).ok()?;
    if event.raw.coordinate.entity() != entity {
        return None;
    }
    let generation = reader.generation_at(&event).ok()?;
    let LogEvent { raw, .. } = event;
    let rewrites = reader.shared().index.rewrites();
    let event_id = raw.header.event_id.into();
    Some((Binding { sequence, event_id, event_hash: raw.event_hash, rewrites }, generation))
}

/// Checksum of key and rest, then the rest: numbers in little endian, the state last.
fn encode(key: &CacheKey, binding: &Binding, process_boot_ns: u64, state: &Remembered) -> Vec<u8> {
    let covered = &state.covered;
    let mut body = Vec::new();
    body.extend(binding.sequence.to_le_bytes());
    body.extend(binding.event_id.to_le_bytes());
    body.extend(binding.event_hash);
    body.extend(binding.rewrites.to_le_bytes());
    body.extend(process_boot_ns.to_le_bytes());
    body.extend(covered.computed_at_ns.unwrap_or(i64::MIN).to_le_bytes());
    body.extend(covered.generation.to_le_bytes());
    body.extend(covered.frontier.to_le_bytes());
    body.extend(covered.events_folded.to_le_bytes());
    body.extend(covered.applied.unwrap_or(u64::MAX).to_le_bytes());
    body.push(u8::from(state.state.is_some()));
    body.extend(state.state.as_deref().unwrap_or_default());
    [checksum(key, &body).as_slice(), &body].concat()
}

/// The state in a value, if the value is whole and belongs to the key.
fn decode(key: &CacheKey, value: &[u8]) -> Option<Cached> {
    let (found, body) = value.split_first_chunk()?;
    (*found == checksum(key, body)).then(|| decode_body(body).ok())?
}

fn decode_body(body: &[u8]) -> Result<Cached, EndsEarly> {
    let mut bytes = Bytes::new(body);
    let (sequence, event_id, event_hash, rewrites) =
        (bytes.u64()?, bytes.u128()?, *bytes.array()?, bytes.u64()?);
    let (process_boot_ns, computed_at_ns) = (bytes.u64()?, bytes.i64()?);
    let covered = Covered {
        generation: bytes.u64()?,
        sequence,
        frontier: bytes.u64()?,
        events_folded: bytes.u64()?,
        applied: Some(bytes.u64()?).filter(|applied| *applied != u64::MAX),
        computed_at_ns: Some(computed_at_ns).filter(|time| *time != i64::MIN),
        era: Era::default(),
    };
    let state = (bytes.u8()? != 0).then(|| bytes.rest().to_vec());
    let binding = Binding { sequence, event_id, event_hash, rewrites };
    Ok(Cached { binding, process_boot_ns, state: Remembered { state, covered } })
}

fn checksum(key: &CacheKey, body: &[u8]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new_derive_key(CHECKSUM_CONTEXT);
    hasher.update(&(key.0.len() as u64).to_le_bytes()).update(&key.0).update(body);
    hasher.finalize().into()
}
