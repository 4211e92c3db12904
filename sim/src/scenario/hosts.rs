//! Who computes: populations of hosts that are alike, honest or not.

use std::num::NonZeroU32;

use manyhands_core::block::Block;
use manyhands_core::digest::Digest;
use serde::Deserialize;

use super::quantity::{Share, Time};

/// Hosts that are alike. Each is lent by a volunteer of its own.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// What the report calls them.
    pub name: String,
    /// How many.
    pub count: u32,
    /// When the first of them joins.
    #[serde(default)]
    pub join_at: Time,
    /// How long it takes until all of them have, evenly by chance.
    #[serde(default)]
    pub join_over: Time,
    /// Replicas that each runs side by side.
    #[serde(default = "one_slot")]
    pub slots: u16,
    /// How fast each is: a unit takes its cost divided by this.
    #[serde(default = "speed_one")]
    pub speed: f64,
    /// In how many public address blocks they are, evenly; each in a place of its own if not given.
    pub blocks: Option<NonZeroU32>,
    /// Instruction set.
    #[serde(default = "x86_64")]
    pub isa: String,
    /// How often they renew; a third of the shortest lease if not given.
    pub heartbeat: Option<Time>,
    /// How long they are on, on average; always if not given.
    pub online: Option<Time>,
    /// How long they are off, on average.
    pub offline: Option<Time>,
    /// Whether they learn when they are there, and say so, as workers do. Not by default: then they take what they get.
    #[serde(default)]
    pub tells_outlook: bool,
    /// When they leave for good, on average; never if not given.
    pub lifetime: Option<Time>,
    /// Whether they choose units themselves while the coordinator is away, of jobs with a confidence.
    #[serde(default)]
    pub chooses: bool,
    /// What goes wrong without anyone's will.
    #[serde(default)]
    pub faults: HostFaults,
    /// What goes wrong by will; nothing if not given.
    #[serde(default)]
    pub attack: Attack,
}

/// What goes wrong on a host without anyone's will, for each replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostFaults {
    /// Wrong answers, each of its own kind.
    pub wrong: Share,
    /// Wrong answers of an engine that is broken on this instruction set: on these units, all of
    /// its hosts give the same.
    pub engine: Share,
    /// Host errors.
    pub host_error: Share,
    /// Replicas given up by the person.
    pub given_up: Share,
}

/// What a host does to others. The knobs may be combined.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Attack {
    /// When it gives wrong answers.
    pub lies: Lies,
    /// Who gives the same wrong answers as it does.
    pub accomplices: Accomplices,
    /// Where it repeats the lie of an accomplice.
    pub loyal: Loyal,
    /// What it does before it answers.
    pub effort: Effort,
    /// How many leases it takes, if not as many as it needs.
    pub hoards: Option<u16>,
    /// Whether all of them choose the same units while the coordinator is away.
    pub flocks: bool,
    /// Whether it keeps its answers to itself.
    pub withholds: bool,
    /// Whether the checkpoints that it leaves are false, where it would lie.
    pub poisons: bool,
    /// How much more CPU time it claims than it took.
    pub inflates: f64,
    /// All of them ask for work at the same moment, so often, and only then.
    pub bursts_every: Option<Time>,
    /// What it does when it is asked how a run went of which it lied.
    pub asked: Asked,
    /// After a suspension it comes back as somebody else, after so long.
    pub returns_after: Option<Time>,
}

/// Where a host repeats the lie of an accomplice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loyal {
    /// Everywhere.
    #[default]
    Always,
    /// Where nobody but accomplices had the unit: a dispute is lost with everybody who took the wrong side.
    UntilDenied,
}

/// What a host does before it answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effort {
    /// The work.
    #[default]
    Full,
    /// The work, unless an accomplice does it already: then it waits for that answer and copies it.
    Copied,
    /// Nothing: it answers at once.
    None,
}

/// What a liar does when it is asked how its run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// Tells of states that lead to its lie; as a judge, to that of its accomplice.
    #[default]
    Repeats,
    /// Says nothing.
    Hides,
    /// Says that it ended with yet another answer.
    Contradicts,
}

/// When a host gives wrong answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lies {
    /// Never.
    #[default]
    Never,
    /// Always.
    Always,
    /// On this share of units, the same ones for all accomplices.
    Rate(Share),
    /// On this share of units, the same ones for all accomplices, and only if the replica's number says
    /// that nobody had the unit before: who knows the rule of trust does not lie to auditors, nor where
    /// it is compared.
    First(Share),
    /// On units that it chose itself while the coordinator was away.
    Chosen,
    /// On this share of those, the same ones for all accomplices.
    ChosenRate(Share),
    /// When it and its accomplices hold as many replicas of a unit as the quorum needs. They talk.
    OwningQuorum,
    /// Always, once so many of its answers were taken in.
    After(u32),
    /// Once so many of its answers were taken in, so many lies, where the replica's number says that
    /// nobody had the unit before.
    Spell {
        /// Answers before the first lie.
        after: u32,
        /// Lies.
        lies: u32,
    },
    /// Where the replica's number says that nobody had the unit before, as long as it has fewer lies
    /// standing than this that an honest host may still audit: it knows the rule of trust and its own
    /// history, and accomplices tell when an audit came to them.
    AtRisk(u32),
    /// As `OwningQuorum`, and elsewhere so many times in the life of an identity: who has read the rule
    /// keeps count, and stops before it is suspended for that.
    Adaptive(u32),
}

/// Who gives the same wrong answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Accomplices {
    /// Nobody.
    #[default]
    None,
    /// One other host of the population.
    Pairs,
    /// The whole population.
    All,
}

impl Default for Attack {
    /// None: an honest host.
    fn default() -> Self {
        Self {
            lies: Lies::Never,
            accomplices: Accomplices::None,
            effort: Effort::Full,
            hoards: None,
            flocks: false,
            withholds: false,
            poisons: false,
            inflates: 1.0,
            bursts_every: None,
            asked: Asked::Repeats,
            loyal: Loyal::Always,
            returns_after: None,
        }
    }
}

impl Population {
    /// The block of the host at a place; none if each is in a place of its own. No two populations share
    /// one.
    #[must_use]
    pub fn block(&self, place: u32) -> Option<Block> {
        let number = place % self.blocks?;
        let [_, a, b, c] = number.to_be_bytes();
        let Digest(name) = Digest::of(self.name.as_bytes());
        Some(Block::V6([0x20, name[0], name[1], a, b, c]))
    }

    /// Whether it does anything to others by will.
    #[must_use]
    pub fn is_hostile(&self) -> bool {
        self.attack != Attack::default()
    }
}

fn one_slot() -> u16 {
    1
}

fn speed_one() -> f64 {
    1.0
}

fn x86_64() -> String {
    "x86_64".to_owned()
}
