//! What happens in a run, as data: jobs, hosts, network, faults. Read from TOML; a key that is not
//! known is refused.

mod check;
mod hosts;
mod quantity;

use manyhands_core::policy::Policy;
use manyhands_core::requirement::Kind;
use manyhands_core::settings::Settings;
use manyhands_core::time::Span;
use manyhands_core::trust::Confidence;
use serde::Deserialize;

pub use check::ScenarioError;
pub use hosts::{Accomplices, Asked, Attack, Effort, HostFaults, Lies, Loyal, Population};
pub use quantity::{Share, Time};

/// Everything that a run needs beside its seed.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows, in a line.
    pub title: String,
    /// Commands between two checks of the whole store; 0 for one at the end only.
    #[serde(default)]
    pub check_every: u32,
    /// When a run that has not ended has hung.
    #[serde(default = "defaults::ends_by")]
    pub ends_by: Time,
    /// The coordinator's knobs.
    #[serde(default)]
    pub settings: SettingsPlan,
    /// What is to be computed.
    pub jobs: Vec<JobPlan>,
    /// Who computes it.
    pub hosts: Vec<Population>,
    /// What lies between them.
    #[serde(default)]
    pub network: NetworkPlan,
    /// What breaks.
    #[serde(default)]
    pub faults: FaultPlan,
}

/// The coordinator's knobs, where they differ from its own defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SettingsPlan {
    /// Invalid verdicts after which a host is suspended.
    pub invalid_max: Option<u32>,
}

/// A job, and what is true of its units.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// When it is submitted.
    #[serde(default)]
    pub submit_at: Time,
    /// How many units it has.
    pub units: u32,
    /// CPU time of a unit on a host of speed 1.
    pub cost: Time,
    /// How much costs differ: a unit takes `cost` times 1 - spread to 1 + spread.
    #[serde(default)]
    pub spread: Share,
    /// Whether the program can be resumed from a checkpoint by others.
    #[serde(default)]
    pub resumable: bool,
    /// Units on which the program itself fails.
    #[serde(default)]
    pub failing: Share,
    /// How sure its answers are to be, instead of a quorum.
    pub confidence: Option<ConfidencePlan>,
    /// Agreeing replicas that are needed.
    #[serde(default = "defaults::quorum")]
    pub quorum: u8,
    /// Replicas that may be started.
    #[serde(default = "defaults::replicas_max")]
    pub replicas_max: u8,
    /// How long a lease lasts without being renewed.
    #[serde(default = "defaults::lease")]
    pub lease: Time,
    /// How long a lease lasts at most.
    #[serde(default = "defaults::deadline")]
    pub deadline: Time,
    /// Jobs of higher priority are served first.
    #[serde(default)]
    pub priority: u8,
}

/// A confidence, in the words of [`Confidence`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConfidencePlan {
    /// Wrong answers in a thousand million.
    pub error_ppb: u32,
    /// The share of work in hostile hands, in millionths.
    pub hostile_ppm: u32,
    /// The share of work of hosts that tell the same lies, in millionths.
    pub colluding_ppm: u32,
}

impl ConfidencePlan {
    fn confidence(self) -> Confidence {
        let Self { error_ppb, hostile_ppm, colluding_ppm } = self;
        Confidence { error_ppb, hostile_ppm, colluding_ppm }
    }
}

/// What lies between hosts and coordinator.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NetworkPlan {
    /// The shortest way.
    pub latency: Time,
    /// What may come on top. Messages overtake each other within it.
    pub jitter: Time,
    /// Messages that never arrive.
    pub lost: Share,
    /// Messages that arrive twice.
    pub duplicated: Share,
    /// Messages that arrive up to `late_by` later.
    pub late: Share,
    /// How much later.
    pub late_by: Time,
}

/// What breaks. Jobs should outlast it: only then is it seen that everything still ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FaultPlan {
    /// When all faults stop, of hosts, network and coordinator. Liars go on lying.
    pub end_at: Option<Time>,
    /// The mean time between two deaths of the coordinator.
    pub crash_every: Option<Time>,
    /// How long it stays dead.
    pub down_for: Time,
}

mod defaults {
    //! What a scenario need not say.

    use super::Time;

    pub(super) fn ends_by() -> Time {
        Time::ms(365 * 86_400_000)
    }

    pub(super) fn quorum() -> u8 {
        2
    }

    pub(super) fn replicas_max() -> u8 {
        16
    }

    pub(super) fn lease() -> Time {
        Time::ms(30 * 60_000)
    }

    pub(super) fn deadline() -> Time {
        Time::ms(7 * 86_400_000)
    }
}

impl Default for NetworkPlan {
    /// A good line, without faults.
    fn default() -> Self {
        Self {
            latency: Time::ms(20),
            jitter: Time::ms(60),
            lost: Share::default(),
            duplicated: Share::default(),
            late: Share::default(),
            late_by: Time::default(),
        }
    }
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = toml::from_str(text)?;
        check::check(&scenario)?;
        Ok(scenario)
    }

    /// How many hosts there are in all.
    #[must_use]
    pub fn hosts_total(&self) -> u32 {
        self.hosts.iter().map(|population| population.count).sum()
    }

    /// How often hosts of a population renew.
    #[must_use]
    pub fn heartbeat(&self, population: &Population) -> Span {
        let shortest = self.jobs.iter().map(|job| job.lease.span().0).min().unwrap_or_default();
        population.heartbeat.map_or(Span(shortest / 3), Time::span)
    }

    /// The coordinator's knobs.
    #[must_use]
    pub fn settings(&self) -> Settings {
        let default = Settings::default();
        Settings {
            open_enrolment: true,
            invalid_max: self.settings.invalid_max.unwrap_or(default.invalid_max),
            ..default
        }
    }
}

impl JobPlan {
    /// The policy that its manifest asks for.
    #[must_use]
    pub fn policy(&self) -> Policy {
        Policy {
            confidence: self.confidence.map(ConfidencePlan::confidence),
            quorum: self.quorum,
            replicas_max: self.replicas_max,
            deadline_ms: self.deadline.span(),
            lease_ms: self.lease.span(),
            // Not what is studied here: a slow host's CPU time must not look like an inflated one.
            cpu_ms_max: Span::hours(365 * 24),
            priority: self.priority,
            ..Policy::default()
        }
    }

    /// The kind of its program.
    #[must_use]
    pub fn kind(&self) -> Kind {
        if self.resumable { Kind::Step } else { Kind::Command }
    }
}
