//! Owns what it means to arrange the event table: the model changes, the workspace remembers it, and rows are read anew where they say
//! something else.

use super::App;
use crate::state::table::TableAction;
use crate::worker::protocol::Request;

impl App {
    /// Does what the user wants of the table.
    pub(super) fn change_table(&mut self, action: &TableAction) {
        let Some(store) = &mut self.model.store else { return };
        store.table.change(action);
        if matches!(action, TableAction::Summarise(..)) {
            store.rows.clear();
            self.model.asked.forget_rows();
            self.send_summaries();
        }
        self.save();
    }

    /// Tells the worker what kinds say in one line.
    pub(super) fn send_summaries(&mut self) {
        if let Some(store) = &self.model.store {
            self.worker.send(Request::Summaries(store.table.templates()));
        }
    }
}
