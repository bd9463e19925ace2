//! Owns the bugs that the proof plants into the engine to see that it can fail. Without the feature `planted-bugs` there are none.
//!
//! The feature is for the tests of this crate alone: no other build of it succeeds.

#[cfg(all(feature = "planted-bugs", not(test)))]
compile_error!(
    "the feature planted-bugs breaks the store on purpose: it is for `cargo test -p causeway --lib` alone"
);

/// A bug that a store may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlantedBug {
    /// The name of a new segment is not made durable.
    DirectoryNotSynced,
    /// A write that moved less than all is taken for whole.
    ShortWriteIgnored,
    /// A sync that failed is tried again.
    FailedSyncRetried,
    /// A stored index is believed though the segment has grown since.
    IndexBelieved,
    /// Recovery goes on writing in front of a torn tail.
    TornTailLeft,
}

impl PlantedBug {
    /// True while this bug is planted on this thread.
    #[cfg(not(feature = "planted-bugs"))]
    #[allow(clippy::unused_self, reason = "with the feature it is used")]
    pub(crate) const fn is_planted(self) -> bool {
        false
    }
}

#[cfg(feature = "planted-bugs")]
mod active {
    use std::cell::Cell;

    use super::PlantedBug;

    thread_local! {
        static PLANTED: Cell<Option<PlantedBug>> = const { Cell::new(None) };
    }

    impl PlantedBug {
        /// Every bug.
        pub(crate) const ALL: [Self; 5] = [
            Self::DirectoryNotSynced,
            Self::ShortWriteIgnored,
            Self::FailedSyncRetried,
            Self::IndexBelieved,
            Self::TornTailLeft,
        ];

        /// True while this bug is planted on this thread.
        pub(crate) fn is_planted(self) -> bool {
            PLANTED.get() == Some(self)
        }

        /// Works with the bug on this thread; it is gone afterwards, also if `work` panics.
        pub(crate) fn during<R>(self, work: impl FnOnce() -> R) -> R {
            struct Uprooted;
            impl Drop for Uprooted {
                fn drop(&mut self) {
                    PLANTED.set(None);
                }
            }
            let _uprooted = Uprooted;
            PLANTED.set(Some(self));
            work()
        }
    }
}
