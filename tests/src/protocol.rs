//! Owns the words between a test and an engine driver: the options of its command line, and the lines of JSON it answers with.
//!
//! Invariants:
//! - nothing here knows an engine, so that the same test can drive any of them;
//! - event `n` is the same whoever writes it: entity, kind and payload follow from `n` and the padding alone.

use std::fmt::Write;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// How many entities the events of a driver are spread over.
pub const ENTITIES: u64 = 8;
/// Scope of a driver's events.
pub const SCOPE: &str = "drive";
/// Category and type of a driver's events.
pub const KIND: (u8, u16) = (1, 0x0D1);

/// One line of a driver's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "lowercase")]
pub enum Line {
    /// The store is open.
    Open,
    /// These events are about to be appended in one operation.
    Try {
        /// Their numbers.
        n: Vec<u64>,
    },
    /// They were acknowledged.
    Ack {
        /// Their numbers.
        n: Vec<u64>,
        /// True if they survive a power cut from now on.
        durable: bool,
    },
    /// They were refused.
    Err {
        /// Their numbers.
        n: Vec<u64>,
        /// The kind of error.
        class: String,
        /// The error in words.
        msg: String,
    },
    /// A compaction ended.
    Compacted {
        /// `performed`, `skipped` or `failed`.
        outcome: String,
        /// Segments that were removed because others took their places.
        removed: u64,
        /// How much smaller the segments became, in bytes.
        reclaimed: u64,
        /// Why it failed.
        msg: Option<String>,
    },
    /// The store was closed.
    Closed,
    /// The driver ends without closing the store.
    Exit,
    /// The driver gives up.
    Error {
        /// What it was doing.
        stage: String,
        /// The kind of error.
        class: String,
        /// The error in words.
        msg: String,
    },
    /// One event of a dump.
    Ev(Box<DumpedEvent>),
    /// The end of a dump.
    End(DumpEnd),
}

/// One event of a dump. Hashes and ids are hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpedEvent {
    /// Global sequence.
    pub seq: u64,
    /// Event id.
    pub id: String,
    /// Entity.
    pub entity: String,
    /// Scope.
    pub scope: String,
    /// Kind, category and type together.
    pub kind: u16,
    /// Place in the stream.
    pub clock: u32,
    /// Wall time in milliseconds since 1970.
    pub wall: u64,
    /// The event's number, if a driver wrote it.
    pub n: Option<u64>,
    /// Event hash.
    pub hash: String,
    /// Event hash of the stream's event before.
    pub prev: String,
    /// Hash of the payload as it was read.
    pub content: String,
    /// True if the payload could be read.
    pub read: bool,
    /// True if the payload has the hash that the event says.
    pub hash_ok: bool,
    /// Why it could not be read.
    pub err: Option<String>,
}

/// What a dump amounts to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DumpEnd {
    /// Events that were listed.
    pub events: u64,
    /// Events whose payload could not be read.
    pub unreadable: u64,
    /// Events whose payload has another hash than they say.
    pub hash_bad: u64,
    /// Events that do not name the hash of the stream's event before.
    pub link_bad: u64,
    /// The directory.
    pub path: PathBuf,
}

/// Payload of event `n`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    /// The number.
    pub n: u64,
    /// As many letters as were asked for.
    pub pad: String,
}

impl Numbered {
    /// The payload of event `n` with `pad` letters.
    pub fn new(n: u64, pad: usize) -> Self {
        let letter = |place: usize| char::from(b'a' + ((n as usize + place) % 26) as u8);
        Self { n, pad: (0..pad).map(letter).collect() }
    }
}

/// Entity of event `n`.
pub fn entity(n: u64) -> String {
    format!("e{}", n % ENTITIES)
}

/// Bytes as hexadecimal digits, as the lines of a driver have them.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// How many events go into one operation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// One.
    #[default]
    Single,
    /// A batch.
    Batch,
    /// Two single ones, then a batch.
    Mixed,
    /// A batch of events that are submitted one by one behind a visibility fence.
    Fence,
}

/// The options of a driver's command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Events of one operation.
    pub mode: Mode,
    /// Events of a batch.
    pub bsz: u64,
    /// Everything is durable before it is acknowledged.
    pub sync: bool,
    /// How many events to append.
    pub count: u64,
    /// The first number.
    pub start: u64,
    /// Letters of padding in each payload.
    pub pad: usize,
    /// Segment size in bytes.
    pub seg: Option<u64>,
    /// Sync every so many events.
    pub every: Option<u32>,
    /// Append with idempotency keys.
    pub idem: bool,
    /// Close the store at the end.
    pub close: bool,
    /// Pause after each operation, in microseconds.
    pub pause_us: u64,
    /// A clock that stands still, in microseconds since 1970.
    pub clock: Option<i64>,
    /// Go on after an error.
    pub keepgoing: bool,
    /// Sync after an error.
    pub resync: bool,
    /// Read each event back after it was acknowledged.
    pub readback: bool,
    /// A dump opens the store for writing.
    pub rw: bool,
    /// A dump tells the end only.
    pub quiet: bool,
    /// How long to hold the store, in milliseconds.
    pub ms: u64,
    /// Compact, in a thread of its own, after every so many operations; 0 = never.
    pub compact: u64,
    /// With fewer sealed segments a compaction does nothing.
    pub min: usize,
    /// A compaction removes the events with odd numbers.
    pub retain: bool,
}

/// The commands of a driver, and what each does.
pub const COMMANDS: [(&str, &str); 4] = [
    ("append-loop", "append events, telling of each operation before and after it"),
    ("dump", "tell every event in commit order, then the sums"),
    ("hold", "open for writing and hold the store"),
    ("compact", "compact the sealed segments"),
];

/// The keys of a driver's options, with a value that is not the default, and what each means.
pub const KEYS: [(&str, &str); 21] = [
    ("mode=batch", "append-loop: single|batch|mixed|fence, what an operation is (single)"),
    ("bsz=7", "append-loop: events of a batch (5)"),
    ("sync=1", "append-loop: 0|1, everything is durable before it is acknowledged (0)"),
    ("count=9", "append-loop: how many events (100)"),
    ("start=9", "append-loop: the first number (0)"),
    ("pad=9", "append-loop: letters of padding in each payload (32)"),
    ("seg=4096", "size in bytes at which a segment is sealed (the engine's)"),
    ("every=9", "append-loop: sync every so many events (the engine's)"),
    ("idem=1", "append-loop: 0|1, append with idempotency keys (0)"),
    ("close=0", "0|1, close the store at the end; otherwise the process just ends (1)"),
    ("pause_us=9", "append-loop: pause after each operation, in microseconds (0)"),
    ("clock=9", "a clock that stands still, in microseconds since 1970 (the system's)"),
    ("keepgoing=1", "append-loop: 0|1, go on after an error (0)"),
    ("resync=1", "append-loop: 0|1, sync after an error (0)"),
    ("readback=1", "append-loop: 0|1, read each event back before it is acknowledged (0)"),
    ("compact=9", "append-loop: compact beside the appends after every so many operations, 0 = never (0)"),
    ("rw=1", "dump: 0|1, open for writing (0)"),
    ("quiet=1", "dump: 0|1, tell the sums only (0)"),
    ("ms=9", "hold: for how long, in milliseconds (0)"),
    ("min=9", "compact: with fewer sealed segments nothing is done (2)"),
    ("retain=1", "compact: 0|1, remove the events with odd numbers (0)"),
];

/// How a driver is called, for people.
pub fn usage() -> String {
    let mut text =
        "driver COMMAND DIRECTORY [key=value ..]\n\nEvery line of the output is one JSON object.\n\n"
            .to_owned();
    for (command, meaning) in COMMANDS {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {command:12} {meaning}");
    }
    text.push('\n');
    for (example, meaning) in KEYS {
        let _ = writeln!(text, "  {:12} {meaning}", example.split_inclusive('=').next().unwrap_or_default());
    }
    text.push_str("\nExit codes: 0 done, 2 an error line was told, 3 nobody reads the output any more.\n");
    text
}

impl Default for Options {
    fn default() -> Self {
        Self {
            mode: Mode::Single,
            bsz: 5,
            sync: false,
            count: 100,
            start: 0,
            pad: 32,
            seg: None,
            every: None,
            idem: false,
            close: true,
            pause_us: 0,
            clock: None,
            keepgoing: false,
            resync: false,
            readback: false,
            rw: false,
            quiet: false,
            ms: 0,
            compact: 0,
            min: 2,
            retain: false,
        }
    }
}

impl Options {
    /// Reads words like `mode=batch`; the error names the word that makes no sense.
    pub fn parse(words: &[String]) -> Result<Self, String> {
        let mut options = Self::default();
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("{word:?} is not key=value"))?;
            options.set(key, value).ok_or_else(|| format!("{word:?} is no option of a driver"))?;
        }
        Ok(options)
    }

    fn set(&mut self, key: &str, value: &str) -> Option<()> {
        match key {
            "mode" => self.mode = mode(value)?,
            "bsz" => self.bsz = value.parse().ok().filter(|size| *size > 0)?,
            "sync" => self.sync = switch(value)?,
            "count" => self.count = value.parse().ok()?,
            "start" => self.start = value.parse().ok()?,
            "pad" => self.pad = value.parse().ok()?,
            "seg" => self.seg = Some(value.parse().ok()?),
            "every" => self.every = Some(value.parse().ok()?),
            "idem" => self.idem = switch(value)?,
            "close" => self.close = switch(value)?,
            "pause_us" => self.pause_us = value.parse().ok()?,
            "clock" => self.clock = Some(value.parse().ok()?),
            "keepgoing" => self.keepgoing = switch(value)?,
            "resync" => self.resync = switch(value)?,
            "readback" => self.readback = switch(value)?,
            "rw" => self.rw = switch(value)?,
            "quiet" => self.quiet = switch(value)?,
            "ms" => self.ms = value.parse().ok()?,
            "compact" => self.compact = value.parse().ok()?,
            "min" => self.min = value.parse().ok()?,
            "retain" => self.retain = switch(value)?,
            _ => return None,
        }
        Some(())
    }

    /// The operations of an append loop: the numbers of each, in order and without gaps.
    pub fn operations(&self) -> impl Iterator<Item = Vec<u64>> {
        let (mode, batch, end) = (self.mode, self.bsz, self.start.saturating_add(self.count));
        let mut next = self.start;
        (0u64..).map_while(move |place| {
            let size = match mode {
                Mode::Single => 1,
                Mode::Batch | Mode::Fence => batch,
                Mode::Mixed => [1, 1, batch][(place % 3) as usize],
            };
            let numbers: Vec<u64> = (next..end.min(next + size)).collect();
            next += numbers.len() as u64;
            (!numbers.is_empty()).then_some(numbers)
        })
    }
}

fn mode(value: &str) -> Option<Mode> {
    match value {
        "single" => Some(Mode::Single),
        "batch" => Some(Mode::Batch),
        "mixed" => Some(Mode::Mixed),
        "fence" => Some(Mode::Fence),
        _ => None,
    }
}

fn switch(value: &str) -> Option<bool> {
    match value {
        "0" => Some(false),
        "1" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_number_the_events_without_gaps_whatever_the_mode() {
        for mode in ["single", "batch", "mixed", "fence"] {
            let words =
                [format!("mode={mode}"), "bsz=4".to_owned(), "start=7".to_owned(), "count=23".to_owned()];
            let options = Options::parse(&words).expect("all are options");
            let numbers: Vec<u64> = options.operations().flatten().collect();
            assert_eq!(numbers, (7..30).collect::<Vec<_>>(), "{mode}");
        }
    }

    #[test]
    fn every_key_that_the_usage_names_means_something() {
        for (example, _) in KEYS {
            let options = Options::parse(&[example.to_owned()]).expect("the usage names options only");
            assert_ne!(options, Options::default(), "{example}");
            let key = example.split_inclusive('=').next().expect("a key comes first");
            assert!(usage().contains(key), "{key}");
        }
    }

    #[test]
    fn an_unknown_option_is_refused() {
        assert!(Options::parse(&["mode=twice".to_owned()]).is_err());
        assert!(Options::parse(&["speed=9".to_owned()]).is_err());
        assert!(Options::parse(&["sync".to_owned()]).is_err());
    }

    #[test]
    fn a_line_reads_as_it_was_written() {
        let line = Line::Ack { n: vec![3, 4], durable: true };
        let text = serde_json::to_string(&line).expect("a line is JSON");
        assert_eq!(text, r#"{"t":"ack","n":[3,4],"durable":true}"#);
        assert_eq!(serde_json::from_str::<Line>(&text).expect("and back"), line);
    }
}
