//! Counts how many of the names that programs use are used here.
//!
//! `items.txt` holds a line for each: what it is, its name, and how many of 105 programs that use the store name it.
//! `left_out.txt` holds those that no program here uses, under the reason. An item is used if one file names its owner and, in the
//! form that fits what it is, the item itself. Areas of which no program was seen are not in the list at all: artifact envelopes,
//! registries, reservations, schema comparison, transition evidence.
#![allow(clippy::print_stdout)]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const ITEMS: &str = include_str!("items.txt");
const LEFT_OUT: &str = include_str!("left_out.txt");

/// A name that programs use.
#[derive(Clone, Copy)]
struct Item<'a> {
    kind: &'a str,
    name: &'a str,
}

impl<'a> Item<'a> {
    fn read(line: &'a str) -> Self {
        let mut words = line.split(' ');
        let item = (words.next(), words.next(), words.next().map(str::parse::<u32>), words.next());
        let (Some(kind), Some(name), Some(Ok(_)), None) = item else { panic!("{line:?} is no item") };
        Self { kind, name }
    }

    fn is_used_in(self, text: &str) -> bool {
        let (owner, member) = match self.name.rsplit_once("::").or_else(|| self.name.rsplit_once('.')) {
            Some((owner, member)) => (owner, member),
            None => ("", self.name),
        };
        let is_module = !owner.starts_with(char::is_uppercase);
        let calls = ["(", "::<", ")", ",", ";"].map(|end| format!("{member}{end}"));
        let calls_after = |before: &str| calls.iter().any(|call| text.contains(&format!("{before}{call}")));
        match self.kind {
            "type" | "trait" => has_word(text, member),
            "macro" => text.contains(self.name),
            "derive" => text.lines().any(|line| line.contains("derive(") && has_word(line, member)),
            "impl" => text.lines().any(|line| {
                line.starts_with("impl")
                    && line.split(" for ").next().is_some_and(|head| has_word(head, member))
            }),
            "variant" => has_word(text, self.name),
            "fn" if is_module => calls_after(""),
            "fn" => has_word(text, owner) && [".", "::", "fn "].into_iter().any(calls_after),
            "const" if is_module => has_word(text, member),
            "const" => has_word(text, owner) && has_word(text, &format!("::{member}")),
            "field" if member == "0" => text.contains(&format!("{owner}(")),
            "field" => has_word(text, owner) && is_field(text, owner, member),
            other => panic!("{other} is no kind of item"),
        }
    }
}

/// True if a field is read, set, or taken by a pattern.
fn is_field(text: &str, owner: &str, field: &str) -> bool {
    let in_braces = |rest: &str| rest.split('}').next().is_some_and(|fields| has_word(fields, field));
    has_word(text, &format!(".{field}")) || text.split(&format!("{owner} {{")).skip(1).any(in_braces)
}

/// True if the text has the word, and not only as a part of a longer one.
fn has_word(text: &str, word: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + word.len()..]);
        let begins = !word.starts_with(is_part) || !before.ends_with(is_part);
        begins && !after.starts_with(is_part)
    })
}

/// The programs, without this file.
fn programs() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/compatibility");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let is_program = |path: &Path| {
        path.extension().is_some_and(|extension| extension == "rs")
            && path.file_name() != Path::new(file!()).file_name()
    };
    files.filter(|path| is_program(path)).map(|path| fs::read_to_string(path).unwrap()).collect()
}

#[test]
fn every_name_that_programs_use_is_used_here_or_left_out_for_a_reason() {
    let programs = programs();
    let (used, unused): (Vec<&str>, Vec<&str>) =
        ITEMS.lines().partition(|line| programs.iter().any(|program| Item::read(line).is_used_in(program)));
    println!("covered {} of {}", used.len(), used.len() + unused.len());
    let left_out = LEFT_OUT.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let unused: BTreeSet<&str> = unused.into_iter().collect();
    let left_out: BTreeSet<&str> = left_out.collect();
    let forgotten: Vec<_> = unused.difference(&left_out).collect();
    let wrong: Vec<_> = left_out.difference(&unused).collect();
    assert!(forgotten.is_empty(), "used by no program here, and not left out: {forgotten:#?}");
    assert!(wrong.is_empty(), "left out, but used or not in the list: {wrong:#?}");
}
