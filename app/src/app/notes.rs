//! Owns what is done with bookmarks and notes: each belongs to the hash of its event and is saved beside the settings.

use super::App;
use crate::state::model::StoreModel;
use crate::state::notes::{self, LENGTH_MAX, Note, Notebook};
use crate::view::rows;
use crate::worker::digits::hash_text;
use crate::worker::protocol::{Request, RowCell, TrustRequest};

impl App {
    /// Asks for the notes of the store that was just opened. Without a place for them none are kept.
    pub(super) fn ask_for_notes(&mut self) {
        let Some(home) = self.home.as_ref().map(|home| home.config.clone()) else { return };
        let id = self.model.asked.number();
        if let Some(store) = &mut self.model.store {
            store.vouched.noted.ask(id);
            self.worker.send(Request::Trust(TrustRequest::ReadNotes { id, home }));
        }
    }

    /// Marks the selected event, or takes its mark away unless somebody wrote something there.
    pub(super) fn toggle_bookmark(&mut self, now: f64) {
        let Some(sequence) = self.model.store.as_ref().and_then(|store| store.selected) else { return };
        let known = self.model.store.as_ref().and_then(|store| store.notes.get(&sequence));
        match known.map(|note| note.text.is_empty()) {
            None => self.note(sequence, "", now),
            Some(true) => self.remove_note(sequence),
            Some(false) => {
                let words = "this event has a note: remove it in the tab of notes";
                self.model.say(words, false, now);
            }
        }
    }

    /// Writes a note to an event whose detail is shown.
    pub(super) fn note(&mut self, sequence: u64, text: &str, now: f64) {
        let now_us = self.model.now_us;
        let Some(store) = &mut self.model.store else { return };
        let text: String = text.trim_end().chars().take(LENGTH_MAX).collect();
        let note = match store.notes.get(&sequence) {
            Some(known) => Some(Note { text, time_us: now_us, ..known.clone() }),
            None => made(store, sequence, text, now_us),
        };
        match note {
            Some(note) => {
                store.notes.insert(sequence, note);
                self.save_notes();
            }
            None => self.model.say("wait until the event is loaded", false, now),
        }
    }

    pub(super) fn remove_note(&mut self, sequence: u64) {
        let removed = self.model.store.as_mut().and_then(|store| store.notes.remove(&sequence));
        if removed.is_some() {
            self.save_notes();
        }
    }

    pub(super) fn go_to_bookmark(&mut self, forward: bool) {
        let Some(store) = &self.model.store else { return };
        if let Some(sequence) = notes::neighbour(&store.notes, store.selected, forward) {
            self.select(sequence);
        }
    }

    fn save_notes(&mut self) {
        let Some(home) = self.home.as_ref().map(|home| home.config.clone()) else { return };
        let Some(store) = &self.model.store else { return };
        // What could not be read must not be replaced.
        if store.vouched.noted.known().is_some() {
            let notebook = Notebook::new(&store.summary.identity, &store.notes, &store.vouched.gone);
            self.worker.send(Request::Trust(TrustRequest::WriteNotes { home, notebook }));
        }
    }
}

/// A note to the event that the detail shows.
fn made(store: &StoreModel, sequence: u64, text: String, time_us: i64) -> Option<Note> {
    let detail = store.detail.as_ref().filter(|detail| detail.row.sequence == sequence)?;
    let RowCell::Event(event) = &detail.row.cell else { return None };
    let kind = rows::kind_text(event.kind, &store.kind_names).name;
    Some(Note {
        event_id: format!("{:032x}", u128::from(event.event_id)),
        event_hash: hash_text(&detail.chain.event_hash),
        sequence,
        about: format!("{kind} {}", event.entity),
        text,
        time_us,
    })
}
