//! The table of the zoo, with so few units that its figures say nothing yet.

#![expect(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

use manyhands_sim::zoo::{self, Part, Size};

/// Some of the seeds: all of them take minutes.
const SIZE: Size = Size { seeds: 2, smaller: 2_000, threads: 1 };

fn table(part: Part, threads: usize) -> String {
    zoo::table(part, None, Size { threads, ..SIZE }, &|_| {}).unwrap().to_string()
}

#[test]
fn every_goal_has_its_figures_by_the_engine_and_by_the_model() {
    let table = table(Part::All, 2);
    let has =
        |figure: &str| table.lines().any(|line| line.starts_with(&format!("figure {figure} ")));
    for goal in 'A'..='G' {
        for what in ["error", "copies", "error_model", "copies_model"] {
            assert!(has(&format!("goal_{goal}_{what}")), "{goal} {what}");
        }
    }
    for figure in ["goal_E_lies", "goal_F_left", "goal_G_gain", "boinc_adaptive_error"] {
        assert!(has(figure), "{figure}");
    }
}

#[test]
fn the_table_does_not_depend_on_how_many_runs_go_on_at_a_time() {
    assert_eq!(table(Part::Goal('F'), 1), table(Part::Goal('F'), 3));
}

#[test]
fn a_goal_that_does_not_exist_is_named() {
    let error = zoo::table(Part::Goal('H'), None, SIZE, &|_| {}).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no goal H; they are A to G, and - is for the rows of none"
    );
}

#[test]
fn rows_are_found_by_words_of_their_attack() {
    // The columns are as wide as the rows need.
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let all = table(Part::ModelOfGoals, 2);
    let row = all.lines().find(|line| line.contains("faulty host: wrong on 1 in 4000")).unwrap();
    let some =
        zoo::table(Part::ModelOfGoals, Some("faulty host"), SIZE, &|_| {}).unwrap().to_string();
    assert!(some.lines().any(|line| words(line) == words(row)), "{some}");
    assert!(some.lines().count() < all.lines().count());
    let error = zoo::table(Part::All, Some("saints"), SIZE, &|_| {}).unwrap_err();
    assert!(error.to_string().contains("\"saints\""), "{error}");
}
