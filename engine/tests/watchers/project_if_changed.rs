//! Projecting only what changed.

use super::*;

#[test]
fn the_same_generation_is_unchanged() {
    let f = fixture();
    assert_eq!(f.changed("a", 0), None);
    f.add("a", 1);
    assert_eq!(f.changed("a", 1), None);
}

#[test]
fn a_greater_and_a_smaller_generation_are_changed() {
    let f = fixture();
    f.add("a", 1);
    f.add("a", 2);
    assert_eq!(f.changed("a", 1), Some((2, sum(3))));
    assert_eq!(f.changed("a", 7), Some((2, sum(3))));
}

#[test]
fn an_unknown_entity_is_changed_to_generation_zero_without_a_state() {
    let f = fixture();
    assert_eq!(f.changed("a", 5), Some((0, None)));
}

#[test]
fn irrelevant_events_change_the_generation_and_make_no_state() {
    let f = fixture();
    f.note("a");
    assert_eq!(f.changed("a", 0), Some((1, None)));
}

#[test]
fn a_change_is_projected_consistently_whatever_freshness_is_asked_for() {
    let f = fixture();
    let stale = Freshness::MaybeStale { max_stale_ms: u64::MAX };
    f.add("a", 1);
    assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
    f.add("a", 1);
    assert_eq!(f.store.project("a", &stale).unwrap(), sum(1));
    assert_eq!(f.store.project_if_changed("a", 1, &stale).unwrap(), Some((2, sum(2))));
}
