//! Owns where the selection has been: back and forward, as in a browser.

/// How many selections are remembered.
const HISTORY_MAX: usize = 200;

/// Selected sequences in the order of their selection.
#[derive(Clone, Debug, Default)]
pub struct History {
    visited: Vec<u64>,
    /// How many of them lie at or before the present one.
    present: usize,
}

impl History {
    /// Remembers a selection; what `back` left behind is forgotten.
    pub fn visit(&mut self, sequence: u64) {
        if self.present() == Some(sequence) {
            return;
        }
        self.visited.truncate(self.present);
        self.visited.push(sequence);
        if self.visited.len() > HISTORY_MAX {
            self.visited.remove(0);
        }
        self.present = self.visited.len();
    }

    /// The present selection.
    pub fn present(&self) -> Option<u64> {
        self.visited.get(self.present.checked_sub(1)?).copied()
    }

    /// The selection before the present one, which becomes the present one.
    pub fn back(&mut self) -> Option<u64> {
        let before = self.present.checked_sub(2)?;
        self.present -= 1;
        self.visited.get(before).copied()
    }

    /// The selection that `back` left.
    pub fn forward(&mut self) -> Option<u64> {
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

    #[test]
    fn back_and_forward_walk_the_selections_and_a_new_one_cuts_the_way_forward() {
        let mut history = History::default();
        assert_eq!((history.back(), history.forward()), (None, None));
        for sequence in [1, 2, 2, 3] {
            history.visit(sequence);
        }
        assert_eq!((history.back(), history.back(), history.back()), (Some(2), Some(1), None));
        assert_eq!(history.forward(), Some(2));
        history.visit(9);
        assert_eq!((history.forward(), history.back(), history.forward()), (None, Some(2), Some(9)));
    }

    #[test]
    fn the_oldest_selections_are_forgotten() {
        let mut history = History::default();
        (0..HISTORY_MAX as u64 + 5).for_each(|sequence| history.visit(sequence));
        let walked = std::iter::from_fn(|| history.back()).count();
        assert_eq!(walked, HISTORY_MAX - 1);
    }
}
