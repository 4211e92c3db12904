//! The goals of the rule of `core::trust`: an error and a cost, each against named attackers.
//!
//! A goal's error is that of its worst attack, and its copies are those of its dearest one, over all
//! seeds.

use std::fmt;

use manyhands_core::trust::{Confidence, Plan};

use crate::interval::Interval;
use crate::model::trust::{Attack, Outcome, Trial};
use crate::report::ratio;

/// What is promised against whom.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Its letter.
    pub name: char,
    /// Who attacks.
    pub against: &'static str,
    /// The share of wrong answers that is promised.
    pub error_max: f64,
    /// The copies of a unit that are promised.
    pub copies_max: f64,
    /// What is asked for.
    confidence: Confidence,
    hosts: u32,
    hostile: u32,
    units: u32,
    attacks: &'static [(&'static str, Attack)],
}

/// Units for each host, where the goal says that there are a thousand or more.
const UNITS_PER_HOST: u32 = 1_000;

const fn confidence(error_ppb: u32, hostile_ppm: u32, colluding_ppm: u32) -> Confidence {
    Confidence { error_ppb, hostile_ppm, colluding_ppm }
}

/// All of them.
pub const GOALS: &[Goal] = &[
    Goal {
        name: 'A',
        against: "1 in 1,000 hosts faulty",
        error_max: 1e-6,
        copies_max: 1.1,
        // A host or two in each run: twice as sure, so that their luck does not decide.
        confidence: confidence(500, 1_000, 0),
        hosts: 1_000,
        hostile: 1,
        units: 10 * 1_000 * UNITS_PER_HOST,
        attacks: &[
            ("wrong on 1 in 5,000", Attack::Faulty(0.0002)),
            ("wrong on 1 in 1,000", Attack::Faulty(0.001)),
            ("wrong on 1 in 200", Attack::Faulty(0.005)),
            ("wrong on all", Attack::Faulty(1.0)),
        ],
    },
    Goal {
        name: 'B',
        against: "a fifth lies, each for itself",
        error_max: 1e-4,
        copies_max: 1.3,
        confidence: confidence(80_000, 200_000, 0),
        hosts: 100,
        hostile: 20,
        units: 100 * 6 * UNITS_PER_HOST,
        attacks: &[
            ("on 1 in 5,000", Attack::Alone(0.0002)),
            ("on 1 in 1,500", Attack::Alone(0.00067)),
            ("on 1 in 750", Attack::Alone(0.00133)),
            ("on 1 in 200", Attack::Alone(0.005)),
            ("on 1 in 20", Attack::Alone(0.05)),
            ("on all", Attack::Alone(1.0)),
        ],
    },
    Goal {
        name: 'C',
        against: "a fifth colludes and talks",
        error_max: 1e-3,
        copies_max: 1.4,
        confidence: confidence(1_000_000, 200_000, 200_000),
        hosts: 100,
        hostile: 20,
        units: 100 * UNITS_PER_HOST,
        attacks: &[
            ("on 1 in 300", Attack::Together(0.0033)),
            ("on 1 in 150", Attack::Together(0.0067)),
            ("on 1 in 75", Attack::Together(0.0133)),
            ("on 1 in 30", Attack::Together(0.0333)),
            ("on 1 in 4", Attack::Together(0.25)),
            ("whenever they own the quorum", Attack::Together(1.0)),
            ("13 at once, early", Attack::Spell { after: 0, lies: 13 }),
            ("13 at once, late", Attack::Spell { after: 700, lies: 13 }),
            ("betray late, until caught", Attack::Spell { after: 900, lies: u32::MAX }),
            ("deny honest answers", Attack::Framing),
            ("13 lies, then somebody new", Attack::Whitewashing { after: 0, lies: 13 }),
            ("1 lie, then somebody new", Attack::Whitewashing { after: 0, lies: 1 }),
            ("200 true, 3 lies, new", Attack::Whitewashing { after: 200, lies: 3 }),
        ],
    },
    Goal {
        name: 'D',
        against: "35 in 100 collude and talk",
        error_max: 1e-3,
        copies_max: 2.5,
        confidence: confidence(1_000_000, 350_000, 350_000),
        hosts: 100,
        hostile: 35,
        units: 100 * UNITS_PER_HOST,
        attacks: &[
            ("on 1 in 500", Attack::Together(0.002)),
            ("on 1 in 130", Attack::Together(0.0077)),
            ("on 1 in 40", Attack::Together(0.025)),
            ("whenever they own the quorum", Attack::Together(1.0)),
            ("8 at once, late", Attack::Spell { after: 700, lies: 8 }),
            ("betray late, until caught", Attack::Spell { after: 900, lies: u32::MAX }),
            ("deny honest answers", Attack::Framing),
        ],
    },
    Goal {
        name: 'E',
        against: "a fifth are fresh identities, for ever",
        error_max: 1e-3,
        copies_max: 1.4,
        confidence: confidence(1_000_000, 200_000, 200_000),
        hosts: 100,
        hostile: 20,
        units: 100 * UNITS_PER_HOST,
        attacks: &[("lie from the first answer on", Attack::Fresh)],
    },
    Goal {
        name: 'F',
        against: "a fifth earns trust, then betrays",
        error_max: 1e-3,
        copies_max: 1.4,
        confidence: confidence(1_000_000, 200_000, 200_000),
        hosts: 100,
        hostile: 20,
        units: 100 * UNITS_PER_HOST,
        attacks: &[
            ("after 100 true answers", Attack::Spell { after: 100, lies: u32::MAX }),
            ("after 500 true answers", Attack::Spell { after: 500, lies: u32::MAX }),
            ("and come back", Attack::Whitewashing { after: 100, lies: u32::MAX }),
        ],
    },
    Goal {
        name: 'G',
        against: "a fifth guesses which of its answers are audited",
        error_max: 1e-3,
        copies_max: 1.4,
        confidence: confidence(1_000_000, 200_000, 200_000),
        hosts: 100,
        hostile: 20,
        units: 100 * UNITS_PER_HOST,
        attacks: &[("guess, and do not lie", Attack::None)],
    },
];

/// One attack on a goal.
#[derive(Clone, Copy, Debug)]
pub struct Contest {
    attack: &'static str,
    outcome: Outcome,
}

/// A goal, and what every attack on it has come to.
#[derive(Debug)]
pub struct Measured {
    /// The goal.
    pub goal: &'static Goal,
    contests: Vec<Contest>,
}

/// Measures all goals.
#[must_use]
pub fn measure(seeds: u32) -> Vec<Measured> {
    GOALS.iter().map(|goal| goal.measure(seeds)).collect()
}

/// All goals, to be shown.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a [Measured]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{NOTES}\n")?;
        self.0.iter().try_for_each(|measured| writeln!(f, "{measured}"))
    }
}

const NOTES: &str = "\
Goals of the rule of core::trust, in the model. All hosts are new at the start of each run.
error     of the worst attack counts. copies: of the dearest one, all checks included.
units/id  copies that each bad identity computed. caught: of all bad identities.
wronged   honest identities that lost their standing.
lies      that stand although somebody who told them was caught.";

impl Goal {
    fn measure(&'static self, seeds: u32) -> Measured {
        let contests = self.attacks.iter().map(|(name, attack)| {
            let Self { confidence, hosts, hostile, units, .. } = *self;
            let trial = Trial { confidence, hosts, hostile, units, attack: *attack };
            let outcomes = (1..=seeds.into()).map(|seed| trial.run(seed));
            Contest { attack: name, outcome: outcomes.fold(Outcome::default(), Outcome::plus) }
        });
        Measured { goal: self, contests: contests.collect() }
    }
}

impl Contest {
    fn error(&self) -> Interval {
        Interval::wilson(self.outcome.wrong, self.outcome.accepted)
    }

    fn copies(&self) -> f64 {
        ratio(self.outcome.copies, self.outcome.accepted)
    }
}

impl Measured {
    /// The error of the worst attack.
    #[must_use]
    pub fn error(&self) -> Interval {
        let worst = self.contests.iter().max_by_key(|contest| contest.outcome.wrong);
        worst.map_or_else(|| Interval::wilson(0, 0), Contest::error)
    }

    /// The copies of the dearest attack.
    #[must_use]
    pub fn copies(&self) -> f64 {
        self.contests.iter().map(Contest::copies).fold(0.0, f64::max)
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Goal { name, against, confidence, hosts, hostile, units, .. } = self.goal;
        let Goal { error_max, copies_max, .. } = self.goal;
        let Plan { probation, audits, lead, .. } = Plan::new(confidence);
        let asked = f64::from(confidence.error_ppb) / 1e9;
        writeln!(f, "goal {name}: {against}; error <= {error_max:.0e}, copies <= {copies_max}.")?;
        write!(f, "  {hosts} hosts, {hostile} of them bad, {units} units a run; asked for ")?;
        writeln!(f, "{asked:.0e}: probation {probation}, audits {audits}, lead {lead}.")?;
        let heads = ["error, Wilson's 95 %", "copies", "units/id", "caught", "lies"];
        writeln!(
            f,
            "  {:<30} {:<33} {:<6} {:>8} {:>15} {:>8} {:>8}",
            "attack", heads[0], heads[1], heads[2], heads[3], "wronged", heads[4]
        )?;
        self.contests.iter().try_for_each(|contest| writeln!(f, "  {contest}"))?;
        writeln!(f, "figure goal_{name}_error {:.2e} ratio", self.error().share)?;
        writeln!(f, "figure goal_{name}_copies {:.3} copies", self.copies())?;
        let sum = self.contests.iter().map(|contest| contest.outcome);
        let sum = sum.fold(Outcome::default(), Outcome::plus);
        match name {
            'E' => {
                writeln!(f, "figure goal_E_lies {:.2e} lies/identity", ratio(sum.wrong, sum.caught))
            }
            'F' => writeln!(f, "figure goal_F_left {} lies", sum.left + sum.repeated),
            'G' => writeln!(f, "figure goal_G_gain {:.2} points", sum.points_above_chance()),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome { identities, caught, wronged, spent, repeated, left, .. } = self.outcome;
        write!(
            f,
            "{:<30} {:<33} {:<6.3} {:>8.0} {:>15} {wronged:>8} {:>8}",
            self.attack,
            self.error().to_string(),
            self.copies(),
            ratio(spent, identities),
            format!("{caught} of {identities}"),
            left + repeated,
        )
    }
}
