//! Scenarios of the real engine, made for a contest.

use std::num::NonZeroU32;

use super::ZooError;
use crate::scenario::{Attack, ConfidencePlan, HostFaults, Scenario, ScenarioError, Share, Time};

/// Honest hosts, bad ones and a job, whose numbers are put in here.
const TEMPLATE: &str = include_str!("../../scenarios/attack/careful.toml");

/// Nothing gets lost in these runs, so hosts need not say often that they are still there.
const LEASE: Time = Time::ms(6 * 3_600_000);

/// The hosts of some goals have two years of work.
const ENDS_BY: Time = Time::ms(3 * 365 * 24 * 3_600_000);

/// What bad hosts do, by will or not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bad {
    /// By will.
    pub(super) attack: Attack,
    /// The share of answers that are wrong without it.
    pub(super) wrong: f64,
    /// In how many public address blocks they are; each in a place of its own if not given.
    pub(super) blocks: Option<NonZeroU32>,
}

/// A grid, and a job that asks for a confidence.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    /// What is asked for.
    pub(super) confidence: ConfidencePlan,
    /// All hosts.
    pub(super) hosts: u32,
    /// Bad ones among them.
    pub(super) bad: u32,
    /// Units of the job.
    pub(super) units: u32,
}

impl Grid {
    /// Its scenario, with hosts that are bad in this way.
    pub(super) fn scenario(&self, bad: &Bad) -> Result<Scenario, ScenarioError> {
        let mut scenario = Scenario { ends_by: ENDS_BY, ..Scenario::parse(TEMPLATE)? };
        for job in &mut scenario.jobs {
            job.units = self.units;
            job.lease = LEASE;
            job.confidence = Some(self.confidence);
        }
        if let [honest, hostile] = scenario.hosts.as_mut_slice() {
            honest.count = self.hosts - self.bad;
            hostile.count = self.bad;
            hostile.attack = bad.attack;
            hostile.blocks = bad.blocks;
            hostile.faults = HostFaults { wrong: share(bad.wrong), ..HostFaults::default() };
        }
        Ok(scenario)
    }
}

/// Says of which scenario an error is.
pub(super) fn of(scenario: &'static str) -> impl Fn(ScenarioError) -> ZooError {
    move |error| ZooError::Scenario { scenario, error: Box::new(error) }
}

/// A share that is written in the code.
pub(super) fn share(of: f64) -> Share {
    Share::try_from(of).unwrap_or_default()
}
