//! Owns what is done with queries that are kept, and with the result that one found: asked again, copied as a command, written into a file.

use std::path::PathBuf;

use egui::Context;

use super::App;
use crate::state::queries::{QueryAction, shell_word};
use crate::state::route::View;
use crate::state::zone::Zone;
use crate::worker::protocol::{Export, Request};

impl App {
    /// Keeps a query, asks it, or forgets it.
    pub(super) fn run_query(&mut self, action: QueryAction) {
        let Some(store) = &mut self.model.store else { return };
        match action {
            QueryAction::Use(line) => {
                store.filter_text = line;
                self.model.view = View::Events;
                self.take_filter_line(false);
            }
            QueryAction::Save(query) => store.queries.save(query),
            QueryAction::Forget(name) => store.queries.saved.retain(|saved| saved.name != name),
        }
        self.save();
    }

    /// Copies the command that asks the same in a terminal.
    pub(super) fn copy_as_cli(&mut self, ctx: &Context, now: f64) {
        let Some(line) = self.command_line() else { return };
        ctx.copy_text(line);
        self.model.say("command line copied", false, now);
    }

    fn command_line(&self) -> Option<String> {
        let store = self.model.store.as_ref()?;
        let path = shell_word(&store.summary.path.display().to_string());
        // Times without a zone mean UTC there, and the zone of the window here.
        let zone = Zone::UTC;
        let vocabulary = store.vocabulary(&zone, self.model.now_us);
        Some(format!("causeway query {path} {}", shell_word(&store.query.line(&vocabulary))))
    }

    /// Asks for the file that the result is written into.
    pub(super) fn choose_export(&self, ctx: &Context) {
        let Some(store) = &self.model.store else { return };
        let name = store.summary.path.file_stem().unwrap_or_default().to_string_lossy();
        self.aside.choose_file(format!("{name}.jsonl"), ctx);
    }

    /// Writes the result into a file; without a dialog it is said how a terminal does the same.
    pub(super) fn export(&mut self, path: Option<PathBuf>, now: f64) {
        let Some(path) = path else {
            let line = self.command_line().unwrap_or_default();
            self.model.say(
                format!("This desktop shows no dialog for a file; a terminal does it by {line} --jsonl"),
                true,
                now,
            );
            return;
        };
        let zone = self.model.zone().clone();
        let Some(store) = &self.model.store else { return };
        let export = Export { path, names: store.kind_names.clone(), zone };
        let id = self.model.asked.number();
        self.model.asked.export = Some(id);
        self.worker.send(Request::Export { id, export });
    }
}
