//! The sums against naive counts, over random logs whose clock may step back, as they grow and shrink.
