//! Owns the explorer at the left: entities, kinds and scopes with counts; a click filters by what was clicked. Never loads anything.

use std::collections::HashSet;
use std::sync::Arc;

use causeway::event::EventKind;
use egui::{Frame, Margin, Rect, Response, ScrollArea, Ui, vec2};

use super::{facts, refined};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::damage::Wrong;
use crate::state::queries::QueryAction;
use crate::state::query::Term;
use crate::theme::metrics::{PADDING_TIGHT, TREE_ROW};
use crate::theme::{icons, type_roles};
use crate::view::explorer::{self, EntityRow};
use crate::view::{rows, text};
use crate::widgets::empty_state::EmptyState;
use crate::widgets::select::menu_row;
use crate::widgets::text_input::TextInput;
use crate::widgets::tree_row::TreeRow;
use crate::widgets::{escape, section_header};
use crate::worker::protocol::{Facets, Target};

/// Kinds that are shown before "Show more" is clicked.
const KINDS_SHOWN: usize = 8;
/// Scopes that are shown at most; the filter finds the others.
const SCOPES_SHOWN: usize = 200;
/// Bookmarks that are shown; the commands for the next and the one before reach the others.
const BOOKMARKS_SHOWN: usize = 200;
/// Damaged places that are shown; the view of findings lists the others.
const SPOTS_SHOWN: usize = 50;

/// Private state: what is open and what the tree was built from.
#[derive(Debug)]
pub(super) struct Explorer {
    filter: String,
    open: HashSet<String>,
    sections_open: [bool; 6],
    all_kinds: bool,
    tree: Vec<EntityRow>,
    built_from: Option<(Arc<Facets>, String)>,
}

impl Default for Explorer {
    fn default() -> Self {
        Self {
            filter: String::new(),
            open: HashSet::new(),
            sections_open: [true; 6],
            all_kinds: false,
            tree: Vec::new(),
            built_from: None,
        }
    }
}

impl Explorer {
    /// Draws the panel.
    pub(super) fn show(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 0.0;
        Frame::NONE.inner_margin(Margin { left: 12, right: 13, top: 8, bottom: 6 }).show(ui, |ui| {
            let input = TextInput::new("Filter entities, kinds and scopes");
            input.without_label().placeholder("Find").icon(icons::FUNNEL_SIMPLE).show(ui, &mut self.filter);
        });
        self.refresh(&ctx.store.facets);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            self.damage_ui(ctx, ui);
            self.entities_ui(ctx, ui);
            ui.add_space(8.0);
            self.kinds_ui(ctx, ui);
            ui.add_space(8.0);
            self.scopes_ui(ctx, ui);
            ui.add_space(8.0);
            self.queries_ui(ctx, ui);
            ui.add_space(8.0);
            self.bookmarks_ui(ctx, ui);
        });
    }

    fn refresh(&mut self, facets: &Arc<Facets>) {
        let is_current = self
            .built_from
            .as_ref()
            .is_some_and(|(built, filter)| Arc::ptr_eq(built, facets) && *filter == self.filter);
        if !is_current {
            self.tree = explorer::entity_rows(&facets.entities, &self.open, &self.filter);
            self.built_from = Some((facets.clone(), self.filter.clone()));
        }
    }

    fn section(&mut self, ui: &mut Ui, index: usize, title: &str, count: &str) -> bool {
        let open = &mut self.sections_open[index];
        Frame::NONE.inner_margin(Margin::symmetric(PADDING_TIGHT as i8, 2)).show(ui, |ui| {
            section_header::folding(ui, title, count, open, |_| {});
        });
        self.sections_open[index]
    }

    /// Places that something is wrong with; there is no such section while there are none.
    fn damage_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let spots = &ctx.store.spots;
        if spots.is_empty() {
            return;
        }
        let t = ctx.view.tokens;
        if self.section(ui, 3, "Damage", &text::grouped(spots.len() as u64)) {
            for spot in spots.iter().take(SPOTS_SHOWN) {
                let (icon, count) = match spot.wrong {
                    Wrong::Unreadable => {
                        (icons::WARNING_CIRCLE, text::short_count(spot.places.end - spot.places.start))
                    }
                    Wrong::Broken => (icons::LOCK_SIMPLE_OPEN, "chain".to_owned()),
                };
                let name = text::sequence(spot.places.start);
                let line = TreeRow { icon: Some(icon), tint: Some(t.red), ..TreeRow::new(&name, &count) };
                let row = line.show(ui);
                if row.response.clicked() {
                    ctx.view.commands.send(Action::Jump(Target::Sequence(spot.places.start)));
                }
                row.response.on_hover_text(facts::sentence(&spot.words));
            }
            if spots.len() > SPOTS_SHOWN && more_ui(ui, "Show all findings").clicked() {
                ctx.view.commands.run(Command::ShowFindings);
            }
        }
        ui.add_space(8.0);
    }

    /// Events with a bookmark or a note; there is no such section while there are none.
    fn bookmarks_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let notes = &ctx.store.notes;
        if notes.is_empty() || !self.section(ui, 4, "Bookmarks", &text::grouped(notes.len() as u64)) {
            return;
        }
        for (sequence, note) in notes.iter().take(BOOKMARKS_SHOWN) {
            let name = escape::visible(note.title()).into_owned();
            let place = text::sequence(*sequence);
            let icon = if note.text.is_empty() { icons::BOOKMARK_SIMPLE } else { icons::NOTE_PENCIL };
            let row = TreeRow { icon: Some(icon), ..TreeRow::new(&name, &place) }.show(ui);
            if row.response.clicked() {
                ctx.view.commands.send(Action::Jump(Target::Sequence(*sequence)));
            }
            row.response.on_hover_text(escape::visible(&note.about));
        }
        ui.add_space(8.0);
    }

    fn entities_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let facets = &ctx.store.facets;
        let mut count = text::grouped(explorer::first_level_count(&facets.entities));
        if facets.entities_cut {
            count += " and more";
        }
        if !self.section(ui, 0, "Entities", &count) {
            return;
        }
        if self.tree.is_empty() {
            self.nothing_ui(ui, "No entity");
            return;
        }
        let query = &ctx.store.query;
        let mut toggled = None;
        // The rows are all of one height, so that only those in view are drawn.
        let (whole, _) = ui.allocate_exact_size(
            vec2(ui.available_width(), self.tree.len() as f32 * TREE_ROW),
            egui::Sense::hover(),
        );
        let clip = ui.clip_rect();
        for (i, row) in self.tree.iter().enumerate() {
            let rect = Rect::from_min_size(
                whole.min + vec2(0.0, i as f32 * TREE_ROW),
                vec2(whole.width(), TREE_ROW),
            );
            if !clip.intersects(rect) {
                continue;
            }
            if row.left_out > 0 {
                let words = format!("{} more, use the filter above", text::grouped(row.left_out));
                TreeRow { depth: row.depth, ..TreeRow::new(&words, "") }.show_at(
                    ui,
                    rect,
                    ui.scope_id().with(i),
                );
                continue;
            }
            let term = Term::entity(&row.name);
            let selected = query.has(&term);
            let count = text::short_count(row.events);
            let line =
                TreeRow { open: row.open, depth: row.depth, selected, ..TreeRow::new(&row.label, &count) };
            let shown = line.show_at(ui, rect, ui.scope_id().with((&row.name, row.depth)));
            if shown.caret_clicked || shown.response.double_clicked() && row.open.is_some() {
                toggled = Some(row.name.clone());
            } else if shown.response.clicked() {
                ctx.view.commands.send(refined(ui, query, term));
            }
            whole_name(shown.response, &row.name);
        }
        if let Some(name) = toggled {
            if !self.open.remove(&name) {
                self.open.insert(name);
            }
            self.built_from = None;
        }
    }

    fn kinds_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let kinds = &ctx.store.facets.kinds;
        if !self.section(ui, 1, "Kinds", &text::grouped(kinds.len() as u64)) {
            return;
        }
        let wanted = self.filter.trim().to_lowercase();
        let found: Vec<(EventKind, rows::KindText, u64)> = kinds
            .iter()
            .map(|(kind, count)| (*kind, rows::kind_text(*kind, &ctx.store.kind_names), *count))
            .filter(|(_, words, _)| words.name.to_lowercase().contains(&wanted))
            .collect();
        let shown =
            if self.all_kinds || !wanted.is_empty() { found.len() } else { KINDS_SHOWN.min(found.len()) };
        for (kind, words, count) in &found[..shown] {
            let term = Term::kind(*kind, &ctx.store.kind_names);
            let selected = ctx.store.query.has(&term);
            let count = text::short_count(*count);
            let line = TreeRow { mark: Some(words.mark), selected, ..TreeRow::new(&words.name, &count) };
            let row = line.show(ui);
            if row.response.clicked() {
                ctx.view.commands.send(refined(ui, &ctx.store.query, term));
            }
            let number = format!("{kind} · click to filter, Ctrl+click to add, Alt+click to leave out");
            row.response.on_hover_text(number);
        }
        if found.is_empty() {
            self.nothing_ui(ui, "No kind");
        }
        if shown < found.len() {
            let label = format!("Show {} more", found.len() - shown);
            if more_ui(ui, &label).clicked() {
                self.all_kinds = true;
            }
        } else if self.all_kinds
            && wanted.is_empty()
            && found.len() > KINDS_SHOWN
            && more_ui(ui, "Show fewer").clicked()
        {
            self.all_kinds = false;
        }
    }

    fn scopes_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let scopes = &ctx.store.facets.scopes;
        if !self.section(ui, 2, "Scopes", &text::grouped(scopes.len() as u64)) {
            return;
        }
        let wanted = self.filter.trim().to_lowercase();
        let found: Vec<&(Arc<str>, u64)> = scopes
            .iter()
            .filter(|(name, _)| name.to_lowercase().contains(&wanted))
            .take(SCOPES_SHOWN)
            .collect();
        if found.is_empty() {
            self.nothing_ui(ui, "No scope");
        }
        for (name, count) in found {
            let term = Term::scope(&**name);
            let selected = ctx.store.query.has(&term);
            let (label, count) = (escape::visible(name), text::short_count(*count));
            let row = TreeRow { icon: Some(icons::CUBE), selected, ..TreeRow::new(&label, &count) }.show(ui);
            if row.response.clicked() {
                ctx.view.commands.send(refined(ui, &ctx.store.query, term));
            }
            whole_name(row.response, name);
        }
    }

    /// Queries with a name; there is no such section while there are none.
    fn queries_ui(&mut self, ctx: StoreContext<'_>, ui: &mut Ui) {
        let saved = &ctx.store.queries.saved;
        if saved.is_empty() || !self.section(ui, 5, "Saved queries", &text::grouped(saved.len() as u64)) {
            return;
        }
        let wanted = self.filter.trim().to_lowercase();
        for query in saved.iter().filter(|query| query.name.to_lowercase().contains(&wanted)) {
            let label = escape::visible(&query.name);
            let selected = query.line == ctx.store.filter_text;
            let line = TreeRow { icon: Some(icons::BOOKMARK_SIMPLE), selected, ..TreeRow::new(&label, "") };
            let row = line.show(ui).response;
            if row.clicked() {
                ctx.view.commands.send(Action::Query(QueryAction::Use(query.line.clone())));
            }
            row.context_menu(|ui| {
                if menu_row(ui, "Forget this query", false).clicked() {
                    ctx.view.commands.send(Action::Query(QueryAction::Forget(query.name.clone())));
                    ui.close();
                }
            });
            row.on_hover_text(format!("{} · right-click to forget it", escape::visible(&query.line)));
        }
    }

    fn nothing_ui(&self, ui: &mut Ui, what: &str) {
        Frame::NONE.inner_margin(Margin::symmetric(28, 4)).show(ui, |ui| {
            if self.filter.trim().is_empty() {
                EmptyState { reason: what, advice: "The store is empty", link: None }.show_inline(ui);
            } else {
                let t = crate::theme::Tokens::of(ui);
                let words = format!("{what} matches");
                ui.label(type_roles::rich(words, type_roles::caption()).color(t.text3));
            }
        });
    }
}

fn more_ui(ui: &mut Ui, label: &str) -> Response {
    ui.horizontal(|ui| {
        ui.add_space(32.0);
        crate::widgets::link::link(ui, label)
    })
    .inner
}

/// Long names are cut in the row; the pointer shows all of them.
fn whole_name(response: Response, name: &str) {
    if name.len() > 20 {
        let shown: String = escape::visible(name).chars().take(400).collect();
        response.on_hover_text(shown);
    }
}
