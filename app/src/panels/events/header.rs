//! Owns what stands above the rows: how much was found and by what, what the result consists of, and, where nothing was found, why and what
//! to do.

use egui::{Align2, Role, Sense, Ui, WidgetInfo, vec2};

use super::super::{from_left, from_right, inside, refined};
use crate::command::{Action, Command};
use crate::context::StoreContext;
use crate::state::query::{Query, Term, why_empty};
use crate::theme::metrics::{PADDING, RESULT_HEADER};
use crate::theme::{KindMark, type_roles};
use crate::view::{rows, text};
use crate::widgets::chip::{self, FacetState};
use crate::widgets::empty_state::EmptyState;
use crate::widgets::spinner::spinner;
use crate::widgets::{escape, hairline, link, paint, tooltip};

/// Characters of a name in a chip.
const CHIP_CHARS: usize = 20;
/// A chip that may be wider than what is left is not begun, points.
const CHIP_ROOM: f32 = 190.0;
/// Room that the words on the left keep, points.
const WORDS_MIN: f32 = 300.0;

/// How much was found, and chips for the most frequent kinds, entities and scopes of it.
pub(super) fn show(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let (bar, _) = paint::allocate(ui, vec2(ui.available_width(), RESULT_HEADER), Sense::hover());
    hairline::horizontal(ui.painter(), bar.x_range(), bar.bottom() - 1.0, t.line);
    let room = bar.shrink2(vec2(PADDING - 2.0, 0.0));
    let used = inside(ui, room, from_left(), |ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        words_ui(ctx, ui);
        ui.min_rect().right()
    });
    let room = room.with_min_x((used + 16.0).min(room.left() + WORDS_MIN.max(used - room.left() + 16.0)));
    inside(ui, room, from_right(), |ui| facets_ui(ctx, ui));
}

fn words_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let t = ctx.view.tokens;
    let matched = &ctx.store.matched;
    let strong = type_roles::rich(text::grouped(matched.matched), type_roles::table_medium());
    ui.label(strong.color(t.text));
    let of = if ctx.store.query.is_empty() && matched.complete {
        if matched.total == 1 { "event".to_owned() } else { "events".to_owned() }
    } else {
        format!("of {}", text::counted(matched.total, "event"))
    };
    ui.label(type_roles::rich(of, type_roles::table()).color(t.text));
    ui.add_space(6.0);
    if !matched.complete && ctx.view.model.progress.is_some() {
        spinner(ui, "filtering");
    }
    if matched.unreadable > 0 {
        unreadable_ui(ctx, ui, matched.unreadable);
    }
    let how = how(ctx);
    let caption = paint::line(ui.painter(), &how, type_roles::caption(), t.text3, ui.available_width());
    let (rect, response) = paint::allocate(ui, caption.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &how));
    paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), caption);
    tooltip::hint(response, &searched(ctx));
}

/// Places that the filter could not look at: they may match, and nobody can tell.
fn unreadable_ui(ctx: StoreContext<'_>, ui: &mut Ui, places: u64) {
    let t = ctx.view.tokens;
    let words = format!("{} cannot be read and may match ·", text::counted(places, "event"));
    let line = paint::line(ui.painter(), &words, type_roles::caption(), t.amber_text, ui.available_width());
    let (rect, response) = paint::allocate(ui, line.size(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Status, true, &words));
    paint::put(ui.painter(), Align2::LEFT_CENTER, rect.left_center(), line);
}

/// `complete · 18 ms · correlation index`, or how far the search is.
fn how(ctx: StoreContext<'_>) -> String {
    let matched = &ctx.store.matched;
    let state = if matched.complete {
        "complete".to_owned()
    } else {
        format!("{} searched", text::percent(matched.searched, matched.total))
    };
    let served = if matched.served_by.is_empty() {
        String::new()
    } else {
        format!(" · served by {}", matched.served_by)
    };
    format!("{state} · {}{served}", text::duration_us(matched.elapsed_us))
}

/// What was looked at, in whole sentences.
fn searched(ctx: StoreContext<'_>) -> String {
    let matched = &ctx.store.matched;
    let Some(last) = matched.searched.checked_sub(1) else { return "Nothing was searched yet".to_owned() };
    let searched = format!("Searched {} to {}", text::sequence(0), text::sequence(last));
    if matched.complete {
        format!("{searched}, the whole store")
    } else {
        format!("{searched} of {}", text::counted(matched.total, "event"))
    }
}

/// Something that the result has much of.
struct Facet {
    term: Term,
    mark: Option<KindMark>,
    name: String,
    count: u64,
}

/// From the right: scopes, entities, then kinds, as long as there is room. A click asks for one, a click with Alt leaves it out.
fn facets_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    ui.spacing_mut().item_spacing.x = 6.0;
    let query = &ctx.store.query;
    let (facets, is_exact) = facets(ctx);
    for facet in facets {
        if ui.available_width() < CHIP_ROOM {
            return;
        }
        let state = match () {
            () if query.excludes(&facet.term) => FacetState::Excluded,
            () if query.has(&facet.term) => FacetState::On,
            () => FacetState::Off,
        };
        let label: String = escape::visible(&facet.name).chars().take(CHIP_CHARS).collect();
        let count = text::short_count(facet.count);
        let count = if is_exact { count } else { format!("~{count}") };
        let shown = chip::facet(ui, facet.mark, &label, &count, state);
        if shown.clicked() {
            ctx.view.commands.send(refined(ui, query, facet.term.clone()));
        }
        let about = if is_exact { "" } else { ", about so many" };
        let key = facet.term.key();
        tooltip::hint(shown, &format!("{key}{label}{about} · Alt+click leaves it out, Ctrl+click adds it"));
    }
}

/// What is excluded first, so that it can be taken back, then what there is most of. Of the whole store the counts are known.
fn facets(ctx: StoreContext<'_>) -> (Vec<Facet>, bool) {
    let store = ctx.store;
    let kind = |kind, count| {
        let words = rows::kind_text(kind, &store.kind_names);
        Facet { term: Term::kind(kind, &store.kind_names), mark: Some(words.mark), name: words.name, count }
    };
    let named = |term: fn(String) -> Term, name: &str, count| Facet {
        term: term(name.to_owned()),
        mark: None,
        name: name.to_owned(),
        count,
    };
    let result = &store.consists_of;
    let is_whole = store.query.is_empty();
    let (scopes, kinds) =
        if is_whole { (&store.facets.scopes, &store.facets.kinds) } else { (&result.scopes, &result.kinds) };
    let mut kinds = kinds.clone();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut scopes: Vec<_> = scopes.iter().collect();
    scopes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let scopes = scopes.iter().take(2).map(|(name, count)| named(Term::scope, name, *count));
    let entities = result.entities.iter().filter(|_| !is_whole).take(1);
    let entities = entities.map(|(name, count)| named(Term::entity, name, *count));
    let kinds = kinds.into_iter().take(4).map(|(of, count)| kind(of, count));
    let facets = scopes.chain(entities).chain(kinds).collect();
    (facets, is_whole || result.is_exact)
}

/// No row: why, and the way out.
pub(super) fn show_empty(ctx: StoreContext<'_>, ui: &mut Ui) {
    let matched = &ctx.store.matched;
    if !matched.complete && ctx.view.model.progress.is_some() {
        let state = EmptyState {
            reason: "Searching",
            advice: "Events appear as soon as they are found",
            link: Some("Stop"),
        };
        if state.show(ui) {
            ctx.view.commands.run(Command::Cancel);
        }
    } else if matched.total == 0 {
        let state = EmptyState {
            reason: "This store holds no event yet",
            advice: "It is shown here as soon as one is appended",
            link: Some("Append an event"),
        };
        if state.show(ui) {
            ctx.view.commands.run(Command::ShowAppend);
        }
    } else {
        nothing_found_ui(ctx, ui);
    }
}

/// Why nothing matches, what was probably meant, and each part of the query with the way to take it out.
fn nothing_found_ui(ctx: StoreContext<'_>, ui: &mut Ui) {
    let store = ctx.store;
    let advice = why_empty(&store.query, &store.kind_names, &store.facets);
    let typed: String = escape::visible(&store.filter_text).chars().take(60).collect();
    let searched = if store.matched.complete {
        String::new()
    } else {
        format!(" in the {} that was searched", text::percent(store.matched.searched, store.matched.total))
    };
    let reason = match &advice {
        Some(advice) => format!("0 events: {}", escape::visible(&advice.reason)),
        None => format!("None of {} matches {typed}{searched}", text::counted(store.matched.total, "event")),
    };
    let sentence = match advice.as_ref().and_then(|advice| advice.instead.as_ref()) {
        Some((name, count, _)) => {
            format!("Did you mean {} ({})?", escape::visible(name), text::grouped(*count))
        }
        None => "Text is looked for in payloads; kinds are found by kind: and entities by entity:".to_owned(),
    };
    let height = 92.0;
    ui.add_space(((ui.available_height() - height) / 2.0).max(0.0).floor());
    ui.vertical_centered(|ui| {
        (EmptyState { reason: &reason, advice: &sentence, link: None }).show_inline(ui);
    });
    ui.add_space(6.0);
    let fix = advice.and_then(|advice| advice.instead);
    ways_out_ui(ctx, ui, fix);
}

/// Links in one centred row: what was meant, each part left out, the filter cleared.
fn ways_out_ui(ctx: StoreContext<'_>, ui: &mut Ui, fix: Option<(String, u64, Query)>) {
    let vocabulary = ctx.vocabulary();
    let query = &ctx.store.query;
    let mut ways: Vec<(String, Action)> = Vec::new();
    if let Some((name, _, query)) = fix {
        ways.push((format!("Use {}", escape::visible(&name)), Action::Refine(query)));
    }
    if query.parts().len() > 1 {
        for (index, part) in query.parts().iter().enumerate().take(4) {
            let line: String = escape::visible(&part.line(&vocabulary)).chars().take(32).collect();
            ways.push((format!("Without {line}"), Action::Refine(query.without_part(index))));
        }
    }
    ways.push(("Clear filter".to_owned(), Action::Run(Command::ClearFilter)));
    let width_of = |label: &str| {
        let words = paint::whole_line(ui.painter(), label, type_roles::table(), ctx.view.tokens.accent_text);
        words.size().x.ceil()
    };
    let gap = 16.0;
    let width: f32 = ways.iter().map(|(label, _)| width_of(label) + gap).sum::<f32>() - gap;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.add_space(((ui.available_width() - width) / 2.0 - gap).max(8.0).floor());
        for (label, action) in ways {
            if link::link(ui, &label).clicked() {
                ctx.view.commands.send(action);
            }
        }
    });
}
