//! Owns how the user arranged the event table of a store: its columns, how times are told, what each kind says in one line.
//!
//! Invariant: every column is listed exactly once, whatever a file said; the lanes come first.

use std::collections::{BTreeMap, BTreeSet};

use causeway::event::EventKind;
use serde::{Deserialize, Serialize};

use crate::state::template::Template;

/// A column cannot be made narrower, points.
pub const WIDTH_MIN: u16 = 36;
/// A column cannot be made wider, points.
pub const WIDTH_MAX: u16 = 900;

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Column {
    /// Lanes from causes to effects.
    Flow,
    /// Place in the commit order.
    Sequence,
    /// When it happened.
    Time,
    /// Whose stream it extends.
    Entity,
    /// Type tag.
    Kind,
    /// The payload in one line.
    Summary,
    /// The conversation, short.
    Correlation,
    /// The context it happened in.
    Scope,
    /// Place in its stream.
    Clock,
    /// The event that caused it.
    Cause,
    /// Stored payload in bytes.
    Size,
    /// What its header marks.
    Flags,
    /// Whether it is safe, and whether it can be read.
    Lock,
}

impl Column {
    /// All columns as a new store shows them: in this order, and whether each is shown.
    pub const ALL: [(Self, bool); 13] = [
        (Self::Flow, true),
        (Self::Sequence, true),
        (Self::Time, true),
        (Self::Entity, true),
        (Self::Kind, true),
        (Self::Summary, true),
        (Self::Correlation, true),
        (Self::Scope, false),
        (Self::Clock, false),
        (Self::Cause, false),
        (Self::Size, false),
        (Self::Flags, false),
        (Self::Lock, true),
    ];

    /// Its name in the menu.
    pub fn name(self) -> &'static str {
        match self {
            Self::Flow => "Flow",
            Self::Sequence => "Sequence",
            Self::Time => "Time",
            Self::Entity => "Entity",
            Self::Kind => "Kind",
            Self::Summary => "Summary",
            Self::Correlation => "Correlation",
            Self::Scope => "Scope",
            Self::Clock => "Clock",
            Self::Cause => "Cause",
            Self::Size => "Size",
            Self::Flags => "Flags",
            Self::Lock => "Padlock",
        }
    }

    /// False for those without which a row says too little.
    pub fn can_be_hidden(self) -> bool {
        !matches!(self, Self::Sequence | Self::Kind)
    }
}

/// How the table tells times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeMode {
    /// As a clock shows them.
    #[default]
    Clock,
    /// How long ago.
    Ago,
    /// How much later than the row above.
    Delta,
}

impl TimeMode {
    /// The mode that a click on the head of the column goes to.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Clock => Self::Ago,
            Self::Ago => Self::Delta,
            Self::Delta => Self::Clock,
        }
    }

    /// What stands at the head of the column.
    pub fn head(self) -> &'static str {
        match self {
            Self::Clock => "Time",
            Self::Ago => "Time ago",
            Self::Delta => "Δ time",
        }
    }
}

/// A column, and what the user decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnChoice {
    /// Which one.
    pub column: Column,
    /// False if it was taken away.
    pub shown: bool,
    /// Points, if the user gave it a width.
    #[serde(default)]
    pub width: Option<u16>,
}

/// What the user does to the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TableAction {
    /// Show a column, or take it away.
    Show(Column, bool),
    /// Put a column so many places further to the right; to the left if negative.
    Move(Column, isize),
    /// Give a column a width in points, or let the table decide.
    Width(Column, Option<u16>),
    /// Tell times another way.
    Time(TimeMode),
    /// Give a kind a template for its one line, or take it away.
    Summarise(EventKind, Option<String>),
    /// Draw the events of a kind so that they recede, or as all others.
    Quiet(EventKind, bool),
    /// Columns and times as a new store has them.
    Reset,
}

/// How the user arranged the table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TableView {
    /// Columns from left to right.
    pub columns: Vec<ColumnChoice>,
    /// How times are told.
    pub time: TimeMode,
    /// Templates by kind, as they were typed.
    pub summaries: BTreeMap<String, String>,
    /// Kinds whose events recede.
    pub quiet: BTreeSet<String>,
}

impl Default for TableView {
    fn default() -> Self {
        let choice = |(column, shown)| ColumnChoice { column, shown, width: None };
        Self {
            columns: Column::ALL.into_iter().map(choice).collect(),
            time: TimeMode::default(),
            summaries: BTreeMap::new(),
            quiet: BTreeSet::new(),
        }
    }
}

impl TableView {
    /// The same arrangement with every column exactly once: an older or a mended file may lack some or repeat them.
    #[must_use]
    pub fn complete(mut self) -> Self {
        let mut seen = BTreeSet::new();
        self.columns.retain(|choice| seen.insert(choice.column));
        for choice in Self::default().columns {
            if seen.insert(choice.column) {
                self.columns.push(choice);
            }
        }
        self.columns.sort_by_key(|choice| choice.column != Column::Flow);
        for choice in &mut self.columns {
            choice.width = choice.width.map(|width| width.clamp(WIDTH_MIN, WIDTH_MAX));
            choice.shown |= !choice.column.can_be_hidden();
        }
        self
    }

    /// Does what the user wants.
    pub fn change(&mut self, action: &TableAction) {
        match action {
            TableAction::Show(column, shown) => {
                self.with(*column, |choice| choice.shown = *shown || !column.can_be_hidden());
            }
            TableAction::Width(column, width) => self.with(*column, |choice| {
                choice.width = width.map(|width| width.clamp(WIDTH_MIN, WIDTH_MAX));
            }),
            TableAction::Move(column, places) => self.shift(*column, *places),
            TableAction::Time(time) => self.time = *time,
            TableAction::Summarise(kind, template) => {
                match template.as_deref().map(str::trim).filter(|template| !template.is_empty()) {
                    Some(template) => drop(self.summaries.insert(kind.to_string(), template.to_owned())),
                    None => drop(self.summaries.remove(&kind.to_string())),
                }
            }
            TableAction::Quiet(kind, true) => drop(self.quiet.insert(kind.to_string())),
            TableAction::Quiet(kind, false) => drop(self.quiet.remove(&kind.to_string())),
            TableAction::Reset => {
                let Self { columns, time, .. } = Self::default();
                (self.columns, self.time) = (columns, time);
            }
        }
    }

    fn with(&mut self, column: Column, change: impl FnOnce(&mut ColumnChoice)) {
        if let Some(choice) = self.columns.iter_mut().find(|choice| choice.column == column) {
            change(choice);
        }
    }

    fn shift(&mut self, column: Column, places: isize) {
        let Some(from) = self.columns.iter().position(|choice| choice.column == column) else { return };
        if column == Column::Flow {
            return;
        }
        // The lanes keep their place at the left.
        let to = from.saturating_add_signed(places).clamp(1, self.columns.len() - 1);
        let choice = self.columns.remove(from);
        self.columns.insert(to, choice);
    }

    /// Whether the events of a kind recede.
    pub fn is_quiet(&self, kind: EventKind) -> bool {
        !self.quiet.is_empty() && self.quiet.contains(&kind.to_string())
    }

    /// What the user typed as the template of a kind.
    pub fn template_text(&self, kind: EventKind) -> Option<&str> {
        self.summaries.get(&kind.to_string()).map(String::as_str)
    }

    /// The templates by the name that a kind has in a file; one that cannot be understood is left out.
    pub fn templates(&self) -> BTreeMap<String, Template> {
        let parsed = |(kind, text): (&String, &String)| Some((kind.clone(), Template::parse(text).ok()?));
        self.summaries.iter().filter_map(parsed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(view: &TableView) -> Vec<Column> {
        view.columns.iter().map(|choice| choice.column).collect()
    }

    #[test]
    fn a_column_moves_by_places_and_never_before_the_lanes() {
        let mut view = TableView::default();
        view.change(&TableAction::Move(Column::Kind, -1));
        assert_eq!(order(&view)[3..5], [Column::Kind, Column::Entity]);
        view.change(&TableAction::Move(Column::Kind, -100));
        assert_eq!(order(&view)[..2], [Column::Flow, Column::Kind]);
        view.change(&TableAction::Move(Column::Kind, 100));
        assert_eq!(order(&view).last(), Some(&Column::Kind));
        view.change(&TableAction::Move(Column::Flow, 3));
        assert_eq!(order(&view)[0], Column::Flow);
    }

    #[test]
    fn a_file_that_lacks_columns_or_repeats_them_gives_each_column_once() {
        let text = r#"{"columns":[{"column":"kind","shown":false},{"column":"kind","shown":true},
            {"column":"size","shown":true,"width":4}],"time":"delta"}"#;
        let view = serde_json::from_str::<TableView>(text).unwrap().complete();
        assert_eq!(order(&view)[..3], [Column::Flow, Column::Kind, Column::Size]);
        assert_eq!(view.columns.len(), Column::ALL.len());
        assert!(view.columns[1].shown, "a row without its kind says too little");
        assert_eq!((view.columns[2].width, view.time), (Some(WIDTH_MIN), TimeMode::Delta));
        let again = serde_json::from_str::<TableView>(&serde_json::to_string(&view).unwrap()).unwrap();
        assert_eq!(again.complete(), view);
    }

    #[test]
    fn an_empty_template_takes_the_template_away() {
        let kind = EventKind::custom(1, 1);
        let mut view = TableView::default();
        view.change(&TableAction::Summarise(kind, Some(" {payload.total} EUR ".to_owned())));
        assert_eq!(view.template_text(kind), Some("{payload.total} EUR"));
        view.change(&TableAction::Summarise(kind, Some("  ".to_owned())));
        assert_eq!(view.template_text(kind), None);
    }

    #[test]
    fn a_reset_keeps_what_kinds_say() {
        let kind = EventKind::custom(1, 1);
        let mut view = TableView::default();
        view.change(&TableAction::Summarise(kind, Some("x".to_owned())));
        view.change(&TableAction::Quiet(kind, true));
        view.change(&TableAction::Show(Column::Size, true));
        view.change(&TableAction::Reset);
        assert!(view.is_quiet(kind) && view.template_text(kind).is_some());
        assert_eq!(view.columns, TableView::default().columns);
    }
}
