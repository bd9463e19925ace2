//! The only place that holds a store: requests in, updates out, one thread a store, watchers that feed one channel.

pub mod protocol;
