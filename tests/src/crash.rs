//! Owns the oracle of the crash tests: what a store must hold after its writer was killed or its disk failed, and nothing else.
//!
//! Invariants:
//! - it knows only what the writer said on its output before it died;
//! - it looks at exact numbers, payloads, order and batches, never at counts alone;
//! - nothing but a compaction that was asked to may have removed an event, and only one that it was asked to remove.

use std::collections::{HashMap, VecDeque};

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
    first: u64,
    end: u64,
    progress: Progress,
}

/// What a writer, or several one after the other, said between its start and its death.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Testimony {
    start: u64,
    /// Compactions may have removed the odd numbers below this one.
    thinned_below: u64,
    /// The disk is made to fail: the writer may say so.
    refusable: bool,
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
        Self { start, thinned_below: 0, refusable: false, opened: false, operations: Vec::new() }
    }

    /// Compactions may have removed the odd numbers below `end`.
    #[must_use]
    pub fn thinned_below(self, end: u64) -> Self {
        Self { thinned_below: end, ..self }
    }

    /// The disk is made to fail: an operation that is refused for it may be there or not, and a compaction may fail.
    #[must_use]
    pub fn refusable(self) -> Self {
        Self { refusable: true, ..self }
    }

    /// Takes the next line of the writer.
    ///
    /// # Panics
    /// When the writer says that something failed, unless the disk is made to fail.
    pub fn hear(&mut self, line: &Line) {
        match line {
            Line::Open => self.opened = true,
            Line::Try { n } => {
                let (first, end) = n.first().zip(n.last()).map_or((0, 0), |(first, last)| (*first, last + 1));
                self.operations.push(Operation { first, end, progress: Progress::Tried });
            }
            Line::Ack { durable, .. } => {
                let operation = self.operations.last_mut().expect("an acknowledgement follows its attempt");
                operation.progress = if *durable { Progress::Durable } else { Progress::Acknowledged };
            }
            Line::Compacted { msg: None, .. } | Line::Closed | Line::Exit => {}
            Line::Err { .. } | Line::Error { .. } | Line::Compacted { .. } if self.refusable => {}
            other => panic!("the writer failed before it was killed: {other:?}"),
        }
    }

    /// True if the store was open before its writer died.
    pub fn opened(&self) -> bool {
        self.opened
    }

    /// How many events were acknowledged at least so far.
    fn count(&self, progress: Progress) -> u64 {
        let reached = self.operations.iter().filter(|operation| operation.progress >= progress);
        reached.map(|operation| operation.end - operation.first).sum()
    }

    /// Compares with what the store holds after the crash; the error says what it must not look like.
    ///
    /// The writer was killed, the machine went on: what had been written is in the kernel's hands, so that even events that were
    /// acknowledged without being durable must be there.
    pub fn judge(&self, dump: &Dump, pad: usize) -> Result<Verdict, String> {
        let mut reading =
            Reading { rest: dump.numbered().collect(), clocks: HashMap::new(), removed: 0, pad };
        for n in 0..self.start {
            if !reading.take(n)? {
                if n % 2 == 0 || n >= self.thinned_below {
                    return Err(format!("event {n} is missing"));
                }
                reading.pass_removed(n);
            }
        }
        let mut verdict = Verdict {
            events: self.start,
            acknowledged: self.count(Progress::Acknowledged),
            durable: self.count(Progress::Durable),
            unannounced: 0,
        };
        for operation in &self.operations {
            if !reading.take(operation.first)? {
                if operation.progress >= Progress::Acknowledged {
                    return Err(format!("{operation:?} is missing"));
                }
                continue;
            }
            for n in operation.first + 1..operation.end {
                if !reading.take(n)? {
                    return Err(format!("{operation:?} is torn: {n} is missing"));
                }
            }
            verdict.events = operation.end;
            if operation.progress == Progress::Tried {
                verdict.unannounced += operation.end - operation.first;
            }
        }
        match reading.rest.front() {
            Some((n, _)) => Err(format!("event {n} stands where nothing was acknowledged")),
            None => whole(dump, reading.removed).map(|()| verdict),
        }
    }
}

/// The numbered events of a dump, as far as they were not looked at.
struct Reading<'d> {
    rest: VecDeque<(u64, &'d DumpedEvent)>,
    /// The next place in each stream.
    clocks: HashMap<String, u64>,
    removed: u64,
    pad: usize,
}

impl Reading<'_> {
    /// Takes event `n`, if it stands next, and checks it; the error says what is wrong with it.
    fn take(&mut self, n: u64) -> Result<bool, String> {
        let Some((_, event)) = self.rest.pop_front_if(|(next, _)| *next == n) else { return Ok(false) };
        let clock = self.next_clock(n);
        exact(n, clock, event, self.pad).map(|()| true)
    }

    fn pass_removed(&mut self, n: u64) {
        self.next_clock(n);
        self.removed += 1;
    }

    fn next_clock(&mut self, n: u64) -> u64 {
        let next = self.clocks.entry(protocol::entity(n)).or_default();
        *next += 1;
        *next - 1
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
fn exact(n: u64, clock: u64, event: &DumpedEvent, pad: usize) -> Result<(), String> {
    let payload = encoding::to_bytes(&Numbered::new(n, pad)).map_err(|error| error.to_string())?;
    let content = protocol::hex(&compute_hash(&payload));
    let kind = u16::from(protocol::KIND.0) << 12 | protocol::KIND.1;
    let expected = (protocol::entity(n), protocol::SCOPE, kind, clock, content.as_str());
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
    fn a_refused_operation_may_be_there_or_not_and_numbers_go_on_behind_it() {
        let mut testimony = testimony().refusable();
        let refusal = Line::Err { n: vec![2, 3, 4], class: "Io".to_owned(), msg: "no space".to_owned() };
        for line in [refusal, Line::Try { n: vec![5] }, Line::Ack { n: vec![5], durable: true }] {
            testimony.hear(&line);
        }
        for numbers in [&[0, 1, 5][..], &[0, 1, 2, 3, 4, 5]] {
            assert_eq!(
                testimony.judge(&dump(numbers), PAD).map(|verdict| verdict.durable),
                Ok(2),
                "{numbers:?}"
            );
        }
        for numbers in [&[0, 1][..], &[0, 1, 2, 5], &[0, 1, 2, 3, 4], &[0, 1, 5, 6]] {
            assert!(testimony.judge(&dump(numbers), PAD).is_err(), "{numbers:?}");
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
            assert!(thinned(numbers).is_err(), "{numbers:?}");
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
