//! The panels of the screen, in the order in which they are laid out.
