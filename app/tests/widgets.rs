//! Widgets as people and screen readers meet them: found by name, used with mouse and keyboard.

mod support;

use causeway_inspector::theme::{Theme, Tokens};
use causeway_inspector::widgets::badge::Tone;
use causeway_inspector::widgets::button::Button;
use causeway_inspector::widgets::failed_view::FailedViews;
use causeway_inspector::widgets::hash_label::hash_label;
use causeway_inspector::widgets::json_tree::JsonTree;
use causeway_inspector::widgets::row_scroller::{RowScroller, Rows};
use causeway_inspector::widgets::segmented::segmented;
use causeway_inspector::widgets::select::Select;
use causeway_inspector::widgets::slider::slider;
use causeway_inspector::widgets::tabs::{Tab, sub_tabs};
use causeway_inspector::widgets::text_input::{FieldError, TextInput};
use causeway_inspector::widgets::toast::Toasts;
use causeway_inspector::widgets::toggle::{checkbox, switch};
use egui::{Key, Ui, Vec2, vec2};
use egui_kittest::kittest::Queryable as _;
use support::harness;

const SIZE: Vec2 = vec2(400.0, 300.0);
const LIST: Rows<'static> = Rows { label: "events", count: 12_000_000, height: 22.0, keys: true };

fn list_ui(ui: &mut Ui, list: &mut RowScroller) {
    list.show(ui, LIST, |ui, row, rect| {
        let response = ui.interact(rect, ui.scope_id().with(row), egui::Sense::click());
        let name = format!("row {row}");
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Row, true, &name));
    });
}

#[test]
fn only_rows_in_view_exist_and_the_last_of_millions_is_reached_by_the_end_key() {
    let mut harness = harness(SIZE, RowScroller::default(), list_ui);
    harness.run();
    assert!(harness.query_by_label("row 0").is_some());
    assert!(harness.query_by_label("row 20").is_none());
    harness.get_by_label("events").focus();
    harness.run();
    harness.key_press(Key::End);
    harness.run();
    assert!(harness.query_by_label("row 11999999").is_some());
    harness.key_press(Key::ArrowUp);
    harness.run();
    assert!(harness.query_by_label("row 11999999").is_none());
    harness.key_press(Key::Home);
    harness.run();
    assert_eq!(harness.state().position().first_row, 0);
}

#[test]
fn a_row_asked_for_is_shown_and_following_ends_when_the_user_scrolls_up() {
    let mut harness = harness(SIZE, RowScroller::default(), list_ui);
    harness.state_mut().ensure_visible(7_654_321);
    harness.run();
    assert!(harness.query_by_label("row 7654321").is_some());
    harness.state_mut().set_follow(true);
    harness.run();
    assert!(harness.state().is_following());
    assert!(harness.query_by_label("row 11999999").is_some());
    harness.get_by_label("events").focus();
    harness.run();
    harness.key_press(Key::PageUp);
    harness.run();
    assert!(!harness.state().is_following());
}

#[test]
fn dragging_the_scroll_bar_to_its_foot_shows_the_last_row() {
    let mut harness = harness(SIZE, RowScroller::default(), list_ui);
    harness.run();
    let bar = harness.get_by_label("scroll position").rect();
    harness.drag_at(bar.center_top() + vec2(0.0, 4.0));
    harness.run();
    harness.hover_at(bar.center_bottom() + vec2(0.0, 40.0));
    harness.run();
    harness.drop_at(bar.center_bottom() + vec2(0.0, 40.0));
    harness.run();
    assert!(harness.query_by_label("row 11999999").is_some());
}

#[derive(Default)]
struct Form {
    saved: u32,
    refused: u32,
    on: bool,
    ticked: bool,
    mode: u8,
    tab: usize,
    text: String,
    fixed: bool,
    kind: usize,
}

fn form_ui(ui: &mut Ui, form: &mut Form) {
    form.saved += u32::from(ui.add(Button::primary("Save")).clicked());
    form.refused += u32::from(ui.add(Button::secondary("Refused").enabled(false)).clicked());
    switch(ui, &mut form.on, "Follow");
    checkbox(ui, &mut form.ticked, "Expect sequence");
    segmented(ui, "mode", &mut form.mode, &[(0, "Depth"), (1, "Time")]);
    sub_tabs(ui, &[Tab::new("Event"), Tab::new("Proof")], &mut form.tab);
    let error = (!form.fixed).then_some(FieldError { message: "Not a number.", fix: Some("Fix") });
    form.fixed |= TextInput::new("amount").error(error).show(ui, &mut form.text).fix_clicked;
    Select::new("Kind").show(ui, &mut form.kind, &["Placed", "Paid"]);
}

#[test]
fn every_control_is_found_by_its_label_and_does_what_it_says() {
    let mut harness = harness(vec2(400.0, 420.0), Form::default(), form_ui);
    for label in ["Save", "Refused", "Follow", "Expect sequence", "Time", "Proof", "Fix"] {
        harness.run();
        harness.get_by_label(label).click();
    }
    harness.run();
    let form = harness.state();
    assert_eq!((form.saved, form.refused, form.mode, form.tab), (1, 0, 1, 1));
    assert!(form.on && form.ticked && form.fixed);
    assert!(harness.query_by_label("Not a number.").is_none());
}

#[test]
fn text_is_typed_into_the_field_named_by_its_label_and_a_select_opens_a_list() {
    let mut harness = harness(vec2(400.0, 420.0), Form::default(), form_ui);
    harness.run();
    harness.get_by_role_and_label(egui::Role::TextInput, "amount").focus();
    harness.run();
    harness.get_by_role_and_label(egui::Role::TextInput, "amount").type_text("4980");
    harness.run();
    assert_eq!(harness.state().text, "4980");
    harness.get_by_role(egui::Role::ComboBox).click();
    harness.run();
    harness.get_by_label("Paid").click();
    harness.run();
    assert_eq!(harness.state().kind, 1);
}

#[test]
fn the_arrow_keys_move_a_slider_one_step_and_never_past_its_ends() {
    let mut harness = harness(SIZE, 1u64, |ui, step| {
        slider(ui, "step", step, 2);
    });
    harness.run();
    harness.get_by_label("step").focus();
    harness.run();
    for (key, expected) in
        [(Key::ArrowRight, 2), (Key::ArrowRight, 2), (Key::ArrowLeft, 1), (Key::Home, 0), (Key::End, 2)]
    {
        harness.key_press(key);
        harness.run();
        assert_eq!(*harness.state(), expected, "after {key:?}");
    }
}

#[test]
fn clicking_a_row_of_a_tree_folds_it() {
    let value = serde_json::json!({"amount": {"value": 129.9}});
    let mut harness = harness(SIZE, JsonTree::default(), move |ui, tree| {
        tree.show(ui, "payload", &value, 1);
    });
    harness.run();
    assert!(harness.query_by_label("value 129.9").is_some());
    harness.get_by_label("amount {1}").click();
    harness.run();
    assert!(harness.query_by_label("value 129.9").is_none());
}

/// What is copied by the clicks that wait, which take effect within a few steps.
fn copied<State>(harness: &mut egui_kittest::Harness<'_, State>) -> Option<String> {
    (0..6).find_map(|_| {
        harness.step();
        harness.output().platform_output.commands.iter().find_map(|command| match command {
            egui::OutputCommand::CopyText(text) => Some(text.clone()),
            _ => None,
        })
    })
}

#[test]
fn a_row_under_the_pointer_offers_to_copy_the_whole_value_and_its_path() {
    let long = "x\u{202e}y".repeat(5_000);
    let value = serde_json::json!({"a/b": {"note": long}});
    let mut harness = harness(SIZE, JsonTree::default(), move |ui, tree| {
        tree.show(ui, "payload", &value, 1);
    });
    harness.run();
    assert!(harness.query_by_label("Copy value").is_none());
    for (action, expected) in [("Copy value", long.as_str()), ("Copy path", "/a~1b/note")] {
        harness.hover_at(egui::pos2(100.0, 30.0));
        harness.run();
        harness.get_by_label(action).click();
        let text = copied(&mut harness).unwrap_or_default();
        assert!(text == expected, "{action} copied {} bytes", text.len());
    }
}

#[test]
fn a_short_hash_copies_the_whole_one() {
    let hash = "9f0c41d2".repeat(8);
    let shown = hash.clone();
    let mut harness = harness(SIZE, (), move |ui, ()| {
        let color = Tokens::of(ui).text;
        hash_label(ui, "head", &shown, color);
    });
    harness.run();
    harness.get_by_label(&format!("head {hash}")).click();
    assert_eq!(copied(&mut harness), Some(hash));
}

#[test]
fn a_view_that_fails_says_so_in_its_place_and_the_view_beside_it_goes_on() {
    let state = (FailedViews::default(), true);
    let mut harness = support::harness(vec2(400.0, 200.0), state, |ui, (failed, breaks)| {
        failed.guard(ui, "detail", |ui| {
            ui.label("half drawn");
            assert!(!*breaks, "no payload is like \u{202e}this");
        });
        ui.label("beside it");
    });
    harness.run_steps(2);
    assert!(harness.query_by_label("The detail failed unexpectedly").is_some());
    assert!(harness.query_by_label("no payload is like \\u{202e}this").is_some());
    assert!(harness.query_by_label("beside it").is_some());
    harness.state_mut().1 = false;
    harness.get_by_label("Try again").click();
    harness.run_steps(3);
    assert!(harness.query_by_label("half drawn").is_some(), "it is drawn again once it is asked to be");
}

#[test]
fn only_three_messages_are_shown_and_failures_outlive_the_rest() {
    let mut toasts = Toasts::default();
    toasts.add(Tone::Neutral, "first");
    toasts.add(Tone::Good, "second");
    toasts.add(Tone::Neutral, "third");
    toasts.add_failure("fourth", "details");
    let mut harness = harness(vec2(500.0, 400.0), toasts, |ui, toasts| toasts.show(ui.ctx(), 24.0));
    harness.step();
    assert!(harness.query_by_label("first").is_none());
    assert!(harness.query_by_label("second").is_some());
    harness.run_steps(40);
    assert_eq!(harness.state().len(), 1);
    harness.get_by_label("Close message").click();
    harness.run_steps(3);
    assert!(harness.state().is_empty());
}

#[test]
fn the_test_renderer_draws_in_the_theme_it_was_given() {
    for theme in Theme::ALL {
        let mut harness = support::builder(vec2(20.0, 10.0), theme).build_ui_state(
            |ui, (): &mut ()| {
                let rect = ui.ctx().content_rect();
                ui.painter().rect_filled(rect, 0, Tokens::of(ui).accent_solid);
            },
            (),
        );
        harness.run();
        let picture = harness.render().expect("the rasteriser draws every screen");
        assert_eq!(picture.get_pixel(3, 3).0, theme.tokens().accent_solid.to_array());
    }
}
