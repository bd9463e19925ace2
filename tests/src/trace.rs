//! Owns what a process asked of the kernel: runs it under strace, and takes the calls apart. Judges nothing.

use std::collections::HashMap;
use std::env;
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A traced process that does not end within this time, in seconds, hangs.
const PATIENCE_S: &str = "60";

/// One call that has returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its arguments as strace shows them: a descriptor is followed by the path that it stands for.
    pub arguments: String,
    /// What it returned.
    pub result: String,
}

impl Call {
    /// True if it succeeded.
    pub fn is_done(&self) -> bool {
        !self.result.starts_with('-') && !self.result.starts_with('?')
    }

    /// True if one of its descriptors stands for this path.
    pub fn is_on(&self, path: &Path) -> bool {
        self.arguments.contains(&format!("<{}>", path.display()))
    }
}

/// True if processes can be traced here. Where strace is missing it must be left out on purpose, by `CAUSEWAY_WITHOUT_STRACE=1`.
///
/// # Panics
/// When strace is missing and nobody said that it may be.
pub fn can_trace() -> bool {
    if env::var_os("CAUSEWAY_WITHOUT_STRACE").is_some_and(|value| value == "1") {
        // Past the capture of test output: what is left out is always said. Nobody is left to be told if that fails.
        let _ = writeln!(io::stderr(), "LEFT OUT: what needs strace");
        return false;
    }
    let probe = Command::new("strace").args(["-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    assert!(
        probe.is_ok_and(|status| status.success()),
        "strace is not installed or may not trace here: install it, or set CAUSEWAY_WITHOUT_STRACE=1 to leave this out"
    );
    true
}

/// Runs a command and returns its output and every call of its threads in the order in which they returned. `filter` says which calls
/// and which faults, as strace takes it.
///
/// # Panics
/// When the command hangs.
pub fn traced(filter: &[&str], command: &[&str]) -> (Output, Vec<Call>) {
    let home = tempfile::tempdir().expect("a temporary directory");
    let log = home.path().join("trace");
    let output = Command::new("timeout")
        .args(["-s", "KILL", PATIENCE_S, "strace", "-f", "-qq", "-y", "-s", "200", "-o"])
        .arg(&log)
        .args(filter)
        .arg("--")
        .args(command)
        .stdin(Stdio::null())
        .output()
        .expect("strace is installed");
    assert!(output.status.code().is_some_and(|code| code != 137), "{command:?} {filter:?} hangs: {output:?}");
    let text = std::fs::read(&log).expect("strace wrote what it saw");
    (output, calls(&String::from_utf8_lossy(&text)))
}

/// The calls in a log of strace.
fn calls(text: &str) -> Vec<Call> {
    let mut begun: HashMap<&str, String> = HashMap::new();
    let mut calls = Vec::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim_start();
        if let Some(start) = rest.strip_suffix("<unfinished ...>") {
            begun.insert(thread, start.to_owned());
            continue;
        }
        let resumed = rest.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>"));
        let whole = match resumed {
            Some((_, end)) => begun.remove(thread).unwrap_or_default() + end,
            None => rest.to_owned(),
        };
        calls.extend(call(&whole));
    }
    calls
}

fn call(text: &str) -> Option<Call> {
    let (name, rest) = text.split_once('(')?;
    let (arguments, result) = rest.rsplit_once(" = ")?;
    let arguments = arguments.trim_end().strip_suffix(')')?;
    Some(Call { name: name.to_owned(), arguments: arguments.to_owned(), result: result.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_was_interrupted_is_put_together_again() {
        let log = "7 fsync(3</a> <unfinished ...>\n8 write(1</b>, \"x = (1)\", 7) = 7\n7 <... fsync resumed>) = -1 EIO (x)\n7 +++ exited +++\n";
        let found = calls(log);
        let names: Vec<_> = found.iter().map(|call| (call.name.as_str(), call.is_done())).collect();
        assert_eq!(names, [("write", true), ("fsync", false)]);
        assert!(found[1].is_on(Path::new("/a")) && !found[1].is_on(Path::new("/")));
        assert_eq!(found[0].arguments, "1</b>, \"x = (1)\", 7");
    }
}
