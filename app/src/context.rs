//! Owns what a panel may see while it draws: everything, unchangeable, and the queue for what should happen.

use crate::command::Commands;
use crate::state::model::{Model, StoreModel};
use crate::state::query::Vocabulary;
use crate::theme::Tokens;

/// What a panel draws from.
#[derive(Clone, Copy)]
pub struct ViewContext<'a> {
    /// What is known and chosen.
    pub model: &'a Model,
    /// Colours and sizes.
    pub tokens: &'a Tokens,
    /// What should happen.
    pub commands: &'a Commands,
}

/// What a panel of an open store draws from.
#[derive(Clone, Copy)]
pub struct StoreContext<'a> {
    /// The whole.
    pub view: ViewContext<'a>,
    /// The open store.
    pub store: &'a StoreModel,
}

impl<'a> StoreContext<'a> {
    /// What queries are read and written with.
    pub fn vocabulary(&self) -> Vocabulary<'a> {
        self.store.vocabulary(self.view.model.zone(), self.view.model.now_us)
    }
}
