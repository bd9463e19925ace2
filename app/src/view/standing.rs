//! Owns the words for a store that may not go on as it did: its directory or its writer is gone. Never looks.

use super::text;
use crate::widgets::escape;
use crate::worker::protocol::Lost;

/// In two words, for a badge.
pub fn label(lost: &Lost) -> &'static str {
    match lost {
        Lost::Directory(_) => "Directory gone",
        Lost::Replaced => "Directory replaced",
        Lost::Writer(..) => "Writer ended",
    }
}

/// What it means for what is shown.
pub fn sentence(lost: &Lost) -> String {
    match lost {
        Lost::Directory(reason) => {
            let reason = escape::visible(reason);
            format!("The directory cannot be reached: {reason}. What is shown was read before.")
        }
        Lost::Replaced => {
            "Another directory has this path now. What is shown is the one that was opened; open the path again to see the other."
                .to_owned()
        }
        Lost::Writer(process, program) => {
            let program = escape::visible(program.as_deref().unwrap_or("The writer")).into_owned();
            let process = text::grouped(u64::from(*process)).replace(',', "");
            format!("{program}, process {process}, does not write any more. The events are all there; new ones come when it is started again.")
        }
    }
}
