//! Owns a driver process: starting it, reading its lines, killing it. Never outlives the test that started it.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use crate::protocol::{DumpEnd, DumpedEvent, Line};

/// A running driver.
#[derive(Debug)]
pub struct Driven {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Driven {
    /// Starts `program COMMAND DIRECTORY OPTIONS..`.
    ///
    /// # Panics
    /// When the program cannot be started: there is nothing to test then.
    pub fn start(program: &str, command: &str, directory: &Path, options: &[String]) -> Self {
        let mut child = Command::new(program)
            .arg(command)
            .arg(directory)
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{program} could not be started: {error}"));
        let stdout = child.stdout.take().expect("the output was asked for as a pipe");
        Self { child, lines: BufReader::new(stdout).lines() }
    }

    /// The next line; `None` at the end of the output, or where a killed driver's last line breaks off.
    pub fn next_line(&mut self) -> Option<Line> {
        let text = self.lines.next()?.ok()?;
        serde_json::from_str(&text).ok()
    }

    /// Kills the driver (SIGKILL) and returns what it had still written.
    pub fn kill(mut self) -> Vec<Line> {
        // A driver that has ended by itself cannot be killed any more, which is as good.
        let _ = self.child.kill();
        std::iter::from_fn(|| self.next_line()).collect()
    }

    /// Waits for the driver's end.
    ///
    /// # Panics
    /// When the operating system does not let us wait for our own child.
    pub fn finish(mut self) -> (Vec<Line>, ExitStatus) {
        let lines = std::iter::from_fn(|| self.next_line()).collect();
        (lines, self.child.wait().expect("a child can be waited for"))
    }
}

impl Drop for Driven {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a store holds, told by a process of its own.
#[derive(Debug, PartialEq, Eq)]
pub struct Dump {
    /// Every event in commit order.
    pub events: Vec<DumpedEvent>,
    /// The sums.
    pub end: DumpEnd,
}

impl Dump {
    /// Dumps a store; the error is what the driver said instead.
    pub fn of(program: &str, directory: &Path, options: &[&str]) -> Result<Self, String> {
        let options: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let (lines, status) = Driven::start(program, "dump", directory, &options).finish();
        let mut events = Vec::new();
        let mut end = None;
        for line in lines {
            match line {
                Line::Ev(event) => events.push(*event),
                Line::End(sums) => end = Some(sums),
                Line::Exit => (),
                other => return Err(format!("{other:?}, {status}")),
            }
        }
        match end {
            Some(end) if status.success() => Ok(Self { events, end }),
            _ => Err(format!("the dump broke off: {status}")),
        }
    }

    /// The events that a driver wrote, without the store's own.
    pub fn numbered(&self) -> impl Iterator<Item = (u64, &DumpedEvent)> {
        self.events.iter().filter_map(|event| Some((event.n?, event)))
    }
}
