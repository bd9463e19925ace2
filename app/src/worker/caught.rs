//! Owns turning a panic into words, so that one payload or one view that nobody foresaw does not end the program.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs something that may panic; what it said then is the error.
///
/// # Errors
/// The panic's message.
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        let said = panic.downcast_ref::<String>().map(String::as_str);
        said.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
    })
}
