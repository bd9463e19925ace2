//! Owns the words of what is wrong with a store: what a finding is called, where it is, what a level of verification means. Never checks.

use causeway::store::{Finding, FindingClass, VerifyLevel};

use super::text;
use crate::state::damage;
use crate::widgets::escape;

/// What a finding is called.
pub fn title(finding: &Finding) -> &'static str {
    match finding.class {
        _ if damage::is_unchecked(finding) => "Not checked",
        FindingClass::File => "File",
        FindingClass::Header => "Segment header",
        FindingClass::Hole => "Events missing",
        FindingClass::Frame => "Damaged frame",
        FindingClass::Group => "Incomplete group",
        FindingClass::Place => "Wrong place",
        FindingClass::ContentHash => "Payload changed",
        FindingClass::EventHash => "Event hash",
        FindingClass::Link => "Chain broken",
        FindingClass::Id => "Repeated id",
        FindingClass::Derived => "Derived file",
        FindingClass::Cursor => "Consumer position",
        FindingClass::Receipt => "Receipt",
        FindingClass::Head => "Other history",
        FindingClass::Recovered => "Recovered",
        _ => "Note",
    }
}

/// Where a finding is: `00000000000000000000-0.seg at byte 84`; empty if it names no file.
pub fn place(finding: &Finding) -> String {
    let file = finding.file.as_deref().map(escape::visible);
    match (file, finding.offset) {
        (Some(file), Some(offset)) => format!("{file} at byte {}", text::grouped(offset)),
        (Some(file), None) => file.into_owned(),
        (None, _) => String::new(),
    }
}

/// What a finding says, as a sentence without its place.
pub fn sentence(finding: &Finding) -> String {
    let shown = escape::visible(&finding.message);
    let mut chars = shown.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What a badge says of a level that holds: its code and its claim. Only a level that compares with a head kept elsewhere may claim more
/// than that the log fits itself.
pub fn claim(level: Option<VerifyLevel>) -> String {
    level.map_or_else(
        || "Payload hashes and links fit".to_owned(),
        |level| format!("{} {}", level.code(), level.claim()),
    )
}

/// What a level means, in sentences.
pub fn meaning(level: Option<VerifyLevel>) -> &'static str {
    match level {
        None => {
            "A batpak hash covers the payload alone, so that times, kinds and names could have been changed unnoticed."
        }
        Some(VerifyLevel::Files) => "Names, sizes and headers of the files fit together. No event was read.",
        Some(VerifyLevel::Frames) => "Each frame has its checksum and its shape. Hashes were not computed.",
        Some(VerifyLevel::Chain) => {
            "Checksums, payload and event hashes, links and ids fit together. Whoever can write the store could still have rewritten all of it."
        }
        Some(VerifyLevel::Receipts) => {
            "The log fits itself and the receipts that were given. Whoever can write the store could still have rewritten what nobody has a receipt of."
        }
        Some(_) => {
            "The log continues the one whose signed head was kept elsewhere: up to that head nothing was changed."
        }
    }
}

/// What a level looked at, in a sentence that goes before what it found.
pub fn looked_at(level: Option<VerifyLevel>) -> String {
    let what = match level {
        None => "payload hashes and links",
        Some(VerifyLevel::Files) => "names, sizes and headers of the files",
        Some(VerifyLevel::Frames) => "the checksum and the shape of each frame",
        Some(VerifyLevel::Chain) => "checksums, payload and event hashes, links and ids",
        Some(VerifyLevel::Receipts) => "the whole log, and the receipts that were given",
        Some(_) => "the whole log, against a head that was kept elsewhere",
    };
    let code =
        level.map_or_else(|| "Compared were ".to_owned(), |level| format!("{} compared ", level.code()));
    format!("{code}{what}; what does not fit is listed here")
}

/// Everything as lines of text, for somebody who was not there.
pub fn report(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_that_only_misses_the_one_before_it_is_called_unchecked_and_not_broken() {
        let unchecked = Finding::new(FindingClass::Link, "it cannot be checked");
        assert_eq!(title(&unchecked), "Not checked");
        assert_eq!(title(&unchecked.compared("a", "b")), "Chain broken");
    }

    #[test]
    fn only_a_held_head_is_said_to_show_tampering() {
        use VerifyLevel::{Chain, Files, Frames, Head, Receipts};
        for level in [Files, Frames, Chain, Receipts] {
            let said = [claim(Some(level)), meaning(Some(level)).to_owned()].join(" ").to_lowercase();
            assert!(
                !said.contains("tamper") && !said.contains("proof") && !said.contains("proven"),
                "{said}"
            );
        }
        assert_eq!(claim(Some(Chain)), "V2 internally consistent");
        assert!(claim(Some(Head)).contains("tamper-evident"));
    }

    #[test]
    fn a_finding_has_its_place_and_shows_hidden_characters() {
        let finding =
            Finding::new(FindingClass::Frame, "damaged\u{202e} frame").in_file("a\nb.seg").at(41_203_712);
        assert_eq!(place(&finding), "a\\nb.seg at byte 41,203,712");
        assert_eq!(sentence(&finding), "Damaged\\u{202e} frame");
        assert_eq!(place(&Finding::new(FindingClass::Note, "x")), "");
    }
}
