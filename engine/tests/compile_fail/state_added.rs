//! Only `define_state_machine!` makes states.

struct Ajar;

impl causeway::typestate::StateMarker for Ajar {}

fn main() {}
