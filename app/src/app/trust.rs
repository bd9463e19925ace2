//! Owns what is done about the trust that a store deserves: what is checked by itself and when, and what the user asks for.

use std::path::PathBuf;

use causeway::store::VerifyLevel;

use super::App;
use crate::command::{Command, TrustAction};
use crate::state::model::StoreModel;
use crate::state::route::{DetailTab, Screen, View};
use crate::worker::protocol::{Check, Found, Part, ReportWish, Request, RequestId, RowCell, TrustRequest};

impl App {
    /// Does what the user wants.
    pub(super) fn run_trust(&mut self, action: TrustAction, now: f64) {
        match action {
            TrustAction::SetLevel(level) => self.set_level(level),
            TrustAction::Verify(part) => self.verify(part, now),
            TrustAction::Prove(sequence) => self.prove(sequence),
            TrustAction::ImportHeads(path) => {
                self.ask_trust(|store, id| {
                    store.vouched.read.ask(id);
                    TrustRequest::ReadHeads { id, path }
                });
            }
            TrustAction::SaveHead(head, path) => {
                self.ask_trust(|store, id| {
                    store.vouched.written.ask(id);
                    TrustRequest::WriteHead { id, head: Box::new(head), path }
                });
            }
            TrustAction::ForgetHead(head) => {
                if let Some(store) = &mut self.model.store {
                    store.vouched.forget(&head);
                }
                self.save();
            }
            TrustAction::CheckReceipt(text) => {
                self.ask_trust(|store, id| {
                    store.vouched.verdict.ask(id);
                    TrustRequest::CheckReceipt { id, text }
                });
            }
            TrustAction::Report(out) => self.report(out),
            TrustAction::Note(sequence, text) => self.note(sequence, &text, now),
            TrustAction::RemoveNote(sequence) => self.remove_note(sequence),
        }
    }

    /// Does what a command about trust and notes means.
    pub(super) fn run_trust_command(&mut self, command: Command, now: f64) {
        match command {
            Command::Verify => self.verify(Part::WHOLE, now),
            Command::VerifyStream => self.verify_stream(now),
            Command::PauseVerifying => self.pause_verifying(),
            Command::StopVerifying => self.stop_verifying(),
            Command::ToggleVerifying => self.toggle_verifying(),
            Command::TakeHead => self.take_head(),
            Command::CompareHeads => self.compare_heads(),
            Command::EvidenceReport => self.show_view(View::Findings),
            Command::ToggleBookmark => self.toggle_bookmark(now),
            Command::EditNote => self.show_detail(DetailTab::Notes),
            Command::NextBookmark => self.go_to_bookmark(true),
            Command::PreviousBookmark => self.go_to_bookmark(false),
            Command::GoToBroken => self.go_to(StoreModel::first_wrong),
            _ => {}
        }
    }

    /// Asks something about the trust that the open store deserves.
    fn ask_trust(&mut self, ask: impl FnOnce(&mut StoreModel, RequestId) -> TrustRequest) {
        let id = self.model.asked.number();
        if let Some(store) = &mut self.model.store {
            let request = ask(store, id);
            self.worker.send(Request::Trust(request));
        }
    }

    fn prove(&mut self, sequence: u64) {
        self.ask_trust(|store, id| {
            store.vouched.proof.ask(id);
            TrustRequest::Prove { id, sequence, kept: store.vouched.kept.clone() }
        });
    }

    /// Takes the head of the log and keeps it.
    pub(super) fn take_head(&mut self) {
        self.ask_trust(|store, id| {
            store.vouched.taken.ask(id);
            TrustRequest::TakeHead { id }
        });
    }

    /// Compares the store with the heads that were kept.
    pub(super) fn compare_heads(&mut self) {
        self.ask_trust(|store, id| {
            store.vouched.compared.ask(id);
            TrustRequest::CompareHeads { id, kept: store.vouched.kept.clone() }
        });
    }

    fn report(&mut self, out: PathBuf) {
        let now_us = self.model.now_us;
        self.ask_trust(|store, id| {
            store.vouched.written.ask(id);
            let notes = store.notes.iter().map(|(sequence, note)| (*sequence, note.clone())).collect();
            let wish = ReportWish {
                out,
                level: store.trust.level,
                places: 0..u64::MAX,
                kept: store.vouched.kept.clone(),
                notes: Found { notes, gone: store.vouched.gone.clone() },
                now_us,
            };
            TrustRequest::Report { id, wish: Box::new(wish) }
        });
    }

    /// Checks what is due. A moment after opening: only when nothing else is being looked for.
    pub(super) fn keep_verifying(&mut self, now: f64) {
        if self.model.settings.verify_on_demand || self.model.screen != Screen::Store {
            return;
        }
        if let Some(check) = self.model.store.as_ref().and_then(|store| store.check_due(now)) {
            self.begin_check(check, now);
        }
    }

    /// A head that was kept must not be lost with the window.
    pub(super) fn save_kept_heads(&mut self) {
        let Some(store) = &self.model.store else { return };
        let saved = self.workspace.stores.get(&store.summary.identity).map(|view| &view.heads);
        if saved.is_some_and(|saved| *saved != store.vouched.kept) {
            self.save();
        }
    }

    /// When something must be looked at although nothing happens, seconds of the interface's clock.
    pub(super) fn next_check(&self, now: f64) -> Option<f64> {
        let store = self.model.store.as_ref().filter(|_| !self.model.settings.verify_on_demand)?;
        let due = store.trust.due;
        (due > now && store.check_due(due).is_some()).then_some(due)
    }

    /// Checks a part of the store, as thoroughly as the user chose.
    pub(super) fn verify(&mut self, part: Part, now: f64) {
        if let Some(store) = &self.model.store {
            let check = Check { level: store.trust.level, part, by_itself: false };
            self.begin_check(check, now);
        }
    }

    /// Checks the stream of the selected event.
    pub(super) fn verify_stream(&mut self, now: f64) {
        let detail = self.model.store.as_ref().and_then(|store| store.detail.as_ref());
        if let Some(RowCell::Event(event)) = detail.map(|detail| &detail.row.cell) {
            let part = Part::Stream(event.entity.clone());
            self.verify(part, now);
        }
    }

    fn begin_check(&mut self, check: Check, now: f64) {
        let id = self.model.asked.number();
        if let Some(store) = &mut self.model.store {
            store.begin_check(id, check.clone(), now);
            self.worker.send(Request::Trust(TrustRequest::Verify { id, check }));
        }
    }

    pub(super) fn pause_verifying(&mut self) {
        let run = self.model.store.as_mut().and_then(|store| store.trust.run.as_mut());
        if let Some(run) = run {
            run.paused = !run.paused;
            let paused = run.paused;
            self.worker.send(Request::Trust(TrustRequest::Pause(paused)));
        }
    }

    /// Ends the check that runs. Whoever does that does not want the next one by itself.
    pub(super) fn stop_verifying(&mut self) {
        if let Some(store) = self.model.store.as_mut().filter(|store| store.trust.run.is_some()) {
            store.trust.stopped = true;
            self.worker.send(Request::Trust(TrustRequest::Stop));
        }
    }

    pub(super) fn toggle_verifying(&mut self) {
        let settings = &mut self.model.settings;
        settings.verify_on_demand = !settings.verify_on_demand;
        if let Some(store) = self.model.store.as_mut().filter(|_| !settings.verify_on_demand) {
            store.trust.stopped = false;
        }
        self.save();
    }

    /// True if a check runs that the user asked for.
    pub(super) fn is_verifying_for_the_user(&self) -> bool {
        let run = self.model.store.as_ref().and_then(|store| store.trust.run.as_ref());
        run.is_some_and(|run| !run.check.by_itself)
    }

    fn set_level(&mut self, level: VerifyLevel) {
        if let Some(store) = &mut self.model.store {
            store.trust.level = level;
        }
    }
}
