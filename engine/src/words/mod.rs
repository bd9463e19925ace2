//! Floor 0: the words of the store. Pure values: no file, no thread, no clock is read here.

pub(crate) mod catalogue;
pub(crate) mod chain;
pub(crate) mod clock;
pub(crate) mod config;
pub(crate) mod coordinate;
pub(crate) mod decode;
pub(crate) mod encoding;
pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod extension;
pub(crate) mod format;
pub(crate) mod hex;
pub(crate) mod id;
pub(crate) mod kind;
pub(crate) mod merkle;
pub(crate) mod outcome;
pub(crate) mod payload;
pub(crate) mod position;
pub(crate) mod region;
pub(crate) mod registry;
pub(crate) mod report;
pub(crate) mod signing;
pub(crate) mod sync;
pub(crate) mod typestate;
pub(crate) mod wire;
