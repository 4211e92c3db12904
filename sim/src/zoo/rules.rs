//! Rows of the model: rules that others use.

use super::{Row, Size};
use crate::model::{Lying, Model, Outcome, Rule};
use crate::report::ratio;

/// Hosts of each run; with a hundred thousand units that is a thousand or more for each identity.
const HOSTS: u32 = 100;

/// Liars among them.
const LIARS: u32 = 20;

/// A rule's name, the rule, and attacks on it, each as variants of which the worst one counts.
type Contest = (&'static str, Rule, &'static [(&'static str, &'static str, &'static [Lying])]);

const ALONE: (&str, &str, &[Lying]) = ("always", "none", &[Lying::Alone(1.0)]);
const TOGETHER: (&str, &str, &[Lying]) = ("always", "all", &[Lying::Together(1.0)]);
const OWNING: (&str, &str, &[Lying]) = ("owning quorum", "all, talking", &[Lying::Owning]);
const BEST_RATE: (&str, &str, &[Lying]) = (
    "best rate of 0.002 to 1",
    "all",
    &[
        Lying::Together(0.002),
        Lying::Together(0.01),
        Lying::Together(0.05),
        Lying::Together(0.25),
        Lying::Together(1.0),
    ],
);
const BEST_BETRAYAL: (&str, &str, &[Lying]) = (
    "best betrayal after 10 to 100",
    "all, talking",
    &[Lying::Betraying(10), Lying::Betraying(20), Lying::Betraying(50), Lying::Betraying(100)],
);

const CONTESTS: &[Contest] = &[
    ("quorum 2", Rule::First(2), &[ALONE, TOGETHER, OWNING]),
    ("quorum 3", Rule::First(3), &[ALONE, TOGETHER, OWNING]),
    ("M-first 11", Rule::First(11), &[ALONE, TOGETHER, OWNING]),
    ("BOINC adaptive", Rule::BoincAdaptive, &[ALONE, BEST_RATE, OWNING, BEST_BETRAYAL]),
    (
        "credibility 1e-3",
        Rule::Credibility { error: 1e-3, checks: 0.1 },
        &[ALONE, BEST_RATE, OWNING, BEST_BETRAYAL],
    ),
];

/// Every rule against its attacks.
pub(super) fn rows(size: Size) -> Vec<Row> {
    let mut rows = Vec::new();
    for (name, rule, attacks) in CONTESTS {
        for (attack, collusion, variants) in *attacks {
            let runs = variants.iter().map(|lying| outcomes(*rule, *lying, size));
            let runs = runs.max_by_key(|runs| sum(runs).wrong).unwrap_or_default();
            let worst = sum(&runs);
            rows.push(Row {
                is_engine: false,
                rule: (*name).to_owned(),
                attack: (*attack).to_owned(),
                collusion,
                f: f64::from(LIARS) / f64::from(HOSTS),
                units_per_identity: worst.copies as f64 / f64::from(HOSTS * size.seeds),
                accepted: worst.accepted,
                wrong: worst.wrong,
                copies: runs.iter().map(|run| ratio(run.copies, run.accepted)).collect(),
                world: None,
            });
        }
    }
    rows
}

/// What came of each run.
fn outcomes(rule: Rule, lying: Lying, size: Size) -> Vec<Outcome> {
    let model = Model { hosts: HOSTS, liars: LIARS, units: size.model_units, rule, lying };
    (1..=size.seeds.into()).map(|seed| model.run(seed)).collect()
}

fn sum(runs: &[Outcome]) -> Outcome {
    runs.iter().copied().fold(Outcome::default(), Outcome::plus)
}
