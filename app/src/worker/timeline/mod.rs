//! Owns the timeline of an open store: sums of all of it, and lanes over a part of it.
//!
//! Invariants:
//! - a step is short, whatever the store's size; what is counted is kept, so that growth costs what grew;
//! - the newest question is answered: now and then as far as it is counted, and once when it is.

mod blocks;
mod gaps;
mod lanes;
mod overview;
mod postings;
mod pyramid;
mod strip;
#[cfg(test)]
mod tests;
pub(super) mod words;

use std::sync::Arc;
use std::time::{Duration, Instant};

use causeway::store::StoreError;

use crate::worker::activity::Work;
use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::protocol::{RequestId, TimeAxis, Timeline, TimelineQuestion, Window};
use crate::worker::search::Found;
use crate::worker::timeline::blocks::{BLOCK, Blocks, Log};
use crate::worker::timeline::lanes::Lanes;
use crate::worker::timeline::overview::Overview;
use crate::worker::timeline::pyramid::Pyramid;

/// How long a step may take.
const STEP: Duration = Duration::from_millis(8);
/// How often it is told how far it is counted.
const TOLD_INTERVAL: Duration = Duration::from_millis(120);
/// Events that are read before the time is looked at.
const SLICE: u64 = BLOCK / 4;

/// What is known of a store over time.
#[derive(Default)]
pub(crate) struct Timelines {
    blocks: Blocks,
    pyramid: Pyramid,
    lanes: Lanes,
    job: Option<Job>,
    /// How far the store was readable at the last step.
    end: u64,
}

/// A question on its way.
struct Job {
    id: RequestId,
    question: TimelineQuestion,
    /// Events that there were when it was asked.
    wanted: u64,
    told_at: Option<Instant>,
    overview: Option<Overview>,
    _work: Work,
}

/// What a step came to.
pub(crate) enum Step {
    /// Nothing is asked.
    Idle,
    /// There is more to do.
    Busy,
    /// An answer, so far or for good, or why there is none.
    Told(RequestId, Result<Arc<Timeline>, StoreError>),
}

impl Timelines {
    /// Takes a question, in place of the one before.
    pub(crate) fn ask(&mut self, id: RequestId, question: TimelineQuestion, wanted: u64, work: Work) {
        self.job = Some(Job { id, question, wanted, told_at: None, overview: None, _work: work });
    }

    /// Goes on with what is asked. `found` are the sequences of the current result; `None` if it is everything.
    pub(crate) fn step(&mut self, handle: &Handle, holes: &Holes, found: Option<&Found>) -> Step {
        let end = handle.visible().min(holes.looked_at());
        self.rewind(end);
        self.end = end;
        let Some(mut job) = self.job.take() else { return Step::Idle };
        job.wanted = job.wanted.min(handle.visible());
        let log = Log { source: handle, holes, end };
        match self.go_on(handle, log, &mut job) {
            Ok(None) => {
                self.job = Some(job);
                Step::Busy
            }
            Ok(Some(mut timeline)) => {
                let id = job.id;
                let firsts = &timeline.first_sequence;
                timeline.hits = found.map(|found| hits(found, firsts, end)).unwrap_or_default();
                if !timeline.complete {
                    self.job = Some(job);
                }
                Step::Told(id, Ok(Arc::new(timeline)))
            }
            Err(error) => Step::Told(job.id, Err(error)),
        }
    }

    /// Counts on, and answers if it is time to.
    fn go_on(
        &mut self,
        handle: &Handle,
        log: Log<'_>,
        job: &mut Job,
    ) -> Result<Option<Timeline>, StoreError> {
        let now = Instant::now();
        let complete = self.count(handle, log, job, now + STEP)? && log.end >= job.wanted;
        let told_at = job.told_at.get_or_insert(now);
        if !complete && now.duration_since(*told_at) < TOLD_INTERVAL {
            return Ok(None);
        }
        *told_at = now;
        self.answer(log, job, complete).map(Some)
    }

    /// Counts until `deadline`. True if nothing is left.
    fn count(
        &mut self,
        handle: &Handle,
        log: Log<'_>,
        job: &mut Job,
        deadline: Instant,
    ) -> Result<bool, StoreError> {
        if !self.extend(log, deadline)? {
            return Ok(false);
        }
        // Growth while it is counted is another question's business: this one must end.
        let question = &job.question;
        let overview =
            job.overview.get_or_insert_with(|| Overview::of(&self.pyramid, question.axis, question.bins));
        if !overview.advance(log, &mut self.blocks, deadline)? {
            return Ok(false);
        }
        self.lanes.rank(handle, question)?;
        let window = self.window(question);
        let places = self.pyramid.places(question.axis, &(window.from..window.to));
        let marked = (question.axis, window, &places);
        self.lanes.advance(log, &mut self.blocks, (&question.ranks, marked), deadline)
    }

    /// Sums up what was not summed up yet, until `deadline`. True if nothing is left.
    fn extend(&mut self, log: Log<'_>, deadline: Instant) -> Result<bool, StoreError> {
        while self.pyramid.next() < log.end {
            let from = self.pyramid.next();
            // Behind a long run of unreadable places there is nothing to count for long.
            let first = log.holes.readable(from..log.end).next().map_or(log.end, |run| run.start);
            let end = first.saturating_add(SLICE).min(log.end);
            let pyramid = &mut self.pyramid;
            self.blocks.each(log, first..end, |event| pyramid.push(event))?;
            self.pyramid.skip_to(end);
            if Instant::now() >= deadline {
                break;
            }
        }
        Ok(self.pyramid.next() >= log.end)
    }

    /// The window that is asked for, or the whole store.
    fn window(&self, question: &TimelineQuestion) -> Window {
        question.window.unwrap_or_else(|| {
            let (first, last) = self.pyramid.span(question.axis).unwrap_or_default();
            let bucket = (last.abs_diff(first) / question.bins.max(1) as u64).max(1);
            Window { from: first, to: last.saturating_add(1), bucket: bucket.next_power_of_two() }
        })
    }

    fn answer(&mut self, log: Log<'_>, job: &Job, complete: bool) -> Result<Timeline, StoreError> {
        let question = &job.question;
        let window = self.window(question);
        let counted;
        let overview = if let Some(overview) = &job.overview {
            overview
        } else {
            counted = Overview::of(&self.pyramid, question.axis, question.bins);
            &counted
        };
        let gaps = match question.axis {
            TimeAxis::Time => gaps::gaps(log, &mut self.blocks, &self.pyramid, window)?,
            TimeAxis::Sequence => Vec::new(),
        };
        Ok(Timeline {
            axis: question.axis,
            span: overview.span,
            looked_at: (self.pyramid.next(), log.end.max(job.wanted)),
            bins: overview.bins.clone(),
            first_sequence: overview.first_sequences(self.pyramid.next()),
            hits: Vec::new(),
            window,
            lanes_by: question.lanes,
            focus: question.focus,
            first_rank: question.ranks.start,
            lane_count: self.lanes.count(),
            lanes: self.lanes.lanes(&question.ranks),
            gaps,
            jumps: self.pyramid.jumps().to_vec(),
            complete,
        })
    }

    /// Forgets what lies behind the end of a store that shrank.
    pub(crate) fn rewind(&mut self, end: u64) {
        if end >= self.end {
            return;
        }
        self.end = end;
        self.blocks.rewind(end);
        self.pyramid.rewind(end);
        self.lanes.rewind(end);
        if let Some(job) = &mut self.job {
            job.overview = None;
        }
    }
}

/// Which parts of the whole hold an event of a result; `firsts` are the sequences that they begin with.
fn hits(found: &Found, firsts: &[u64], end: u64) -> Vec<bool> {
    let ends = firsts.iter().skip(1).copied().chain([end]);
    let holds = |(first, end): (u64, u64)| found.first_from(first).is_some_and(|next| next < end);
    firsts.iter().copied().zip(ends).map(holds).collect()
}
