//! Inspector.
