//! Owns file systems of a test's own: a small one, a read-only one. They are mounted in a namespace of their own, so that no privilege
//! is needed where the system lets users have such namespaces, and nothing is left behind.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// Names the mounted directory to the test that is run once more inside.
const ROOM: &str = "CAUSEWAY_ROOM";

/// How a file system is mounted at `$1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mount {
    /// An empty one in memory, which takes so many bytes.
    Small(u64),
    /// What stands there already, read-only.
    ReadOnly,
}

impl Mount {
    fn script(self) -> String {
        match self {
            Self::Small(bytes) => format!("mount -t tmpfs -o size={bytes},mode=0700 tmpfs \"$1\""),
            Self::ReadOnly => "mount --bind \"$1\" \"$1\" && mount -o remount,ro,bind \"$1\"".to_owned(),
        }
    }

    /// A command that runs the words behind it where `directory` is mounted so.
    fn command(self, directory: &Path) -> Command {
        let mut command = Command::new("unshare");
        let script = format!("{} && shift && exec \"$@\"", self.script());
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh"]).arg(directory);
        command
    }
}

/// Runs the test of this name once more, with `directory` mounted, and `work` there. False, said loudly, if nothing can be mounted here.
///
/// # Panics
/// When the test fails inside.
pub fn within(mount: Mount, directory: &Path, test: &str, work: impl FnOnce(&Path)) -> bool {
    if let Some(room) = env::var_os(ROOM) {
        work(&PathBuf::from(room));
        return true;
    }
    let mut probe = mount.command(directory);
    if !probe.arg("true").stderr(Stdio::null()).status().is_ok_and(|status| status.success()) {
        // Past the capture of test output: what is left out is always said. Nobody is left to be told if that fails.
        let _ = writeln!(
            io::stderr(),
            "LEFT OUT: {test}: no file system of its own can be mounted here ({mount:?})"
        );
        return false;
    }
    let program = env::current_exe().expect("a test knows its program");
    let mut inside = mount.command(directory);
    inside.arg(program).args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ROOM, directory);
    let status = inside.status().expect("unshare started before");
    assert!(status.success(), "{test} failed where {mount:?} is mounted: {status}");
    true
}

/// A temporary directory where many short-lived stores cost the least, for tests that are not about the disk.
///
/// # Panics
/// When no directory can be made.
pub fn quick() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    made.expect("a temporary directory")
}
