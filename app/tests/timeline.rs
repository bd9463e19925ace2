//! The timeline as people and screen readers meet it: used with mouse and keyboard, judged by what it does to the look and by what it
//! asks for.

mod support;

use causeway_inspector::command::{Action, Command, Commands};
use causeway_inspector::context::ViewContext;
use causeway_inspector::fixture;
use causeway_inspector::panels::Panels;
use causeway_inspector::state::model::Model;
use causeway_inspector::state::timeline::{TimelineAction, TimelineLook};
use causeway_inspector::theme::Theme;
use causeway_inspector::worker::protocol::{LaneBy, Target, TimeAxis, TimelineQuestion};
use egui::{Event, Modifiers, MouseWheelUnit, PointerButton, Pos2, Vec2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

/// A screen whose timeline does what it is told, as the program does it.
struct Screen {
    panels: Panels,
    model: Model,
    commands: Commands,
    sent: Vec<Action>,
}

impl Screen {
    fn look(&self) -> &TimelineLook {
        &self.model.store.as_ref().expect("the fixture has a store").timeline.look
    }

    fn questions(&self) -> impl Iterator<Item = &TimelineQuestion> {
        self.sent.iter().filter_map(|action| match action {
            Action::Timeline(TimelineAction::Ask(question)) => Some(question),
            _ => None,
        })
    }
}

fn screen_of(change: impl FnOnce(&mut TimelineLook), size: Vec2) -> Harness<'static, Screen> {
    let mut model = fixture::store();
    change(&mut model.store.as_mut().expect("the fixture has a store").timeline.look);
    let screen = Screen { panels: Panels::default(), model, commands: Commands::default(), sent: Vec::new() };
    let mut harness = support::harness(size, screen, |ui, screen: &mut Screen| {
        let tokens = Theme::Dark.tokens();
        let ctx = ViewContext { model: &screen.model, tokens, commands: &screen.commands };
        screen.panels.show(ctx, ui);
        for action in screen.commands.drain() {
            screen.sent.push(action.clone());
            if let (Action::Timeline(action), Some(store)) = (action, &mut screen.model.store) {
                store.timeline.look.change(action);
            }
        }
    });
    harness.run_steps(4);
    harness.state_mut().sent.clear();
    harness
}

fn screen() -> Harness<'static, Screen> {
    screen_of(|_| (), vec2(1440.0, 900.0))
}

fn run(harness: &mut Harness<'_, Screen>, command: Command) {
    let screen = harness.state_mut();
    screen.panels.run(command, &screen.model);
    harness.run_steps(3);
}

fn click(harness: &mut Harness<'_, Screen>, label: &str) {
    harness.get_by_label(label).click();
    harness.run_steps(3);
}

fn per_point(harness: &Harness<'_, Screen>) -> f64 {
    harness.state().look().place.expect("a part is shown").per_point
}

fn start(harness: &Harness<'_, Screen>) -> f64 {
    harness.state().look().place.expect("a part is shown").start
}

fn drag(harness: &mut Harness<'_, Screen>, from: Pos2, to: Pos2, modifiers: Modifiers) {
    let button =
        |pos, pressed| Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers };
    harness.event(Event::ModifiersChanged(modifiers));
    harness.event(Event::PointerMoved(from));
    harness.run_steps(1);
    harness.event(button(from, true));
    harness.run_steps(1);
    for share in [0.3, 0.6, 1.0] {
        harness.event(Event::PointerMoved(from.lerp(to, share)));
        harness.run_steps(1);
    }
    harness.event(button(to, false));
    harness.run_steps(2);
    harness.event(Event::ModifiersChanged(Modifiers::NONE));
}

#[test]
fn commands_zoom_and_pan_and_lead_back_to_the_whole_store() {
    let mut harness = screen();
    let (before, from) = (per_point(&harness), start(&harness));
    run(&mut harness, Command::TimelineZoomIn);
    assert!(per_point(&harness) < before);
    run(&mut harness, Command::TimelineZoomOut);
    assert!((per_point(&harness) - before).abs() < before * 1e-9);
    run(&mut harness, Command::TimelinePanRight);
    assert!(start(&harness) > from);
    run(&mut harness, Command::TimelineFit);
    assert_eq!(harness.state().look().place, None);
}

#[test]
fn the_wheel_zooms_at_the_pointer_and_asks_for_three_times_what_is_seen() {
    let mut harness = screen();
    let lanes = harness.get_by_label_contains("lanes by entity from").rect();
    harness.event(Event::PointerMoved(lanes.center()));
    harness.run_steps(1);
    let before = per_point(&harness);
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta: vec2(0.0, 240.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run_steps(12);
    assert!(per_point(&harness) < before * 0.8, "{} after {before}", per_point(&harness));
    let window =
        harness.state().questions().last().and_then(|question| question.window).expect("a part is asked for");
    let seen = per_point(&harness) * f64::from(lanes.width());
    assert!((window.to - window.from) as f64 > 2.5 * seen);
    assert!(window.bucket.is_power_of_two());
}

#[test]
fn a_drag_chooses_a_part_and_the_head_zooms_to_it() {
    let mut harness = screen();
    let lanes = harness.get_by_label_contains("lanes by entity from").rect();
    let y = lanes.bottom() - 8.0;
    let before = per_point(&harness);
    drag(
        &mut harness,
        Pos2::new(lanes.left() + 60.0, y),
        Pos2::new(lanes.left() + 160.0, y),
        Modifiers::NONE,
    );
    assert!((per_point(&harness) - before).abs() < 1e-9, "choosing moves nothing");
    click(&mut harness, "Zoom to the part");
    assert!(per_point(&harness) < before * 0.2);
    assert!(harness.query_by_label("Zoom to the part").is_none(), "it is shown now");
}

#[test]
fn a_drag_with_shift_moves_the_view() {
    let mut harness = screen();
    let lanes = harness.get_by_label_contains("lanes by entity from").rect();
    let y = lanes.bottom() - 8.0;
    let (before, from) = (per_point(&harness), start(&harness));
    drag(
        &mut harness,
        Pos2::new(lanes.left() + 160.0, y),
        Pos2::new(lanes.left() + 60.0, y),
        Modifiers::SHIFT,
    );
    assert!(start(&harness) > from && (per_point(&harness) - before).abs() < 1e-9);
}

#[test]
fn a_click_on_a_mark_selects_its_event() {
    let mut harness = screen();
    click(&mut harness, "OrderPlaced #9,811,981");
    assert!(harness.state().sent.contains(&Action::Select(9_811_981)));
}

#[test]
fn the_brush_moves_the_view_and_in_the_whole_store_a_click_goes_to_an_event() {
    let mut harness = screen();
    let strip = harness.get_by_label("timeline of 9,812,005 events").rect();
    let from = start(&harness);
    drag(&mut harness, strip.center(), strip.center() - vec2(100.0, 0.0), Modifiers::NONE);
    assert!(start(&harness) < from);
    let mut harness = screen_of(|look| look.place = None, vec2(1440.0, 900.0));
    click(&mut harness, "timeline of 9,812,005 events");
    let jumped = |action: &Action| matches!(action, Action::Jump(Target::Sequence(_)));
    assert!(harness.state().sent.iter().any(jumped));
}

#[test]
fn lanes_and_axis_are_chosen_in_the_head() {
    let mut harness = screen();
    click(&mut harness, "Lanes");
    click(&mut harness, "by kind");
    assert_eq!(harness.state().look().lanes, LaneBy::Kind);
    assert!(harness.state().questions().any(|question| question.lanes == LaneBy::Kind));
    click(&mut harness, "Sequence");
    assert_eq!((harness.state().look().axis, harness.state().look().place), (TimeAxis::Sequence, None));
}

#[test]
fn a_folded_gap_says_its_length_and_opens_at_a_click() {
    let mut harness = screen();
    click(&mut harness, "folded gap of 5.00 s");
    assert_eq!(harness.state().look().unfolded.len(), 1);
    assert!(harness.query_by_label_contains("folded gap").is_none());
    run(&mut harness, Command::TimelineFoldGaps);
    run(&mut harness, Command::TimelineFoldGaps);
    assert!(harness.query_by_label_contains("folded gap").is_some());
}

#[test]
fn two_pins_measure_events_and_time() {
    let mut harness = screen();
    run(&mut harness, Command::TimelinePin);
    harness.state_mut().model.store.as_mut().expect("the fixture has a store").selected = Some(9_811_981);
    run(&mut harness, Command::TimelinePin);
    assert!(harness.query_by_label_contains("A #9,811,992 to B #9,811,981: 11 events").is_some());
}

#[test]
fn the_selection_comes_into_the_middle_and_the_next_time_with_all_that_it_belongs_to() {
    let mut harness = screen();
    run(&mut harness, Command::TimelineCentre);
    let (centred, zoom) = (start(&harness), per_point(&harness));
    run(&mut harness, Command::TimelineCentre);
    assert!((per_point(&harness) - zoom).abs() > 1.0 && (start(&harness) - centred).abs() > 1.0);
}

#[test]
fn lanes_say_what_they_hold_to_those_who_cannot_see_them() {
    let harness = screen_of(|_| (), vec2(1024.0, 700.0));
    assert!(harness.query_by_label_contains("lane payment:p-77120, 4 events").is_some());
    assert!(harness.query_by_label_contains("lanes by entity from 2026-11-23").is_some());
}
