//! What came of one run, by whatever rule and whoever ran it.

use crate::clusters::Clusters;
use crate::guesser::Guesses;
use crate::model;
use crate::report::Report;

/// What came of one run, or of several together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Outcome {
    /// Units with an accepted answer.
    pub(super) accepted: u64,
    /// Of those, with a wrong one.
    pub(super) wrong: u64,
    /// Of those, the ones on which somebody lied who was caught.
    pub(super) left: u64,
    /// The bad identities, and on whose word the wrong ones stand.
    pub(super) clusters: Clusters,
    /// Answers that were computed.
    pub(super) copies: u64,
    /// Of those, by bad hosts.
    pub(super) spent: u64,
    /// Identities of bad hosts.
    pub(super) identities: u64,
    /// Of those, the ones that were caught.
    pub(super) caught: u64,
    /// Honest identities that lost their standing.
    pub(super) wronged: u64,
    /// Guesses of bad hosts which of their answers are audited.
    pub(super) guesses: Guesses,
    /// What only a run in time shows.
    pub(super) world: Option<World>,
}

/// What only a run in time shows.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct World {
    /// How long the jobs took, in milliseconds.
    pub(super) took_ms: u64,
    /// Work of bad hosts and what they got for it.
    pub(super) bad: Work,
    /// Work of honest hosts and what they got for it.
    pub(super) good: Work,
}

/// What hosts worked, and what they got for it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Work {
    spent_ms: u64,
    wasted_ms: u64,
    credit: u64,
}

impl Work {
    fn plus(self, other: Self) -> Self {
        Self {
            spent_ms: self.spent_ms + other.spent_ms,
            wasted_ms: self.wasted_ms + other.wasted_ms,
            credit: self.credit + other.credit,
        }
    }

    /// The share that was not found valid, if there is any.
    pub(super) fn wasted(self) -> Option<f64> {
        per(self.wasted_ms, self.spent_ms)
    }

    /// Credit for a time, if they worked.
    pub(super) fn rate(self) -> Option<f64> {
        per(self.credit, self.spent_ms)
    }
}

impl Outcome {
    /// Of a run of the real engine, whose populations are bad or not.
    pub(super) fn of_engine(report: &Report, is_bad: &[bool]) -> Self {
        let mut outcome = Self {
            accepted: report.units.done,
            wrong: report.units.wrong,
            left: report.units.left,
            copies: report.replicas.answered,
            guesses: report.guesses,
            ..Self::default()
        };
        let mut world = World { took_ms: report.took.0, ..World::default() };
        for (population, is_bad) in report.populations.iter().zip(is_bad) {
            let work = Work {
                spent_ms: population.spent_ms,
                wasted_ms: population.wasted_ms,
                credit: population.credit,
            };
            if *is_bad {
                outcome.clusters = outcome.clusters.plus(population.clusters);
                outcome.spent += population.answered;
                outcome.identities += population.identities;
                outcome.caught += population.suspended;
                world.bad = world.bad.plus(work);
            } else {
                outcome.wronged += population.suspended;
                world.good = world.good.plus(work);
            }
        }
        Self { world: Some(world), ..outcome }
    }

    /// Of a run of the model of a rule of others, in which so many hosts lied.
    pub(super) fn of_model(of: &model::Outcome, liars: u32, hosts: u32) -> Self {
        Self {
            accepted: of.accepted,
            wrong: of.wrong,
            clusters: of.clusters(liars),
            copies: of.copies,
            // Hosts are drawn by nothing but chance.
            spent: of.copies * u64::from(liars) / u64::from(hosts.max(1)),
            identities: liars.into(),
            ..Self::default()
        }
    }

    /// Of a run of the model of the rule of trust.
    pub(super) fn of_trust(of: model::trust::Outcome) -> Self {
        Self {
            accepted: of.accepted,
            wrong: of.wrong,
            clusters: of.clusters,
            left: of.left + of.repeated,
            copies: of.copies,
            spent: of.spent,
            identities: of.identities,
            caught: of.caught,
            wronged: of.wronged,
            guesses: of.guesses,
            world: None,
        }
    }

    /// The same beside so many times another one, in which nobody was bad.
    pub(super) fn beside(self, other: &Self, times: u32) -> Self {
        let times = u64::from(times);
        Self {
            accepted: self.accepted + times * other.accepted,
            wrong: self.wrong + times * other.wrong,
            copies: self.copies + times * other.copies,
            wronged: self.wronged + times * other.wronged,
            ..self
        }
    }

    /// Both together.
    pub(super) fn plus(self, other: &Self) -> Self {
        let worlds = self.world.into_iter().chain(other.world);
        Self {
            accepted: self.accepted + other.accepted,
            wrong: self.wrong + other.wrong,
            clusters: self.clusters.plus(other.clusters),
            left: self.left + other.left,
            copies: self.copies + other.copies,
            spent: self.spent + other.spent,
            identities: self.identities + other.identities,
            caught: self.caught + other.caught,
            wronged: self.wronged + other.wronged,
            guesses: self.guesses.plus(other.guesses),
            world: worlds.reduce(|a, b| World {
                took_ms: a.took_ms + b.took_ms,
                bad: a.bad.plus(b.bad),
                good: a.good.plus(b.good),
            }),
        }
    }
}

/// One number in parts of another; nothing if that is 0.
pub(super) fn per(part: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| part as f64 / of as f64)
}
