//! The scenarios that come with the simulator, by name.

use crate::scenario::{Scenario, ScenarioError};

/// A scenario that comes with the simulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name: that of its file, without the ending.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! entries {
    ($folder:literal: $($name:literal)*) => {
        &[$(Entry {
            name: $name,
            text: include_str!(concat!("../scenarios/", $folder, "/", $name, ".toml")),
        }),*]
    };
}

/// What breaks without anyone's will.
pub const FAULTS: &[Entry] = entries!("fault": "bad-network" "calm" "churn" "crashes" "everything");

/// What is done by will, and faulty hosts that look alike.
pub const ATTACKS: &[Entry] = entries!(
    "attack":
    "faulty" "bad-engine"
    "independent" "seldom" "pairs" "ring" "talkers" "bursters" "poisoners" "traitors"
    "whitewashers" "sybils" "adaptive" "careful"
    "rack" "sybil-rack"
    "disputed" "hiding" "contradicting" "bribed-judges"
    "self-choosers" "choosers"
    "hoarders" "withholders" "inflaters" "copycats"
);

impl Entry {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn scenario(&self) -> Result<Scenario, ScenarioError> {
        Scenario::parse(self.text)
    }
}

/// The scenario of this name.
#[must_use]
pub fn find(name: &str) -> Option<Entry> {
    FAULTS.iter().chain(ATTACKS).find(|entry| entry.name == name).copied()
}
