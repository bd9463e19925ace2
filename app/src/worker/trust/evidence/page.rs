//! Owns the page of a report: one file without scripts and without anything from elsewhere, that prints as it looks.
//!
//! Invariant: no text of a store reaches the page but through `escaped`. A string takes whatever is written into it, so that writing cannot
//! fail.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::{CheckFacts, Evidence, FindingFacts, HeadFacts, NoteFacts, StoreFacts};
use crate::widgets::escape;

const STYLE: &str = "\
:root{color-scheme:light}\
body{font:14px/1.5 system-ui,sans-serif;color:#1b1e24;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1.5rem}\
h1{font-size:1.5rem;margin:0}h2{font-size:1.05rem;margin:2rem 0 .5rem;border-bottom:1px solid #dcdde1;padding-bottom:.25rem}\
.verdict{padding:.75rem 1rem;border-radius:6px;margin:1rem 0;font-weight:600;border:1px solid}\
.good{background:#e2f8e8;color:#186f3b}.bad{background:#ffebea;color:#b51f1f}\
dl{display:grid;grid-template-columns:11rem 1fr;gap:.2rem 1rem;margin:0}dt{color:#636870}dd{margin:0;overflow-wrap:anywhere}\
table{border-collapse:collapse;width:100%}th{text-align:left;color:#636870;font-weight:600}\
th,td{padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ebedef;vertical-align:top;overflow-wrap:anywhere}\
code{font:12px/1.5 ui-monospace,monospace}ul{padding-left:1.2rem}.note{white-space:pre-wrap}\
@media print{body{margin:0;max-width:none}tr,li,.verdict{break-inside:avoid}h2{break-after:avoid}}";

/// The page of a report.
pub(crate) fn page(evidence: &Evidence) -> String {
    let mut body = String::new();
    let Evidence { store, check, heads, .. } = evidence;
    head(&mut body, evidence);
    facts(&mut body, store);
    checked(&mut body, check);
    kept_heads(&mut body, heads, evidence.tamper_evident_events);
    notes(&mut body, "Notes", &evidence.notes);
    notes(&mut body, "Notes whose event is not in the store", &evidence.notes_without_event);
    section(&mut body, "What this report does not vouch for");
    let items = evidence.not_covered.iter().map(|words| format!("<li>{}</li>", escaped(words)));
    let _ = writeln!(body, "<ul>{}</ul>", items.collect::<String>());
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Evidence report</title>\
         <style>{STYLE}</style></head>\n<body>\n{body}</body></html>\n"
    )
}

fn head(out: &mut String, evidence: &Evidence) {
    let made = format!("{} · {}", time(evidence.made_us), evidence.program);
    let _ = writeln!(out, "<h1>Evidence report</h1>\n<p>{}</p>", escaped(&made));
    let check = &evidence.check;
    let (class, words) = match (evidence.holds(), evidence.tamper_evident_events) {
        (false, _) => {
            let heads = evidence.heads.iter().filter(|head| !head.holds).count() as u64;
            let count = check.damage_count + heads;
            ("bad", format!("{count} {} not hold", if count == 1 { "thing does" } else { "things do" }))
        }
        (true, Some(covered)) => {
            ("good", format!("Tamper-evident: heads that were kept vouch for the first {covered} events"))
        }
        (true, None) => ("good", format!("What was checked holds: {}", check.claim)),
    };
    let _ = writeln!(out, "<p class=\"verdict {class}\">{}</p>", escaped(&words));
}

fn facts(out: &mut String, store: &StoreFacts) {
    section(out, "Store");
    let known = |us: Option<i64>| us.map_or_else(|| "unknown".to_owned(), time);
    list(
        out,
        &[
            ("Path", store.path.clone()),
            ("Identity", store.identity.clone()),
            ("Format", store.format.clone()),
            ("Size of segments", format!("{} bytes", store.segment_bytes)),
            ("Events", format!("{}, {} of them on stable storage", store.events, store.durable_events)),
            ("First event", known(store.first_event_us)),
            ("Last event", known(store.last_event_us)),
        ],
    );
}

fn checked(out: &mut String, check: &CheckFacts) {
    section(out, "Check");
    let asked = match check.asked_to {
        Some(to) => format!("#{} to before #{to}", check.asked_from),
        None if check.asked_from == 0 => "all events".to_owned(),
        None => format!("from #{} on", check.asked_from),
    };
    list(
        out,
        &[
            ("Level", check.level.to_owned()),
            ("Result", check.claim.clone()),
            ("Asked for", asked),
            (
                "Checked",
                format!("{} places, #{} to before #{}", check.events, check.checked_from, check.checked_to),
            ),
            ("Removed events", check.removed.to_string()),
            ("Findings", format!("{}, {} of them damage", check.finding_count, check.damage_count)),
        ],
    );
    if check.findings.is_empty() {
        return;
    }
    *out +=
        "<table><thead><tr><th>What</th><th>Where</th><th>Expected</th><th>Found</th></tr></thead><tbody>\n";
    check.findings.iter().for_each(|finding| finding_row(out, finding));
    *out += "</tbody></table>\n";
    let listed = check.findings.len() as u64;
    if listed < check.finding_count {
        let _ = writeln!(out, "<p>{} more are not listed.</p>", check.finding_count - listed);
    }
}

fn finding_row(out: &mut String, finding: &FindingFacts) {
    let mut place = finding.sequence.map(|sequence| format!("#{sequence} ")).unwrap_or_default();
    if let Some(file) = &finding.file {
        place += file;
    }
    if let Some(offset) = finding.offset {
        let _ = write!(place, " at byte {offset}");
    }
    let value = |value: &Option<String>| escaped(value.as_deref().unwrap_or_default());
    let what = format!("{}: {}", finding.class, finding.message);
    let _ = writeln!(
        out,
        "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td><code>{}</code></td></tr>",
        escaped(&what),
        escaped(place.trim()),
        value(&finding.expected),
        value(&finding.found)
    );
}

fn kept_heads(out: &mut String, heads: &[HeadFacts], covered: Option<u64>) {
    section(out, "Heads that were kept");
    if heads.is_empty() {
        *out += "<p>The store was compared with none.</p>\n";
        return;
    }
    *out += "<table><thead><tr><th>Events</th><th>Taken</th><th>Root</th><th>Signed</th><th>Result</th></tr></thead><tbody>\n";
    for head in heads {
        let result = head.finding.as_ref().map_or("holds", |finding| &finding.message);
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
            head.size,
            escaped(&time(head.time_us)),
            escaped(&head.root),
            if head.signed { "yes" } else { "no" },
            escaped(result)
        );
    }
    *out += "</tbody></table>\n";
    if let Some(covered) = covered {
        let _ = writeln!(out, "<p>The first {covered} events are those that the heads cover.</p>");
    }
}

fn notes(out: &mut String, title: &str, notes: &[NoteFacts]) {
    if notes.is_empty() {
        return;
    }
    section(out, title);
    *out += "<table><thead><tr><th>Event</th><th>Event hash</th><th>Note</th></tr></thead><tbody>\n";
    for note in notes {
        let words = if note.text.is_empty() { "bookmark" } else { &note.text };
        let _ = writeln!(
            out,
            "<tr><td>#{} {}</td><td><code>{}</code></td><td class=\"note\">{}</td></tr>",
            note.sequence,
            escaped(&note.about),
            escaped(&note.event_hash),
            escaped(words)
        );
    }
    *out += "</tbody></table>\n";
}

fn section(out: &mut String, title: &str) {
    let _ = writeln!(out, "<h2>{title}</h2>");
}

fn list(out: &mut String, rows: &[(&str, String)]) {
    let row = |(name, value): &(&str, String)| format!("<dt>{name}</dt><dd>{}</dd>\n", escaped(value));
    let _ = writeln!(out, "<dl>\n{}</dl>", rows.iter().map(row).collect::<String>());
}

/// Text as a page shows it: nothing of it is markup, and what is invisible or changes directions can be seen. Lines stay lines.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split_inclusive('\n') {
        let (line, end) = part.strip_suffix('\n').map_or((part, ""), |line| (line, "\n"));
        for c in escape::visible(line).chars() {
            match c {
                '&' => out += "&amp;",
                '<' => out += "&lt;",
                '>' => out += "&gt;",
                '"' => out += "&quot;",
                '\'' => out += "&#39;",
                other => out.push(other),
            }
        }
        out += end;
    }
    out
}

/// `2026-11-23 13:32:04 UTC`.
fn time(us: i64) -> String {
    Timestamp::from_microsecond(us).map_or_else(
        |_| format!("{us} microseconds since 1970"),
        |at| {
            let mut words = String::new();
            // A string takes whatever is written.
            let _ = write!(words, "{}", at.strftime("%Y-%m-%d %H:%M:%S UTC"));
            words
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_store_says_is_markup() {
        let hostile = "<script>alert('x')</script> \"&\u{202e}\u{0}<img src=x onerror=1>\nsecond";
        let shown = escaped(hostile);
        assert!(!shown.contains(['<', '>', '"', '\'', '\u{202e}', '\u{0}']), "{shown}");
        assert!(shown.contains("&lt;script&gt;") && shown.ends_with("\nsecond"));
    }

    #[test]
    fn times_are_told_in_one_zone_and_any_number_is_taken() {
        assert_eq!(time(1_795_440_724_871_000), "2026-11-23 13:32:04 UTC");
        assert!(time(i64::MIN).contains("microseconds"));
    }
}
