//! Owns what the actions of the timeline mean: another look at it, or a question to the worker.

use super::App;
use crate::state::timeline::TimelineAction;
use crate::worker::protocol::{Request, TimelineQuestion};

impl App {
    /// Does what the user wants with the timeline.
    pub(super) fn change_timeline(&mut self, action: TimelineAction) {
        let Some(store) = &mut self.model.store else { return };
        match action {
            TimelineAction::Ask(question) => self.ask_for_timeline(question),
            // A place changes with every frame of a drag; it is saved with whatever is saved next.
            TimelineAction::Go(_) => store.timeline.look.change(&action),
            action => {
                store.timeline.look.change(&action);
                self.save();
            }
        }
    }

    /// Asks, unless just this is being answered: a slow answer is not asked for more often than it comes.
    fn ask_for_timeline(&mut self, question: TimelineQuestion) {
        let asked = &mut self.model.asked;
        if asked.timeline.as_ref().is_some_and(|(_, before, answered)| !answered && *before == question) {
            return;
        }
        let id = asked.number();
        asked.timeline = Some((id, question.clone(), false));
        self.worker.send(Request::Timeline { id, question });
    }
}
