//! The figures, for machines, each under a line that says of what it is.
//!
//! A goal's figures are those of the real engine; the model's have a name that says so.

use std::fmt;

use super::goals::{GOALS, NO_GOAL};
use super::outcome::Outcome;
use super::row::Row;
use super::rules;
use crate::report::ratio;

/// Shows the figures of all goals, and of the rules of others.
pub(super) fn show(rows: &[Row], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    for goal in GOALS.iter().filter(|goal| goal.name != NO_GOAL) {
        for by in ["engine", "model"] {
            let suffix = if by == "engine" { "" } else { "_model" };
            let of_goal = |row: &&Row| row.contest.goal == goal.name && row.by() == by;
            let rows: Vec<&Row> = rows.iter().filter(of_goal).collect();
            let name = format!("goal_{}", goal.name);
            show_error_and_copies(&rows, &name, suffix, f)?;
            show_special(&rows, goal.name, suffix, f)?;
        }
    }
    for rule in rules::names() {
        let of_rule = |row: &&Row| row.contest.rule == rule && !row.contest.is_engine();
        let rows: Vec<&Row> = rows.iter().filter(of_rule).collect();
        let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
        let name: String = rule.chars().map(word).collect();
        show_error_and_copies(&rows, &name, "", f)?;
    }
    Ok(())
}

/// The error of the attack against which it is largest, and the copies of the dearest one.
fn show_error_and_copies(
    rows: &[&Row],
    name: &str,
    suffix: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let worst = rows.iter().max_by(|a, b| a.error().share.total_cmp(&b.error().share));
    let dearest = rows.iter().max_by(|a, b| a.copies().mean.total_cmp(&b.copies().mean));
    let (Some(worst), Some(dearest)) = (worst, dearest) else { return Ok(()) };
    writeln!(f, "{}; error {}", worst.about(), worst.error())?;
    writeln!(f, "figure {name}_error{suffix} {:.2e} ratio", worst.error().share)?;
    writeln!(f, "{}; copies {}", dearest.about(), dearest.copies())?;
    writeln!(f, "figure {name}_copies{suffix} {:.3} copies", dearest.copies().mean)
}

/// What only some goals promise, of the attack against which it is worst.
fn show_special(
    rows: &[&Row],
    goal: char,
    suffix: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (what, unit, of): (_, _, fn(&Outcome) -> f64) = match goal {
        'E' => ("lies", "lies/identity", |run| ratio(run.wrong, run.caught)),
        'F' => ("left", "lies/run", |run| run.left as f64),
        'G' => ("gain", "points", |run| run.guesses.points_above_chance()),
        _ => return Ok(()),
    };
    let means = rows.iter().map(|row| (row, row.mean(of)));
    let worst = means.max_by(|(_, a), (_, b)| a.mean.total_cmp(&b.mean));
    let Some((worst, mean)) = worst else { return Ok(()) };
    writeln!(f, "{}; {mean} {unit}", worst.about())?;
    writeln!(f, "figure goal_{goal}_{what}{suffix} {:.4} {unit}", mean.mean)
}
