//! Owns how several outcomes become one: both of two, all of many, any of many.
//!
//! Invariant: joining a batch is joining its leaves, in their order.

use crate::words::outcome::Outcome;
use crate::words::outcome::error::{ErrorKind, OutcomeError};

/// Both values, or what keeps them from being one: an error before a cancellation, that before a retry, that before a wait, and
/// of equals the first.
///
/// A batch beside a single outcome pairs each of its members with it. Two batches are paired member by member; batches of
/// different lengths are an error of kind [`ErrorKind::Internal`].
pub fn zip<A: Clone, B: Clone>(a: Outcome<A>, b: Outcome<B>) -> Outcome<(A, B)> {
    match (a, b) {
        (Outcome::Batch(left), Outcome::Batch(right)) if left.len() == right.len() => {
            Outcome::Batch(left.into_iter().zip(right).map(|(a, b)| zip(a, b)).collect())
        }
        (Outcome::Batch(left), Outcome::Batch(right)) => {
            let message = format!("batches of {} and {} outcomes cannot be paired", left.len(), right.len());
            Outcome::Err(OutcomeError::new(ErrorKind::Internal, message))
        }
        (a, b) if weight(&b) > weight(&a) => b.and_then(|right| a.map(|left| (left, right))),
        (a, b) => a.and_then(|left| b.map(|right| (left, right))),
    }
}

/// How strongly an outcome keeps a pair from having a value.
fn weight<T>(outcome: &Outcome<T>) -> u8 {
    match outcome {
        Outcome::Ok(_) | Outcome::Batch(_) => 0,
        Outcome::Pending { .. } => 1,
        Outcome::Retry { .. } => 2,
        Outcome::Cancelled { .. } => 3,
        Outcome::Err(_) => 4,
    }
}

/// All values in their order, or the first outcome that is none.
///
/// ```
/// use causeway::outcome::{Outcome, join_all};
///
/// let outcomes = vec![Outcome::ok(1), Outcome::Batch(vec![Outcome::ok(2), Outcome::ok(3)])];
/// assert_eq!(join_all(outcomes), Outcome::ok(vec![1, 2, 3]));
/// ```
pub fn join_all<T>(outcomes: Vec<Outcome<T>>) -> Outcome<Vec<T>> {
    let mut values = Vec::with_capacity(outcomes.len());
    for leaf in leaves(outcomes) {
        match leaf {
            Outcome::Ok(value) => values.push(value),
            stopped => return stopped.map(|value| vec![value]),
        }
    }
    Outcome::Ok(values)
}

/// The first value, or else the last error. A retry, a wait or a cancellation that comes before the first value stands for all.
///
/// Of nothing it is an error of kind [`ErrorKind::Internal`].
pub fn join_any<T>(outcomes: Vec<Outcome<T>>) -> Outcome<T> {
    let mut last = OutcomeError::new(ErrorKind::Internal, "there is no outcome to choose from");
    for leaf in leaves(outcomes) {
        match leaf {
            Outcome::Err(error) => last = error,
            settled => return settled,
        }
    }
    Outcome::Err(last)
}

/// The outcomes without their batches. The stack is explicit, so that no nesting is too deep.
fn leaves<T>(outcomes: Vec<Outcome<T>>) -> impl Iterator<Item = Outcome<T>> {
    let mut open = vec![outcomes.into_iter()];
    std::iter::from_fn(move || {
        loop {
            match open.last_mut()?.next() {
                Some(Outcome::Batch(inner)) => open.push(inner.into_iter()),
                Some(leaf) => return Some(leaf),
                None => drop(open.pop()),
            }
        }
    })
}
