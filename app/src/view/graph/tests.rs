//! The layout of events from outside: nothing overlaps, nothing gets lost, and what is there stays where it is.

use std::collections::{BTreeSet, HashMap};

use causeway::event::EventKind;

use super::samples::{Random, cell_mut, forest, graph, motley};
use super::*;
use crate::state::zone::Zone;

fn shape(axis: Axis, reach: Reach) -> Shape {
    Shape { axis, reach, ..Shape::default() }
}

fn no_two_nodes_touch(layout: &GraphLayout) {
    for (i, a) in layout.placed.iter().enumerate() {
        for b in &layout.placed[..i] {
            let apart = (a.x - b.x).abs() >= NODE_WIDTH || (a.y - b.y).abs() >= NODE_HEIGHT;
            assert!(apart, "{a:?} {b:?}");
        }
    }
}

fn no_two_hulls_touch(layout: &GraphLayout) {
    for pair in layout.hulls.windows(2) {
        assert!(pair[0].edges[3] < pair[1].edges[1], "{pair:?}");
    }
}

fn sheet(graph: &CausalGraph, layout: &GraphLayout) -> Sheet {
    let names = [(EventKind::DATA, "Placed".to_owned())].into();
    let words = Words { names: &names, zone: &Zone::UTC, selected: None, chain: true, critical: None };
    flow_sheet(graph, layout, words)
}

#[test]
fn an_effect_stands_one_column_right_of_its_cause_which_stands_in_the_middle_of_its_effects() {
    let layout = layout(&graph(&[None, Some(0), Some(0), Some(0)]), &Shape::default());
    let ys: Vec<f32> = layout.placed.iter().map(|node| node.y - HULL_TOP).collect();
    assert_eq!(ys, [64.0, 0.0, 64.0, 128.0]);
    let xs: Vec<f32> = layout.placed.iter().map(|node| node.x - HULL).collect();
    assert_eq!(xs, [0.0, PITCH_X, PITCH_X, PITCH_X]);
    assert_eq!((layout.width, layout.depth), (PITCH_X + NODE_WIDTH + 2.0 * HULL, 2));
}

#[test]
fn nothing_touches_nothing_gets_lost_and_the_same_graph_gives_the_same_layout_on_both_axes_and_every_way() {
    for seed in 1..40_u64 {
        println!("seed {seed}");
        let graph = motley(&mut Random(seed), 120);
        for axis in [Axis::Depth, Axis::Time] {
            for reach in [Reach::Causes, Reach::Both, Reach::Effects] {
                let shape = shape(axis, reach);
                let laid = layout(&graph, &shape);
                no_two_nodes_touch(&laid);
                no_two_hulls_touch(&laid);
                assert_eq!(laid, layout(&graph, &shape));
                let mut shown: Vec<usize> =
                    laid.placed.iter().flat_map(|node| node.place.members().to_vec()).collect();
                let count = shown.len();
                shown.sort_unstable();
                shown.dedup();
                assert_eq!(shown.len(), count, "no event stands twice");
                assert!(shown.contains(&(graph.focus as usize)));
                if reach == Reach::Both {
                    assert_eq!(count, graph.nodes.len());
                }
                let singles = laid.placed.iter().filter(|node| matches!(node.place, Place::Event(_))).count();
                assert_eq!(count as u64, singles as u64 + laid.folded, "what is folded is counted");
                let in_hulls: u64 = laid.hulls.iter().map(|hull| hull.events).sum();
                assert_eq!(in_hulls, count as u64);
            }
        }
    }
}

#[test]
fn causes_and_effects_of_the_focus_are_what_a_walk_finds() {
    for seed in 1..40_u64 {
        println!("seed {seed}");
        let graph = motley(&mut Random(seed), 60);
        let leads = |from: usize, to: usize| {
            let mut at = Some(from);
            while let Some(index) = at.filter(|index| *index != to) {
                at = graph.nodes[index].cause;
            }
            at.is_some()
        };
        let focus = graph.focus as usize;
        for (reach, wanted) in [(Reach::Causes, true), (Reach::Effects, false)] {
            let laid = layout(&graph, &shape(Axis::Depth, reach));
            let shown: BTreeSet<usize> =
                laid.placed.iter().flat_map(|node| node.place.members().to_vec()).collect();
            let walked: BTreeSet<usize> = (0..graph.nodes.len())
                .filter(|index| if wanted { leads(focus, *index) } else { leads(*index, focus) })
                .collect();
            assert_eq!(shown, walked);
        }
    }
}

#[test]
fn a_graph_that_grows_moves_what_is_there_by_no_more_than_the_room_that_the_new_one_takes() {
    for seed in 1..60_u64 {
        println!("seed {seed}");
        let mut random = Random(seed);
        // Few effects each, so that nothing is folded in between.
        let mut causes: Vec<Option<usize>> = vec![None];
        while causes.len() < 40 {
            let cause = random.below(causes.len());
            if causes.iter().filter(|other| **other == Some(cause)).count() < 4 {
                causes.push(Some(cause));
            }
        }
        let shape = Shape { unfolded: (0..41).collect(), ..Shape::default() };
        let before = layout(&graph(&causes), &shape);
        causes.push(Some(random.below(40)));
        let after = layout(&graph(&causes), &shape);
        let place = |layout: &GraphLayout| -> HashMap<usize, (f32, f32)> {
            let root = layout.placed[0].y;
            layout.placed.iter().map(|node| (node.place.first(), (node.x, node.y - root))).collect()
        };
        let (before, after) = (place(&before), place(&after));
        for (event, (x, y)) in before {
            let (now_x, now_y) = after[&event];
            assert!((x - now_x).abs() < 0.5, "nobody changes the column");
            assert!((y - now_y).abs() <= 2.0 * PITCH_Y, "event {event} moved from {y} to {now_y}");
        }
    }
}

#[test]
fn many_effects_of_one_kind_that_lead_nowhere_share_a_node_until_they_are_unfolded() {
    let mut causes = vec![None];
    causes.extend(std::iter::repeat_n(Some(0), 5_000));
    causes.push(Some(1));
    let graph = graph(&causes);
    let folded = layout(&graph, &Shape::default());
    assert_eq!((folded.folded, folded.placed.len()), (4_999, 4));
    let card = &sheet(&graph, &folded).cards[3];
    assert_eq!((card.look, card.below.as_str()), (CardLook::Stack, "4,999 events"));
    let unfolded = layout(&graph, &Shape { unfolded: [card.sequence].into(), ..Shape::default() });
    assert_eq!((unfolded.folded, unfolded.placed.len()), (0, 5_002));
}

#[test]
fn a_chain_of_hundreds_is_one_pill_and_the_focus_in_it_is_not() {
    let causes: Vec<Option<usize>> = (0..500_usize).map(|i| i.checked_sub(1)).collect();
    let mut graph = graph(&causes);
    let folded = layout(&graph, &Shape::default());
    assert_eq!(sheet(&graph, &folded).cards[1].title, "→ 498 →");
    graph.focus = 300;
    let folded = layout(&graph, &Shape::default());
    assert!(folded.placed.iter().any(|node| node.place == Place::Event(300)));
    assert!(folded.placed.iter().any(|node| node.place.members().len() == 198));
    no_two_nodes_touch(&folded);
}

#[test]
fn a_chain_of_thousands_is_laid_out_without_a_deep_call() {
    let causes: Vec<Option<usize>> = (0..20_000_usize).map(|i| i.checked_sub(1)).collect();
    let shape = Shape { unfolded: (0..20_000).collect(), ..Shape::default() };
    assert_eq!(layout(&graph(&causes), &shape).depth, 20_000);
}

#[test]
fn the_way_to_the_focus_is_straight() {
    let mut graph = graph(&[None, Some(0), Some(0), Some(0), Some(3), Some(3)]);
    graph.focus = 4;
    let layout = layout(&graph, &Shape::default());
    let y = |event: usize| layout.placed.iter().find(|node| node.place.first() == event).map(|node| node.y);
    assert_eq!((y(0), y(3)), (y(3), y(4)));
}

#[test]
fn events_of_several_thousand_that_only_their_conversation_joins_are_dotted_to_the_first_and_folded() {
    let mut graph = graph(&vec![None; 3_000]);
    cell_mut(&mut graph, 7).kind = EventKind::custom(2, 2);
    let layout = layout(&graph, &Shape::default());
    assert_eq!((layout.hulls.len(), layout.placed.len(), layout.folded), (1, 3, 2_998));
    let lines = sheet(&graph, &layout).lines;
    assert!(
        lines
            .iter()
            .filter(|line| line.kind != LineKind::Chain)
            .all(|line| line.kind == LineKind::Correlation)
    );
}

#[test]
fn a_ring_that_somebody_forged_is_opened_at_its_first_event_and_drawn_with_one_edge_back() {
    let rings: [&[Option<usize>]; 4] = [
        &[Some(0)],
        &[Some(1), Some(0)],
        &[Some(2), Some(0), Some(1), Some(2)],
        &[Some(1), Some(2), Some(1)],
    ];
    for causes in rings {
        let graph = graph(causes);
        let laid = layout(&graph, &Shape::default());
        assert_eq!((laid.back.len(), laid.placed.len()), (1, causes.len()), "{causes:?}");
        no_two_nodes_touch(&laid);
        let list = export(&sheet(&graph, &laid), Format::Text);
        assert!(list.contains("closes a ring"), "{list}");
        assert!(critical(&graph).is_none_or(|critical| critical.events.len() <= causes.len()));
    }
}

#[test]
fn an_effect_that_was_committed_before_its_cause_hangs_under_it_all_the_same() {
    let layout = layout(&graph(&[Some(2), Some(0), None]), &Shape::default());
    let order: Vec<usize> = layout.placed.iter().map(|node| node.place.first()).collect();
    assert_eq!(order, [2, 0, 1]);
}

#[test]
fn causes_that_are_lost_and_causes_that_are_not_shown_are_told_apart() {
    let mut graph = graph(&[None, None, Some(0)]);
    graph.nodes[0].lost_cause = true;
    cell_mut(&mut graph, 1).cause_sequence = Some(99);
    let cards = sheet(&graph, &layout(&graph, &Shape::default())).cards;
    let cause = |sequence: u64| cards.iter().find(|card| card.sequence == sequence).map(|card| card.cause);
    assert_eq!(
        (cause(0), cause(1), cause(2)),
        (Some(Cause::Lost), Some(Cause::NotShown), Some(Cause::Plain))
    );
    assert!(cards.iter().any(|card| card.name.contains("its cause is not in the store")));
}

#[test]
fn steps_beyond_the_depth_are_left_out_and_counted() {
    let causes = forest(&mut Random(5), 80);
    let graph = graph(&causes);
    let all = layout(&graph, &Shape { unfolded: (0..80).collect(), ..Shape::default() });
    let cut = layout(&graph, &Shape { unfolded: (0..80).collect(), depth: Some(1), ..Shape::default() });
    assert!(cut.placed.len() < all.placed.len());
    let more: u64 = cut.placed.iter().map(|node| node.more).sum();
    let second = causes.iter().enumerate().filter(|(_, cause)| {
        let cause = cause.and_then(|cause| causes[cause]);
        cause.is_some_and(|cause| causes[cause].is_none())
    });
    assert_eq!(more, second.count() as u64);
}

#[test]
fn the_critical_path_is_the_longest_of_all_paths_from_the_root() {
    for seed in 1..200_u64 {
        println!("seed {seed}");
        let count = 2 + seed as usize % 9;
        let graph = motley(&mut Random(seed), count);
        let time = |index: usize| graph.time_of(index).unwrap();
        let way = |mut index: usize| {
            let mut way = vec![index];
            while let Some(cause) = graph.nodes[index].cause {
                way.insert(0, cause);
                index = cause;
            }
            way
        };
        let root = way(graph.focus as usize)[0];
        // By brute force: the sum of the steps of each path that begins at the root.
        let length = |way: &[usize]| way.windows(2).map(|pair| time(pair[1]) - time(pair[0])).sum::<i64>();
        let longest = (0..count).map(way).filter(|way| way[0] == root).map(|way| length(&way)).max().unwrap();
        match critical(&graph) {
            Some(critical) => {
                assert_eq!((critical.total_us, length(&critical.events)), (longest, longest));
                assert_eq!(critical.events, way(*critical.events.last().unwrap()));
            }
            None => assert!(longest <= 0, "{longest}"),
        }
    }
}

#[test]
fn on_the_axis_of_time_later_is_further_right_and_idle_time_is_shortened_and_said() {
    let mut graph = graph(&[None, Some(0), Some(1), Some(2)]);
    for (index, us) in [0, 1_000, 2_000, 90_000_000].into_iter().enumerate() {
        cell_mut(&mut graph, index).time_us = us;
    }
    let layout = layout(&graph, &shape(Axis::Time, Reach::Both));
    let xs: Vec<f32> = layout.placed.iter().map(|node| node.x).collect();
    assert!(xs.windows(2).all(|pair| pair[0] < pair[1]), "{xs:?}");
    assert!(xs[3] - xs[2] <= 2.0 * PITCH_X);
    assert_eq!(
        layout.moments.iter().map(|moment| moment.shortened).collect::<Vec<_>>(),
        [false, false, false, true]
    );
}

#[test]
fn arrow_keys_go_to_the_cause_to_the_nearest_effect_and_along_a_column() {
    let graph = graph(&[None, Some(0), Some(0), Some(0)]);
    let sheet = sheet(&graph, &layout(&graph, &Shape::default()));
    assert_eq!(step(&sheet, 0, Way::Right), Some(2));
    assert_eq!((step(&sheet, 2, Way::Up), step(&sheet, 2, Way::Down)), (Some(1), Some(3)));
    assert_eq!(
        (step(&sheet, 3, Way::Left), step(&sheet, 0, Way::Left), step(&sheet, 3, Way::Down)),
        (Some(0), None, None)
    );
}

#[test]
fn a_node_says_in_one_sentence_what_it_is_what_caused_it_and_how_many_it_caused() {
    let mut graph = graph(&[None, Some(0), Some(1), Some(1)]);
    graph.nodes[1].hidden_effects = 3;
    let cards = sheet(&graph, &layout(&graph, &Shape::default())).cards;
    assert_eq!(cards[1].name, "Placed, order:7, #1, caused by #0, 5 effects");
    assert_eq!(cards[1].more, 3);
}

#[test]
fn links_of_the_hash_chain_join_neighbours_of_one_stream() {
    let mut graph = graph(&[None, Some(0), Some(0)]);
    cell_mut(&mut graph, 1).entity = "payment:1".into();
    cell_mut(&mut graph, 2).clock = 1;
    let sheet = sheet(&graph, &layout(&graph, &Shape::default()));
    let chain: Vec<(u64, u64)> = sheet
        .lines
        .iter()
        .filter(|line| line.kind == LineKind::Chain)
        .map(|line| (sheet.cards[line.from].sequence, sheet.cards[line.to].sequence))
        .collect();
    assert_eq!(chain, [(0, 2)]);
}
