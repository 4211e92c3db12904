//! Swarms of virtual hosts stay within what the real ones are held to.
#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

use manyhands_core::time::Span;
use manyhands_sim::swarm::{Outcome, Plan, run};

const MIB: u64 = 1_024 * 1_024;

fn outcome(plan: &Plan) -> Outcome {
    let outcome = run(plan, 1).unwrap();
    assert_eq!(outcome.finished, outcome.staying, "{outcome:?}");
    outcome
}

/// Plain downloads from the origin take 8.0 and 8.0.
#[test]
fn eight_peers_are_nearly_as_fast_as_the_origin_can_send_once() {
    let outcome = outcome(&Plan { size_bytes: 16 * MIB, ..Plan::new(8) });
    assert!(outcome.last_over_bound() <= 1.15, "{outcome:?}");
    assert!(outcome.origin_copies() <= 1.0625, "{outcome:?}");
    assert!(outcome.last_over_bound() >= 1.0 && outcome.origin_copies() >= 1.0, "{outcome:?}");
}

#[test]
fn a_round_trip_of_40_ms_changes_little() {
    let plan = Plan { size_bytes: 16 * MIB, latency: Span(20), ..Plan::new(8) };
    let outcome = outcome(&plan);
    assert!(outcome.last_over_bound() <= 1.35, "{outcome:?}");
    assert!(outcome.origin_copies() <= 1.0625, "{outcome:?}");
}

#[test]
fn peers_that_can_only_dial_out_give_as_well_as_take() {
    let outcome = outcome(&Plan { size_bytes: 16 * MIB, dial_out: 0.5, ..Plan::new(8) });
    assert!(outcome.last_over_bound() <= 1.4, "{outcome:?}");
    assert!(outcome.origin_copies() <= 1.4, "{outcome:?}");
}

#[test]
fn a_hundred_peers_cost_the_origin_hardly_more_than_one() {
    let outcome = outcome(&Plan { size_bytes: 8 * MIB, ..Plan::new(100) });
    assert!(outcome.origin_copies() <= 1.3, "{outcome:?}");
}

#[test]
fn who_leaves_takes_nothing_with_them() {
    let outcome = outcome(&Plan { size_bytes: 8 * MIB, leaving: 0.3, ..Plan::new(40) });
    assert!(outcome.origin_copies() <= 1.3, "{outcome:?}");
}

#[test]
fn poisoners_are_caught_and_cost_little() {
    let outcome = outcome(&Plan { size_bytes: 8 * MIB, poisoners: 0.1, ..Plan::new(40) });
    assert_eq!((outcome.caught, outcome.hostile), (4, 4), "{outcome:?}");
    assert!(outcome.wasted() <= 0.05, "{outcome:?}");
    assert!(outcome.origin_copies() <= 1.3, "{outcome:?}");
}

/// As many as there are peers: two cannot meet, so the origin serves them all, budget or not.
#[test]
fn a_swarm_in_which_nobody_can_be_dialled_lives_on_its_origin() {
    let outcome = outcome(&Plan { size_bytes: 4 * MIB, dial_out: 1.0, ..Plan::new(4) });
    assert!((3.9..4.1).contains(&outcome.origin_copies()), "{outcome:?}");
}

#[test]
fn the_same_seed_gives_the_same_swarm() {
    let plan = Plan { size_bytes: MIB, poisoners: 0.2, leaving: 0.2, ..Plan::new(10) };
    assert_eq!(run(&plan, 7).unwrap(), run(&plan, 7).unwrap());
    assert_ne!(run(&plan, 7).unwrap(), run(&plan, 8).unwrap());
}
