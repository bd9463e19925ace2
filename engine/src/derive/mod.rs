//! Floor 5: states derived from events, and their delivery to those who wait for them. Never writes an event.

pub(crate) mod cache;
pub(crate) mod canal;
pub(crate) mod checkpoint;
pub(crate) mod cursor;
pub(crate) mod evidence;
pub(crate) mod feed;
pub(crate) mod fold;
pub(crate) mod gap;
pub(crate) mod kept;
pub(crate) mod native_cache;
pub(crate) mod observation;
pub(crate) mod outcome;
pub(crate) mod projection;
pub(crate) mod reaction;
pub(crate) mod reactive;
pub(crate) mod region;
pub(crate) mod remembered;
pub(crate) mod replay;
pub(crate) mod restart;
pub(crate) mod subscription;
pub(crate) mod wait;
pub(crate) mod watch;
