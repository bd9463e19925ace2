//! Owns the names of kinds: from the store, from a JSON file, from a person; a later source wins over an earlier one.
//!
//! Never reads a file itself.

use std::collections::{BTreeMap, HashMap};

use causeway::event::EventKind;

use crate::state::query::number;

/// Names that a person gave to the kinds of one store, as they are saved: `{"0x1001": "OrderPlaced"}`.
pub type GivenNames = BTreeMap<String, String>;

/// Kinds that every store has, by the names that their meaning suggests.
const STORE_KINDS: [(EventKind, &str); 8] = [
    (EventKind::SYSTEM_CHECKPOINT, "StoreCheckpoint"),
    (EventKind::SYSTEM_BATCH_BEGIN, "BatchBegin"),
    (EventKind::SYSTEM_BATCH_COMMIT, "BatchCommit"),
    (EventKind::SYSTEM_OPEN_COMPLETED, "StoreOpened"),
    (EventKind::SYSTEM_CLOSE_COMPLETED, "StoreClosed"),
    (EventKind::SYSTEM_DENIAL, "AppendDenied"),
    (EventKind::TOMBSTONE, "Tombstone"),
    (EventKind::DATA, "Data"),
];

/// Reads names from a JSON object of numbers and names.
///
/// # Errors
/// Says what the text should look like, or which entry is wrong.
pub fn parse_json(text: &str) -> Result<Vec<(EventKind, String)>, String> {
    let names: GivenNames = serde_json::from_str(text).map_err(|error| {
        format!("names of kinds are a JSON object such as {{\"0x1001\": \"OrderPlaced\"}}: {error}")
    })?;
    names.into_iter().map(|(word, name)| entry(&word, &name)).collect()
}

fn entry(word: &str, name: &str) -> Result<(EventKind, String), String> {
    let kind = number(word).ok_or_else(|| format!("{word:?} is not a kind such as 0x1001"))?;
    let name = clean(name).ok_or_else(|| format!("the name of {word} is empty"))?;
    Ok((kind, name))
}

/// The name without blanks around it and without control characters; `None` if nothing is left.
pub fn clean(name: &str) -> Option<String> {
    let name: String = name.chars().filter(|c| !c.is_control()).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// The names that a person gave, as kinds. Entries that a hand-edited file spoiled are left out.
pub fn given(names: &GivenNames) -> Vec<(EventKind, String)> {
    names.iter().filter_map(|(word, name)| entry(word, name).ok()).collect()
}

/// All names: the store's own kinds, then what the log says, then what a person says.
pub fn merged(
    from_store: &[(EventKind, String)],
    given: &[(EventKind, String)],
) -> HashMap<EventKind, String> {
    let own = STORE_KINDS.iter().map(|(kind, name)| (*kind, (*name).to_owned()));
    own.chain(from_store.iter().cloned()).chain(given.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACED: EventKind = EventKind::from_raw_u16(0x1001);

    #[test]
    fn a_person_wins_over_the_log() {
        let from_store =
            [(PLACED, "order_placed".to_owned()), (EventKind::from_raw_u16(0x1002), "Paid".to_owned())];
        let names = merged(&from_store, &[(PLACED, "OrderPlaced".to_owned())]);
        assert_eq!(names.get(&PLACED).map(String::as_str), Some("OrderPlaced"));
        assert_eq!(names.get(&EventKind::from_raw_u16(0x1002)).map(String::as_str), Some("Paid"));
    }

    #[test]
    fn a_file_names_kinds_by_number_and_a_wrong_entry_is_named() {
        assert_eq!(
            parse_json(r#"{"0x1001": " OrderPlaced "}"#),
            Ok(vec![(PLACED, "OrderPlaced".to_owned())])
        );
        for (text, part) in [
            (r#"{"1001": "x"}"#, "\"1001\" is not a kind"),
            (r#"{"0x1001": " "}"#, "the name of 0x1001 is empty"),
            ("[]", "a JSON object such as"),
        ] {
            let error = parse_json(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
    }
}
