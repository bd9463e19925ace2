//! Owns the messages at the lower right: shows what the model holds and says when it is gone. Never makes a message up.

use egui::Ui;

use super::facts;
use crate::command::Action;
use crate::context::ViewContext;
use crate::theme::metrics::STATUS_BAR;
use crate::widgets::badge::Tone;
use crate::widgets::toast::Toasts;

/// Private state: what is shown, and the newest message that was taken over.
#[derive(Debug, Default)]
pub(super) struct Messages {
    toasts: Toasts,
    newest: Option<u64>,
}

impl Messages {
    /// Draws the messages over everything else.
    pub(super) fn show(&mut self, ctx: ViewContext<'_>, ui: &mut Ui) {
        for message in &ctx.model.messages {
            if self.newest.is_some_and(|newest| message.id <= newest) {
                continue;
            }
            self.newest = Some(message.id);
            let text = facts::sentence(&message.text);
            if message.is_error {
                self.toasts.add_failure(text.clone(), text);
            } else {
                self.toasts.add(Tone::Neutral, text);
            }
        }
        self.toasts.show(ui.ctx(), STATUS_BAR);
        if self.toasts.is_empty() {
            for message in &ctx.model.messages {
                ctx.commands.send(Action::Dismiss(message.id));
            }
        }
    }
}
