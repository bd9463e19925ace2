//! Owns how counts by kind are shown: kinds by their names, the most frequent first. Never counts.

use std::collections::HashMap;

use causeway::event::EventKind;
use serde_json::{Map, Value};

use super::rows;
use crate::state::query;

/// The state of a projection that counts by kind, with names in place of numbers. What is no count stays as it is.
pub fn named(state: &Value, names: &HashMap<EventKind, String>) -> Value {
    let Value::Object(counts) = state else { return state.clone() };
    let mut counts: Vec<(&String, &Value)> = counts.iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(count.as_u64()));
    let mut named = Map::new();
    for (word, count) in counts {
        let name = query::number(word).map_or_else(|| word.clone(), |kind| rows::kind_text(kind, names).name);
        // Two kinds may have the same name.
        let name = if named.contains_key(&name) { format!("{name} {word}") } else { name };
        named.insert(name, count.clone());
    }
    Value::Object(named)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn counts_are_named_and_the_most_frequent_comes_first() {
        let name = |number, name: &str| (EventKind::from_raw_u16(number), name.to_owned());
        let names = HashMap::from([name(0x1001, "Placed"), name(0x1002, "Paid"), name(0x1003, "Paid")]);
        let state = json!({"0x1001": 2, "0x1002": 7, "0x1003": 5, "0x4001": 9});
        let shown = named(&state, &names);
        assert_eq!(shown.to_string(), r#"{"0x4001":9,"Paid":7,"Paid 0x1003":5,"Placed":2}"#);
    }
}
