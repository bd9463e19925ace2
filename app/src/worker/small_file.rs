//! Owns reading a file that a person wrote, from a directory that anybody may have made: a regular file of a bounded size, or nothing.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;

/// No list of names is longer.
const BYTES_MAX: u64 = 1024 * 1024;

/// The text of a file. What is no regular file is never opened: opening a pipe waits for somebody to write into it.
///
/// # Errors
/// When it is no regular file, is too large, or is not UTF-8.
pub fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "this is not a regular file"));
    }
    let mut text = String::new();
    let read = File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if read as u64 > BYTES_MAX { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
}
