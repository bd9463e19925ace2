//! Owns the proof that the engine keeps its promises: whole stores in a directory that loses power, fails and decays on request.

mod chains;
mod compaction;
mod costs;
mod crash;
mod damage;
mod fault;
mod figures;
mod follow;
mod model;
mod oracle;
mod random;
mod react;
#[cfg(causeway_shuttle)]
mod schedules;
mod script;
mod threads;
