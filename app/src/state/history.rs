//! Owns where the user has been, the view and the selected event together: back and forward, as in a browser.

use super::route::View;

/// How many places are remembered.
const HISTORY_MAX: usize = 200;

/// A place that the user was at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The view with the focus.
    pub view: View,
    /// The selected event.
    pub selected: Option<u64>,
}

/// Places in the order in which they were visited.
#[derive(Clone, Debug, Default)]
pub struct History {
    visited: Vec<Place>,
    /// How many of them lie at or before the present one.
    present: usize,
}

impl History {
    /// Remembers a place; what `back` left behind is forgotten.
    pub fn visit(&mut self, place: Place) {
        if self.present() == Some(place) {
            return;
        }
        self.visited.truncate(self.present);
        self.visited.push(place);
        if self.visited.len() > HISTORY_MAX {
            self.visited.remove(0);
        }
        self.present = self.visited.len();
    }

    /// The present place.
    pub fn present(&self) -> Option<Place> {
        self.visited.get(self.present.checked_sub(1)?).copied()
    }

    /// The place before the present one, which becomes the present one.
    pub fn back(&mut self) -> Option<Place> {
        let before = self.present.checked_sub(2)?;
        self.present -= 1;
        self.visited.get(before).copied()
    }

    /// The place that `back` left.
    pub fn forward(&mut self) -> Option<Place> {
        let after = self.visited.get(self.present).copied()?;
        self.present += 1;
        Some(after)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(selected: u64) -> Place {
        Place { view: View::Events, selected: Some(selected) }
    }

    #[test]
    fn back_and_forward_walk_the_places_and_a_new_one_cuts_the_way_forward() {
        let mut history = History::default();
        assert_eq!((history.back(), history.forward()), (None, None));
        for sequence in [1, 2, 2] {
            history.visit(at(sequence));
        }
        let graph = Place { view: View::Graph, ..at(2) };
        history.visit(graph);
        assert_eq!((history.back(), history.back(), history.back()), (Some(at(2)), Some(at(1)), None));
        assert_eq!((history.forward(), history.forward()), (Some(at(2)), Some(graph)));
        history.back();
        history.visit(at(9));
        assert_eq!((history.forward(), history.back(), history.forward()), (None, Some(at(2)), Some(at(9))));
    }

    #[test]
    fn the_oldest_places_are_forgotten() {
        let mut history = History::default();
        (0..HISTORY_MAX as u64 + 5).for_each(|sequence| history.visit(at(sequence)));
        let walked = std::iter::from_fn(|| history.back()).count();
        assert_eq!(walked, HISTORY_MAX - 1);
    }
}
