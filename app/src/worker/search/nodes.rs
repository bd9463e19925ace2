//! Owns how sets of places are put together, a block at a time, from what the index answers.

use std::ops::Range;

use causeway::store::{Selection, StoreError};

use crate::worker::handle::Handle;
use crate::worker::holes::Holes;
use crate::worker::search::found::{BLOCK, Places};

/// Sequences that the first question to an index asks for; each further question asks for twice as many.
const ASKED_FIRST: usize = 2_048;
/// Sequences that one question asks for at most.
const ASKED_MAX: usize = 65_536;

/// A set of places.
pub(super) enum Node {
    /// Every event that can be read.
    Every,
    /// No place.
    Nothing,
    /// What an index answers.
    Index(Box<Stream>),
    /// A run of places.
    Run(Range<u64>),
    /// What is in all of these.
    Both(Vec<Self>),
    /// What is in any of these.
    Either(Vec<Self>),
    /// Every event that is not in this.
    Outside(Box<Self>),
}

/// The answers of an index, taken in order.
pub(super) struct Stream {
    selection: Selection,
    fetched: Vec<u64>,
    at: usize,
    /// All answers before this place were fetched.
    known: u64,
    asked: usize,
}

/// Which part of the store is looked at.
pub(super) struct Window<'a> {
    pub(super) handle: &'a Handle,
    pub(super) holes: &'a Holes,
    /// Within one block.
    pub(super) range: Range<u64>,
    /// Every event within the range; made when it is needed.
    pub(super) every: Option<Places>,
}

impl Window<'_> {
    fn first(&self) -> u64 {
        self.range.start / BLOCK * BLOCK
    }

    fn run(&self, run: &Range<u64>) -> Places {
        let mut places = Places::none();
        let (start, end) = (run.start.max(self.range.start), run.end.min(self.range.end));
        if start < end {
            places.set((start - self.first()) as u32..(end - self.first()) as u32, true);
        }
        places
    }

    /// Every event that can be read.
    fn every(&mut self) -> Result<Places, StoreError> {
        if self.every.is_none() {
            let mut all = Stream::of(Selection { hidden: true, ..Selection::default() });
            all.asked = ASKED_MAX;
            let mut readable = Places::none();
            for run in self.holes.readable(self.range.clone()) {
                readable.add(&self.run(&run));
            }
            let mut places = all.places(self)?;
            places.keep(&readable);
            self.every = Some(places);
        }
        Ok(self.every.clone().unwrap_or_else(Places::none))
    }
}

impl Node {
    /// The places of the set within a window.
    pub(super) fn places(&mut self, window: &mut Window<'_>) -> Result<Places, StoreError> {
        match self {
            Self::Every => window.every(),
            Self::Nothing => Ok(Places::none()),
            Self::Index(stream) => stream.places(window),
            Self::Run(run) => {
                let mut places = window.run(run);
                if !places.is_empty() {
                    places.keep(&window.every()?);
                }
                Ok(places)
            }
            Self::Both(parts) => {
                let mut parts = parts.iter_mut();
                let Some(first) = parts.next() else { return window.every() };
                let mut places = first.places(window)?;
                for part in parts {
                    if places.is_empty() {
                        break;
                    }
                    places.keep(&part.places(window)?);
                }
                Ok(places)
            }
            Self::Either(parts) => {
                let mut places = Places::none();
                for part in parts {
                    places.add(&part.places(window)?);
                }
                Ok(places)
            }
            Self::Outside(inner) => {
                let mut places = window.every()?;
                if !places.is_empty() {
                    places.subtract(&inner.places(window)?);
                }
                Ok(places)
            }
        }
    }

    /// Forgets what lies at `end` and behind it.
    pub(super) fn rewind(&mut self, end: u64) {
        match self {
            Self::Every | Self::Nothing | Self::Run(_) => {}
            Self::Index(stream) => stream.rewind(end),
            Self::Both(parts) | Self::Either(parts) => parts.iter_mut().for_each(|part| part.rewind(end)),
            Self::Outside(inner) => inner.rewind(end),
        }
    }
}

impl Stream {
    /// All answers to a question.
    pub(super) fn of(selection: Selection) -> Self {
        Self { selection, fetched: Vec::new(), at: 0, known: 0, asked: ASKED_FIRST }
    }

    /// The answers within a window that lies behind all windows before it.
    fn places(&mut self, window: &Window<'_>) -> Result<Places, StoreError> {
        let (mut places, first) = (Places::none(), window.first());
        let Range { start, end } = window.range;
        loop {
            let left = self.fetched.get(self.at..).unwrap_or_default();
            let skipped = left.partition_point(|sequence| *sequence < start);
            let taken = left.partition_point(|sequence| *sequence < end);
            left[skipped..taken].iter().for_each(|sequence| places.insert((sequence - first) as u16));
            self.at += taken;
            if self.at < self.fetched.len() || self.known >= end {
                return Ok(places);
            }
            let from = self.known.max(start);
            // Whatever becomes visible meanwhile is behind this.
            let visible = window.handle.visible();
            self.fetched = window.handle.select(&self.selection, from, self.asked)?;
            self.at = 0;
            let is_all = self.fetched.len() < self.asked;
            let last = self.fetched.last().map_or(from, |last| last + 1);
            self.known = if is_all { visible.max(last) } else { last };
            self.asked = (self.asked * 2).min(ASKED_MAX);
            if is_all && self.fetched.is_empty() && self.known < end {
                return Ok(places);
            }
        }
    }

    fn rewind(&mut self, end: u64) {
        self.fetched.clear();
        self.at = 0;
        self.known = self.known.min(end);
    }
}
