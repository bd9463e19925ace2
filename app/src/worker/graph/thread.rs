//! Owns the thread that lays graphs out: the newest question alone counts, and it never holds a store.

use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use super::words::{CausalGraph, GraphPicture, GroupGraph};
use crate::view::graph::{self, Shape};
use crate::worker::activity::Work;
use crate::worker::caught::caught;
use crate::worker::failure;
use crate::worker::outbox::Outbox;
use crate::worker::protocol::{RequestId, Update};

/// What is to be laid out.
pub(crate) enum Unlaid {
    /// Events.
    Flow(Arc<CausalGraph>, Shape),
    /// Groups.
    Groups(Arc<GroupGraph>),
}

struct Job {
    id: RequestId,
    unlaid: Unlaid,
    work: Work,
}

/// Lays graphs out on a thread of its own, which ends when this is dropped and the layout it works at is done.
pub(crate) struct GraphThread {
    jobs: Option<Sender<Job>>,
    outbox: Outbox,
}

impl GraphThread {
    /// No thread is started before there is something to do.
    pub(crate) fn new(outbox: Outbox) -> Self {
        Self { jobs: None, outbox }
    }

    /// Lays a graph out; the answer is an `Update::Graph`, unless a newer question overtakes this one.
    pub(crate) fn lay_out(&mut self, id: RequestId, unlaid: Unlaid, work: Work) {
        let jobs = self.jobs.take().or_else(|| start(self.outbox.clone()));
        match jobs {
            Some(jobs) => {
                // The thread ends only when this sender is dropped: a layout that panics is caught.
                let _ = jobs.send(Job { id, unlaid, work });
                self.jobs = Some(jobs);
            }
            None => answer(&self.outbox, Job { id, unlaid, work }),
        }
    }
}

fn start(outbox: Outbox) -> Option<Sender<Job>> {
    // Unbounded, for the newest job replaces all that wait: there are never more than the session sends while one is laid out.
    let (jobs, waiting) = unbounded();
    let run = move || lay_out_newest(&waiting, &outbox);
    thread::Builder::new().name("causeway-graph".to_owned()).spawn(run).ok().map(|_| jobs)
}

fn lay_out_newest(waiting: &Receiver<Job>, outbox: &Outbox) {
    while let Ok(next) = waiting.recv() {
        let newest = waiting.try_iter().last().unwrap_or(next);
        answer(outbox, newest);
    }
}

fn answer(outbox: &Outbox, Job { id, unlaid, work }: Job) {
    let lay_out = || match unlaid {
        Unlaid::Flow(events, shape) => {
            let layout = graph::layout(&events, &shape);
            GraphPicture::Flow(events, layout)
        }
        Unlaid::Groups(groups) => {
            let layout = graph::lay_groups(&groups);
            GraphPicture::Groups(groups, layout)
        }
    };
    let picture = caught(lay_out).map(Arc::new);
    let graph = picture.map_err(|said| failure::unexpected("Laying out the graph", &said));
    outbox.send(Update::Graph { id, graph });
    drop(work);
}
