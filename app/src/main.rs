//! The binary: looks at the surroundings and the arguments, and ends with an exit code.

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;

use causeway_inspector::cli::{self, Cli, Displays, Surroundings};
use clap::Parser;

fn main() -> ExitCode {
    let path = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // A relative socket name lies in the run-time directory.
    let runtime = path("XDG_RUNTIME_DIR").unwrap_or_default();
    let displays = Displays {
        wayland: path("WAYLAND_DISPLAY").map(|display| runtime.join(display)),
        x11: path("DISPLAY").is_some(),
    };
    match Cli::try_parse() {
        Ok(cli) => cli::run(cli, Surroundings { home: path("CAUSEWAY_HOME"), displays }),
        Err(answer) => cli::answer(&answer),
    }
}
