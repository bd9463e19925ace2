//! Owns graphs for tests.
