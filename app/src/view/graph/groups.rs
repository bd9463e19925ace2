//! Owns groups of events: who is in which, how many of one caused how many of the other and how late, and where groups stand.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use causeway::event::EventKind;

use super::layered::layered;
use crate::worker::protocol::{Group, GroupBy, GroupEdge, GroupGraph};

/// Groups that are told apart; what is left over shares one more.
const GROUPS_MAX: usize = 300;
/// From one layer of groups to the next, points: wider than between events, for edges say how many they are.
pub(super) const LAYER: f32 = 280.0;

/// Counts events by group.
#[derive(Debug, Default)]
pub struct Tally {
    by: GroupBy,
    index: HashMap<(Arc<str>, EventKind), usize>,
    groups: Vec<Group>,
    events: Vec<Counted>,
    by_id: HashMap<u128, usize>,
    unreadable: u64,
}

#[derive(Debug)]
struct Counted {
    group: usize,
    time_us: i64,
    cause: Option<u128>,
}

impl Tally {
    /// Nothing counted yet.
    pub fn new(by: GroupBy) -> Self {
        Self { by, ..Self::default() }
    }

    /// Counts an event: its place, entity and scope, kind, time, id and cause.
    pub fn add(
        &mut self,
        sequence: u64,
        (entity, scope): (&str, &str),
        kind: EventKind,
        time_us: i64,
        (id, cause): (u128, Option<u128>),
    ) {
        let name = match self.by {
            GroupBy::Entity => entity.split([':', '/']).next().unwrap_or(entity),
            GroupBy::Scope => scope,
        };
        let key = (Arc::<str>::from(name), kind);
        let groups = &mut self.groups;
        let group = *self.index.entry(key).or_insert_with_key(|(name, kind)| {
            groups.push(Group { name: name.clone(), kind: Some(*kind), events: 0, newest: sequence });
            groups.len() - 1
        });
        groups[group].events += 1;
        groups[group].newest = groups[group].newest.max(sequence);
        self.by_id.insert(id, self.events.len());
        self.events.push(Counted { group, time_us, cause });
    }

    /// Counts an event that cannot be read.
    pub fn add_unreadable(&mut self) {
        self.unreadable += 1;
    }

    /// The groups, of `total` events that there are.
    pub fn finish(self, total: u64) -> GroupGraph {
        let mut out = GroupGraph {
            events: self.events.len() as u64 + self.unreadable,
            total,
            unreadable: self.unreadable,
            ..GroupGraph::default()
        };
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by(|a, b| {
            let (a, b) = (&self.groups[*a], &self.groups[*b]);
            b.events.cmp(&a.events).then_with(|| (&a.name, a.kind).cmp(&(&b.name, b.kind)))
        });
        let mut place = vec![0; order.len()];
        for (rank, group) in order.into_iter().enumerate() {
            place[group] = rank.min(GROUPS_MAX);
            let this = &self.groups[group];
            match out.groups.get_mut(GROUPS_MAX) {
                Some(rest) => {
                    rest.events += this.events;
                    rest.newest = rest.newest.max(this.newest);
                }
                None if rank == GROUPS_MAX => {
                    out.groups.push(Group { name: Arc::from(""), kind: None, ..this.clone() });
                }
                None => out.groups.push(this.clone()),
            }
        }
        let mut delays: BTreeMap<(usize, usize), Vec<i64>> = BTreeMap::new();
        for effect in &self.events {
            let Some(cause) = effect.cause else { continue };
            match self.by_id.get(&cause) {
                Some(cause) => {
                    let cause = &self.events[*cause];
                    let delay = effect.time_us.saturating_sub(cause.time_us);
                    delays.entry((place[cause.group], place[effect.group])).or_default().push(delay);
                }
                None => out.outside += 1,
            }
        }
        out.edges = delays.into_iter().map(|((from, to), delays)| edge(from, to, delays)).collect();
        out
    }
}

fn edge(from: usize, to: usize, mut delays: Vec<i64>) -> GroupEdge {
    let count = delays.len() as u64;
    let middle = delays.len() / 2;
    let median_us = *delays.select_nth_unstable(middle).1;
    GroupEdge { from, to, count, median_us }
}

/// Where groups stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GroupLayout {
    /// Left and upper edge of each group, points.
    pub at: Vec<(f32, f32)>,
    /// Width of the whole, points.
    pub width: f32,
    /// Height of the whole, points.
    pub height: f32,
}

/// Edges that decide where groups stand; more of them take longer than they help.
const EDGES_LAID_MAX: usize = 200;

/// Lays groups out: causes left of effects where that is possible. The edges of most events decide.
pub fn lay_groups(graph: &GroupGraph) -> GroupLayout {
    let mut edges: Vec<&GroupEdge> = graph.edges.iter().filter(|edge| edge.from != edge.to).collect();
    edges.sort_by_key(|edge| (std::cmp::Reverse(edge.count), edge.from, edge.to));
    let edges: Vec<(usize, usize)> =
        edges.into_iter().take(EDGES_LAID_MAX).map(|edge| (edge.from, edge.to)).collect();
    let at: Vec<(f32, f32)> =
        layered(graph.groups.len(), &edges).into_iter().map(|(layer, y)| (layer as f32 * LAYER, y)).collect();
    let far = |size: f32, of: fn(&(f32, f32)) -> f32| at.iter().map(of).fold(0.0, f32::max) + size;
    let (width, height) = (far(super::NODE_WIDTH, |at| at.0), far(super::NODE_HEIGHT, |at| at.1));
    GroupLayout { at, width, height }
}

#[cfg(test)]
mod tests {
    use super::super::samples::Random;
    use super::*;

    /// Events at random: name, kind, time, cause.
    fn events(
        random: &mut Random,
        count: usize,
        names: usize,
    ) -> Vec<(String, EventKind, i64, Option<u128>)> {
        let event = |(i, random): (usize, &mut Random)| {
            let cause = match random.below(4) {
                0 => None,
                1 => Some(u128::MAX - i as u128),
                _ => Some(random.below(count) as u128),
            };
            let kind = EventKind::custom(1 + random.below(2) as u8, 1);
            (format!("e{}:{i}", random.below(names)), kind, random.below(1_000).cast_signed() as i64, cause)
        };
        (0..count).map(|i| event((i, random))).collect()
    }

    fn tally(events: &[(String, EventKind, i64, Option<u128>)]) -> GroupGraph {
        let mut tally = Tally::new(GroupBy::Entity);
        for (i, (entity, kind, time, cause)) in events.iter().enumerate() {
            tally.add(i as u64, (entity, "shop"), *kind, *time, (i as u128, *cause));
        }
        tally.finish(events.len() as u64)
    }

    #[test]
    fn counts_add_up_and_the_middle_delay_is_the_middle_one() {
        for seed in 1..30_u64 {
            println!("seed {seed}");
            let events = events(&mut Random(seed), 200, 4);
            let graph = tally(&events);
            assert_eq!(graph.groups.iter().map(|group| group.events).sum::<u64>(), 200);
            let caused = events.iter().filter(|event| event.3.is_some()).count() as u64;
            assert_eq!(graph.edges.iter().map(|edge| edge.count).sum::<u64>() + graph.outside, caused);
            let group_of = |event: &(String, EventKind, i64, Option<u128>)| {
                let name = event.0.split(':').next().unwrap();
                graph
                    .groups
                    .iter()
                    .position(|group| &*group.name == name && group.kind == Some(event.1))
                    .unwrap()
            };
            for edge in &graph.edges {
                let mut delays: Vec<i64> = events
                    .iter()
                    .filter(|effect| group_of(effect) == edge.to)
                    .filter_map(|effect| Some((effect, events.get(effect.3? as usize)?)))
                    .filter(|(_, cause)| group_of(cause) == edge.from)
                    .map(|(effect, cause)| effect.2 - cause.2)
                    .collect();
                delays.sort_unstable();
                assert_eq!((edge.count, edge.median_us), (delays.len() as u64, delays[delays.len() / 2]));
            }
        }
    }

    #[test]
    fn more_groups_than_can_be_drawn_share_one_and_nothing_is_lost() {
        let graph = tally(&events(&mut Random(9), 4_000, 400));
        assert_eq!(graph.groups.len(), GROUPS_MAX + 1);
        assert!(graph.groups[GROUPS_MAX].kind.is_none());
        assert_eq!(graph.groups.iter().map(|group| group.events).sum::<u64>(), 4_000);
        let layout = lay_groups(&graph);
        for (i, a) in layout.at.iter().enumerate() {
            let apart = |b: &(f32, f32)| {
                (a.0 - b.0).abs() >= super::super::NODE_WIDTH
                    || (a.1 - b.1).abs() >= super::super::NODE_HEIGHT
            };
            assert!(layout.at[..i].iter().all(apart), "{i}");
        }
    }
}
