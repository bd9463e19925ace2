//! Owns the newest question for a graph: events are read at once, groups slice by slice, and both are laid out beside.

use std::sync::Arc;

use super::gather::Gathering;
use super::thread::{GraphThread, Unlaid};
use super::words::{GraphAsk, GraphView};
use crate::worker::activity::Work;
use crate::worker::caught::caught;
use crate::worker::failure;
use crate::worker::handle::Handle;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{RequestId, Update};

/// Answers questions for graphs.
pub(crate) struct Graphs {
    thread: GraphThread,
    gathering: Option<Gathering>,
    outbox: Outbox,
}

impl Graphs {
    /// No question yet.
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self { thread: GraphThread::new(outbox.clone()), gathering: None, outbox }
    }

    /// A question, in place of the one before. `result` gives the newest events of the current result, oldest first, and how many
    /// there are.
    pub(crate) fn ask(
        &mut self,
        handle: &Handle,
        (id, ask): (RequestId, GraphAsk),
        result: impl FnOnce(usize) -> (Vec<u64>, u64),
        work: Work,
    ) {
        self.gathering = None;
        let failed = match ask.view {
            GraphView::Flow => {
                let read = caught(|| super::graph(handle, ask.focus, &ask.opened));
                match read.map_err(|said| failure::unexpected("Reading the graph", &said)) {
                    Ok(Ok(graph)) => {
                        return self.thread.lay_out(id, Unlaid::Flow(Arc::new(graph), ask.shape), work);
                    }
                    Ok(Err(error)) => failure::of(&error),
                    Err(failure) => failure,
                }
            }
            GraphView::Groups(over, by) => {
                match Gathering::begin(handle, (id, ask.focus), (over, by), result, work) {
                    Ok(gathering) => {
                        self.gathering = Some(gathering);
                        return;
                    }
                    Err(error) => failure::of(&error),
                }
            }
        };
        self.outbox.send(Update::Graph { id, graph: Err(failed) });
    }

    /// Goes on with groups that are being counted; true if there is nothing to go on with.
    pub(crate) fn step(&mut self, handle: &Handle) -> bool {
        let Some(gathering) = &mut self.gathering else { return true };
        if gathering.step(handle)
            && let Some(done) = self.gathering.take()
        {
            let (id, groups, work) = done.finish();
            self.thread.lay_out(id, Unlaid::Groups(Arc::new(groups)), work);
        }
        self.gathering.is_none()
    }
}
