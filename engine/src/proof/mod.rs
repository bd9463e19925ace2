//! Owns the proof that the engine keeps its promises: whole stores in a directory that loses power, fails and decays on request.

mod attempt;
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
#[cfg(feature = "planted-bugs")]
mod planted;
mod random;
mod react;
#[cfg(causeway_shuttle)]
mod schedules;
mod script;
mod shrink;
mod simulation;
mod threads;
