//! Owns the oracle of the crash tests: what a store must hold after its writer was killed, and nothing else.
//!
//! Invariants:
//! - it knows only what the writer said on its output before it died;
//! - it looks at exact numbers, payloads, order and batches, never at counts alone;
//! - nothing but a compaction that was asked to may have removed an event, and only one that it was asked to remove.

use causeway::encoding;
use causeway::event::hash::compute_hash;

use crate::driven::Dump;
use crate::protocol::{self, DumpedEvent, Line, Numbered};

/// How far an operation had come when its writer died.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Progress {
    Tried,
    Acknowledged,
    Durable,
}

/// One append or batch: the numbers `first..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Operation {
    end: u64,
    progress: Progress,
}

/// What a writer said between its start and its death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    start: u64,
    /// Compactions may have removed the odd numbers below this one.
    thinned_below: u64,
    opened: bool,
    operations: Vec<Operation>,
}

/// What one crash did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Numbered events that the store holds.
    pub events: u64,
    /// Events that were acknowledged during this life.
    pub acknowledged: u64,
    /// Those of them that were acknowledged as durable.
    pub durable: u64,
    /// Events that the store holds although they were not acknowledged in time.
    pub unannounced: u64,
}

impl Testimony {
    /// A writer that begins with number `start`: the store holds all smaller ones.
    pub fn new(start: u64) -> Self {
        Self { start, thinned_below: 0, opened: false, operations: Vec::new() }
    }

    /// Compactions may have removed the odd numbers below `end`.
    #[must_use]
    pub fn thinned_below(self, end: u64) -> Self {
        Self { thinned_below: end, ..self }
    }

    /// Takes the next line of the writer.
    ///
    /// # Panics
    /// When the writer says that something failed: nothing may fail before it is killed.
    pub fn hear(&mut self, line: &Line) {
        match line {
            Line::Open => self.opened = true,
            Line::Try { n } => {
                let end = n.last().map_or(self.start, |last| last + 1);
                self.operations.push(Operation { end, progress: Progress::Tried });
            }
            Line::Ack { durable, .. } => {
                let operation = self.operations.last_mut().expect("an acknowledgement follows its attempt");
                operation.progress = if *durable { Progress::Durable } else { Progress::Acknowledged };
            }
            Line::Compacted { msg: None, .. } | Line::Closed | Line::Exit => {}
            other => panic!("the writer failed before it was killed: {other:?}"),
        }
    }

    /// True if the store was open before its writer died.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// Moves `next` on to `n` over numbers that may have been removed, and returns how many they are.
    fn pass_removed(&self, next: &mut u64, n: u64) -> u64 {
        let before = *next;
        // An odd number stands alone between two even ones, which must be there.
        if before < n.min(self.thinned_below) && before % 2 == 1 {
            *next += 1;
        }
        *next - before
    }

    fn end(&self, progress: Progress) -> u64 {
        let reached = self.operations.iter().rev().find(|operation| operation.progress >= progress);
        reached.map_or(self.start, |operation| operation.end)
    }

    /// Compares with what the store holds after the crash; the error says what it must not look like.
    ///
    /// The writer was killed, the machine went on: what had been written is in the kernel's hands, so that even events that were
    /// acknowledged without being durable must be there.
    pub fn judge(&self, dump: &Dump, pad: usize) -> Result<Verdict, String> {
        let (mut next, mut removed) = (0, 0);
        for (n, event) in dump.numbered() {
            removed += self.pass_removed(&mut next, n);
            if n != next {
                return Err(format!("event {n} stands where {next} belongs"));
            }
            exact(n, event, pad)?;
            next += 1;
        }
        removed += self.pass_removed(&mut next, self.start);
        whole(dump, removed)?;
        for progress in [Progress::Durable, Progress::Acknowledged] {
            if next < self.end(progress) {
                return Err(format!(
                    "{progress:?} up to {}, but the store ends at {next}",
                    self.end(progress)
                ));
            }
        }
        if next != self.start && self.operations.iter().all(|operation| operation.end != next) {
            return Err(format!(
                "the store ends at {next}, in the middle of an operation or past all of them"
            ));
        }
        let acknowledged = self.end(Progress::Acknowledged);
        Ok(Verdict {
            events: next,
            acknowledged: acknowledged - self.start,
            durable: self.end(Progress::Durable) - self.start,
            unannounced: next - acknowledged,
        })
    }
}

/// Nothing of the dump is unreadable, and the commit order has no holes but those of `removed` events.
fn whole(dump: &Dump, removed: u64) -> Result<(), String> {
    let end = &dump.end;
    if (end.unreadable, end.hash_bad, end.link_bad) != (0, 0, 0) {
        return Err(format!("damaged events: {end:?}"));
    }
    if let Some((before, after)) =
        dump.events.iter().zip(dump.events.iter().skip(1)).find(|(a, b)| a.seq >= b.seq)
    {
        return Err(format!("sequence {} stands before {}", before.seq, after.seq));
    }
    let (places, events) = (dump.events.last().map_or(0, |last| last.seq + 1), dump.events.len() as u64);
    if places == events + removed {
        Ok(())
    } else {
        Err(format!("{places} places hold {events} events, and {removed} were removed"))
    }
}

/// Event `n` is what its writer meant, at its place in the stream.
fn exact(n: u64, event: &DumpedEvent, pad: usize) -> Result<(), String> {
    let payload = encoding::to_bytes(&Numbered::new(n, pad)).map_err(|error| error.to_string())?;
    let content = protocol::hex(&compute_hash(&payload));
    let kind = u16::from(protocol::KIND.0) << 12 | protocol::KIND.1;
    let expected = (protocol::entity(n), protocol::SCOPE, kind, n / protocol::ENTITIES, content.as_str());
    let found = (
        event.entity.clone(),
        event.scope.as_str(),
        event.kind,
        u64::from(event.clock),
        event.content.as_str(),
    );
    if expected == found { Ok(()) } else { Err(format!("event {n} is {found:?}, not {expected:?}")) }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::protocol::DumpEnd;

    const PAD: usize = 3;

    fn event(seq: u64, n: u64) -> DumpedEvent {
        let payload = encoding::to_bytes(&Numbered::new(n, PAD)).expect("a payload is encodable");
        DumpedEvent {
            seq,
            id: String::new(),
            entity: protocol::entity(n),
            scope: protocol::SCOPE.to_owned(),
            kind: u16::from(protocol::KIND.0) << 12 | protocol::KIND.1,
            clock: u32::try_from(n / protocol::ENTITIES).expect("small"),
            wall: 0,
            n: Some(n),
            hash: String::new(),
            prev: String::new(),
            content: protocol::hex(&compute_hash(&payload)),
            read: true,
            hash_ok: true,
            err: None,
        }
    }

    fn dump(numbers: &[u64]) -> Dump {
        let events: Vec<_> = (0..).zip(numbers).map(|(seq, n)| event(seq, *n)).collect();
        let end = DumpEnd {
            events: events.len() as u64,
            unreadable: 0,
            hash_bad: 0,
            link_bad: 0,
            path: PathBuf::new(),
        };
        Dump { events, end }
    }

    /// A single event that is durable, one that is acknowledged, and a batch of three that was tried.
    fn testimony() -> Testimony {
        let mut testimony = Testimony::new(0);
        let lines = [
            Line::Open,
            Line::Try { n: vec![0] },
            Line::Ack { n: vec![0], durable: true },
            Line::Try { n: vec![1] },
            Line::Ack { n: vec![1], durable: false },
            Line::Try { n: vec![2, 3, 4] },
        ];
        for line in &lines {
            testimony.hear(line);
        }
        testimony
    }

    #[test]
    fn an_unfinished_operation_may_be_there_or_not() {
        for numbers in [&[0, 1][..], &[0, 1, 2, 3, 4]] {
            let verdict = testimony().judge(&dump(numbers), PAD).expect("nothing is wrong");
            assert_eq!((verdict.acknowledged, verdict.durable), (2, 1));
            assert_eq!(verdict.unannounced, numbers.len() as u64 - 2);
        }
    }

    #[test]
    fn every_planted_loss_is_found() {
        let planted: [(&str, &[u64]); 6] = [
            ("a lost durable event", &[]),
            ("a lost acknowledged event", &[0]),
            ("a torn batch", &[0, 1, 2, 3]),
            ("a hole", &[0, 2, 3, 4]),
            ("events in another order", &[1, 0]),
            ("an event from nowhere", &[0, 1, 2, 3, 4, 5]),
        ];
        for (what, numbers) in planted {
            assert!(testimony().judge(&dump(numbers), PAD).is_err(), "{what}");
        }
    }

    #[test]
    fn only_what_a_compaction_was_asked_to_remove_may_be_missing() {
        let thinned = |numbers: &[u64]| {
            let mut dump = dump(numbers);
            dump.events.iter_mut().zip(numbers).for_each(|(event, n)| event.seq = *n);
            // The store's own event of the next opening.
            dump.events.push(DumpedEvent { n: None, ..event(4, 4) });
            let mut testimony = Testimony::new(4).thinned_below(4);
            testimony.hear(&Line::Open);
            testimony.judge(&dump, PAD)
        };
        for numbers in [&[0, 1, 2, 3][..], &[0, 2, 3], &[0, 1, 2]] {
            assert_eq!(thinned(numbers).map(|verdict| verdict.events), Ok(4), "{numbers:?}");
        }
        for numbers in [&[0, 1, 3][..], &[0, 1], &[1, 2, 3], &[0, 2, 4]] {
            thinned(numbers).unwrap_err();
        }
    }

    #[test]
    fn every_planted_change_is_found() {
        let assert_found = |what: &str, plant: fn(&mut Dump)| {
            let mut dump = dump(&[0, 1]);
            plant(&mut dump);
            assert!(testimony().judge(&dump, PAD).is_err(), "{what}");
        };
        assert_found("another payload", |dump| dump.events[1].content.replace_range(0..1, "x"));
        assert_found("another entity", |dump| "e7".clone_into(&mut dump.events[1].entity));
        assert_found("another place in the stream", |dump| dump.events[1].clock = 9);
        assert_found("another sequence", |dump| dump.events[1].seq = 2);
        assert_found("a broken link", |dump| dump.end.link_bad = 1);
    }
}
