//! The scenarios of the catalogue against quorums and against a confidence, and what each attacker gains
//! by its best strategy.

use std::fmt;

use super::contest::{Contest, Trial, is_bad};
use super::goals::{NO_GOAL, RING, RING_RULE};
use super::row::{Row, align};
use super::scenarios::of;
use super::{Size, ZooError};
use crate::catalogue::{ATTACKS, Entry};
use crate::scenario::{Accomplices, ConfidencePlan, Lies, Scenario, Time};

/// A rule of the engine, and how many times more units than the scenarios say it takes to see it at
/// work: audits are a number for each identity.
struct Rule {
    name: &'static str,
    quorum: u8,
    confidence: Option<ConfidencePlan>,
    times: u32,
}

const RULES: &[Rule] = &[
    Rule { name: QUORUM, quorum: 2, confidence: None, times: 10 },
    Rule { name: "quorum of 3", quorum: 3, confidence: None, times: 10 },
    Rule { name: RING_RULE, quorum: 2, confidence: Some(RING), times: 25 },
];

/// What most grids have now.
const QUORUM: &str = "quorum of 2";

/// Whose strategy a scenario of the catalogue is.
const ATTACKERS: &[(&str, &str)] = &[
    ("faulty", "faulty host"),
    ("bad-engine", "bad engine on one ISA"),
    ("independent", "always-lie"),
    ("seldom", "seldom liar"),
    ("pairs", "pairwise collusion"),
    ("ring", "always-lie"),
    ("talkers", "talk-then-lie"),
    ("bursters", "talk-then-lie"),
    ("rack", "ring in one block"),
    ("sybil-rack", "ring in one block"),
    ("disputed", "repeats its lie when asked"),
    ("hiding", "hides when asked"),
    ("contradicting", "contradicts itself when asked"),
    ("bribed-judges", "judges its accomplices"),
    ("poisoners", "poisoned checkpoints"),
    ("traitors", "earn-then-betray"),
    ("whitewashers", "whitewashing"),
    ("sybils", "sybil burst"),
    (LATE, "late sybil burst"),
    ("adaptive", "adaptive"),
    ("careful", "canary-guesser"),
    ("self-choosers", "self-chooser"),
    ("choosers", "self-chooser"),
    ("hoarders", "lease hoarder"),
    ("withholders", "result withholder"),
    ("inflaters", "credit inflater"),
    ("copycats", "copycat"),
];

/// Every scenario against every rule.
pub(super) fn contests(size: Size) -> Result<Vec<Contest>, ZooError> {
    let mut contests = Vec::new();
    for rule in RULES {
        for entry in ATTACKS {
            let scenario = entry.scenario().map_err(of(entry.name))?;
            contests.push(rule.contest(entry.name, scenario, size));
        }
        if rule.confidence.is_some() {
            contests.push(rule.contest(LATE, late_sybils()?, size));
        }
    }
    Ok(contests)
}

/// While hardly anybody has standing, the share of names counts. This burst comes after that.
fn late_sybils() -> Result<Scenario, ZooError> {
    let (name, sybils) = ("sybils", |entry: &&Entry| entry.name == "sybils");
    let text = ATTACKS.iter().find(sybils).map_or("", |entry| entry.text);
    let mut scenario = Scenario::parse(text).map_err(of(name))?;
    for population in scenario.hosts.iter_mut().filter(|population| is_bad(population)) {
        population.join_at = LATE_AT;
    }
    Ok(scenario)
}

/// A burst of fresh identities that comes late, and when.
const LATE: &str = "sybils, after 60 h";
const LATE_AT: Time = Time::ms(60 * 3_600_000);

impl Rule {
    fn contest(&self, strategy: &'static str, scenario: Scenario, size: Size) -> Contest {
        Contest {
            goal: NO_GOAL,
            rule: self.name,
            attacker: attacker(strategy),
            strategy,
            collusion: collusion(&scenario),
            f: share_of_bad(&scenario),
            grids: 1,
            trial: Trial::Engine(Box::new(self.applied_to(scenario, size))),
        }
    }

    fn applied_to(&self, mut scenario: Scenario, size: Size) -> Scenario {
        for job in &mut scenario.jobs {
            job.quorum = self.quorum;
            job.confidence = self.confidence;
            job.units = (job.units.saturating_mul(self.times) / size.smaller.max(1)).max(1);
        }
        scenario
    }
}

fn attacker(scenario: &'static str) -> &'static str {
    let found = ATTACKERS.iter().find(|(name, _)| *name == scenario);
    found.map_or(scenario, |(_, attacker)| attacker)
}

fn share_of_bad(scenario: &Scenario) -> f64 {
    let bad = scenario.hosts.iter().filter(|population| is_bad(population));
    let bad: u32 = bad.map(|population| population.count).sum();
    f64::from(bad) / f64::from(scenario.hosts_total())
}

fn collusion(scenario: &Scenario) -> &'static str {
    let hostile = scenario.hosts.iter().filter(|population| population.is_hostile());
    let found =
        hostile.map(|population| match (population.attack.accomplices, population.attack.lies) {
            (Accomplices::None, _) => "none",
            (Accomplices::Pairs, _) => "pairs",
            (Accomplices::All, Lies::OwningQuorum | Lies::Adaptive(_)) => "all, talking",
            (Accomplices::All, _) => "all",
        });
    found.max().unwrap_or("none")
}

/// Shows what each attacker gains on the engine: by the strategy that leaves most lies, and if none does,
/// by the one that is paid best.
pub(super) fn show(rows: &[Row], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut attackers: Vec<&str> = ATTACKERS.iter().map(|(_, attacker)| *attacker).collect();
    attackers.sort_unstable();
    attackers.dedup();
    let mut lines = vec![HEADS.map(str::to_owned)];
    for attacker in attackers {
        for rule in [QUORUM, RING_RULE] {
            let of = |row: &&Row| {
                row.contest.is_engine()
                    && row.contest.attacker == attacker
                    && row.contest.rule == rule
            };
            lines.extend(
                rows.iter().filter(of).max_by(|a, b| gain(a).total_cmp(&gain(b))).map(cells),
            );
        }
    }
    if lines.len() > 1 {
        writeln!(f, "What each attacker gains by its best strategy, on the engine:")?;
        align(&lines, f)?;
    }
    Ok(())
}

const HEADS: [&str; 7] =
    ["attacker", "rule", "best strategy", "lies that stand", "lies/ban", "credit", "copies"];

/// Lies first: no credit is worth one.
fn gain(row: &Row) -> f64 {
    row.error().share * 1e9 + row.credit().unwrap_or(0.0)
}

fn cells(row: &Row) -> [String; 7] {
    let sum = row.sum();
    let lies_per_ban = super::outcome::per(sum.wrong, sum.caught);
    let or_dash = |cell: Option<f64>| cell.map_or_else(|| "-".to_owned(), |n| format!("{n:.2}"));
    [
        row.contest.attacker.to_owned(),
        row.contest.rule.to_owned(),
        row.contest.strategy.to_owned(),
        row.error().to_string(),
        or_dash(lies_per_ban),
        or_dash(row.credit()),
        row.copies().to_string(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_has_an_attacker() {
        for entry in ATTACKS {
            assert!(ATTACKERS.iter().any(|(name, _)| *name == entry.name), "{}", entry.name);
        }
    }
}
