//! Owns what is kept from one run of the program to the next: how the user looked at each store, and which ones.

use causeway::event::EventKind;

use super::App;
use crate::state::kind_names::{self, GivenNames};
use crate::state::model::Recent;
use crate::worker::protocol::{ProjectionSpec, StoreFormat};

impl App {
    /// Looks at the store that was just opened as the user looked at it last.
    pub(super) fn restore_view(&mut self) {
        self.history.clear();
        self.remember_recent();
        let Some(store) = &mut self.model.store else { return };
        let saved = self.workspace.stores.get(&store.summary.identity).cloned().unwrap_or_default();
        store.feed = store.summary.demo.then_some((false, crate::worker::demo::DEMO_RATE));
        self.model.layout = saved.layout.mended();
        self.model.layout.open(saved.view, saved.view);
        self.model.view = saved.view;
        self.model.detail_tab = saved.detail_tab;
        store.kind_names =
            kind_names::merged(&store.summary.kind_names, &kind_names::given(&saved.kind_names));
        store.filter_text.clone_from(&saved.filter);
        store.timeline.look = saved.timeline;
        store.table = saved.table.complete();
        store.vouched.kept.clone_from(&saved.heads);
        self.send_summaries();
        self.ask_for_notes();
        self.take_filter_line(true);
        for ProjectionSpec { fold, source, .. } in saved.projections {
            self.watch(fold, source);
        }
    }

    /// Remembers how the user looks at the store, and saves.
    pub(super) fn save(&mut self) {
        self.workspace.settings = self.model.settings.clone();
        self.workspace.recents = self.model.recents.clone();
        if let Some(store) = &self.model.store {
            let view = self.workspace.view_mut(&store.summary.identity, self.model.now_us);
            view.view = self.model.view;
            view.layout.clone_from(&self.model.layout);
            view.detail_tab = self.model.detail_tab;
            view.table.clone_from(&store.table);
            view.filter.clone_from(&store.filter_text);
            view.timeline.clone_from(&store.timeline.look);
            view.heads.clone_from(&store.vouched.kept);
            view.projections = store.projections.iter().map(|projection| projection.spec.clone()).collect();
        }
        if let Some(saver) = &self.saver {
            saver.save(self.workspace.clone());
        }
    }

    fn remember_recent(&mut self) {
        let Some(store) = &self.model.store else { return };
        if store.summary.demo {
            return;
        }
        self.workspace.recents = std::mem::take(&mut self.model.recents);
        self.workspace.remember(Recent {
            path: store.summary.path.clone(),
            events: store.summary.position.events,
            bytes: store.summary.position.bytes,
            opened_us: self.model.now_us,
            batpak: store.summary.format == StoreFormat::Batpak,
        });
        self.model.recents = self.workspace.recents.clone();
        if let Some(saver) = &self.saver {
            saver.save(self.workspace.clone());
        }
    }

    /// Gives one kind a name, or takes it away.
    pub(super) fn name_kind(&mut self, kind: EventKind, name: Option<&str>) {
        let Some(given) = self.given_names() else { return };
        match name.and_then(kind_names::clean) {
            Some(name) => drop(given.insert(kind.to_string(), name)),
            None => drop(given.remove(&kind.to_string())),
        }
        self.use_names();
    }

    /// Gives kinds the names of a file.
    pub(super) fn name_kinds(&mut self, names: Vec<(EventKind, String)>, now: f64) {
        let Some(given) = self.given_names() else { return };
        let count = names.len();
        given.extend(names.into_iter().map(|(kind, name)| (kind.to_string(), name)));
        self.use_names();
        self.model.say(format!("{count} kinds named"), false, now);
    }

    fn given_names(&mut self) -> Option<&mut GivenNames> {
        let store = self.model.store.as_ref()?;
        Some(&mut self.workspace.view_mut(&store.summary.identity, self.model.now_us).kind_names)
    }

    fn use_names(&mut self) {
        let Some(store) = &mut self.model.store else { return };
        let saved = self.workspace.stores.get(&store.summary.identity);
        let given = saved.map(|saved| kind_names::given(&saved.kind_names)).unwrap_or_default();
        store.kind_names = kind_names::merged(&store.summary.kind_names, &given);
        self.save();
    }
}
