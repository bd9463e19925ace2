//! Owns what the command line does with heads: taking them, proving by them, and comparing a store with those that were kept.
//!
//! Invariants:
//! - a store is opened for reading only, and nothing is written but the file of heads that was asked for;
//! - the secret half of a key is never printed, and a key that others can read is refused.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write, stdout};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use causeway::id::EventId;
use causeway::store::{Finding, Head, Progress, ReadOnly, SigningKey, Store, StoreConfig, VerifyingKey};
use clap::Args;

use crate::cli::{Ending, Outcome, hash_of, hash_text, print_json};
use crate::worker::failure;
use crate::worker::trust::jobs::heads_of;

/// Longest file of a key that is looked at, in bytes.
const LONGEST_KEY: u64 = 1024;
/// Rights of others on a file.
const OTHERS: u32 = 0o077;

#[derive(Debug, Args)]
pub(super) struct HeadArgs {
    /// Directory of the store; nothing is written there.
    #[arg(required_unless_present = "public_key")]
    dir: Option<PathBuf>,
    /// Append the head to this file of heads, one on each line, instead of printing it.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Sign with the key in this file: 64 hexadecimal digits from a random source, in a file that only you can read (mode 0600).
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// Print the public half of the key, which others need to check what it signed, and no head.
    #[arg(long, requires = "key", conflicts_with_all = ["dir", "out"])]
    public_key: bool,
}

#[derive(Debug, Args)]
pub(super) struct ProveArgs {
    /// Directory of the store; nothing is written there.
    dir: PathBuf,
    /// Prove that the event with this id is in the log.
    #[arg(long, value_name = "ID", conflicts_with_all = ["sequence", "from"])]
    #[arg(required_unless_present_any = ["sequence", "from"])]
    event: Option<String>,
    /// Prove that the event at this place of the commit order is in the log.
    #[arg(long, value_name = "N", conflicts_with = "from")]
    sequence: Option<u64>,
    /// Prove that the log begins with what the newest head in this file covers, unchanged.
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Number of events that the head covers which the proof is for; all that are on stable storage, if none is given.
    #[arg(long, value_name = "M")]
    size: Option<u64>,
}

/// Heads that a store is compared with, and who may have signed them.
#[derive(Debug, Args)]
pub(super) struct AgainstArgs {
    /// Compare also with the heads in this file, as `head` prints them, one on each line: finds history that was rewritten, cut, or
    /// replaced by an older copy, however carefully. Keep the file where nobody who writes the store can change it.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// Public key of whoever signed the heads, 64 hexadecimal digits; may be given more than once. With it, heads that are not signed
    /// are refused.
    #[arg(long, value_name = "HEX", requires = "against", value_parser = public_key)]
    key: Vec<VerifyingKey>,
}

/// Prints the head of a store, or appends it to a file of heads.
pub(super) fn head(args: &HeadArgs) -> Outcome {
    let key = args.key.as_deref().map(signing_key).transpose()?;
    let Some(dir) = &args.dir else {
        // Asked for by `--public-key`, which wants a key and no directory.
        let public = key.map(|key| hash_text(&key.verifying_key().to_bytes())).unwrap_or_default();
        return Ok(writeln!(stdout(), "{public}")?);
    };
    let mut config = StoreConfig::new(dir);
    if let Some(key) = key {
        config = config.with_signing_key(key);
    }
    let store = open(config, dir)?;
    let head = store.head().map_err(|error| failure::of_directory(dir, &error))?;
    let Some(path) = &args.out else { return print_json(&mut stdout().lock(), &head) };
    let keep = || {
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        writeln!(file, "{head}")?;
        file.sync_all()
    };
    keep().map_err(|error| Ending::failed(format!("{}: {error}", path.display())))
}

/// Prints a proof.
pub(super) fn prove(args: &ProveArgs) -> Outcome {
    let store = open(StoreConfig::new(&args.dir), &args.dir)?;
    let named = |error| failure::of_directory(&args.dir, &error);
    let size = args.size.unwrap_or_else(|| store.durable());
    let mut out = stdout().lock();
    if let Some(path) = &args.from {
        let older = heads_in(path)?.pop().ok_or_else(|| Ending::failed("there is no head"))?;
        if older.store_id.to_string() != store.identity() {
            let (dir, other) = (args.dir.display(), older.store_id);
            return Err(Ending::failed(format!("{dir}: the head is that of another store, {other}")));
        }
        return print_json(&mut out, &store.prove_consistency(older.size, size).map_err(named)?);
    }
    let proof = match (&args.event, args.sequence) {
        (Some(text), _) => store.prove_inclusion_of(event_id(text)?, size),
        (None, sequence) => store.prove_inclusion(sequence.unwrap_or_default(), size),
    };
    print_json(&mut out, &proof.map_err(named)?)
}

impl AgainstArgs {
    /// A configuration that knows the keys.
    pub(super) fn configure(&self, config: StoreConfig) -> StoreConfig {
        self.key.iter().fold(config, |config, key| config.with_verifying_key(*key))
    }

    /// The heads, if a file of them was given.
    pub(super) fn heads(&self) -> Result<Option<Vec<Head>>, Ending> {
        self.against.as_deref().map(heads_in).transpose()
    }

    /// How a store stands to each of the heads, if there are any.
    pub(super) fn compare(
        &self,
        store: &Store<ReadOnly>,
        progress: Progress<'_>,
    ) -> Result<Option<Vec<Compared>>, Ending> {
        let Some(heads) = self.heads()? else { return Ok(None) };
        let checks = store.check_heads(&heads, progress);
        let checks = checks.map_err(|error| failure::of_directory(store.path(), &error))?;
        let compared = heads.iter().zip(checks).map(|(head, check)| Compared {
            size: head.size,
            epoch: head.epoch,
            finding: check.finding(head.size),
        });
        Ok(Some(compared.collect()))
    }
}

/// How a store stands to a head that was kept of it.
pub(super) struct Compared {
    /// Number of events that the head covers.
    pub(super) size: u64,
    /// The epoch in which it was taken.
    pub(super) epoch: u64,
    /// What does not hold; `None` if the first events of the store are what they were.
    pub(super) finding: Option<Finding>,
}

fn open(config: StoreConfig, dir: &Path) -> Result<Store<ReadOnly>, Ending> {
    Ok(Store::open_read_only(config).map_err(|error| failure::of_directory(dir, &error))?)
}

/// The heads in a file, one on each line.
fn heads_in(path: &Path) -> Result<Vec<Head>, Ending> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|error| Ending::failed(format!("{}: {error}", path.display())))?;
    Ok(heads_of(path, &text)?)
}

fn event_id(text: &str) -> Result<EventId, Ending> {
    let digits = text.strip_prefix("event:").unwrap_or(text);
    let refused = |_| Ending::failed(format!("--event: {text:?} is not an id of 32 hexadecimal digits"));
    u128::from_str_radix(digits, 16).map(EventId::from).map_err(refused)
}

fn public_key(text: &str) -> Result<VerifyingKey, String> {
    let bytes = hash_of(text).ok_or("a public key has 64 hexadecimal digits")?;
    VerifyingKey::from_bytes(bytes).map_err(|error| error.to_string())
}

/// Reads a secret key. What is in the file is not told, whatever it is.
fn signing_key(path: &Path) -> Result<SigningKey, Ending> {
    let named = |what: &str| Ending::failed(format!("{}: {what}", path.display()));
    let file = File::open(path).map_err(|error| named(&error.to_string()))?;
    let about = file.metadata().map_err(|error| named(&error.to_string()))?;
    if !about.is_file() {
        return Err(named("is not a file"));
    }
    if about.mode() & OTHERS != 0 {
        return Err(named("others can read this key; make it yours alone with chmod 600, or make a new one"));
    }
    let mut text = String::new();
    file.take(LONGEST_KEY).read_to_string(&mut text).map_err(|_| named("holds no key"))?;
    let seed =
        hash_of(text.trim()).ok_or_else(|| named("a key has 64 hexadecimal digits and nothing else"))?;
    Ok(SigningKey::from_bytes(seed))
}
