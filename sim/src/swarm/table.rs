//! Swarms of all sizes beside each other.

use std::fmt;

use manyhands_core::swarm::GeometryError;
use manyhands_core::time::Span;

use super::{Outcome, Plan, run};

/// One line of the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is special about it.
    pub title: String,
    /// The name that its figures carry.
    pub figure: &'static str,
    /// How it went.
    pub outcome: Outcome,
}

/// Swarms beside each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Table(pub Vec<Row>);

/// Runs the swarms of the table: those of at most `peers_max` peers, or only the one whose figures
/// carry the name `only`.
///
/// # Errors
/// None is known: all of its blobs are for swarms.
pub fn table(peers_max: u32, only: Option<&str>, seed: u64) -> Result<Table, GeometryError> {
    let is_wanted = |figure: &str, plan: &Plan| match only {
        Some(name) => name == figure,
        None => plan.peers <= peers_max,
    };
    let rows = plans().into_iter().filter(|(_, figure, plan)| is_wanted(figure, plan));
    let rows = rows.map(|(title, figure, plan)| {
        let outcome = run(&plan, seed)?;
        Ok(Row { title: title.to_owned(), figure, outcome })
    });
    rows.collect::<Result<_, _>>().map(Table)
}

fn plans() -> Vec<(&'static str, &'static str, Plan)> {
    let eight = Plan::new(8);
    let hundred = Plan::new(100);
    let mebibyte = 1_024 * 1_024;
    vec![
        ("as in the namespaces", "8", eight),
        ("round trip of 40 ms", "8_rtt40", Plan { latency: Span(20), ..eight }),
        ("half can only dial out", "8_dialout", Plan { dial_out: 0.5, ..eight }),
        ("8 MiB", "8_mib8", Plan { size_bytes: 8 * mebibyte, ..eight }),
        ("1 MiB", "8_mib1", Plan { size_bytes: mebibyte, ..eight }),
        ("one poisoner more", "8_poisoned", Plan { poisoners: 0.125, ..eight }),
        ("uplinks of 5 Mbit/s", "8_slow", Plan { up: 5.0, ..eight }),
        ("", "100", hundred),
        ("half can only dial out", "100_dialout", Plan { dial_out: 0.5, ..hundred }),
        ("10 % poisoners more", "100_poisoned", Plan { poisoners: 0.1, ..hundred }),
        ("30 % leave", "100_churn", Plan { leaving: 0.3, ..hundred }),
        ("", "1000", Plan::new(1_000)),
        (
            "30 % leave, half dial out, 10 % poisoners",
            "1000_all",
            Plan { leaving: 0.3, dial_out: 0.5, poisoners: 0.1, ..Plan::new(1_000) },
        ),
        ("", "10000", Plan::new(10_000)),
    ]
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>6}  {:<42} {:>7} {:>7} {:>7} {:>7} {:>7} {:>7}",
            "peers", "", "bound s", "median", "last", "/ bound", "origin", "wasted"
        )?;
        for Row { title, outcome, .. } in &self.0 {
            write!(f, "{:>6}  {title:<42} {:>7.1} ", outcome.plan.peers, outcome.plan.bound_s())?;
            write!(f, "{:>7.1} {:>7.1} ", outcome.median_s, outcome.last_s)?;
            write!(f, "{:>7.3} {:>7.3} ", outcome.last_over_bound(), outcome.origin_copies())?;
            write!(f, "{:>6.1}%", 100.0 * outcome.wasted())?;
            if outcome.finished < outcome.staying {
                write!(f, "  only {} of {} finished", outcome.finished, outcome.staying)?;
            }
            if outcome.hostile > 0 {
                write!(f, "  {} of {} caught", outcome.caught, outcome.hostile)?;
            }
            writeln!(f)?;
        }
        for Row { figure, outcome, .. } in &self.0 {
            let last = outcome.last_over_bound();
            writeln!(f, "figure sim_swarm_last_over_bound_{figure} {last:.3} ratio")?;
            let copies = outcome.origin_copies();
            writeln!(f, "figure sim_swarm_origin_copies_{figure} {copies:.3} copies")?;
        }
        Ok(())
    }
}
