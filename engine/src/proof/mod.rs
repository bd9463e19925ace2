//! Owns the proof that the engine keeps its promises: whole stores in a directory that loses power, fails and decays on request.

#[cfg(test)]
mod attempt;
mod beside;
#[cfg(test)]
mod chains;
mod compaction;
#[cfg(test)]
mod costs;
mod crash;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod edges;
#[cfg(test)]
mod example;
#[cfg(test)]
mod fault;
mod figures;
#[cfg(test)]
mod follow;
pub(crate) mod fuzz;
#[cfg(test)]
mod heads;
mod model;
mod oracle;
#[cfg(all(test, feature = "planted-bugs"))]
mod planted;
mod random;
#[cfg(test)]
mod react;
#[cfg(test)]
mod repair;
#[cfg(test)]
mod rules;
#[cfg(causeway_shuttle)]
mod schedules;
mod script;
#[cfg(test)]
mod shrink;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tamper;
mod threads;
