//! Screens as people and screen readers meet them: drawn from a model filled by hand, used with mouse and keyboard, judged by the actions
//! that they queue.

mod support;

use causeway_inspector::command::{Action, Command, Commands};
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::state::graph::{GraphAction, GraphOptions};
use causeway_inspector::state::model::{Model, Overlay};
use causeway_inspector::state::query::{Query, Term};
use causeway_inspector::state::route::{DetailTab, View};
use causeway_inspector::theme::{Theme, Tokens};
use causeway_inspector::view::graph::Axis;
use causeway_inspector::worker::protocol::{FailureClass, OpenMode, StoreFormat, Target};
use egui::{Key, Modifiers, Role, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};

const LARGE: Vec2 = vec2(1440.0, 900.0);
const SMALL: Vec2 = vec2(1024.0, 700.0);

/// A screen, what it is drawn from, and what it asked for.
struct Screen {
    panels: Panels,
    model: Model,
    commands: Commands,
    sent: Vec<Action>,
}

impl Screen {
    fn sent(&self, action: &Action) -> bool {
        self.sent.contains(action)
    }

    fn ran(&self, command: Command) -> bool {
        self.sent(&Action::Run(command))
    }
}

fn screen_of(model: Model, size: Vec2) -> Harness<'static, Screen> {
    let screen = Screen { panels: Panels::default(), model, commands: Commands::default(), sent: Vec::new() };
    let mut harness = support::harness(size, screen, |ui, screen: &mut Screen| {
        let tokens: &Tokens = Theme::Dark.tokens();
        let ctx = ViewContext { model: &screen.model, tokens, commands: &screen.commands };
        screen.panels.show(ctx, ui);
        screen.sent.extend(screen.commands.drain());
    });
    harness.run_steps(4);
    harness.state_mut().sent.clear();
    harness
}

fn screen(model: Model) -> Harness<'static, Screen> {
    screen_of(model, LARGE)
}

fn click(harness: &mut Harness<'_, Screen>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn type_into(harness: &mut Harness<'_, Screen>, label: &str, text: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(2);
    harness.get_by_label(label).type_text(text);
    harness.run_steps(2);
}

#[test]
fn a_click_on_a_row_selects_its_event() {
    let mut harness = screen(fixture::store());
    harness.get_by_label_contains("9,811,995 ToolFailed agent:run-317").click();
    harness.run_steps(3);
    assert!(harness.state().sent(&Action::Select(9_811_995)));
}

#[test]
fn typing_into_the_filter_line_filters_with_each_letter() {
    let mut model = fixture::store();
    let store = model.store.as_mut().expect("the fixture has a store");
    store.query = Query::default();
    store.filter_text.clear();
    let mut harness = screen(model);
    type_into(&mut harness, "Filter", "late");
    assert!(harness.state().sent(&Action::Filter("late".to_owned())));
}

#[test]
fn the_command_for_the_filter_puts_the_cursor_there() {
    let mut harness = screen(fixture::store());
    let screen = harness.state_mut();
    screen.panels.run(Command::FocusFilter, &screen.model);
    harness.run_steps(3);
    assert!(harness.get_by_label("Filter").is_focused());
}

#[test]
fn a_token_is_taken_out_of_the_query_by_a_click() {
    let mut harness = screen(fixture::store());
    click(&mut harness, "remove corr:a7f3");
    let rest = Query::Is(Term::Text("total".to_owned()));
    assert!(harness.state().sent(&Action::Refine(rest)));
}

#[test]
fn entities_kinds_and_scopes_filter_by_what_was_clicked() {
    let mut harness = screen(fixture::store());
    let query = harness.state().model.store.as_ref().expect("the fixture has a store").query.clone();
    click(&mut harness, "order 412,380");
    assert!(harness.state().sent(&Action::Refine(query.with(Term::entity("order")))));
    click(&mut harness, "audit 31,204");
    assert!(harness.state().sent(&Action::Refine(query.with(Term::scope("audit")))));
}

#[test]
fn an_empty_result_names_the_reason_and_the_way_out() {
    let mut harness = screen(fixture::nothing_found());
    assert!(harness.query_by_label("None of 9,812,005 events matches OrderPlcaed").is_some());
    let all: Vec<_> = harness.get_all_by_label("Clear filter").collect();
    all.last().expect("the way out is a link").click();
    drop(all);
    harness.run_steps(3);
    assert!(harness.state().ran(Command::ClearFilter));
}

#[test]
fn events_that_arrived_below_are_counted_and_lead_there() {
    let mut harness = screen(fixture::hostile());
    click(&mut harness, "+1,234 new");
    assert!(harness.state().ran(Command::GoLast));
}

#[test]
fn a_damaged_row_says_why_it_cannot_be_read() {
    let harness = screen(fixture::hostile());
    let reason = "#9,811,988 Checksum of 000412.seg at byte 41,203,712 does not hold";
    assert!(harness.query_by_label(reason).is_some());
}

#[test]
fn hidden_characters_of_hostile_names_are_never_drawn() {
    for size in [LARGE, SMALL] {
        let harness = screen_of(fixture::hostile(), size);
        for node in harness.root().children_recursive() {
            let label = node.accesskit_node().label().unwrap_or_default();
            assert!(!label.contains(['\u{202e}', '\u{200b}', '\u{7f}', '\u{0}']), "{label:?}");
        }
    }
}

#[test]
fn the_tabs_of_the_middle_and_of_the_detail_are_chosen_by_a_click() {
    let mut harness = screen(fixture::store());
    click(&mut harness, "Causal graph");
    assert!(harness.state().sent(&Action::Show(View::Graph)));
    click(&mut harness, "Proof");
    assert!(harness.state().sent(&Action::ShowDetail(DetailTab::Proof)));
}

#[test]
fn an_effect_in_the_detail_leads_to_its_event() {
    let mut harness = screen(fixture::store());
    harness.get_by_role_and_label(Role::Link, "OrderPaid #9,811,993").click();
    harness.run_steps(3);
    assert!(harness.state().sent(&Action::Select(9_811_993)));
}

#[test]
fn a_node_of_the_graph_selects_its_event() {
    let mut harness = screen(fixture::store_showing(View::Graph));
    harness.get_by_label_contains("ParcelPacked, ").click();
    harness.run_steps(3);
    assert!(harness.state().sent(&Action::Select(9_811_996)));
}

#[test]
fn a_folded_node_of_the_graph_unfolds_and_a_handle_asks_for_more() {
    let mut harness = screen_of(fixture::store_showing(View::Graph), vec2(1800.0, 1400.0));
    harness.get_by_label_contains("StockReserved, 14 events folded").click();
    harness.run_steps(3);
    let unfolds = |action: &Action| matches!(action, Action::Graph(GraphAction::Unfold(_)));
    assert!(harness.state().sent.iter().any(unfolds));
    let place = harness.get_by_label_contains("MailQueued, mail:m-90233").rect().right_center();
    harness.drag_at(place);
    harness.drop_at(place);
    harness.run_steps(3);
    let asks = |action: &Action| matches!(action, Action::Graph(GraphAction::More(_)));
    assert!(harness.state().sent.iter().any(asks), "{:?}", harness.state().sent);
}

#[test]
fn the_header_of_the_graph_says_what_is_shown_and_chooses_what_is() {
    for size in [LARGE, SMALL] {
        let mut harness = screen_of(fixture::store_showing(View::Graph), size);
        let header =
            harness.get_by_label_contains("critical path").accesskit_node().label().unwrap_or_default();
        for part in ["38 events", "shown", "14 folded", "2 not shown", "4 correlations"] {
            assert!(header.contains(part), "{part}: {header}");
        }
        click(&mut harness, "Aggregate");
        // The axis of the timeline has a choice of this name, too.
        harness.get_all_by_label("Time").for_each(|choice| choice.click());
        harness.run_steps(3);
        let looks = |wanted: fn(&GraphOptions) -> bool| {
            harness
                .state()
                .sent
                .iter()
                .any(|action| matches!(action, Action::Graph(GraphAction::Look(look)) if wanted(look)))
        };
        assert!(looks(|look| look.grouped == Some(true)) && looks(|look| look.axis == Axis::Time));
        click(&mut harness, "Fit the graph");
        assert!(harness.state().ran(Command::GraphFit));
    }
}

#[test]
fn the_graph_as_a_list_says_the_same_and_selects_as_well() {
    let mut model = fixture::store_showing(View::Graph);
    model.store.as_mut().expect("a store is open").graph.options.list = true;
    let mut harness = screen(model);
    harness.get_by_label_contains("caused ParcelPacked, ").click();
    harness.run_steps(3);
    assert!(harness.state().sent(&Action::Select(9_811_996)));
}

#[test]
fn an_event_that_nothing_caused_and_that_caused_nothing_says_why_its_graph_is_empty() {
    let harness = screen(fixture::lonely_graph());
    assert!(harness.query_by_label("This event has no causation id and no effects").is_some());
    assert!(harness.query_by_label_contains("has 1 event").is_some());
}

#[test]
fn every_magnification_of_a_large_graph_is_drawn_and_small_nodes_are_hit_all_the_same() {
    let mut harness = screen(fixture::large_graph(2_000));
    let screen = harness.state_mut();
    screen.panels.run(Command::GraphFit, &screen.model);
    for _ in 0..12 {
        harness.run_steps(2);
        harness.state_mut().sent.clear();
        let place = harness.get_by_label("causal graph, 2,000 nodes").rect().left_top() + vec2(40.0, 60.0);
        harness.hover_at(place);
        harness.run_steps(1);
        let screen = harness.state_mut();
        screen.panels.run(Command::GraphZoomIn, &screen.model);
    }
    assert!(harness.query_all_by_label_contains(", caused by #").count() > 0);
}

#[test]
fn invalid_json_disables_the_append_button_and_says_where_it_is_wrong() {
    let mut harness = screen(fixture::writing());
    type_into(&mut harness, "Kind", "0x1001");
    type_into(&mut harness, "Entity", "order:8842");
    type_into(&mut harness, "Scope", "shop");
    type_into(&mut harness, "Payload as JSON", "{\"total\" 4980}");
    assert!(harness.query_by_label("Expected `:`, line 1 column 10").is_some());
    assert!(harness.query_by_label("1 field to fix").is_some());
    assert!(harness.get_by_label("Append event").accesskit_node().is_disabled());
    click(&mut harness, "Append event");
    assert!(!harness.state().sent.iter().any(|action| matches!(action, Action::Append(_))));
}

#[test]
fn what_is_still_empty_is_waited_for_and_only_what_was_typed_can_be_wrong() {
    let mut harness = screen(fixture::writing());
    type_into(&mut harness, "Kind", "Nonsense");
    assert!(harness.query_by_label("No kind has this name").is_some());
    assert!(harness.query_by_label("1 field to fix").is_some());
    assert!(harness.query_by_label_contains("The payload is empty").is_none());
}

#[test]
fn a_form_without_mistakes_appends_by_button_and_by_key() {
    let mut harness = screen(fixture::writing());
    type_into(&mut harness, "Kind", "0x1001");
    type_into(&mut harness, "Entity", "order:8842");
    type_into(&mut harness, "Scope", "shop");
    type_into(&mut harness, "Payload as JSON", "{\"total\": 4980}");
    click(&mut harness, "Append event");
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    harness.run_steps(3);
    let appended: Vec<&Action> =
        harness.state().sent.iter().filter(|action| matches!(action, Action::Append(_))).collect();
    assert_eq!(appended.len(), 2);
    assert!(
        matches!(appended[0], Action::Append(draft) if draft.entity == "order:8842" && draft.reaction_to.is_none())
    );
}

#[test]
fn a_reaction_names_its_cause_until_it_is_taken_away() {
    let mut harness = screen(fixture::writing());
    let screen = harness.state_mut();
    screen.panels.run(Command::AppendReaction, &screen.model);
    harness.run_steps(3);
    assert!(harness.query_by_label("Reaction to PaymentCaptured #9,811,992").is_some());
    click(&mut harness, "No reaction");
    assert!(harness.query_by_label("Reaction to PaymentCaptured #9,811,992").is_none());
}

#[test]
fn a_store_open_for_reading_says_how_to_write() {
    let mut harness = screen(fixture::store_showing(View::Append));
    assert!(harness.query_by_label("This store is open for reading").is_some());
    click(&mut harness, "Open for writing");
    assert!(harness.state().ran(Command::ToggleWriting));
}

#[test]
fn a_projection_is_stopped_in_its_row_and_started_in_the_form() {
    let mut harness = screen(fixture::store_showing(View::Projections));
    click(&mut harness, "Stop counts by kind of shop");
    assert!(harness.state().sent(&Action::Unwatch(2)));
    click(&mut harness, "New projection");
    click(&mut harness, "Start");
    assert!(harness.state().sent.iter().any(|action| matches!(action, Action::Watch(..))));
}

#[test]
fn counts_by_kind_are_shown_by_name() {
    let mut harness = screen(fixture::store_showing(View::Projections));
    click(&mut harness, "counts by kind shop Up to date");
    let top = |label: &str| harness.get_by_label(label).rect().top();
    assert!(top("StockReserved 1040112") < top("OrderPlaced 412380"));
    assert!(top("OrderPlaced 412380") < top("PaymentCaptured 390871"));
}

#[test]
fn an_opening_shows_how_far_it_is_and_can_be_stopped() {
    let mut harness = screen(fixture::opening());
    assert!(harness.query_by_label("/home/mara/data/shop-and-agents.store").is_some());
    assert!(harness.query_by_label("opening 63 %").is_some());
    assert!(harness.query_by_label("2.61 GB of 4.12 GB read").is_some());
    click(&mut harness, "Cancel");
    assert!(harness.state().ran(Command::Cancel));
}

#[test]
fn a_verified_store_is_said_to_be_consistent_and_no_level_is_claimed_for_batpak() {
    let mut model = fixture::store();
    let store = model.store.as_mut().expect("the fixture has a store");
    store.summary.format = StoreFormat::Batpak;
    if let Some(Ok(report)) = &mut store.verified {
        report.level = None;
    }
    assert!(screen(fixture::store()).query_by_label_contains("V2 verified to").is_some());
    assert!(screen(model).query_by_label_contains("Hashes verified to").is_some());
}

#[test]
fn going_back_from_a_failure_leaves_the_open_store_alone() {
    for model in [fixture::error(), fixture::preview()] {
        let mut harness = screen(model);
        click(&mut harness, "Back");
        assert!(harness.state().ran(Command::Cancel) && !harness.state().ran(Command::CloseStore));
    }
}

#[test]
fn a_locked_store_offers_reading_first() {
    let model = fixture::error();
    let failed = model.open_failure.clone().expect("the fixture failed to open");
    assert_eq!(failed.failure.class, FailureClass::Locked);
    let mut harness = screen(model);
    click(&mut harness, "Open read-only");
    assert!(harness.state().sent(&Action::Open(failed.path, OpenMode::ReadOnly)));
    click(&mut harness, "Copy diagnostics");
    assert!(harness.state().sent.iter().any(|action| matches!(action, Action::Copy(_, "diagnostics"))));
}

#[test]
fn a_store_that_another_process_writes_can_only_be_opened_for_reading() {
    let mut harness = screen(fixture::preview());
    assert!(harness.get_by_label("Open for writing").accesskit_node().is_disabled());
    click(&mut harness, "Open read-only");
    let opened = |action: &Action| matches!(action, Action::Open(_, OpenMode::ReadOnly));
    assert!(harness.state().sent.iter().any(opened));
}

#[test]
fn the_welcome_screen_looks_into_what_is_typed_or_was_open_before() {
    let mut harness = screen(fixture::welcome());
    type_into(&mut harness, "Path of a store", "/data/shop");
    click(&mut harness, "Look inside");
    assert!(harness.state().sent(&Action::Preview("/data/shop".into())));
    click(&mut harness, "Demo store");
    assert!(harness.state().sent(&Action::OpenDemo));
    click(&mut harness, "open ereignisse, /srv/lager/ereignisse.store");
    assert!(harness.state().sent(&Action::Preview("/srv/lager/ereignisse.store".into())));
}

#[test]
fn the_palette_runs_the_chosen_command_by_key_and_closes() {
    let mut model = fixture::store();
    model.overlay = Overlay::Palette;
    let mut harness = screen(model);
    harness.get_by_label("Command").type_text("theme");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    assert!(harness.state().ran(Command::CycleTheme) && harness.state().ran(Command::Cancel));
}

#[test]
fn escape_closes_an_overlay_although_its_text_field_has_the_cursor() {
    let mut model = fixture::store();
    model.overlay = Overlay::Palette;
    let mut harness = screen(model);
    assert!(harness.get_by_label("Command").is_focused());
    harness.key_press(Key::Escape);
    harness.run_steps(1);
    assert_eq!(harness.state().sent, [Action::Run(Command::Cancel)]);
}

#[test]
fn the_jump_dialog_takes_a_sequence_with_its_commas() {
    let mut model = fixture::store();
    model.overlay = Overlay::Jump;
    let mut harness = screen(model);
    harness.get_by_label("Sequence, id or time of an event").type_text("#9,811,992");
    harness.run_steps(2);
    click(&mut harness, "Go");
    assert!(harness.state().sent(&Action::Jump(Target::Sequence(9_811_992))));
}

#[test]
fn no_screen_asks_for_the_same_thing_twice() {
    let screens: [fn() -> Model; 9] = [
        Model::default,
        fixture::preview,
        fixture::opening,
        fixture::store,
        fixture::hostile,
        fixture::nothing_found,
        fixture::writing,
        || fixture::store_showing(View::Graph),
        || fixture::store_showing(View::Projections),
    ];
    for model in screens {
        for size in [LARGE, SMALL, vec2(700.0, 420.0)] {
            let mut harness = screen_of(model(), size);
            harness.run_steps(4);
            assert_eq!(harness.state().sent, []);
        }
    }
}

#[test]
fn what_can_be_written_next_is_offered_and_taken_with_the_keyboard() {
    let mut model = fixture::store();
    let store = model.store.as_mut().expect("the fixture has a store");
    store.query = Query::default();
    store.filter_text.clear();
    let mut harness = screen(model);
    type_into(&mut harness, "Filter", "kind:OrderPl");
    harness.key_press(Key::Tab);
    harness.run_steps(3);
    assert!(harness.state().sent(&Action::Filter("kind:OrderPlaced ".to_owned())));
    assert!(harness.get_by_label("Filter").is_focused());
}

#[test]
fn a_name_that_names_nothing_leads_to_what_was_probably_meant() {
    let mut model = fixture::nothing_found();
    let store = model.store.as_mut().expect("the fixture has a store");
    let names = store.kind_names.clone();
    let zone = causeway_inspector::state::zone::Zone::UTC;
    let vocabulary = causeway_inspector::state::query::Vocabulary { names: &names, zone: &zone, now_us: 0 };
    store.query = Query::parse("kind:OrderPlcaed", &vocabulary).expect("the line can be understood");
    let mut harness = screen(model);
    assert!(harness.query_by_label("0 events: kind:OrderPlcaed matches no kind").is_some());
    click(&mut harness, "Use OrderPlaced");
    let meant = Query::parse("kind:OrderPlaced", &vocabulary).expect("the line can be understood");
    assert!(harness.state().sent(&Action::Refine(meant)));
}

#[test]
fn saved_queries_are_listed_and_asked_again() {
    let mut harness = screen_of(fixture::store(), vec2(1440.0, 1600.0));
    harness.get_by_label_contains("Failed tools today").click();
    harness.run_steps(3);
    let line = "kind:ToolFailed after:-1d".to_owned();
    let asked = causeway_inspector::state::queries::QueryAction::Use(line);
    assert!(harness.state().sent(&Action::Query(asked)));
}
