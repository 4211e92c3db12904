//! Rows of the real engine in jobs that ask for a confidence.
//!
//! Attackers have read the rule. They are honest on probation and to whoever the number of a replica
//! says is not the first one, and lie at about the rate that pays most; or they do not, and are
//! found sooner.

use super::{Row, Size, ZooError, engine};
use crate::scenario::{
    Accomplices, Attack, ConfidencePlan, HostFaults, Lies, Scenario, ScenarioError, Share, Time,
};

/// The hosts and the job, whose numbers are put in here.
const TEMPLATE: &str = include_str!("../../scenarios/attack/careful.toml");

/// Hosts of each run; with a hundred thousand units that is a thousand for each identity.
const HOSTS: u32 = 100;

/// What is asked for, of whom so many are bad.
struct Goal {
    rule: &'static str,
    confidence: ConfidencePlan,
    bad: u32,
    attacks: fn() -> Vec<(&'static str, Bad)>,
}

/// What bad hosts do, by will or not.
struct Bad {
    attack: Attack,
    wrong: f64,
}

const fn confidence(error_ppb: u32, hostile_ppm: u32, colluding_ppm: u32) -> ConfidencePlan {
    ConfidencePlan { error_ppb, hostile_ppm, colluding_ppm }
}

const GOALS: &[Goal] = &[
    Goal {
        rule: "1e-4, 20% lying",
        confidence: confidence(80_000, 200_000, 0),
        bad: 20,
        attacks: alone,
    },
    Goal {
        rule: "1e-3, 20% ring",
        confidence: confidence(1_000_000, 200_000, 200_000),
        bad: 20,
        attacks: together,
    },
    Goal {
        rule: "1e-3, 35% ring",
        confidence: confidence(1_000_000, 350_000, 350_000),
        bad: 35,
        attacks: many_together,
    },
];

/// Every goal against its attackers.
pub(super) fn rows(size: Size) -> Result<Vec<Row>, ZooError> {
    let mut rows = Vec::new();
    for goal in GOALS {
        for (name, bad) in (goal.attacks)() {
            let scenario = scenario(goal, &bad, size.model_units);
            let scenario = scenario
                .map_err(|error| ZooError::Scenario { scenario: name, error: Box::new(error) })?;
            rows.push(engine::run(name, goal.rule, &scenario, size.seeds)?);
        }
    }
    Ok(rows)
}

fn scenario(goal: &Goal, bad: &Bad, units: u32) -> Result<Scenario, ScenarioError> {
    let mut scenario = Scenario::parse(TEMPLATE)?;
    for job in &mut scenario.jobs {
        job.units = units;
        job.confidence = Some(goal.confidence);
    }
    if let [honest, hostile] = scenario.hosts.as_mut_slice() {
        honest.count = HOSTS - goal.bad;
        hostile.count = goal.bad;
        hostile.attack = bad.attack;
        hostile.faults = HostFaults { wrong: share(bad.wrong), ..HostFaults::default() };
    }
    Ok(scenario)
}

fn alone() -> Vec<(&'static str, Bad)> {
    vec![
        ("honest", hostile(Lies::Never, Accomplices::None)),
        ("faulty, 1 in 1000", Bad { attack: Attack::default(), wrong: 0.001 }),
        ("1 in 1500", hostile(Lies::First(share(0.000_67)), Accomplices::None)),
        ("1 in 200", hostile(Lies::First(share(0.005)), Accomplices::None)),
        ("always", hostile(Lies::Always, Accomplices::None)),
    ]
}

fn together() -> Vec<(&'static str, Bad)> {
    let fresh = Bad {
        attack: Attack {
            returns_after: Some(Time::ms(3_600_000)),
            ..hostile(Lies::Always, Accomplices::All).attack
        },
        wrong: 0.0,
    };
    let back = Bad {
        attack: Attack {
            returns_after: Some(Time::ms(3_600_000)),
            ..hostile(Lies::First(share(0.0133)), Accomplices::All).attack
        },
        wrong: 0.0,
    };
    vec![
        ("honest", hostile(Lies::Never, Accomplices::None)),
        ("1 in 150", hostile(Lies::First(share(0.006_7)), Accomplices::All)),
        ("1 in 75", hostile(Lies::First(share(0.0133)), Accomplices::All)),
        ("1 in 75, then new", back),
        ("1 in 4", hostile(Lies::First(share(0.25)), Accomplices::All)),
        ("all first ones", hostile(Lies::First(share(1.0)), Accomplices::All)),
        ("betray after 700", hostile(Lies::After(700), Accomplices::All)),
        ("always, then new", fresh),
    ]
}

fn many_together() -> Vec<(&'static str, Bad)> {
    vec![
        ("1 in 1000", hostile(Lies::First(share(0.001)), Accomplices::All)),
        ("1 in 130", hostile(Lies::First(share(0.0077)), Accomplices::All)),
        ("1 in 40", hostile(Lies::First(share(0.025)), Accomplices::All)),
        ("betray after 700", hostile(Lies::After(700), Accomplices::All)),
    ]
}

fn hostile(lies: Lies, accomplices: Accomplices) -> Bad {
    Bad { attack: Attack { lies, accomplices, ..Attack::default() }, wrong: 0.0 }
}

fn share(of: f64) -> Share {
    Share::try_from(of).unwrap_or_default()
}
