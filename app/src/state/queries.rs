//! Owns the queries of a store that are kept: those that a person named, and the last ones that were asked.

use serde::{Deserialize, Serialize};

/// Queries that are remembered without a name.
const RECENT_MAX: usize = 20;

/// The queries of one store that are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Queries {
    /// Those with a name, in the order in which they were named.
    pub saved: Vec<SavedQuery>,
    /// The last ones, newest first.
    pub recent: Vec<String>,
}

/// A query with a name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedQuery {
    /// What a person calls it.
    pub name: String,
    /// The line that asks it.
    pub line: String,
}

/// What is done with queries that are kept, and with what one found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QueryAction {
    /// Ask this line.
    Use(String),
    /// Keep the line under a name.
    Save(SavedQuery),
    /// No longer keep the query with this name.
    Forget(String),
}

impl Queries {
    /// Keeps a query; an older one with the same name gives way.
    pub fn save(&mut self, query: SavedQuery) {
        match self.saved.iter_mut().find(|saved| saved.name == query.name) {
            Some(saved) => *saved = query,
            None => self.saved.push(query),
        }
    }

    /// Remembers what was asked. What somebody went on writing takes the place of its beginning.
    pub fn remember(&mut self, line: &str) {
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let is_same_writing = |newest: &String| newest.starts_with(line) || line.starts_with(newest.as_str());
        if self.recent.first().is_some_and(is_same_writing) {
            self.recent.remove(0);
        }
        self.recent.retain(|recent| recent != line);
        self.recent.insert(0, line.to_owned());
        self.recent.truncate(RECENT_MAX);
    }
}

/// A word as a shell reads it back.
pub fn shell_word(word: &str) -> String {
    let is_plain =
        !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || "_-./:=@,+".contains(c));
    if is_plain { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_goes_on_writing_is_remembered_once() {
        let mut queries = Queries::default();
        for line in ["kind:A", "kind:AB", "kind:AB late", " ", "scope:x", "kind:AB late"] {
            queries.remember(line);
        }
        assert_eq!(queries.recent, ["kind:AB late", "scope:x"]);
        (0..50).for_each(|number| queries.remember(&format!("{number}#")));
        assert_eq!(queries.recent.len(), RECENT_MAX);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut queries = Queries::default();
        for line in ["a", "b"] {
            queries.save(SavedQuery { name: "mine".to_owned(), line: line.to_owned() });
        }
        assert_eq!(queries.saved, [SavedQuery { name: "mine".to_owned(), line: "b".to_owned() }]);
    }

    #[test]
    fn a_shell_reads_each_word_back_as_it_was() {
        assert_eq!(shell_word("/data/shop.store"), "/data/shop.store");
        assert_eq!(shell_word("kind:A \"it's\""), "'kind:A \"it'\\''s\"'");
        assert_eq!(shell_word(""), "''");
    }
}
