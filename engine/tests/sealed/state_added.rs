//! The states of a machine stand in one place.

use causeway::define_state_machine;

define_state_machine!(door_seal, DoorState { Open, Shut });

struct Ajar;

impl DoorState for Ajar {}
impl causeway::typestate::StateMarker for Ajar {}

fn main() {}
