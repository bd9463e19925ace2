//! What the tests of the command line share: running the program as a script does.

use std::process::{Command, Output, Stdio};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_causeway");

/// Runs a command without a terminal.
pub(crate) fn causeway(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).stdin(Stdio::null()).output().unwrap()
}

/// The exit code and the only line on the standard error output of a command that fails and prints nothing else.
pub(crate) fn failure(arguments: &[&str]) -> (i32, String) {
    let output = causeway(arguments);
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), text)
}
