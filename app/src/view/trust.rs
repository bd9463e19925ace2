//! Owns the words of how far a store was checked: the shield, the padlocks, the progress. Never checks.

use causeway::store::VerifyLevel;

use super::{findings, text};
use crate::state::model::StoreModel;
use crate::state::trust::{Padlock, Run};
use crate::worker::protocol::{Part, VerifyView};

/// How a store stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing was checked.
    Unverified,
    /// A check runs.
    Running,
    /// All of it was checked and holds.
    Holds,
    /// What was checked holds, and something came since, or it was not checked to its hashes.
    Partly,
    /// Something does not hold.
    Broken,
    /// The check failed or was stopped.
    Failed,
}

/// What the shield says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shield {
    /// How the store stands.
    pub standing: Standing,
    /// In a few words.
    pub label: String,
    /// In sentences.
    pub about: String,
}

/// What the shield of a store says. Only a level that was checked to the end of the log is called complete.
pub fn shield(store: &StoreModel) -> Shield {
    let made = |standing, label: String, about: String| Shield { standing, label, about };
    if let Some(first) = store.broken_from() {
        let about = "The first event that does not fit its hashes or the event before it";
        return made(Standing::Broken, format!("Broken at {}", text::sequence(first)), about.to_owned());
    }
    if let Some(finding) = store.vouched.contradiction() {
        return made(Standing::Broken, "A head does not hold".to_owned(), findings::sentence(finding));
    }
    if let Some(run) = store.trust.run.as_ref().filter(|run| run.check.part == Part::WHOLE) {
        return made(Standing::Running, running(run), progress(run));
    }
    match &store.verified {
        None => made(Standing::Unverified, "Not verified".to_owned(), unverified(store)),
        Some(Err(failure)) => made(Standing::Failed, "Not verified".to_owned(), failure.message.clone()),
        Some(Ok(view)) if view.damage_count > 0 => {
            let label = text::counted(view.damage_count, "thing") + " broken";
            made(Standing::Broken, label, findings::looked_at(view.level))
        }
        Some(Ok(view)) => {
            if let Some(last) = store.tamper_evident().and_then(|covered| covered.checked_sub(1)) {
                let label = format!("V4 tamper-evident to {}", text::sequence(last));
                let about = [reach(store, view), findings::meaning(Some(VerifyLevel::Head)).to_owned()];
                return made(Standing::Holds, label, about.join("\n"));
            }
            let is_whole = view.checked.end >= store.summary.position.events;
            let is_deep = view.level.is_none_or(|level| level > VerifyLevel::Files);
            let standing = if is_whole && is_deep { Standing::Holds } else { Standing::Partly };
            let about =
                [reach(store, view), findings::claim(view.level), findings::meaning(view.level).to_owned()];
            made(standing, verified_to(view), about.join("\n"))
        }
    }
}

/// `V2 verified to #9,812,004`.
fn verified_to(view: &VerifyView) -> String {
    let level = view.level.map_or_else(|| "Hashes".to_owned(), |level| level.code().to_owned());
    match view.checked.end.checked_sub(1) {
        Some(last) => format!("{level} verified to {}", text::sequence(last)),
        None => format!("{level} verified"),
    }
}

fn unverified(store: &StoreModel) -> String {
    if store.is_small_enough() {
        return "Nobody computed the hashes anew".to_owned();
    }
    let size = text::bytes(store.summary.position.bytes);
    format!("Verifying reads all {size}, so that it waits until you ask for it")
}

/// How much of the log was checked.
pub fn reach(store: &StoreModel, view: &VerifyView) -> String {
    let later = store.summary.position.events.saturating_sub(view.checked.end);
    let checked = format!("{} checked", text::counted(view.events, "place"));
    match (later, store.broken_from()) {
        (_, Some(first)) => format!("{checked} · the chain is broken from {}", text::sequence(first)),
        (0, None) => checked,
        (later, None) => format!("{checked} · {} came later", text::counted(later, "event")),
    }
}

/// `V2 43 %`.
fn running(run: &Run) -> String {
    let share = text::percent(run.reached.done, run.reached.total);
    let rests = if run.paused { " · paused" } else { "" };
    format!("{} {share}{rests}", run.check.level.code())
}

/// `Verifying V2 · 43 % · to #4,211,000`.
pub fn progress(run: &Run) -> String {
    let what = if run.paused { "Verifying rests" } else { "Verifying" };
    let share = text::percent(run.reached.done, run.reached.total);
    let mut words = format!("{what} {} · {share}", run.check.level.code());
    if let Part::Stream(_) = &run.check.part {
        words += " of the stream";
    } else if let Some(last) = run.reached.checked.end.checked_sub(1) {
        words += " · to ";
        words += &text::sequence(last);
    }
    words
}

/// What a padlock says to whoever rests the pointer on it.
pub fn padlock_words(padlock: Padlock) -> &'static str {
    match padlock {
        Padlock::Verified => "Verified: its hashes were computed anew and fit",
        Padlock::Waiting => "Not verified yet",
        Padlock::NotDurable => "Written, not yet known to be on stable storage",
        Padlock::NotVerified => "Not verified",
        Padlock::Unreadable => "Cannot be read",
        Padlock::Broken => "Does not fit its hashes",
    }
}
