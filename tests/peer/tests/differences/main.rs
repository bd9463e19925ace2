//! What this store does otherwise than batpak 0.8.2, on purpose: each test does the same with both and names what ours does.

#![expect(clippy::duplicate_mod, reason = "the scenes are compiled once against each engine")]

mod ours;
mod theirs;

use std::path::Path;

/// Plays a scene with both engines, each in a directory of its own, and returns what came of it: ours first.
fn both<T>(ours: fn(&Path) -> T, theirs: fn(&Path) -> T) -> (T, T) {
    let (here, there) = (tempfile::tempdir(), tempfile::tempdir());
    let (here, there) = (here.expect("a temporary directory"), there.expect("a temporary directory"));
    (ours(&here.path().join("store")), theirs(&there.path().join("store")))
}

/// Plays the scene of this name.
macro_rules! both {
    ($($scene:ident)::+) => {
        both(ours::$($scene)::+, theirs::$($scene)::+)
    };
}

mod appending {
    use super::*;

    #[test]
    fn an_honest_retry_with_a_key_and_an_expectation_gets_the_first_receipt() {
        let (ours, theirs) = both!(appending::retry_with_key_and_expectation);
        assert_eq!(ours, Ok(1));
        assert!(theirs.is_err_and(|error| error.starts_with("SequenceMismatch")));
    }

    #[test]
    fn a_key_that_stands_twice_in_a_batch_is_refused() {
        let (ours, theirs) = both!(appending::key_twice_in_a_batch);
        assert_eq!(ours, Err("Configuration".to_owned()));
        assert_eq!(theirs, Ok(2));
    }

    #[test]
    fn a_key_that_was_used_for_another_event_is_refused() {
        let (ours, theirs) = both!(appending::key_used_for_another_event);
        assert_eq!(ours, Err("IdempotencyConflict".to_owned()));
        assert_eq!(theirs, Ok(1));
    }

    #[test]
    fn flags_of_batch_items_are_kept() {
        assert_eq!(both!(appending::flags_of_a_batch_item), (2, 0));
    }

    #[test]
    fn kinds_of_the_store_itself_are_refused() {
        let (ours, theirs) = both!(appending::kind_of_the_store);
        assert_eq!(ours, Err("ReservedKind".to_owned()));
        assert_eq!(theirs, Ok(1));
    }

    #[test]
    fn group_commit_asks_for_no_keys() {
        let (ours, theirs) = both!(appending::group_commit_without_a_key);
        assert_eq!(ours, Ok(1));
        assert_eq!(theirs, Err("IdempotencyRequired".to_owned()));
    }

    #[test]
    fn a_refused_batch_burns_no_number() {
        assert_eq!(both!(appending::number_after_a_refused_batch), (2, 4));
    }
}

mod fencing {
    use super::*;

    #[test]
    fn an_item_of_a_batch_may_expect_something_of_its_stream() {
        let (ours, theirs) = both!(fencing::expectation_within_a_batch);
        assert_eq!(ours, Ok(2));
        assert_eq!(theirs, Err("BatchFailed".to_owned()));
    }

    #[test]
    fn events_of_a_fence_follow_each_other_in_their_stream() {
        let (ours, theirs) = both!(fencing::clocks_of_a_fence);
        assert_eq!(ours, [0, 1]);
        assert_eq!(theirs, [0, 0]);
    }

    #[test]
    fn a_cancelled_fence_burns_no_number_breaks_no_chain_and_counts_for_nothing() {
        let (ours, theirs) = both!(fencing::after_a_cancelled_fence);
        assert_eq!(ours, (2, 1, Some(2)));
        assert_eq!(theirs, (3, 0, Some(3)));
    }

    #[test]
    fn whoever_waits_for_the_disk_has_it_synced() {
        let (ours, theirs) = both!(fencing::waiting_for_the_disk);
        assert_eq!(ours, Ok(()));
        assert_eq!(theirs, Err("WaitTimeout".to_owned()));
    }

    #[test]
    fn a_wait_for_the_disk_ends_when_it_is_true_whatever_the_clock_says() {
        assert_eq!(both!(fencing::waiting_while_the_clock_is_behind), (true, false));
    }
}

mod chaining {
    use super::*;

    #[test]
    fn equal_payloads_have_event_hashes_of_their_own() {
        assert_eq!(both!(chaining::equal_payloads_have_one_hash), (false, true));
    }

    #[test]
    fn the_links_of_stored_events_cover_more_than_their_payloads() {
        assert_eq!(both!(chaining::links_cover_the_payload_alone), (false, true));
    }
}

mod compacting {
    use super::*;

    #[test]
    fn what_retention_keeps_stays_readable_in_its_place_and_the_generation_stays() {
        let (ours, theirs) = both!(compacting::after_retention);
        assert_eq!(ours, (true, true, Some(40)));
        let (readable, same, generation) = theirs;
        assert!(!readable && !same && generation < Some(40), "{theirs:?}");
    }
}

mod judging {
    use super::*;

    #[test]
    fn the_trace_of_a_denial_that_was_passed_on_names_the_gate_that_was_asked() {
        let (ours, theirs) = both!(judging::denial_passed_on);
        assert_eq!(ours, ["permit", "deny", "skipped"]);
        assert_eq!(theirs, ["permit", "permit", "permit", "deny"]);
    }

    #[test]
    fn a_gate_of_any_name_can_be_traced() {
        let (ours, theirs) = both!(judging::gate_of_any_name);
        assert_eq!(ours.as_deref(), Some(["permit", "deny", "skipped"].as_slice()));
        assert_eq!(theirs, None);
    }

    #[test]
    fn a_gate_id_that_is_read_is_checked() {
        assert_eq!(both!(judging::empty_gate_id_read), (false, true));
    }

    #[test]
    fn an_error_beside_a_batch_of_nothing_remains() {
        let (ours, theirs) = both!(judging::error_beside_an_empty_batch);
        assert_eq!((ours.as_str(), theirs.as_str()), ("NotFound", "Internal"));
    }
}

mod reading {
    use super::*;

    #[test]
    fn maps_with_integer_keys_and_byte_strings_read_as_json() {
        let (ours, theirs) = both!(reading::integer_keys);
        assert_eq!(ours.as_deref(), Ok(r#"{"1":"one"}"#));
        assert!(theirs.is_err());
    }
}

mod watching {
    use super::*;

    #[test]
    fn a_watcher_that_was_overrun_catches_up() {
        let (ours, theirs) = both!(watching::overrun);
        assert_eq!(ours, Ok(21));
        assert_eq!(theirs, Err("SubscriptionPruned".to_owned()));
    }

    #[test]
    fn a_watcher_does_not_keep_its_store_from_closing() {
        assert_eq!(both!(watching::closes_under_a_watcher), (true, false));
    }

    #[test]
    fn a_cursor_watcher_saves_its_checkpoint() {
        assert_eq!(both!(watching::saves_a_checkpoint), (true, false));
    }

    #[test]
    fn a_payload_that_does_not_decode_is_an_error_and_no_panic() {
        assert_eq!(both!(watching::fold_of_a_wrong_payload), (Some(true), None));
    }
}

mod delivering {
    use super::*;

    #[test]
    fn a_waiting_worker_does_not_keep_its_store_from_closing() {
        assert_eq!(both!(delivering::closes_under_a_worker), (true, false));
    }

    #[test]
    fn a_waiting_raw_reactor_does_not_keep_its_store_from_closing() {
        assert_eq!(both!(delivering::closes_under_a_raw_reactor), (true, false));
    }

    #[test]
    fn a_worker_that_gives_up_after_panics_says_so() {
        let (ours, theirs) = both!(delivering::panics_for_ever);
        assert_eq!(ours, Err("WriterCrashed".to_owned()));
        assert_eq!(theirs, Ok(()));
    }

    #[test]
    fn a_reactor_with_a_checkpoint_answers_an_event_once_though_it_comes_twice() {
        assert_eq!(both!(delivering::answers_after_a_crash), (1, 2));
    }
}

mod receipts {
    use super::*;

    #[test]
    fn both_say_the_same_of_a_changed_receipt_and_of_a_key_that_comes_or_goes() {
        let (ours, theirs) = both!(receipts::changed_receipts);
        assert_eq!(ours, theirs);
        let (ours, theirs) = both!(receipts::keys_come_and_go);
        assert_eq!(ours, theirs);
        assert_eq!(both!(receipts::retry_is_signed_anew), (true, true));
        let (ours, theirs) = both!(receipts::refused_extension_keys);
        assert_eq!(ours, theirs);
    }

    #[test]
    fn the_receipt_of_another_store_is_not_taken_for_ones_own() {
        assert_eq!(both!(receipts::receipt_of_another_store), (false, true));
    }
}

mod opening {
    use super::*;

    #[test]
    fn readers_open_beside_a_writer() {
        assert_eq!(both!(opening::reads_beside_a_writer), (true, false));
    }

    #[test]
    fn a_torn_tail_is_recovered_as_often_as_one_likes() {
        let (ours, theirs) = both!(opening::torn_tail);
        assert_eq!(ours, [Some(3); 3]);
        assert!(theirs.contains(&None), "{theirs:?}");
    }

    #[test]
    fn a_tail_of_zeros_or_garbage_is_recovered() {
        assert_eq!(both!(opening::garbage_at_the_end), (Some(3), None));
    }

    #[test]
    fn numbers_survive_a_crash_after_a_refused_batch() {
        let (ours, theirs) = both!(opening::numbers_after_a_refused_batch_and_a_crash);
        assert_eq!(ours.0, ours.1);
        assert_ne!(theirs.0, theirs.1);
    }

    #[test]
    fn an_event_of_four_bytes_takes_less_than_half_the_room() {
        let (ours, theirs) = both!(opening::bytes_on_disk);
        assert!(ours * 2 < theirs, "{ours} bytes, {theirs} bytes");
    }
}
