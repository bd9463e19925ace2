//! Owns the registry of projections that can be run by name: for programs that are asked for evidence and do not know the types.

use std::collections::BTreeMap;
use std::fmt;

use crate::derive::evidence::{ProjectionRunEvidenceReport, ProjectionRunReportError};
use crate::derive::projection::{Freshness, Projection};
use crate::store::Store;
use crate::store::state::{Open, StoreState};

/// Runs one projection and drops the state.
type Runner<State> =
    fn(&Store<State>, &str, &Freshness) -> Result<ProjectionRunEvidenceReport, ProjectionRunReportError>;

/// Projections by names of the program's own choice, to run each for its report alone.
///
/// ```no_run
/// # use causeway::{EventPayload, EventSourced};
/// # use serde::{Deserialize, Serialize};
/// # #[derive(Serialize, Deserialize, EventPayload)]
/// # #[causeway(category = 1, type_id = 1)]
/// # struct Deposited { cents: u64 }
/// # #[derive(Default, Serialize, Deserialize, EventSourced)]
/// # #[causeway(input = causeway::event::JsonValueInput)]
/// # #[causeway(event = Deposited, handler = deposit)]
/// # struct Account { cents: u64 }
/// # impl Account { fn deposit(&mut self, event: &Deposited) { self.cents += event.cents; } }
/// use causeway::store::{Freshness, ProjectionEvidenceRegistry, Store, StoreConfig};
///
/// let store = Store::open(StoreConfig::new("data"))?;
/// let mut registry = ProjectionEvidenceRegistry::new();
/// registry.register::<Account>("bank.account");
/// if let Some(report) = registry.run("bank.account", &store, "account:7", &Freshness::Consistent) {
///     println!("{:?}", report?.body_hash);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ProjectionEvidenceRegistry<State: StoreState = Open> {
    runners: BTreeMap<String, Runner<State>>,
}

impl<State: StoreState> ProjectionEvidenceRegistry<State> {
    /// Without any projection.
    pub fn new() -> Self {
        Self { runners: BTreeMap::new() }
    }

    /// Registers the fold `T` under a name, in place of the one that had it.
    pub fn register<T: Projection>(&mut self, projection: impl Into<String>) {
        let run: Runner<State> = |store, entity, freshness| {
            store.project_run_evidence::<T>(entity, freshness).map(|(_, report)| report)
        };
        self.runners.insert(projection.into(), run);
    }

    /// True if a projection has this name.
    pub fn contains(&self, projection: &str) -> bool {
        self.runners.contains_key(projection)
    }

    /// Runs the projection of this name over one entity; `None` if no projection has it.
    pub fn run(
        &self,
        projection: &str,
        store: &Store<State>,
        entity: &str,
        freshness: &Freshness,
    ) -> Option<Result<ProjectionRunEvidenceReport, ProjectionRunReportError>> {
        self.runners.get(projection).map(|run| run(store, entity, freshness))
    }

    /// The names, in order.
    pub fn projection_ids(&self) -> impl Iterator<Item = &str> {
        self.runners.keys().map(String::as_str)
    }
}

impl<State: StoreState> Default for ProjectionEvidenceRegistry<State> {
    fn default() -> Self {
        Self::new()
    }
}

impl<State: StoreState> fmt::Debug for ProjectionEvidenceRegistry<State> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.runners.keys()).finish()
    }
}
