//! Owns the lane gutter of the event table: which lane an event's mark stands in, and the rails from causes to effects.
//!
//! Never looks further than the rows it is given; a cause above them is a stub.

use std::collections::{BTreeMap, HashMap};

/// Lanes beside each other; what finds none shares the last rail.
pub const LANES_MAX: usize = 12;
/// The rail that everything beyond the last lane shares.
pub const MANY: usize = LANES_MAX;

/// One event of the rows, as far as lanes need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneRow {
    /// Row in the current result.
    pub row: u64,
    /// Place in the commit order.
    pub sequence: u64,
    /// Sequence of the cause, if it is in the store.
    pub cause: Option<u64>,
}

/// Where an event's mark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Lane, 0 is the leftmost; [`MANY`] is the shared rail.
    pub lane: usize,
    /// True if the event is a cause or an effect of the selected one, or is it.
    pub in_flow: bool,
    /// True if its cause lies above the rows.
    pub stub: bool,
}

/// A line from a cause to an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rail {
    /// Row and lane of the cause.
    pub from: (u64, usize),
    /// Row and lane of the effect; below `from`.
    pub to: (u64, usize),
    /// True if both ends belong to the selected event's flow.
    pub in_flow: bool,
}

/// The gutter of some rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lanes {
    /// Marks by row.
    pub marks: BTreeMap<u64, Mark>,
    /// Rails, in the order of their causes.
    pub rails: Vec<Rail>,
    /// Lanes in use, the shared rail included.
    pub width: usize,
}

/// Lays out `rows`, which are in rising order of row and of sequence.
pub fn lanes(rows: &[LaneRow], selected: Option<u64>) -> Lanes {
    let index: HashMap<u64, usize> = rows.iter().enumerate().map(|(i, row)| (row.sequence, i)).collect();
    let causes: Vec<Option<usize>> = rows
        .iter()
        .enumerate()
        .map(|(i, row)| row.cause.and_then(|cause| index.get(&cause).copied()).filter(|cause| *cause < i))
        .collect();
    let flow = flow(&causes, selected.and_then(|sequence| index.get(&sequence).copied()));
    let mut effects: Vec<Vec<usize>> = vec![Vec::new(); rows.len()];
    for (effect, cause) in causes.iter().enumerate() {
        if let Some(cause) = cause {
            effects[*cause].push(effect);
        }
    }
    let lane_of = assign(&causes, &effects);
    let mut out = Lanes::default();
    for (i, row) in rows.iter().enumerate() {
        let stub = row.cause.is_some() && causes[i].is_none();
        out.marks.insert(row.row, Mark { lane: lane_of[i], in_flow: flow[i], stub });
        out.width = out.width.max(lane_of[i] + 1);
        for effect in &effects[i] {
            let to = (rows[*effect].row, lane_of[*effect]);
            let in_flow = flow[i] && flow[*effect];
            out.rails.push(Rail { from: (row.row, lane_of[i]), to, in_flow });
        }
    }
    out
}

/// Which events are causes or effects of the selected one, however far, or are it.
fn flow(causes: &[Option<usize>], selected: Option<usize>) -> Vec<bool> {
    let mut flow = vec![false; causes.len()];
    let Some(selected) = selected else { return flow };
    flow[selected] = true;
    // Effects first: a cause's other effects are not part of the flow.
    for i in selected + 1..causes.len() {
        flow[i] = causes[i].is_some_and(|cause| cause >= selected && flow[cause]);
    }
    let mut at = selected;
    while let Some(cause) = causes[at] {
        flow[cause] = true;
        at = cause;
    }
    flow
}

/// Gives each event a lane: the last effect continues its cause's lane, the others branch off to the first free one.
fn assign(causes: &[Option<usize>], effects: &[Vec<usize>]) -> Vec<usize> {
    let mut lane_of = vec![usize::MAX; causes.len()];
    // A lane is taken until the row that it holds: the mark itself, or the effect that a rail leads to.
    let mut taken_until = [None::<usize>; LANES_MAX];
    let mut free = |from: usize, until: usize| {
        let lane = taken_until.iter().position(|until| until.is_none_or(|until| until < from));
        if let Some(lane) = lane {
            taken_until[lane] = Some(until);
        }
        lane.unwrap_or(MANY)
    };
    for i in 0..causes.len() {
        if lane_of[i] == usize::MAX {
            // The head of a tree keeps its lane down to the end of the chain of last effects.
            let mut end = i;
            while let Some(last) = effects[end].last() {
                end = *last;
            }
            lane_of[i] = free(i, end);
        }
        let lane = lane_of[i];
        if let Some(next) = effects[i].last() {
            lane_of[*next] = lane;
        }
        for effect in effects[i].iter().rev().skip(1) {
            let mut end = *effect;
            while let Some(last) = effects[end].last() {
                end = *last;
            }
            lane_of[*effect] = free(i, end);
        }
    }
    lane_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(causes: &[Option<u64>]) -> Vec<LaneRow> {
        let row = |(i, cause): (usize, &Option<u64>)| LaneRow {
            row: i as u64,
            sequence: 100 + i as u64,
            cause: *cause,
        };
        causes.iter().enumerate().map(row).collect()
    }

    fn lanes_of(lanes: &Lanes) -> Vec<usize> {
        lanes.marks.values().map(|mark| mark.lane).collect()
    }

    #[test]
    fn a_chain_stays_in_its_lane_and_a_branch_gets_its_own() {
        let lanes = lanes(&rows(&[None, Some(100), None, Some(100), Some(101)]), None);
        assert_eq!(lanes_of(&lanes), [0, 1, 2, 0, 1]);
        assert_eq!(lanes.rails.len(), 3);
        assert!(lanes.rails.iter().all(|rail| rail.from.0 < rail.to.0 && !rail.in_flow));
    }

    #[test]
    fn a_lane_is_used_again_when_its_chain_has_ended() {
        assert_eq!(lanes_of(&lanes(&rows(&[None, Some(100), None, Some(102)]), None)), [0, 0, 0, 0]);
    }

    #[test]
    fn the_flow_of_a_selection_is_its_causes_and_effects_and_not_its_siblings() {
        let lanes = lanes(&rows(&[None, Some(100), Some(100), Some(102), None]), Some(102));
        let flow: Vec<bool> = lanes.marks.values().map(|mark| mark.in_flow).collect();
        assert_eq!(flow, [true, false, true, true, false]);
        assert_eq!(lanes.rails.iter().filter(|rail| rail.in_flow).count(), 2);
    }

    #[test]
    fn a_cause_above_the_rows_is_a_stub_and_one_that_comes_later_is_ignored() {
        let lanes = lanes(&rows(&[Some(7), Some(102), None]), None);
        let stubs: Vec<bool> = lanes.marks.values().map(|mark| mark.stub).collect();
        assert_eq!(stubs, [true, true, false]);
        assert!(lanes.rails.is_empty());
    }

    #[test]
    fn everything_beyond_the_last_lane_shares_one_rail() {
        let mut causes = vec![None; 20];
        causes.extend((0..20).map(|i| Some(100 + i)));
        let lanes = lanes(&rows(&causes), None);
        assert_eq!(lanes.width, MANY + 1);
        assert_eq!(lanes.rails.len(), 20);
        assert_eq!(lanes_of(&lanes)[13], MANY);
    }
}
